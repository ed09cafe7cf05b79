#include <stddef.h>
#include <stdint.h>
#include "nn_dot.h"
#include "nn_dot_outside.h"
#include "nn_span.h"
#include "nn_sums.h"

/* As nn_dot_conv2d_i8, but the sums as they are: y[y_h][y_w][y_c] = bias + sum + sum of x * weight, wrapping around.  bias and
 * sum[y_h][y_w][y_c], whose pixels lie sum_pitch elements apart, may be NULL; y may be sum itself. */
static inline void
nn_dot_conv2d_i8_i32(int32_t *y, const int8_t *x, const int8_t *weight, const int32_t *bias, const int32_t *outside,
	const int32_t *sum,
	int32_t x_h, int32_t x_w, int32_t x_c, int32_t x_pitch, int32_t y_h, int32_t y_w, int32_t y_c, int32_t y_pitch,
	int32_t k_h, int32_t k_w, int32_t stride_h, int32_t stride_w, int32_t dilation_h, int32_t dilation_w,
	int32_t pad_t, int32_t pad_l, int32_t groups, int32_t sum_pitch, nn_dot_call_i8 *row, nn_dot_call_i8 *tap)
{
	const int32_t in = x_c / groups, n = y_c / groups, filter = k_h * k_w * in;

	for (int32_t oy = 0; oy < y_h; oy++) {
		struct nn_span rows = nn_span_of(oy, y_h, stride_h, pad_t, k_h, dilation_h, x_h);
		for (int32_t ox = 0; ox < y_w; ox++) {
			struct nn_span cols = nn_span_of(ox, y_w, stride_w, pad_l, k_w, dilation_w, x_w);
			const struct nn_window win = { rows.n, cols.n, in,
				dilation_h * x_w * x_pitch, dilation_w * x_pitch, k_w * in, in };
			int32_t *pixel = y + (oy * y_w + ox) * y_pitch;
			const int8_t *cell = x + (rows.cell * x_w + cols.cell) * x_pitch;
			const int8_t *tap0 = weight + (rows.tap * k_w + cols.tap) * in;
			struct nn_sums_i32 from = { bias, sum ? sum + (oy * y_w + ox) * sum_pitch : NULL };
			for (int32_t o = 0; o < y_c; o++) {
				const int32_t *lost = outside ? outside + o * k_h * k_w : NULL;
				uint32_t acc = nn_dot_window_i8(row, tap, cell + o / n * in, tap0 + o * filter, &win, k_w);
				acc += nn_dot_outside(lost, &rows, &cols, k_h, k_w);
				pixel[o] = nn_sums_i32_of(&from, o, acc);
			}
		}
	}
}
