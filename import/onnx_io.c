/* Inputs and outputs of a model: their sizes, and how their arrays lie in the graph's tensors. */
#include <config.h>
#include <string.h>
#include "import/onnx.h"

/* ---- what the model says of dimensions ---- */

/* Models may say what dimensions are: then one is an image if its second dimension is channels.  Most say nothing. */
enum denoted { DENOTED_NOT, DENOTED_IMAGE, DENOTED_OTHER };

static enum denoted
denoted(const Onnx__TypeProto *type)
{
	const Onnx__TensorShapeProto *s = type && type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE ? type->tensor_type->shape : NULL;
	enum denoted what = DENOTED_NOT;

	for (size_t i = 0; s && i < s->n_dim; i++)
		if (s->dim[i]->denotation && *s->dim[i]->denotation) {
			if (i == 1 && strcmp(s->dim[i]->denotation, "DATA_CHANNEL") == 0)
				return DENOTED_IMAGE;
			what = DENOTED_OTHER;
		}
	return what;
}

/* ORDER with the channels, dimension 1, last. */
static void
channels_last(int rank, int *order)
{
	int channels = -1;

	for (int i = 0; i < rank; i++) {
		if (order[i] == 1)
			channels = i;
		else if (channels >= 0)
			order[i - 1] = order[i];
	}
	if (channels >= 0)
		order[rank - 1] = 1;
}

/* ---- inputs ---- */

/* Whether what is read as VALUE is an image somewhere, without its dimensions having been reordered before. */
static bool
becomes_image(struct onnx *x, const char *value)
{
	ARRAY(const char *) stack = { 0 };
	struct map *seen = map_new(x->arena);

	ARRAY_PUSH(x->arena, stack, value);
	while (stack.n) {
		const char *text = stack.v[--stack.n];
		const struct onnx_readers *r = onnx_readers(x, text);

		if (map_get(seen, intern(x->m->names, text)))
			continue;
		map_put(seen, intern(x->m->names, text), x);
		for (size_t i = 0; i < r->nodes.n; i++) {
			const struct onnx_node *n = r->nodes.v[i];

			if (n->op && (n->op->flags & IMAGE) && strcmp(n->proto->input[0], text) == 0)
				return true;
			for (size_t k = 0; n->op && (n->op->flags & KEEPS) && k < n->proto->n_output; k++)
				ARRAY_PUSH(x->arena, stack, n->proto->output[k]);
		}
	}
	return false;
}

/* The sizes that --shape gives for WHAT. */
static const struct shape *
given_shape(struct onnx *x, const char *what)
{
	for (size_t i = 0; x->m->opts && i < x->m->opts->dims.n; i++) {
		const struct import_dim *d = &x->m->opts->dims.v[i];

		if (d->name_len == strlen(what) && memcmp(d->name, what, d->name_len) == 0)
			return &d->shape;
	}
	return NULL;
}

/* Whether --shape's NAME is an input of the model or a dimension of one. */
static bool
names_input(const struct onnx *x, const char *text)
{
	for (size_t i = 0; i < x->graph->n_input; i++) {
		const Onnx__ValueInfoProto *in = x->graph->input[i];
		const Onnx__TensorShapeProto *s = in->type && in->type->tensor_type ? in->type->tensor_type->shape : NULL;

		if (in->name && strcmp(in->name, text) == 0)
			return true;
		for (size_t k = 0; s && k < s->n_dim; k++)
			if (s->dim[k]->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM && strcmp(s->dim[k]->dim_param, text) == 0)
				return true;
	}
	return false;
}

/* Each --shape names an input, or a dimension. */
static bool
check_shape_options(struct onnx *x)
{
	const struct import_opts *o = x->m->opts;
	bool good = true;

	for (size_t i = 0; o && i < o->dims.n; i++) {
		const char *text = arena_strndup(x->arena, o->dims.v[i].name, o->dims.v[i].name_len);

		if (names_input(x, text))
			continue;
		import_error(x->m, NULL, "--shape names '%s', which is no input of the model and no dimension of one", text);
		good = false;
	}
	return good;
}

