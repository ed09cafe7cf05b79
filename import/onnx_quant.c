/* Quantised values.  uint8 elements are int8 in the graph, 128 less, and so are their zero points.
 *
 * What DequantizeLinear gives of int8 values stays int8 and is only marked as float ("real"): operators that can work on it so do, and for
 * others it is dequantised.  So layers between DequantizeLinear and QuantizeLinear become int8 layers. */
#include <config.h>
#include <math.h>
#include <string.h>
#include "import/onnx.h"

/* ---- scales ---- */

/* The constants S and Z (absent: 0) as scales of elements of TYPE along AXIS; NULL, or what is wrong with them. */
static const char *
read_scales(struct onnx *x, const struct onnx_value *s, const struct onnx_value *z, enum onnx_type type, int axis, struct onnx_quant *q)
{
	int64_t count = onnx_count(&s->dims), lo = type == ONNX_U8 ? 0 : -128, hi = type == ONNX_U8 ? 255 : 127;
	float *scale = ARENA_ARRAY(x->arena, float, (size_t)count);
	int32_t *zero = ARENA_ARRAY(x->arena, int32_t, (size_t)count);

	if (count < 1 || s->dims.rank > 1)
		return "its scales are no number and no vector";
	if (z->kind != ONNX_ABSENT && onnx_count(&z->dims) != count)
		return "it has not as many zero points as scales";
	for (int64_t i = 0; i < count; i++) {
		int64_t v = z->kind == ONNX_ABSENT ? 0 : onnx_int(z, i);

		scale[i] = (float)onnx_real(s, i);
		if (!(isfinite(scale[i]) && scale[i] > 0))
			return "a scale is not above 0";
		if (type == ONNX_I32 ? v != 0 : v < lo || v > hi)
			return "a zero point is outside of its type";
		zero[i] = (int32_t)v;
	}
	*q = (struct onnx_quant){ .count = count, .scale = scale, .zero = zero, .axis = axis };
	return NULL;
}

/* The scales that are inputs K and K + 1, of elements of TYPE along AXIS. */
static bool
scales_in(struct onnx *x, const struct onnx_node *n, int k, enum onnx_type type, int axis, struct onnx_quant *q)
{
	const struct onnx_value *s = onnx_const_in(x, n, k, "scales"), *z = onnx_in(n, k + 1);

	if (!s || (z->kind != ONNX_ABSENT && !onnx_const_in(x, n, k + 1, "zero points")))
		return false;
	const char *bad = read_scales(x, s, z, type, axis, q);
	return !bad || onnx_error(x, n, "%s", bad);
}

/* Q, of one scale, as the graph has it. */
static struct quant
graph_quant(const struct onnx_quant *q, enum onnx_type type)
{
	return (struct quant){ .count = 1, .scale = q->scale, .zero = q->zero[0] - (type == ONNX_U8 ? 128 : 0) };
}

static struct quant
plain_quant(enum onnx_type type, int32_t zero)
{
	static const float one = 1;

	return (struct quant){ .count = 1, .scale = &one, .zero = zero - (type == ONNX_U8 ? 128 : 0) };
}

bool
onnx_const_quant(struct onnx *x, const struct onnx_value *v, struct quant *q)
{
	(void)x;
	if (!v->quant || v->quant->count != 1 || (v->type != ONNX_I8 && v->type != ONNX_U8))
		return false;
	*q = graph_quant(v->quant, v->type);
	return true;
}

/* ---- looking ahead ---- */

static const struct onnx_value *
named(struct onnx *x, const struct onnx_node *n, size_t k)
{
	static const struct onnx_value none = { .kind = ONNX_ABSENT };
	const struct onnx_value *v = k < n->proto->n_input && *n->proto->input[k] ? onnx_find(x, n->proto->input[k]) : &none;

	return v ? v : &none;
}

/* The one scale that inputs K and K + 1 of N are, for elements of TYPE (UNKNOWN: of the zero point's); false: none that is a constant. */
static bool
scale_ahead(struct onnx *x, const struct onnx_node *n, size_t k, enum onnx_type type, struct quant *out)
{
	const struct onnx_value *s = named(x, n, k), *z = named(x, n, k + 1);
	struct onnx_quant q;

	if (type == ONNX_UNKNOWN)
		type = z->kind == ONNX_CONST ? z->type : ONNX_U8;
	if (s->kind != ONNX_CONST || (type != ONNX_U8 && type != ONNX_I8) || read_scales(x, s, z, type, 0, &q) || q.count != 1)
		return false;
	*out = graph_quant(&q, type);
	return true;
}

