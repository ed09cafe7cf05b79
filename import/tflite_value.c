/* The tensors of a TensorFlow Lite model: constants, inputs and outputs of the network. */
#include <config.h>
#include <math.h>
#include <string.h>
#include "import/tflite.h"

/* Slots of the schema's tables. */
enum { TENSOR_SHAPE = 0, TENSOR_TYPE = 1, TENSOR_BUFFER = 2, TENSOR_NAME = 3, TENSOR_QUANT = 4, TENSOR_VARIABLE = 5, TENSOR_SPARSITY = 6,
	TENSOR_SIGNATURE = 7 };
enum { QUANT_SCALE = 2, QUANT_ZERO = 3, QUANT_DETAILS_TYPE = 4, QUANT_DIMENSION = 6 };
enum { BUFFER_DATA = 0, BUFFER_OFFSET = 1, BUFFER_SIZE = 2 };

/* ---- types ---- */

static const struct { const char *name, *element; int bytes; } types[] = {
#define TYPE(number, text, element, bytes) [number] = { text, element, bytes },
#include "import/tflite_schema.def"
};

static bool
known_type(int type)
{
	return type >= 0 && type < (int)(sizeof types / sizeof *types) && types[type].name;
}

const char *
tfl_type_name(struct tfl *t, int type)
{
	return known_type(type) ? types[type].name : arena_printf(t->m->arena, "type %d", type);
}

const char *
tfl_type_element(int type)
{
	return known_type(type) ? types[type].element : NULL;
}

/* ---- tensors ---- */

/* V's dimensions: dynamic ones, and what is no dimension, -1. */
static void
read_shape(struct tfl *t, const struct fb_table *table, struct tfl_value *v)
{
	struct fb_vector dims = fb_vector(&t->f, table, TENSOR_SHAPE, 4), signature = fb_vector(&t->f, table, TENSOR_SIGNATURE, 4);

	if (dims.n > RANK_MAX) {
		v->why = arena_printf(t->m->arena, "has %zu dimensions, more than %d", dims.n, RANK_MAX);
		return;
	}
	v->shape.rank = (int)dims.n;
	for (size_t i = 0; i < dims.n; i++) {
		v->shape.dim[i] = (int32_t)fb_int_at(&t->f, &dims, FB_I32, i);
		if (v->shape.dim[i] < -1)
			v->why = arena_printf(t->m->arena, "has the dimension %d", v->shape.dim[i]);
		if (signature.n == dims.n && fb_int_at(&t->f, &signature, FB_I32, i) < 0)
			v->shape.dim[i] = -1;
	}
}

/* The one zero point of V: of several all are to be equal. */
static void
read_zero(struct tfl *t, const struct fb_table *quant, struct tfl_value *v)
{
	struct fb_vector zero = fb_vector(&t->f, quant, QUANT_ZERO, 8);
	int64_t first = zero.n ? fb_int_at(&t->f, &zero, FB_I64, 0) : 0, less = v->type == TFL_U8 ? 128 : 0;

	for (size_t i = 1; i < zero.n; i++)
		if (fb_int_at(&t->f, &zero, FB_I64, i) != first)
			v->why = "has several zero points";
	if (first - less < INT8_MIN || first - less > INT8_MAX)
		v->why = arena_printf(t->m->arena, "has the zero point %lld", (long long)first);
	else
		v->quant.zero = (int32_t)(first - less);
}

/* The scales of V, an integer of 8 bits. */
static void
read_quant(struct tfl *t, const struct fb_table *table, struct tfl_value *v)
{
	struct fb_table quant = fb_child(&t->f, table, TENSOR_QUANT);
	struct fb_vector scales = fb_vector(&t->f, &quant, QUANT_SCALE, 4);

	if (scales.n == 0 || !tfl_is_i8(v))
		return;
	if (fb_int(&t->f, &quant, QUANT_DETAILS_TYPE, FB_U8, 0) != 0)
		v->why = "is quantised in a custom way";
	float *scale = ARENA_ARRAY(t->m->arena, float, scales.n);
	for (size_t i = 0; i < scales.n; i++) {
		scale[i] = fb_float_at(&t->f, &scales, i);
		if (!(isfinite(scale[i]) && scale[i] > 0))
			v->why = arena_printf(t->m->arena, "has the scale %g; scales are above 0", (double)scale[i]);
	}
	int64_t axis = fb_int(&t->f, &quant, QUANT_DIMENSION, FB_I32, 0);
	v->quant = (struct quant){ .count = (int)scales.n, .scale = scale };
	v->quant.axis = axis < 0 || axis > RANK_MAX ? RANK_MAX : (int)axis;
	if (scales.n == 1)
		v->quant.axis = 0;
	read_zero(t, &quant, v);
}

