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

/* The sum of the products of N values and weights, which are filled up to sixteens. */
CORTEX_M55_INLINE int32_t
cortex_m55_sum(const int8_t *x, const int8_t *w, int32_t n)
{
#if CORTEX_M55_VECTORS
	int32_t sum = 0;

	for (; n > 0; n -= 16, x += 16, w += 16)
		sum = vmladavaq_s8(sum, vldrbq_z_s8(x, vctp8q((uint32_t)n)), vldrbq_s8(w));
	return sum;
#else
	uint32_t sum = 0;

	for (int32_t i = 0; i < n; i++)
		sum += (uint32_t)(x[i] * w[i]);
	return (int32_t)sum;
#endif
}

/* ---- blocks ---- */

/* One window by one channel, with any shift. */
CORTEX_M55_INLINE void
cortex_m55_block(int8_t *y, int32_t y_pitch, const void *x, int32_t x_pitch, const void *w, const int32_t *b, int32_t n, const int32_t *multiplier,
	const int8_t *shift, int32_t zero, int32_t lo, int32_t hi)
{
	const struct block_scaling s = { b, multiplier, shift, zero, lo, hi };
	const uint32_t sum = (uint32_t)cortex_m55_sum((const int8_t *)x, (const int8_t *)w, n);

	(void)y_pitch;
	(void)x_pitch;
	y[0] = block_result((int32_t)(sum + (uint32_t)b[0]), &s, 0);
}

#include "cortex-m55-add.h"
#include "cortex-m55-run.h"
#include "cortex-m55-depthwise.h"

#endif