bool
onnx_target(struct onnx *x, const struct onnx_node *n, struct quant *q)
{
	for (;;) {
		const struct onnx_readers *r = n->nout ? onnx_readers(x, n->proto->output[0]) : NULL;

		if (!r || r->output || r->nodes.n != 1 || !r->nodes.v[0]->op || strcmp(r->nodes.v[0]->proto->input[0], n->proto->output[0]) != 0)
			return false;
		n = r->nodes.v[0];
		if (strcmp(n->op->name, "QuantizeLinear") == 0)
			return scale_ahead(x, n, 1, ONNX_UNKNOWN, q);
		if (strcmp(n->op->name, "Relu") != 0 && strcmp(n->op->name, "Clip") != 0)
			return false;
	}
}

/* Where operators have the scale of an operand. */
static const struct { const char *op; size_t operand, scale; } scaled[] = {
	{ "DequantizeLinear", 0, 1 }, { "QLinearConv", 0, 1 }, { "QLinearMatMul", 0, 1 }, { "QLinearMatMul", 3, 4 },
};

/* What N says of the scale of the value TEXT of TYPE, which it reads. */
static bool
reader_quant(struct onnx *x, const struct onnx_node *n, const char *text, enum onnx_type type, struct quant *q)
{
	if (n->op && strcmp(n->op->name, "ConvInteger") == 0 && strcmp(n->proto->input[0], text) == 0) {
		const struct onnx_value *z = named(x, n, 2);

		*q = plain_quant(type, z->kind == ONNX_CONST && onnx_count(&z->dims) == 1 ? (int32_t)onnx_int(z, 0) : 0);
		return true;
	}
	for (size_t i = 0; n->op && i < sizeof scaled / sizeof *scaled; i++)
		if (strcmp(n->op->name, scaled[i].op) == 0 && n->proto->n_input > scaled[i].operand
		    && strcmp(n->proto->input[scaled[i].operand], text) == 0 && scale_ahead(x, n, scaled[i].scale, type, q))
			return true;
	return false;
}

struct quant
onnx_input_quant(struct onnx *x, const struct onnx_value *v)
{
	const char *text = v->name;
	struct quant q;

	for (size_t copies = 0; text && copies <= x->graph->n_node; copies++) { /* as many as there can be */
		const struct onnx_readers *r = onnx_readers(x, text);
		const char *copy = NULL;

		for (size_t i = 0; i < r->nodes.n; i++) {
			const struct onnx_node *n = r->nodes.v[i];

			if (reader_quant(x, n, text, v->type, &q))
				return q;
			if (n->op && strcmp(n->op->name, "Identity") == 0 && n->nout)
				copy = n->proto->output[0];
		}
		text = copy;
	}
	return plain_quant(v->type, 0);
}

/* ---- scale and offset in f32 ---- */

/* A number for each of COUNT indices of dimension AXIS, as an operand beside a tensor of ORDER. */
static struct tensor *
channel_operand(struct onnx *x, const struct onnx_node *n, const char *what, const float *v, int64_t count, int axis, int rank,
	const int *order)
{
	int64_t dim[RANK_MAX];
	int at = rank;

	for (int i = 0; count > 1 && i < rank; i++) {
		at = order[i] == axis ? i : at;
		dim[i] = order[i] == axis ? count : 1;
	}
	return onnx_floats(x, n, what, rank - at, dim + at, v);
}

/* T * FACTOR + OFFSET, each for COUNT indices of AXIS; what does nothing is left out. */
static struct tensor *
affine(struct onnx *x, const struct onnx_node *n, struct tensor *t, const int *order, int axis, int64_t count, const float *factor,
	const float *offset)
{
	bool scales = false, moves = false;

	for (int64_t i = 0; i < count; i++) {
		scales |= factor[i] != 1;
		moves |= offset[i] != 0;
	}
	if (t && scales)
		t = onnx_emit(x, n, OP_MUL, "factor", (struct tensor *[]){ t,
			channel_operand(x, n, "factor", factor, count, axis, t->shape.rank, order) }, 2, NULL, NULL);
	if (t && moves)
		t = onnx_emit(x, n, OP_ADD, "offset", (struct tensor *[]){ t,
			channel_operand(x, n, "offset", offset, count, axis, t->shape.rank, order) }, 2, NULL, NULL);
	return t;
}

