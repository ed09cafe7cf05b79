/* n.h: the network 'n': 5 layers, 18,944 multiply-accumulates an inference, 820 parameters, 980
 * bytes of constants.
 * Made from n.net by netc 0.1.0:
 *	netc build n.net --io=arena --random-weights=0 */
#ifndef N_H
#define N_H
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* n_run works in the caller's arenas, each of so many bytes and that alignment, and at most
 * STACK_BYTES of stack (libm's own not counted). */
#define N_ARENA_FAST_BYTES 544
#define N_ARENA_FAST_ALIGN 16
#define N_ARENA_SLOW_BYTES 512
#define N_ARENA_SLOW_ALIGN 32
#define N_STACK_BYTES 1360
#define N_LAYERS 6

/* Which memory of board.chip an arena lies in: yours to define, as your compiler and linker
 * script want it; with N_SECTIONS defined the sections of the .chip where the compiler has GNU
 * attributes; else nothing. */
#ifndef N_SECTION_FAST
#if defined N_SECTIONS && (defined __GNUC__ || defined __ICCARM__)
#define N_SECTION_FAST __attribute__((section(".dtcm")))
#else
#define N_SECTION_FAST
#endif
#endif
#ifndef N_SECTION_SLOW
#if defined N_SECTIONS && (defined __GNUC__ || defined __ICCARM__)
#define N_SECTION_SLOW __attribute__((section(".sram")))
#else
#define N_SECTION_SLOW
#endif
#endif

/* Storage for them: "static N_SECTION_FAST n_arena_fast arena_fast;", "static N_SECTION_SLOW
 * n_arena_slow arena_slow;". */
#if defined __GNUC__
#define N_ALIGNED __attribute__((aligned(32)))
#elif defined __cplusplus && __cplusplus >= 201103L
#define N_ALIGNED alignas(32)
#elif defined __STDC_VERSION__ && __STDC_VERSION__ >= 201112L
#define N_ALIGNED _Alignas(32)
#else
#define N_ALIGNED /* the address is the caller's care */
#endif
typedef struct {
	N_ALIGNED unsigned char bytes[N_ARENA_FAST_BYTES];
} n_arena_fast;
typedef struct {
	N_ALIGNED unsigned char bytes[N_ARENA_SLOW_BYTES];
} n_arena_slow;

/* Input x: i8[8, 8, 3], real value = scale * (q - zero) */
#define N_IN_X_COUNT 192
#define N_IN_X_BYTES 192
#define N_IN_X_OFFSET 352
#define N_IN_X_ARENA 0 /* arena_fast */
#define N_IN_X_RANK 3
#define N_IN_X_SHAPE { 8, 8, 3 }
#define N_IN_X_SCALE 0.1f
#define N_IN_X_ZERO 3

/* Output y: i8[4], real value = scale * (q - zero) */
#define N_OUT_Y_COUNT 4
#define N_OUT_Y_BYTES 4
#define N_OUT_Y_OFFSET 128
#define N_OUT_Y_ARENA 0 /* arena_fast */
#define N_OUT_Y_RANK 1
#define N_OUT_Y_SHAPE { 4 }
#define N_OUT_Y_SCALE 0.1f
#define N_OUT_Y_ZERO 0

/* What n_run returns. */
#define N_OK 0
#define N_E_ALIGN 1 /* an arena is NULL or not aligned */

/* One inference.  Inputs and outputs are row-major and lie in the arena that ARENA counts from
 * 0, OFFSET bytes from its beginning: the inputs are written there before each call, which may
 * overwrite them, and the outputs read after it.  They may share bytes.  Nothing else is kept
 * from one call to the next. */
int n_run(void *arena_fast, void *arena_slow);

#ifdef N_PROFILE
/* Yours to write: called before (end is 0) and after (end is 1) each layer. */
void n_profile(int layer, int end);
extern const char *const n_layer_names[N_LAYERS];
#endif

#ifdef __cplusplus
}
#endif
#endif
