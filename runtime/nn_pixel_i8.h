#ifndef NN_PIXEL_I8_H
#define NN_PIXEL_I8_H
#include <stdint.h>
#include "nn_output_i8.h"
#include "nn_window.h"

/* sum[k] += (x[i] - zero) * w[k * filter + i] over i < n: four output channels share each x. */
static inline void
nn_dot4_i8(uint32_t sum[4], const int8_t *x, const int8_t *w, int32_t zero, int32_t filter, int32_t n)
{
	const int8_t *w1 = w + filter, *w2 = w1 + filter, *w3 = w2 + filter;
	uint32_t s0 = sum[0], s1 = sum[1], s2 = sum[2], s3 = sum[3];
	for (int32_t i = 0; i < n; i++) {
		int32_t v = x[i] - zero;
		s0 += (uint32_t)(v * w[i]);
		s1 += (uint32_t)(v * w1[i]);
		s2 += (uint32_t)(v * w2[i]);
		s3 += (uint32_t)(v * w3[i]);
	}
	sum[0] = s0;
	sum[1] = s1;
	sum[2] = s2;
	sum[3] = s3;
}

static inline uint32_t
nn_dot_i8(const int8_t *x, const int8_t *w, int32_t zero, int32_t n)
{
	uint32_t sum = 0;
	for (int32_t i = 0; i < n; i++)
		sum += (uint32_t)((x[i] - zero) * w[i]);
	return sum;
}

/* sum[k] += the sum over the window WIN of (x - zero) times the filter at w + k * filter: four output channels. */
static inline void
nn_sum4_i8(uint32_t sum[4], const int8_t *x, const int8_t *w, const struct nn_window *win, int32_t zero, int32_t filter)
{
	for (int32_t row = 0; row < win->rows; row++)
		for (int32_t col = 0; col < win->cols; col++)
			nn_dot4_i8(sum, x + row * win->x_row + col * win->x_col,
				w + row * win->w_row + col * win->w_col, zero, filter, win->n);
}

static inline uint32_t
nn_sum1_i8(const int8_t *x, const int8_t *w, const struct nn_window *win, int32_t zero)
{
	uint32_t sum = 0;
	for (int32_t row = 0; row < win->rows; row++)
		for (int32_t col = 0; col < win->cols; col++)
			sum += nn_dot_i8(x + row * win->x_row + col * win->x_col,
				w + row * win->w_row + col * win->w_col, zero, win->n);
	return sum;
}

/* One pixel, or one group of its channels: y[c] for c in [0, n), each the sum over the window WIN of x and of the
 * filter at w + c * filter.  CHANNEL is the first one's place in the arrays of OUT. */
static inline void
nn_pixel_i8(int8_t *y, const int8_t *x, const int8_t *w, const struct nn_window *win, const struct nn_output_i8 *out,
	int32_t x_zero, int32_t filter, int32_t channel, int32_t n)
{
	int32_t c = 0;
	for (; c < n / 4 * 4; c += 4) {
		uint32_t sum[4] = { 0, 0, 0, 0 };
		nn_sum4_i8(sum, x, w + c * filter, win, x_zero, filter);
		for (int32_t k = 0; k < 4; k++)
			y[c + k] = nn_output_i8_of(out, channel + c + k, sum[k]);
	}
	for (; c < n; c++)
		y[c] = nn_output_i8_of(out, channel + c, nn_sum1_i8(x, w + c * filter, win, x_zero));
}

#endif
