/* What the sums of a layer can come to, proven from its weights for every input there is; and what follows from that for partial sums
 * of fewer bits.  docs/numerics.md, "Partial sums", has the derivations. */
#ifndef CHIPS_BOUNDS_H
#define CHIPS_BOUNDS_H
#include "chips/plan.h"

/* How many input channels an output channel of N (conv2d, dwconv2d, tconv2d, dense) sums over: those of its group. */
int32_t layer_in_channels(const struct node *);
/* How many output channels N has. */
int32_t layer_out_channels(const struct node *);

/* int8: per output channel the least and the largest sum over the input channels [FROM, TO) of its group, for every x in
 * [-128, 127]: of (x - x_zero) * w, and of the bias when FROM is 0.  LO, HI: layer_out_channels of them, 64 bits, so nothing wraps. */
void layer_sum_range(const struct node *, int32_t from, int32_t to, int64_t *lo, int64_t *hi);

/* The part of a tree of the parts [LO, HI) that its left half ends at. */
static inline int parts_middle(int lo, int hi) { return lo + (hi - lo + 1) / 2; }

/* The smallest shift, 0 .. SHIFT_MOST, with which no i16 partial sum of the layer can saturate when it is cut as the plan says (in, tree,
 * requant_cpu); -1: there is none. */
enum { SHIFT_MOST = 16 };
int32_t partial_shift(const struct node *, const struct plan *);
/* By how many steps of the result its i16 partial sums, with the plan's shift, may change it: the bound that is proven. */
int32_t partial_error(const struct node *, const struct plan *);
/* The scale of the i8 sum (zero point 0) over the input channels [FROM, TO): what the largest sum needs, but no more than twice the
 * result's scale, with which 127 steps reach from any value of the result to any other. */
float partial_scale(const struct node *, int32_t from, int32_t to);

/* By how many steps a result of N rounded as ROUNDING may differ from the network's own arithmetic. */
int32_t rounding_error(const struct node *, enum rounding);

/* f32: by how much two orders of summation of output channel CHANNEL may differ when no |x| exceeds X_MAX, with up to PARTS partial sums:
 * 2 gamma(k) (x_max * sum |w| + |b|), gamma(k) = k u / (1 - k u), u = 2^-24, k the number of roundings a product may meet. */
double sum_bound_f32(const struct node *, int32_t channel, int parts, double x_max);
/* The largest over the channels. */
double sum_bound_f32_most(const struct node *, int parts, double x_max);
#endif
