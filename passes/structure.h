/* Hidden structure of dense weights: channels that fall into groups which have nothing to do with one another, perhaps only
 * after a permutation. */
#ifndef PASSES_STRUCTURE_H
#define PASSES_STRUCTURE_H
#include "ir/graph.h"

/* Whether N is a layer that the functions below speak of: conv2d without groups or dense, with constant weights. */
bool structure_applies(const struct node *n);

/* Orders in which the weights of N are GROUPS blocks along the diagonal: input channel j of the blocks is input channel in_order[j] of
 * the layer, output channel k its out_order[k].  Each order stays as it is (0, 1, 2 ...) where possible, the outputs' rather than
 * the inputs'.  GROUPS must divide the input and the output channels.  False: there are none, or (for many groups of uneven
 * sizes) none was found. */
bool structure_find(struct arena *, const struct node *n, int32_t groups, int32_t *in_order, int32_t *out_order);
/* The largest GROUPS for which structure_find succeeds; 1: no structure. */
int32_t structure_groups(struct arena *, const struct node *n);

/* What lies off GROUPS blocks when the weights' input channels are taken in ORDER (NULL: as they are). */
struct off_block {
	double share;      /* of the sum of squares; 0 only if all are 0 */
	int64_t count;     /* values that are not 0 */
	int32_t out, in;   /* channels of the first of them, IN a place in the order; -1: none */
};
struct off_block structure_off_block(const struct node *n, int32_t groups, const int32_t *order);
#endif
