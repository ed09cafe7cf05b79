/* main.c: classify images with the code that netc made from digits.net.  The same file runs on the
 * board and on the PC; both must print the same. */
#include <stdio.h>
#include "digits.h"
#include "samples.h"
#ifdef DIGITS_PROFILE
#include "profile.h"
#endif

static digits_arena arena;

int
main(void)
{
	int8_t scores[10];

#ifdef DIGITS_PROFILE
	profile_start();
#endif
	printf("%s: %u bytes of RAM for the arena\n", "digits", (unsigned)DIGITS_ARENA_BYTES);
	for (int i = 0; i < SAMPLE_COUNT; i++) {
		int best = 0;

		if (digits_run(samples[i], scores, &arena) != 0) {
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
