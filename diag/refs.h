#ifndef DIAG_REFS_H
#define DIAG_REFS_H

typedef struct diag_offsets {
	long ssl, ctx, session;
} diag_offsets;

diag_offsets diag_find_offsets(void);

#endif
