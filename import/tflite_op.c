/* What the translations of operators share: their options and operands, nodes and results.
 *
 * A node whose inputs are all constants is computed here and becomes a constant: models reshape, transpose and convert
 * their weights. */
#include <config.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>
#include "import/tflite.h"
#include "ir/eval.h"
#include "weights/element.h"

static const struct option_info {
	int member, slot;
	enum fb_kind kind;
	int def;
} option_info[] = {
#define OPTION(id, member, slot, kind, def) [OPT_##id] = { member, slot, kind, def },
#include "import/tflite_schema.def"
};

/* Operations whose cost is that of their result: those are folded. */
static const bool folds[OP_COUNT] = {
	[OP_ADD] = true, [OP_SUB] = true, [OP_MUL] = true, [OP_CONCAT] = true, [OP_PAD] = true, [OP_RESHAPE] = true,
	[OP_FLATTEN] = true, [OP_TRANSPOSE] = true, [OP_SLICE] = true, [OP_RELU] = true, [OP_RELU6] = true, [OP_CLIP] = true,
	[OP_QUANTIZE] = true, [OP_DEQUANTIZE] = true, [OP_REQUANTIZE] = true,
};

/* ---- messages ---- */

bool
tfl_refuse(struct tfl *t, const struct tfl_op *op, const char *what)
{
	import_unsupported(t->m, op->row->name, op->layer, what);
	return false;
}

bool
tfl_error(struct tfl *t, const struct tfl_op *op, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	import_error(t->m, op->where, "%s", arena_vprintf(t->m->arena, fmt, ap));
	va_end(ap);
	return false;
}

/* ---- options ---- */

int32_t
tfl_option(struct tfl *t, const struct tfl_op *op, enum tfl_option id)
{
	const struct option_info *o = &option_info[id];

	if (op->options_member != o->member)
		return o->def;
	return (int32_t)fb_int(&t->f, &op->options, o->slot, o->kind, o->def);
}

float
tfl_option_float(struct tfl *t, const struct tfl_op *op, enum tfl_option id)
{
	const struct option_info *o = &option_info[id];

	if (op->options_member != o->member)
		return (float)o->def;
	return fb_float(&t->f, &op->options, o->slot, (float)o->def);
}

bool
tfl_option_list(struct tfl *t, const struct tfl_op *op, enum tfl_option id, struct ints *list)
{
	const struct option_info *o = &option_info[id];

	list->n = 0;
	if (op->options_member != o->member)
		return false;
	struct fb_vector v = fb_vector(&t->f, &op->options, o->slot, 4);
	if (v.n > RANK_MAX)
		fb_fault(&t->f, v.at, "a list has more values than a tensor can have dimensions");
	for (size_t i = 0; i < v.n && i < RANK_MAX; i++)
		list->v[list->n++] = (int32_t)fb_int_at(&t->f, &v, FB_I32, i);
	return v.n > 0 && v.n <= RANK_MAX;
}

/* ---- shapes ---- */

bool
tfl_batched(const struct shape *s)
{
	return s->rank >= 2 && s->dim[0] == 1;
}

struct shape
tfl_shape(const struct shape *s)
{
	struct shape r = *s;

	if (!tfl_batched(s))
		return r;
	r.rank--;
	memmove(r.dim, s->dim + 1, (size_t)r.rank * sizeof *r.dim);
	r.dim[r.rank] = 0;
	return r;
}

bool
tfl_make_shape(struct tfl *t, const struct tfl_op *op, const int64_t *dim, int n, struct shape *s)
{
	if (n > RANK_MAX)
		return tfl_error(t, op, "the result would have %d dimensions, more than %d", n, RANK_MAX);
	*s = (struct shape){ .rank = n };
	for (int i = 0; i < n; i++) {
		if (dim[i] < 1 || dim[i] > INT32_MAX)
			return tfl_error(t, op, "dimension %d of the result would be %lld", i, (long long)dim[i]);
		s->dim[i] = (int32_t)dim[i];
	}
	const char *why = shape_check(s);
	return why ? tfl_error(t, op, "the result is not possible: %s", why) : true;
}

int
tfl_axis(struct tfl *t, const struct tfl_op *op, int64_t axis, int rank)
{
	if (axis >= -rank && axis < rank)
		return (int)(axis < 0 ? axis + rank : axis);
	tfl_error(t, op, "axis %lld is outside the %d dimensions", (long long)axis, rank);
	return -1;
}

/* ---- constants ---- */

