/* Each text that has no errors is printed in canonical form, which must be its own canonical form.  The includer defines
 * format: NULL when the text has errors. */
#ifndef FUZZ_TWICE_H
#define FUZZ_TWICE_H
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *format(const char *text, size_t len, size_t *out_len, FILE *messages);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *null;
	size_t len, len2;

	if (!null && !(null = fopen("/dev/null", "w")))
		abort();
	char *once = format((const char *)data, size, &len, null);
	if (!once)
		return 0;
	char *twice = format(once, len, &len2, null);
	if (!twice || len != len2 || memcmp(once, twice, len) != 0) {
		fprintf(stderr, "first print:\n%s\nsecond print:\n%s\n", once,
			twice ? twice : "(has errors)");
		abort();
	}
	free(once);
	free(twice);
	return 0;
}
#endif
