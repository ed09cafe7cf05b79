/* Depthwise convolutions of chips/cortex-m55.chip; part of cortex-m55.h. */
#ifndef CORTEX_M55_DEPTHWISE_H
#define CORTEX_M55_DEPTHWISE_H
#include <string.h>

/* A depthwise layer.  The weights of a channel are sixteen bytes, columns of four: w[c][kx][ky], zeros where kx or ky is 3. */
struct cortex_m55_dw {
	int8_t *y;
	const int8_t *x, *w;
	int32_t y_pitch, x_pitch, h, w_in, h_out, w_out, c, stride_h, stride_w, pad_t, pad_l, x_zero;
	struct block_scaling s;
};

/* Columns of a tile of all rows: of four cells of four channels, a multiple of four columns in a band. */
enum { CORTEX_M55_SLIMS = 144 };

#if CORTEX_M55_VECTORS
/* A tile: columns of four cells of sixteen channels.  The columns behind those that count are read, and multiplied by zero. */
enum { CORTEX_M55_COLUMN = 64, CORTEX_M55_COLUMNS = 34, CORTEX_M55_BEHIND = 3 };

/* What the results of one channel are made with; the bias is less the zero point's part. */
struct cortex_m55_channel {
	int32_t bias, multiplier, left, right;
};

CORTEX_M55_INLINE struct cortex_m55_channel
cortex_m55_channel(const struct cortex_m55_dw *k, int32_t c, int8x16_t weights)
{
	const int32_t shift = k->s.shift[c];

	return (struct cortex_m55_channel){ (int32_t)((uint32_t)k->s.bias[c] - (uint32_t)(k->x_zero * vaddvq_s8(weights))), k->s.multiplier[c],
		shift > 0 ? shift : 0, shift < 0 ? shift : 0 };
}

/* Four sums of one channel to results, as cortex_m55_rescale has it.  RELU: the zero point is the least of all values, which are allowed. */
CORTEX_M55_INLINE int32x4_t
cortex_m55_rescale_channel(int32x4_t sum, const struct cortex_m55_channel *by, const struct block_scaling *s, int relu)
{
	int32x4_t v = vqrdmulhq_n_s32(vshlq_r_s32(vaddq_n_s32(sum, by->bias), by->left), by->multiplier);

	if (!relu && by->right < 0)
		v = vaddq_s32(v, vshrq_n_s32(v, 31));
	v = vrshlq_n_s32(v, by->right);
	if (!relu)
		return vminq_s32(vmaxq_s32(vqaddq_n_s32(v, s->zero), vdupq_n_s32(s->lo)), vdupq_n_s32(s->hi));
	v = vqaddq_n_s32(v, -128);
	/* saturates to the lowest byte; from intrinsics compilers make copies */
	__asm("vqmovnb.s32 %q0, %q0\n\tvqmovnb.s16 %q0, %q0" : "+w"(v));
	return v;
}

/* N columns without cells of the image. */
CORTEX_M55_INLINE void
cortex_m55_pad(int8_t *tile, int32_t n, int8_t value)
{
	for (int32_t i = 0; i < 4 * n; i++)
		vst1q_s8(tile + 16 * i, vdupq_n_s8(value));
}

/* N columns, N not 0, of CHANNELS channels or sixteen, from the four rows on, each of which advances by its step. */
CORTEX_M55_INLINE void
cortex_m55_columns(int8_t *tile, const int8_t *const *row, const int32_t *step, int32_t n, int32_t channels)
{
	const int8_t *r0 = row[0], *r1 = row[1], *r2 = row[2], *r3 = row[3];
	const mve_pred16_t some = vctp8q((uint32_t)channels);

	for (const int8_t *end = tile + n * CORTEX_M55_COLUMN; tile < end; tile += CORTEX_M55_COLUMN) {
		int8x16x4_t cells;

		cells.val[0] = vldrbq_z_s8(r0, some);
		cells.val[1] = vldrbq_z_s8(r1, some);
		cells.val[2] = vldrbq_z_s8(r2, some);
		cells.val[3] = vldrbq_z_s8(r3, some);
		vst4q_s8(tile, cells);
		r0 += step[0];
		r1 += step[1];
		r2 += step[2];
		r3 += step[3];
	}
}

