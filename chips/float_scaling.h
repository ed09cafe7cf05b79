/* Results of sums in a few operations on floats, proven equal to the network's own two roundings for every sum that a channel can come to. */
#ifndef CHIPS_FLOAT_SCALING_H
#define CHIPS_FLOAT_SCALING_H
#include "ir/quant.h"

/* A channel's result less its zero point is the whole part of SUM * HIGH + (SUM * LOW + HALF), with HALF of the sign of the sum: the sum made
 * a float, to the nearest, what is in parentheses rounded once, to the nearest, and the rest once, towards zero, as fused multiply-adds do;
 * then limited.  HIGH 0: not proven.  0 < HALF < 1. */
struct float_scaling { float high, low, half; };

/* Of sums in [LEAST, MOST] that the multiplier BY makes results of, limited to [LO, HI] (less the zero point, so from -255 to 255). */
struct float_scaling float_scaling_find(struct multiplier by, int64_t least, int64_t most, int32_t lo, int32_t hi);
/* Of all output channels of N (conv2d, dwconv2d, tconv2d, dense; int8), by R, in the arena: the highs, then the lows, then the halves.  NULL if there is a
 * channel of which it is not proven, or the sums go on from others.  BIAS, if not NULL, has what the channels without weights come to. */
const float *float_scalings(struct arena *, const struct node *, const struct rescale *, const int32_t *bias);
#endif