/* Whether Q's axis is one of V's, with as many indices. */
static bool
check_axis(struct onnx *x, const struct onnx_node *n, const struct onnx_value *v, const struct onnx_quant *q)
{
	if (q->count == 1 || (q->axis < v->dims.rank && v->dims.dim[q->axis] == q->count))
		return true;
	return onnx_error(x, n, "it has %lld scales for another number of channels", (long long)q->count);
}

/* *OUT: the floats that the integers V stand for by the scales Q. */
static bool
dequantised(struct onnx *x, const struct onnx_node *n, struct onnx_value *v, const struct onnx_quant *q, struct onnx_value *out)
{
	struct tensor *t = onnx_tensor(x, n, v);

	if (!t)
		return false;
	if (t->dtype != DT_I8 || v->real)
		return onnx_refuse(x, n, arena_printf(x->arena, "of %s", onnx_type_name(x, (int32_t)v->type)));
	if (!check_axis(x, n, v, q))
		return false;
	struct quant one = graph_quant(q, v->type);
	*out = *v;
	out->type = ONNX_F32;
	out->f32 = NULL;
	out->real = q->count == 1 && quant_equal(&one, &t->quant);
	if (out->real)
		return true;
	float *factor = ARENA_ARRAY(x->arena, float, (size_t)q->count), *offset = ARENA_ARRAY(x->arena, float, (size_t)q->count);
	for (int64_t i = 0; i < q->count; i++) {
		int32_t zero = q->zero[i] - (v->type == ONNX_U8 ? 128 : 0);

		factor[i] = q->scale[i] / t->quant.scale[0];
		offset[i] = q->scale[i] * (float)(t->quant.zero - zero);
	}
	t = onnx_emit1(x, n, OP_DEQUANTIZE, "dequantize", t);
	out->t = affine(x, n, t, v->order, q->axis, q->count, factor, offset);
	return out->t != NULL;
}

/* ---- QuantizeLinear, DequantizeLinear ---- */

static int
scale_axis(const struct onnx_node *n, int rank)
{
	int64_t axis = onnx_attr_int(n, "axis", 1);

	axis += axis < 0 ? rank : 0;
	return axis < 0 || axis >= DIMS_MAX ? DIMS_MAX : (int)axis;
}

bool
onnx_dequantize(struct onnx *x, struct onnx_node *n)
{
	struct onnx_value *v = onnx_in(n, 0), out;
	struct onnx_quant q;

	if (onnx_attr_int(n, "block_size", 0))
		return onnx_refuse(x, n, "in blocks");
	return scales_in(x, n, 1, v->type, scale_axis(n, v->dims.rank), &q) && dequantised(x, n, v, &q, &out) && onnx_result(x, n, 0, &out);
}

/* T, f32 or int8 of another scale, as int8 of the scale Q. */
static struct tensor *
quantised(struct onnx *x, const struct onnx_node *n, struct tensor *t, const struct quant *q)
{
	if (!t || (t->dtype == DT_I8 && quant_equal(&t->quant, q)))
		return t;
	return onnx_emit(x, n, t->dtype == DT_I8 ? OP_REQUANTIZE : OP_QUANTIZE, NULL, &t, 1, NULL, q);
}

/* Of a scale for each channel: x / scale + zero point, then to the nearest integer. */
static struct tensor *
quantised_channels(struct onnx *x, const struct onnx_node *n, struct onnx_value *v, enum onnx_type type, const struct onnx_quant *q)
{
	float *factor = ARENA_ARRAY(x->arena, float, (size_t)q->count), *offset = ARENA_ARRAY(x->arena, float, (size_t)q->count);
	struct quant plain = plain_quant(type, 0);

	for (int64_t i = 0; i < q->count; i++) {
		factor[i] = 1 / q->scale[i];
		offset[i] = (float)q->zero[i];
	}
	return quantised(x, n, affine(x, n, onnx_tensor_f32(x, n, v), v->order, q->axis, q->count, factor, offset), &plain);
}

/* The type that N quantises to, of which zero points are its input K. */
static enum onnx_type
quantised_type(const struct onnx_node *n, int k)
{
	return onnx_has(n, k) ? onnx_in(n, k)->type : ONNX_U8;
}

