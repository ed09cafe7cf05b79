/* Shape rules, private to ir/: what they share and the one way to run them. */
#ifndef IR_SHAPE_H
#define IR_SHAPE_H
#include "ir/graph.h"

#define OP(id, text, inputs, min, max, attrs, flags, quant, fn, help) shape_rule shape_##fn;
#include "ir/ops.def"
#undef OP

/* Check N's inputs, run its shape rule, give its result a scale.  N's out holds a written quant or none.  NULL, or
 * the reason, which is FAULT's text. */
const char *shape_infer(struct node *n, struct fault *);

/* NULL if Q fits an activation of TYPE: f32 none; integers one scale, finite and above 0, and a zero point in the type's range. */
const char *quant_check(const struct quant *q, enum dtype type, char *why, int size);

/* The formatted reason, in WHY. */
const char *reason(char *why, int size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The formatted reason, in FAULT, and what of the operation is to blame for it. */
const char *blame_attr(struct fault *, enum attr, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
const char *blame_input(struct fault *, int k, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
const char *blame_scale(struct fault *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *blame_op(struct fault *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The most bits that i16 sums may leave out: 32-bit sums fit then. */
enum { SUM_SHIFT_MAX = 16 };

/* "s" after a number that is not 1. */
static inline const char *plural(int64_t n) { return n == 1 ? "" : "s"; }

/* Give N's result TYPE and dimensions DIM, or say why no tensor can have them. */
const char *set_result(struct node *n, enum dtype type, int rank, const int64_t *dim, struct fault *);
/* The same with the shape of X. */
const char *set_like(struct node *n, const struct tensor *x, struct fault *);

/* The result of a FIXED operation: SCALE must live as long as the program. */
const char *set_fixed_quant(struct node *n, const float *scale, int32_t zero, struct fault *);

/* NULL if input K is of TYPE. */
const char *need_type(const struct node *n, int k, enum dtype type, struct fault *);
/* NULL if input 0 is an image [h, w, c]. */
const char *need_image(const struct node *n, struct fault *);
/* *AXIS, a value of the attribute, counted from the front, or why it is not a dimension of a tensor of RANK. */
const char *need_axis(enum attr, int32_t *axis, int rank, struct fault *);
/* NULL if input K, bound by the layer's path, is an f32 constant [COUNT]. */
const char *need_vector(const struct node *n, int k, enum dtype type, int32_t count, struct fault *);
#endif
