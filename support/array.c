#include <config.h>
#include <stdint.h>
#include <string.h>
#include "support/array.h"

void *
array_grow(struct arena *a, const void *v, size_t *cap, size_t size)
{
	size_t old = *cap;
	void *grown;

	*cap = old < 4 ? 8 : old > SIZE_MAX / 2 ? SIZE_MAX : old * 2;
	grown = arena_array(a, *cap, size);
	if (old > 0)
		memcpy(grown, v, old * size);
	return grown;
}