bool
tfl_is_i8(const struct tfl_value *v)
{
	return v->type == TFL_I8 || v->type == TFL_U8;
}

/* Bytes of uint8 as int8, 128 less. */
static const void *
less_128(struct tfl *t, const struct tfl_value *v)
{
	unsigned char *to = arena_alloc(t->m->arena, v->bytes);

	for (size_t i = 0; i < v->bytes; i++)
		to[i] = v->data[i] ^ 0x80;
	return to;
}

const void *
tfl_elements(struct tfl *t, const struct tfl_op *op, const struct tfl_value *v, enum dtype dtype)
{
	char why[WHY_SIZE];
	const char *type = tfl_type_element(v->type);
	const struct element *e = type ? element_safetensors(type) : NULL;

	if (v->t && v->t->data && v->t->dtype == dtype)
		return v->t->data;
	if (v->data && v->type == TFL_U8 && dtype == DT_I8)
		return less_128(t, v);
	enum dtype has = v->type == TFL_I8 ? DT_I8 : v->type == TFL_I32 ? DT_I32 : v->type == TFL_U8 || !e ? DT_COUNT
		: element_dtype(e, v->data, 0);
	if (!v->data || has != dtype) {
		tfl_error(t, op, "'%s' is %s, which cannot stand here", v->name, tfl_type_name(t, v->type));
		return NULL;
	}
	const void *data = element_data(t->m->arena, e, dtype, &v->shape, v->data, why, sizeof why);
	if (!data)
		tfl_error(t, op, "constant '%s': %s", v->name, why);
	return data;
}

static bool
is_made(const struct tensor *c, enum dtype dtype, const struct shape *shape, const struct quant *quant)
{
	static const struct quant none;

	return c && c->data && c->dtype == dtype && shape_equal(&c->shape, shape) && quant_equal(&c->quant, quant ? quant : &none);
}

struct tensor *
tfl_const(struct tfl *t, const struct tfl_op *op, int k, const char *what, enum dtype dtype, const struct shape *shape,
	const struct quant *quant)
{
	struct tfl_value *v = op->in[k];

	if (is_made(v->t, dtype, shape, quant))
		return v->t;
	if (is_made(v->made, dtype, shape, quant))
		return v->made;
	const void *data = tfl_elements(t, op, v, dtype);
	if (!data)
		return NULL;
	return v->made = import_const(t->m, op->where, arena_printf(t->m->arena, "%s.%s", op->layer, what), dtype, shape, quant, data);
}

/* Input K, a constant of SHAPE in the graph. */
static struct tensor *
operand(struct tfl *t, const struct tfl_op *op, int k, const char *what, const struct shape *shape)
{
	struct tfl_value *v = op->in[k];

	if (!tfl_is_i8(v))
		return tfl_const(t, op, k, what, DT_F32, shape, NULL);
	if (v->quant.count == 1)
		return tfl_const(t, op, k, what, DT_I8, shape, &v->quant);
	tfl_error(t, op, "constant '%s' has %d scales where one is needed", v->name, v->quant.count);
	return NULL;
}

struct tensor *
tfl_input(struct tfl *t, const struct tfl_op *op, int k, const char *what)
{
	struct shape s = tfl_shape(&op->in[k]->shape);

	return op->in[k]->t ? op->in[k]->t : operand(t, op, k, what, &s);
}

struct tensor *
tfl_broadcast(struct tfl *t, const struct tfl_op *op, int k, const char *what)
{
	const struct shape *s = &op->in[k]->shape;
	struct shape r = { 0 };
	int from = 0;

	if (!tfl_is_const(op->in[k]))
		return op->in[k]->t;
	while (from < s->rank - 1 && s->dim[from] == 1)
		from++;
	for (int i = from; i < s->rank; i++)
		r.dim[r.rank++] = s->dim[i];
	if (r.rank == 0)
		r = (struct shape){ .rank = 1, .dim = { 1 } };
	return operand(t, op, k, what, &r);
}

bool
tfl_is_uniform(const struct tensor *c)
{
	size_t bytes = (size_t)dtype_info[c->dtype].bytes;

	return memcmp(c->data, (const char *)c->data + bytes, ((size_t)tensor_count(c) - 1) * bytes) == 0;
}

float
tfl_first(const struct tensor *c)
{
	return c->dtype == DT_F32 ? *(const float *)c->data : c->quant.scale[0] * (float)(*(const int8_t *)c->data - c->quant.zero);
}

/* ---- integers ---- */

