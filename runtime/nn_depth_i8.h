#ifndef NN_DEPTH_I8_H
#define NN_DEPTH_I8_H
#include <stdint.h>
#include "nn_output_i8.h"
#include "nn_window.h"

/* The sum over a window of one channel: x and w at this channel of the first tap. */
static inline uint32_t
nn_depth1_i8(const int8_t *x, const int8_t *w, const struct nn_window *win, int32_t zero)
{
	uint32_t sum = 0;
	for (int32_t row = 0; row < win->rows; row++)
		for (int32_t col = 0; col < win->cols; col++)
			sum += (uint32_t)((x[row * win->x_row + col * win->x_col] - zero)
				* w[row * win->w_row + col * win->w_col]);
	return sum;
}

/* The same for four channels side by side. */
static inline void
nn_depth4_i8(uint32_t sum[4], const int8_t *x, const int8_t *w, const struct nn_window *win, int32_t zero)
{
	uint32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
	for (int32_t row = 0; row < win->rows; row++)
		for (int32_t col = 0; col < win->cols; col++) {
			const int8_t *v = x + row * win->x_row + col * win->x_col;
			const int8_t *k = w + row * win->w_row + col * win->w_col;
			s0 += (uint32_t)((v[0] - zero) * k[0]);
			s1 += (uint32_t)((v[1] - zero) * k[1]);
			s2 += (uint32_t)((v[2] - zero) * k[2]);
			s3 += (uint32_t)((v[3] - zero) * k[3]);
		}
	sum[0] = s0;
	sum[1] = s1;
	sum[2] = s2;
	sum[3] = s3;
}

/* One pixel of a depthwise convolution: y[c] for c in [0, n) from channel c / multiplier of x. */
static inline void
nn_depth_i8(int8_t *y, const int8_t *x, const int8_t *w, const struct nn_window *win, const struct nn_output_i8 *out,
	int32_t x_zero, int32_t n, int32_t multiplier)
{
	int32_t c = 0;
	if (multiplier == 1)
		for (; c < n / 4 * 4; c += 4) {
			uint32_t sum[4];
			nn_depth4_i8(sum, x + c, w + c, win, x_zero);
			for (int32_t k = 0; k < 4; k++)
				y[c + k] = nn_output_i8_of(out, c + k, sum[k]);
		}
	for (; c < n; c++)
		y[c] = nn_output_i8_of(out, c, nn_depth1_i8(x + c / multiplier, w + c, win, x_zero));
}

#endif
