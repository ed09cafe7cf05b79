/* What all shape rules share: inputs that exist and have usable types, results that a tensor can hold, and the
 * scale of an int8 result from the quant column of ops.def. */
#include <config.h>

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "ir/shape.h"

const char *
reason(char *why, int size, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(why, (size_t)size, fmt, ap);
	va_end(ap);
	return why;
}

/* The body of the functions below: the text behind FMT and the blame. */
static const char *
blame(struct fault *f, enum blame blame, int which, const char *fmt, va_list ap)
{
	f->blame = blame;
	f->which = which;
	vsnprintf(f->text, sizeof f->text, fmt, ap);
	va_end(ap);
	return f->text;
}

const char *
blame_attr(struct fault *f, enum attr a, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	return blame(f, BLAME_ATTR, (int)a, fmt, ap);
}

const char *
blame_input(struct fault *f, int k, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	return blame(f, BLAME_INPUT, k, fmt, ap);
}

const char *
blame_scale(struct fault *f, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	return blame(f, BLAME_SCALE, 0, fmt, ap);
}

const char *
blame_op(struct fault *f, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	return blame(f, BLAME_OP, 0, fmt, ap);
}

/* "[70000, 70000, 8]" of dimensions that may be beyond int32. */
static void
dims_text(int rank, const int64_t *dim, char *buf, int size)
{
	int n = snprintf(buf, (size_t)size, "[");
	for (int i = 0; i < rank && n < size; i++)
		n += snprintf(buf + n, (size_t)(size - n), "%s%lld", i ? ", " : "", (long long)dim[i]);
	if (n < size)
		snprintf(buf + n, (size_t)(size - n), "]");
}

const char *
set_result(struct node *n, enum dtype type, int rank, const int64_t *dim, struct fault *f)
{
	struct shape s = { .rank = rank };
	char text[160];
	if (rank > RANK_MAX)
		return blame_op(f, "the result would have %d dimensions, more than %d", rank, RANK_MAX);
	bool fits = true;
	for (int i = 0; i < rank; i++) {
		fits = fits && dim[i] <= INT32_MAX && dim[i] >= INT32_MIN;
		s.dim[i] = fits ? (int32_t)dim[i] : 1;
	}
	const char *bad = fits ? shape_check(&s) : "it has more than 2147483647 elements";
	if (bad) {
		dims_text(rank, dim, text, sizeof text);
		return blame_op(f, "the result cannot be %s: %s", text, bad);
	}
	n->out->dtype = type;
	n->out->shape = s;
	return NULL;
}

const char *
set_like(struct node *n, const struct tensor *x, struct fault *f)
{
	int64_t dim[RANK_MAX];
	for (int i = 0; i < x->shape.rank; i++)
		dim[i] = x->shape.dim[i];
	return set_result(n, x->dtype, x->shape.rank, dim, f);
}

const char *
need_type(const struct node *n, int k, enum dtype type, struct fault *f)
{
	bool bound;
	if (n->in[k]->dtype == type)
		return NULL;
	return blame_input(f, k, "%s takes %s but '%s' is %s", op_info[n->op].name, dtype_info[type].name,
		op_input_name(n->op, k, &bound), dtype_info[n->in[k]->dtype].name);
}

const char *
need_image(const struct node *n, struct fault *f)
{
	char text[SHAPE_TEXT];
	const struct shape *s = &n->in[0]->shape;
	if (s->rank == 3)
		return NULL;
	return blame_input(f, 0, "%s takes an image [height, width, channels] but the input is %s", op_info[n->op].name,
		shape_text(s, text, sizeof text));
}

const char *
need_axis(enum attr a, int32_t *axis, int rank, struct fault *f)
{
	if (*axis < -rank || *axis >= rank)
		return blame_attr(f, a, "axis %d is outside the input's %d dimension%s", *axis, rank, plural(rank));
	if (*axis < 0)
		*axis += rank;
	return NULL;
}

const char *
need_vector(const struct node *n, int k, enum dtype type, int32_t count, struct fault *f)
{
	bool bound;
	char text[SHAPE_TEXT];
	const struct tensor *t = n->in[k];
	const char *what = op_input_name(n->op, k, &bound);
	if (!t->data)
		return blame_input(f, k, "%s must be a constant", what);
	if (t->dtype != type)
		return blame_input(f, k, "%s must be %s but is %s", what, dtype_info[type].name, dtype_info[t->dtype].name);
	if (t->shape.rank != 1)
		return blame_input(f, k, "%s must be a vector but is %s", what, shape_text(&t->shape, text, sizeof text));
	if (t->shape.dim[0] != count)
		return blame_input(f, k, "%s has %d value%s but there are %d channel%s", what, t->shape.dim[0],
			plural(t->shape.dim[0]), count, plural(count));
	return NULL;
}

