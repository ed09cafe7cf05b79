#include <stddef.h>
#include <stdint.h>
#include "nn_dot.h"
#include "nn_dot_collect_f32.h"
#include "nn_output_f32.h"
#include "nn_span.h"

/* Convolution by a chip's dot products over gathered cells: window[w_pitch] is filled with the cells [k_h][k_w][x_c / groups]
 * under the filter, 0 outside of the image and behind them, and FILTER multiplies it with each channel's weights, one row of
 * weight[y_c][w_pitch]: y = limit(bias + sum of window * weight). */
static inline void
nn_dot_gather_f32(float *y, const float *x, const float *weight, const float *bias, float *window, float lo, float hi,
	int32_t x_h, int32_t x_w, int32_t x_c, int32_t x_pitch, int32_t y_h, int32_t y_w, int32_t y_c, int32_t y_pitch,
	int32_t k_h, int32_t k_w, int32_t stride_h, int32_t stride_w, int32_t dilation_h, int32_t dilation_w,
	int32_t pad_t, int32_t pad_l, int32_t groups, int32_t w_pitch, nn_dot_call_f32 *filter)
{
	const struct nn_output_f32 out = { bias, lo, hi };
	const int32_t in = x_c / groups, n = y_c / groups;

	for (int32_t k = k_h * k_w * in; k < w_pitch; k++)
		window[k] = 0.0f;
	for (int32_t oy = 0; oy < y_h; oy++) {
		struct nn_span rows = nn_span_of(oy, y_h, stride_h, pad_t, k_h, dilation_h, x_h);
		for (int32_t ox = 0; ox < y_w; ox++) {
			struct nn_span cols = nn_span_of(ox, y_w, stride_w, pad_l, k_w, dilation_w, x_w);
			float *pixel = y + (oy * y_w + ox) * y_pitch;
			const float *cell = x + (rows.cell * x_w + cols.cell) * x_pitch;
			for (int32_t g = 0; g < groups; g++) {
				nn_dot_collect_f32(window, cell + g * in, &rows, &cols, k_h, k_w,
					dilation_h * x_w * x_pitch, dilation_w * x_pitch, in, 0.0f);
				for (int32_t o = g * n; o < (g + 1) * n; o++)
					pixel[o] = nn_output_f32_of(&out, o, filter(window, weight + o * w_pitch));
			}
		}
	}
}
