/* A unit's call in the making; private to backend/lower_unit.c, unit_text.c, lower_dot.c. */
#ifndef BACKEND_LOWER_UNIT_H
#define BACKEND_LOWER_UNIT_H
#include "backend/lower.h"
#include "chips/chip.h"

struct unit_operand {
	const struct tensor *tensor;   /* NULL: the call has none */
	struct place place;            /* where the call finds it, or leaves it */
	int64_t pitch;                 /* elements */
	const char *why_moved;         /* PLACE is a copy's; NULL: it is the tensor's own */
};
/* What a call is given besides, by the names of chips/params.def; those of multiplier, shift and scale that are per channel
 * are constants. */
struct unit_number {
	const char *name;
	enum { NUMBER_INT, NUMBER_FLOAT, NUMBER_POINTER } kind;
	int64_t i;
	float f;
	struct place place;            /* POINTER; buf NULL: NULL */
};
struct unit_call {
	struct lower *l;
	const struct node *node;
	const struct chip_op *op;
	struct chip_vars vars;
	struct unit_operand operand[OPERAND_COUNT];
	ARRAY(struct unit_number) numbers;
	struct call *call;
};

/* lower_unit.c: a constant, shared with equal ones.  NOTE: for the comment over it, or NULL. */
struct place unit_constant(struct unit_call *, const char *label, enum dtype, const struct shape *, const void *data, int align,
	const char *note);
/* unit_numbers.c: fills in the numbers. */
void unit_numbers(struct unit_call *);
/* unit_text.c: the template as call->text, and its arguments; false after reporting a hole that has no value. */
bool unit_text(struct unit_call *);
/* unit_order.c: what the unit states about the order in which it reads goes into call->at_once, and the dimensions of the call are added. */
void unit_order(struct unit_call *);
/* The dimension that E, all of a hole, is, if it changes when the call computes some rows of its result only; else NULL.  It stands in the text by
 * name between these marks. */
const char *unit_dimension(const struct chip_op *, const struct ast_expr *e);
enum { DIMENSION_BEGINS = 1, DIMENSION_ENDS = 2 };
/* Whether the template has a hole for PARAM. */
bool unit_mentions(const struct unit_call *, const char *param);
/* The template of a dot product with the numbers VARS: x and w are these C expressions, the result goes to part.  NULL after
 * reporting. */
const char *unit_dot_text(struct lower *, const struct chip_op *, const struct node *, const struct chip_vars *, const char *x, const char *w);
/* lower_dot.c: a layer as loops around a dot product. */
bool lower_dot(struct lower *, const struct node *);
/* The template of a block, operands and numbers by the names of nn_block_i8's parameters (runtime/nn_block.h).  NULL after reporting. */
const char *unit_block_text(struct lower *, const struct chip_op *, const struct node *, const struct chip_vars *);
/* The same of a block of runs: of each number of windows whose bit of ROWS is set (runtime/nn_runs.h).  FLOATS: results may be made in floats. */
bool unit_runs_text(struct lower *, struct block *, const struct node *, const struct chip_vars *, uint64_t rows, bool floats);
/* lower_block.c: a layer as loops around register blocks; lower_block_f32.c: around one of f32. */
bool lower_blocks(struct lower *, const struct node *);
bool lower_blocks_f32(struct lower *, const struct node *);
/* What channel O, whose weights are all 0, has as its *BIAS, and in R, so that a block makes its one result of it. */
void lower_constant_channel(const struct rescale *r, int32_t o, int32_t *bias);
/* lower_runs.c: a layer as loops around blocks of runs. */
bool lower_runs(struct lower *, const struct node *);
#endif
