/* f32 for any processor, in the vectors that gcc and clang make of C: blocks of four windows by sixteen channels, vectors of eight values where registers
 * are that wide, else of four.  Other compilers get the same in plain C. */
#ifndef PORTABLE_F32_H
#define PORTABLE_F32_H
#include <stdint.h>
#include <string.h>
#include "block-f32-inline.h"

#if defined(__GNUC__) && defined(__AVX__)
#define BLOCK_F32_LANES 8
#else
#define BLOCK_F32_LANES 4
#endif
#define BLOCK_F32_ROWS 4
#define BLOCK_F32_VECTORS (16 / BLOCK_F32_LANES)

#if defined(__GNUC__)
typedef float portable_f32_vector __attribute__((vector_size(BLOCK_F32_LANES * sizeof(float))));
#define BLOCK_F32_VECTOR portable_f32_vector

BLOCK_F32_INLINE portable_f32_vector
block_f32_load_some(const float *p, int32_t n)
{
	portable_f32_vector v = { 0 };

	if (n == BLOCK_F32_LANES)
		memcpy(&v, p, sizeof v);
	else
		for (int32_t i = 0; i < n; i++)
			v[i] = p[i];
	return v;
}

BLOCK_F32_INLINE void
block_f32_store_some(float *p, portable_f32_vector v, int32_t n)
{
	if (n == BLOCK_F32_LANES)
		memcpy(p, &v, sizeof v);
	else
		for (int32_t i = 0; i < n; i++)
			p[i] = v[i];
}

BLOCK_F32_INLINE portable_f32_vector
block_f32_limit(portable_f32_vector v, float lo, float hi)
{
	BLOCK_F32_UNROLL
	for (int32_t i = 0; i < BLOCK_F32_LANES; i++)
		v[i] = v[i] < lo ? lo : v[i] > hi ? hi : v[i];
	return v;
}

#define block_f32_load(p) block_f32_load_some(p, BLOCK_F32_LANES)
#define block_f32_store(p, v) block_f32_store_some(p, v, BLOCK_F32_LANES)
#define block_f32_set(value) ((portable_f32_vector){ 0 } + (value))
#define block_f32_plus(a, b) ((a) + (b))
#define block_f32_multiply_add(sum, a, b) (*(sum) += (a) * (b))
#define block_f32_pin(v) (void)(v)
#endif

#include "block-f32.h"
#include "depthwise-f32.h"

#endif
