/* Memory by lifetime.  Everything the compiler allocates comes from an arena and is
 * released with it; nothing else calls free().  Out of memory ends the program with a
 * message and status 1. */
#ifndef SUPPORT_ARENA_H
#define SUPPORT_ARENA_H
#include <stdarg.h>
#include <stddef.h>

struct arena {
	struct arena_block *blocks;
	size_t bytes; /* handed out so far, for the statistics of --stats */
};

/* SIZE zeroed bytes, aligned for any type. */
void *arena_alloc(struct arena *, size_t size);
/* COUNT * SIZE zeroed bytes; a product that overflows counts as out of memory. */
void *arena_array(struct arena *, size_t count, size_t size);
/* A NUL-terminated copy of LEN bytes. */
char *arena_strndup(struct arena *, const char *, size_t len);
char *arena_strdup(struct arena *, const char *);
char *arena_printf(struct arena *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *, const char *fmt, va_list) __attribute__((format(printf, 2, 0)));
void arena_free(struct arena *);

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_array((a), (n), sizeof(type)))
#endif
