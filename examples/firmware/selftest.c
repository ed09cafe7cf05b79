/* selftest.c: the test blocks of digits.net on the board, layer by layer. */
#include <stdio.h>
#include "digits.h"
#include "digits_selftest.h"

static DIGITS_ALIGNED unsigned char memory[DIGITS_SELFTEST_BYTES];

int
main(void)
{
	struct digits_failure failure;
	int k = digits_selftest(memory, &failure);

	if (k == 0)
		printf("digits: the known-answer tests pass\n");
	else if (k > 0)
		printf("digits: %s: %s[%ld] is %g, not %g\n", failure.test, failure.layer, (long)failure.index, failure.got, failure.expected);
	else
		printf("digits: digits_run returned %d\n", -k);
	return k != 0;
}
