/* f32 for x86-64 processors with AVX-512 (-march=x86-64-v4): blocks of fourteen windows by thirty-two channels in 28 of the 32 registers, the weights
 * in two, a value of a window in one.  Without the instructions the same in plain C. */
#ifndef X86_64_V4_F32_H
#define X86_64_V4_F32_H
#include "block-f32-inline.h"

#define BLOCK_F32_ROWS 14
#define BLOCK_F32_VECTORS 2
#define BLOCK_F32_LANES 16

#if defined(__AVX512F__)
#include <immintrin.h>
#include <stdint.h>

#define BLOCK_F32_VECTOR __m512
#define block_f32_load(p) _mm512_loadu_ps(p)
#define block_f32_store(p, v) _mm512_storeu_ps(p, v)
#define block_f32_load_some(p, n) _mm512_maskz_loadu_ps((__mmask16)(0xffffu >> (16 - (n))), p)
#define block_f32_store_some(p, v, n) _mm512_mask_storeu_ps(p, (__mmask16)(0xffffu >> (16 - (n))), v)
#define block_f32_set(value) _mm512_set1_ps(value)
#define block_f32_plus(a, b) _mm512_add_ps(a, b)
/* of a NaN and a number the second operand is the result */
#define block_f32_limit(v, lo, hi) _mm512_min_ps(_mm512_set1_ps(hi), _mm512_max_ps(_mm512_set1_ps(lo), v))

/* In C, gcc keeps some of the sums in memory. */
BLOCK_F32_INLINE void
block_f32_multiply_add(__m512 *sum, __m512 a, __m512 b)
{
#if defined(__GNUC__)
	__asm("vfmadd231ps %2, %1, %0" : "+v"(*sum) : "v"(a), "v"(b));
#else
	*sum = _mm512_fmadd_ps(a, b, *sum);
#endif
}

#if defined(__GNUC__)
#define block_f32_pin(v) __asm("" : "+v"(v))
#else
#define block_f32_pin(v) (void)(v)
#endif
#endif

#include "block-f32.h"
#include "depthwise-f32.h"

#endif
