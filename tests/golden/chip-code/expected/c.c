/* c.c: the network 'c'.
 * Made from chip-code.net by netc 0.1.0:
 *	netc build chip-code.net */
#include <stddef.h>
#include <stdint.h>
#include <limits.h>
#include "c.h"

/* What the code relies on: a compiler stops at an array of negative size. */
typedef char c_check_int8[sizeof(int8_t) == 1 ? 1 : -1];
typedef char c_check_int[sizeof(int) >= 4 && sizeof(int32_t) == 4 ? 1 : -1];
typedef char c_check_float[sizeof(float) == 4 ? 1 : -1];
typedef char c_check_size[(size_t)C_ARENA_BYTES == C_ARENA_BYTES ? 1 : -1];
typedef char c_check_align[C_ARENA_ALIGN % sizeof(int32_t) == 0 ? 1 : -1];

/* y.weight.block 1x1: i8[32], packed for the block */
static const int8_t c_y_weight_block_1x1[32] = {
	-64, 77, 120, -18, -15, 113, 124, 68, -109, -64, 50, -44, 22, 66, 117, -81, 94, -33, 53, 81,
	113, -79, -97, 8, -106, -118, 18, -57, -66, 23, -113, 34
};

/* y.bias_folded: i32[4] */
static const int32_t c_y_bias_folded[4] = {
	-548, 146, 15, 190
};

/* y.multiplier: i32[4] */
static const int32_t c_y_multiplier[4] = {
	1702107648, 1423977216, 1331724032, 2018059264
};

/* y.shift: i8[4] */
static const int8_t c_y_shift[4] = {
	-7, -7, -8, -8
};

/* A header that is code: what stays of it, and what goes. */

/* Words that stay. */
enum { CODE_BITS = 31, CODE_HALF = 1 << 30 };

// Conditions around definitions, both of which stay.
#if defined(CODE_FAST) && CODE_FAST
#include <string.h>
#define CODE_MULTIPLY(a, b) \
	((int64_t)(a) * (b))
#elif INT32_MAX > 0
#define CODE_MULTIPLY(a, b) ((int64_t)(a) * (int64_t)(b))
#endif

/* What the other header includes. */

static inline int8_t
code_scale(int32_t sum, int32_t multiplier, int32_t shift, int32_t zero, int32_t lo, int32_t hi)
{
	int32_t v;

	if (shift >= 0) {
		v = (int32_t)((CODE_MULTIPLY((int32_t)((uint32_t)sum << shift), multiplier) + CODE_HALF) >> CODE_BITS);
	} else {
		v = (int32_t)((CODE_MULTIPLY(sum, multiplier) + CODE_HALF) >> CODE_BITS);
		v -= v < 0;
		v = (v >> -shift) + ((v >> (-shift - 1)) & 1);
	}
	v += zero;
	return (int8_t)(v < lo ? lo : v > hi ? hi : v);
}

struct code_state { int32_t sum, n; };

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

/* A register block: some windows of IN values each, x_pitch values apart at x, by some channels, whose packed weights lie at w and whose
 * biases, multipliers and shifts at b, multiplier and shift.  The int8 results of a window lie side by side, those of the next one
 * y_pitch further on.  The zero point of x is part of the bias. */
typedef void nn_block_fn(int8_t *y, int32_t y_pitch, const void *x, int32_t x_pitch, const void *w, const int32_t *b,
	const int32_t *multiplier, const int8_t *shift, int32_t in, int32_t y_zero, int32_t lo, int32_t hi);

/* A block is worth what its literal arguments make of it. */
#if defined(__GNUC__)
#define NN_BLOCK_INLINE static inline __attribute__((always_inline))
#else
#define NN_BLOCK_INLINE static inline
#endif

/* The blocks of a layer.  Most take CHANNELS channels, the narrow ones a single channel, with weights of their own. */
struct nn_blocks {
	int32_t channels, in;
	int32_t step, narrow_step;    /* bytes of weights of a block's channels */
	const char *weight, *narrow_weight;
	const int32_t *bias, *multiplier;
	const int8_t *shift;
	int32_t y_zero, lo, hi;
};

