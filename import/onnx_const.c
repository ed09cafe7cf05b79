/* Arithmetic of constants, done here and now: exporters compute shapes with it. */
#include <config.h>
#include <math.h>
#include <string.h>
#include "import/onnx.h"

/* The type of V as the model sees it. */
static enum onnx_type
type_of(const struct onnx_value *v)
{
	return v->quant ? ONNX_F32 : v->type;
}

/* ---- where constants come from ---- */

static struct onnx_value *
new_floats(struct onnx *x, const struct onnx_node *n, const float *v, size_t count, int rank)
{
	unsigned char *data;
	struct onnx_value *c = onnx_new_const(x, n, ONNX_F32, &(struct onnx_dims){ rank, { (int64_t)count } }, &data);

	if (c && count)
		memcpy(data, v, count * sizeof *v);
	return c;
}

static struct onnx_value *
new_scalar(struct onnx *x, const struct onnx_node *n, enum onnx_type type, double real, int64_t integer)
{
	unsigned char *data;
	struct onnx_value *c = onnx_new_const(x, n, type, &(struct onnx_dims){ 0 }, &data);

	if (c)
		onnx_put(type, data, 0, real, integer);
	return c;
}

bool
onnx_fold_constant(struct onnx *x, struct onnx_node *n)
{
	const Onnx__AttributeProto *a;
	struct onnx_value *v = NULL;

	if ((a = onnx_attr(n, "value")) && a->t)
		v = onnx_read_tensor(x, a->t, n->where, n->nout ? n->proto->output[0] : "");
	else if ((a = onnx_attr(n, "value_float")))
		v = new_scalar(x, n, ONNX_F32, (double)a->f, 0);
	else if ((a = onnx_attr(n, "value_int")))
		v = new_scalar(x, n, ONNX_I64, 0, a->i);
	else if ((a = onnx_attr(n, "value_floats")))
		v = new_floats(x, n, a->floats, a->n_floats, 1);
	else if ((a = onnx_attr(n, "value_ints")) && a->n_ints <= INT32_MAX)
		v = onnx_new_ints(x, n, a->ints, (int)a->n_ints);
	else
		onnx_refuse(x, n, "of a sparse tensor or of text");
	return v && onnx_result(x, n, 0, v);
}

/* The sizes that input K lists. */
static bool
sizes_in(struct onnx *x, const struct onnx_node *n, int k, struct onnx_dims *d)
{
	struct onnx_list list;

	if (!onnx_list_in(x, n, k, "sizes", &list))
		return false;
	if (list.n > DIMS_MAX)
		return onnx_error(x, n, "its result has %d dimensions, more than %d", list.n, DIMS_MAX);
	d->rank = list.n;
	for (int i = 0; i < list.n; i++) {
		d->dim[i] = list.v[i];
		if (list.v[i] < 0)
			return onnx_error(x, n, "a dimension of its result is %lld", (long long)list.v[i]);
	}
	return true;
}

bool
onnx_fold_constant_of_shape(struct onnx *x, struct onnx_node *n)
{
	const Onnx__AttributeProto *a = onnx_attr(n, "value");
	struct onnx_value *one = a && a->t ? onnx_read_tensor(x, a->t, n->where, "value") : new_scalar(x, n, ONNX_F32, 0, 0);
	struct onnx_dims d;
	unsigned char *data;

	if (!one || !sizes_in(x, n, 0, &d))
		return false;
	if (onnx_count(&one->dims) != 1)
		return onnx_error(x, n, "attribute 'value' has %lld elements", (long long)onnx_count(&one->dims));
	struct onnx_value *v = onnx_new_const(x, n, one->type, &d, &data);
	for (int64_t i = 0; v && i < onnx_count(&d); i++)
		onnx_put(v->type, data, i, onnx_real(one, 0), onnx_int(one, 0));
	return v && onnx_result(x, n, 0, v);
}

bool
onnx_fold_shape(struct onnx *x, struct onnx_node *n)
{
	const struct onnx_dims *d = &onnx_in(n, 0)->dims;
	int64_t start = onnx_attr_int(n, "start", 0), end = onnx_attr_int(n, "end", d->rank);

	start += start < 0 ? d->rank : 0;
	end += end < 0 ? d->rank : 0;
	start = start < 0 ? 0 : start > d->rank ? d->rank : start;
	end = end < start ? start : end > d->rank ? d->rank : end;
	return onnx_result(x, n, 0, onnx_new_ints(x, n, d->dim + start, (int)(end - start)));
}

bool
onnx_fold_size(struct onnx *x, struct onnx_node *n)
{
	return onnx_result(x, n, 0, new_scalar(x, n, ONNX_I64, 0, onnx_count(&onnx_in(n, 0)->dims)));
}