const int64_t *
tfl_ints_of(struct tfl *t, const struct tfl_op *op, int k, int64_t *n)
{
	struct tfl_value *v = op->in[k];
	enum fb_kind kind = v->type == TFL_I64 ? FB_I64 : FB_I32;

	*n = shape_count(&v->shape);
	if (v->ints)
		return v->ints;
	if (!v->data || (v->type != TFL_I32 && v->type != TFL_I64)) {
		tfl_refuse(t, op, v->data ? "with a list that is not of integers" : "with sizes or indices that are not constant");
		return NULL;
	}
	int64_t *ints = ARENA_ARRAY(t->m->arena, int64_t, (size_t)*n + 1);
	struct fb_vector elements = { .at = (size_t)(v->data - t->f.data), .n = (size_t)*n };
	for (size_t i = 0; i < elements.n; i++)
		ints[i] = fb_int_at(&t->f, &elements, kind, i);
	return v->ints = ints;
}

bool
tfl_list_of(struct tfl *t, const struct tfl_op *op, int k, struct ints *list)
{
	int64_t n;
	const int64_t *v = tfl_ints_of(t, op, k, &n);

	*list = (struct ints){ 0 };
	if (!v)
		return false;
	if (n > RANK_MAX)
		return tfl_error(t, op, "'%s' has %lld values, more than a tensor can have dimensions", op->in[k]->name, (long long)n);
	for (int64_t i = 0; i < n; i++)
		list->v[list->n++] = (int32_t)(v[i] > INT32_MAX ? INT32_MAX : v[i] < INT32_MIN ? INT32_MIN : v[i]);
	return true;
}

bool
tfl_result_ints(struct tfl *t, const struct tfl_op *op, int k, const int64_t *v, const struct shape *shape)
{
	struct tfl_value *out = op->out[k];

	if (out->type != TFL_I32 && out->type != TFL_I64)
		return tfl_error(t, op, "its result is made of integers but the model says %s", tfl_type_name(t, out->type));
	out->shape = *shape;
	out->known = true;
	out->ints = v;
	return true;
}

/* ---- nodes ---- */

/* The node that computes X, and its inputs, are constants: let X be one. */
static struct tensor *
fold(struct tfl *t, const struct tfl_op *op, struct tensor *x)
{
	struct node *n = x->producer;
	const void *in[INPUTS_MAX], **all = n->nin <= INPUTS_MAX ? in : ARENA_ARRAY(t->m->arena, const void *, (size_t)n->nin);
	size_t bytes = (size_t)tensor_bytes(x);

	if (bytes > t->foldable) {
		tfl_error(t, op, "constants computed from constants would be far larger than the model");
		return NULL;
	}
	t->foldable -= bytes;
	for (int k = 0; k < n->nin; k++)
		all[k] = n->in[k]->data;
	void *out = arena_alloc(t->m->arena, bytes);
	eval_table[n->op](n, all, out);
	graph_remove(t->m->graph, n);
	x->data = out;
	for (int64_t i = 0, count = x->dtype == DT_F32 ? tensor_count(x) : 0; i < count; i++)
		if (!isfinite(((const float *)out)[i])) {
			tfl_error(t, op, "its result, a constant, is not finite");
			return NULL;
		}
	return x;
}

struct tensor *
tfl_node(struct tfl *t, const struct tfl_op *op, enum op code, const char *suffix, struct tensor *const *in, int nin,
	const struct attrs *attrs)
{
	const struct op_info *info = &op_info[code];
	const char *layer = suffix ? arena_printf(t->m->arena, "%s_%s", op->layer, suffix) : op->layer;
	bool stated = tfl_is_i8(op->out[0]) && (info->quant == QUANT_STATED || info->flags & OPF_RESCALE);
	bool constant = true;

	for (int k = 0; k < nin; k++) {
		if (!in[k])
			return NULL;
		constant &= in[k]->data != NULL;
	}
	struct tensor *x = import_node(t->m, op->where, code, layer, in, nin, attrs, stated ? &op->out[0]->quant : NULL);
	if (!x || !constant)
		return x;
	if (folds[code])
		return fold(t, op, x);
	tfl_refuse(t, op, "of constants alone");
	return NULL;
}

