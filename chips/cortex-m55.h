/* Units for Arm processors with the integer vectors of Armv8.1-M (MVE): chips/cortex-m55.chip says what each takes.  Without these the
 * same sums are made in plain C, with the same results. */
#ifndef CORTEX_M55_H
#define CORTEX_M55_H
#include <stdint.h>
#include "block-plain.h"

/* Without optimisation compilers do not find registers for the assembly. */
#if defined(__GNUC__) && defined(__OPTIMIZE__) && defined(__ARM_FEATURE_MVE)
#include <arm_mve.h>
#define CORTEX_M55_VECTORS 1
#else
#define CORTEX_M55_VECTORS 0
#endif

#if defined(__GNUC__)
#define CORTEX_M55_INLINE static inline __attribute__((always_inline))
#else
#define CORTEX_M55_INLINE static inline
#endif

/* ---- plain C ---- */

/* The sum of N products; the weights lie sixteen by sixteen, STEP bytes from one to the next. */
CORTEX_M55_INLINE int32_t
cortex_m55_sum(const int8_t *x, const int8_t *w, int32_t step, int32_t n)
{
	uint32_t sum = 0;

	for (int32_t i = 0; i < n; i++)
		sum += (uint32_t)(x[i] * w[i / 16 * step + i % 16]);
	return (int32_t)sum;
}

/* A block of ROWS windows by CHANNELS channels. */
CORTEX_M55_INLINE void
cortex_m55_plain(int8_t *y, int32_t y_pitch, const int8_t *x, int32_t x_pitch, const int8_t *w, int32_t n, const struct block_scaling *s,
	int32_t rows, int32_t channels)
{
	for (int32_t r = 0; r < rows; r++)
		for (int32_t c = 0; c < channels; c++) {
			const int32_t sum = cortex_m55_sum(x + r * x_pitch, w + 16 * c, 16 * channels, n);

			y[r * y_pitch + c] = block_result((int32_t)((uint32_t)sum + (uint32_t)s->bias[c]), s, c);
		}
}

#if CORTEX_M55_VECTORS
/* ---- vectors ---- */

/* Four sums to results, with limits.  VQRDMULH rounds ties up and VRSHL does too, so that one is taken off negative values before: their
 * ties go down then, and what is no tie stays on its side.  It makes no difference where nothing below the zero point is allowed. */
CORTEX_M55_INLINE int32x4_t
cortex_m55_rescale(int32x4_t sum, int32x4_t multiplier, int32x4_t shift, int32_t zero, int32_t lo, int32_t hi)
{
	const int32x4_t none = vdupq_n_s32(0), right = vminq_s32(shift, none);
	int32x4_t v = vqrdmulhq_s32(vshlq_s32(sum, vmaxq_s32(shift, none)), multiplier);

	if (lo < zero)
		v = vaddq_s32(v, vshrq_n_s32(vandq_s32(v, right), 31));
	v = vqaddq_n_s32(vrshlq_s32(v, right), zero);
	return vminq_s32(vmaxq_s32(v, vdupq_n_s32(lo)), vdupq_n_s32(hi));
}

/* Sixteen weights of each of four channels at W, by sixteen values of each of two windows in %[a] and %[b]; W goes back by these weights.
 * MULTIPLY: vmladav to begin the sums, vmladava to go on.  They are the even registers, those of the first window first. */
#define CORTEX_M55_SIXTEEN(multiply) \
	"vldrb.u8 %q[t], [%[w], #16]\n\t" \
	multiply ".s8 r2, %q[a], %q[t]\n\t" \
	"vldrb.u8 %q[u], [%[w], #32]\n\t" \
	multiply ".s8 r10, %q[b], %q[t]\n\t" \
	multiply ".s8 r4, %q[a], %q[u]\n\t" \
	"vldrb.u8 %q[t], [%[w], #48]\n\t" \
	multiply ".s8 r12, %q[b], %q[u]\n\t" \
	multiply ".s8 r6, %q[a], %q[t]\n\t" \
	"vldrb.u8 %q[u], [%[w]], #-64\n\t" \
	multiply ".s8 lr, %q[b], %q[t]\n\t" \
	multiply ".s8 r0, %q[a], %q[u]\n\t" \
	multiply ".s8 r8, %q[b], %q[u]\n\t"

/* The sums of two windows of N values by four channels.  VMLADAV takes even registers only, which compilers cannot share out among eight
 * sums and the rest.  The last values come first, as they may be less than sixteen: the others are loaded as zeros. */