/* The tile of COLUMNS columns from the cell (IY, IX) on, which may lie outside of the image, of the channels from C on. */
static inline void
cortex_m55_tile(int8_t *tile, const struct cortex_m55_dw *k, int32_t iy, int32_t ix, int32_t columns, int32_t c)
{
	const int32_t left = ix >= 0 ? 0 : -ix < columns ? -ix : columns, end = k->w_in - ix < columns ? k->w_in - ix : columns;
	const int32_t n = end > left ? end - left : 0;
	const int8_t *row[4];
	int32_t step[4];
	int8_t outside[16];

	vst1q_s8(outside, vdupq_n_s8((int8_t)k->x_zero));
	for (int32_t i = 0; i < 4; i++) {
		const int inside = iy + i >= 0 && iy + i < k->h && n > 0;

		row[i] = inside ? k->x + ((iy + i) * k->w_in + ix + left) * k->x_pitch + c : outside;
		step[i] = inside ? k->x_pitch : 0;
	}
	cortex_m55_pad(tile, left, (int8_t)k->x_zero);
	if (n > 0)
		cortex_m55_columns(tile + left * CORTEX_M55_COLUMN, row, step, n, k->c - c);
	cortex_m55_pad(tile + (left + n) * CORTEX_M55_COLUMN, columns - left - n, (int8_t)k->x_zero);
}

/* The four columns from one channel's place in the tile on. */
CORTEX_M55_INLINE int8x16_t
cortex_m55_cells(const int8_t *at, uint32x4_t columns)
{
	return vreinterpretq_s8_s32(vldrwq_gather_offset_s32((const int32_t *)(const void *)at, columns));
}

/* What a tile has the cells of: BANDS bands of N results of one row or of two, from row OY and column OX on, each of COLUMNS columns.  There are at least
 * LEAST results in a row. */
struct cortex_m55_part {
	int32_t oy, ox, n, bands, columns, rows, least;
};

/* How to walk over the bands of a channel, four results at a time: what the assembly below reads, its sums first. */
struct cortex_m55_walk {
	int32_t sum[4];
	int32_t bias, multiplier, right, zero;
	int32_t more;              /* fours of a band behind the first */
	int32_t first_at, first_y; /* steps from the first four to the second, which may have results in common, */
	int32_t next_at, next_y;   /* from the last place of a band to the next band */
	int32_t bands;
};

/* Four sums in r0, r2, r4 and r6 to results, which lie PLACES from Y on. */
#define CORTEX_M55_FOUR_RESULTS \
	"stmdb %[s], {r0, r2, r4, r6}\n\t" \
	"vldrw.u32 %q[cells], [%[s], #-16]\n\t" \
	"ldm %[s], {r0, r2, r4, r6}\n\t" \
	"vadd.i32 %q[cells], %q[cells], r0\n\t" \
	"vqrdmulh.s32 %q[cells], %q[cells], r2\n\t" \
	".if %c[ties]\n\t" /* those below zero go down */ \
	"vshr.s32 %q[sign], %q[cells], #31\n\t" \
	"vadd.i32 %q[cells], %q[cells], %q[sign]\n\t" \
	".endif\n\t" \
	"vrshl.s32 %q[cells], r4\n\t" \
	"vqadd.s32 %q[cells], %q[cells], r6\n\t" \
	"vqmovnb.s32 %q[cells], %q[cells]\n\t" \
	"vqmovnb.s16 %q[cells], %q[cells]\n\t" \
	"vstrb.32 %q[cells], [%[y], %q[places]]\n\t"

/* All bands.  BEGIN comes before the first four and before the others, SUMS makes four sums, MORE goes on. */
#define CORTEX_M55_BANDS(begin, sums, more) \
	"1:\n\t" \
	begin \
	sums \
	CORTEX_M55_FOUR_RESULTS \
	"ldrd r0, r2, [%[s], #16]\n\t" \
	"ldr r4, [%[s], #24]\n\t" \
	"add %[at], %[at], r2\n\t" \
	"add %[y], %[y], r4\n\t" \
	begin \
	"wls lr, r0, 3f\n" \
	"2:\n\t" \
	sums \
	CORTEX_M55_FOUR_RESULTS \
	more \
	"add %[y], %[y], %[step]\n\t" \
	"le lr, 2b\n" \
	"3:\n\t" \
	"ldrd r2, r0, [%[s], #28]\n\t" \
	"ldr r4, [%[s], #36]\n\t" \
	"add %[at], %[at], r2\n\t" \
	"add %[y], %[y], r0\n\t" \
	"subs r4, #1\n\t" \
	"str r4, [%[s], #36]\n\t" \
	"bne 1b"

