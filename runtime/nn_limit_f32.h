#ifndef NN_LIMIT_F32_H
#define NN_LIMIT_F32_H
#include <math.h> /* INFINITY, which stands for no limit */

/* V held to [lo, hi]; a NaN stays one. */
static inline float
nn_limit_f32(float v, float lo, float hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

#endif
