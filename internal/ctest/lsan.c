/* Read by the leak sanitizer, where it is linked. */
const char *__lsan_default_suppressions(void);

/* libssl's own: SSL_CTX_set_ciphersuites forgets a copy of the list when memory runs out. */
const char *__lsan_default_suppressions(void)
{
	return "leak:update_cipher_list\n";
}
