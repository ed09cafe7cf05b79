/* Register blocks of chips/cortex-m55.chip: all channels of one window or of two; part of cortex-m55.h. */
#ifndef CORTEX_M55_RUN_H
#define CORTEX_M55_RUN_H

#if CORTEX_M55_VECTORS
/* Where a run is: what the assembly below reads and writes.  Sums come first: of four channels of the first window and of the second, or of eight
 * channels. */
struct cortex_m55_run {
	int32_t sum[8];
	const int8_t *shift;
	int8_t *y, *y2;       /* results of the first window and of the second */
	int32_t left;         /* channels */
	const int32_t *bias, *multiplier;
	int32_t zero, lo, hi;
	const int8_t *x, *x2; /* windows */
	int32_t more;         /* sixteens of values of a window behind the first, two less if they are even */
	int32_t panel;        /* bytes of weights of four channels */
};

/* One more sixteen: two windows by four channels, or one by eight or four, whose weights are those of four channels at W and of the others at V. */
#define CORTEX_M55_TWO_BY_FOUR(multiply) \
	"vldrb.u8 %q[a], [%[x]], #16\n\t" \
	"vldrb.u8 %q[t], [%[w]], #64\n\t" \
	"vldrb.u8 %q[b], [%[x2]], #16\n\t" \
	multiply ".s8 r0, %q[a], %q[t]\n\t" \
	"vldrb.u8 %q[u], [%[w], #-48]\n\t" \
	multiply ".s8 r8, %q[b], %q[t]\n\t" \
	multiply ".s8 r2, %q[a], %q[u]\n\t" \
	"vldrb.u8 %q[t], [%[w], #-32]\n\t" \
	multiply ".s8 r10, %q[b], %q[u]\n\t" \
	multiply ".s8 r4, %q[a], %q[t]\n\t" \
	"vldrb.u8 %q[u], [%[w], #-16]\n\t" \
	multiply ".s8 r12, %q[b], %q[t]\n\t" \
	multiply ".s8 r6, %q[a], %q[u]\n\t" \
	multiply ".s8 lr, %q[b], %q[u]\n\t"
#define CORTEX_M55_ONE_BY_FOUR(multiply) \
	"vldrb.u8 %q[a], [%[x]], #16\n\t" \
	"vldrb.u8 %q[t], [%[w]], #64\n\t" \
	multiply ".s8 r0, %q[a], %q[t]\n\t" \
	"vldrb.u8 %q[u], [%[w], #-48]\n\t" \
	multiply ".s8 r2, %q[a], %q[u]\n\t" \
	"vldrb.u8 %q[t], [%[w], #-32]\n\t" \
	multiply ".s8 r4, %q[a], %q[t]\n\t" \
	"vldrb.u8 %q[u], [%[w], #-16]\n\t" \
	multiply ".s8 r6, %q[a], %q[u]\n\t"
#define CORTEX_M55_ONE_BY_EIGHT(multiply) \
	CORTEX_M55_ONE_BY_FOUR(multiply) \
	"vldrb.u8 %q[t], [%[x2]], #64\n\t" \
	multiply ".s8 r8, %q[a], %q[t]\n\t" \
	"vldrb.u8 %q[u], [%[x2], #-48]\n\t" \
	multiply ".s8 r10, %q[a], %q[u]\n\t" \
	"vldrb.u8 %q[t], [%[x2], #-32]\n\t" \
	multiply ".s8 r12, %q[a], %q[t]\n\t" \
	"vldrb.u8 %q[u], [%[x2], #-16]\n\t" \
	multiply ".s8 lr, %q[a], %q[u]\n\t"

/* All sixteens of some channels, of which there is at least one, and where the next channels' results and constants are. */
#define CORTEX_M55_SUMS(block) \
	block("vmladav") \
	"asrs %[more], %[more], #1\n\t" \
	"bcs 3f\n\t" \
	"bmi 4f\n" \
	"2:\n\t" \
	block("vmladava") \
	"3:\n\t" \
	block("vmladava") \
	"subs %[more], #1\n\t" \
	"bpl 2b\n" \
	"4:\n\t" \
	"stmdb %[s], {r0, r2, r4, r6, r8, r10, r12, lr}\n\t" \
	"ldm %[s], {r0, r2, r4, r6, r8, r10, r12}\n\t" \
	"vldrw.u32 %q[a], [%[s], #-32]\n\t" \
	"vldrw.u32 %q[b], [%[s], #-16]\n\t"

