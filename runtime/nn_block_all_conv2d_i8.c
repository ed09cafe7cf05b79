#include <stdint.h>
#include "nn_block.h"
#include "nn_block_column_i8.h"

/* A convolution as a loop around a block that computes a run of channels (nn_block.h), ROWS windows at a time, one after the other across the rows
 * of the image.  RUN values of a window lie side by side, and windows inside of the image are read there; RUN 0: none are.  Others are
 * collected first, at SCRATCH + COLUMN, COLUMN_PITCH apart, filled up to IN values; STEP is the bytes of weights of a group. */
NN_BLOCK_INLINE void
nn_block_all_conv2d_i8(int8_t *y, const int8_t *x, const void *weight, const int32_t *bias, const int32_t *multiplier, const int8_t *shift,
	int8_t *scratch, int32_t x_zero, int32_t y_zero, int32_t lo, int32_t hi,
	int32_t x_h, int32_t x_w, int32_t x_c, int32_t x_pitch, int32_t y_h, int32_t y_w, int32_t y_c, int32_t y_pitch,
	int32_t k_h, int32_t k_w, int32_t stride_h, int32_t stride_w, int32_t dilation_h, int32_t dilation_w,
	int32_t pad_t, int32_t pad_l, int32_t groups, int32_t rows, int32_t in, int32_t run, int32_t column, int32_t column_pitch,
	int32_t step, nn_block_all_fn *full)
{
	const int32_t c = x_c / groups, n = y_c / groups;
	int8_t *collected = scratch + column;

	for (int32_t at = 0; at < y_h * y_w; at += rows) {
		const int32_t count = y_h * y_w - at < rows ? y_h * y_w - at : rows;
		const int32_t oy = at / y_w, ox = at % y_w, iy = oy * stride_h - pad_t, ix = ox * stride_w - pad_l;

		if (run && ox + count <= y_w && iy >= 0 && iy + (k_h - 1) * dilation_h < x_h && ix >= 0 && ix + (count - 1) * stride_w + k_w <= x_w) {
			full(y + at * y_pitch, y_pitch, x + (iy * x_w + ix) * x_pitch, stride_w * x_pitch, weight, bias, multiplier, shift, run,
				y_zero, lo, hi, k_h, dilation_h * x_w * x_pitch, scratch, count, n);
			continue;
		}
		for (int32_t g = 0; g < groups; g++) {
			for (int32_t k = 0; k < count; k++)
				nn_column_i8(collected + k * column_pitch, x + g * c, x_zero, (at + k) / y_w, (at + k) % y_w, in, x_h, x_w, c, x_pitch,
					k_h, k_w, stride_h, stride_w, dilation_h, dilation_w, pad_t, pad_l);
			full(y + at * y_pitch + g * n, y_pitch, collected, column_pitch, (const char *)weight + g * step, bias + g * n,
				multiplier + g * n, shift + g * n, in, y_zero, lo, hi, 1, in, scratch, count, n);
		}
	}
}