bool
onnx_fold_range(struct onnx *x, struct onnx_node *n)
{
	const struct onnx_value *v[3];
	unsigned char *data;

	for (int k = 0; k < 3; k++)
		if (!(v[k] = onnx_const_in(x, n, k, "bounds")) || onnx_count(&v[k]->dims) != 1)
			return v[k] && onnx_error(x, n, "a bound is no number");
	double start = onnx_real(v[0], 0), step = onnx_real(v[2], 0), count = ceil((onnx_real(v[1], 0) - start) / step);
	if (!(count < INT32_MAX))
		return onnx_error(x, n, "it has no end");
	int64_t first = onnx_int(v[0], 0), by = onnx_int(v[2], 0);
	struct onnx_value *c = onnx_new_const(x, n, v[0]->type, &(struct onnx_dims){ 1, { count > 0 ? (int64_t)count : 0 } }, &data);
	for (int64_t i = 0; c && i < c->dims.dim[0]; i++)
		onnx_put(c->type, data, i, start + (double)i * step, (int64_t)((uint64_t)first + (uint64_t)i * (uint64_t)by));
	return c && onnx_result(x, n, 0, c);
}

/* ---- one operand ---- */

static double real_abs(double v) { return fabs(v); }
static double real_ceil(double v) { return ceil(v); }
static double real_floor(double v) { return floor(v); }
static double real_neg(double v) { return -v; }
static double real_not(double v) { return v == 0; }
static double real_round(double v) { return rint(v); }
static double real_sqrt(double v) { return sqrt(v); }
static int64_t int_abs(int64_t v) { return v < 0 ? (int64_t)(0 - (uint64_t)v) : v; }
static int64_t int_same(int64_t v) { return v; }
static int64_t int_neg(int64_t v) { return (int64_t)(0 - (uint64_t)v); }
static int64_t int_not(int64_t v) { return v == 0; }

static const struct { const char *op; double (*real)(double); int64_t (*integer)(int64_t); } unary[] = {
	{ "Abs", real_abs, int_abs }, { "Ceil", real_ceil, int_same }, { "Floor", real_floor, int_same }, { "Neg", real_neg, int_neg },
	{ "Not", real_not, int_not }, { "Round", real_round, int_same }, { "Sqrt", real_sqrt, int_same },
};

bool
onnx_fold_unary(struct onnx *x, struct onnx_node *n)
{
	const struct onnx_value *v = onnx_const_in(x, n, 0, "operands");
	unsigned char *data;
	size_t k = 0;

	if (!v)
		return false;
	while (strcmp(unary[k].op, n->op->name) != 0)
		k++;
	struct onnx_value *c = onnx_new_const(x, n, type_of(v), &v->dims, &data);
	for (int64_t i = 0; c && i < onnx_count(&v->dims); i++)
		onnx_put(c->type, data, i, unary[k].real(onnx_real(v, i)), unary[k].integer(onnx_int(v, i)));
	return c && onnx_result(x, n, 0, c);
}

bool
onnx_fold_cast(struct onnx *x, struct onnx_node *n)
{
	const struct onnx_value *v = onnx_const_in(x, n, 0, "operands");
	int64_t to = onnx_attr_int(n, "to", 0);
	unsigned char *data;

	if (!v)
		return false;
	if (to <= 0 || to >= ONNX_TYPE_COUNT || !onnx_known_type((int32_t)to))
		return onnx_refuse(x, n, "to this type");
	struct onnx_value *c = onnx_new_const(x, n, (enum onnx_type)to, &v->dims, &data);
	bool real = v->quant || onnx_is_float(v->type);
	for (int64_t i = 0; c && i < onnx_count(&v->dims); i++) {
		double r = onnx_real(v, i);
		int64_t integer = real ? onnx_to_int(r) : onnx_int(v, i);

		onnx_put(c->type, data, i, r, to == ONNX_BOOL ? r != 0 : integer);
	}
	return c && onnx_result(x, n, 0, c);
}

bool
onnx_fold_clip(struct onnx *x, struct onnx_node *n)
{
	const struct onnx_value *v = onnx_in(n, 0), *bound[2];
	unsigned char *data;

	for (int k = 0; k < 2; k++) {
		bound[k] = onnx_in(n, k + 1);
		if (bound[k]->kind == ONNX_CONST && onnx_count(&bound[k]->dims) != 1)
			return onnx_error(x, n, "a bound is no number");
	}
	double lo = bound[0]->kind == ONNX_CONST ? onnx_real(bound[0], 0) : (double)onnx_attr_float(n, "min", -INFINITY);
	double hi = bound[1]->kind == ONNX_CONST ? onnx_real(bound[1], 0) : (double)onnx_attr_float(n, "max", INFINITY);
	struct onnx_value *c = onnx_new_const(x, n, type_of(v), &v->dims, &data);
	for (int64_t i = 0; c && i < onnx_count(&v->dims); i++) {
		double r = onnx_real(v, i);

		r = r < lo ? lo : r > hi ? hi : r;
		onnx_put(c->type, data, i, r, onnx_real(v, i) == r ? onnx_int(v, i) : onnx_to_int(r));
	}
	return c && onnx_result(x, n, 0, c);
}