bool
onnx_quantize(struct onnx *x, struct onnx_node *n)
{
	struct onnx_value *v = onnx_in(n, 0);
	enum onnx_type type = quantised_type(n, 2);
	struct onnx_quant q;

	if (onnx_attr_int(n, "block_size", 0))
		return onnx_refuse(x, n, "in blocks");
	if (type != ONNX_U8 && type != ONNX_I8)
		return onnx_refuse(x, n, arena_printf(x->arena, "to %s", onnx_type_name(x, (int32_t)type)));
	struct tensor *t = onnx_tensor(x, n, v);
	if (!t || !scales_in(x, n, 1, type, scale_axis(n, v->dims.rank), &q) || !check_axis(x, n, v, &q))
		return false;
	if (t->dtype == DT_I8 && !v->real)
		return onnx_refuse(x, n, arena_printf(x->arena, "of %s", onnx_type_name(x, (int32_t)v->type)));
	struct quant one = graph_quant(&q, type);
	struct onnx_value out = *v;
	out.type = type;
	out.real = out.integers = false;
	out.f32 = NULL;
	out.t = q.count == 1 ? quantised(x, n, t, &one) : quantised_channels(x, n, v, type, &q);
	return out.t && onnx_result(x, n, 0, &out);
}

bool
onnx_fold_dequantize(struct onnx *x, struct onnx_node *n)
{
	struct onnx_value out = *onnx_in(n, 0);
	struct onnx_quant *q = ARENA_NEW(x->arena, struct onnx_quant);

	if (onnx_attr_int(n, "block_size", 0))
		return onnx_refuse(x, n, "in blocks");
	if (out.quant || onnx_is_float(out.type))
		return onnx_refuse(x, n, "of floats");
	if (!scales_in(x, n, 1, out.type, scale_axis(n, out.dims.rank), q) || !check_axis(x, n, &out, q))
		return false;
	out.quant = q;
	return onnx_result(x, n, 0, &out);
}

bool
onnx_fold_quantize(struct onnx *x, struct onnx_node *n)
{
	const struct onnx_value *v = onnx_in(n, 0);
	enum onnx_type type = quantised_type(n, 2);
	struct onnx_quant q;
	unsigned char *data;

	if (type != ONNX_U8 && type != ONNX_I8)
		return onnx_refuse(x, n, arena_printf(x->arena, "to %s", onnx_type_name(x, (int32_t)type)));
	if (!scales_in(x, n, 1, type, scale_axis(n, v->dims.rank), &q))
		return false;
	if (q.count != 1)
		return onnx_refuse(x, n, "of constants by channels");
	struct onnx_value *out = onnx_new_const(x, n, type, &v->dims, &data);
	for (int64_t i = 0; out && i < onnx_count(&v->dims); i++) {
		float r = rintf((float)onnx_real(v, i) / q.scale[0]) + (float)q.zero[0];

		onnx_put(type, data, i, 0, onnx_to_int((double)r));
	}
	return onnx_result(x, n, 0, out);
}

/* ---- layers of integers ---- */

/* Input K of N with the scales Q as a constant of floats. */
static const struct onnx_value *
scaled_const(struct onnx *x, const struct onnx_node *n, int k, const char *what, const struct onnx_quant *q)
{
	const struct onnx_value *v = onnx_const_in(x, n, k, what);
	struct onnx_value *out = ARENA_NEW(x->arena, struct onnx_value);
	struct onnx_quant *copy = ARENA_NEW(x->arena, struct onnx_quant);

	if (!v)
		return NULL;
	*out = *v;
	*copy = *q;
	out->quant = copy;
	if (v->quant || onnx_is_float(v->type)) {
		onnx_error(x, n, "its %s are no integers", what);
		return NULL;
	}
	return check_axis(x, n, out, q) ? out : NULL;
}

/* The bias of a QLinearConv, i32 in units of the scale of the input, XQ, and of the weights, WQ. */
static bool
integer_bias(struct onnx *x, const struct onnx_node *n, const struct onnx_quant *xq, const struct onnx_quant *wq, const struct onnx_value **bias)
{
	struct onnx_quant q = { .count = wq->count };
	float *scale = ARENA_ARRAY(x->arena, float, (size_t)wq->count);

	*bias = NULL;
	if (!onnx_has(n, 8))
		return true;
	for (int64_t i = 0; i < wq->count; i++)
		scale[i] = xq->scale[0] * wq->scale[i];
	q.scale = scale;
	q.zero = ARENA_ARRAY(x->arena, int32_t, (size_t)wq->count);
	*bias = scaled_const(x, n, 8, "biases", &q);
	return *bias != NULL;
}

