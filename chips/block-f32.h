/* The register block of f32 in terms of vectors, for the headers of chips that have some.  Before this file such a header defines
 *   BLOCK_F32_ROWS, _VECTORS, _LANES       the most windows, vectors of channels and channels of a vector
 *   BLOCK_F32_INLINE, _UNROLL              before a function, before a loop: block-f32-inline.h
 * and, as functions or macros, of vectors of the type BLOCK_F32_VECTOR
 *   block_f32_load(p), block_f32_store(p, v)
 *   block_f32_load_some(p, n), block_f32_store_some(p, v, n)   of the first N values, of 1 to LANES
 *   block_f32_set(value)                   the same value everywhere
 *   block_f32_multiply_add(&sum, a, b), block_f32_plus(a, b)
 *   block_f32_limit(v, lo, hi)             a NaN stays one
 *   block_f32_pin(v)                       has V in a register from here on
 * Without BLOCK_F32_VECTOR the block is plain C. */
#ifndef BLOCK_F32_H
#define BLOCK_F32_H
#include <stdint.h>

enum { BLOCK_F32_CHANNELS = BLOCK_F32_VECTORS * BLOCK_F32_LANES };

#ifdef BLOCK_F32_VECTOR
/* P, of which the compiler knows no longer how it came about: addresses stay a few pointers and multiples of the pitch. */
BLOCK_F32_INLINE const float *
block_f32_pointer(const float *p)
{
#if defined(__GNUC__)
	__asm volatile("" : "+r"(p));
#endif
	return p;
}

/* One value of every window meets the weights of its channels.  The windows from the first, the sixth and the eleventh on. */
BLOCK_F32_INLINE void
block_f32_step(BLOCK_F32_VECTOR *sum, const float *x0, const float *x5, const float *x10, int64_t pitch, const float *w, int32_t rows,
	int32_t vectors)
{
	BLOCK_F32_VECTOR weight[BLOCK_F32_VECTORS];

	BLOCK_F32_UNROLL
	for (int32_t v = 0; v < vectors; v++) {
		weight[v] = block_f32_load(w + BLOCK_F32_LANES * v);
		block_f32_pin(weight[v]); /* loaded once, not by every product */
	}
	BLOCK_F32_UNROLL
	for (int32_t r = 0; r < rows; r++) {
		const BLOCK_F32_VECTOR value = block_f32_set((r < 5 ? x0 : r < 10 ? x5 : x10)[r % 5 * pitch]);

		BLOCK_F32_UNROLL
		for (int32_t v = 0; v < vectors; v++)
			block_f32_multiply_add(&sum[r * vectors + v], weight[v], value);
	}
}

/* ROWS windows by VECTORS vectors of channels, of the last SOME channels.  Few sums would wait for each other: PARTS sums of each take
 * turns. */
BLOCK_F32_INLINE void
block_f32_tile(float *y, int32_t y_pitch, const float *x, int32_t x_pitch, int32_t x_run, const float *w, int32_t w_run,
	const float *b, int32_t runs, int32_t n, float lo, float hi, int32_t some, int32_t rows, int32_t vectors, int32_t parts)
{
	BLOCK_F32_VECTOR sum[BLOCK_F32_ROWS * BLOCK_F32_VECTORS + 8];
	const int64_t pitch = x_pitch;

	BLOCK_F32_UNROLL
	for (int32_t i = 0; i < rows * vectors; i++) {
		const int32_t v = i % vectors;
		const float *from = b ? b + BLOCK_F32_LANES * v : y + i / vectors * y_pitch + BLOCK_F32_LANES * v;

		sum[i] = v < vectors - 1 ? block_f32_load(from) : block_f32_load_some(from, some);
	}
	BLOCK_F32_UNROLL
	for (int32_t i = rows * vectors; i < rows * vectors * parts; i++)
		sum[i] = block_f32_set(0);
	for (int32_t run = 0; run < runs; run++, x += x_run, w += w_run) {
		const float *x0 = x, *x5 = rows > 5 ? x + 5 * pitch : x, *x10 = rows > 10 ? x + 10 * pitch : x, *k = w;
		int32_t i = 0;

		for (; i + parts <= n; i += parts, k += BLOCK_F32_CHANNELS * parts) {
			x0 = block_f32_pointer(x0);
			x5 = rows > 5 ? block_f32_pointer(x5) : x5;
			x10 = rows > 10 ? block_f32_pointer(x10) : x10;
			BLOCK_F32_UNROLL
			for (int32_t p = 0; p < parts; p++, x0++, x5++, x10++)
				block_f32_step(sum + p * rows * vectors, x0, x5, x10, pitch, k + BLOCK_F32_CHANNELS * p, rows, vectors);
		}
		for (; parts > 1 && i < n; i++, k += BLOCK_F32_CHANNELS, x0++, x5++, x10++)
			block_f32_step(sum, x0, x5, x10, pitch, k, rows, vectors);
	}
	BLOCK_F32_UNROLL
	for (int32_t i = 0; i < rows * vectors; i++) {
		const int32_t v = i % vectors;

		BLOCK_F32_UNROLL
		for (int32_t p = 1; p < parts; p++)
			sum[i] = block_f32_plus(sum[i], sum[i + p * rows * vectors]);
		sum[i] = block_f32_limit(sum[i], lo, hi);
		if (v < vectors - 1)
			block_f32_store(y + i / vectors * y_pitch + BLOCK_F32_LANES * v, sum[i]);
		else
			block_f32_store_some(y + i / vectors * y_pitch + BLOCK_F32_LANES * v, sum[i], some);
	}
}

