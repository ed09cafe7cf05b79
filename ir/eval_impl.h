/* What the evaluators share; private to ir/eval*.c. */
#ifndef IR_EVAL_IMPL_H
#define IR_EVAL_IMPL_H
#include "ir/eval.h"
#include "ir/quant.h"

#define OP(id, text, inputs, min, max, attrs, flags, quant, fn, help) eval_fn eval_##fn;
#include "ir/ops.def"
#undef OP

/* min(max(x, lo), hi), leaving a NaN as it is. */
static inline float
clamp_f32(float x, struct clamp c)
{
	return x < c.lo ? c.lo : x > c.hi ? c.hi : x;
}

/* A walk over the cells of a box in row-major order, with the element offset that strides give each cell. */
struct walk {
	int rank;
	int32_t dim[RANK_MAX], at[RANK_MAX];
	int64_t stride[RANK_MAX];
	int64_t offset;
};
/* Over SHAPE with the strides of a dense tensor of that shape; the caller changes dims, strides, offset. */
struct walk walk_over(const struct shape *);
/* To the next cell; false (and back at the first) after the last. */
bool walk_next(struct walk *);
/* Strides of X for the cells of OUT: dimensions line up at the end, those of length 1 repeat. */
struct walk walk_broadcast(const struct shape *x, const struct shape *out);
/* Copy COUNT elements from SRC at the walk's offsets to DST in order. */
void walk_gather(struct walk *, const void *src, void *dst, int64_t count, int bytes);

/* A window's position over one axis of an image: the taps [first, last) that lie inside. */
struct span { int32_t origin, first, last; };
static inline struct span
window_span(int32_t out, int32_t stride, int32_t pad, int32_t dilation, int32_t taps, int32_t length)
{
	int64_t origin = (int64_t)out * stride - pad, first = 0, last = taps;

	if (origin < 0)
		first = (-origin + dilation - 1) / dilation;
	if (origin + (taps - 1) * (int64_t)dilation >= length)
		last = origin >= length ? 0 : (length - origin + dilation - 1) / dilation;
	if (first > last)
		first = last;
	return (struct span){ (int32_t)origin, (int32_t)first, (int32_t)last };
}
#endif
