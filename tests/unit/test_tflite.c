/* Reading TensorFlow Lite models: what operators become and compute, names, and files that are none. */
#include <config.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "import/import.h"
#include "ir/eval.h"
#include "asserts.h"
#include "tflite_text.h"
#include "unit.h"

Suite *tflite_suite(void);

/* ---- a model read ---- */

struct reading {
	struct arena arena;
	struct diag diag;
	struct import_opts opts;
	struct import m;
	char *messages;
	size_t size;
	FILE *out;
};

static bool
read_bytes(struct reading *r, const unsigned char *data, size_t size)
{
	struct arena *a = &r->arena;

	r->out = open_memstream(&r->messages, &r->size);
	diag_init(&r->diag, a, r->out);
	r->m = (struct import){ .arena = a, .names = intern_new(a), .diag = &r->diag, .path = "m.tflite", .opts = &r->opts };
	r->m.graph = graph_new(a, r->m.names, intern(r->m.names, "m"));
	bool good = tflite_read(&r->m, data, size);
	fflush(r->out);
	ck_assert_msg(good == (r->diag.errors == 0), "result %d with %d errors:\n%s", good, r->diag.errors, r->messages);
	return good;
}

static void
done(struct reading *r)
{
	fclose(r->out);
	free(r->messages);
	arena_free(&r->arena);
}

/* ---- operators ---- */

static const struct { const char *name, *model, *nodes, *in, *out; } rows[] = {
#define ROW(name, model, nodes, in, out) { #name, model, nodes, in, out },
#include "tflite_rows.def"
#undef ROW
};

/* The next value of *S as an element of T. */
static void
take(const char **s, const struct tensor *t, void *data, int64_t i)
{
	char *end;
	double v = strtod(*s, &end);

	ck_assert_msg(end != *s, "too few values");
	*s = end;
	if (t->dtype == DT_F32)
		((float *)data)[i] = (float)v;
	else
		((int8_t *)data)[i] = (int8_t)v;
}

static const void *
take_all(struct arena *a, const char **s, const struct tensor *t)
{
	void *data = arena_alloc(a, (size_t)tensor_bytes(t));

	for (int64_t i = 0; i < tensor_count(t); i++)
		take(s, t, data, i);
	return data;
}

/* "conv2d[1, 1, 2] relu[1, 1, 2]" */
static const char *
nodes_text(struct arena *a, const struct graph *g)
{
	const char *text = "";
	char shape[SHAPE_TEXT];

	for (const struct node *n = g->first; n; n = n->next)
		text = arena_printf(a, "%s%s%s%s", text, *text ? " " : "", op_info[n->op].name, shape_text(&n->out->shape, shape, sizeof shape));
	return text;
}

static void
check_values(const char **want, const struct tensor *t, const void *got)
{
	for (int64_t i = 0; i < tensor_count(t); i++) {
		double expected, is = t->dtype == DT_F32 ? (double)((const float *)got)[i] : ((const int8_t *)got)[i];
		char *end;

		expected = strtod(*want, &end);
		ck_assert_msg(end != *want, "too few values");
		*want = end;
		ck_assert_msg(fabs(is - expected) <= (t->dtype == DT_F32 ? 1e-6 * fabs(expected) : 0), "'%s'[%lld] is %g, not %g", t->name,
			(long long)i, is, expected);
	}
}

START_TEST(operators)
{
	struct reading r = { 0 };
	size_t size;
	unsigned char *data = tflite_text(rows[_i].model, &size);
	const char *in = rows[_i].in, *out = rows[_i].out;
	const void *inputs[8];

	ck_assert_msg(read_bytes(&r, data, size), "%s: %s", rows[_i].name, r.messages);
	const struct graph *g = r.m.graph;
	ck_assert_str_eq(nodes_text(&r.arena, g), rows[_i].nodes);
	for (size_t i = 0; i < g->inputs.n; i++)
		inputs[i] = take_all(&r.arena, &in, g->inputs.v[i]);
	const void **values = eval_graph(&r.arena, g, inputs);
	for (size_t i = 0; i < g->outputs.n; i++)
		check_values(&out, g->outputs.v[i], values[g->outputs.v[i]->id]);
	ck_assert_msg(!in[strspn(in, " ")] && !out[strspn(out, " ")], "%s: too many values", rows[_i].name);
	done(&r);
	free(data);
}
END_TEST