/* The two vectors A and B, roundings and limits as they come.  VRSHL rounds ties up; those of negative values go down. */
#define CORTEX_M55_TIES \
	"vshr.s32 %q[t], %q[a], #31\n\t" \
	"vshr.s32 %q[u], %q[b], #31\n\t" \
	"vadd.i32 %q[a], %q[a], %q[t]\n\t" \
	"vadd.i32 %q[b], %q[b], %q[u]\n\t"
#define CORTEX_M55_LIMITS \
	"ldr lr, [%[s], #28]\n\t" \
	"vdup.32 %q[t], lr\n\t" \
	"ldr lr, [%[s], #32]\n\t" \
	"vdup.32 %q[u], lr\n\t" \
	"vmax.s32 %q[a], %q[a], %q[t]\n\t" \
	"vmax.s32 %q[b], %q[b], %q[t]\n\t" \
	"vmin.s32 %q[a], %q[a], %q[u]\n\t" \
	"vmin.s32 %q[b], %q[b], %q[u]\n\t"
#define CORTEX_M55_NARROW \
	"vqmovnb.s32 %q[a], %q[a]\n\t" \
	"vqmovnb.s32 %q[b], %q[b]\n\t" \
	"vqmovnb.s16 %q[a], %q[a]\n\t" \
	"vqmovnb.s16 %q[b], %q[b]\n\t"

#define CORTEX_M55_RUN_OPERANDS(away) \
	: [w] "+r"(w), [x] "=&r"(x), [x2] "+r"(x2), [more] "=&r"(more), [a] "=&w"(a), [b] "=&w"(b), [t] "=&w"(t), [u] "=&w"(u) \
	: [s] "r"(&run->shift), [ties] "i"(away) \
	: "r0", "r2", "r4", "r6", "r8", "r10", "r12", "lr", "cc", "memory"

/* Two windows by as many channels as are left, a multiple of four; any int8 value is a result.  TIES, which is literal: those of negative values matter,
 * as the zero point is not the least of all results. */
CORTEX_M55_INLINE const int8_t *
cortex_m55_two_free(struct cortex_m55_run *run, const int8_t *w, int ties)
{
	const int8_t *x, *x2 = run->x2;
	int32_t more;
	int32x4_t a, b, t, u;

	__asm volatile(
		"1:\n\t"
		"ldrd %[x], %[x2], [%[s], #36]\n\t"
		"ldr %[more], [%[s], #44]\n\t"
		CORTEX_M55_SUMS(CORTEX_M55_TWO_BY_FOUR)
		"vldrw.u32 %q[t], [r8], #16\n\t"
		"vadd.i32 %q[a], %q[a], %q[t]\n\t"
		"vadd.i32 %q[b], %q[b], %q[t]\n\t"
		"vldrw.u32 %q[u], [r10], #16\n\t"
		"vqrdmulh.s32 %q[a], %q[a], %q[u]\n\t"
		"vqrdmulh.s32 %q[b], %q[b], %q[u]\n\t"
		".if %c[ties]\n\t"
		CORTEX_M55_TIES
		".endif\n\t"
		"vldrb.s32 %q[t], [r0], #4\n\t"
		"vrshl.s32 %q[a], %q[a], %q[t]\n\t"
		"vrshl.s32 %q[b], %q[b], %q[t]\n\t"
		"vqadd.s32 %q[a], %q[a], r12\n\t"
		"vqadd.s32 %q[b], %q[b], r12\n\t"
		CORTEX_M55_NARROW
		"subs r6, #4\n\t"
		"vstrb.32 %q[a], [r2], #4\n\t"
		"vstrb.32 %q[b], [r4], #4\n\t"
		"stm %[s], {r0, r2, r4, r6, r8, r10}\n\t"
		"bgt 1b"
		CORTEX_M55_RUN_OPERANDS(ties));
	return w;
}

