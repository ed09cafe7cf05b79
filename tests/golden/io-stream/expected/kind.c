/* kind.c: the network 'kind'.
 * Made from io-stream.net by netc 0.1.0:
 *	netc build io-stream.net --io=stream */
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "kind.h"

/* What the code relies on: a compiler stops at an array of negative size. */
typedef char kind_check_int8[sizeof(int8_t) == 1 ? 1 : -1];
typedef char kind_check_int[sizeof(int) >= 4 && sizeof(int32_t) == 4 ? 1 : -1];
typedef char kind_check_float[sizeof(float) == 4 ? 1 : -1];
typedef char kind_check_size[(size_t)KIND_ARENA_BYTES == KIND_ARENA_BYTES ? 1 : -1];
typedef char kind_check_align[KIND_ARENA_ALIGN % sizeof(int32_t) == 0 ? 1 : -1];

/* h.weight: i8[1, 3, 1, 1], scale 0.5 */
static const int8_t kind_h_weight[1 * 3 * 1 * 1] = {
	1, 3, 2
};

/* h.bias: i32[1] */
static const int32_t kind_h_bias[1] = {
	1
};

/* h.multiplier: i32[1] */
static const int32_t kind_h_multiplier[1] = {
	1717986944
};

/* h.shift: i8[1] */
static const int8_t kind_h_shift[1] = {
	-4
};

#if (-1 >> 1) != -1
#error "the kernels need right shifts that keep the sign"
#endif

