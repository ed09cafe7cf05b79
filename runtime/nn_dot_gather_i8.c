#include <stddef.h>
#include <stdint.h>
#include "nn_dot.h"
#include "nn_dot_collect_i8.h"
#include "nn_output_i8.h"
#include "nn_span.h"

/* Convolution by a chip's dot products over gathered cells: window[w_pitch] is filled with the cells [k_h][k_w][x_c / groups]
 * under the filter, x_zero outside of the image, then 0, and FILTER multiplies it with each channel's weights, one row of
 * weight[y_c][w_pitch].  y = limit(y_zero + requant(bias + sum of window * weight)); bias[y_c] holds -x_zero times all weights
 * of the channel too. */
static inline void
nn_dot_gather_i8(int8_t *y, const int8_t *x, const int8_t *weight, const int32_t *bias, const int32_t *multiplier,
	const int8_t *shift, int8_t *window, int32_t x_zero, int32_t y_zero, int32_t lo, int32_t hi,
	int32_t x_h, int32_t x_w, int32_t x_c, int32_t x_pitch, int32_t y_h, int32_t y_w, int32_t y_c, int32_t y_pitch,
	int32_t k_h, int32_t k_w, int32_t stride_h, int32_t stride_w, int32_t dilation_h, int32_t dilation_w,
	int32_t pad_t, int32_t pad_l, int32_t groups, int32_t w_pitch, nn_dot_call_i8 *filter)
{
	const struct nn_output_i8 out = { bias, multiplier, shift, y_zero, lo, hi };
	const int32_t in = x_c / groups, n = y_c / groups;

	for (int32_t k = k_h * k_w * in; k < w_pitch; k++)
		window[k] = 0;
	for (int32_t oy = 0; oy < y_h; oy++) {
		struct nn_span rows = nn_span_of(oy, y_h, stride_h, pad_t, k_h, dilation_h, x_h);
		for (int32_t ox = 0; ox < y_w; ox++) {
			struct nn_span cols = nn_span_of(ox, y_w, stride_w, pad_l, k_w, dilation_w, x_w);
			int8_t *pixel = y + (oy * y_w + ox) * y_pitch;
			const int8_t *cell = x + (rows.cell * x_w + cols.cell) * x_pitch;
			for (int32_t g = 0; g < groups; g++) {
				nn_dot_collect_i8(window, cell + g * in, &rows, &cols, k_h, k_w,
					dilation_h * x_w * x_pitch, dilation_w * x_pitch, in, (int8_t)x_zero);
				for (int32_t o = g * n; o < (g + 1) * n; o++)
					pixel[o] = nn_output_i8_of(&out, o, filter(window, weight + o * w_pitch));
			}
		}
	}
}
