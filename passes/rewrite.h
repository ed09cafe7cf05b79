/* Edits that the passes share.  Replacements take effect at graph_tidy; until then a pass that looks through
 * a node's inputs resolves them first, and the use counts are kept right by these functions. */
#ifndef PASSES_REWRITE_H
#define PASSES_REWRITE_H
#include "ir/graph.h"

/* Let every input of N be the tensor that stands for it by now. */
void node_resolve(struct node *n);
/* Change input K of N. */
void node_set_input(struct node *n, int k, struct tensor *t);
/* T takes the place of N's result, and N leaves the graph. */
void node_bypass(struct graph *, struct node *n, struct tensor *t);
/* N leaves the graph; its result is not read any more. */
void node_drop(struct graph *, struct node *n);
/* Let the constant in N's input K have the elements DATA, which the graph's arena holds: in place when nothing else reads it, so that it
 * keeps its name. */
void node_set_const(struct graph *, struct node *n, int k, const void *data);
/* The same for the bias, input 2, of the layer N: CHANNELS elements of TYPE, where there was none too. */
void node_set_bias(struct graph *, struct node *n, enum dtype type, int32_t channels, const void *data);
/* N becomes OP with the attributes ATTR on its first input; the result stays what it is. */
void node_become(struct node *n, enum op op, const struct attrs *attr);

/* Whether CANDIDATE, a changed copy of a node, still gives a result of the type and shape of its out. */
bool node_shape_holds(const struct node *candidate);
/* The same element type and quantisation: the elements mean the same. */
bool same_type(const struct tensor *, const struct tensor *);
/* The clamp that relu, relu6 or clip computes; false for other operations. */
bool node_clamp(const struct node *, struct clamp *);
/* A constant of f32 elements. */
bool is_f32_const(const struct tensor *);
/* Constants have to be: no infinity and no NaN among them. */
bool all_finite(const float *v, int64_t count);
#endif