/* Two results of each of two rows: one load has the cells of all. */
#define CORTEX_M55_PAIRS \
	"vldrw.u32 %q[cells], [%[at], %q[columns]]\n\t" \
	"vmladav.s8 r0, %q[cells], %q[w]\n\t" \
	"vmladav.s8 r2, %q[cells], %q[w10]\n\t" \
	"vmladav.s8 r4, %q[cells], %q[w01]\n\t" \
	"vmladav.s8 r6, %q[cells], %q[w11]\n\t"

/* Four results of a row, whose cells lie STRIDE bytes apart. */
#define CORTEX_M55_QUADS \
	"vldrw.u32 %q[cells], [%q[from], #2 * %c[stride]]!\n\t" \
	"vmladav.s8 r0, %q[cells], %q[w]\n\t" \
	"vldrw.u32 %q[cells], [%q[from], #%c[stride]]\n\t" \
	"vmladav.s8 r2, %q[cells], %q[w]\n\t" \
	"vldrw.u32 %q[cells], [%q[from], #2 * %c[stride]]!\n\t" \
	"vmladav.s8 r4, %q[cells], %q[w]\n\t" \
	"vldrw.u32 %q[cells], [%q[from], #%c[stride]]\n\t" \
	"vmladav.s8 r6, %q[cells], %q[w]\n\t"

/* The bands of one channel with the weights W, from AT in the tile and Y on, in pairs of two rows; PAIR, the bytes of two columns, and TIES are
 * literal. */
CORTEX_M55_INLINE void
cortex_m55_dw_pairs(int8_t *y, const int8_t *at, struct cortex_m55_walk *walk, int32x4_t w, uint32x4_t columns, uint32x4_t places, int32_t step, int pair,
	int ties)
{
	int32x4_t cells, sign, second = w;

	/* from one column to the next */
	__asm("movs r0, #0\n\tvshlc %q0, r0, #32" : "+w"(second) : : "r0", "cc");
	__asm volatile(CORTEX_M55_BANDS("", CORTEX_M55_PAIRS, "add %[at], %[at], #%c[pair]\n\t")
		: [at] "+r"(at), [y] "+r"(y), [cells] "=&w"(cells), [sign] "=&w"(sign)
		: [s] "r"(&walk->bias), [step] "r"(step), [pair] "i"(pair), [ties] "i"(ties), [columns] "w"(columns), [places] "w"(places),
		  [w] "w"(w), [w10] "w"(vshlq_n_s32(w, 8)), [w01] "w"(second), [w11] "w"(vshlq_n_s32(second, 8))
		: "r0", "r2", "r4", "r6", "lr", "cc", "memory");
}

/* The same in fours of a row; COLUMNS less two STRIDEs, which are literal: bytes of two columns. */
CORTEX_M55_INLINE void
cortex_m55_dw_quads(int8_t *y, const int8_t *at, struct cortex_m55_walk *walk, int32x4_t w, uint32x4_t columns, uint32x4_t places, int32_t step, int stride,
	int ties)
{
	int32x4_t cells, sign, from;

	__asm volatile(CORTEX_M55_BANDS("vadd.i32 %q[from], %q[columns], %[at]\n\t", CORTEX_M55_QUADS, "")
		: [at] "+r"(at), [y] "+r"(y), [cells] "=&w"(cells), [sign] "=&w"(sign), [from] "=&w"(from)
		: [s] "r"(&walk->bias), [step] "r"(step), [ties] "i"(ties), [stride] "i"(stride), [columns] "w"(columns), [places] "w"(places), [w] "w"(w)
		: "r0", "r2", "r4", "r6", "lr", "cc", "memory");
}

/* All bands of the channels from C to END, whose places in the tile lie side by side; results are any int8 values, all shifts go to the right.
 * ROWS rows by 4 / ROWS columns at a time, and there are at least so many.  The last results go with some of those before if there are not so many
 * left.  COLUMN, the bytes of a column of the tile, ROWS and TIES are literal; of one row the stride is 2. */
