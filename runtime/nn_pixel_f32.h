#ifndef NN_PIXEL_F32_H
#define NN_PIXEL_F32_H
#include <stdint.h>
#include "nn_output_f32.h"
#include "nn_window.h"

/* sum[k] += x[i] * w[k * filter + i] over i < n, in this order: four output channels share each x. */
static inline void
nn_dot4_f32(float sum[4], const float *x, const float *w, int32_t filter, int32_t n)
{
	const float *w1 = w + filter, *w2 = w1 + filter, *w3 = w2 + filter;
	float s0 = sum[0], s1 = sum[1], s2 = sum[2], s3 = sum[3];
	for (int32_t i = 0; i < n; i++) {
		float v = x[i];
		s0 += v * w[i];
		s1 += v * w1[i];
		s2 += v * w2[i];
		s3 += v * w3[i];
	}
	sum[0] = s0;
	sum[1] = s1;
	sum[2] = s2;
	sum[3] = s3;
}

static inline float
nn_dot_f32(float sum, const float *x, const float *w, int32_t n)
{
	for (int32_t i = 0; i < n; i++)
		sum += x[i] * w[i];
	return sum;
}

/* sum[k] += the sum over the window WIN of x times the filter at w + k * filter: four output channels. */
static inline void
nn_sum4_f32(float sum[4], const float *x, const float *w, const struct nn_window *win, int32_t filter)
{
	for (int32_t row = 0; row < win->rows; row++)
		for (int32_t col = 0; col < win->cols; col++)
			nn_dot4_f32(sum, x + row * win->x_row + col * win->x_col,
				w + row * win->w_row + col * win->w_col, filter, win->n);
}

static inline float
nn_sum1_f32(float sum, const float *x, const float *w, const struct nn_window *win)
{
	for (int32_t row = 0; row < win->rows; row++)
		for (int32_t col = 0; col < win->cols; col++)
			sum = nn_dot_f32(sum, x + row * win->x_row + col * win->x_col,
				w + row * win->w_row + col * win->w_col, win->n);
	return sum;
}

/* One pixel, or one group of its channels: y[c] for c in [0, n), each the sum over the window WIN of x and of the
 * filter at w + c * filter.  CHANNEL is the first one's place in OUT's bias. */
static inline void
nn_pixel_f32(float *y, const float *x, const float *w, const struct nn_window *win, const struct nn_output_f32 *out,
	int32_t filter, int32_t channel, int32_t n)
{
	int32_t c = 0;
	for (; c < n / 4 * 4; c += 4) {
		float sum[4] = { 0, 0, 0, 0 };
		nn_sum4_f32(sum, x, w + c * filter, win, filter);
		for (int32_t k = 0; k < 4; k++)
			y[c + k] = nn_output_f32_of(out, channel + c + k, sum[k]);
	}
	for (; c < n; c++)
		y[c] = nn_output_f32_of(out, channel + c, nn_sum1_f32(0, x, w + c * filter, win));
}

/* The same with sums that start from start[c]; y may be START itself. */
static inline void
nn_pixel_sum_f32(float *y, const float *start, const float *x, const float *w, const struct nn_window *win,
	const struct nn_output_f32 *out, int32_t filter, int32_t channel, int32_t n)
{
	int32_t c = 0;
	for (; c < n / 4 * 4; c += 4) {
		float sum[4] = { start[c], start[c + 1], start[c + 2], start[c + 3] };
		nn_sum4_f32(sum, x, w + c * filter, win, filter);
		for (int32_t k = 0; k < 4; k++)
			y[c + k] = nn_output_f32_of(out, channel + c + k, sum[k]);
	}
	for (; c < n; c++)
		y[c] = nn_output_f32_of(out, channel + c, nn_sum1_f32(start[c], x, w + c * filter, win));
}

#endif