/* ---- operands that broadcast ---- */

/* The dimensions of N's inputs together. */
static bool
broadcast(struct onnx *x, const struct onnx_node *n, struct onnx_dims *d)
{
	d->rank = 0;
	for (int k = 0; k < n->nin; k++)
		d->rank = n->in[k]->dims.rank > d->rank ? n->in[k]->dims.rank : d->rank;
	for (int i = 0; i < d->rank; i++) {
		d->dim[i] = 1;
		for (int k = 0; k < n->nin; k++) {
			const struct onnx_dims *e = &n->in[k]->dims;
			int64_t size = i < d->rank - e->rank ? 1 : e->dim[i - d->rank + e->rank];

			if (size != 1 && d->dim[i] != 1 && size != d->dim[i])
				return onnx_error(x, n, "dimensions of %lld and %lld do not broadcast", (long long)d->dim[i], (long long)size);
			d->dim[i] = size == 1 ? d->dim[i] : size;
		}
	}
	return true;
}

/* A walk over V as if it had the dimensions D. */
static struct onnx_walk
broadcast_walk(const struct onnx_value *v, const struct onnx_dims *d)
{
	struct onnx_walk w = { .rank = d->rank };
	int64_t step = 1;

	for (int i = d->rank - 1, k = v->dims.rank - 1; i >= 0; i--, k--) {
		w.dim[i] = d->dim[i];
		w.step[i] = k < 0 || v->dims.dim[k] == 1 ? 0 : step;
		step *= k < 0 ? 1 : v->dims.dim[k];
	}
	return w;
}

static double real_add(double a, double b) { return a + b; }
static double real_sub(double a, double b) { return a - b; }
static double real_mul(double a, double b) { return a * b; }
static double real_div(double a, double b) { return a / b; }
static double real_equal(double a, double b) { return a == b; }
static double real_greater(double a, double b) { return a > b; }
static double real_less(double a, double b) { return a < b; }
static double real_and(double a, double b) { return a != 0 && b != 0; }
static double real_or(double a, double b) { return a != 0 || b != 0; }
static int64_t int_add(int64_t a, int64_t b) { return (int64_t)((uint64_t)a + (uint64_t)b); }
static int64_t int_sub(int64_t a, int64_t b) { return (int64_t)((uint64_t)a - (uint64_t)b); }
static int64_t int_mul(int64_t a, int64_t b) { return (int64_t)((uint64_t)a * (uint64_t)b); }
static int64_t int_div(int64_t a, int64_t b) { return b == 0 ? 0 : b == -1 ? int_neg(a) : a / b; }
static int64_t int_equal(int64_t a, int64_t b) { return a == b; }
static int64_t int_greater(int64_t a, int64_t b) { return a > b; }
static int64_t int_less(int64_t a, int64_t b) { return a < b; }
static int64_t int_and(int64_t a, int64_t b) { return a && b; }
static int64_t int_or(int64_t a, int64_t b) { return a || b; }

/* decides: the result is true or false. */
static const struct { const char *op; double (*real)(double, double); int64_t (*integer)(int64_t, int64_t); bool decides; } binary[] = {
	{ "Add", real_add, int_add, false }, { "Sub", real_sub, int_sub, false }, { "Mul", real_mul, int_mul, false },
	{ "Div", real_div, int_div, false }, { "Equal", real_equal, int_equal, true }, { "Greater", real_greater, int_greater, true },
	{ "Less", real_less, int_less, true }, { "And", real_and, int_and, true }, { "Or", real_or, int_or, true },
};

