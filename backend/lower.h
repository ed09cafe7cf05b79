/* What the lower_X functions share; private to backend/lower*.c.  (Their interface to others is in program.h.) */
#ifndef BACKEND_LOWER_H
#define BACKEND_LOWER_H
#include "backend/program.h"
#include "ir/quant.h"

#define OP(id, text, inputs, min, max, attrs, flags, quant, fn, help) lower_fn lower_##fn;
#include "ir/ops.def"
#undef OP

/* "conv2d" -> "conv2d_i8", by the type of N's result. */
const char *lower_kernel(struct lower *, const struct node *, const char *stem);
/* False after reporting that V, which is WHAT, is beyond the kernels' 32-bit indices. */
bool lower_fits(struct lower *, const struct node *, const char *what, int64_t v);
/* lo and hi of a fused activation: floats, or quantised by the result's scale. */
void call_act(struct lower *, struct call *, const struct node *, struct clamp);

/* multiplier and shift, an element per output channel. */
void call_multipliers(struct lower *, struct call *, const struct rescale *);
/* No array. */
void call_null(struct lower *, struct call *, const char *name, enum dtype);

/* Storage of its own, of the program. */
struct buffer *lower_buffer(struct lower *, enum buffer_kind, name label, enum dtype, const struct shape *);

/* DATA as a constant.  Equal ones of one SCOPE (a layer's label, so that its parts share them; "": of the program) are one, under the first's LABEL. */
struct buffer *lower_constant(struct lower *, name scope, name label, enum dtype, const struct shape *, const void *data);

/* An array of COUNT elements in the arena, for calls to write and later ones of the same node to read. */
struct buffer *lower_scratch(struct lower *, const struct node *, enum dtype, int64_t count);

/* A pointer into a buffer, for the calls whose arguments are no whole tensors.  TENSOR: all that is touched there lies in it; NULL:
 * anything in the buffer may be. */
struct place { struct buffer *buf; enum dtype dtype; int64_t offset; const struct tensor *tensor; };
struct place lower_place(struct lower *, const struct tensor *);
void call_place(struct lower *, struct call *, enum arg_kind, const char *name, struct place);

/* The sums of N at SUMS, i32 (or, N being a rescale, i16), vectors of the last dimension PITCH elements apart, become its int8 result. */
void lower_finish(struct lower *, const struct node *, struct place sums, int64_t pitch);

/* A tensor as vectors of its last dimension: rows of n elements, pitch apart; one row where nothing lies between them. */
struct rows { int64_t rows, n, pitch; };
struct rows rows_of(const struct tensor *);
/* rows, n, x_pitch, y_pitch of a kernel that treats X and Y, of one shape, row by row. */
void call_rows(struct lower *, struct call *, const struct tensor *x, const struct tensor *y);

/* A box of cells walked over by up to three operands at once, each by its own steps (elements from one index to
 * the next of each dimension). */
enum { BOX_RANK = RANK_MAX + 1, BOX_OPERANDS = 3 };
struct box {
	int rank, operands;
	int64_t n[BOX_RANK];
	int64_t step[BOX_OPERANDS][BOX_RANK];
};
/* The steps of T's dimensions. */
void tensor_steps(const struct tensor *, int64_t step[RANK_MAX]);
/* Drop dimensions of length 1 and join those that every operand walks as one. */
void box_reduce(struct box *);
/* Calls of the unit that runs the node: backend/lower_unit.c. */
lower_fn lower_unit;
/* Copy: operand 0 of the box is written, operand 1 read.  True: lower_X functions end with it. */
bool lower_move(struct lower *, const struct node *, struct box, struct place to, struct place from);
#endif
