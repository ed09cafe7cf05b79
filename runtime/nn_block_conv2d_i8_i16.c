#include <stdint.h>
#include <string.h>
#include "nn_block.h"

/* N values, widened. */
static inline void
nn_column_values_i8_i16(int16_t *to, const int8_t *from, int32_t n)
{
	for (; n >= 4; n -= 4, to += 4, from += 4) {
		to[0] = from[0];
		to[1] = from[1];
		to[2] = from[2];
		to[3] = from[3];
	}
	for (; n > 0; n--)
		*to++ = *from++;
}

/* The values under the window of the pixel (oy, ox), widened, in the order of the filters: those outside of the image are x_zero, and what is
 * left up to IN is 0. */
static inline void
nn_column_i8_i16(int16_t *column, const int8_t *x, int32_t x_zero, int32_t oy, int32_t ox, int32_t in,
	int32_t x_h, int32_t x_w, int32_t c, int32_t x_pitch, int32_t k_h, int32_t k_w, int32_t stride_h, int32_t stride_w,
	int32_t dilation_h, int32_t dilation_w, int32_t pad_t, int32_t pad_l)
{
	int16_t *to = column;
	for (int32_t ky = 0; ky < k_h; ky++) {
		const int32_t iy = oy * stride_h - pad_t + ky * dilation_h;
		for (int32_t kx = 0; kx < k_w; kx++, to += c) {
			const int32_t ix = ox * stride_w - pad_l + kx * dilation_w;
			if (iy < 0 || iy >= x_h || ix < 0 || ix >= x_w) {
				for (int32_t i = 0; i < c; i++)
					to[i] = (int16_t)x_zero;
			} else {
				const int8_t *from = x + (iy * x_w + ix) * x_pitch;
				nn_column_values_i8_i16(to, from, c);
			}
		}
	}
	for (int32_t i = k_h * k_w * c; i < in; i++)
		column[i] = 0;
}

/* A convolution as loops around register blocks (nn_block.h): the windows of as many pixels as a block takes, one after the other
 * across the rows of the image, are collected in COLUMN, COLUMN_PITCH apart, then every block of channels reads them.  Results may lie over what
 * has been collected for the last time, which is what backend/overlap.c goes by. */
NN_BLOCK_INLINE void
nn_block_conv2d_i8_i16(int8_t *y, const int8_t *x, const void *weight, const void *narrow_weight, const int32_t *bias,
	const int32_t *multiplier, const int8_t *shift, int16_t *column, int32_t x_zero, int32_t y_zero, int32_t lo, int32_t hi,
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
				nn_column_i8_i16(column + k * column_pitch, x + g * c, x_zero, (at + k) / y_w, (at + k) % y_w, in, x_h, x_w, c, x_pitch,
					k_h, k_w, stride_h, stride_w, dilation_h, dilation_w, pad_t, pad_l);
			if (whole)
				nn_block_windows(&blocks, full, narrow, pixel + g * n, y_pitch, column, column_pitch, g * n, n);
			else
				nn_block_windows(&blocks, one, narrow_one, pixel + g * n, y_pitch, column, column_pitch, g * n, n);
		}
		at += count;
	}
}
