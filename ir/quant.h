/* The integers that the int8 arithmetic runs on, derived from scales at compile time.  Rules of TensorFlow
 * Lite Micro's reference kernels; docs/numerics.md gives the formula and the source of each.
 *
 * The evaluator and the lowering to kernels both read these derivations, so a network's constants have one
 * origin.  Scales are positive and finite (sema and the text reader see to it). */
#ifndef IR_QUANT_H
#define IR_QUANT_H
#include "ir/graph.h"

/* Multipliers and the two roundings. */

/* real = m * 2^(shift - 31), |m| in [2^30, 2^31); 0 gives m = 0, shift = 0; so does shift < -31.  A
 * real of 2^31 or more gets the largest m at shift 31.  m is negative for a negative real. */
struct multiplier { int32_t m; int32_t shift; };
struct multiplier multiplier_of(double real);

/* SRDHM: the high half of 2ab, rounded half up, saturated: floor((a * b + 2^30) / 2^31). */
int32_t high_mul(int32_t a, int32_t b);
/* RDivPOT: x / 2^n rounded half away from zero, n in 0..31. */
int32_t divide_pot(int32_t x, int n);
/* divide_pot(high_mul(x << max(shift, 0), m), max(-shift, 0)); the shift to the left wraps in 32 bits. */
int32_t multiply_by(int32_t x, struct multiplier);
/* The sum in 32 bits, wrapping. */
static inline int32_t wrap_add(int32_t a, int32_t b) { return (int32_t)((uint32_t)a + (uint32_t)b); }
static inline int32_t clamp_i32(int64_t x, int32_t lo, int32_t hi) { return (int32_t)(x < lo ? lo : x > hi ? hi : x); }

/* Real values to quantised ones. */

/* The clamp in quantised values: [max(lo of dtype, zero + round(lo / scale)), min(hi of dtype, ...)]; the
 * whole range of the type where the clamp is infinite. */
void clamp_quantise(struct clamp, const struct quant *, enum dtype, int32_t *lo, int32_t *hi);
/* zero + round(v / scale), half away from zero, saturated to the type; a NaN gives zero. */
int32_t value_quantise(float v, const struct quant *, enum dtype);

/* The parameters of the operations, each from a node whose tensors are int8. */

/* conv2d, dwconv2d, tconv2d, dense, int8 to int8: by what the sums of output channel C are multiplied, formed as the reference forms
 * it; and that as a multiplier for each channel, in the arena. */
double layer_scale(const struct node *, int32_t c);
const struct multiplier *layer_multipliers(struct arena *, const struct node *);

/* ir/rescale.c: what makes int8 values of the sums of conv2d, dwconv2d, tconv2d, dense, or of a rescale, by enum rounding. */
struct rescale {
	enum rounding rounding;
	int count;                   /* of channels */
	const struct multiplier *by; /* per channel; SHIFT: powers of two */
	const float *scale;          /* EVEN: per channel; else NULL */
};
/* Of N, whose result is int8; the arrays are in the arena. */
void rescale_of(struct arena *, const struct node *, struct rescale *);
/* The sum ACC of channel C times its scale, rounded, saturated to 32 bits: what the zero point is then added to. */
int32_t rescale_at(const struct rescale *, int32_t acc, int32_t c);
/* The constants of a rescale operation that makes of sums what the layer N (result int8) makes of them: PATH.multiplier and, unless the
 * rounding is EVEN, PATH.shift, PATH being N's label.  Returns how many; they go behind the sums in the inputs. */
int rescale_constants(struct graph *, const struct node *, struct tensor *out[2]);

/* i16 sums leave out SHIFT bits: rounded half up and saturated, and back (wrapping in 32 bits). */
int16_t sum_narrow(int32_t acc, int32_t shift);
static inline int32_t sum_widen(int16_t sum, int32_t shift) { return (int32_t)((uint32_t)(int32_t)sum << shift); }

/* add, sub: both inputs shifted left by 20, then rescaled, summed (or subtracted) and rescaled. */
struct add_params { int left_shift; struct multiplier a, b, out; int32_t a_zero, b_zero, out_zero, lo, hi; };
void add_params_of(const struct node *, struct add_params *);

