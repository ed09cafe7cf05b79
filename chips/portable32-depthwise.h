/* Depthwise convolutions of chips/portable32.chip; part of portable32.h.
 *
 * Two results of a channel, one below the other, share the products of the rows that both see: x * (w + v * 2^24) is what a cell adds to the
 * upper result, with its weight w, and to the lower one, with v. */
#ifndef PORTABLE32_DEPTHWISE_H
#define PORTABLE32_DEPTHWISE_H

/* A depthwise layer of 3x3; the weights of a channel are nine bytes. */
struct portable32_dw {
	int8_t *y;
	const int8_t *x, *w;
	int32_t y_pitch, x_pitch, h, w_in, h_out, w_out, c, stride_h, stride_w, pad_t, pad_l, x_zero;
	struct portable32_scaling s;
};

/* A tile: cells of one channel under two rows of results, in rows of COLUMNS. */
enum { PORTABLE32_ROWS = 5, PORTABLE32_COLUMNS = 32 };

/* N cells of a channel, PITCH apart in the image. */
PORTABLE32_INLINE void
portable32_cells(int8_t *to, const int8_t *from, int32_t pitch, int32_t n)
{
	for (; n >= 4; n -= 4, to += 4, from += 4 * pitch) {
		to[0] = from[0];
		to[1] = from[pitch];
		to[2] = from[2 * pitch];
		to[3] = from[3 * pitch];
	}
	for (; n > 0; n--, from += pitch)
		*to++ = *from;
}

/* The tile of ROWS rows of N cells of channel C from the cell (IY, IX) on; what is outside of the image is the zero point. */
static inline void
portable32_tile(int8_t *tile, const struct portable32_dw *k, int32_t iy, int32_t ix, int32_t rows, int32_t n, int32_t c)
{
	const int32_t left = ix >= 0 ? 0 : -ix < n ? -ix : n, end = k->w_in - ix < n ? k->w_in - ix : n;

	for (int32_t r = 0; r < rows; r++, iy++, tile += PORTABLE32_COLUMNS) {
		const int inside = iy >= 0 && iy < k->h && end > left;
		const int32_t first = inside ? left : n, last = inside ? end : n;

		for (int32_t i = 0; i < first; i++)
			tile[i] = (int8_t)k->x_zero;
		if (inside)
			portable32_cells(tile + left, k->x + (iy * k->w_in + ix + left) * k->x_pitch + c, k->x_pitch, end - left);
		for (int32_t i = last; i < n; i++)
			tile[i] = (int8_t)k->x_zero;
	}
}

/* What the results of a channel are made with: for each column of the filter the weights of the four or five rows that two results see. */
struct portable32_dw_channel {
	int32_t w[3][5];
	int32_t bias, multiplier, right;
};

/* Channel C with the vertical stride STRIDE, 1 or 2. */
PORTABLE32_INLINE void
portable32_dw_make(struct portable32_dw_channel *h, const struct portable32_dw *k, int32_t c, int32_t stride)
{
	const int8_t *w = k->w + 9 * c;
	int32_t sum = 0;

	for (int32_t i = 0; i < 3; i++) {
		const int32_t w0 = w[i], w1 = w[3 + i], w2 = w[6 + i], lower = 1 << 24;

		sum += w0 + w1 + w2;
		h->w[i][0] = w0;
		h->w[i][1] = stride == 1 ? w1 + w0 * lower : w1;
		h->w[i][2] = stride == 1 ? w2 + w1 * lower : w2 + w0 * lower;
		h->w[i][3] = stride == 1 ? w2 * lower : w1 * lower;
		h->w[i][4] = w2 * lower;
	}
	h->bias = (int32_t)((uint32_t)k->s.bias[c] - (uint32_t)(k->x_zero * sum));
	h->multiplier = k->s.multiplier[c];
	h->right = -k->s.shift[c] - 1;
}

