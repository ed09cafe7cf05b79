/* A header that is code: what stays of it, and what goes. */

#ifndef CODE_H
#define CODE_H
#include <limits.h>
#include <stdint.h>

/* ---- a heading: goes ---- */

/* Goes: nothing reaches it.  "quotes { in comments" */
static inline int32_t
code_unused(int32_t v)
{
	return v + '{';
}

/* Words that stay. */
enum { CODE_BITS = 31, CODE_HALF = 1 << 30 };

enum code_unused_numbers { CODE_FIRST, CODE_SECOND };

// Conditions around definitions, both of which stay.
#if defined(CODE_FAST) && CODE_FAST
#include <string.h>

#define CODE_MULTIPLY(a, b) \
	((int64_t)(a) * (b))

#elif INT32_MAX > 0
#define CODE_MULTIPLY(a, b) ((int64_t)(a) * (int64_t)(b))
#endif

#ifdef CODE_EXTRA

static inline int32_t
code_extra(void)
{
	return 0;
}

#endif

#include "below/scale.h"

typedef int32_t (*code_function)(const int8_t *, const int8_t *, int32_t);

struct code_state { int32_t sum, n; };

static const char *const code_names[2] = { "a { b", "\"}" };

/* The sum of products. */
static inline struct code_state
code_sum(const int8_t *x, const int8_t *w, int32_t n)
{
	struct code_state s = { 0, n };

#ifdef CODE_BACKWARDS
	while (n > 0) {
		n--;
#else
	for (; n > 0; n--) {
#endif

		s.sum += x[n - 1] * w[n - 1];
	}
	return s;
}

static inline void
code_one(int8_t *y, int32_t y_pitch, const void *x, int32_t x_pitch, const void *w, const int32_t *b,
	int32_t in, const int32_t *multiplier, const int8_t *shift, int32_t y_zero, int32_t lo, int32_t hi)
{
	(void)y_pitch;
	(void)x_pitch;
	*y = code_scale(code_sum((const int8_t *)x, (const int8_t *)w, in).sum + *b, *multiplier, *shift, y_zero, lo, hi);
}
#endif /* CODE_H */