CORTEX_M55_INLINE void
cortex_m55_dw_fours(const struct cortex_m55_dw *k, const struct cortex_m55_part *p, const int8_t *tile, int32_t c, int32_t end, int column, int rows,
	int ties)
{
	const int stride = rows == 2 ? column : 2 * column;
	const int32_t pitch = k->y_pitch, width = 4 / rows, below = k->w_out * pitch, more = (p->n - 1) / width, first = p->n - width * more;
	const int32_t x_zero = k->x_zero, step = width * pitch, ahead = rows == 2 ? p->n * stride : first * stride;
	const uint32x4_t numbers = vidupq_n_u32(0, 1);
	const uint32x4_t columns = vaddq_n_u32(vmulq_n_u32(numbers, (uint32_t)column), rows == 2 ? 0 : -2u * (uint32_t)stride);
	const uint32x4_t places = rows == 1 ? vmulq_n_u32(numbers, (uint32_t)pitch)
		: vmlaq_n_u32(vmulq_n_u32(vandq_u32(numbers, vdupq_n_u32(1)), (uint32_t)below), vshrq_n_u32(numbers, 1), (uint32_t)pitch);
	struct cortex_m55_walk walk[1] = { { { 0 }, 0, 0, 0, k->s.zero, more, first * stride, first * pitch, p->columns * column - ahead,
		rows * below - p->n * pitch, 0 } };
	const int8_t *w = k->w + 16 * c, *shift = k->s.shift + c;
	const int32_t *bias = k->s.bias + c, *multiplier = k->s.multiplier + c;
	int8_t *y = k->y + (p->oy * k->w_out + p->ox) * pitch + c;

	for (int32_t n = end - c; n > 0; n--, tile += 4, w += 16, y++) {
		const int32x4_t weights = vreinterpretq_s32_s8(vld1q_s8(w));

		walk->bias = (int32_t)((uint32_t)*bias++ - (uint32_t)(x_zero * vaddvq_s8(vreinterpretq_s8_s32(weights))));
		walk->multiplier = *multiplier++;
		walk->right = *shift++;
		walk->bands = p->bands;
		if (rows == 2)
			cortex_m55_dw_pairs(y, tile, walk, weights, columns, places, step, 2 * column, ties);
		else
			cortex_m55_dw_quads(y, tile, walk, weights, columns, places, step, stride, ties);
	}
}

/* All bands of channel C, of the results' row ROW in each. */
CORTEX_M55_INLINE void
cortex_m55_dw_rows(const struct cortex_m55_dw *k, const struct cortex_m55_part *p, const int8_t *tile, int32_t c, int32_t row, int column, int relu)
{
	const uint32x4_t columns = vmulq_n_u32(vidupq_n_u32(0, 1), (uint32_t)column);
	const uint32x4_t places = vmulq_n_u32(vidupq_n_u32(0, 1), (uint32_t)k->y_pitch);
	const int8x16_t first = vld1q_s8(k->w + 16 * c);
	const struct cortex_m55_channel by = cortex_m55_channel(k, c, first);
	const int8x16_t w = row ? vreinterpretq_s8_s32(vshlq_n_s32(vreinterpretq_s32_s8(first), 8)) : first;
	const int32_t step = k->stride_w * column;

	for (int32_t band = 0; band < p->bands; band++, tile += p->columns * column) {
		int8_t *y = k->y + ((p->oy + band * p->rows + row) * k->w_out + p->ox) * k->y_pitch + c;
		const int8_t *at = tile;

		for (int32_t n = p->n; n > 0; n -= 4, at += 4 * step, y += 4 * k->y_pitch) {
			const int32_t second = n > 1 ? step : 0, third = n > 2 ? 2 * step : 0, fourth = n > 3 ? 3 * step : 0;
			int32x4_t sum = vdupq_n_s32(vmladavq_s8(cortex_m55_cells(at, columns), w));

			sum = vsetq_lane_s32(vmladavq_s8(cortex_m55_cells(at + second, columns), w), sum, 1);
			sum = vsetq_lane_s32(vmladavq_s8(cortex_m55_cells(at + third, columns), w), sum, 2);
			sum = vsetq_lane_s32(vmladavq_s8(cortex_m55_cells(at + fourth, columns), w), sum, 3);
			vstrbq_scatter_offset_p_s32(y, places, cortex_m55_rescale_channel(sum, &by, &k->s, relu), vctp32q((uint32_t)n));
		}
	}
}