/* ---- messages ---- */

static const struct { const char *model, *text; } errors[] = {
#define ROW(model, text) { model, text },
#include "tflite_errors.def"
#undef ROW
};

START_TEST(refused)
{
	struct reading r = { 0 };
	size_t size;
	unsigned char *data = tflite_text(errors[_i].model, &size);

	ck_assert_msg(!read_bytes(&r, data, size), "no error for\n%s", errors[_i].model);
	ck_assert_msg(strstr(r.messages, errors[_i].text) != NULL, "'%s' is not in\n%s", errors[_i].text, r.messages);
	done(&r);
	free(data);
}
END_TEST

/* ---- names ---- */

/* The results of a chain of RELU, and the layers that they become. */
static const struct { const char *first, *second, *layers; } name_rows[] = {
	{ "model/a/Relu", "model/b/Relu6;model/c/add", "a b" },
	{ "StatefulPartitionedCall/net/block/relu_1/Relu", "StatefulPartitionedCall/net/block/relu_2/Relu", "relu_1 relu_2" },
	{ "net/x/Relu", "StatefulPartitionedCall:0", "x relu" },
	{ "int", "a\tb\x01" "c", "int a_b_c" },
	{ "7seg/Relu", "_/Relu", "n7seg layer" },
	{ "h_int8", "Identity_int8", "h relu" },
	{ "net/r/Relu;net/n/FusedBatchNormV3", "net/n/FusedBatchNormV3;net/first/Relu;net/own/Relu1", "r own" },
};

START_TEST(names)
{
	struct reading r = { 0 };
	size_t size;
	const char *a = name_rows[_i].first, *b = name_rows[_i].second;
	const char *text = arena_printf(&r.arena, "serving_default_in:0 f32 1x2\n%s f32 1x2\n%s f32 1x2\ninputs serving_default_in:0\noutputs %s\n"
		"RELU serving_default_in:0 -> %s\nRELU %s -> %s", a, b, b, a, a, b);
	unsigned char *data = tflite_text(text, &size);
	const char *layers = "";

	ck_assert_msg(read_bytes(&r, data, size), "%s", r.messages);
	ck_assert_str_eq(r.m.graph->inputs.v[0]->name, "in");
	for (const struct node *n = r.m.graph->first; n; n = n->next)
		layers = arena_printf(&r.arena, "%s%s%s", layers, *layers ? " " : "", n->name);
	ck_assert_str_eq(layers, name_rows[_i].layers);
	ck_assert_str_eq(r.m.graph->output_names.v[0], r.m.graph->outputs.v[0]->name);
	done(&r);
	free(data);
}
END_TEST

/* ---- inputs and outputs ---- */

/* --shape and what the file says of the input x -> the graph's input. */
static const struct { const char *x, *name; struct shape given; const char *graph, *error; } shape_rows[] = {
	{ "1x4x6x3 sig -1/-1/-1/3", "x", { 4, { 1, 8, 9, 3 } }, "[8, 9, 3]", NULL },
	{ "4x5", "x", { 2, { 1, 5 } }, "[5]", NULL },
	{ "1x4", "x", { 1, { 5 } }, NULL, "--shape gives input 'x' 1 dimensions, but it has 2" },
	{ "1x4", "z", { 2, { 1, 5 } }, NULL, "--shape names 'z', which is no input of the model" },
	{ "1x4", "x", { 2, { 1, -3 } }, NULL, "dimension 1 of input 'x' is 0; --shape x=... gives its dimensions" },
};

