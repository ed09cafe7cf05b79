/* Register blocks for 64-bit Arm processors with the dot product instructions (-march=armv8.2-a+dotprod): chips/aarch64-dotprod.chip says
 * what each takes.  Without these the same sums are made in plain C, with the same results. */
#ifndef AARCH64_DOTPROD_H
#define AARCH64_DOTPROD_H
#include <stdint.h>
#include "block-plain.h"

#if defined(__aarch64__) && defined(__ARM_FEATURE_DOTPROD)
#include <arm_neon.h>
#define AARCH64_DOTPROD_VECTORS 1
#else
#define AARCH64_DOTPROD_VECTORS 0
#endif

#if defined(__GNUC__)
#define AARCH64_DOTPROD_INLINE static inline __attribute__((always_inline))
#define AARCH64_DOTPROD_UNROLL _Pragma("GCC unroll 16")
#else
#define AARCH64_DOTPROD_INLINE static inline
#define AARCH64_DOTPROD_UNROLL
#endif

/* ---- plain C ---- */

/* The sum of N products; the weights lie in quads, STEP bytes from one quad to the next. */
AARCH64_DOTPROD_INLINE int32_t
aarch64_dotprod_sum(const int8_t *x, const int8_t *w, int32_t step, int32_t n)
{
	uint32_t sum = 0;

	for (int32_t i = 0; i < n; i++)
		sum += (uint32_t)(x[i] * w[i / 4 * step + i % 4]);
	return (int32_t)sum;
}

/* A block of ROWS windows by CHANNELS channels. */
AARCH64_DOTPROD_INLINE void
aarch64_dotprod_plain(int8_t *y, int32_t y_pitch, const int8_t *x, int32_t x_pitch, const int8_t *w, int32_t n,
	const struct block_scaling *s, int32_t rows, int32_t channels)
{
	for (int32_t r = 0; r < rows; r++)
		for (int32_t c = 0; c < channels; c++) {
			const int32_t sum = aarch64_dotprod_sum(x + r * x_pitch, w + 4 * c, 4 * channels, n);

			y[r * y_pitch + c] = block_result((int32_t)((uint32_t)sum + (uint32_t)s->bias[c]), s, c);
		}
}

#if AARCH64_DOTPROD_VECTORS
/* ---- vectors ---- */

/* Four sums to results, still without zero point and limits.  SQRDMULH rounds ties up and SRSHL does too, so that one is taken off
 * negative values before: their ties go down then, and what is no tie stays on its side. */
AARCH64_DOTPROD_INLINE int32x4_t
aarch64_dotprod_rescale(int32x4_t sum, int32x4_t multiplier, int32x4_t shift)
{
	const int32x4_t left = vmaxq_s32(shift, vdupq_n_s32(0)), right = vminq_s32(shift, vdupq_n_s32(0));
	const int32x4_t v = vqrdmulhq_s32(vshlq_s32(sum, left), multiplier);

	const int32x4_t negative = vandq_s32(vshrq_n_s32(v, 31), vreinterpretq_s32_u32(vtstq_s32(right, right)));

	return vrshlq_s32(vaddq_s32(v, negative), right);
}

/* The sums of ROWS windows by 4 * VECTORS channels. */
AARCH64_DOTPROD_INLINE void
aarch64_dotprod_sums(int32x4_t *sum, const int8_t *x, int32_t x_pitch, const int8_t *w, int32_t n, const int32_t *bias, int32_t rows,
	int32_t vectors)
{
	AARCH64_DOTPROD_UNROLL
	for (int32_t i = 0; i < rows * vectors; i++)
		sum[i] = vld1q_s32(bias + 4 * (i % vectors));
	for (int32_t k = 0; k < n; k += 4, w += 16 * vectors) {
		int8x16_t weight[4];

		AARCH64_DOTPROD_UNROLL
		for (int32_t v = 0; v < vectors; v++)
			weight[v] = vld1q_s8(w + 16 * v);
		AARCH64_DOTPROD_UNROLL
		for (int32_t r = 0; r < rows; r++) {
			const int8x16_t quad = vreinterpretq_s8_s32(vld1q_dup_s32((const int32_t *)(const void *)(x + r * x_pitch + k)));

			AARCH64_DOTPROD_UNROLL
			for (int32_t v = 0; v < vectors; v++)
				sum[r * vectors + v] = vdotq_s32(sum[r * vectors + v], quad, weight[v]);
		}
	}
}

/* The zero point, the limits and saturation on the way: eight results. */
AARCH64_DOTPROD_INLINE int8x8_t
aarch64_dotprod_finish(int32x4_t a, int32x4_t b, const struct block_scaling *s)
{
	const int16x8_t v = vqaddq_s16(vcombine_s16(vqmovn_s32(a), vqmovn_s32(b)), vdupq_n_s16((int16_t)s->zero));

	return vmin_s8(vmax_s8(vqmovn_s16(v), vdup_n_s8((int8_t)s->lo)), vdup_n_s8((int8_t)s->hi));
}

/* 4 * VECTORS channels of one window, VECTORS even. */
AARCH64_DOTPROD_INLINE void
aarch64_dotprod_store(int8_t *y, const int32x4_t *sum, const struct block_scaling *s, int32_t vectors)
{
	AARCH64_DOTPROD_UNROLL
	for (int32_t v = 0; v < vectors; v += 2) {
		const int32_t *m = s->multiplier + 4 * v;
		const int16x8_t shift = vmovl_s8(vld1_s8(s->shift + 4 * v));

		vst1_s8(y + 4 * v, aarch64_dotprod_finish(
			aarch64_dotprod_rescale(sum[v], vld1q_s32(m), vmovl_s16(vget_low_s16(shift))),
			aarch64_dotprod_rescale(sum[v + 1], vld1q_s32(m + 4), vmovl_s16(vget_high_s16(shift))), s));
	}
}

AARCH64_DOTPROD_INLINE void
aarch64_dotprod_tile(int8_t *y, int32_t y_pitch, const int8_t *x, int32_t x_pitch, const int8_t *w, int32_t n,
	const struct block_scaling *s, int32_t rows, int32_t vectors)
{
	int32x4_t sum[16];

	aarch64_dotprod_sums(sum, x, x_pitch, w, n, s->bias, rows, vectors);
	AARCH64_DOTPROD_UNROLL
	for (int32_t r = 0; r < rows; r++)
		aarch64_dotprod_store(y + r * y_pitch, sum + r * vectors, s, vectors);
}
#endif

/* ---- blocks ---- */

AARCH64_DOTPROD_INLINE void
aarch64_dotprod_block(int8_t *y, int32_t y_pitch, const void *x, int32_t x_pitch, const void *w, const int32_t *b, int32_t n,
	const int32_t *multiplier, const int8_t *shift, int32_t zero, int32_t lo, int32_t hi, int32_t rows, int32_t channels)
{
	const struct block_scaling s = { b, multiplier, shift, zero, lo, hi };

#if AARCH64_DOTPROD_VECTORS
	if (channels > 1) {
		aarch64_dotprod_tile(y, y_pitch, (const int8_t *)x, x_pitch, (const int8_t *)w, n, &s, rows, channels / 4);
		return;
	}
#endif
	aarch64_dotprod_plain(y, y_pitch, (const int8_t *)x, x_pitch, (const int8_t *)w, n, &s, rows, channels);
}

#endif
