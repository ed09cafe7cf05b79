#include <stdint.h>
#include "nn_block.h"
#include "nn_block_column_i8.h"

/* A convolution as loops around register blocks (nn_block.h): the windows of as many pixels as a block takes, one after the other
 * across the rows of the image, are collected in COLUMN, COLUMN_PITCH apart, then every block of channels reads them.  Results may lie over what
 * has been collected for the last time, which is what backend/overlap.c goes by. */
NN_BLOCK_INLINE void
nn_block_conv2d_i8(int8_t *y, const int8_t *x, const void *weight, const void *narrow_weight, const int32_t *bias,
	const int32_t *multiplier, const int8_t *shift, int8_t *column, int32_t x_zero, int32_t y_zero, int32_t lo, int32_t hi,
	int32_t x_h, int32_t x_w, int32_t x_c, int32_t x_pitch, int32_t y_h, int32_t y_w, int32_t y_c, int32_t y_pitch,
	int32_t k_h, int32_t k_w, int32_t stride_h, int32_t stride_w, int32_t dilation_h, int32_t dilation_w,
	int32_t pad_t, int32_t pad_l, int32_t groups, int32_t rows, int32_t channels, int32_t in, int32_t column_pitch,
	int32_t step, int32_t narrow_step,
	nn_block_fn *full, nn_block_fn *one, nn_block_fn *narrow, nn_block_fn *narrow_one)
{
	const struct nn_blocks blocks = { channels, in, step, narrow_step, (const char *)weight, (const char *)narrow_weight,
		bias, multiplier, shift, y_zero, lo, hi };
	const int32_t c = x_c / groups, n = y_c / groups;

	for (int32_t at = 0; at < y_h * y_w;) {
		const int32_t whole = at + rows <= y_h * y_w && (narrow || n % channels == 0), count = whole ? rows : 1;
		int8_t *pixel = y + at * y_pitch;
		for (int32_t g = 0; g < groups; g++) {
			for (int32_t k = 0; k < count; k++)
				nn_column_i8(column + k * column_pitch, x + g * c, x_zero, (at + k) / y_w, (at + k) % y_w, in, x_h, x_w, c, x_pitch,
					k_h, k_w, stride_h, stride_w, dilation_h, dilation_w, pad_t, pad_l);
			if (whole)
				nn_block_windows(&blocks, full, narrow, pixel + g * n, y_pitch, column, column_pitch, g * n, n);
			else
				nn_block_windows(&blocks, one, narrow_one, pixel + g * n, y_pitch, column, column_pitch, g * n, n);
		}
		at += count;
	}
}
