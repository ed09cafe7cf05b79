/* The integers that the int8 arithmetic runs on, derived from scales at compile time.  Rules of TensorFlow
 * Lite's reference kernels; docs/numerics.md gives the source of each. */
#ifndef IR_QUANT_H
#define IR_QUANT_H
#include "ir/graph.h"

/* real = m * 2^(shift - 31), m in [2^30, 2^31); 0 gives m = 0; shift < -31 gives m = 0, shift = 0. */
struct multiplier { int32_t m; int32_t shift; };
struct multiplier multiplier_of(double real);

/* requant(x) by two roundings: numerics.md section 1.  The evaluator's own primitive. */
int32_t multiply_by(int32_t x, struct multiplier);

/* The clamp in quantised values: [max(lo of dtype, zero + round(lo / scale)), ...]. */
void clamp_quantise(struct clamp, const struct quant *, enum dtype, int32_t *lo, int32_t *hi);
/* zero + round(v / scale), half away from zero, saturated to the type. */
int32_t value_quantise(float v, const struct quant *, enum dtype);

/* conv2d, dwconv2d, tconv2d, dense: one per output channel of N, in the arena. */
const struct multiplier *layer_multipliers(struct arena *, const struct node *);

/* add, sub: both inputs shifted left by 20, then rescaled, summed and rescaled. */
struct add_params { int left_shift; struct multiplier a, b, out; int32_t a_zero, b_zero, out_zero, lo, hi; };
void add_params_of(const struct node *, struct add_params *);

/* softmax (numerics.md section 7). */
struct softmax_params { struct multiplier input; int32_t diff_min; };
void softmax_params_of(const struct node *, struct softmax_params *);

/* sigmoid, tanh of int8: beyond input_radius the result is saturated; inside, the difference from the zero point
 * is scaled by MULTIPLIER into a fixed-point number of 4 integer bits. */
struct sigmoid_params { struct multiplier input; int32_t radius; };
void sigmoid_params_of(const struct node *, struct sigmoid_params *);

/* Others (mul, mean, leaky_relu, hard_swish, requantize) are added by whoever writes their evaluator, here,
 * so that the evaluator and the lowering read one derivation. */
#endif