START_TEST(shapes)
{
	struct reading r = { 0 };
	char shape[SHAPE_TEXT];
	struct import_dim dim = { .name = shape_rows[_i].name, .name_len = 1, .shape = shape_rows[_i].given };
	size_t size;
	unsigned char *data = tflite_text(arena_printf(&r.arena, "x f32 %s\ny f32 1x1\ninputs x\noutputs y\nTANH x -> y", shape_rows[_i].x), &size);

	ARRAY_PUSH(&r.arena, r.opts.dims, dim);
	ck_assert_msg(read_bytes(&r, data, size) == !shape_rows[_i].error, "%s", r.messages);
	if (shape_rows[_i].error) {
		ck_assert_msg(strstr(r.messages, shape_rows[_i].error) != NULL, "%s", r.messages);
	} else {
		ck_assert_str_eq(shape_text(&r.m.graph->outputs.v[0]->shape, shape, sizeof shape), shape_rows[_i].graph);
		ck_assert(shape_equal(&r.m.inputs.v[0].shape, &shape_rows[_i].given));
	}
	done(&r);
	free(data);
}
END_TEST

/* How the model's arrays lie in the graph's tensors. */
START_TEST(arrays)
{
	struct reading r = { 0 };
	size_t size;
	unsigned char *data = tflite_text("serving_default_a:0 u8 1x2x3 scale 1 zero 128\nb f32 2x3\ny i8 1x2x3 scale 1 zero 0\nz f32 2x3\n"
		"inputs serving_default_a:0 b\noutputs y z z\nQUANTIZE serving_default_a:0 -> y\nTANH b -> z", &size);

	ck_assert_msg(read_bytes(&r, data, size), "%s", r.messages);
	const struct import *m = &r.m;
	ck_assert_uint_eq(m->inputs.n, 2);
	ck_assert_uint_eq(m->outputs.n, 3);
	ck_assert_str_eq(m->inputs.v[0].name, "serving_default_a:0");
	ck_assert_str_eq(m->graph->inputs.v[0]->name, "a");
	ck_assert(m->inputs.v[0].unsigned8 && !m->inputs.v[1].unsigned8 && !m->outputs.v[0].unsigned8);
	ck_assert(m->inputs.v[0].shape.rank == 3 && m->inputs.v[0].order[0] == 1 && m->inputs.v[0].order[1] == 2);
	ck_assert(m->inputs.v[1].shape.rank == 2 && m->inputs.v[1].order[0] == 0 && m->inputs.v[1].order[1] == 1);
	ck_assert_str_eq(m->graph->output_names.v[0], "a_out");
	ck_assert_str_eq(m->graph->output_names.v[1], "z");
	ck_assert_str_eq(m->graph->output_names.v[2], "z_out");
	done(&r);
	free(data);
}
END_TEST

/* ---- damage ---- */

static const char sound[] = "x f32 1x2\nw f32 2 = 1 2\ny f32 1x2\ninputs x\noutputs y\nADD x w -> y ADD_ACTIVATION=1";

/* BYTES bytes at AT of the sound model become VALUE (8 bytes: the file ends at AT).  Its root is at 24, the root's description at 8; slot
 * S of the root lies at 32 + 8 S, its entry in the description at 12 + 2 S. */