CORTEX_M55_INLINE void
cortex_m55_sums_of_two(int32x4_t *sum, const int8_t *x, int32_t x_pitch, const int8_t *w, int32_t n)
{
	int32_t before = (n - 1) & ~15;
	const int8_t *x0 = x + before, *x1 = x0 + x_pitch, *last = w + 4 * before;
	int32x4_t a, b, t, u;

	__asm volatile(
		"vctp.8 %[left]\n\t"
		"vpstt\n\t"
		"vldrbt.u8 %q[a], [%[x0]], #-16\n\t"
		"vldrbt.u8 %q[b], [%[x1]], #-16\n\t"
		CORTEX_M55_SIXTEEN("vmladav")
		"b 2f\n"
		"1:\n\t"
		"vldrb.u8 %q[a], [%[x0]], #-16\n\t"
		"vldrb.u8 %q[b], [%[x1]], #-16\n\t"
		CORTEX_M55_SIXTEEN("vmladava")
		"2:\n\t"
		"subs %[before], #16\n\t"
		"bpl 1b\n\t"
		"vmov.32 %q[a][0], r0\n\t"
		"vmov.32 %q[b][0], r8\n\t"
		"vmov.32 %q[a][1], r2\n\t"
		"vmov.32 %q[b][1], r10\n\t"
		"vmov.32 %q[a][2], r4\n\t"
		"vmov.32 %q[b][2], r12\n\t"
		"vmov.32 %q[a][3], r6\n\t"
		"vmov.32 %q[b][3], lr"
		: [a] "=&w"(a), [b] "=&w"(b), [t] "=&w"(t), [u] "=&w"(u), [x0] "+r"(x0), [x1] "+r"(x1), [w] "+r"(last), [before] "+r"(before)
		: [left] "r"(n - before)
		: "r0", "r2", "r4", "r6", "r8", "r10", "r12", "lr", "cc", "memory");
	sum[0] = a;
	sum[1] = b;
}

/* The sums of one window by four channels. */
CORTEX_M55_INLINE int32x4_t
cortex_m55_sums_of_one(const int8_t *x, const int8_t *w, int32_t n)
{
	int32x4_t a, t, u;

	__asm volatile(
		"movs r0, #0\n\t"
		"movs r2, #0\n\t"
		"movs r4, #0\n\t"
		"movs r6, #0\n\t"
		"dlstp.8 lr, %[n]\n"
		"1:\n\t"
		"vldrb.u8 %q[a], [%[x]], #16\n\t"
		"vldrb.u8 %q[t], [%[w], #16]\n\t"
		"vmladava.s8 r2, %q[a], %q[t]\n\t"
		"vldrb.u8 %q[u], [%[w], #32]\n\t"
		"vmladava.s8 r4, %q[a], %q[u]\n\t"
		"vldrb.u8 %q[t], [%[w], #48]\n\t"
		"vmladava.s8 r6, %q[a], %q[t]\n\t"
		"vldrb.u8 %q[u], [%[w]], #64\n\t"
		"vmladava.s8 r0, %q[a], %q[u]\n\t"
		"letp lr, 1b\n\t"
		"vmov.32 %q[a][0], r0\n\t"
		"vmov.32 %q[a][1], r2\n\t"
		"vmov.32 %q[a][2], r4\n\t"
		"vmov.32 %q[a][3], r6"
		: [a] "=&w"(a), [t] "=&w"(t), [u] "=&w"(u), [x] "+r"(x), [w] "+r"(w)
		: [n] "r"(n)
		: "r0", "r2", "r4", "r6", "lr", "cc", "memory");
	return a;
}

/* The sum of one window by one channel. */
CORTEX_M55_INLINE int32_t
cortex_m55_sum_of_one(const int8_t *x, const int8_t *w, int32_t n)
{
	int32_t sum = 0;

	for (; n > 0; n -= 16, x += 16, w += 16)
		sum = vmladavaq_s8(sum, vldrbq_z_s8(x, vctp8q((uint32_t)n)), vldrbq_s8(w));
	return sum;
}

/* Four channels of one window or two. */
CORTEX_M55_INLINE void
cortex_m55_four(int8_t *y, int32_t y_pitch, const int8_t *x, int32_t x_pitch, const int8_t *w, int32_t n, const struct block_scaling *s,
	int32_t rows)
{
	int32x4_t sum[2];

	if (rows == 2)
		cortex_m55_sums_of_two(sum, x, x_pitch, w, n);
	else
		sum[0] = cortex_m55_sums_of_one(x, w, n);
	const int32x4_t bias = vldrwq_s32(s->bias), multiplier = vldrwq_s32(s->multiplier), shift = vldrbq_s32(s->shift);

	vstrbq_s32(y, cortex_m55_rescale(vaddq_s32(sum[0], bias), multiplier, shift, s->zero, s->lo, s->hi));
	if (rows == 2)
		vstrbq_s32(y + y_pitch, cortex_m55_rescale(vaddq_s32(sum[1], bias), multiplier, shift, s->zero, s->lo, s->hi));
}
#endif

/* ---- blocks ---- */

CORTEX_M55_INLINE void
cortex_m55_block(int8_t *y, int32_t y_pitch, const void *x, int32_t x_pitch, const void *w, const int32_t *b, int32_t n,
	const int32_t *multiplier, const int8_t *shift, int32_t zero, int32_t lo, int32_t hi, int32_t rows, int32_t channels)
{
	const struct block_scaling s = { b, multiplier, shift, zero, lo, hi };
	const int8_t *window = (const int8_t *)x, *weight = (const int8_t *)w;

#if CORTEX_M55_VECTORS
	if (channels == 4) {
		cortex_m55_four(y, y_pitch, window, x_pitch, weight, n, &s, rows);
	} else {
		const uint32_t sum = (uint32_t)cortex_m55_sum_of_one(window, weight, n) + (uint32_t)b[0];

		y[0] = block_result((int32_t)sum, &s, 0);
	}
#else
	cortex_m55_plain(y, y_pitch, window, x_pitch, weight, n, &s, rows, channels);
#endif
}

#include "cortex-m55-add.h"
#include "cortex-m55-depthwise.h"

#endif
