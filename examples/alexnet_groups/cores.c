/* cores.c: the generated code of alexnet_groups.net on every core of the chip, here threads.
 *
 *	cores        runs the network once on all cores and once on one, and says whether the results are the same
 *
 * Firmware has its own barrier: a semaphore, a mailbox, a flag in shared memory. */
#define _POSIX_C_SOURCE 200112L
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "alexnet_groups.h"

enum { CORES = ALEXNET_GROUPS_CORES, INPUTS = ALEXNET_GROUPS_IN_X_COUNT, OUTPUTS = ALEXNET_GROUPS_OUT_FEATURES_COUNT };

static alexnet_groups_arena arena; /* seen by all cores */
static int8_t x[INPUTS], features[OUTPUTS], expected[OUTPUTS];
static pthread_barrier_t all_there;

static void
wait_for_all(void *context, int phase)
{
	(void)context;
	(void)phase;
	pthread_barrier_wait(&all_there);
}

static void *
run_core(void *number)
{
	int core = *(int *)number;

	if (alexnet_groups_run_core(core, x, features, arena.bytes, wait_for_all, NULL) != ALEXNET_GROUPS_OK)
		abort();
	return NULL;
}

static void
run_all(void)
{
	pthread_t thread[CORES];
	int number[CORES];

	pthread_barrier_init(&all_there, NULL, CORES);
	for (int i = 0; i < CORES; i++) {
		number[i] = i;
		if (pthread_create(&thread[i], NULL, run_core, &number[i]) != 0)
			abort();
	}
	for (int i = 0; i < CORES; i++)
		pthread_join(thread[i], NULL);
	pthread_barrier_destroy(&all_there);
}

int
main(void)
{
	unsigned state = 1;

	for (int i = 0; i < INPUTS; i++) {
		state = state * 1664525u + 1013904223u;
		x[i] = (int8_t)((int)(state >> 24) - 128);
	}
	if (alexnet_groups_run(x, expected, arena.bytes) != ALEXNET_GROUPS_OK)
		return EXIT_FAILURE;
	memset(arena.bytes, 0x5a, sizeof arena.bytes);
	run_all();
	if (memcmp(features, expected, sizeof features) != 0) {
		printf("%d cores and one core differ\n", CORES);
		return EXIT_FAILURE;
	}
	printf("%d cores give the bytes of one\n", CORES);
	return EXIT_SUCCESS;
}
