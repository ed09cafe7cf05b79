/* The time of one inference of a network of one input and one output that netc compiled; prints milliseconds.  Compiled by bench/speed.sh with
 *   -DHEADER="kws.h" -DRUN=kws_run -DARENA=kws_arena -DTYPE=int8_t -DIN=... -DOUT=...  (elements) */
#include "timing.h"
#include HEADER

static TYPE x[IN], y[OUT];
static ARENA arena;

static void
infer(void *unused)
{
	(void)unused;
	if (RUN(x, y, &arena) != 0)
		exit(EXIT_FAILURE);
}

int
main(void)
{
	unsigned seed = 1;

	for (int i = 0; i < IN; i++) {
		seed = seed * 1664525u + 1013904223u;
		x[i] = (TYPE)((int)(seed >> 24) - 128);
	}
	timing_print(infer, NULL);
	return EXIT_SUCCESS;
}
