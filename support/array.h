/* Growable arrays in an arena.
 *
 *	ARRAY(int) a = { 0 };
 *	ARRAY_PUSH(arena, a, 7);        a.v[0] == 7, a.n == 1
 *
 * Growth doubles, so pushing n values costs O(n); old storage stays in the arena. */
#ifndef SUPPORT_ARRAY_H
#define SUPPORT_ARRAY_H
#include "support/arena.h"

#define ARRAY(type) struct { type *v; size_t n, cap; }
#define ARRAY_PUSH(arena, a, value) do { \
	if ((a).n == (a).cap) \
		(a).v = array_grow((arena), (a).v, &(a).cap, sizeof *(a).v); \
	(a).v[(a).n++] = (value); \
} while (0)

/* A copy of V with room for twice *CAP (at least 8) elements of SIZE bytes. */
void *array_grow(struct arena *, const void *v, size_t *cap, size_t size);
#endif