static const struct { size_t at; unsigned value; size_t bytes; const char *text; } damage_rows[] = {
	{ 2, 0, 8, "an offset reaches past the end (byte 0)" },
	{ 0, 0x7fffffff, 4, "an offset leads out of the file (byte 0)" },
	{ 0, 0, 4, "an offset leads out of the file (byte 0)" },
	{ 26, 0, 8, "a table reaches past the end (byte 24)" },
	{ 24, 0x7fffffff, 4, "a table's description lies outside the file (byte 24)" },
	{ 24, 0x80000001, 4, "a table's description lies outside the file (byte 24)" },
	{ 8, 3, 2, "a table's description has an impossible size (byte 8)" },
	{ 8, 0, 2, "a table's description has an impossible size (byte 8)" },
	{ 8, 60000, 2, "a table's description reaches past the end (byte 8)" },
	{ 10, 60000, 2, "a table reaches past the end (byte 24)" },
	{ 10, 2, 2, "a table's description has an impossible size (byte 8)" },
	{ 14, 200, 2, "a field lies outside its table (byte 24)" },
	{ 14, 2, 2, "a field lies outside its table (byte 24)" },
	{ 16, 0, 2, "there is no subgraph (byte 24)" },
	{ 40, 56, 4, "a vector reaches past the end" },
	{ 32, 4, 4, "the model is of version 4 of the format, not 3" },
	{ 14, 0, 2, "an operator's code does not exist" },
	{ 20, 0, 2, "a tensor's buffer does not exist" },
};

START_TEST(damage)
{
	struct reading r = { 0 };
	size_t size, bytes = damage_rows[_i].bytes;
	unsigned char *data = tflite_text(sound, &size);

	if (bytes == 8) {
		unsigned char *cut = exact(data, damage_rows[_i].at);
		free(data);
		data = cut;
		size = damage_rows[_i].at;
	}
	for (size_t k = 0; k < bytes && bytes < 8; k++)
		data[damage_rows[_i].at + k] = (unsigned char)(damage_rows[_i].value >> 8 * k);
	ck_assert(!read_bytes(&r, data, size));
	ck_assert_msg(strstr(r.messages, damage_rows[_i].text) != NULL, "'%s' is not in\n%s", damage_rows[_i].text, r.messages);
	done(&r);
	free(data);
}
END_TEST

static void
read_and_forget(const unsigned char *data, size_t size)
{
	struct reading r = { 0 };

	read_bytes(&r, data, size);
	done(&r);
}

/* Every model of the rows, cut short at some lengths: an error each time but where only padding is missing. */
START_TEST(cut_short)
{
	size_t size;
	unsigned char *data = tflite_text(rows[_i].model, &size);

	ck_assert(tflite_is(data, size) && !tflite_is(data, 7));
	for (size_t n = (size_t)_i % 13; n < size; n += 13) {
		unsigned char *cut = exact(data, n);
		read_and_forget(cut, n);
		free(cut);
	}
	free(data);
}
END_TEST

/* The same with some bytes changed. */
START_TEST(bytes_changed)
{
	size_t size;
	unsigned char *data = tflite_text(rows[_i].model, &size);
	uint32_t state = (uint32_t)_i * 2654435761u + 1;

	for (int turn = 0; turn < 60; turn++) {
		unsigned char *bad = exact(data, size);
		for (int k = 0; k <= turn % 3; k++) {
			state = state * 1664525 + 1013904223;
			bad[(state >> 8) % size] ^= (unsigned char)(1 + state % 255);
		}
		read_and_forget(bad, size);
		free(bad);
	}
	free(data);
}
END_TEST

Suite *
tflite_suite(void)
{
	Suite *s = suite_create("tflite");
	TCase *tc = tcase_create("all");

	suite_add_tcase(s, tc);
	tcase_add_loop_test(tc, operators, 0, ROWS(rows));
	tcase_add_loop_test(tc, refused, 0, ROWS(errors));
	tcase_add_loop_test(tc, names, 0, ROWS(name_rows));
	tcase_add_loop_test(tc, shapes, 0, ROWS(shape_rows));
	tcase_add_test(tc, arrays);
	tcase_add_loop_test(tc, damage, 0, ROWS(damage_rows));
	tcase_add_loop_test(tc, cut_short, 0, ROWS(rows));
	tcase_add_loop_test(tc, bytes_changed, 0, ROWS(rows));
	return s;
}