/* Two windows by as many channels as are left, with any limits. */
CORTEX_M55_INLINE void
cortex_m55_two(struct cortex_m55_run *run, const int8_t *w)
{
	const int8_t *x, *x2 = run->x2;
	int32_t more;
	int32x4_t a, b, t, u;

	__asm volatile(
		"1:\n\t"
		"ldrd %[x], %[x2], [%[s], #36]\n\t"
		"ldr %[more], [%[s], #44]\n\t"
		CORTEX_M55_SUMS(CORTEX_M55_TWO_BY_FOUR)
		"vctp.32 r6\n\t"
		"vpstt\n\t"
		"vldrwt.u32 %q[t], [r8], #16\n\t"
		"vldrwt.u32 %q[u], [r10], #16\n\t"
		"vadd.i32 %q[a], %q[a], %q[t]\n\t"
		"vadd.i32 %q[b], %q[b], %q[t]\n\t"
		"vqrdmulh.s32 %q[a], %q[a], %q[u]\n\t"
		"vqrdmulh.s32 %q[b], %q[b], %q[u]\n\t"
		CORTEX_M55_TIES
		"vpst\n\t"
		"vldrbt.s32 %q[t], [r0], #4\n\t"
		"vrshl.s32 %q[a], %q[a], %q[t]\n\t"
		"vrshl.s32 %q[b], %q[b], %q[t]\n\t"
		"vqadd.s32 %q[a], %q[a], r12\n\t"
		"vqadd.s32 %q[b], %q[b], r12\n\t"
		CORTEX_M55_LIMITS
		"subs r6, #4\n\t"
		"vpstt\n\t"
		"vstrbt.32 %q[a], [r2], #4\n\t"
		"vstrbt.32 %q[b], [r4], #4\n\t"
		"stm %[s], {r0, r2, r4, r6, r8, r10}\n\t"
		"bgt 1b"
		CORTEX_M55_RUN_OPERANDS(1));
}

/* One window by as many channels as are left, a multiple of eight.  X2 stands for where the weights of the second four are. */
CORTEX_M55_INLINE const int8_t *
cortex_m55_one_by_eight(struct cortex_m55_run *run, const int8_t *w)
{
	const int8_t *x, *x2 = w + run->panel;
	int32_t more;
	int32x4_t a, b, t, u;

	__asm volatile(
		"1:\n\t"
		"ldr %[x], [%[s], #36]\n\t"
		"ldr %[more], [%[s], #44]\n\t"
		CORTEX_M55_SUMS(CORTEX_M55_ONE_BY_EIGHT)
		"ldr lr, [%[s], #48]\n\t"
		"mov %[w], %[x2]\n\t"
		"add %[x2], %[x2], lr\n\t"
		"vldrw.u32 %q[t], [r8], #16\n\t"
		"vldrw.u32 %q[u], [r8], #16\n\t"
		"vadd.i32 %q[a], %q[a], %q[t]\n\t"
		"vadd.i32 %q[b], %q[b], %q[u]\n\t"
		"vldrw.u32 %q[t], [r10], #16\n\t"
		"vldrw.u32 %q[u], [r10], #16\n\t"
		"vqrdmulh.s32 %q[a], %q[a], %q[t]\n\t"
		"vqrdmulh.s32 %q[b], %q[b], %q[u]\n\t"
		CORTEX_M55_TIES
		"vldrb.s32 %q[t], [r0], #4\n\t"
		"vldrb.s32 %q[u], [r0], #4\n\t"
		"vrshl.s32 %q[a], %q[a], %q[t]\n\t"
		"vrshl.s32 %q[b], %q[b], %q[u]\n\t"
		"vqadd.s32 %q[a], %q[a], r12\n\t"
		"vqadd.s32 %q[b], %q[b], r12\n\t"
		CORTEX_M55_LIMITS
		"subs r6, #8\n\t"
		"vstrb.32 %q[a], [r2], #4\n\t"
		"vstrb.32 %q[b], [r2], #4\n\t"
		"stm %[s], {r0, r2, r4, r6, r8, r10}\n\t"
		"bgt 1b"
		CORTEX_M55_RUN_OPERANDS(1));
	return w;
}