/* At least eight sums at a time. */
#define BLOCK_F32_PARTS(SUMS) ((SUMS) >= 8 ? 1 : (SUMS) >= 4 ? 2 : 4)
#define BLOCK_F32_CASE(ROWS) \
	case ROWS: \
		block_f32_tile(y, y_pitch, x, x_pitch, x_run, w, w_run, b, runs, n, lo, hi, some, ROWS, vectors, BLOCK_F32_PARTS(ROWS * vectors)); \
		break

BLOCK_F32_INLINE void
block_f32_rows(float *y, int32_t y_pitch, const float *x, int32_t x_pitch, int32_t x_run, const float *w, int32_t w_run, const float *b,
	int32_t runs, int32_t n, int32_t rows, float lo, float hi, int32_t some, int32_t vectors)
{
	switch (rows) {
	BLOCK_F32_CASE(1);
	BLOCK_F32_CASE(2);
	BLOCK_F32_CASE(3);
	BLOCK_F32_CASE(4);
#if BLOCK_F32_ROWS > 4
	BLOCK_F32_CASE(5);
	BLOCK_F32_CASE(6);
#endif
#if BLOCK_F32_ROWS > 6
	BLOCK_F32_CASE(7);
	BLOCK_F32_CASE(8);
#endif
#if BLOCK_F32_ROWS > 8
	BLOCK_F32_CASE(9);
	BLOCK_F32_CASE(10);
	BLOCK_F32_CASE(11);
	BLOCK_F32_CASE(12);
#endif
#if BLOCK_F32_ROWS > 12
	BLOCK_F32_CASE(13);
	BLOCK_F32_CASE(14);
#endif
	default: break;
	}
}
#endif

/* ROWS windows of RUNS runs of N values by CHANNELS channels; the arguments are those of nn_block_f32_fn of the generated C. */
BLOCK_F32_INLINE void
block_f32(float *y, int32_t y_pitch, const float *x, int32_t x_pitch, int32_t x_run, const float *w, int32_t w_run,
	const float *b, int32_t runs, int32_t n, int32_t rows, int32_t channels, float lo, float hi)
{
#ifdef BLOCK_F32_VECTOR
	const int32_t vectors = (channels + BLOCK_F32_LANES - 1) / BLOCK_F32_LANES, some = channels - BLOCK_F32_LANES * (vectors - 1);

	if (vectors == 1)
		block_f32_rows(y, y_pitch, x, x_pitch, x_run, w, w_run, b, runs, n, rows, lo, hi, some, 1);
	else if (vectors == 2)
		block_f32_rows(y, y_pitch, x, x_pitch, x_run, w, w_run, b, runs, n, rows, lo, hi, some, 2);
#if BLOCK_F32_VECTORS > 2
	else if (vectors == 3)
		block_f32_rows(y, y_pitch, x, x_pitch, x_run, w, w_run, b, runs, n, rows, lo, hi, some, 3);
	else
		block_f32_rows(y, y_pitch, x, x_pitch, x_run, w, w_run, b, runs, n, rows, lo, hi, some, BLOCK_F32_VECTORS);
#endif
#else
	for (int32_t r = 0; r < rows; r++)
		for (int32_t c = 0; c < channels; c++) {
			float sum = b ? b[c] : y[r * y_pitch + c];

			for (int32_t run = 0; run < runs; run++)
				for (int32_t i = 0; i < n; i++)
					sum += x[r * x_pitch + run * x_run + i] * w[run * w_run + BLOCK_F32_CHANNELS * i + c];
			y[r * y_pitch + c] = sum < lo ? lo : sum > hi ? hi : sum;
		}
#endif
}

#endif
