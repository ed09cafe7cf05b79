#ifndef NN_DEPTH_F32_H
#define NN_DEPTH_F32_H
#include <stdint.h>
#include "nn_output_f32.h"
#include "nn_window.h"

/* SUM and the sum over a window of one channel: x and w at this channel of the first tap. */
static inline float
nn_depth1_f32(float sum, const float *x, const float *w, const struct nn_window *win)
{
	for (int32_t row = 0; row < win->rows; row++)
		for (int32_t col = 0; col < win->cols; col++)
			sum += x[row * win->x_row + col * win->x_col] * w[row * win->w_row + col * win->w_col];
	return sum;
}

/* The same for four channels side by side. */
static inline void
nn_depth4_f32(float sum[4], const float *x, const float *w, const struct nn_window *win)
{
	float s0 = sum[0], s1 = sum[1], s2 = sum[2], s3 = sum[3];
	for (int32_t row = 0; row < win->rows; row++)
		for (int32_t col = 0; col < win->cols; col++) {
			const float *v = x + row * win->x_row + col * win->x_col;
			const float *k = w + row * win->w_row + col * win->w_col;
			s0 += v[0] * k[0];
			s1 += v[1] * k[1];
			s2 += v[2] * k[2];
			s3 += v[3] * k[3];
		}
	sum[0] = s0;
	sum[1] = s1;
	sum[2] = s2;
	sum[3] = s3;
}

/* One pixel of a depthwise convolution: y[c] for c in [0, n) from channel c / multiplier of x. */
static inline void
nn_depth_f32(float *y, const float *x, const float *w, const struct nn_window *win, const struct nn_output_f32 *out,
	int32_t n, int32_t multiplier)
{
	int32_t c = 0;
	if (multiplier == 1)
		for (; c < n / 4 * 4; c += 4) {
			float sum[4] = { 0, 0, 0, 0 };
			nn_depth4_f32(sum, x + c, w + c, win);
			for (int32_t k = 0; k < 4; k++)
				y[c + k] = nn_output_f32_of(out, c + k, sum[k]);
		}
	for (; c < n; c++)
		y[c] = nn_output_f32_of(out, c, nn_depth1_f32(0, x + c / multiplier, w + c, win));
}

/* The same with sums that start from start[c]; y may be START itself. */
static inline void
nn_depth_sum_f32(float *y, const float *start, const float *x, const float *w, const struct nn_window *win,
	const struct nn_output_f32 *out, int32_t n, int32_t multiplier)
{
	int32_t c = 0;
	if (multiplier == 1)
		for (; c < n / 4 * 4; c += 4) {
			float sum[4] = { start[c], start[c + 1], start[c + 2], start[c + 3] };
			nn_depth4_f32(sum, x + c, w + c, win);
			for (int32_t k = 0; k < 4; k++)
				y[c + k] = nn_output_f32_of(out, c + k, sum[k]);
		}
	for (; c < n; c++)
		y[c] = nn_output_f32_of(out, c, nn_depth1_f32(start[c], x + c / multiplier, w + c, win));
}

#endif
