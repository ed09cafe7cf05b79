/* selftest.c: the test blocks of digits.net on the board, layer by layer. */
#include <stdio.h>
#include "digits.h"
#include "digits_selftest.h"

static DIGITS_ALIGNED unsigned char memory[DIGITS_SELFTEST_BYTES];
#ifdef DIGITS_ARENA_DTCM_BYTES /* CHIP=an547.chip: then it is the outputs only */
static DIGITS_SECTION_DTCM digits_arena_dtcm arena_dtcm;
static DIGITS_SECTION_SRAM digits_arena_sram arena_sram;
#define ARENAS &arena_dtcm, &arena_sram, memory
#else
#define ARENAS memory
#endif

int
main(void)
{
	struct digits_failure failure;
	int k = digits_selftest(ARENAS, &failure);

	if (k == 0)
		printf("digits: the known-answer tests pass\n");
	else if (k > 0)
		printf("digits: %s: %s[%ld] is %g, not %g\n", failure.test, failure.layer, (long)failure.index, failure.got, failure.expected);
	else
		printf("digits: digits_run returned %d\n", -k);
	return k != 0;
}
