#include <stdint.h>
#include "nn_depth_i8.h"
#include "nn_span.h"
#include "nn_sums.h"

/* A part of a depthwise convolution: its sums in 16 bits, without their last shift bits.  Of x[x_h][x_w][x_c] with
 * weight[k_h][k_w][y_c], bias[y_c] or NULL, sum[y_h][y_w][y_c] or NULL, y_c a multiple of x_c: output channel c reads input
 * channel c / (y_c / x_c) only.  y[y_h][y_w][y_c] = (bias + (sum << shift) + sum of (x - x_zero) * weight) >> shift,
 * rounded (ties up) and saturated.  Pixels lie x_pitch, y_pitch and sum_pitch elements apart; y may be sum itself.
 * Padding counts as x_zero. */
static inline void
nn_dwconv2d_i8_i16(int16_t *y, const int8_t *x, const int8_t *weight, const int32_t *bias, const int16_t *sum,
	int32_t shift, int32_t x_zero, int32_t x_h, int32_t x_w, int32_t x_c, int32_t x_pitch,
	int32_t y_h, int32_t y_w, int32_t y_c, int32_t y_pitch,
	int32_t k_h, int32_t k_w, int32_t stride_h, int32_t stride_w, int32_t dilation_h, int32_t dilation_w,
	int32_t pad_t, int32_t pad_l, int32_t sum_pitch)
{
	const int32_t multiplier = y_c / x_c;

	for (int32_t oy = 0; oy < y_h; oy++) {
		struct nn_span rows = nn_span_of(oy, y_h, stride_h, pad_t, k_h, dilation_h, x_h);
		for (int32_t ox = 0; ox < y_w; ox++) {
			struct nn_span cols = nn_span_of(ox, y_w, stride_w, pad_l, k_w, dilation_w, x_w);
			const struct nn_window win = { rows.n, cols.n, 1,
				dilation_h * x_w * x_pitch, dilation_w * x_pitch, k_w * y_c, y_c };
			int16_t *pixel = y + (oy * y_w + ox) * y_pitch;
			const int8_t *cell = x + (rows.cell * x_w + cols.cell) * x_pitch;
			const int8_t *tap = weight + (rows.tap * k_w + cols.tap) * y_c;
			struct nn_sums_i16 from = { bias, NULL, shift };
			int32_t c = 0;
			if (sum)
				from.sum = sum + (oy * y_w + ox) * sum_pitch;
			if (multiplier == 1)
				for (; c < y_c / 4 * 4; c += 4) {
					uint32_t acc[4];
					nn_depth4_i8(acc, cell + c, tap + c, &win, x_zero);
					for (int32_t k = 0; k < 4; k++)
						pixel[c + k] = nn_sums_i16_of(&from, c + k, acc[k]);
				}
			for (; c < y_c; c++)
				pixel[c] = nn_sums_i16_of(&from, c, nn_depth1_i8(cell + c / multiplier, tap + c, &win, x_zero));
		}
	}
}
