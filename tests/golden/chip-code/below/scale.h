/* What the other header includes. */
#pragma once
#include <stdint.h>

static inline int8_t
code_scale(int32_t sum, int32_t multiplier, int32_t shift, int32_t zero, int32_t lo, int32_t hi)
{
	int32_t v;

	if (shift >= 0) {
		v = (int32_t)((CODE_MULTIPLY((int32_t)((uint32_t)sum << shift), multiplier) + CODE_HALF) >> CODE_BITS);
	} else {
		v = (int32_t)((CODE_MULTIPLY(sum, multiplier) + CODE_HALF) >> CODE_BITS);
		v -= v < 0;
		v = (v >> -shift) + ((v >> (-shift - 1)) & 1);
	}
	v += zero;
	return (int8_t)(v < lo ? lo : v > hi ? hi : v);
}