bool
onnx_fold_binary(struct onnx *x, struct onnx_node *n)
{
	const struct onnx_value *a = onnx_const_in(x, n, 0, "operands"), *b = onnx_const_in(x, n, 1, "operands");
	struct onnx_dims d;
	unsigned char *data;
	size_t k = 0;

	if (!a || !b || !broadcast(x, n, &d))
		return false;
	while (strcmp(binary[k].op, n->op->name) != 0)
		k++;
	bool real = onnx_is_float(type_of(a));
	struct onnx_walk wa = broadcast_walk(a, &d), wb = broadcast_walk(b, &d);
	struct onnx_value *c = onnx_new_const(x, n, binary[k].decides ? ONNX_BOOL : type_of(a), &d, &data);
	for (int64_t i = 0; c && i < onnx_count(&d); i++, onnx_walk_next(&wa), onnx_walk_next(&wb)) {
		double r = real ? binary[k].real(onnx_real(a, wa.at), onnx_real(b, wb.at)) : 0;

		if (!real && binary[k].integer == int_div && onnx_int(b, wb.at) == 0)
			return onnx_error(x, n, "it divides by 0");
		onnx_put(c->type, data, i, r, real ? r != 0 : binary[k].integer(onnx_int(a, wa.at), onnx_int(b, wb.at)));
	}
	return c && onnx_result(x, n, 0, c);
}

bool
onnx_fold_where(struct onnx *x, struct onnx_node *n)
{
	const struct onnx_value *v[3];
	struct onnx_walk w[3];
	struct onnx_dims d;
	unsigned char *data;

	for (int k = 0; k < 3; k++)
		if (!(v[k] = onnx_const_in(x, n, k, "operands")))
			return false;
	if (!broadcast(x, n, &d))
		return false;
	for (int k = 0; k < 3; k++)
		w[k] = broadcast_walk(v[k], &d);
	struct onnx_value *c = onnx_new_const(x, n, type_of(v[1]), &d, &data);
	for (int64_t i = 0; c && i < onnx_count(&d); i++) {
		int k = onnx_int(v[0], w[0].at) ? 1 : 2;

		onnx_put(c->type, data, i, onnx_real(v[k], w[k].at), onnx_int(v[k], w[k].at));
		for (int m = 0; m < 3; m++)
			onnx_walk_next(&w[m]);
	}
	return c && onnx_result(x, n, 0, c);
}

bool
onnx_fold_expand(struct onnx *x, struct onnx_node *n)
{
	const struct onnx_value *v = onnx_in(n, 0);
	struct onnx_node both = *n;
	struct onnx_value shape = { .kind = ONNX_CONST };
	struct onnx_dims d;
	unsigned char *data;

	if (!sizes_in(x, n, 1, &shape.dims))
		return false;
	both.in = (struct onnx_value *[]){ onnx_in(n, 0), &shape };
	both.nin = 2;
	if (!broadcast(x, &both, &d))
		return false;
	struct onnx_walk w = broadcast_walk(v, &d);
	struct onnx_value *c = onnx_new_const(x, n, type_of(v), &d, &data);
	for (int64_t i = 0; c && i < onnx_count(&d); i++, onnx_walk_next(&w))
		onnx_put(c->type, data, i, onnx_real(v, w.at), onnx_int(v, w.at));
	return c && onnx_result(x, n, 0, c);
}

/* ---- along dimensions ---- */

/* The mean or the product over dimensions. */
bool
onnx_fold_reduce(struct onnx *x, struct onnx_node *n)
{
	const struct onnx_value *v = onnx_const_in(x, n, 0, "operands");
	bool reduced[DIMS_MAX] = { false }, product = strcmp(n->op->name, "ReduceProd") == 0, keep = onnx_attr_int(n, "keepdims", 1);
	struct onnx_dims kept, over, out = { 0 };
	unsigned char *data;

	if (!v || !onnx_reduce_axes(x, n, &v->dims, reduced))
		return false;
	kept = over = v->dims;
	int all[DIMS_MAX];
	for (int i = 0; i < v->dims.rank; i++) {
		all[i] = i;
		(reduced[i] ? &kept : &over)->dim[i] = 1;
		if (!reduced[i] || keep)
			out.dim[out.rank++] = reduced[i] ? 1 : v->dims.dim[i];
	}
	struct onnx_walk outer = onnx_walk(&v->dims, v->dims.rank, all), inner = outer;
	memcpy(outer.dim, kept.dim, sizeof outer.dim);
	memcpy(inner.dim, over.dim, sizeof inner.dim);
	struct onnx_value *c = onnx_new_const(x, n, type_of(v), &out, &data);
	int64_t each = onnx_count(&over);
	for (int64_t i = 0; c && i < onnx_count(&out); i++, onnx_walk_next(&outer)) {
		double r = product;
		int64_t k = product;

		for (int64_t j = 0; j < each; j++, onnx_walk_next(&inner)) {
			double e = onnx_real(v, outer.at + inner.at);

			r = product ? r * e : r + e;
			k = product ? int_mul(k, onnx_int(v, outer.at + inner.at)) : int_add(k, onnx_int(v, outer.at + inner.at));
		}
		onnx_put(c->type, data, i, product || !each ? r : r / (double)each, product || !each ? k : k / each);
	}
	return c && onnx_result(x, n, 0, c);
}