/* The results of a part from its TILE, of the channels from C to END.  COLUMN is literal. */
CORTEX_M55_INLINE void
cortex_m55_dw_results(const struct cortex_m55_dw *k, const struct cortex_m55_part *p, const int8_t *tile, int32_t c, int32_t end, int column)
{
	const int relu = k->s.zero == -128 && k->s.lo == -128 && k->s.hi == 127;

	if (p->least == 2 && relu)
		cortex_m55_dw_fours(k, p, tile, c, end, column, 2, 0);
	else if (p->least == 2)
		cortex_m55_dw_fours(k, p, tile, c, end, column, 2, 1);
	else if (p->least == 4 && relu)
		cortex_m55_dw_fours(k, p, tile, c, end, column, 1, 0);
	else if (p->least == 4)
		cortex_m55_dw_fours(k, p, tile, c, end, column, 1, 1);
	for (; p->least == 1 && c < end; c++, tile += 4)
		for (int32_t row = 0; row < p->rows; row++)
			if (relu)
				cortex_m55_dw_rows(k, p, tile, c, row, column, 1);
			else
				cortex_m55_dw_rows(k, p, tile, c, row, column, 0);
}

/* A part of the layer: the channels of a tile from C on. */
static inline void
cortex_m55_dw_part(const struct cortex_m55_dw *k, const struct cortex_m55_part *p, int8_t *tile, int32_t c)
{
	for (int32_t band = 0; band < p->bands; band++)
		cortex_m55_tile(tile + band * p->columns * CORTEX_M55_COLUMN, k, (p->oy + band * p->rows) * k->stride_h - k->pad_t,
			p->ox * k->stride_w - k->pad_l, p->columns, c);
	cortex_m55_dw_results(k, p, tile, c, k->c - c < 16 ? k->c : c + 16, CORTEX_M55_COLUMN);
}

/* Whether results are any int8 values and all shifts go to the right. */
CORTEX_M55_INLINE int
cortex_m55_dw_is_usual(const struct cortex_m55_dw *k)
{
	if (k->s.lo != -128 || k->s.hi != 127)
		return 0;
	for (int32_t c = 0; c < k->c; c++)
		if (k->s.shift[c] >= 0)
			return 0;
	return 1;
}

/* All of the layer, which takes 2.4 KB of stack.  A tile has part of a row or of two, or as much as it has room for; all channels are done before
 * the next tile. */
static inline void
cortex_m55_dw_layer(const struct cortex_m55_dw *k)
{
	const int usual = cortex_m55_dw_is_usual(k);
	const int32_t rows = usual && k->stride_h == 1 && k->stride_w == 1 && k->h_out > 1 && k->w_out > 1 ? 2 : 1;
	const int32_t least = rows == 2 ? 2 : usual && k->stride_w == 2 && k->w_out >= 4 ? 4 : 1;
	const int32_t most = (CORTEX_M55_COLUMNS - 3) / k->stride_w + 1, whole = (k->w_out - 1) * k->stride_w + 3;
	const int32_t room = rows == 1 && 2 * whole <= CORTEX_M55_COLUMNS ? 2 : 1;
	int8_t tile[(CORTEX_M55_COLUMNS + CORTEX_M55_BEHIND) * CORTEX_M55_COLUMN] __attribute__((aligned(16)));

	for (int32_t oy = 0, bands; oy < k->h_out; oy += bands * rows) {
		const int32_t left = k->h_out - oy, y = left < rows ? k->h_out - rows : oy;

		bands = left < rows ? 1 : left / rows < room ? left / rows : room;
		for (int32_t ox = 0; ox < k->w_out; ox += most) {
			const int32_t x = k->w_out - ox < least ? k->w_out - least : ox;
			const int32_t n = k->w_out - x < most ? k->w_out - x : most;
			const struct cortex_m55_part p = { y, x, n, bands, (n - 1) * k->stride_w + 3, rows, least };

			for (int32_t c = 0; c < k->c; c += 16)
				cortex_m55_dw_part(k, &p, tile, c);
		}
	}
}

/* ---- images that are small ---- */

enum { CORTEX_M55_SLIM = 16 };