/* One window by as many channels as are left. */
CORTEX_M55_INLINE void
cortex_m55_one_by_four(struct cortex_m55_run *run, const int8_t *w)
{
	const int8_t *x, *x2 = w;
	int32_t more;
	int32x4_t a, b, t, u;

	__asm volatile(
		"1:\n\t"
		"ldr %[x], [%[s], #36]\n\t"
		"ldr %[more], [%[s], #44]\n\t"
		CORTEX_M55_SUMS(CORTEX_M55_ONE_BY_FOUR)
		"vctp.32 r6\n\t"
		"vpstt\n\t"
		"vldrwt.u32 %q[t], [r8], #16\n\t"
		"vldrwt.u32 %q[u], [r10], #16\n\t"
		"vadd.i32 %q[a], %q[a], %q[t]\n\t"
		"vqrdmulh.s32 %q[a], %q[a], %q[u]\n\t"
		CORTEX_M55_TIES
		"vpst\n\t"
		"vldrbt.s32 %q[t], [r0], #4\n\t"
		"vrshl.s32 %q[a], %q[a], %q[t]\n\t"
		"vqadd.s32 %q[a], %q[a], r12\n\t"
		CORTEX_M55_LIMITS
		"subs r6, #4\n\t"
		"vpst\n\t"
		"vstrbt.32 %q[a], [r2], #4\n\t"
		"stm %[s], {r0, r2, r4, r6, r8, r10}\n\t"
		"bgt 1b"
		CORTEX_M55_RUN_OPERANDS(1));
}

/* The run of windows of N sixteens at X and X2; sums are left as they are. */
CORTEX_M55_INLINE void
cortex_m55_set_run(struct cortex_m55_run *r, int8_t *y, int32_t y_pitch, const int8_t *x, int32_t x_pitch, int32_t n, int32_t out,
	const struct block_scaling *s)
{
	r->shift = s->shift;
	r->y = y;
	r->y2 = y + y_pitch;
	r->left = out;
	r->bias = s->bias;
	r->multiplier = s->multiplier;
	r->zero = s->zero;
	r->lo = s->lo;
	r->hi = s->hi;
	r->x = x;
	r->x2 = x + x_pitch;
	r->more = n % 2 == 0 ? n - 1 : n - 3;
	r->panel = 64 * n;
}

/* OUT channels of ROWS windows. */
CORTEX_M55_INLINE void
cortex_m55_run_channels(struct cortex_m55_run *run, const int8_t *w, int32_t rows, int32_t out)
{
	if (rows == 2 && out >= 4 && run->lo == -128 && run->hi == 127) {
		run->left = out & ~3;
		w = run->zero == -128 ? cortex_m55_two_free(run, w, 0) : cortex_m55_two_free(run, w, 1);
		run->left = out & 3;
	} else if (rows == 1 && out >= 8) {
		run->left = out & ~7;
		w = cortex_m55_one_by_eight(run, w);
		run->left = out & 7;
	}
	if (run->left > 0 && rows == 2)
		cortex_m55_two(run, w);
	else if (run->left > 0)
		cortex_m55_one_by_four(run, w);
}
#endif