/* ---- scales ---- */

const char *
quant_check(const struct quant *q, enum dtype type, char *why, int size)
{
	char text[FLOAT_TEXT];
	const struct dtype_info *t = &dtype_info[type];
	if (type != DT_I8)
		return q->count ? reason(why, size, "an %s value has no scale", t->name) : NULL;
	if (q->count != 1)
		return reason(why, size, "an %s value needs one scale but has %d", t->name, q->count);
	if (!(isfinite(q->scale[0]) && q->scale[0] > 0))
		return reason(why, size, "the scale must be above 0 but is %s", float_text(q->scale[0], text, sizeof text));
	if (q->zero < t->lo || q->zero > t->hi)
		return reason(why, size, "zero point %d is outside %s's %d to %d", q->zero, t->name, t->lo, t->hi);
	return NULL;
}

const char *
set_fixed_quant(struct node *n, const float *scale, int32_t zero, struct fault *f)
{
	char has[QUANT_TEXT], written[QUANT_TEXT];
	struct quant q = { .count = 1, .scale = scale, .zero = zero };
	if (!dtype_is_int(n->out->dtype))
		return NULL;
	if (n->out->quant.count && !quant_equal(&n->out->quant, &q))
		return blame_scale(f, "an i8 result of %s has %s, not %s", op_info[n->op].name,
			quant_text(&q, has, sizeof has), quant_text(&n->out->quant, written, sizeof written));
	n->out->quant = q;
	return NULL;
}

static const char *
infer_quant(struct node *n, struct fault *f)
{
	char has[QUANT_TEXT], written[QUANT_TEXT];
	const struct op_info *op = &op_info[n->op];
	struct tensor *out = n->out;
	if (out->dtype == DT_I8 && op->quant == QUANT_STATED && out->quant.count == 0)
		return blame_op(f, "an %s result of %s needs a scale and a zero point", dtype_info[out->dtype].name, op->name);
	if (dtype_is_int(out->dtype) && op->quant == QUANT_SAME) {
		const struct quant *x = &n->in[0]->quant;
		if (out->quant.count == 0)
			out->quant = *x;
		if (!(op->flags & OPF_RESCALE) && !quant_equal(&out->quant, x))
			return blame_scale(f, "%s keeps its input's %s, so its result cannot have %s", op->name,
				quant_text(x, has, sizeof has), quant_text(&out->quant, written, sizeof written));
	}
	f->blame = BLAME_SCALE;
	return quant_check(&out->quant, out->dtype, f->text, sizeof f->text);
}

/* ---- the rule ---- */

static bool
takes_type(enum op op, enum dtype t)
{
	return t == DT_F32 || t == DT_I8 || op_info[op].flags & OPF_SUMS;
}

/* Inputs that are not bound by the layer's path: f32, i8 of one scale or, where they can be, sums. */
static const char *
check_values(const struct node *n, struct fault *f)
{
	char sub[WHY_SIZE];
	for (int k = 0; k < n->nin; k++) {
		bool bound;
		const char *what = op_input_name(n->op, k, &bound);
		if (bound || (k == INPUT_SUM && op_info[n->op].flags & OPF_SUM))
			continue;
		const struct tensor *t = n->in[k];
		if (!takes_type(n->op, t->dtype))
			return blame_input(f, k, "%s takes f32 or i8 but '%s' is %s", op_info[n->op].name, what, dtype_info[t->dtype].name);
		const char *bad = quant_check(&t->quant, t->dtype, sub, sizeof sub);
		if (bad)
			return blame_input(f, k, "'%s' of %s: %s", what, op_info[n->op].name, bad);
	}
	return NULL;
}

const char *
shape_infer(struct node *n, struct fault *f)
{
	const struct op_info *op = &op_info[n->op];
	char lo[FLOAT_TEXT], hi[FLOAT_TEXT];
	if (n->nin < op->min_inputs)
		return blame_op(f, "%s takes at least %d input%s but has %d", op->name, op->min_inputs,
			plural(op->min_inputs), n->nin);
	int most = op->max_inputs + (op->flags & OPF_SUM ? 1 : 0);
	if (n->nin > most && !(op->flags & OPF_VARIADIC))
		return blame_op(f, "%s takes at most %d input%s but has %d", op->name, most, plural(most), n->nin);
	if (!(n->attr.act.lo <= n->attr.act.hi))
		return blame_op(f, "the fused activation's bounds %s to %s are empty",
			float_text(n->attr.act.lo, lo, sizeof lo), float_text(n->attr.act.hi, hi, sizeof hi));
	const char *bad = check_values(n, f);
	if (!bad)
		bad = op->shape(n, f);
	return bad ? bad : infer_quant(n, f);
}
