/* kind.h: the network 'kind': 2 layers, 576 multiply-accumulates an inference, 4 parameters, 12
 * bytes of constants.
 * Made from io-stream.net by netc 0.1.0:
 *	netc build io-stream.net --io=stream */
#ifndef KIND_H
#define KIND_H
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* kind_run works in ARENA_BYTES bytes of the caller's, of alignment ARENA_ALIGN, and at most
 * STACK_BYTES of stack (libm's own and that of read_row not counted). */
#define KIND_ARENA_BYTES 384
#define KIND_ARENA_ALIGN 16
#define KIND_STACK_BYTES 1752
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

/* Input x: i8[8, 64, 1], real value = scale * (q - zero) */
#define KIND_IN_X_COUNT 512
#define KIND_IN_X_BYTES 512
#define KIND_IN_X_ROWS 8
#define KIND_IN_X_ROW_COUNT 64
#define KIND_IN_X_ROW_BYTES 64
#define KIND_IN_X_RANK 3
#define KIND_IN_X_SHAPE { 8, 64, 1 }
#define KIND_IN_X_SCALE 0.1f
#define KIND_IN_X_ZERO 0

/* Output y: i8[1, 64, 1], real value = scale * (q - zero) */
#define KIND_OUT_Y_COUNT 64
#define KIND_OUT_Y_BYTES 64
#define KIND_OUT_Y_OFFSET 192
#define KIND_OUT_Y_RANK 3
#define KIND_OUT_Y_SHAPE { 1, 64, 1 }
#define KIND_OUT_Y_SCALE 1.0f
#define KIND_OUT_Y_ZERO 0

/* What kind_run returns. */
#define KIND_OK 0
#define KIND_E_ALIGN 1 /* arena is NULL or not aligned */
#define KIND_E_READ_ROW 4 /* read_row is NULL */

/* Yours to write: row number ROW of the input, its KIND_IN_X_ROW_COUNT elements, goes to TO;
 * USER is what kind_run was given. Rows are asked for in order, from 0, each once; those at the
 * end that no layer reads are not. It returns 0; anything else ends the inference and is what
 * kind_run returns. */
typedef int kind_read_row(void *user, int32_t row, int8_t *to);

/* One inference. The input comes by rows from read_row, which is passed USER. Outputs are
 * row-major and lie in the arena, OFFSET bytes from its beginning, to be read after it. Nothing
 * is kept from one call to the next. */
int kind_run(kind_read_row *read_row, void *user, void *arena);

#ifdef KIND_PROFILE
/* Yours to write: called before (end is 0) and after (end is 1) each layer. */
void kind_profile(int layer, int end);
extern const char *const kind_layer_names[KIND_LAYERS];
#endif

#ifdef __cplusplus
}
#endif
#endif
