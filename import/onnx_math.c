/* Arithmetic and activations, element by element. */
#include <config.h>
#include <float.h>
#include <math.h>
#include <string.h>
#include "import/onnx.h"

/* ---- one operand ---- */

/* Whether integers can be computed with as they are: each stands for itself. */
static bool
is_plain_integer(const struct tensor *t, enum onnx_type type)
{
	return t->dtype == DT_I8 && t->quant.scale[0] == 1 && t->quant.zero == (type == ONNX_U8 ? -128 : 0);
}

/* The scale of an int8 result of OP, a function of the int8 tensor X; false: it is to be computed in f32. */
static bool
unary_quant(struct onnx *x, const struct onnx_node *n, enum op op, const struct tensor *t, bool real, struct quant *q)
{
	static const float unit = 1.0f / 256, signed_unit = 1.0f / 128;
	bool target = onnx_target(x, n, q);

	if (!real) {
		*q = t->quant;
		return op == OP_RELU || op == OP_RELU6 || op == OP_CLIP;
	}
	if (op == OP_SIGMOID)
		return target && q->scale[0] == unit && q->zero == -128;
	if (op == OP_TANH)
		return target && q->scale[0] == signed_unit && q->zero == 0;
	if (!target && (op == OP_RELU || op == OP_RELU6 || op == OP_CLIP)) {
		*q = t->quant;
		return true;
	}
	return target;
}

/* OP of T, which is V's tensor or that which V is a reshape of. */
static struct tensor *
unary_tensor(struct onnx *x, const struct onnx_node *n, enum op op, const struct attrs *attr, struct onnx_value *v, struct tensor *t)
{
	struct quant q;

	if (!t || t->dtype == DT_F32)
		return t ? onnx_emit(x, n, op, NULL, &t, 1, attr, NULL) : NULL;
	if (!v->real && !is_plain_integer(t, v->type)) {
		onnx_refuse(x, n, "of quantised values");
		return NULL;
	}
	if (unary_quant(x, n, op, t, v->real, &q))
		return onnx_emit(x, n, op, NULL, &t, 1, attr, op == OP_SIGMOID || op == OP_TANH ? NULL : &q);
	if (!v->real) {
		onnx_refuse(x, n, arena_printf(x->arena, "of %s", onnx_type_name(x, (int32_t)v->type)));
		return NULL;
	}
	t = onnx_emit1(x, n, OP_DEQUANTIZE, "dequantize", t);
	return t ? onnx_emit(x, n, op, NULL, &t, 1, attr, NULL) : NULL;
}

bool
onnx_unary(struct onnx *x, struct onnx_node *n, enum op op, const struct attrs *attr)
{
	struct onnx_value *v = onnx_in(n, 0);

	if (v->kind == ONNX_TENSOR && !v->t) {
		struct onnx_value *flat = ARENA_NEW(x->arena, struct onnx_value), out = *v;

		*flat = *v->flat;
		flat->t = unary_tensor(x, n, op, attr, v, flat->t);
		flat->real = flat->t && flat->t->dtype == DT_I8 && v->real;
		out.flat = flat;
		out.real = flat->real;
		return flat->t && onnx_result(x, n, 0, &out);
	}
	struct tensor *t = onnx_tensor(x, n, v);
	if (t && t->dtype == DT_I8 && v->f32)
		t = v->f32;
	return onnx_result_like(x, n, 0, unary_tensor(x, n, op, attr, v, t), v);
}

bool
onnx_relu(struct onnx *x, struct onnx_node *n)
{
	return onnx_unary(x, n, OP_RELU, NULL);
}

bool
onnx_sigmoid(struct onnx *x, struct onnx_node *n)
{
	return onnx_unary(x, n, OP_SIGMOID, NULL);
}

bool
onnx_tanh(struct onnx *x, struct onnx_node *n)
{
	return onnx_unary(x, n, OP_TANH, NULL);
}

bool
onnx_hard_swish(struct onnx *x, struct onnx_node *n)
{
	return onnx_unary(x, n, OP_HARD_SWISH, NULL);
}