/* The sums of two results, the cells of the upper one from AT on; STRIDE is literal. */
PORTABLE32_INLINE int64_t
portable32_dw_sums(const int8_t *at, const struct portable32_dw_channel *h, int32_t stride)
{
	int64_t sum = 0;

#define PORTABLE32_CELL(row, column) sum += (int64_t)at[(row) * PORTABLE32_COLUMNS + (column)] * h->w[column][row]
#define PORTABLE32_COLUMN(column) \
	do { \
		PORTABLE32_CELL(0, column); \
		PORTABLE32_CELL(1, column); \
		PORTABLE32_CELL(2, column); \
		PORTABLE32_CELL(3, column); \
		if (stride == 2) \
			PORTABLE32_CELL(4, column); \
	} while (0)
	PORTABLE32_COLUMN(0);
	PORTABLE32_COLUMN(1);
	PORTABLE32_COLUMN(2);
#undef PORTABLE32_CELL
#undef PORTABLE32_COLUMN
	return sum;
}

/* N results of a row and, if BELOW is not 0, as many of the next one, BELOW further on; STRIDE and TIES are literal. */
PORTABLE32_INLINE void
portable32_dw_row(int8_t *y, int32_t below, const int8_t *at, int32_t n, const struct portable32_dw_channel *h, const struct portable32_dw *k, int32_t stride,
	int ties)
{
	const int32_t pitch = k->y_pitch, step = k->stride_w;
	const struct portable32_scaling s = k->s;

	for (; n > 0; n--, at += step, y += pitch) {
		const int64_t sum = portable32_dw_sums(at, h, stride);

		y[0] = portable32_scaled((int32_t)((uint32_t)h->bias + (uint32_t)portable32_first(sum)), h->multiplier, h->right, &s, ties);
		if (below != 0)
			y[below] = portable32_scaled((int32_t)((uint32_t)h->bias + (uint32_t)portable32_second(sum)), h->multiplier, h->right, &s, ties);
	}
}

/* N results of each of ROWS rows of a channel, one or two, from Y on. */
static inline void
portable32_dw_rows(int8_t *y, const int8_t *tile, int32_t rows, int32_t n, const struct portable32_dw_channel *h, const struct portable32_dw *k)
{
	const int32_t below = rows > 1 ? k->w_out * k->y_pitch : 0;

	if (k->s.lo < k->s.zero && k->stride_h == 1)
		portable32_dw_row(y, below, tile, n, h, k, 1, 1);
	else if (k->s.lo < k->s.zero)
		portable32_dw_row(y, below, tile, n, h, k, 2, 1);
	else if (k->stride_h == 1)
		portable32_dw_row(y, below, tile, n, h, k, 1, 0);
	else
		portable32_dw_row(y, below, tile, n, h, k, 2, 0);
}

/* A depthwise convolution of 3x3 with vertical strides of 1 or 2, two rows of results at a time. */
static inline void
portable32_dw3x3(int8_t *y, int32_t y_pitch, const int8_t *x, int32_t x_pitch, const int8_t *w, const int32_t *b, int32_t h, int32_t w_in, int32_t c,
	int32_t h_out, int32_t w_out, int32_t stride_h, int32_t stride_w, int32_t pad_t, int32_t pad_l, int32_t x_zero, int32_t y_zero,
	const int32_t *multiplier, const int8_t *shift, int32_t lo, int32_t hi)
{
	const struct portable32_dw k = { y, x, w, y_pitch, x_pitch, h, w_in, h_out, w_out, c, stride_h, stride_w, pad_t, pad_l, x_zero,
		{ b, multiplier, shift, y_zero, lo, hi } };
	const int32_t rows = 2, columns = (PORTABLE32_COLUMNS - 3) / stride_w + 1;
	int8_t tile[PORTABLE32_ROWS * PORTABLE32_COLUMNS];

	for (int32_t oy = 0; oy < h_out; oy += rows)
		for (int32_t ox = 0; ox < w_out; ox += columns) {
			const int32_t m = h_out - oy < rows ? h_out - oy : rows, n = w_out - ox < columns ? w_out - ox : columns;

			for (int32_t i = 0; i < c; i++) {
				struct portable32_dw_channel channel;

				portable32_tile(tile, &k, oy * stride_h - pad_t, ox * stride_w - pad_l, (m - 1) * stride_h + 3, (n - 1) * stride_w + 3, i);
				portable32_dw_make(&channel, &k, i, stride_h);
				portable32_dw_rows(y + (oy * w_out + ox) * y_pitch + i, tile, m, n, &channel, &k);
			}
		}
}

#endif
