/* Arenas: a chain of blocks, the first of which is being filled.  Each is as large as all that the arena holds, within bounds: most arenas
 * are small, and pages that are only touched to be given back cost more than what is written on them.  A request too big to share
 * a block gets one of its own behind the first.  Under the address sanitizer every request
 * does, so that a write past an object's end is caught at that object. */
#include <config.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "support/arena.h"

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define EXACT_BOUNDS 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define EXACT_BOUNDS 1
#endif

enum {
	ALIGN = alignof(max_align_t),
#ifdef EXACT_BOUNDS
	BLOCK_MIN = 0,
	BLOCK_MAX = 0
#else
	BLOCK_MIN = 8 * 1024,
	BLOCK_MAX = 256 * 1024
#endif
};

struct arena_block {
	struct arena_block *next;
	size_t used, cap;
	alignas(max_align_t) char data[];
};

static _Noreturn void
out_of_memory(void)
{
	fputs("netc: error: out of memory\n", stderr);
	exit(EXIT_FAILURE);
}

/* calloc, because it gets big blocks as untouched zero pages. */
static struct arena_block *
new_block(size_t cap)
{
	struct arena_block *b;

	if (cap > PTRDIFF_MAX - sizeof *b)
		out_of_memory();
	b = calloc(1, sizeof *b + cap);
	if (!b)
		out_of_memory();
	b->cap = cap;
	return b;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	struct arena_block *b = a->blocks;
	size_t at, block = a->bytes < BLOCK_MIN ? BLOCK_MIN : a->bytes > BLOCK_MAX ? BLOCK_MAX : a->bytes;

	a->bytes += size;
	if (size > block / 4 || block == 0) {
		struct arena_block *own = new_block(size);

		own->used = size;
		if (b) {
			own->next = b->next;
			b->next = own;
		} else {
			a->blocks = own;
		}
		return own->data;
	}
	at = b ? (b->used + ALIGN - 1) & -(size_t)ALIGN : 0;
	if (!b || at > b->cap || size > b->cap - at) {
		b = new_block(block);
		b->next = a->blocks;
		a->blocks = b;
		at = 0;
	}
	b->used = at + size;
	return b->data + at;
}

void *
arena_array(struct arena *a, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		out_of_memory();
	return arena_alloc(a, bytes);
}

char *
arena_strndup(struct arena *a, const char *s, size_t len)
{
	char *copy;

	if (len == SIZE_MAX)
		out_of_memory();
	copy = arena_alloc(a, len + 1);
	if (len > 0)
		memcpy(copy, s, len);
	return copy;
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *
arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	char small[256], *s;
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(small, sizeof small, fmt, again);
	va_end(again);
	if (n < 0)
		out_of_memory();
	if ((size_t)n < sizeof small)
		return arena_strndup(a, small, (size_t)n);
	s = arena_alloc(a, (size_t)n + 1);
	vsnprintf(s, (size_t)n + 1, fmt, ap);
	return s;
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return s;
}

void
arena_free(struct arena *a)
{
	struct arena_block *b, *next;

	for (b = a->blocks; b; b = next) {
		next = b->next;
		free(b);
	}
	*a = (struct arena){ 0 };
}
