#ifndef NN_BLOCK_F32_H
#define NN_BLOCK_F32_H
#include <math.h> /* INFINITY */
#include <stddef.h>
#include <stdint.h>

/* A register block of f32: ROWS windows by OUT channels, no more than it has registers for.  The first window's values are RUNS runs of IN values
 * each, x_run apart at x, those of the next window x_pitch further on.  The weights of the channels lie side by side for each value, those of one
 * run after those of the other, w_run apart at w.  Results are limited to [lo, hi]; their sums start from b, or, where b is NULL, from what y holds.
 * The results of a window lie side by side, those of the next one y_pitch further on. */
typedef void nn_block_f32_fn(float *y, int32_t y_pitch, const float *x, int32_t x_pitch, int32_t x_run, const float *w, int32_t w_run,
	const float *b, int32_t runs, int32_t in, int32_t rows, int32_t out, float lo, float hi);

/* Windows that lie on a line: COUNT of them, x_pitch apart, with the same taps inside of the image. */
struct nn_line_f32 {
	float *y;
	const float *x;
	int32_t y_pitch, x_pitch, count;
};

/* What of each window of a line is summed: ROWS runs of IN values by a call, and so TIMES. */
struct nn_taps_f32 {
	int32_t times, x_time, w_time; /* how far apart those of one call and the next are */
	int32_t runs, x_run, w_run, in;
};

/* The layer's blocks: channels [from, to) of N, CHANNELS at a time, whose weights are STEP values apart. */
struct nn_blocks_f32 {
	int32_t rows, channels, n, step;
	const float *weight, *bias;    /* bias NULL: the sums go on from y */
	float lo, hi;
};

/* One block, by as many calls as its taps take; limits apply to the last of them. */
static inline void
nn_block_taps_f32(const struct nn_blocks_f32 *k, const struct nn_taps_f32 *t, const struct nn_line_f32 *l, int32_t from, int32_t rows,
	int32_t c, nn_block_f32_fn *block)
{
	const int32_t out = c + k->channels <= k->n ? k->channels : k->n - c;
	const float *x = l->x + from * l->x_pitch, *w = k->weight + c / k->channels * k->step;
	float *y = l->y + from * l->y_pitch + c;

	for (int32_t i = 0; i < t->times; i++) {
		const float *b = i == 0 && k->bias ? k->bias + c : NULL;
		const int last = i == t->times - 1;

		block(y, l->y_pitch, x + i * t->x_time, l->x_pitch, t->x_run, w + i * t->w_time, t->w_run, b, t->runs, t->in, rows, out,
			last ? k->lo : -INFINITY, last ? k->hi : INFINITY);
	}
}

/* The channels [c, end) of the windows of a line, which are shared out evenly among as few blocks as take them. */
static inline void
nn_block_line_f32(const struct nn_blocks_f32 *k, const struct nn_taps_f32 *t, const struct nn_line_f32 *l, int32_t c, int32_t end,
	nn_block_f32_fn *block)
{
	const int32_t blocks = (l->count + k->rows - 1) / k->rows, least = l->count / blocks, more = l->count % blocks;

	for (int32_t i = 0, from = 0; i < blocks; i++) {
		const int32_t rows = least + (i < more);

		for (int32_t at = c; at < end; at += k->channels)
			nn_block_taps_f32(k, t, l, from, rows, at, block);
		from += rows;
	}
}

#endif