bool
onnx_leaky_relu(struct onnx *x, struct onnx_node *n)
{
	struct attrs a;

	attrs_init(&a);
	a.alpha = onnx_attr_float(n, "alpha", 0.01f);
	return onnx_unary(x, n, OP_LEAKY_RELU, &a);
}

/* A bound of a clip: input K or, in older versions, an attribute. */
static bool
clip_bound(struct onnx *x, const struct onnx_node *n, int k, const char *key, float *bound)
{
	if (!onnx_has(n, k)) {
		*bound = onnx_attr_float(n, key, *bound);
		return true;
	}
	const struct onnx_value *v = onnx_const_in(x, n, k, "bounds");
	if (!v)
		return false;
	if (onnx_count(&v->dims) != 1)
		return onnx_error(x, n, "its bound '%s' has %lld elements", key, (long long)onnx_count(&v->dims));
	*bound = (float)onnx_real(v, 0);
	return true;
}

bool
onnx_clip(struct onnx *x, struct onnx_node *n)
{
	struct attrs a;
	float lo = -FLT_MAX, hi = FLT_MAX;

	if (!clip_bound(x, n, 1, "min", &lo) || !clip_bound(x, n, 2, "max", &hi))
		return false;
	lo = lo < -FLT_MAX ? -FLT_MAX : lo;
	hi = hi > FLT_MAX ? FLT_MAX : hi;
	attrs_init(&a);
	a.lo = lo;
	a.hi = hi;
	if (lo == -FLT_MAX && hi == FLT_MAX)
		return onnx_identity(x, n);
	return onnx_unary(x, n, lo == 0 && hi == FLT_MAX ? OP_RELU : lo == 0 && hi == 6 ? OP_RELU6 : OP_CLIP, &a);
}

/* T with the number V on its other side, the constant WHAT. */
static struct tensor *
with_number(struct onnx *x, const struct onnx_node *n, enum op op, const char *suffix, struct tensor *t, const char *what, float v)
{
	float *number = ARENA_NEW(x->arena, float);

	*number = v;
	struct tensor *c = onnx_floats(x, n, what, 0, NULL, number);
	return onnx_emit(x, n, op, suffix, (struct tensor *[]){ t, c }, 2, NULL, NULL);
}

bool
onnx_neg(struct onnx *x, struct onnx_node *n)
{
	struct onnx_value *v = onnx_in(n, 0);
	struct tensor *t = onnx_tensor_f32(x, n, v);

	return t && onnx_result_like(x, n, 0, with_number(x, n, OP_MUL, NULL, t, "factor", -1), v);
}

/* min(max(alpha * x + beta, 0), 1) */
bool
onnx_hard_sigmoid(struct onnx *x, struct onnx_node *n)
{
	struct onnx_value *v = onnx_in(n, 0);
	struct tensor *t = onnx_tensor_f32(x, n, v);
	struct attrs a;

	attrs_init(&a);
	a.lo = 0;
	a.hi = 1;
	t = t ? with_number(x, n, OP_MUL, "slope", t, "slope", onnx_attr_float(n, "alpha", 0.2f)) : NULL;
	t = t ? with_number(x, n, OP_ADD, "offset", t, "offset", onnx_attr_float(n, "beta", 0.5f)) : NULL;
	return t && onnx_result_like(x, n, 0, onnx_emit(x, n, OP_CLIP, NULL, &t, 1, &a, NULL), v);
}

/* ---- nothing ---- */

bool
onnx_identity(struct onnx *x, struct onnx_node *n)
{
	return onnx_result(x, n, 0, onnx_in(n, 0));
}

bool
onnx_dropout(struct onnx *x, struct onnx_node *n)
{
	const struct onnx_value *ratio = onnx_in(n, 1), *training = onnx_in(n, 2);
	bool none = ratio->kind == ONNX_CONST && onnx_count(&ratio->dims) == 1 && onnx_real(ratio, 0) == 0;
	bool off = training->kind == ONNX_ABSENT
		|| (training->kind == ONNX_CONST && onnx_count(&training->dims) == 1 && !onnx_int(training, 0));

	return none || off ? onnx_identity(x, n) : onnx_refuse(x, n, "in training_mode");
}

