/* TensorFlow Lite models: the file's tables, and its operators in turn, each by the translation that tflite_ops.def names. */
#include <config.h>
#include <ctype.h>
#include <string.h>
#include "import/tflite.h"

/* Slots of the schema's tables. */
enum { MODEL_VERSION = 0, MODEL_CODES = 1, MODEL_SUBGRAPHS = 2, MODEL_BUFFERS = 4 };
enum { CODE_BYTE = 0, CODE_CUSTOM = 1, CODE_INT = 3 };
enum { GRAPH_TENSORS = 0, GRAPH_INPUTS = 1, GRAPH_OUTPUTS = 2, GRAPH_OPERATORS = 3 };
enum { OPERATOR_CODE = 0, OPERATOR_INPUTS = 1, OPERATOR_OUTPUTS = 2, OPERATOR_OPTIONS_TYPE = 3, OPERATOR_OPTIONS = 4 };

enum { SCHEMA_VERSION = 3, CODE_OF_CUSTOM = 32 };

/* ---- tables ---- */

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

/* ---- damage ---- */

/* Reports a fault of the file, if there is one. */
static bool
damaged(struct tfl *t)
{
	if (t->f.fault)
		import_error(t->m, NULL, "the file is damaged: %s (byte %zu)", t->f.fault, t->f.fault_at);
	return t->f.fault != NULL;
}

/* ---- operators ---- */

static struct tfl_value **
read_list(struct tfl *t, const struct fb_vector *v)
{
	struct tfl_value **list = ARENA_ARRAY(t->m->arena, struct tfl_value *, v->n);

	for (size_t i = 0; i < v->n; i++)
		list[i] = tfl_value_at(t, v, i);
	return list;
}

/* The operator's row, or one of its own for what the table does not have. */
static const struct tfl_row *
read_row(struct tfl *t, const struct tfl_parts *p, const struct fb_table *table)
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
read_op(struct tfl *t, const struct tfl_parts *p, size_t i)
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
		const char *why = tfl_unusable(t, v);
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

/* Whether all inputs of OP are constants, or what became of constants that could not be translated. */
static bool
of_constants(const struct tfl_op *op)
{
	for (int k = 0; k < op->nin; k++)
		if (op->in[k] && !tfl_is_const(op->in[k]) && !op->in[k]->failed)
			return false;
	return true;
}

/* Stands for the result V of an operator that failed, so that those behind it are looked at, too; a constant has no stand-in. */
static void
stand_in(struct tfl *t, struct tfl_value *v, bool constant)
{
	for (int i = 0; i < v->shape.rank; i++)
		if (v->shape.dim[i] == -1)
			v->shape.dim[i] = 1;
	v->failed = constant || v->data || tfl_unusable(t, v) || shape_check(&v->shape) || v->known;
	if (v->failed)
		return;
	struct shape s = tfl_shape(&v->shape);
	v->t = graph_input(t->m->graph, import_name(t->m, "failed"), v->type == TFL_F32 ? DT_F32 : DT_I8, &s, &v->quant, LOC_NONE);
	v->known = true;
}

/* Whether all operators could be translated. */
static bool
read_operators(struct tfl *t, const struct tfl_parts *p)
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
				stand_in(t, op.out[k], of_constants(&op));
	}
	return good;
}

/* ---- the model ---- */

static bool
read_parts(struct tfl *t, struct tfl_parts *p)
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

/* The names of all operators' results, for what they have in common. */
static void
read_prefix(struct tfl *t, const struct tfl_parts *p)
{
	const char **results = ARENA_ARRAY(t->m->arena, const char *, p->operators.n);
	size_t n = 0;

	for (size_t i = 0; i < p->operators.n && !t->f.fault; i++) {
		struct fb_table op = fb_table_at(&t->f, &p->operators, i);
		struct fb_vector out = fb_vector(&t->f, &op, OPERATOR_OUTPUTS, 4);
		struct tfl_value *v = out.n ? tfl_value_at(t, &out, 0) : NULL;

		if (v)
			results[n++] = v->name;
	}
	tfl_name_prefix(t, results, n);
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
	struct tfl_parts p = { 0 };
	int before = m->diag->errors;

	if (!read_parts(&t, &p)) {
		damaged(&t);
		return false;
	}
	tfl_read_values(&t, &p);
	read_prefix(&t, &p);
	if (damaged(&t))
		return false;
	bool good = tfl_read_inputs(&t, &p) && read_operators(&t, &p);
	if (good && !t.f.fault)
		tfl_read_outputs(&t, &p);
	if (damaged(&t) || import_refuse(m) || !good || m->diag->errors > before)
		return false;
	import_activations(m->graph);
	graph_verify(m->graph, "reading the model");
	return true;
}
