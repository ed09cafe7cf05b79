/* The evaluator: the meaning of every operation, in plain loops, independent of any emitted code. */
#ifndef IR_EVAL_H
#define IR_EVAL_H
#include "ir/graph.h"

/* Compute N's result into OUT from the elements IN (in N's input order; row-major, no pitch). */
typedef void eval_fn(const struct node *n, const void *const *in, void *out);
extern eval_fn *const eval_table[OP_COUNT];

/* Evaluate the whole graph.  INPUTS: the elements of each network input.  The result, indexed by tensor id,
 * holds every tensor's elements (constants borrowed, inputs borrowed, the rest in the arena). */
const void **eval_graph(struct arena *, const struct graph *, const void *const *inputs);
#endif
