/* What the headers of chips with register blocks have in common: the scaling of a block's results in plain C, for compilers without the
 * instructions and for what is left over. */
#ifndef BLOCK_PLAIN_H
#define BLOCK_PLAIN_H
#include <stdint.h>

#if defined(__GNUC__)
#define BLOCK_PLAIN_INLINE static inline __attribute__((always_inline))
#else
#define BLOCK_PLAIN_INLINE static inline
#endif

/* What the results of a block's channels are made with. */
struct block_scaling {
	const int32_t *bias, *multiplier;
	const int8_t *shift;
	int32_t zero, lo, hi;
};

/* The int8 value of a sum: sum * multiplier * 2^(shift - 31), rounded twice, limited to [lo, hi]. */
BLOCK_PLAIN_INLINE int8_t
block_result(int32_t sum, const struct block_scaling *s, int32_t channel)
{
	const int32_t multiplier = s->multiplier[channel], shift = s->shift[channel];
	int32_t v;

	if (shift >= 0) {
		v = (int32_t)(((int64_t)(int32_t)((uint32_t)sum << shift) * multiplier + 0x40000000) >> 31);
	} else {
		v = (int32_t)(((int64_t)sum * multiplier + 0x40000000) >> 31);
		v -= v < 0; /* ties of negative values go down */
		v = (v >> -shift) + ((v >> (-shift - 1)) & 1);
	}
	return (int8_t)(v < s->lo - s->zero ? s->lo : v > s->hi - s->zero ? s->hi : v + s->zero);
}

#endif