/* Between floats, which all are f32 here. */
bool
onnx_cast(struct onnx *x, struct onnx_node *n)
{
	struct onnx_value out = *onnx_in(n, 0);
	int64_t to = onnx_attr_int(n, "to", 0);

	if (to <= 0 || to >= ONNX_TYPE_COUNT || !onnx_is_float((enum onnx_type)to) || !(onnx_is_float(out.type) || out.integers))
		return onnx_refuse(x, n, arena_printf(x->arena, "from %s to %s", onnx_type_name(x, (int32_t)out.type),
			onnx_type_name(x, to > 0 && to < INT32_MAX ? (int32_t)to : 0)));
	out.type = (enum onnx_type)to;
	out.integers = false;
	return onnx_result(x, n, 0, &out);
}

/* ---- two operands ---- */

/* What two operands are brought to: DIMS of the result, and the order of its dimensions in the graph. */
struct common { struct onnx_dims dims; int rank; int order[RANK_MAX]; };

/* V with its dimensions aligned at the last of RANK. */
static void
align(struct onnx_value *v, int rank)
{
	int shift = rank - v->dims.rank;

	for (int i = rank - 1; i >= 0; i--)
		v->dims.dim[i] = i >= shift ? v->dims.dim[i - shift] : 1;
	v->dims.rank = rank;
	for (int i = 0; v->t && i < v->t->shape.rank; i++)
		if (v->order[i] >= 0)
			v->order[i] += shift;
}

/* Before version 7 the second operand could be aligned at an axis: it has dimensions of 1 behind, then. */
static void
align_at_axis(const struct onnx *x, const struct onnx_node *n, const struct onnx_value *a, struct onnx_value *b)
{
	int64_t axis = onnx_attr_int(n, "axis", -1);

	if (x->opset >= 7 || !onnx_attr(n, "axis"))
		return;
	if (axis < 0)
		axis += a->dims.rank;
	while (axis >= 0 && b->dims.rank < a->dims.rank - axis && b->dims.rank < DIMS_MAX)
		b->dims.dim[b->dims.rank++] = 1;
}

/* The order is that of the larger tensor among A and B. */
static bool
find_common(struct onnx *x, const struct onnx_node *n, struct onnx_value *a, struct onnx_value *b, struct common *c)
{
	int rank = a->dims.rank > b->dims.rank ? a->dims.rank : b->dims.rank;
	bool first = b->kind != ONNX_TENSOR || (a->kind == ONNX_TENSOR && onnx_count(&a->dims) >= onnx_count(&b->dims));
	const struct onnx_value *lead = first ? a : b;

	align(a, rank);
	align(b, rank);
	c->dims.rank = rank;
	for (int i = 0; i < rank; i++) {
		int64_t p = a->dims.dim[i], q = b->dims.dim[i];

		if (p != q && p != 1 && q != 1)
			return onnx_error(x, n, "dimensions of %lld and %lld do not broadcast", (long long)p, (long long)q);
		c->dims.dim[i] = p == 1 ? q : p;
	}
	if (onnx_count(&c->dims) < 0)
		return onnx_error(x, n, "its result has more than %d elements", INT32_MAX);
	c->rank = lead->t->shape.rank;
	memcpy(c->order, lead->order, sizeof c->order);
	for (int i = 0; i < rank; i++)
		if (c->dims.dim[i] > 1 && !onnx_order_add(c->order, &c->rank, i))
			return onnx_refuse(x, n, "of so many dimensions");
	return true;
}

/* How many dimensions in front, all 1, an operand V can do without: of the HAVE that it has, or -1 for as many as can be. */
static int
spare(const struct common *c, const struct onnx_value *v, int have)
{
	int ones = 0;

	while (ones < c->rank && (c->order[ones] < 0 || v->dims.dim[c->order[ones]] == 1))
		ones++;
	if (have < 0)
		return ones;
	return have <= c->rank && c->rank - have <= ones ? c->rank - have : 0;
}