/* Four channels of four pixels of the image's row ROW, which lie AT in row 0 and STEP further on in the next one; ALIGNED: to words. */
CORTEX_M55_INLINE int8x16_t
cortex_m55_slim_row(const struct cortex_m55_dw *k, uint32x4_t at, uint32x4_t step, int32_t row, int aligned, int8x16_t zero)
{
	int32_t cells[4];

	if ((uint32_t)row >= (uint32_t)k->h)
		return zero;
	at = vmlaq_n_u32(at, step, (uint32_t)row);
	if (aligned)
		return vreinterpretq_s8_s32(vldrwq_gather_base_s32(at, 0));
	vst1q_u32((uint32_t *)(void *)cells, at);
	for (int32_t i = 0; i < 4; i++)
		memcpy(&cells[i], (const void *)(uintptr_t)(uint32_t)cells[i], sizeof cells[i]);
	return vreinterpretq_s8_s32(vld1q_s32(cells));
}

/* Four columns, the first of them the image's column IX, of BANDS bands, BAND bytes of the tile and BAND_ROWS rows apart, the first of which begins with
 * row IY; four channels from C on. */
CORTEX_M55_INLINE void
cortex_m55_slim_columns(int8_t *tile, const struct cortex_m55_dw *k, int32_t ix, int32_t iy, int32_t bands, int32_t band, int32_t band_rows, int32_t c,
	int aligned)
{
	const int8x16_t zero = vdupq_n_s8((int8_t)k->x_zero);
	int8_t outside[4] __attribute__((aligned(4)));
	const uint32x4_t x = vaddq_n_u32(vidupq_n_u32(0, 1), (uint32_t)ix);
	const mve_pred16_t inside = vcmphiq_u32(vdupq_n_u32((uint32_t)k->w_in), x);
	const uint32x4_t at = vpselq_u32(vaddq_n_u32(vmulq_n_u32(x, (uint32_t)k->x_pitch), (uint32_t)(uintptr_t)(k->x + c)),
		vdupq_n_u32((uint32_t)(uintptr_t)outside), inside);
	const uint32x4_t step = vpselq_u32(vdupq_n_u32((uint32_t)(k->w_in * k->x_pitch)), vdupq_n_u32(0), inside);

	memset(outside, k->x_zero, sizeof outside);
	__asm volatile("" : : "r"(outside) : "memory"); /* read by its address */
	for (; bands > 0; bands--, tile += band, iy += band_rows) {
		int8x16x4_t cells;

		cells.val[0] = cortex_m55_slim_row(k, at, step, iy, aligned, zero);
		cells.val[1] = cortex_m55_slim_row(k, at, step, iy + 1, aligned, zero);
		cells.val[2] = cortex_m55_slim_row(k, at, step, iy + 2, aligned, zero);
		cells.val[3] = cortex_m55_slim_row(k, at, step, iy + 3, aligned, zero);
		vst4q_s8(tile, cells);
		__asm("" : "+r"(tile)); /* gcc 12 would add BAND in the store, which takes no register */
	}
}

/* The bands of all columns of P. */
static inline void
cortex_m55_slim_tile(int8_t *tile, const struct cortex_m55_dw *k, const struct cortex_m55_part *p, int32_t c)
{
	const int32_t iy = p->oy * k->stride_h - k->pad_t, band = p->columns * CORTEX_M55_SLIM, band_rows = p->rows * k->stride_h;
	const int aligned = k->x_pitch % 4 == 0 && (uintptr_t)k->x % 4 == 0;

	for (int32_t column = 0; column < p->columns; column += 4, tile += 4 * CORTEX_M55_SLIM)
		if (aligned)
			cortex_m55_slim_columns(tile, k, column - k->pad_l, iy, p->bands, band, band_rows, c, 1);
		else
			cortex_m55_slim_columns(tile, k, column - k->pad_l, iy, p->bands, band, band_rows, c, 0);
}

/* All of a layer with one stride, C a multiple of four: all rows of four channels are in the tile before their results are written.  Takes 2.4 KB of
 * stack. */
