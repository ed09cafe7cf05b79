#ifndef NN_BLOCK_H
#define NN_BLOCK_H
#include <stddef.h>
#include <stdint.h>

/* A register block: some windows of IN values each, x_pitch values apart at x, by some channels, whose packed weights lie at w and whose
 * biases, multipliers and shifts at b, multiplier and shift.  The int8 results of a window lie side by side, those of the next one
 * y_pitch further on.  The zero point of x is part of the bias. */
typedef void nn_block_fn(int8_t *y, int32_t y_pitch, const void *x, int32_t x_pitch, const void *w, const int32_t *b,
	const int32_t *multiplier, const int8_t *shift, int32_t in, int32_t y_zero, int32_t lo, int32_t hi);

/* A run: ROWS windows by OUT channels, OUT any number.  The values of a window lie in RUNS runs of IN values each, X_RUN values from one to the
 * next: in the image, or one behind the other where they have been collected.  SCRATCH: memory to work in, whatever is in it.  It reads its
 * windows before it writes results where it is given any. */
typedef void nn_block_all_fn(int8_t *y, int32_t y_pitch, const void *x, int32_t x_pitch, const void *w, const int32_t *b,
	const int32_t *multiplier, const int8_t *shift, int32_t in, int32_t y_zero, int32_t lo, int32_t hi,
	int32_t runs, int32_t x_run, void *scratch, int32_t rows, int32_t out);

/* A block is worth what its literal arguments make of it. */
#if defined(__GNUC__)
#define NN_BLOCK_INLINE static inline __attribute__((always_inline))
#define NN_BLOCK_APART static __attribute__((noinline))
#else
#define NN_BLOCK_INLINE static inline
#define NN_BLOCK_APART static
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

#endif