/* Result 0 of N, OUT in the scale Q of elements of TYPE. */
static bool
integer_result(struct onnx *x, struct onnx_node *n, struct onnx_value *out, enum onnx_type type, const struct quant *q)
{
	out->t = quantised(x, n, out->t, q);
	out->type = type;
	out->real = false;
	return out->t && onnx_result(x, n, 0, out);
}

/* Input K, a tensor, by the scale that inputs K + 1 and K + 2 are. */
static bool
scaled_tensor(struct onnx *x, struct onnx_node *n, int k, struct onnx_quant *q, struct onnx_value *out)
{
	struct onnx_value *v = onnx_in(n, k);

	if (!scales_in(x, n, k + 1, v->type, 0, q))
		return false;
	return q->count == 1 ? dequantised(x, n, v, q, out) : onnx_refuse(x, n, "with several scales of its input");
}

bool
onnx_qlinear_conv(struct onnx *x, struct onnx_node *n)
{
	struct onnx_quant xq, wq, yq;
	struct onnx_value in, out;
	struct onnx_layer l = { .in = &in, .beta = 1, .has_target = true };
	enum onnx_type type = quantised_type(n, 7);

	if (!scaled_tensor(x, n, 0, &xq, &in) || !scales_in(x, n, 4, onnx_in(n, 3)->type, 0, &wq) || !scales_in(x, n, 6, type, 0, &yq)
	    || !(l.weight = scaled_const(x, n, 3, "weights", &wq)) || !integer_bias(x, n, &xq, &wq, &l.bias))
		return false;
	l.target = graph_quant(&yq, type);
	return onnx_convolution(x, n, &l, &out) && integer_result(x, n, &out, type, &l.target);
}

bool
onnx_qlinear_matmul(struct onnx *x, struct onnx_node *n)
{
	struct onnx_quant aq, bq, yq;
	struct onnx_value in, out;
	struct onnx_layer l = { .in = &in, .beta = 1, .has_target = true };
	enum onnx_type type = quantised_type(n, 7);

	if (!scaled_tensor(x, n, 0, &aq, &in) || !scales_in(x, n, 4, onnx_in(n, 3)->type, onnx_in(n, 3)->dims.rank - 1, &bq)
	    || !scales_in(x, n, 6, type, 0, &yq) || !(l.weight = scaled_const(x, n, 3, "weights", &bq)))
		return false;
	l.target = graph_quant(&yq, type);
	return onnx_matrices(x, n, &l, &out) && integer_result(x, n, &out, type, &l.target);
}

/* The scales 1 and the zero points that are input K of N, along AXIS. */
static bool
unit_scales(struct onnx *x, const struct onnx_node *n, int k, int axis, struct onnx_quant *q)
{
	const struct onnx_value *z = onnx_in(n, k);
	int64_t count = z->kind == ONNX_ABSENT ? 1 : onnx_count(&z->dims);

	if (z->kind != ONNX_ABSENT && !(z = onnx_const_in(x, n, k, "zero points")))
		return false;
	if (count < 1)
		return onnx_error(x, n, "it has no zero points");
	float *scale = ARENA_ARRAY(x->arena, float, (size_t)count);
	int32_t *zero = ARENA_ARRAY(x->arena, int32_t, (size_t)count);
	for (int64_t i = 0; i < count; i++) {
		int64_t v = z->kind == ONNX_ABSENT ? 0 : onnx_int(z, i);

		if (v < -128 || v > 255)
			return onnx_error(x, n, "a zero point is outside of its type");
		scale[i] = 1;
		zero[i] = (int32_t)v;
	}
	*q = (struct onnx_quant){ .count = count, .scale = scale, .zero = zero, .axis = axis };
	return true;
}

/* In f32, whose sums of integers are exact as far as they have 24 bits. */
bool
onnx_conv_integer(struct onnx *x, struct onnx_node *n)
{
	struct onnx_quant xq, wq;
	struct onnx_value in, out;
	struct onnx_layer l = { .in = &in, .beta = 1 };

	if (!unit_scales(x, n, 2, 0, &xq) || !unit_scales(x, n, 3, 0, &wq))
		return false;
	if (xq.count != 1)
		return onnx_refuse(x, n, "with several zero points of its input");
	if (!dequantised(x, n, onnx_in(n, 0), &xq, &in) || !(l.weight = scaled_const(x, n, 1, "weights", &wq)) || !onnx_convolution(x, n, &l, &out))
		return false;
	out.type = ONNX_I32;
	out.integers = true;
	return onnx_result(x, n, 0, &out);
}