static inline void
cortex_m55_dw_planes(const struct cortex_m55_dw *k)
{
	const int usual = cortex_m55_dw_is_usual(k);
	const int32_t rows = k->stride_h == 1 && k->h_out > 1 ? 2 : 1, odd = k->h_out % rows, bands = k->h_out / rows;
	const int32_t columns = ((k->w_out - 1) * k->stride_w + 6) / 4 * 4;
	const int32_t least = !usual ? 1 : rows == 2 && k->w_out > 1 ? 2 : k->stride_w == 2 && k->w_out >= 4 ? 4 : 1;
	const struct cortex_m55_part all = { 0, 0, k->w_out, bands, columns, rows, least };
	const struct cortex_m55_part last = { k->h_out - rows, 0, k->w_out, odd, columns, rows, least }; /* with a row of those before */
	int8_t tile[(CORTEX_M55_SLIMS + CORTEX_M55_BEHIND) * CORTEX_M55_SLIM] __attribute__((aligned(16)));
	int8_t *const behind = tile + bands * columns * CORTEX_M55_SLIM;

	for (int32_t c = 0; c < k->c; c += 4) {
		cortex_m55_slim_tile(tile, k, &all, c);
		cortex_m55_slim_tile(behind, k, &last, c);
		cortex_m55_dw_results(k, &all, tile, c, c + 4, CORTEX_M55_SLIM);
		if (odd)
			cortex_m55_dw_results(k, &last, behind, c, c + 4, CORTEX_M55_SLIM);
	}
}
#else
/* One result of channel C: the cells from (IY, IX) on, those outside of the image the zero point. */
CORTEX_M55_INLINE int8_t
cortex_m55_dw_result(const struct cortex_m55_dw *k, int32_t iy, int32_t ix, int32_t c)
{
	uint32_t sum = (uint32_t)k->s.bias[c];

	for (int32_t ky = 0; ky < 3; ky++)
		for (int32_t kx = 0; kx < 3; kx++) {
			const int32_t h = iy + ky, w = ix + kx;

			if (h >= 0 && h < k->h && w >= 0 && w < k->w_in)
				sum += (uint32_t)((k->x[(h * k->w_in + w) * k->x_pitch + c] - k->x_zero) * k->w[16 * c + 4 * kx + ky]);
		}
	return block_result((int32_t)sum, &k->s, c);
}

static inline void
cortex_m55_dw_layer(const struct cortex_m55_dw *k)
{
	int8_t *y = k->y;

	for (int32_t oy = 0; oy < k->h_out; oy++)
		for (int32_t ox = 0; ox < k->w_out; ox++, y += k->y_pitch)
			for (int32_t c = 0; c < k->c; c++)
				y[c] = cortex_m55_dw_result(k, oy * k->stride_h - k->pad_t, ox * k->stride_w - k->pad_l, c);
}

static inline void
cortex_m55_dw_planes(const struct cortex_m55_dw *k)
{
	int8_t results[2 * CORTEX_M55_SLIMS];

	for (int32_t c = 0; c < k->c; c++) {
		for (int32_t i = 0; i < k->h_out * k->w_out; i++)
			results[i] = cortex_m55_dw_result(k, i / k->w_out * k->stride_h - k->pad_t, i % k->w_out * k->stride_w - k->pad_l, c);
		for (int32_t i = 0; i < k->h_out * k->w_out; i++)
			k->y[i * k->y_pitch + c] = results[i];
	}
}
#endif

static inline void
cortex_m55_dw3x3(int8_t *y, int32_t y_pitch, const int8_t *x, int32_t x_pitch, const int8_t *w, const int32_t *b, int32_t h, int32_t w_in, int32_t c,
	int32_t h_out, int32_t w_out, int32_t stride_h, int32_t stride_w, int32_t pad_t, int32_t pad_l, int32_t x_zero, int32_t y_zero,
	const int32_t *multiplier, const int8_t *shift, int32_t lo, int32_t hi)
{
	const struct cortex_m55_dw k = { y, x, w, y_pitch, x_pitch, h, w_in, h_out, w_out, c, stride_h, stride_w, pad_t, pad_l, x_zero,
		{ b, multiplier, shift, y_zero, lo, hi } };

	cortex_m55_dw_layer(&k);
}

static inline void
cortex_m55_dw3x3_planes(int8_t *y, int32_t y_pitch, const int8_t *x, int32_t x_pitch, const int8_t *w, const int32_t *b, int32_t h, int32_t w_in, int32_t c,
	int32_t h_out, int32_t w_out, int32_t stride, int32_t pad_t, int32_t pad_l, int32_t x_zero, int32_t y_zero,
	const int32_t *multiplier, const int8_t *shift, int32_t lo, int32_t hi)
{
	const struct cortex_m55_dw k = { y, x, w, y_pitch, x_pitch, h, w_in, h_out, w_out, c, stride, stride, pad_t, pad_l, x_zero,
		{ b, multiplier, shift, y_zero, lo, hi } };

	cortex_m55_dw_planes(&k);
}

#endif