/* The bytes of buffer I; {0} for one without. */
static struct fb_vector
read_buffer(struct tfl *t, const struct tfl_parts *p, int64_t i)
{
	struct fb_vector none = { 0 };

	if (i < 0 || (uint64_t)i >= p->buffers.n) {
		fb_fault(&t->f, p->tensors.at, "a tensor's buffer does not exist");
		return none;
	}
	struct fb_table buffer = fb_table_at(&t->f, &p->buffers, (size_t)i);
	uint64_t offset = (uint64_t)fb_int(&t->f, &buffer, BUFFER_OFFSET, FB_U64, 0);
	uint64_t size = (uint64_t)fb_int(&t->f, &buffer, BUFFER_SIZE, FB_U64, 0);
	if (offset <= 1) /* 1: the converter's mark for one without */
		return fb_vector(&t->f, &buffer, BUFFER_DATA, 1);
	if (offset > t->f.size || size > t->f.size - offset) {
		fb_fault(&t->f, buffer.at, "a buffer reaches past the end");
		return none;
	}
	return (struct fb_vector){ (size_t)offset, (size_t)size };
}

/* V's elements, if it is a constant. */
static void
read_data(struct tfl *t, const struct tfl_parts *p, const struct fb_table *table, struct tfl_value *v)
{
	struct fb_vector data = read_buffer(t, p, fb_int(&t->f, table, TENSOR_BUFFER, FB_U32, 0));
	int64_t bytes = known_type(v->type) ? types[v->type].bytes : 0;

	if (data.n == 0)
		return;
	v->data = t->f.data + data.at;
	v->bytes = data.n;
	v->known = true;
	for (int i = 0; i < v->shape.rank && !v->why; i++)
		if (v->shape.dim[i] < 0 || __builtin_mul_overflow(bytes, (int64_t)v->shape.dim[i], &bytes))
			v->why = "is a constant without a shape";
	if (!v->why && (uint64_t)bytes != data.n)
		v->why = arena_printf(t->m->arena, "has %zu bytes where its shape needs %lld", data.n, (long long)bytes);
}

static void
read_value(struct tfl *t, const struct tfl_parts *p, size_t i)
{
	struct fb_table table = fb_table_at(&t->f, &p->tensors, i);
	struct tfl_value *v = &t->values[i];
	size_t len;
	const char *text = fb_string(&t->f, &table, TENSOR_NAME, &len);

	v->name = tfl_printable(t->m->arena, text, len);
	v->type = (int)fb_int(&t->f, &table, TENSOR_TYPE, FB_I8, 0);
	read_shape(t, &table, v);
	read_quant(t, &table, v);
	read_data(t, p, &table, v);
	if (fb_child(&t->f, &table, TENSOR_SPARSITY).at)
		v->why = "is stored as a sparse tensor";
	if (fb_int(&t->f, &table, TENSOR_VARIABLE, FB_U8, 0))
		v->why = "keeps its value from one run to the next";
}

void
tfl_read_values(struct tfl *t, const struct tfl_parts *p)
{
	t->count = p->tensors.n;
	t->values = ARENA_ARRAY(t->m->arena, struct tfl_value, t->count);
	for (size_t i = 0; i < t->count && !t->f.fault; i++)
		read_value(t, p, i);
}

const char *
tfl_unusable(struct tfl *t, const struct tfl_value *v)
{
	if (v->why)
		return v->why;
	if (v->type == TFL_F32)
		return NULL;
	if (!tfl_is_i8(v))
		return arena_printf(t->m->arena, "is %s; values are float32 or int8", tfl_type_name(t, v->type));
	return v->quant.count == 1 ? NULL : arena_printf(t->m->arena, "is %s with %d scales where one is needed", tfl_type_name(t, v->type),
		v->quant.count);
}

/* ---- inputs, outputs ---- */

struct tfl_value *
tfl_value_at(struct tfl *t, const struct fb_vector *v, size_t i)
{
	int64_t index = fb_int_at(&t->f, v, FB_I32, i);

	if (index >= 0 && (uint64_t)index < t->count)
		return &t->values[index];
	if (index != -1)
		fb_fault(&t->f, v->at + 4 * i, "a tensor does not exist");
	return NULL;
}

static void
push_io(struct tfl *t, const struct tfl_value *v, bool input)
{
	struct import *m = t->m;
	struct import_io io = { .name = intern(m->names, v->name), .shape = v->shape, .unsigned8 = v->type == TFL_U8 };

	for (int i = 0; i < RANK_MAX; i++)
		io.order[i] = i + tfl_batched(&v->shape);
	if (input)
		ARRAY_PUSH(m->arena, m->inputs, io);
	else
		ARRAY_PUSH(m->arena, m->outputs, io);
}