/* All N channels of the windows that WIDE and NARROW take, from channel FIRST of the layer on. */
NN_BLOCK_INLINE void
nn_block_windows(const struct nn_blocks *k, nn_block_fn *wide, nn_block_fn *narrow, int8_t *y, int32_t y_pitch, const void *x,
	int32_t x_pitch, int32_t first, int32_t n)
{
	const int32_t group = first / n, left = n % k->channels;
	const char *w = k->weight + group * (n / k->channels) * k->step;
	int32_t c = 0;

	for (; c + k->channels <= n; c += k->channels, w += k->step)
		wide(y + c, y_pitch, x, x_pitch, w, k->bias + first + c, k->multiplier + first + c, k->shift + first + c, k->in,
			k->y_zero, k->lo, k->hi);
	if (!narrow)
		return;
	w = k->narrow_weight + group * left * k->narrow_step;
	for (; c < n; c++, w += k->narrow_step)
		narrow(y + c, y_pitch, x, x_pitch, w, k->bias + first + c, k->multiplier + first + c, k->shift + first + c, k->in,
			k->y_zero, k->lo, k->hi);
}

/* A dense layer or a 1x1 convolution as loops around register blocks (nn_block.h), which read the windows where they lie: vectors
 * x_pitch elements apart. */
NN_BLOCK_INLINE void
nn_block_dense_i8(int8_t *y, const int8_t *x, const void *weight, const void *narrow_weight, const int32_t *bias,
	const int32_t *multiplier, const int8_t *shift, int32_t y_zero, int32_t lo, int32_t hi,
	int32_t windows, int32_t x_pitch, int32_t y_n, int32_t y_pitch, int32_t rows, int32_t channels, int32_t in, int32_t step, int32_t narrow_step,
	nn_block_fn *full, nn_block_fn *one, nn_block_fn *narrow, nn_block_fn *narrow_one)
{
	const struct nn_blocks blocks = { channels, in, step, narrow_step, weight, narrow_weight,
		bias, multiplier, shift, y_zero, lo, hi };

	for (int32_t i = 0; i < windows;) {
		const int32_t whole = i + rows <= windows && (narrow || y_n % channels == 0);
		if (whole)
			nn_block_windows(&blocks, full, narrow, y + i * y_pitch, y_pitch, x + i * x_pitch, x_pitch, 0, y_n);
		else
			nn_block_windows(&blocks, one, narrow_one, y + i * y_pitch, y_pitch, x + i * x_pitch, x_pitch, 0, y_n);
		i += whole ? rows : 1;
	}
}

/* code block 1x1, 1 windows by 1 channels. */
NN_BLOCK_INLINE void
c_code_block_1x1(int8_t *y, int32_t y_pitch, const void *x, int32_t x_pitch, const void *w,
	const int32_t *b, const int32_t *multiplier, const int8_t *shift, int32_t in,
	int32_t y_zero, int32_t act_min, int32_t act_max)
{
	code_one(y, y_pitch, x, x_pitch, w, b, in, multiplier, shift, y_zero, act_min, act_max);
}

/* code block 1x1: dense i8[8] -> i8[4].
 * Used by y. */
static void
c_block_dense_i8(int8_t *y, const int8_t *x, const int8_t *weight, const int32_t *bias,
	const int32_t *multiplier, const int8_t *shift, int32_t y_zero, int32_t lo, int32_t hi)
{
	nn_block_dense_i8(y, x, weight, NULL, bias, multiplier, shift, y_zero, lo, hi,
		/* windows */ 1, /* x_pitch */ 8, /* y_n */ 4, /* y_pitch */ 4, /* rows */ 1,
		/* channels */ 1, /* in */ 8, /* step */ 8, /* narrow_step */ 0, c_code_block_1x1,
		c_code_block_1x1, NULL, NULL);
}

/* A layer, and what is compiled in around it: see c.h. */
#if defined C_PROFILE
#define C_LAYER(index, call) \
	do { c_profile(index, 0); call; c_profile(index, 1); } while (0)
#else
#define C_LAYER(index, call) call
#endif

#ifdef C_PROFILE
const char *const c_layer_names[C_LAYERS] = {
	"y"
};
#endif

int
c_run(const int8_t *x_2, int8_t *y_2, void *arena)
{
	(void)arena;

	/* chip-code.net:6: y: dense i8[8] -> i8[4]; 32 MACs; result in output y */
	C_LAYER(0, c_block_dense_i8(y_2, x_2, c_y_weight_block_1x1, c_y_bias_folded, c_y_multiplier,
		c_y_shift, /* y_zero */ 0, /* lo */ -128, /* hi */ 127));

	return C_OK;
}