/* Dimension I of the input TEXT, 0 after an error. */
static int64_t
input_dim(struct onnx *x, const char *text, const char *where, int i, const Onnx__TensorShapeProto__Dimension *d)
{
	const struct shape *given = given_shape(x, text), *by_name = NULL;
	int64_t size = 0;

	if (d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE)
		size = d->dim_value;
	else if (d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM)
		by_name = given_shape(x, d->dim_param);
	if (given)
		size = given->dim[i];
	else if (by_name && by_name->rank == 1)
		size = by_name->dim[0];
	else if (size <= 0 && i == 0)
		size = 1;
	if (size >= 1 && size <= INT32_MAX)
		return size;
	if (size)
		import_error(x->m, where, "dimension %d is %lld", i, (long long)size);
	else if (d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM)
		import_error(x->m, where, "dimension %d, '%s', has no fixed size: --shape %s=SIZE", i, d->dim_param, d->dim_param);
	else
		import_error(x->m, where, "dimension %d has no fixed size: --shape %s=AxBxC", i, text);
	return 0;
}

static bool
input_dims(struct onnx *x, const char *text, const char *where, const Onnx__TypeProto__Tensor *type, struct onnx_dims *d)
{
	const struct shape *given = given_shape(x, text);

	if (!type->shape) {
		import_error(x->m, where, "its number of dimensions is not known");
		return false;
	}
	d->rank = (int)type->shape->n_dim;
	if (type->shape->n_dim > RANK_MAX) {
		import_error(x->m, where, "it has %zu dimensions, more than %d", type->shape->n_dim, RANK_MAX);
		return false;
	}
	if (given && given->rank != d->rank) {
		import_error(x->m, where, "it has %d dimensions but --shape gives %d", d->rank, given->rank);
		return false;
	}
	for (int i = 0; i < d->rank; i++)
		if ((d->dim[i] = input_dim(x, text, where, i, type->shape->dim[i])) == 0)
			return false;
	if (onnx_count(d) >= 0)
		return true;
	import_error(x->m, where, "it has more than %d elements", INT32_MAX);
	return false;
}

/* The order of an input's dimensions in the graph: an image's channels come last. */
static int
input_order(struct onnx *x, const struct onnx_value *v, enum denoted what, int *order)
{
	int rank = onnx_plain_order(&v->dims, order);

	if (v->dims.rank >= 3 && (what == DENOTED_IMAGE || (what == DENOTED_NOT && becomes_image(x, v->name))))
		channels_last(rank, order);
	return rank;
}

/* What the graph's tensor is like and how the model's array lies in it. */
static struct import_io
io_of(struct onnx *x, const struct onnx_value *v)
{
	struct import_io io = { .name = intern(x->m->names, v->name), .unsigned8 = v->type == ONNX_U8, .integers = v->integers };

	io.shape.rank = v->dims.rank;
	for (int i = 0; i < v->dims.rank; i++)
		io.shape.dim[i] = (int32_t)v->dims.dim[i];
	for (int i = 0; i < v->t->shape.rank; i++)
		io.order[i] = v->order[i] < 0 ? 0 : v->order[i];
	return io;
}

