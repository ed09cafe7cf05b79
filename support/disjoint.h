/* Disjoint sets of the numbers 0 .. n - 1: parent[i] == i for the number that stands for its set. */
#ifndef SUPPORT_DISJOINT_H
#define SUPPORT_DISJOINT_H
#include <stdint.h>

/* The number that stands for I's set; paths get shorter on the way. */
static inline int32_t
disjoint_find(int32_t *parent, int32_t i)
{
	while (parent[i] != i)
		i = parent[i] = parent[parent[i]];
	return i;
}

/* Make one set of those of A and B; B's number stands for it. */
static inline void
disjoint_join(int32_t *parent, int32_t a, int32_t b)
{
	parent[disjoint_find(parent, a)] = disjoint_find(parent, b);
}
#endif
