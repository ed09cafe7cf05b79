/* Units for 64-bit RISC-V processors with the V extension (-march=rv64gcv), whatever the length of their vectors: chips/rv64gcv.chip says
 * what each takes.  Without it the same sums are made in plain C, with the same results.
 *
 * The vector code is assembly, so that a compiler needs to know nothing of vectors but their names: gcc has its intrinsics only from
 * version 14 on. */
#ifndef RV64GCV_H
#define RV64GCV_H
#include <stdint.h>
#include "block-plain.h"

#if defined(__GNUC__) && defined(__riscv) && defined(__riscv_vector)
#define RV64GCV_VECTORS 1
#else
#define RV64GCV_VECTORS 0
#endif

#if defined(__GNUC__)
#define RV64GCV_INLINE static inline __attribute__((always_inline))
#else
#define RV64GCV_INLINE static inline
#endif

/* ---- plain C ---- */

/* A block of ROWS windows by CHANNELS channels. */
RV64GCV_INLINE void
rv64gcv_plain(int8_t *y, int32_t y_pitch, const int8_t *x, int32_t x_pitch, const int8_t *w, int32_t n, const struct block_scaling *s,
	int32_t rows, int32_t channels)
{
	for (int32_t r = 0; r < rows; r++)
		for (int32_t c = 0; c < channels; c++) {
			uint32_t sum = (uint32_t)s->bias[c];

			for (int32_t i = 0; i < n; i++)
				sum += (uint32_t)(x[r * x_pitch + i] * w[i * channels + c]);
			y[r * y_pitch + c] = block_result((int32_t)sum, s, c);
		}
}

#if RV64GCV_VECTORS
/* ---- results ---- */

/* What the assembly writes, where the compiler uses such registers itself. */
#if defined(__clang__) || __GNUC__ >= 13
#define RV64GCV_CLOBBERS "memory", "vl", "vtype", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", \
	"v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31"
#else
#define RV64GCV_CLOBBERS "memory"
#endif

/* Multipliers to v24.., shifts to the left to v0..; rounding is to the nearest, ties up, of a product (VSMUL) and of a shift (VSSRA). */
#define RV64GCV_LEFT \
	"vsetvli zero, %[vl], e32, m4, ta, ma\n\t" \
	"csrwi vxrm, 0\n\t" \
	"vle8.v v4, (%[shift])\n\t" \
	"vsext.vf4 v28, v4\n\t" \
	"vmax.vx v0, v28, zero\n\t" \
	"vle32.v v24, (%[multiplier])\n\t"

/* Shifts to the right to v28.., and v0: where there are any. */
#define RV64GCV_RIGHT \
	"vrsub.vx v28, v28, zero\n\t" \
	"vmax.vx v28, v28, zero\n\t" \
	"vmsne.vx v0, v28, zero\n\t"

/* Sums times multipliers. */
#define RV64GCV_MULTIPLY(sum) \
	"vsll.vv " sum ", " sum ", v0\n\t" \
	"vsmul.vv " sum ", " sum ", v24\n\t"

/* The shift to the right, for which negative values are lessened by one, so that their ties go down and what is no tie stays on its side; zero
 * point, limits, and the results to y.  Leaves vectors of 32 bits. */
#define RV64GCV_STORE(sum, y) \
	"vsra.vi v4, " sum ", 31\n\t" \
	"vadd.vv " sum ", " sum ", v4, v0.t\n\t" \
	"vssra.vv " sum ", " sum ", v28\n\t" \
	"vsadd.vx " sum ", " sum ", %[zero]\n\t" \
	"vmax.vx " sum ", " sum ", %[lo]\n\t" \
	"vmin.vx " sum ", " sum ", %[hi]\n\t" \
	"vsetvli zero, %[vl], e16, m2, ta, ma\n\t" \
	"vnsra.wi v4, " sum ", 0\n\t" \
	"vsetvli zero, %[vl], e8, m1, ta, ma\n\t" \
	"vnsra.wi v6, v4, 0\n\t" \
	"vse8.v v6, (" y ")\n\t" \
	"vsetvli zero, %[vl], e32, m4, ta, ma\n\t"

/* ---- blocks of vectors ---- */

