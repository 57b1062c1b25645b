#ifndef CTEST_BENCH_H
#define CTEST_BENCH_H

/* Single calls and loops of plain C over the raw pointers, for the ratios of bench-core. */
void ctest_nothing(void);
void ctest_up_ref(void *session);
void *ctest_get1_session(void *ssl);
void ctest_session_free(void *session);
void ctest_loop_get_id(void *session, long n);
void ctest_loop_i2d(void *session, long n);
void ctest_loop_info_callback(void *ssl, long n);
void ctest_loop_remove_callback(void *ctx, void *session, long n);
void ctest_loop_callback(long n);
void ctest_add_session(void *ctx, void *session);
int ctest_has_session(void *ssl, const unsigned char *id, unsigned int len);
void ctest_flush_sessions(void *ctx);
long ctest_loop_connection(void *client, void *server, void *session, long n);

#endif