/* V as an operand in f32, or with QUANT as i8. */
static struct tensor *
operand(struct onnx *x, const struct onnx_node *n, const struct common *c, struct onnx_value *v, const char *what, const struct quant *quant)
{
	if (v->kind == ONNX_CONST) {
		int skip = spare(c, v, -1);

		return onnx_arrange_const(x, n, v, what, c->rank - skip, c->order + skip, quant);
	}
	struct tensor *t = quant ? v->t : onnx_tensor_f32(x, n, v);
	int skip = t ? spare(c, v, t->shape.rank) : 0;
	return onnx_arrange(x, n, t, &v->dims, v->order, c->rank - skip, c->order + skip);
}

/* The scale of V as an int8 operand; false: it has none. */
static bool
operand_quant(struct onnx *x, const struct onnx_value *v, struct quant *q)
{
	if (v->kind == ONNX_CONST)
		return onnx_const_quant(x, v, q);
	*q = v->t->quant;
	return v->t->dtype == DT_I8 && v->real;
}

/* Whether the operands are integers, and as such plain ones. */
static bool
are_integers(const struct onnx_value *a, const struct onnx_value *b)
{
	return a->kind == ONNX_TENSOR && b->kind == ONNX_TENSOR && !a->real && !b->real
		&& is_plain_integer(a->t, a->type) && is_plain_integer(b->t, b->type);
}

static bool
binary_of(struct onnx *x, struct onnx_node *n, enum op op, struct onnx_value a, struct onnx_value b)
{
	struct common c;
	struct quant qa, qb, out;
	struct tensor *in[2];

	if ((a.kind == ONNX_TENSOR && !onnx_tensor(x, n, &a)) || (b.kind == ONNX_TENSOR && !onnx_tensor(x, n, &b))
	    || !find_common(x, n, &a, &b, &c))
		return false;
	bool i8 = operand_quant(x, &a, &qa) && operand_quant(x, &b, &qb) && onnx_target(x, n, &out);
	if (are_integers(&a, &b)) {
		i8 = true;
		qa = qb = out = a.t->quant;
	}
	in[0] = operand(x, n, &c, &a, "a", i8 ? &qa : NULL);
	in[1] = in[0] ? operand(x, n, &c, &b, "b", i8 ? &qb : NULL) : NULL;
	struct tensor *t = in[1] ? onnx_emit(x, n, op, NULL, in, 2, NULL, i8 ? &out : NULL) : NULL;
	return onnx_result_tensor(x, n, 0, t, a.kind == ONNX_TENSOR ? &a : &b, &c.dims, c.order);
}

static bool
binary(struct onnx *x, struct onnx_node *n, enum op op)
{
	struct onnx_value b = *onnx_in(n, 1);

	align_at_axis(x, n, onnx_in(n, 0), &b);
	return binary_of(x, n, op, *onnx_in(n, 0), b);
}

bool
onnx_sum(struct onnx *x, struct onnx_node *n, const struct onnx_value *a, const struct onnx_value *b)
{
	return binary_of(x, n, OP_ADD, *a, *b);
}

bool
onnx_add(struct onnx *x, struct onnx_node *n)
{
	return binary(x, n, OP_ADD);
}

bool
onnx_sub(struct onnx *x, struct onnx_node *n)
{
	return binary(x, n, OP_SUB);
}

bool
onnx_mul(struct onnx *x, struct onnx_node *n)
{
	return binary(x, n, OP_MUL);
}

/* By a constant: a product with its reciprocal. */
bool
onnx_div(struct onnx *x, struct onnx_node *n)
{
	const struct onnx_value *by = onnx_const_in(x, n, 1, "divisors");
	struct onnx_value b;
	unsigned char *data;

	if (!by)
		return false;
	if (!onnx_is_float(by->type) && !by->quant)
		return onnx_refuse(x, n, arena_printf(x->arena, "of %s", onnx_type_name(x, (int32_t)by->type)));
	struct onnx_value *inverse = onnx_new_const(x, n, ONNX_F32, &by->dims, &data);
	for (int64_t i = 0; inverse && i < onnx_count(&by->dims); i++)
		onnx_put(ONNX_F32, data, i, 1 / onnx_real(by, i), 0);
	if (!inverse)
		return false;
	b = *inverse;
	align_at_axis(x, n, onnx_in(n, 0), &b);
	return binary_of(x, n, OP_MUL, *onnx_in(n, 0), b);
}