struct tensor *
tfl_view(struct tfl *t, const struct tfl_op *op, struct tensor *x, const char *suffix, const struct shape *shape)
{
	struct attrs a;

	while (x && !shape_equal(&x->shape, shape) && x->producer && op_info[x->producer->op].flags & OPF_VIEW)
		x = x->producer->in[0];
	if (!x || shape_equal(&x->shape, shape))
		return x;
	attrs_init(&a);
	a.shape.n = shape->rank;
	memcpy(a.shape.v, shape->dim, (size_t)shape->rank * sizeof *shape->dim);
	return tfl_node(t, op, shape->rank == 1 ? OP_FLATTEN : OP_RESHAPE, suffix, &x, 1, &a);
}

/* Fused activations, as ActivationFunctionType numbers them. */
enum { ACT_NONE, ACT_RELU, ACT_RELU_N1_TO_1, ACT_RELU6, ACT_TANH };

struct tensor *
tfl_activation(struct tfl *t, const struct tfl_op *op, struct tensor *x, enum tfl_option id)
{
	int32_t act = tfl_option(t, op, id);
	struct attrs a;

	if (!x || act == ACT_NONE)
		return x;
	attrs_init(&a);
	if (act == ACT_RELU)
		return tfl_node(t, op, OP_RELU, "relu", &x, 1, &a);
	if (act == ACT_RELU6)
		return tfl_node(t, op, OP_RELU6, "relu6", &x, 1, &a);
	if (act == ACT_TANH && x->dtype == DT_F32)
		return tfl_node(t, op, OP_TANH, "tanh", &x, 1, &a);
	if (act != ACT_RELU_N1_TO_1) {
		tfl_refuse(t, op, arena_printf(t->m->arena, "with the fused activation %d", act));
		return NULL;
	}
	a.lo = -1;
	a.hi = 1;
	return tfl_node(t, op, OP_CLIP, "clip", &x, 1, &a);
}

/* ---- results ---- */

/* Scales that the reference kernels take for the same. */
static bool
same_scale(const struct quant *a, const struct quant *b)
{
	return a->zero == b->zero && fabsf(a->scale[0] - b->scale[0]) <= 1e-6f * fabsf(a->scale[0]);
}

/* Whether the model's SHAPE, where it is stated, is IS. */
static bool
as_stated(const struct shape *shape, const struct shape *is)
{
	if (shape->rank == 0)
		return true;
	bool same = shape->rank == is->rank;
	for (int i = 0; same && i < is->rank; i++)
		same = shape->dim[i] == is->dim[i] || shape->dim[i] < 1;
	return same;
}

bool
tfl_result(struct tfl *t, const struct tfl_op *op, int k, struct tensor *x, const struct shape *shape)
{
	char is[SHAPE_TEXT], says[SHAPE_TEXT];
	struct tfl_value *out = op->out[k];
	struct shape in_graph = tfl_shape(shape);

	x = tfl_view(t, op, x, "reshape", &in_graph);
	if (!x)
		return false;
	if (x->dtype == DT_F32 ? out->type != TFL_F32 : !tfl_is_i8(out))
		return tfl_error(t, op, "its result is %s but the model says %s", dtype_info[x->dtype].name, tfl_type_name(t, out->type));
	if (!t->resized && !as_stated(&out->shape, shape))
		return tfl_error(t, op, "its result is %s but the model says %s", shape_text(shape, is, sizeof is),
			shape_text(&out->shape, says, sizeof says));
	if (x->dtype == DT_I8 && !same_scale(&x->quant, &out->quant))
		return tfl_refuse(t, op, "with another scale of its result than of its input");
	out->shape = *shape;
	out->known = true;
	out->t = x;
	return true;
}

struct tensor *
tfl_image(struct tfl *t, const struct tfl_op *op, int k)
{
	char text[SHAPE_TEXT];
	const struct shape *s = &op->in[k]->shape;

	if (s->rank == 4 && s->dim[0] == 1)
		return tfl_input(t, op, k, "x");
	tfl_error(t, op, s->rank == 4 ? "its input %s is a batch of images; networks compute one at a time"
		: "its input is %s, not an image [1, height, width, channels]", shape_text(s, text, sizeof text));
	return NULL;
}

bool
tfl_result_image(struct tfl *t, const struct tfl_op *op, struct tensor *x)
{
	struct shape s = { .rank = 4, .dim = { 1 } };

	if (!x)
		return false;
	memcpy(s.dim + 1, x->shape.dim, 3 * sizeof *s.dim);
	return tfl_result(t, op, 0, x, &s);
}

bool
tfl_result_like(struct tfl *t, const struct tfl_op *op, struct tensor *x, int k)
{
	return x && tfl_result(t, op, 0, x, &op->in[k]->shape);
}
