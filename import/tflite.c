/* TensorFlow Lite models: the file's tensors, then its operators in turn, each by the translation that tflite_ops.def names. */
#include <config.h>
#include <ctype.h>
#include <math.h>
#include <string.h>
#include "import/tflite.h"

/* Slots of the schema's tables. */
enum { MODEL_VERSION = 0, MODEL_CODES = 1, MODEL_SUBGRAPHS = 2, MODEL_BUFFERS = 4 };
enum { CODE_BYTE = 0, CODE_CUSTOM = 1, CODE_INT = 3 };
enum { GRAPH_TENSORS = 0, GRAPH_INPUTS = 1, GRAPH_OUTPUTS = 2, GRAPH_OPERATORS = 3 };
enum { TENSOR_SHAPE = 0, TENSOR_TYPE = 1, TENSOR_BUFFER = 2, TENSOR_NAME = 3, TENSOR_QUANT = 4, TENSOR_VARIABLE = 5, TENSOR_SPARSITY = 6,
	TENSOR_SIGNATURE = 7 };
enum { QUANT_SCALE = 2, QUANT_ZERO = 3, QUANT_DETAILS_TYPE = 4, QUANT_DIMENSION = 6 };
enum { BUFFER_DATA = 0, BUFFER_OFFSET = 1, BUFFER_SIZE = 2 };
enum { OPERATOR_CODE = 0, OPERATOR_INPUTS = 1, OPERATOR_OUTPUTS = 2, OPERATOR_OPTIONS_TYPE = 3, OPERATOR_OPTIONS = 4 };

enum { SCHEMA_VERSION = 3, CODE_OF_CUSTOM = 32 };

/* The parts of the file. */
struct parts { struct fb_vector codes, buffers, tensors, inputs, outputs, operators; };

/* ---- tables ---- */

static const struct { const char *name, *element; int bytes; } types[] = {
#define TYPE(number, text, element, bytes) [number] = { text, element, bytes },
#include "import/tflite_schema.def"
};