static bool
read_input(struct onnx *x, const Onnx__ValueInfoProto *p)
{
	struct onnx_value *v = ARENA_NEW(x->arena, struct onnx_value);
	const char *where = arena_printf(x->arena, "input '%s'", p->name ? p->name : "");
	struct shape s = { 0 };
	struct quant quant;

	v->kind = ONNX_TENSOR;
	v->name = p->name ? p->name : "";
	if (onnx_find(x, v->name) && onnx_find(x, v->name)->kind == ONNX_CONST)
		return true; /* an input's default: a constant */
	if (!p->type || p->type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE) {
		import_error(x->m, where, "it is no tensor");
		return false;
	}
	int type = p->type->tensor_type->elem_type;
	if (type != ONNX_U8 && type != ONNX_I8 && !(type > 0 && type < ONNX_TYPE_COUNT && onnx_is_float((enum onnx_type)type))) {
		import_error(x->m, where, "inputs of type %s are not supported", onnx_type_name(x, type));
		return false;
	}
	v->type = (enum onnx_type)type;
	if (!input_dims(x, v->name, where, p->type->tensor_type, &v->dims))
		return false;
	s.rank = input_order(x, v, denoted(p->type), v->order);
	for (int i = 0; i < s.rank; i++)
		s.dim[i] = (int32_t)v->dims.dim[v->order[i]];
	bool integer = !onnx_is_float(v->type);
	if (integer)
		quant = onnx_input_quant(x, v);
	v->t = graph_input(x->m->graph, import_name(x->m, v->name), integer ? DT_I8 : DT_F32, &s, integer ? &quant : NULL, LOC_NONE);
	ARRAY_PUSH(x->arena, x->m->inputs, io_of(x, v));
	return onnx_define(x, v, where);
}

bool
onnx_read_inputs(struct onnx *x)
{
	bool good = check_shape_options(x);

	for (size_t i = 0; i < x->graph->n_input; i++)
		good &= read_input(x, x->graph->input[i]);
	return good;
}

/* ---- outputs ---- */

/* Whether the channels of V, which is of three dimensions or more, come last in its tensor and the others stand as in the model. */
static bool
is_image(const struct onnx_value *v)
{
	int last = -1, n = v->t->shape.rank;

	for (int i = 0; i < n; i++) {
		if (v->order[i] == 1 && i != n - 1)
			return false;
		if (v->order[i] < last && v->order[i] != 1 && v->order[i] >= 0)
			return false;
		last = v->order[i] > last ? v->order[i] : last;
	}
	return v->dims.rank >= 3;
}

/* An image stays or becomes one; the dimensions of anything else are put as the model has them. */
static struct tensor *
output_tensor(struct onnx *x, const char *where, const char *text, enum denoted what, struct onnx_value *v)
{
	struct onnx_node self = { .where = where, .layer = text };
	struct tensor *t = v->real ? onnx_tensor_f32(x, &self, v) : onnx_tensor(x, &self, v);
	int plain[RANK_MAX], rank = onnx_plain_order(&v->dims, plain);

	if (!t || (what == DENOTED_NOT && is_image(v)))
		return t;
	if (what == DENOTED_IMAGE && v->dims.rank >= 3)
		channels_last(rank, plain);
	t = onnx_arrange(x, &self, t, &v->dims, v->order, rank, plain);
	memcpy(v->order, plain, sizeof plain);
	return t;
}

static bool
read_output(struct onnx *x, const Onnx__ValueInfoProto *p)
{
	const char *text = p->name ? p->name : "", *where = arena_printf(x->arena, "output '%s'", text);
	struct onnx_value *v = onnx_find(x, text);

	if (!v || v->kind == ONNX_CONST) {
		import_error(x->m, where, v ? "it does not depend on the inputs: there is nothing to compile" : "it is nowhere defined");
		return false;
	}
	if (v->kind == ONNX_LOST)
		return false;
	struct onnx_value out = *v;
	out.t = output_tensor(x, where, text, denoted(p->type), &out);
	if (!out.t)
		return false;
	graph_output(x->m->graph, import_output_name(x->m, text, out.t), out.t);
	ARRAY_PUSH(x->arena, x->m->outputs, io_of(x, &out));
	return true;
}

bool
onnx_read_outputs(struct onnx *x)
{
	bool good = true;

	for (size_t i = 0; i < x->graph->n_output; i++)
		good &= read_output(x, x->graph->output[i]);
	return good;
}