/* Four windows by sixteen channels: each step loads sixteen weights and a value of each window. */
RV64GCV_INLINE void
rv64gcv_four(int8_t *y, int32_t y_pitch, const int8_t *x, int32_t x_pitch, const int8_t *w, int32_t n, const struct block_scaling *s)
{
	const int8_t *x1 = x + x_pitch, *x2 = x1 + x_pitch, *x3 = x2 + x_pitch;
	int8_t *y1 = y + y_pitch, *y2 = y1 + y_pitch, *y3 = y2 + y_pitch;
	const int8_t *end = x + n;
	long v0, v1, v2, v3;

	__asm volatile(
		"vsetvli zero, %[vl], e32, m4, ta, ma\n\t"
		"vle32.v v8, (%[bias])\n\t"
		"vmv4r.v v12, v8\n\t"
		"vmv4r.v v16, v8\n\t"
		"vmv4r.v v20, v8\n\t"
		"vsetvli zero, %[vl], e16, m2, ta, ma\n"
		"1:\n\t"
		"vle8.v v4, (%[w])\n\t"
		"lb %[v0], (%[x])\n\t"
		"lb %[v1], (%[x1])\n\t"
		"lb %[v2], (%[x2])\n\t"
		"lb %[v3], (%[x3])\n\t"
		"vsext.vf2 v6, v4\n\t"
		"addi %[x], %[x], 1\n\t"
		"vwmacc.vx v8, %[v0], v6\n\t"
		"addi %[x1], %[x1], 1\n\t"
		"vwmacc.vx v12, %[v1], v6\n\t"
		"addi %[x2], %[x2], 1\n\t"
		"vwmacc.vx v16, %[v2], v6\n\t"
		"addi %[x3], %[x3], 1\n\t"
		"vwmacc.vx v20, %[v3], v6\n\t"
		"addi %[w], %[w], 16\n\t"
		"bne %[x], %[end], 1b\n\t"
		RV64GCV_LEFT
		RV64GCV_MULTIPLY("v8") RV64GCV_MULTIPLY("v12") RV64GCV_MULTIPLY("v16") RV64GCV_MULTIPLY("v20")
		RV64GCV_RIGHT
		RV64GCV_STORE("v8", "%[y]") RV64GCV_STORE("v12", "%[y1]") RV64GCV_STORE("v16", "%[y2]") RV64GCV_STORE("v20", "%[y3]")
		: [x] "+&r"(x), [x1] "+&r"(x1), [x2] "+&r"(x2), [x3] "+&r"(x3), [w] "+&r"(w), [v0] "=&r"(v0), [v1] "=&r"(v1), [v2] "=&r"(v2),
		[v3] "=&r"(v3)
		: [vl] "r"(16L), [bias] "r"(s->bias), [end] "r"(end), [multiplier] "r"(s->multiplier), [shift] "r"(s->shift), [zero] "r"(s->zero),
		[lo] "r"(s->lo), [hi] "r"(s->hi), [y] "r"(y), [y1] "r"(y1), [y2] "r"(y2), [y3] "r"(y3)
		: RV64GCV_CLOBBERS);
}

/* One window by sixteen channels. */
RV64GCV_INLINE void
rv64gcv_one(int8_t *y, const int8_t *x, const int8_t *w, int32_t n, const struct block_scaling *s)
{
	const int8_t *end = x + n;
	long v;

	__asm volatile(
		"vsetvli zero, %[vl], e32, m4, ta, ma\n\t"
		"vle32.v v8, (%[bias])\n\t"
		"vsetvli zero, %[vl], e16, m2, ta, ma\n"
		"1:\n\t"
		"vle8.v v4, (%[w])\n\t"
		"lb %[v], (%[x])\n\t"
		"vsext.vf2 v6, v4\n\t"
		"addi %[x], %[x], 1\n\t"
		"addi %[w], %[w], 16\n\t"
		"vwmacc.vx v8, %[v], v6\n\t"
		"bne %[x], %[end], 1b\n\t"
		RV64GCV_LEFT RV64GCV_MULTIPLY("v8") RV64GCV_RIGHT RV64GCV_STORE("v8", "%[y]")
		: [x] "+&r"(x), [w] "+&r"(w), [v] "=&r"(v)
		: [vl] "r"(16L), [bias] "r"(s->bias), [end] "r"(end), [multiplier] "r"(s->multiplier), [shift] "r"(s->shift), [zero] "r"(s->zero),
		[lo] "r"(s->lo), [hi] "r"(s->hi), [y] "r"(y)
		: RV64GCV_CLOBBERS);
}
#endif

/* ---- blocks ---- */

RV64GCV_INLINE void
rv64gcv_block(int8_t *y, int32_t y_pitch, const void *x, int32_t x_pitch, const void *w, const int32_t *b, int32_t n,
	const int32_t *multiplier, const int8_t *shift, int32_t zero, int32_t lo, int32_t hi, int32_t rows, int32_t channels)
{
	const struct block_scaling s = { b, multiplier, shift, zero, lo, hi };

#if RV64GCV_VECTORS
	if (channels == 16 && rows == 4) {
		rv64gcv_four(y, y_pitch, (const int8_t *)x, x_pitch, (const int8_t *)w, n, &s);
		return;
	}
	if (channels == 16 && rows == 1) {
		rv64gcv_one(y, (const int8_t *)x, (const int8_t *)w, n, &s);
		return;
	}
#endif
	rv64gcv_plain(y, y_pitch, (const int8_t *)x, x_pitch, (const int8_t *)w, n, &s, rows, channels);
}

/* ---- depthwise ---- */

/* The cells of a window that lie within the image: ROWS x COLS of them at x and their weights at w, steps in elements. */
struct rv64gcv_window {
	const int8_t *x, *w;
	int32_t rows, cols, x_row, x_col, w_row, w_col, x_zero;
};

