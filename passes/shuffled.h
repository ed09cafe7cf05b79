/* The permutations that @shuffled asks for. */
#ifndef PASSES_SHUFFLED_H
#define PASSES_SHUFFLED_H
#include "ir/graph.h"

/* The order of A, an annotation @shuffled, over COUNT channels: channel j behind the shuffle is channel order[j] before it.
 *
 *	groups = G: channel g * COUNT/G + i goes to i * G + g
 *	seed = S: order = 0, 1, ... COUNT - 1; for i = COUNT - 1, ..., 1: swap order[i] and order[next() * (i + 1) >> 32], where next() is the
 *	upper half of the next value of splitmix64 with the state S */
const int32_t *shuffled_order(struct arena *, const struct annot *a, int32_t count);
/* X with its channels in ORDER, as an operation of N's layer before POS, called PATH.shuffle.  A, if it has groups, says how to write it. */
struct tensor *shuffle_insert(struct graph *, struct node *pos, const struct node *n, struct tensor *x, const int32_t *order,
	const struct annot *a);
#endif
