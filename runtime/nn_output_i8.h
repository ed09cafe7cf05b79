#ifndef NN_OUTPUT_I8_H
#define NN_OUTPUT_I8_H
#include <stddef.h>
#include <stdint.h>
#include "nn_requant.h"

/* How sums become int8: arrays have one value per output channel, bias may be NULL. */
struct nn_output_i8 {
	const int32_t *bias, *multiplier;
	const int8_t *shift;
	int32_t zero, lo, hi;
};

/* Channel C of the output from its sum.  Sums wrap around in uint32_t, as the reference's do in practice. */
static inline int8_t
nn_output_i8_of(const struct nn_output_i8 *out, int32_t c, uint32_t sum)
{
	if (out->bias)
		sum += (uint32_t)out->bias[c];
	return nn_requant_i8((int32_t)sum, out->multiplier[c], out->shift[c], out->zero, out->lo, out->hi);
}

#endif
