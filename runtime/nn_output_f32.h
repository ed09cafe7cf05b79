#ifndef NN_OUTPUT_F32_H
#define NN_OUTPUT_F32_H
#include <stddef.h>
#include <stdint.h>
#include "nn_limit_f32.h"

/* What follows the sum: bias (one per output channel, may be NULL) and the activation's limits. */
struct nn_output_f32 {
	const float *bias;
	float lo, hi;
};

static inline float
nn_output_f32_of(const struct nn_output_f32 *out, int32_t c, float sum)
{
	return nn_limit_f32(out->bias ? sum + out->bias[c] : sum, out->lo, out->hi);
}

#endif
