#ifndef NN_AVERAGE_H
#define NN_AVERAGE_H
#include <stdint.h>

/* sum / n rounded to the nearest, halves away from zero, of a sum of n values of int8; n > 0. */
static inline int32_t
nn_average(int32_t sum, int32_t n)
{
#if UINTPTR_MAX > 0xffffffff /* divides 64 bits; of 32 compilers may make vectors, and a window of them takes kilobytes of stack */
	return (int32_t)(sum > 0 ? ((int64_t)sum + n / 2) / n : ((int64_t)sum - n / 2) / n);
#else
	const uint32_t size = sum < 0 ? 0 - (uint32_t)sum : (uint32_t)sum, mean = (size + (uint32_t)n / 2) / (uint32_t)n;

	return sum < 0 ? -(int32_t)mean : (int32_t)mean;
#endif
}

#endif
