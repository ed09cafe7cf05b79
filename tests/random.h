/* Seeded random choices of the generators: the same on every machine. */
#ifndef TESTS_RANDOM_H
#define TESTS_RANDOM_H
#include <stdint.h>

static uint64_t state;

static uint32_t
next(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (uint32_t)((z ^ (z >> 31)) >> 32);
}

/* LO..HI, both included. */
static int
pick(int lo, int hi)
{
	return lo + (int)(next() % (uint32_t)(hi - lo + 1));
}

static int
chance(int percent)
{
	return pick(1, 100) <= percent;
}
#endif
