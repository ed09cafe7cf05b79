#ifndef NN_BLOCK_COLUMN_I8_H
#define NN_BLOCK_COLUMN_I8_H
#include <stdint.h>
#include <string.h>

/* The values under the window of the pixel (oy, ox), as they are, in the order of the filters: those outside of the image are x_zero, and what is
 * left up to IN is 0. */
static inline void
nn_column_i8(int8_t *column, const int8_t *x, int32_t x_zero, int32_t oy, int32_t ox, int32_t in,
	int32_t x_h, int32_t x_w, int32_t c, int32_t x_pitch, int32_t k_h, int32_t k_w, int32_t stride_h, int32_t stride_w,
	int32_t dilation_h, int32_t dilation_w, int32_t pad_t, int32_t pad_l)
{
	const int32_t first = ox * stride_w - pad_l, top = oy * stride_h - pad_t;
	const int side_by_side = dilation_w == 1 && x_pitch == c && first >= 0 && first + k_w <= x_w; /* the values of a row */
	int8_t *to = column;
	if (side_by_side && top >= 0 && top + (k_h - 1) * dilation_h < x_h) {
		const int8_t *from = x + (top * x_w + first) * c;
		for (int32_t ky = 0; ky < k_h; ky++, to += k_w * c, from += dilation_h * x_w * c)
			memcpy(to, from, (size_t)(k_w * c));
		for (int32_t i = k_h * k_w * c; i < in; i++)
			column[i] = 0;
		return;
	}
	for (int32_t ky = 0; ky < k_h; ky++) {
		const int32_t iy = top + ky * dilation_h;
		if (side_by_side && iy >= 0 && iy < x_h) {
			memcpy(to, x + (iy * x_w + first) * c, (size_t)(k_w * c));
			to += k_w * c;
			continue;
		}
		for (int32_t kx = 0; kx < k_w; kx++, to += c) {
			const int32_t ix = first + kx * dilation_w;
			if (iy < 0 || iy >= x_h || ix < 0 || ix >= x_w) {
				memset(to, x_zero, (size_t)c);
			} else {
				const int8_t *from = x + (iy * x_w + ix) * x_pitch;
				memcpy(to, from, (size_t)c);
			}
		}
	}
	for (int32_t i = k_h * k_w * c; i < in; i++)
		column[i] = 0;
}

#endif
