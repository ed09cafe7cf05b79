/* Changing the order of channels: the constants of layers, and the operations around a region (channels.h). */
#ifndef PASSES_PERMUTE_H
#define PASSES_PERMUTE_H
#include "passes/channels.h"

/* Orders: index k of the new is index order[k] of the old; NULL stands for the order as it is. */

/* The permutation of N, a shuffle or gather, over its channels; NULL: it is none (it drops or repeats channels). */
const int32_t *shuffle_order(struct arena *, const struct node *n);
bool order_is_plain(const int32_t *order, int32_t count);
/* The order that takes ORDER back. */
int32_t *order_inverse(struct arena *, const int32_t *order, int32_t count);

/* A copy of T's elements in the graph's arena with the indices of dimension AXIS taken from ORDER, COUNT of them. */
void *elements_pick(struct graph *, const struct tensor *t, int axis, const int32_t *order, int32_t count);
/* Let constant input K of N have the indices ORDER[0 .. COUNT - 1] of dimension AXIS only, scales included: in place when nothing else
 * reads the constant, so that it keeps its name. */
void input_pick(struct graph *, struct node *n, int k, int axis, const int32_t *order, int32_t count);
/* The same as a new constant, named TEXT if that is free. */
struct tensor *const_pick(struct graph *, name text, const struct tensor *t, int axis, const int32_t *order, int32_t count);
/* The same for T itself, whatever reads it. */
void const_keep(struct graph *, struct tensor *t, int axis, const int32_t *order, int32_t count);
/* The dimension of N's input K that counts output channels, if it is a constant that belongs to the layer; else -1. */
int input_out_axis(const struct node *n, int k);

/* N, a shuffle, becomes the gather of ORDER. */
void shuffle_become(struct graph *, struct node *n, const int32_t *order);

/* Put the orders that the regions A and B (NULL: none) have found into effect: constants, shuffles at their ends, names. */
void regions_apply(struct graph *, const struct region *a, const struct region *b);
#endif
