/* Depthwise convolutions of f32 in the vectors of block-f32.h, which are channels; some pixels side by side share the weights. */
#ifndef DEPTHWISE_F32_H
#define DEPTHWISE_F32_H
#include <stddef.h>
#include <stdint.h>
#include "block-f32.h"

/* What all pixels have in common; distances in values. */
struct depthwise_f32 {
	int32_t x_col, x_row, y_col, w_col, w_row, stride;
	float lo, hi;
};

#ifdef BLOCK_F32_VECTOR
enum { DEPTHWISE_F32_PIXELS = 8 };

/* PIXELS pixels by SOME channels with three taps in a row, of ROWS rows; STRIDE is a literal.  Each value of x is loaded once. */
BLOCK_F32_INLINE void
depthwise_f32_three(const struct depthwise_f32 *d, float *y, const float *x, const float *w, const float *b, int32_t rows, int32_t stride,
	int32_t some, int32_t pixels)
{
	BLOCK_F32_VECTOR sum[DEPTHWISE_F32_PIXELS];

	BLOCK_F32_UNROLL
	for (int32_t p = 0; p < pixels; p++)
		sum[p] = b ? block_f32_load_some(b, some) : block_f32_set(0);
	for (int32_t ky = 0; ky < rows; ky++, x += d->x_row, w += d->w_row) {
		BLOCK_F32_VECTOR weight[3];

		BLOCK_F32_UNROLL
		for (int32_t k = 0; k < 3; k++) {
			weight[k] = block_f32_load_some(w + k * d->w_col, some);
			block_f32_pin(weight[k]);
		}
		BLOCK_F32_UNROLL
		for (int32_t i = 0; i < (pixels - 1) * stride + 3; i++) {
			const BLOCK_F32_VECTOR value = block_f32_load_some(x + i * d->x_col, some);

			BLOCK_F32_UNROLL
			for (int32_t p = 0; p < pixels; p++)
				if (i >= p * stride && i < p * stride + 3)
					block_f32_multiply_add(&sum[p], weight[i - p * stride], value);
		}
	}
	BLOCK_F32_UNROLL
	for (int32_t p = 0; p < pixels; p++)
		block_f32_store_some(y + p * d->y_col, block_f32_limit(sum[p], d->lo, d->hi), some);
}

/* The same of any number of taps in a row. */
BLOCK_F32_INLINE void
depthwise_f32_any(const struct depthwise_f32 *d, float *y, const float *x, const float *w, const float *b, int32_t rows, int32_t cols,
	int32_t some, int32_t pixels)
{
	BLOCK_F32_VECTOR sum[DEPTHWISE_F32_PIXELS];

	BLOCK_F32_UNROLL
	for (int32_t p = 0; p < pixels; p++)
		sum[p] = b ? block_f32_load_some(b, some) : block_f32_set(0);
	for (int32_t ky = 0; ky < rows; ky++, x += d->x_row, w += d->w_row)
		for (int32_t k = 0; k < cols; k++) {
			const BLOCK_F32_VECTOR weight = block_f32_load_some(w + k * d->w_col, some);

			BLOCK_F32_UNROLL
			for (int32_t p = 0; p < pixels; p++)
				block_f32_multiply_add(&sum[p], weight, block_f32_load_some(x + (p * d->stride + k) * d->x_col, some));
		}
	BLOCK_F32_UNROLL
	for (int32_t p = 0; p < pixels; p++)
		block_f32_store_some(y + p * d->y_col, block_f32_limit(sum[p], d->lo, d->hi), some);
}

