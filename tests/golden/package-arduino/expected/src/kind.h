/* kind.h: the network 'kind': 2 layers, 8 multiply-accumulates an inference, 10 parameters, 26
 * bytes of constants.
 * Made from package-arduino.net by netc 0.1.0:
 *	netc build package-arduino.net --package=arduino */
#ifndef KIND_H
#define KIND_H
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* kind_run works in ARENA_BYTES bytes of the caller's, of alignment ARENA_ALIGN, and at most
 * STACK_BYTES of stack (libm's own not counted). */
#define KIND_ARENA_BYTES 2
#define KIND_ARENA_ALIGN 16
#define KIND_STACK_BYTES 1168
#define KIND_LAYERS 2

/* Storage for it: "static kind_arena arena;". */
#if defined __GNUC__
#define KIND_ALIGNED __attribute__((aligned(16)))
#elif defined __cplusplus && __cplusplus >= 201103L
#define KIND_ALIGNED alignas(16)
#elif defined __STDC_VERSION__ && __STDC_VERSION__ >= 201112L
#define KIND_ALIGNED _Alignas(16)
#else
#define KIND_ALIGNED /* the address is the caller's care */
#endif
typedef struct {
	KIND_ALIGNED unsigned char bytes[KIND_ARENA_BYTES];
} kind_arena;

/* Input x: i8[4], real value = scale * (q - zero) */
#define KIND_IN_X_COUNT 4
#define KIND_IN_X_BYTES 4
#define KIND_IN_X_RANK 1
#define KIND_IN_X_SHAPE { 4 }
#define KIND_IN_X_SCALE 0.1f
#define KIND_IN_X_ZERO 0

/* Output y: i8[2], real value = scale * (q - zero) */
#define KIND_OUT_Y_COUNT 2
#define KIND_OUT_Y_BYTES 2
#define KIND_OUT_Y_RANK 1
#define KIND_OUT_Y_SHAPE { 2 }
#define KIND_OUT_Y_SCALE 1.0f
#define KIND_OUT_Y_ZERO 0

/* What kind_run returns. */
#define KIND_OK 0
#define KIND_E_ALIGN 1 /* arena is NULL or not aligned */

/* One inference.  Inputs and outputs are row-major, aligned for their type, and overlap neither
 * each other nor the arena, which needs no preparation and keeps nothing from one call to the
 * next. */
int kind_run(const int8_t *x, int8_t *y, void *arena);

#ifdef KIND_PROFILE
/* Yours to write: called before (end is 0) and after (end is 1) each layer. */
void kind_profile(int layer, int end);
extern const char *const kind_layer_names[KIND_LAYERS];
#endif

#ifdef __cplusplus
}
#endif
#endif
