/* What several unit tests need. */
#ifndef UNIT_H
#define UNIT_H
#include <stdlib.h>
#include <string.h>

#define ROWS(table) (int)(sizeof table / sizeof *table)

/* LEN bytes in memory of exactly that size, which the address sanitizer guards; free() it. */
static inline unsigned char *
exact(const void *bytes, size_t len)
{
	unsigned char *p = malloc(len ? len : 1);

	return len ? memcpy(p, bytes, len) : p;
}
#endif
