/* What several unit tests need. */
#ifndef UNIT_H
#define UNIT_H
#include <stdlib.h>
#include <string.h>

/* How many of CASES random cases to run: all, or with UNIT_SHARE=N in the environment one in N, where the sanitizers make them slow. */
static inline int
share_of(int cases)
{
	const char *share = getenv("UNIT_SHARE");
	int n = share ? atoi(share) : 1;

	return n > 1 && cases > n ? cases / n : cases;
}

#define ROWS(table) (int)(sizeof table / sizeof *table)

/* LEN bytes in memory of exactly that size, which the address sanitizer guards; free() it. */
static inline unsigned char *
exact(const void *bytes, size_t len)
{
	unsigned char *p = malloc(len ? len : 1);

	return len ? memcpy(p, bytes, len) : p;
}
#endif
