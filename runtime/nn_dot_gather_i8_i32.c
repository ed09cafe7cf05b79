#include <stddef.h>
#include <stdint.h>
#include "nn_dot.h"
#include "nn_dot_collect_i8.h"
#include "nn_span.h"
#include "nn_sums.h"

/* As nn_dot_gather_i8, but the sums as they are: y[y_h][y_w][y_c] = bias + sum + sum of window * weight, wrapping around.  bias and
 * sum[y_h][y_w][y_c], whose pixels lie sum_pitch elements apart, may be NULL; y may be sum itself. */
static inline void
nn_dot_gather_i8_i32(int32_t *y, const int8_t *x, const int8_t *weight, const int32_t *bias, const int32_t *sum,
	int8_t *window, int32_t x_zero,
	int32_t x_h, int32_t x_w, int32_t x_c, int32_t x_pitch, int32_t y_h, int32_t y_w, int32_t y_c, int32_t y_pitch,
	int32_t k_h, int32_t k_w, int32_t stride_h, int32_t stride_w, int32_t dilation_h, int32_t dilation_w,
	int32_t pad_t, int32_t pad_l, int32_t groups, int32_t w_pitch, int32_t sum_pitch, nn_dot_call_i8 *filter)
{
	const int32_t in = x_c / groups, n = y_c / groups;

	for (int32_t k = k_h * k_w * in; k < w_pitch; k++)
		window[k] = 0;
	for (int32_t oy = 0; oy < y_h; oy++) {
		struct nn_span rows = nn_span_of(oy, y_h, stride_h, pad_t, k_h, dilation_h, x_h);
		for (int32_t ox = 0; ox < y_w; ox++) {
			struct nn_span cols = nn_span_of(ox, y_w, stride_w, pad_l, k_w, dilation_w, x_w);
			int32_t *pixel = y + (oy * y_w + ox) * y_pitch;
			const int8_t *cell = x + (rows.cell * x_w + cols.cell) * x_pitch;
			struct nn_sums_i32 from = { bias, sum ? sum + (oy * y_w + ox) * sum_pitch : NULL };
			for (int32_t g = 0; g < groups; g++) {
				nn_dot_collect_i8(window, cell + g * in, &rows, &cols, k_h, k_w,
					dilation_h * x_w * x_pitch, dilation_w * x_pitch, in, (int8_t)x_zero);
				for (int32_t o = g * n; o < (g + 1) * n; o++)
					pixel[o] = nn_sums_i32_of(&from, o, filter(window, weight + o * w_pitch));
			}
		}
	}
}
