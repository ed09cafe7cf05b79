/* Reading TensorFlow Lite models: what operators become and compute, names, and files that are none. */
#include <config.h>
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "import/import.h"
#include "ir/eval.h"
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

Suite *
tflite_suite(void)
{
	Suite *s = suite_create("tflite");
	TCase *tc = tcase_create("all");

	suite_add_tcase(s, tc);
	tcase_add_loop_test(tc, operators, 0, ROWS(rows));
	tcase_add_loop_test(tc, refused, 0, ROWS(errors));
	tcase_add_loop_test(tc, names, 0, ROWS(name_rows));
	return s;
}
