/* Before functions that are worth what their literal arguments make of them, and before loops that must be unrolled. */
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
