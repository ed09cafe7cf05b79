#ifndef NN_AVERAGE_H
#define NN_AVERAGE_H
#include <stdint.h>

/* sum / n rounded to the nearest, halves away from zero; n > 0. */
static inline int32_t
nn_average(int32_t sum, int32_t n)
{
	return sum > 0 ? (int32_t)(((int64_t)sum + n / 2) / n) : (int32_t)(((int64_t)sum - n / 2) / n);
}

#endif
