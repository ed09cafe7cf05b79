/* f32 for x86-64 processors with AVX2 and FMA (-march=x86-64-v3): blocks of six windows by sixteen channels in 12 of the 16 registers, the weights
 * in two, a value of a window in one.  Without the instructions the same in plain C. */
#ifndef X86_64_V3_F32_H
#define X86_64_V3_F32_H
#include "block-f32-inline.h"

#define BLOCK_F32_ROWS 6
#define BLOCK_F32_VECTORS 2
#define BLOCK_F32_LANES 8

#if defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>
#include <stdint.h>

#define BLOCK_F32_VECTOR __m256
#define block_f32_load(p) _mm256_loadu_ps(p)
#define block_f32_store(p, v) _mm256_storeu_ps(p, v)
#define block_f32_set(value) _mm256_set1_ps(value)
#define block_f32_plus(a, b) _mm256_add_ps(a, b)
/* of a NaN and a number the second operand is the result */
#define block_f32_limit(v, lo, hi) _mm256_min_ps(_mm256_set1_ps(hi), _mm256_max_ps(_mm256_set1_ps(lo), v))

/* The first N of eight values. */
BLOCK_F32_INLINE __m256i
x86_64_v3_f32_first(int32_t n)
{
	return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

BLOCK_F32_INLINE __m256
block_f32_load_some(const float *p, int32_t n)
{
	return n == 8 ? _mm256_loadu_ps(p) : _mm256_maskload_ps(p, x86_64_v3_f32_first(n));
}

BLOCK_F32_INLINE void
block_f32_store_some(float *p, __m256 v, int32_t n)
{
	if (n == 8)
		_mm256_storeu_ps(p, v);
	else
		_mm256_maskstore_ps(p, x86_64_v3_f32_first(n), v);
}

/* In C, gcc keeps some of the sums in memory. */
BLOCK_F32_INLINE void
block_f32_multiply_add(__m256 *sum, __m256 a, __m256 b)
{
#if defined(__GNUC__)
	__asm("vfmadd231ps %2, %1, %0" : "+x"(*sum) : "x"(a), "x"(b));
#else
	*sum = _mm256_fmadd_ps(a, b, *sum);
#endif
}

#if defined(__GNUC__)
#define block_f32_pin(v) __asm("" : "+x"(v))
#else
#define block_f32_pin(v) (void)(v)
#endif
#endif

#include "block-f32.h"
#include "depthwise-f32.h"

#endif