/* N channels of one result; n >= 1, rows and cols may be 0. */
RV64GCV_INLINE void
rv64gcv_pixel(int8_t *y, const struct rv64gcv_window *k, int32_t n, const struct block_scaling *s)
{
#if RV64GCV_VECTORS
	for (int32_t c = 0; c < n;) {
		const int8_t *x = k->x + c, *w = k->w + c, *xc, *wc;
		long left = n - c, vl, rows = k->rows, cols;

		__asm volatile(
			"vsetvli %[vl], %[left], e32, m4, ta, ma\n\t"
			"vmv.v.i v8, 0\n\t"
			"beqz %[null], 4f\n\t"
			"vle32.v v8, (%[bias])\n"
			"4:\n\t"
			"vsetvli zero, %[vl], e16, m2, ta, ma\n\t"
			"beqz %[rows], 3f\n\t"
			"beqz %[columns], 3f\n"
			"1:\n\t"
			"mv %[xc], %[x]\n\t"
			"mv %[wc], %[w]\n\t"
			"mv %[cols], %[columns]\n"
			"2:\n\t"
			"vle8.v v2, (%[xc])\n\t"
			"vle8.v v3, (%[wc])\n\t"
			"vsext.vf2 v4, v2\n\t"
			"vsext.vf2 v6, v3\n\t"
			"vsub.vx v4, v4, %[x_zero]\n\t"
			"add %[xc], %[xc], %[x_col]\n\t"
			"add %[wc], %[wc], %[w_col]\n\t"
			"addi %[cols], %[cols], -1\n\t"
			"vwmacc.vv v8, v4, v6\n\t"
			"bnez %[cols], 2b\n\t"
			"add %[x], %[x], %[x_row]\n\t"
			"add %[w], %[w], %[w_row]\n\t"
			"addi %[rows], %[rows], -1\n\t"
			"bnez %[rows], 1b\n"
			"3:\n\t"
			RV64GCV_LEFT RV64GCV_MULTIPLY("v8") RV64GCV_RIGHT RV64GCV_STORE("v8", "%[y]")
			: [x] "+&r"(x), [w] "+&r"(w), [rows] "+&r"(rows), [vl] "=&r"(vl), [xc] "=&r"(xc), [wc] "=&r"(wc), [cols] "=&r"(cols)
			: [left] "r"(left), [null] "r"(s->bias), [bias] "r"(s->bias ? s->bias + c : s->bias), [columns] "r"((long)k->cols),
			[x_row] "r"((long)k->x_row), [x_col] "r"((long)k->x_col), [w_row] "r"((long)k->w_row), [w_col] "r"((long)k->w_col),
			[x_zero] "r"(k->x_zero), [multiplier] "r"(s->multiplier + c), [shift] "r"(s->shift + c), [zero] "r"(s->zero), [lo] "r"(s->lo),
			[hi] "r"(s->hi), [y] "r"(y + c)
			: RV64GCV_CLOBBERS);
		c += (int32_t)vl;
	}
#else
	for (int32_t c = 0; c < n; c++) {
		uint32_t sum = s->bias ? (uint32_t)s->bias[c] : 0;

		for (int32_t row = 0; row < k->rows; row++)
			for (int32_t col = 0; col < k->cols; col++)
				sum += (uint32_t)((k->x[row * k->x_row + col * k->x_col + c] - k->x_zero) * k->w[row * k->w_row + col * k->w_col + c]);
		y[c] = block_result((int32_t)sum, s, c);
	}
#endif
}

/* What of K taps from cell FROM on lies within SIZE cells: its first one, and how many in *COUNT. */
RV64GCV_INLINE int32_t
rv64gcv_within(int32_t from, int32_t k, int32_t size, int32_t *count)
{
	const int32_t first = from < 0 ? -from : 0, end = from + k > size ? size - from : k;

	*count = end > first ? end - first : 0;
	return *count ? first : 0;
}

RV64GCV_INLINE void
rv64gcv_dwconv2d(int8_t *y, int32_t y_pitch, const int8_t *x, int32_t x_pitch, const int8_t *w, const int32_t *b, int32_t x_h, int32_t x_w,
	int32_t c, int32_t y_h, int32_t y_w, int32_t k_h, int32_t k_w, int32_t stride_h, int32_t stride_w, int32_t pad_t, int32_t pad_l,
	int32_t x_zero, int32_t y_zero, const int32_t *multiplier, const int8_t *shift, int32_t lo, int32_t hi)
{
	const struct block_scaling s = { b, multiplier, shift, y_zero, lo, hi };
	struct rv64gcv_window k = { 0, 0, 0, 0, x_w * x_pitch, x_pitch, k_w * c, c, x_zero };

	for (int32_t oy = 0; oy < y_h; oy++)
		for (int32_t ox = 0; ox < y_w; ox++, y += y_pitch) {
			const int32_t iy = oy * stride_h - pad_t, ix = ox * stride_w - pad_l;
			const int32_t row = rv64gcv_within(iy, k_h, x_h, &k.rows), col = rv64gcv_within(ix, k_w, x_w, &k.cols);

			k.x = k.rows && k.cols ? x + ((iy + row) * x_w + ix + col) * x_pitch : x;
			k.w = w + (row * k_w + col) * c;
			rv64gcv_pixel(y, &k, c, &s);
		}
}

#endif