/* mul: clamp(multiply_by((a - a_zero) * (b - b_zero), out) + out_zero, lo, hi). */
struct mul_params { struct multiplier out; int32_t a_zero, b_zero, out_zero, lo, hi; };
void mul_params_of(const struct node *, struct mul_params *);

/* mean over count elements.  divide (input and output have one scale and zero point): sum / count, truncated
 * towards zero.  Else clamp(multiply_by(sum - count * in_zero, out) + out_zero); 1 / count is part of the
 * multiplier, so m may be below 2^30. */
struct mean_params { bool divide; struct multiplier out; int32_t count, in_zero, out_zero; };
void mean_params_of(const struct node *, struct mean_params *);

/* requantize, relu, relu6, clip: clamp(multiply_by(x - in_zero, out) + out_zero, lo, hi).  identity: input and
 * output have one scale and zero point, so it is clamp(x, lo, hi). */
struct requant_params { struct multiplier out; int32_t in_zero, out_zero, lo, hi; bool identity; };
void requant_params_of(const struct node *, struct requant_params *);

/* leaky_relu: x - in_zero times identity (from zero up) or alpha (below zero), + out_zero, clamped to the
 * type.  alpha.m is negative when the slope is. */
struct leaky_params { struct multiplier identity, alpha; int32_t in_zero, out_zero; };
void leaky_params_of(const struct node *, struct leaky_params *);

/* hard_swish in 16-bit fixed point: docs/numerics.md.  Both shifts: left if positive, right if negative. */
struct hard_swish_params { int32_t in_zero, out_zero; int16_t out_m, gate_m; int32_t out_shift, gate_shift; };
void hard_swish_params_of(const struct node *, struct hard_swish_params *);

/* softmax: x - max (of the row) below diff_min gives -128; else multiplied into Q5.26. */
struct softmax_params { struct multiplier input; int32_t diff_min; };
void softmax_params_of(const struct node *, struct softmax_params *);

/* sigmoid, tanh: x - in_zero of magnitude radius and beyond is saturated; inside, it is multiplied into Q4.27. */
struct sigmoid_params { struct multiplier input; int32_t in_zero, radius; };
void sigmoid_params_of(const struct node *, struct sigmoid_params *);

/* One int8 result of the operations above that have one int8 input. */
int8_t requant_at(const struct requant_params *, int8_t x);
int8_t leaky_relu_at(const struct leaky_params *, int8_t x);
int8_t hard_swish_at(const struct hard_swish_params *, int8_t x);
int8_t sigmoid_at(const struct sigmoid_params *, int8_t x);
int8_t tanh_at(const struct sigmoid_params *, int8_t x);
/* An elementwise node from int8 to int8 with one input (relu, relu6, clip, leaky_relu, hard_swish, sigmoid,
 * tanh, requantize) as a table: entry x + 128 is the result for x. */
void unary_table(const struct node *, int8_t table[256]);

/* ir/fixed.c: fixed-point functions on raw 32-bit values, as the gemmlowp library defines them. */

/* exp of x <= 0 in Q(int_bits) to Q0.31; int_bits in 1..5. */
int32_t fixed_exp(int32_t x, int int_bits);
/* From Q4.27 to Q0.31; x > INT32_MIN. */
int32_t fixed_sigmoid_q4(int32_t x);
int32_t fixed_tanh_q4(int32_t x);
/* r in Q0.31 with 1 / x = r * 2^-*shift, for x > 0 in Q(int_bits). */
int32_t fixed_reciprocal(int32_t x, int int_bits, int *shift);

/* The rest. */

/* The source cells of resize, one entry per output row (or column), in the arena.  hi == lo for nearest.
 * Bilinear: the cell hi counts frac / 1024 (integers) or weight (f32), the cell lo the rest. */
struct resize_tap { int32_t lo, hi, frac; float weight; };
const struct resize_tap *resize_taps(struct arena *, enum dtype, int32_t in, int32_t out, const struct attrs *);

/* batchnorm (f32) as y = x * scale[c] + offset[c], both rounded from double. */
void batchnorm_params_of(struct arena *, const struct node *, const float **scale, const float **offset);
#endif