static const struct tfl_row rows[] = {
#define OP(code, name, in, most, outs, u8, hint, translate, becomes, limits) \
	[code] = { #name, in, most, outs, u8, hint, becomes, tfl_##translate, NULL },
#define BOTH(code, name, in, most, outs, u8, hint, translate, fold, becomes, limits) \
	[code] = { #name, in, most, outs, u8, hint, becomes, tfl_##translate, tfl_##fold },
#define FOLD(code, name, in, most, outs, fold, limits) [code] = { #name, in, most, outs, false, "", "a constant", NULL, tfl_##fold },
#define NO(code, name) [code] = { #name, 0, 0, 0, false, "", NULL, NULL, NULL },
#include "import/tflite_ops.def"
};

const struct import_op tflite_supported[] = {
#define OP(code, name, in, most, outs, u8, hint, translate, becomes, limits) { #name, becomes, limits },
#define FOLD(code, name, in, most, outs, fold, limits) { #name, "a constant", limits },
#include "import/tflite_ops.def"
	{ NULL, NULL, NULL }
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

/* ---- damage ---- */

/* Reports a fault of the file, if there is one. */
static bool
damaged(struct tfl *t)
{
	if (t->f.fault)
		import_error(t->m, NULL, "the file is damaged: %s (byte %zu)", t->f.fault, t->f.fault_at);
	return t->f.fault != NULL;
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
read_buffer(struct tfl *t, const struct parts *p, int64_t i)
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
read_data(struct tfl *t, const struct parts *p, const struct fb_table *table, struct tfl_value *v)
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
read_value(struct tfl *t, const struct parts *p, size_t i)
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

/* NULL, or why V cannot be a value of the graph, of which the file or its operator has told the shape. */
static const char *
unusable(struct tfl *t, const struct tfl_value *v)
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

/* Value I of the list V, or NULL for -1, an optional one; what is no tensor is a fault of the file. */
static struct tfl_value *
value_at(struct tfl *t, const struct fb_vector *v, size_t i)
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
	const char *text = tfl_io_name(t, v->name), *why = unusable(t, v);
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

static bool
read_inputs(struct tfl *t, const struct parts *p)
{
	bool good = true;

	if (p->inputs.n == 0)
		import_error(t->m, NULL, "the model has no inputs");
	for (size_t i = 0; i < p->inputs.n; i++) {
		struct tfl_value *v = value_at(t, &p->inputs, i);
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

static void
read_outputs(struct tfl *t, const struct parts *p)
{
	struct import *m = t->m;

	if (p->outputs.n == 0)
		import_error(m, NULL, "the model has no outputs");
	for (size_t i = 0; i < p->outputs.n; i++) {
		struct tfl_value *v = value_at(t, &p->outputs, i);

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

/* ---- operators ---- */

static struct tfl_value **
read_list(struct tfl *t, const struct fb_vector *v)
{
	struct tfl_value **list = ARENA_ARRAY(t->m->arena, struct tfl_value *, v->n);

	for (size_t i = 0; i < v->n; i++)
		list[i] = value_at(t, v, i);
	return list;
}

/* The operator's row, or one of its own for what the table does not have. */
static const struct tfl_row *
read_row(struct tfl *t, const struct parts *p, const struct fb_table *table)
{
	int64_t i = fb_int(&t->f, table, OPERATOR_CODE, FB_U32, 0);
	struct tfl_row *other = ARENA_NEW(t->m->arena, struct tfl_row);
	size_t len;

	*other = (struct tfl_row){ .name = "?", .hint = "" };
	if (i < 0 || (uint64_t)i >= p->codes.n) {
		fb_fault(&t->f, table->at, "an operator's code does not exist");
		return other;
	}
	struct fb_table code = fb_table_at(&t->f, &p->codes, (size_t)i);
	int64_t old = fb_int(&t->f, &code, CODE_BYTE, FB_I8, 0), new = fb_int(&t->f, &code, CODE_INT, FB_I32, 0);
	int64_t number = old > new ? old : new;
	const char *custom = fb_string(&t->f, &code, CODE_CUSTOM, &len);
	if (number == CODE_OF_CUSTOM)
		other->name = arena_printf(t->m->arena, "CUSTOM '%s'", tfl_printable(t->m->arena, custom, len));
	else if (number >= 0 && (uint64_t)number < sizeof rows / sizeof *rows && rows[number].name)
		return &rows[number];
	else
		other->name = arena_printf(t->m->arena, "operator %lld", (long long)number);
	return other;
}

/* What a layer without a name of its own is called: "conv2d" of "conv2d, relu", "svdf". */
static const char *
fallback_name(struct tfl *t, const struct tfl_row *row)
{
	const char *word = row->becomes && strcmp(row->becomes, "a constant") != 0 ? row->becomes : row->name;
	char *s = arena_strndup(t->m->arena, word, strcspn(word, ",; '"));

	for (char *c = s; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return s;
}

static struct tfl_op
read_op(struct tfl *t, const struct parts *p, size_t i)
{
	struct fb_table table = fb_table_at(&t->f, &p->operators, i);
	struct fb_vector in = fb_vector(&t->f, &table, OPERATOR_INPUTS, 4), out = fb_vector(&t->f, &table, OPERATOR_OUTPUTS, 4);
	struct tfl_op op = {
		.row = read_row(t, p, &table),
		.options_member = (int)fb_int(&t->f, &table, OPERATOR_OPTIONS_TYPE, FB_U8, 0),
		.options = fb_child(&t->f, &table, OPERATOR_OPTIONS),
		.nin = (int)in.n, .nout = (int)out.n,
	};

	op.in = read_list(t, &in);
	op.out = read_list(t, &out);
	const char *raw = op.nout && op.out[0] ? op.out[0]->name : "";
	op.layer = import_name(t->m, tfl_layer_name(t, raw, op.row->hint, fallback_name(t, op.row)));
	op.where = arena_printf(t->m->arena, "node '%s' (%s)", op.layer, op.row->name);
	return op;
}

/* Whether OP has as many inputs and outputs as its row says, and none is missing that must be there. */
static bool
check_counts(struct tfl *t, const struct tfl_op *op)
{
	const struct tfl_row *row = op->row;

	if (op->nin < row->min_in || (row->max_in >= 0 && op->nin > row->max_in))
		return tfl_error(t, op, "it has %d inputs", op->nin);
	if (row->outs >= 0 ? op->nout != row->outs : op->nout < 1)
		return tfl_error(t, op, "it has %d outputs", op->nout);
	for (int k = 0; k < op->nin; k++)
		if (!op->in[k] && (k < row->min_in || row->max_in < 0))
			return tfl_error(t, op, "input %d is missing", k);
	for (int k = 0; k < op->nout; k++)
		if (!op->out[k])
			return tfl_error(t, op, "output %d is missing", k);
	return true;
}

/* Whether all inputs are known; *SILENT: one comes from an operator that failed before, of which enough was said. */
static bool
check_inputs(struct tfl *t, const struct tfl_op *op, bool *silent)
{
	for (int k = 0; k < op->nin; k++) {
		const struct tfl_value *v = op->in[k];

		if (!v)
			continue;
		if (v->failed) {
			*silent = true;
			return false;
		}
		if (v->why)
			return tfl_error(t, op, "its input '%s' %s", v->name, v->why);
		if (!v->known)
			return tfl_error(t, op, "its input '%s' is not computed before it", v->name);
	}
	return true;
}

/* Whether the results can be values of the graph. */
static bool
check_outputs(struct tfl *t, const struct tfl_op *op)
{
	for (int k = 0; k < op->nout; k++) {
		const struct tfl_value *v = op->out[k];

		if (v->known)
			return tfl_error(t, op, "its result '%s' is computed twice, a constant or an input", v->name);
		if (v->why)
			return tfl_error(t, op, "its result '%s' %s", v->name, v->why);
	}
	return true;
}

static bool
is_int(const struct tfl_value *v)
{
	return v->type == TFL_I32 || v->type == TFL_I64;
}

/* Whether OP computes integers from integer constants. */
static bool
is_ints(const struct tfl_op *op)
{
	for (int k = 0; k < op->nin; k++)
		if (op->in[k] && !(is_int(op->in[k]) && tfl_is_const(op->in[k])))
			return false;
	return op->row->fold != NULL;
}

/* Whether the types of OP's values are ones that its translation takes. */
static bool
check_types(struct tfl *t, const struct tfl_op *op)
{
	for (int k = -op->nin; k < op->nout; k++) {
		const struct tfl_value *v = k < 0 ? op->in[-k - 1] : op->out[k];

		if (!v || (k < 0 && tfl_is_const(v)) || is_int(v))
			continue;
		if (v->type == TFL_U8 ? !op->row->u8 : v->type != TFL_F32 && v->type != TFL_I8)
			return tfl_refuse(t, op, arena_printf(t->m->arena, "of %s values", tfl_type_name(t, v->type)));
		const char *why = unusable(t, v);
		if (why)
			return tfl_error(t, op, "'%s' %s", v->name, why);
	}
	return true;
}

static bool
translate(struct tfl *t, struct tfl_op *op, bool *silent)
{
	const struct tfl_row *row = op->row;

	if (!row->becomes)
		return tfl_refuse(t, op, "");
	if (!check_counts(t, op) || !check_inputs(t, op, silent) || !check_outputs(t, op))
		return false;
	if (is_ints(op))
		return row->fold(t, op);
	if (!row->translate)
		return tfl_refuse(t, op, "of values that are no constants");
	return check_types(t, op) && row->translate(t, op);
}

/* Stands for the result V of an operator that failed, so that those behind it are looked at, too. */
static void
stand_in(struct tfl *t, struct tfl_value *v)
{
	for (int i = 0; i < v->shape.rank; i++)
		if (v->shape.dim[i] == -1)
			v->shape.dim[i] = 1;
	v->failed = v->data || unusable(t, v) || shape_check(&v->shape) || v->known;
	if (v->failed)
		return;
	struct shape s = tfl_shape(&v->shape);
	v->t = graph_input(t->m->graph, import_name(t->m, "failed"), v->type == TFL_F32 ? DT_F32 : DT_I8, &s, &v->quant, LOC_NONE);
	v->known = true;
}

/* Whether all operators could be translated. */
static bool
read_operators(struct tfl *t, const struct parts *p)
{
	bool good = true;

	for (size_t i = 0; i < p->operators.n && !t->f.fault; i++) {
		struct tfl_op op = read_op(t, p, i);
		bool silent = false;

		if (t->f.fault || translate(t, &op, &silent))
			continue;
		good = false;
		for (int k = 0; k < op.nout; k++)
			if (op.out[k])
				stand_in(t, op.out[k]);
	}
	return good;
}

/* ---- the model ---- */

static bool
read_parts(struct tfl *t, struct parts *p)
{
	struct flatbuffer *f = &t->f;
	struct fb_table model = fb_root(f);
	int64_t version = fb_int(f, &model, MODEL_VERSION, FB_U32, 0);
	struct fb_vector graphs = fb_vector(f, &model, MODEL_SUBGRAPHS, 4);

	p->codes = fb_vector(f, &model, MODEL_CODES, 4);
	p->buffers = fb_vector(f, &model, MODEL_BUFFERS, 4);
	if (graphs.n == 0)
		fb_fault(f, model.at, "there is no subgraph");
	if (f->fault)
		return false;
	struct fb_table graph = fb_table_at(f, &graphs, 0);
	p->tensors = fb_vector(f, &graph, GRAPH_TENSORS, 4);
	p->inputs = fb_vector(f, &graph, GRAPH_INPUTS, 4);
	p->outputs = fb_vector(f, &graph, GRAPH_OUTPUTS, 4);
	p->operators = fb_vector(f, &graph, GRAPH_OPERATORS, 4);
	if (!f->fault && version != SCHEMA_VERSION)
		import_error(t->m, NULL, "the model is of version %lld of the format, not %d", (long long)version, SCHEMA_VERSION);
	return !f->fault && version == SCHEMA_VERSION;
}

static void
read_values(struct tfl *t, const struct parts *p)
{
	t->count = p->tensors.n;
	t->values = ARENA_ARRAY(t->m->arena, struct tfl_value, t->count);
	for (size_t i = 0; i < t->count && !t->f.fault; i++)
		read_value(t, p, i);
}

/* The names of all operators' results, for what they have in common. */
static void
read_prefix(struct tfl *t, const struct parts *p)
{
	const char **results = ARENA_ARRAY(t->m->arena, const char *, p->operators.n);
	size_t n = 0;

	for (size_t i = 0; i < p->operators.n && !t->f.fault; i++) {
		struct fb_table op = fb_table_at(&t->f, &p->operators, i);
		struct fb_vector out = fb_vector(&t->f, &op, OPERATOR_OUTPUTS, 4);
		struct tfl_value *v = out.n ? value_at(t, &out, 0) : NULL;

		if (v)
			results[n++] = v->name;
	}
	tfl_name_prefix(t, results, n);
}

/* Take out nodes that no output needs. */
static void
prune(struct graph *g)
{
	graph_tidy(g);
	for (struct node *n = g->last, *prev; n; n = prev) {
		prev = n->prev;
		if (n->out->uses)
			continue;
		for (int k = 0; k < n->nin; k++)
			n->in[k]->uses--;
		graph_remove(g, n);
	}
	graph_tidy(g);
}

bool
tflite_is(const unsigned char *data, size_t size)
{
	return size >= 8 && memcmp(data + 4, "TFL3", 4) == 0;
}

bool
tflite_read(struct import *m, const unsigned char *data, size_t size)
{
	struct tfl t = { .m = m, .f = { .data = data, .size = size }, .foldable = 2 * size + 65536 };
	struct parts p = { 0 };
	int before = m->diag->errors;

	if (!read_parts(&t, &p)) {
		damaged(&t);
		return false;
	}
	read_values(&t, &p);
	read_prefix(&t, &p);
	if (damaged(&t))
		return false;
	bool good = read_inputs(&t, &p) && read_operators(&t, &p);
	if (good && !t.f.fault)
		read_outputs(&t, &p);
	if (damaged(&t) || import_refuse(m) || !good || m->diag->errors > before)
		return false;
	prune(m->graph);
	graph_verify(m->graph, "reading the model");
	return true;
}