/* The dimensions that --shape gives to the input V, which is called LAYER in the graph. */
static bool
resize_input(struct tfl *t, struct tfl_value *v, const char *layer)
{
	const struct import_opts *o = t->m->opts;

	for (size_t i = 0; o && i < o->dims.n; i++) {
		const struct import_dim *d = &o->dims.v[i];

		if ((strlen(v->name) != d->name_len || memcmp(v->name, d->name, d->name_len) != 0)
		    && (strlen(layer) != d->name_len || memcmp(layer, d->name, d->name_len) != 0))
			continue;
		if (d->shape.rank != v->shape.rank) {
			import_error(t->m, NULL, "--shape gives input '%s' %d dimensions, but it has %d", v->name, d->shape.rank, v->shape.rank);
			return false;
		}
		v->shape = d->shape;
		t->resized = true;
	}
	return true;
}

/* The unknown dimensions of the input V: a batch is 1. */
static bool
complete_input(struct tfl *t, struct tfl_value *v)
{
	for (int i = 0; i < v->shape.rank; i++) {
		if (i == 0 && v->shape.rank > 1 && v->shape.dim[i] == -1)
			v->shape.dim[i] = 1;
		if (v->shape.dim[i] >= 1)
			continue;
		import_error(t->m, NULL, "dimension %d of input '%s' is %s; --shape %s=... gives its dimensions", i, v->name,
			v->shape.dim[i] == -1 ? "dynamic" : "0", v->name);
		return false;
	}
	const char *why = shape_check(&v->shape);
	if (why)
		import_error(t->m, NULL, "input '%s': %s", v->name, why);
	return !why;
}

static bool
read_input(struct tfl *t, struct tfl_value *v)
{
	struct import *m = t->m;
	const char *text = tfl_io_name(t, v->name), *why = tfl_unusable(t, v);
	name layer = import_name(m, *text ? text : "input");

	if (!why && (v->t || v->data))
		why = v->t ? "is listed twice" : "is a constant";
	if (why)
		import_error(m, NULL, "input '%s' %s", v->name, why);
	if (why || !resize_input(t, v, layer) || !complete_input(t, v)) {
		v->failed = true;
		return false;
	}
	struct shape s = tfl_shape(&v->shape);
	v->t = graph_input(m->graph, layer, v->type == TFL_F32 ? DT_F32 : DT_I8, &s, &v->quant, LOC_NONE);
	v->known = true;
	push_io(t, v, true);
	return true;
}

/* Each --shape names an input. */
static bool
check_shape_options(struct tfl *t)
{
	const struct import_opts *o = t->m->opts;
	bool good = true;

	for (size_t i = 0; o && i < o->dims.n; i++) {
		const struct import_dim *d = &o->dims.v[i];
		const char *text = arena_strndup(t->m->arena, d->name, d->name_len);
		bool found = false;

		for (size_t k = 0; k < t->m->inputs.n && !found; k++)
			found = strcmp(text, t->m->inputs.v[k].name) == 0 || strcmp(text, t->m->graph->inputs.v[k]->name) == 0;
		if (!found)
			import_error(t->m, NULL, "--shape names '%s', which is no input of the model", text);
		good = good && found;
	}
	return good;
}

bool
tfl_read_inputs(struct tfl *t, const struct tfl_parts *p)
{
	bool good = true;

	if (p->inputs.n == 0)
		import_error(t->m, NULL, "the model has no inputs");
	for (size_t i = 0; i < p->inputs.n; i++) {
		struct tfl_value *v = tfl_value_at(t, &p->inputs, i);
		if (!v)
			fb_fault(&t->f, p->inputs.at, "an input is no tensor");
		good = v && read_input(t, v) && good;
	}
	return good && p->inputs.n > 0 && check_shape_options(t);
}

/* What output T is called: as its layer, unless that is an input's or another output's name. */
static name
output_name(struct graph *g, const struct tensor *x)
{
	bool taken = !x->producer;

	for (size_t i = 0; i < g->output_names.n && !taken; i++)
		taken = g->output_names.v[i] == x->name;
	return taken ? graph_unique(g, intern_printf(g->names, "%s_out", x->name)) : x->name;
}

void
tfl_read_outputs(struct tfl *t, const struct tfl_parts *p)
{
	struct import *m = t->m;

	if (p->outputs.n == 0)
		import_error(m, NULL, "the model has no outputs");
	for (size_t i = 0; i < p->outputs.n; i++) {
		struct tfl_value *v = tfl_value_at(t, &p->outputs, i);

		if (!v)
			fb_fault(&t->f, p->outputs.at, "an output is no tensor");
		if (!v || v->failed)
			continue;
		if (!v->t || v->t->data) {
			import_error(m, NULL, "output '%s' is %s", v->name, tfl_is_const(v) ? "a constant" : "computed by no operator");
			continue;
		}
		graph_output(m->graph, output_name(m->graph, v->t), v->t);
		push_io(t, v, false);
	}
}