/* N pixels side by side, all with the same taps. */
BLOCK_F32_INLINE void
depthwise_f32_line(const struct depthwise_f32 *d, float *y, const float *x, const float *w, const float *b, int32_t rows, int32_t cols,
	int32_t some, int32_t n)
{
	const int32_t all = DEPTHWISE_F32_PIXELS;
	int32_t i = 0;

	if (cols == 3 && d->stride == 1)
		for (; i + all <= n; i += all)
			depthwise_f32_three(d, y + i * d->y_col, x + i * d->x_col, w, b, rows, 1, some, DEPTHWISE_F32_PIXELS);
	else if (cols == 3 && d->stride == 2)
		for (; i + all <= n; i += all)
			depthwise_f32_three(d, y + i * d->y_col, x + i * 2 * d->x_col, w, b, rows, 2, some, DEPTHWISE_F32_PIXELS);
	for (; i + 4 <= n; i += 4)
		depthwise_f32_any(d, y + i * d->y_col, x + i * d->stride * d->x_col, w, b, rows, cols, some, 4);
	for (; i < n; i++)
		depthwise_f32_any(d, y + i * d->y_col, x + i * d->stride * d->x_col, w, b, rows, cols, some, 1);
}
#endif

/* N pixels side by side, all with the same taps, by the channels [0, C). */
BLOCK_F32_INLINE void
depthwise_f32_pixels(const struct depthwise_f32 *d, float *y, const float *x, const float *w, const float *b, int32_t rows, int32_t cols,
	int32_t c, int32_t n)
{
#ifdef BLOCK_F32_VECTOR
	int32_t at = 0;

	for (; at + BLOCK_F32_LANES <= c; at += BLOCK_F32_LANES)
		depthwise_f32_line(d, y + at, x + at, w + at, b ? b + at : NULL, rows, cols, BLOCK_F32_LANES, n);
	if (at < c)
		depthwise_f32_line(d, y + at, x + at, w + at, b ? b + at : NULL, rows, cols, c - at, n);
#else
	for (int32_t i = 0; i < n; i++)
		for (int32_t at = 0; at < c; at++) {
			float sum = b ? b[at] : 0;

			for (int32_t ky = 0; ky < rows; ky++)
				for (int32_t k = 0; k < cols; k++)
					sum += x[ky * d->x_row + (i * d->stride + k) * d->x_col + at] * w[ky * d->w_row + k * d->w_col + at];
			y[i * d->y_col + at] = sum < d->lo ? d->lo : sum > d->hi ? d->hi : sum;
		}
#endif
}

/* Depthwise convolution of x[hi][wi][c] with w[kh][kw][c], b[c] or NULL; pixels lie x_pitch and y_pitch values apart.  Taps outside of the image are
 * left out. */
BLOCK_F32_INLINE void
depthwise_f32(float *y, int32_t y_pitch, const float *x, int32_t x_pitch, const float *w, const float *b, int32_t hi, int32_t wi, int32_t c,
	int32_t ho, int32_t wo, int32_t kh, int32_t kw, int32_t sh, int32_t sw, int32_t pt, int32_t pl, float least, float most)
{
	const struct depthwise_f32 d = { x_pitch, wi * x_pitch, y_pitch, c, kw * c, sw, least, most };

	for (int32_t oy = 0; oy < ho; oy++) {
		const int32_t top = oy * sh - pt, first = top < 0 ? -top : 0, end = top + kh > hi ? hi - top : kh;
		const int32_t rows = end > first ? end - first : 0, down = rows ? first : 0;

		for (int32_t ox = 0, n; ox < wo; ox += n) {
			const int32_t left = ox * sw - pl, from = left < 0 ? -left : 0, to = left + kw > wi ? wi - left : kw;
			const int32_t cols = to > from ? to - from : 0, right = cols ? from : 0;

			/* all windows that lie within the width are of one kind */
			n = left >= 0 && left + kw <= wi ? (wi - kw - left) / sw + 1 : 1;
			n = n > wo - ox ? wo - ox : n;
			depthwise_f32_pixels(&d, y + (oy * wo + ox) * y_pitch,
				rows && cols ? x + ((top + down) * wi + left + right) * x_pitch : x, w + (down * kw + right) * c, b,
				rows, rows ? cols : 0, c, n);
		}
	}
}

#endif
