#ifndef CTEST_BENCH_H
#define CTEST_BENCH_H

/* Loops of plain C over the raw pointers, for the ratios of bench-core. */
void ctest_nothing(void);
void ctest_loop_set_session(void *ssl, void *session, long n);
void ctest_loop_up_ref_free(void *session, long n);
void ctest_loop_get1_free(void *ssl, long n);
void ctest_loop_get_id(void *session, long n);
void ctest_loop_i2d(void *session, long n);

#endif
