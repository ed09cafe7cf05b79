/* main.c: classify images with the code that netc made from digits.net.  The same file runs on the
 * board and on the PC; both must print the same. */
#include <stdio.h>
#include "digits.h"
#include "samples.h"
#ifdef DIGITS_PROFILE
#include "profile.h"
#endif

/* With CHIP=an547.chip there are two arenas, whose sections the linker script knows. */
#ifdef DIGITS_ARENA_DTCM_BYTES
static DIGITS_SECTION_DTCM digits_arena_dtcm arena_dtcm;
static DIGITS_SECTION_SRAM digits_arena_sram arena_sram;
#define ARENAS &arena_dtcm, &arena_sram
#define ARENA_BYTES (DIGITS_ARENA_DTCM_BYTES + DIGITS_ARENA_SRAM_BYTES)
#else
static digits_arena arena;
#define ARENAS &arena
#define ARENA_BYTES DIGITS_ARENA_BYTES
#endif

int
main(void)
{
	int8_t scores[10];

#ifdef DIGITS_PROFILE
	profile_start();
#endif
	printf("%s: %u bytes of RAM for the arena\n", "digits", (unsigned)ARENA_BYTES);
	for (int i = 0; i < SAMPLE_COUNT; i++) {
		int best = 0;

		if (digits_run(samples[i], scores, ARENAS) != 0) {
			printf("digits_run failed\n");
			return 1;
		}
		for (int c = 1; c < 10; c++)
			if (scores[c] > scores[best])
				best = c;
		printf("image %2d: class %d, scores", i, best);
		for (int c = 0; c < 10; c++)
			printf(" %d", scores[c]);
		printf("\n");
	}
#ifdef DIGITS_PROFILE
	profile_print(SAMPLE_COUNT);
#endif
	return 0;
}
