/* What stands before the functions and loops of block-f32.h and of the headers around it. */
#ifndef BLOCK_F32_INLINE_H
#define BLOCK_F32_INLINE_H

#if defined(__GNUC__)
#define BLOCK_F32_INLINE static inline __attribute__((always_inline))
#define BLOCK_F32_UNROLL _Pragma("GCC unroll 32")
#else
#define BLOCK_F32_INLINE static inline
#define BLOCK_F32_UNROLL
#endif

#endif