/* The values of one window or of two, which lie in RUNS runs of IN, X_RUN from one to the next, one behind the other at TO and PITCH further on. */
CORTEX_M55_INLINE void
cortex_m55_collect(int8_t *to, int32_t pitch, const int8_t *x, int32_t x_pitch, int32_t runs, int32_t x_run, int32_t in, int32_t rows)
{
	const int32_t from = rows == 2 ? x_pitch : 0, second = rows == 2 ? pitch : 0;

	for (; runs > 0; runs--, x += x_run, to += in) {
#if CORTEX_M55_VECTORS
		const int8_t *a = x, *b = x + from;
		int8_t *c = to, *d = to + second;
		int8x16_t t, u;

		__asm volatile(
			"dlstp.8 lr, %[n]\n"
			"1:\n\t"
			"vldrb.u8 %q[t], [%[a]], #16\n\t"
			"vldrb.u8 %q[u], [%[b]], #16\n\t"
			"vstrb.8 %q[t], [%[c]], #16\n\t"
			"vstrb.8 %q[u], [%[d]], #16\n\t"
			"letp lr, 1b"
			: [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d), [t] "=&w"(t), [u] "=&w"(u) : [n] "r"(in) : "lr", "memory");
#else
		for (int32_t k = 0; k < in; k++) {
			to[k] = x[k];
			to[second + k] = x[from + k];
		}
#endif
	}
}

/* ROWS windows by OUT channels, the values in RUNS runs of IN each, in plain C. */
CORTEX_M55_INLINE void
cortex_m55_run_plain(int8_t *y, int32_t y_pitch, const int8_t *x, int32_t x_pitch, int32_t runs, int32_t x_run, int32_t in, const int8_t *w, int32_t rows,
	int32_t out, const struct block_scaling *s)
{
	const int32_t panel = 64 * ((runs * in + 15) / 16);

	for (int32_t r = 0; r < rows; r++, y += y_pitch, x += x_pitch)
		for (int32_t c = 0; c < out; c++) {
			const int8_t *weight = w + c / 4 * panel + c % 4 * 16;
			uint32_t sum = (uint32_t)s->bias[c];

			for (int32_t i = 0, k = 0; i < runs; i++)
				for (int32_t j = 0; j < in; j++, k++)
					sum += (uint32_t)(x[i * x_run + j] * weight[k / 16 * 64 + k % 16]);
			y[c] = block_result((int32_t)sum, s, c);
		}
}

/* The results of ROWS windows, one or two, and OUT channels (nn_block_run_fn).  The windows are collected in SCRATCH, sixteens of values, before
 * results are written. */
static inline void
cortex_m55_all(int8_t *y, int32_t y_pitch, const void *x, int32_t x_pitch, int32_t runs, int32_t x_run, int32_t in, const void *w, const int32_t *b,
	const int32_t *multiplier, const int8_t *shift, void *scratch, int32_t rows, int32_t out, int32_t zero, int32_t lo, int32_t hi)
{
	const int32_t pitch = (runs * in + 15) / 16 * 16;
	const struct block_scaling s = { b, multiplier, shift, zero, lo, hi };
	int8_t *to = (int8_t *)scratch;

	cortex_m55_collect(to, pitch, (const int8_t *)x, x_pitch, runs, x_run, in, rows);
#if CORTEX_M55_VECTORS
	struct cortex_m55_run run;

	cortex_m55_set_run(&run, y, y_pitch, to, pitch, pitch / 16, out, &s);
	cortex_m55_run_channels(&run, (const int8_t *)w, rows, out);
#else
	cortex_m55_run_plain(y, y_pitch, to, pitch, 1, 0, runs * in, (const int8_t *)w, rows, out, &s);
#endif
}

/* The same where the values are, IN a multiple of 16. */
static inline void
cortex_m55_one(int8_t *y, int32_t y_pitch, const void *x, int32_t x_pitch, int32_t runs, int32_t x_run, int32_t in, const void *w, const int32_t *b,
	const int32_t *multiplier, const int8_t *shift, int32_t rows, int32_t out, int32_t zero, int32_t lo, int32_t hi)
{
	const int8_t *window = (const int8_t *)x, *weights = (const int8_t *)w;
	const struct block_scaling s = { b, multiplier, shift, zero, lo, hi };

#if CORTEX_M55_VECTORS
	if (runs == 1) {
		struct cortex_m55_run run;

		cortex_m55_set_run(&run, y, y_pitch, window, x_pitch, in / 16, out, &s);
		cortex_m55_run_channels(&run, weights, rows, out);
		return;
	}
#endif
	cortex_m55_run_plain(y, y_pitch, window, x_pitch, runs, x_run, in, weights, rows, out, &s);
}

#endif