/* V held to [lo, hi]. */
static inline int32_t
nn_limit_i32(int32_t v, int32_t lo, int32_t hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

/* x * multiplier * 2^(shift - 31), rounded twice as the reference kernels of TensorFlow Lite do: to the nearest
 * after the multiplication (ties up), and after a shift to the right to the nearest again (ties away from zero).
 * multiplier >= 0, shift in [-31, 31]. */
static inline int32_t
nn_requant(int32_t x, int32_t multiplier, int32_t shift)
{
	const int64_t half = (int64_t)1 << 30;
	if (shift >= 0)
		return (int32_t)(((int64_t)(int32_t)((uint32_t)x << shift) * multiplier + half) >> 31);
	int32_t v = (int32_t)(((int64_t)x * multiplier + half) >> 31);
	v -= v < 0; /* ties of negative values go down now, and what is no tie stays on its side */
	return (v >> -shift) + ((v >> (-shift - 1)) & 1);
}

/* The int8 value of an accumulator: rescaled, moved to the zero point, held to [lo, hi] (within [-128, 127]). */
static inline int8_t
nn_requant_i8(int32_t acc, int32_t multiplier, int32_t shift, int32_t zero, int32_t lo, int32_t hi)
{
	return (int8_t)(zero + nn_limit_i32(nn_requant(acc, multiplier, shift), lo - zero, hi - zero));
}

/* How sums become int8: arrays have one value per output channel, bias may be NULL. */
struct nn_output_i8 {
	const int32_t *bias, *multiplier;
	const int8_t *shift;
	int32_t zero, lo, hi;
};

/* Channel C of the output from its sum.  Sums wrap around in uint32_t, as the reference's do in practice. */
static inline int8_t
nn_output_i8_of(const struct nn_output_i8 *out, int32_t c, uint32_t sum)
{
	if (out->bias)
		sum += (uint32_t)out->bias[c];
	return nn_requant_i8((int32_t)sum, out->multiplier[c], out->shift[c], out->zero, out->lo, out->hi);
}

/* The cells under one window and the weights that meet them, both as rows x cols vectors of n consecutive elements;
 * the steps are in elements, from one row or column to the next. */
struct nn_window {
	int32_t rows, cols, n;
	int32_t x_row, x_col;
	int32_t w_row, w_col;
};

/* Columns that lie side by side become one long vector. */
static inline struct nn_window
nn_window_of(int32_t rows, int32_t cols, int32_t n, int32_t x_row, int32_t x_col, int32_t w_row, int32_t w_col)
{
	struct nn_window w = { rows, cols, n, x_row, x_col, w_row, w_col };
	if (x_col == n && w_col == n) {
		w.n = cols * n;
		w.cols = 1;
	}
	return w;
}

/* sum[k] += (x[i] - zero) * w[k * filter + i] over i < n: four output channels share each x. */
static inline void
nn_dot4_i8(uint32_t sum[4], const int8_t *x, const int8_t *w, int32_t zero, int32_t filter, int32_t n)
{
	const int8_t *w1 = w + filter, *w2 = w1 + filter, *w3 = w2 + filter;
	uint32_t s0 = sum[0], s1 = sum[1], s2 = sum[2], s3 = sum[3];
	for (int32_t i = 0; i < n; i++) {
		int32_t v = x[i] - zero;
		s0 += (uint32_t)(v * w[i]);
		s1 += (uint32_t)(v * w1[i]);
		s2 += (uint32_t)(v * w2[i]);
		s3 += (uint32_t)(v * w3[i]);
	}
	sum[0] = s0;
	sum[1] = s1;
	sum[2] = s2;
	sum[3] = s3;
}

static inline uint32_t
nn_dot_i8(const int8_t *x, const int8_t *w, int32_t zero, int32_t n)
{
	uint32_t sum = 0;
	for (int32_t i = 0; i < n; i++)
		sum += (uint32_t)((x[i] - zero) * w[i]);
	return sum;
}

/* sum[k] += the sum over the window WIN of (x - zero) times the filter at w + k * filter: four output channels. */
static inline void
nn_sum4_i8(uint32_t sum[4], const int8_t *x, const int8_t *w, const struct nn_window *win, int32_t zero, int32_t filter)
{
	for (int32_t row = 0; row < win->rows; row++)
		for (int32_t col = 0; col < win->cols; col++)
			nn_dot4_i8(sum, x + row * win->x_row + col * win->x_col,
				w + row * win->w_row + col * win->w_col, zero, filter, win->n);
}

static inline uint32_t
nn_sum1_i8(const int8_t *x, const int8_t *w, const struct nn_window *win, int32_t zero)
{
	uint32_t sum = 0;
	for (int32_t row = 0; row < win->rows; row++)
		for (int32_t col = 0; col < win->cols; col++)
			sum += nn_dot_i8(x + row * win->x_row + col * win->x_col,
				w + row * win->w_row + col * win->w_col, zero, win->n);
	return sum;
}

/* One pixel, or one group of its channels: y[c] for c in [0, n), each the sum over the window WIN of x and of the
 * filter at w + c * filter.  CHANNEL is the first one's place in the arrays of OUT. */
static inline void
nn_pixel_i8(int8_t *y, const int8_t *x, const int8_t *w, const struct nn_window *win, const struct nn_output_i8 *out,
	int32_t x_zero, int32_t filter, int32_t channel, int32_t n)
{
	int32_t c = 0;
	for (; c < n / 4 * 4; c += 4) {
		uint32_t sum[4] = { 0, 0, 0, 0 };
		nn_sum4_i8(sum, x, w + c * filter, win, x_zero, filter);
		for (int32_t k = 0; k < 4; k++)
			y[c + k] = nn_output_i8_of(out, channel + c + k, sum[k]);
	}
	for (; c < n; c++)
		y[c] = nn_output_i8_of(out, channel + c, nn_sum1_i8(x, w + c * filter, win, x_zero));
}

/* The part of a window that lies inside the input, in one direction: N taps from TAP on, the first of which meets
 * the input's cell CELL. */
struct nn_span {
	int32_t tap, cell, n;
};

/* Window I of COUNT, STRIDE cells apart, the first PAD cells before the input of SIZE cells; each has KERNEL taps,
 * DILATION cells apart. */
static inline struct nn_span
nn_span_of(int32_t i, int32_t count, int32_t stride, int32_t pad, int32_t kernel, int32_t dilation, int32_t size)
{
	const int32_t origin = i * stride - pad;
	struct nn_span s = { 0, origin, kernel };

	/* No window leaves the input: with literal arguments a compiler knows it, and all that depends on n. */
	if (pad == 0 && (count - 1) * stride + (kernel - 1) * dilation < size)
		return s;
	int32_t first = origin < 0 ? (-origin - 1) / dilation + 1 : 0;
	int32_t end = origin < size ? (size - 1 - origin) / dilation + 1 : 0;
	if (end > kernel)
		end = kernel;
	s.tap = first < end ? first : 0;
	s.cell = first < end ? origin + first * dilation : 0;
	s.n = first < end ? end - first : 0;
	return s;
}

/* Convolution of an image x[x_h][x_w][x_c] with weight[y_c][k_h][k_w][x_c / groups], bias[y_c] or NULL:
 * y[y_h][y_w][y_c] = limit(y_zero + requant(bias + sum of (x - x_zero) * weight)).  Pixels lie x_pitch and y_pitch
 * elements apart.  Padding, pad_t rows above and pad_l columns to the left, counts as x_zero: its taps are left out. */
static inline void
nn_conv2d_i8(int8_t *y, const int8_t *x, const int8_t *weight, const int32_t *bias,
	const int32_t *multiplier, const int8_t *shift, int32_t x_zero, int32_t y_zero, int32_t lo, int32_t hi,
	int32_t x_h, int32_t x_w, int32_t x_c, int32_t x_pitch, int32_t y_h, int32_t y_w, int32_t y_c, int32_t y_pitch,
	int32_t k_h, int32_t k_w, int32_t stride_h, int32_t stride_w, int32_t dilation_h, int32_t dilation_w,
	int32_t pad_t, int32_t pad_l, int32_t groups)
{
	const struct nn_output_i8 out = { bias, multiplier, shift, y_zero, lo, hi };
	const int32_t in = x_c / groups, n = y_c / groups, filter = k_h * k_w * in;

	for (int32_t oy = 0; oy < y_h; oy++) {
		struct nn_span rows = nn_span_of(oy, y_h, stride_h, pad_t, k_h, dilation_h, x_h);
		for (int32_t ox = 0; ox < y_w; ox++) {
			struct nn_span cols = nn_span_of(ox, y_w, stride_w, pad_l, k_w, dilation_w, x_w);
			const struct nn_window win = nn_window_of(rows.n, cols.n, in,
				dilation_h * x_w * x_pitch, dilation_w * x_pitch, k_w * in, in);
			int8_t *pixel = y + (oy * y_w + ox) * y_pitch;
			const int8_t *cell = x + (rows.cell * x_w + cols.cell) * x_pitch;
			const int8_t *tap = weight + (rows.tap * k_w + cols.tap) * in;
			for (int32_t g = 0; g < groups; g++)
				nn_pixel_i8(pixel + g * n, cell + g * in, tap + g * n * filter, &win, &out,
					x_zero, filter, g * n, n);
		}
	}
}

/* y[y_h][y_w][c]: the largest of each window of x[x_h][x_w][c], held to [lo, hi].  Pixels lie x_pitch and y_pitch
 * elements apart.  Padding, pad_t rows above and pad_l columns to the left, doesn't count. */
static inline void
nn_maxpool_i8(int8_t *y, const int8_t *x, int32_t lo, int32_t hi,
	int32_t x_h, int32_t x_w, int32_t x_pitch, int32_t y_h, int32_t y_w, int32_t y_pitch, int32_t c_n,
	int32_t k_h, int32_t k_w, int32_t stride_h, int32_t stride_w, int32_t pad_t, int32_t pad_l)
{
	for (int32_t oy = 0; oy < y_h; oy++) {
		struct nn_span rows = nn_span_of(oy, y_h, stride_h, pad_t, k_h, 1, x_h);
		for (int32_t ox = 0; ox < y_w; ox++) {
			struct nn_span cols = nn_span_of(ox, y_w, stride_w, pad_l, k_w, 1, x_w);
			int8_t *out = y + (oy * y_w + ox) * y_pitch;
			for (int32_t c = 0; c < c_n; c++)
				out[c] = (int8_t)lo;
			for (int32_t row = 0; row < rows.n; row++)
				for (int32_t col = 0; col < cols.n; col++) {
					const int8_t *cell = x + ((rows.cell + row) * x_w + cols.cell + col) * x_pitch;
					for (int32_t c = 0; c < c_n; c++)
						out[c] = cell[c] > out[c] ? cell[c] : out[c];
				}
			for (int32_t c = 0; c < c_n; c++)
				out[c] = (int8_t)(out[c] > hi ? hi : out[c]);
		}
	}
}

/* A map that is computed some rows at a time: HEIGHT rows, of which those up to END are there.  ROOM of them have storage, in which row FIRST
 * is the first; with less room than height those that nothing reads any more give way.  STAGE computes it; -1: it is there from the beginning. */
struct nn_rows {
	size_t at, bytes;  /* where it lies in the arena, and the bytes of a row; of one with room for all neither is used */
	int32_t height, room, stage, first, end;
};

/* What computes BAND rows of map Y at once.  Row r of it and those after in the band read of each of the maps X the rows from r * stride -
 * pad on, SPAN of them; those outside of the map are padding.  x below 0: no such map. */
struct nn_stage {
	int32_t y, band;
	struct { int32_t x, stride, pad, span; } read[2];
};

/* Some rows: the first, counted from the beginning of the storage, how many, and how many of padding go before. */
struct nn_band {
	int32_t row, rows, pad;
};

static inline int32_t
nn_rows_min(int32_t a, int32_t b)
{
	return a < b ? a : b;
}

/* A stage whose result stage S waits for, or -1: what it reads is there. */
static inline int32_t
nn_rows_awaited(const struct nn_stage *s, const struct nn_rows *rows)
{
	for (int32_t k = 0; k < 2 && s->read[k].x >= 0; k++) {
		const struct nn_rows *x = &rows[s->read[k].x];
		const int32_t first = rows[s->y].end * s->read[k].stride - s->read[k].pad;
		if (x->end < nn_rows_min(first + s->read[k].span, x->height))
			return x->stage;
	}
	return -1;
}

/* The stage that is to run next, of which the last of COUNT computes what all is for: that one, or what it waits for; -1: it is done. */
static inline int32_t
nn_rows_next(const struct nn_stage *stages, int32_t count, const struct nn_rows *rows)
{
	int32_t next = count - 1, awaited;
	if (rows[stages[next].y].end >= rows[stages[next].y].height)
		return -1;
	while ((awaited = nn_rows_awaited(&stages[next], rows)) >= 0)
		next = awaited;
	return next;
}

/* The first row of map M that a stage is still to read. */
static inline int32_t
nn_rows_needed(const struct nn_stage *stages, int32_t count, const struct nn_rows *rows, int32_t m)
{
	int32_t needed = rows[m].end;
	for (int32_t s = 0; s < count; s++)
		for (int32_t k = 0; k < 2; k++)
			if (stages[s].read[k].x == m && rows[stages[s].y].end < rows[stages[s].y].height)
				needed = nn_rows_min(needed, rows[stages[s].y].end * stages[s].read[k].stride - stages[s].read[k].pad);
	return needed > 0 ? needed : 0;
}

/* Where the next band of stage S's map goes, as rows from the beginning of its storage: at the end of those there, which are moved up over those
 * that are read no more when there is no room. */
static inline int32_t
nn_rows_make_room(const struct nn_stage *stages, int32_t count, struct nn_rows *rows, int32_t s, unsigned char *ram)
{
	struct nn_rows *y = &rows[stages[s].y];
	if (y->end + stages[s].band - y->first > y->room) {
		const int32_t needed = nn_rows_needed(stages, count, rows, stages[s].y);
		memmove(ram + y->at, ram + y->at + (size_t)(needed - y->first) * y->bytes, (size_t)(y->end - needed) * y->bytes);
		y->first = needed;
	}
	return y->end - y->first;
}

/* The rows of its K-th map that stage S reads now; none if it has no such map. */
static inline struct nn_band
nn_rows_read(const struct nn_stage *s, int32_t k, const struct nn_rows *rows)
{
	struct nn_band b = { 0, 0, 0 };
	if (s->read[k].x >= 0) {
		const struct nn_rows *x = &rows[s->read[k].x];
		const int32_t origin = rows[s->y].end * s->read[k].stride - s->read[k].pad;
		const int32_t first = nn_rows_min(origin > 0 ? origin : 0, x->height), end = nn_rows_min(origin + s->read[k].span, x->height);
		if (first < end) {
			b.row = first - x->first;
			b.rows = end - first;
			b.pad = first - origin;
		}
	}
	return b;
}

/* conv2d i8[8, 64, 1] -> i8[3, 64, 1], kernel 3x1, stride 2x1.
 * Used by h. */
static void
kind_conv2d_i8(int8_t *y, const int8_t *x, const int8_t *weight, const int32_t *bias,
	const int32_t *multiplier, const int8_t *shift, int32_t x_zero, int32_t y_zero, int32_t lo,
	int32_t hi)
{
	nn_conv2d_i8(y, x, weight, bias, multiplier, shift, x_zero, y_zero, lo, hi, /* x_h */ 3,
		/* x_w */ 64, /* x_c */ 1, /* x_pitch */ 1, /* y_h */ 1, /* y_w */ 64, /* y_c */ 1,
		/* y_pitch */ 1, /* k_h */ 3, /* k_w */ 1, /* stride_h */ 2, /* stride_w */ 1,
		/* dilation_h */ 1, /* dilation_w */ 1, /* pad_t */ 0, /* pad_l */ 0,
		/* groups */ 1);
}

/* maxpool i8[3, 64, 1] -> i8[1, 64, 1], kernel 3x1, stride 3x1.
 * Used by y. */
static void
kind_maxpool_i8(int8_t *y, const int8_t *x, int32_t lo, int32_t hi)
{
	nn_maxpool_i8(y, x, lo, hi, /* x_h */ 3, /* x_w */ 64, /* x_pitch */ 1, /* y_h */ 1,
		/* y_w */ 64, /* y_pitch */ 1, /* c_n */ 1, /* k_h */ 3, /* k_w */ 1,
		/* stride_h */ 1, /* stride_w */ 1, /* pad_t */ 0, /* pad_l */ 0);
}

/* COUNT rows of the input from ROW on, or what read_row returns instead. */
static int
kind_read_rows(kind_read_row *read_row, void *user, int8_t *to, int32_t row, int32_t count)
{
	int status = KIND_OK;

	for (int32_t i = 0; i < count && status == KIND_OK; i++)
		status = read_row(user, row + i, to + i * KIND_IN_X_ROW_COUNT);
	return status;
}

/* x to h, at most 2 rows at a time: the next stage to run is the last one, or if rows are
 * missing that it reads, the stage that computes these, and so on. */
static int
kind_chain_0(unsigned char *ram, kind_read_row *read_row, void *user)
{
	/* Of each stage the map that it computes and by how many rows at once; of what it reads
	 * the map, its stride, its padding and the rows under a band. */
	static const struct nn_stage stages[] = {
		{ 0, 1, { { -1, 0, 0, 0 }, { -1, 0, 0, 0 } } }, /* x */
		{ 1, 1, { { 0, 2, 0, 3 }, { -1, 0, 0, 0 } } }, /* h */
	};
	/* Of each map where its window lies in the arena, the bytes of a row, its rows, those
	 * that there is room for, the stage that computes it, the first row and the number of
	 * rows that are there. */
	struct nn_rows maps[] = {
		{ 192, 64, 8, 3, 0, 0, 0 }, /* x.rows */
		{ 0, 64, 3, 3, 1, 0, 0 }, /* h */
	};
	int status;

	for (int32_t stage; (stage = nn_rows_next(stages, 2, maps)) >= 0; maps[stages[stage].y].end += stages[stage].band) {
		const int32_t to_row = nn_rows_make_room(stages, 2, maps, stage, ram);
		const struct nn_band band = nn_rows_read(&stages[stage], 0, maps);

		switch (stage) {
		case 0:
			/* io-stream.net:3: x: rows of the input; scratch in arena [192, 384) */
			status = kind_read_rows(read_row, user, (int8_t *)(ram + 192) + to_row * 64,
				/* row */ maps[0].end, /* rows */ 1);
			if (status != KIND_OK)
				return status;
			break;
		case 1:
			/* io-stream.net:4: h: conv2d i8[8, 64, 1] -> i8[3, 64, 1], kernel 3x1,
			 * stride 2x1; 576 MACs; result in arena [0, 192) */
			kind_conv2d_i8((int8_t *)(ram + 0) + to_row * 64,
				(const int8_t *)(ram + 192) + band.row * 64, kind_h_weight,
				kind_h_bias, kind_h_multiplier, kind_h_shift, /* x_zero */ 0,
				/* y_zero */ 0, /* lo */ -128, /* hi */ 127);
			break;
		}
	}
	return KIND_OK;
}

/* A layer, and what is compiled in around it: see kind.h. */
#if defined KIND_PROFILE
#define KIND_LAYER(index, call) \
	do { kind_profile(index, 0); call; kind_profile(index, 1); } while (0)
#else
#define KIND_LAYER(index, call) call
#endif

#ifdef KIND_PROFILE
const char *const kind_layer_names[KIND_LAYERS] = {
	"h",
	"y"
};
#endif

int
kind_run(kind_read_row *read_row, void *user, void *arena)
{
	unsigned char *const ram = (unsigned char *)arena;
	int status;

	if (read_row == NULL)
		return KIND_E_READ_ROW;
	if (arena == NULL || (uintptr_t)arena % KIND_ARENA_ALIGN != 0)
		return KIND_E_ALIGN;

	/* io-stream.net:4: h: conv2d i8[8, 64, 1] -> i8[3, 64, 1], kernel 3x1, stride 2x1; by
	 * rows, from x on; 576 MACs; result in arena [0, 192); scratch in arena [192, 384) */
	KIND_LAYER(0, status = kind_chain_0(ram, read_row, user));
	if (status != KIND_OK)
		return status;

	/* io-stream.net:6: y: maxpool i8[3, 64, 1] -> i8[1, 64, 1], kernel 3x1, stride 3x1;
	 * result in arena [192, 256) */
	KIND_LAYER(1, kind_maxpool_i8((int8_t *)(ram + 192), (const int8_t *)(ram + 0),
		/* lo */ -128, /* hi */ 127));

	return KIND_OK;
}
