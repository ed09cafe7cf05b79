/* How long one inference takes, for programs of make bench. */
#ifndef BENCH_TIMING_H
#define BENCH_TIMING_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double
timing_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int
timing_compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Runs WORK for about 0.3 s after a warm-up and prints the median time of a run in milliseconds.  Runs that are too short for the clock
 * are taken together. */
static void
timing_print(void (*work)(void *), void *with)
{
	enum { SAMPLES = 101 };
	double sample[SAMPLES], start = timing_now(), once;
	int n = 0, together;

	do {
		work(with);
		n++;
	} while (timing_now() - start < 30);
	once = (timing_now() - start) / n;
	together = once * SAMPLES < 300 ? (int)(300 / (once * SAMPLES)) + 1 : 1;
	for (n = 0; n < SAMPLES && timing_now() - start < 1000; n++) {
		sample[n] = timing_now();
		for (int i = 0; i < together; i++)
			work(with);
		sample[n] = (timing_now() - sample[n]) / together;
	}
	qsort(sample, (size_t)n, sizeof *sample, timing_compare);
	printf("%.5f\n", sample[n / 2]);
}

#endif
