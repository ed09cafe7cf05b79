/* Register blocks for Arm processors with the DSP extension: chips/cortex-m4.chip says what each takes.  On others the instructions are
 * spelled out in C, with the same results, so that generated code can be tried on a PC. */
#ifndef CORTEX_M4_H
#define CORTEX_M4_H
#include <stdint.h>
#include <string.h>

#if defined(__GNUC__)
#define CORTEX_M4_INLINE static inline __attribute__((always_inline))
#else
#define CORTEX_M4_INLINE static inline
#endif

/* ---- instructions ---- */

/* Bytes 0 and 2 of V, widened to halfwords. */
CORTEX_M4_INLINE uint32_t
cortex_m4_sxtb16(uint32_t v)
{
#if defined(__ARM_FEATURE_DSP)
	uint32_t r;

	__asm("sxtb16 %0, %1" : "=r"(r) : "r"(v));
	return r;
#else
	return ((uint32_t)(int32_t)(int8_t)v & 0xffffu) | (uint32_t)(int32_t)(int8_t)(v >> 16) << 16;
#endif
}

/* SUM + the products of the halfwords of A and B. */
CORTEX_M4_INLINE int32_t
cortex_m4_smlad(uint32_t a, uint32_t b, int32_t sum)
{
#if defined(__ARM_FEATURE_DSP)
	int32_t r;

	__asm("smlad %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(sum));
	return r;
#else
	return (int32_t)((uint32_t)sum + (uint32_t)((int16_t)a * (int16_t)b) + (uint32_t)((int16_t)(a >> 16) * (int16_t)(b >> 16)));
#endif
}

/* C + the upper half of A * B, rounded. */
CORTEX_M4_INLINE int32_t
cortex_m4_smmlar(int32_t a, int32_t b, int32_t c)
{
#if defined(__ARM_FEATURE_DSP)
	int32_t r;

	__asm("smmlar %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(c));
	return r;
#else
	return (int32_t)((uint32_t)c + (uint32_t)(((int64_t)a * b + 0x80000000LL) >> 32));
#endif
}

CORTEX_M4_INLINE uint32_t
cortex_m4_load(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

/* ---- results ---- */

/* The int8 value of a sum within 2^30: sum * multiplier * 2^(shift - 31), rounded twice, limited to [lo, hi]. */
CORTEX_M4_INLINE int8_t
cortex_m4_result(int32_t sum, int32_t multiplier, int32_t shift, int32_t zero, int32_t lo, int32_t hi)
{
	int32_t v;

	if (shift < 0) {
		/* the second rounding's half is added by the first multiplication; below zero ties go down, which makes no difference where the
		 * zero point is the limit */
		const int32_t half = (int32_t)1 << (-shift - 1);

		if (lo >= zero) {
			v = cortex_m4_smmlar(sum * 2, multiplier, half) >> -shift;
		} else {
			v = cortex_m4_smmlar(sum * 2, multiplier, 0);
			v = (v + half - (v < 0)) >> -shift;
		}
	} else {
		v = cortex_m4_smmlar((int32_t)((uint32_t)sum << (shift + 1)), multiplier, 0);
	}
	v += zero;
	return (int8_t)(v < lo ? lo : v > hi ? hi : v);
}

/* ---- blocks ---- */

/* Halfwords of weights are w0 + 256 * w1, so sums[0] gathers S0 + 256 * S1 of the first window; sums[1] gathers S0 from their lower bytes;
 * sums[2] and sums[3] do for the second window.  N is a multiple of 4, and not 0. */
CORTEX_M4_INLINE void
cortex_m4_sums(int32_t sums[4], const int16_t *x0, const int16_t *x1, const int16_t *w, int32_t n)
{
	int32_t a0 = 0, b0 = 0, a1 = 0, b1 = 0;
	const int16_t *end = w + n;
#if defined(__ARM_FEATURE_DSP)
	uint32_t u0, u1, w0, w1, l;

	/* compilers run out of registers here, and spill sums in the loop */
	__asm volatile(
		"0:\n\t"
		"ldrd %[w0], %[w1], [%[w]], #8\n\t"
		"ldrd %[u0], %[u1], [%[x0]], #8\n\t"
		"sxtb16 %[l], %[w0]\n\t"
		"smlad %[a0], %[u0], %[w0], %[a0]\n\t"
		"smlad %[b0], %[u0], %[l], %[b0]\n\t"
		"ldr %[u0], [%[x1]], #4\n\t"
		"smlad %[a1], %[u0], %[w0], %[a1]\n\t"
		"smlad %[b1], %[u0], %[l], %[b1]\n\t"
		"sxtb16 %[l], %[w1]\n\t"
		"smlad %[a0], %[u1], %[w1], %[a0]\n\t"
		"smlad %[b0], %[u1], %[l], %[b0]\n\t"
		"ldr %[u0], [%[x1]], #4\n\t"
		"smlad %[a1], %[u0], %[w1], %[a1]\n\t"
		"smlad %[b1], %[u0], %[l], %[b1]\n\t"
		"cmp %[w], %[end]\n\t"
		"bne 0b"
		: [a0] "+r"(a0), [b0] "+r"(b0), [a1] "+r"(a1), [b1] "+r"(b1), [x0] "+r"(x0), [x1] "+r"(x1), [w] "+r"(w),
		  [u0] "=&r"(u0), [u1] "=&r"(u1), [w0] "=&r"(w0), [w1] "=&r"(w1), [l] "=&r"(l)
		: [end] "r"(end)
		: "cc", "memory");
#else
	for (; w < end; w += 2, x0 += 2, x1 += 2) {
		const uint32_t pairs = cortex_m4_load(w), low = cortex_m4_sxtb16(pairs);

		a0 = cortex_m4_smlad(cortex_m4_load(x0), pairs, a0);
		b0 = cortex_m4_smlad(cortex_m4_load(x0), low, b0);
		a1 = cortex_m4_smlad(cortex_m4_load(x1), pairs, a1);
		b1 = cortex_m4_smlad(cortex_m4_load(x1), low, b1);
	}
#endif
	sums[0] = a0;
	sums[1] = b0;
	sums[2] = a1;
	sums[3] = b1;
}

CORTEX_M4_INLINE void
cortex_m4_2x2(int8_t *y, int32_t y_pitch, const void *x, int32_t x_pitch, const void *w, const int32_t *b, int32_t n,
	const int32_t *multiplier, const int8_t *shift, int32_t zero, int32_t lo, int32_t hi)
{
	const int16_t *x0 = (const int16_t *)x;
	int32_t s[4];

	cortex_m4_sums(s, x0, x0 + x_pitch, (const int16_t *)w, n);
	y[0] = cortex_m4_result(s[1] + b[0], multiplier[0], shift[0], zero, lo, hi);
	y[1] = cortex_m4_result(((s[0] - s[1]) >> 8) + b[1], multiplier[1], shift[1], zero, lo, hi);
	y[y_pitch] = cortex_m4_result(s[3] + b[0], multiplier[0], shift[0], zero, lo, hi);
	y[y_pitch + 1] = cortex_m4_result(((s[2] - s[3]) >> 8) + b[1], multiplier[1], shift[1], zero, lo, hi);
}

CORTEX_M4_INLINE void
cortex_m4_1x2(int8_t *y, int32_t y_pitch, const void *x, int32_t x_pitch, const void *w, const int32_t *b, int32_t n,
	const int32_t *multiplier, const int8_t *shift, int32_t zero, int32_t lo, int32_t hi)
{
	const int16_t *x0 = (const int16_t *)x, *p = (const int16_t *)w, *end = p + n;
	int32_t a0 = 0, b0 = 0;

	(void)y_pitch;
	(void)x_pitch;
	do {
		const uint32_t w0 = cortex_m4_load(p), w1 = cortex_m4_load(p + 2), u0 = cortex_m4_load(x0), u1 = cortex_m4_load(x0 + 2);

		a0 = cortex_m4_smlad(u0, w0, a0);
		b0 = cortex_m4_smlad(u0, cortex_m4_sxtb16(w0), b0);
		a0 = cortex_m4_smlad(u1, w1, a0);
		b0 = cortex_m4_smlad(u1, cortex_m4_sxtb16(w1), b0);
		p += 4;
		x0 += 4;
	} while (p < end);
	y[0] = cortex_m4_result(b0 + b[0], multiplier[0], shift[0], zero, lo, hi);
	y[1] = cortex_m4_result(((a0 - b0) >> 8) + b[1], multiplier[1], shift[1], zero, lo, hi);
}

CORTEX_M4_INLINE void
cortex_m4_1x1(int8_t *y, int32_t y_pitch, const void *x, int32_t x_pitch, const void *w, const int32_t *b, int32_t n,
	const int32_t *multiplier, const int8_t *shift, int32_t zero, int32_t lo, int32_t hi)
{
	const int16_t *v = (const int16_t *)x;
	const int8_t *weight = (const int8_t *)w;
	uint32_t sum = (uint32_t)b[0];

	(void)y_pitch;
	(void)x_pitch;
	for (int32_t i = 0; i < n; i++)
		sum += (uint32_t)(v[i] * weight[i]);
	y[0] = cortex_m4_result((int32_t)sum, multiplier[0], shift[0], zero, lo, hi);
}

#endif
