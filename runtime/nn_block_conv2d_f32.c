#include <stdint.h>
#include <string.h>
#include "nn_block_f32.h"
#include "nn_span.h"

/* The windows from number I on, in one direction, that have the same taps inside of the image: the number of the first that has not. */
static inline int32_t
nn_spans_end(int32_t i, const struct nn_span *s, int32_t count, int32_t stride, int32_t pad, int32_t kernel, int32_t dilation, int32_t size)
{
	for (i++; i < count; i++) {
		const struct nn_span next = nn_span_of(i, count, stride, pad, kernel, dilation, size);

		if (next.tap != s->tap || next.n != s->n)
			break;
	}
	return i;
}

/* The image and its windows. */
struct nn_block_image_f32 {
	int32_t x_h, x_w, c, x_pitch, y_h, y_w, y_pitch, k_h, k_w, stride_h, stride_w, dilation_h, dilation_w, pad_t, pad_l;
};

/* The channels [c, end) of the pixels of a rectangle, all of which have the taps of ROWS and COLS. */
static inline void
nn_block_area_f32(const struct nn_blocks_f32 *k, const struct nn_block_image_f32 *m, float *y, const float *x, const struct nn_span *rows,
	const struct nn_span *cols, int32_t height, int32_t width, int32_t c, int32_t end, nn_block_f32_fn *block)
{
	const int32_t x_row = m->x_w * m->x_pitch, tap = m->c * k->channels;
	const int32_t down = m->stride_h * x_row, right = m->stride_w * m->x_pitch;
	const int upright = width * ((height + k->rows - 1) / k->rows) < height * ((width + k->rows - 1) / k->rows);
	const int32_t lines = upright ? width : height;
	struct nn_blocks_f32 b = *k;
	/* the values of a row of the window are one run where nothing lies between them */
	const int whole = m->dilation_w == 1 && m->x_pitch == m->c;
	struct nn_taps_f32 t = { 1, 0, 0, rows->n, m->dilation_h * x_row, m->k_w * tap, cols->n * m->c };

	if (!whole && rows->n > 0) {
		const struct nn_taps_f32 by_row = { rows->n, m->dilation_h * x_row, m->k_w * tap, cols->n, m->dilation_w * m->x_pitch, tap, m->c };

		t = by_row;
	}
	if (cols->n == 0)
		t.runs = 0;
	x += rows->cell * x_row + cols->cell * m->x_pitch;
	b.weight += (rows->tap * m->k_w + cols->tap) * tap;
	for (int32_t i = 0; i < lines; i++) {
		const struct nn_line_f32 line = { y + i * (upright ? m->y_pitch : m->y_w * m->y_pitch), x + i * (upright ? right : down),
			upright ? m->y_w * m->y_pitch : m->y_pitch, upright ? down : right, upright ? height : width };

		nn_block_line_f32(&b, &t, &line, c, end, block);
	}
}

/* The channels [c, end) of all pixels: rectangle after rectangle, of which those at the borders lack the taps outside of the image. */
static inline void
nn_block_pixels_f32(const struct nn_blocks_f32 *k, const struct nn_block_image_f32 *m, float *y, const float *x, int32_t c, int32_t end,
	nn_block_f32_fn *block)
{
	for (int32_t oy = 0, oy_end; oy < m->y_h; oy = oy_end) {
		const struct nn_span rows = nn_span_of(oy, m->y_h, m->stride_h, m->pad_t, m->k_h, m->dilation_h, m->x_h);

		oy_end = nn_spans_end(oy, &rows, m->y_h, m->stride_h, m->pad_t, m->k_h, m->dilation_h, m->x_h);
		for (int32_t ox = 0, ox_end; ox < m->y_w; ox = ox_end) {
			const struct nn_span cols = nn_span_of(ox, m->y_w, m->stride_w, m->pad_l, m->k_w, m->dilation_w, m->x_w);

			ox_end = nn_spans_end(ox, &cols, m->y_w, m->stride_w, m->pad_l, m->k_w, m->dilation_w, m->x_w);
			nn_block_area_f32(k, m, y + (oy * m->y_w + ox) * m->y_pitch, x, &rows, &cols, oy_end - oy, ox_end - ox, c, end, block);
		}
	}
}

/* A convolution as loops around a register block (nn_block_f32.h) that reads the windows where they lie.  Of each pixel CHUNK input channels are
 * summed at a time; with PART not NULL they are copied there side by side first, for all pixels.  The weights lie
 * [groups][chunks][y_c / groups / channels][k_h][k_w][chunk][channels], each last part of an axis with what is left, channels filled up.
 * OUTER: all pixels meet the weights of some channels before those of the next ones are read. */
static inline void
nn_block_conv2d_f32(float *y, const float *x, const float *weight, const float *bias, float *part, float lo, float hi,
	int32_t x_h, int32_t x_w, int32_t x_c, int32_t x_pitch, int32_t y_h, int32_t y_w, int32_t y_c, int32_t y_pitch,
	int32_t k_h, int32_t k_w, int32_t stride_h, int32_t stride_w, int32_t dilation_h, int32_t dilation_w,
	int32_t pad_t, int32_t pad_l, int32_t groups, int32_t rows, int32_t channels, int32_t chunk, int32_t outer, nn_block_f32_fn *block)
{
	const int32_t c = x_c / groups, n = y_c / groups, panels = (n + channels - 1) / channels;

	for (int32_t g = 0; g < groups; g++)
		for (int32_t from = 0; from < c; from += chunk) {
			const int32_t len = from + chunk < c ? chunk : c - from, step = k_h * k_w * len * channels;
			const struct nn_blocks_f32 k = { rows, channels, n, step, weight, from == 0 ? bias + g * n : NULL,
				from + len == c ? lo : -INFINITY, from + len == c ? hi : INFINITY };
			const struct nn_block_image_f32 m = { x_h, x_w, len, part ? len : x_pitch, y_h, y_w, y_pitch, k_h, k_w,
				stride_h, stride_w, dilation_h, dilation_w, pad_t, pad_l };
			const float *in = x + g * c + from;

			if (part) {
				for (int32_t i = 0; i < x_h * x_w; i++)
					memcpy(part + i * len, in + i * x_pitch, (size_t)len * sizeof *part);
				in = part;
			}
			for (int32_t at = 0; at < n; at += outer ? channels : n)
				nn_block_pixels_f32(&k, &m, y + g * n, in, at, outer ? at + channels < n ? at + channels : n : n, block);
			weight += panels * step;
		}
}
