#ifndef NN_RUNS_H
#define NN_RUNS_H
#include <stddef.h>
#include <stdint.h>

/* A register block of runs: ROWS windows, x_pitch values apart at x, by some channels, whose packed weights lie at w and whose biases, multipliers
 * and shifts at b, multiplier and shift.  A window is KH runs of IN values, x_run values from one to the next; their weights are w_run bytes
 * apart.  The int8 results of a window lie side by side, those of the next one y_pitch further on.  The zero point of x is part of the bias.
 * float_scaling, if not NULL, has three floats for each channel, float_pitch from one to the next:
 * a result is the whole part of sum * high + (sum * low + half), half of the sign of the sum. */
typedef void nn_runs_fn(int8_t *y, int32_t y_pitch, const int8_t *x, int32_t x_pitch, int32_t x_run, const int8_t *w, int32_t w_run, const int32_t *b,
	const int32_t *multiplier, const int8_t *shift, const float *float_scaling, int32_t float_pitch, int32_t kh, int32_t in,
	int32_t y_zero, int32_t act_min, int32_t act_max, int32_t rows);

/* A block is worth what its literal arguments make of it. */
#if defined(__GNUC__)
#define NN_RUNS_INLINE static inline __attribute__((always_inline))
#else
#define NN_RUNS_INLINE static inline
#endif

/* How many of the LEFT windows the next block takes, MOST at most: blocks of about one size, none of them small. */
static inline int32_t
nn_runs_rows(int32_t left, int32_t most)
{
	const int32_t blocks = (left + most - 1) / most;

	return (left + blocks - 1) / blocks;
}

/* The cells [*FIRST, *LAST), of K along one axis, that the window of the result AT has inside of the image of X. */
static inline void
nn_runs_inside(int32_t at, int32_t x, int32_t k, int32_t stride, int32_t dilation, int32_t pad, int32_t *first, int32_t *last)
{
	const int32_t before = pad - at * stride, all = x + before;
	const int32_t a = before > 0 ? (before + dilation - 1) / dilation : 0, b = all > 0 ? (all + dilation - 1) / dilation : 0;

	*first = a < k ? a : k;
	*last = b > k ? k : b < *first ? *first : b;
}

/* Results from FROM on, of Y along one axis, whose windows have the same cells [*FIRST, *LAST) inside of the image: the one behind them. */
static inline int32_t
nn_runs_same(int32_t from, int32_t y, int32_t x, int32_t k, int32_t stride, int32_t dilation, int32_t pad, int32_t *first, int32_t *last)
{
	int32_t end = from + 1;

	nn_runs_inside(from, x, k, stride, dilation, pad, first, last);
	for (; end < y; end++) {
		int32_t a = 0, b = 0;

		nn_runs_inside(end, x, k, stride, dilation, pad, &a, &b);
		if (a != *first || b != *last)
			break;
	}
	return end;
}

#endif
