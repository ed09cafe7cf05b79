/* Text -> graph: what is built from small nets, and what a test block or an annotation becomes.  Diagnostics have
 * golden cases. */
#include <config.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sema/sema.h"
#include "asserts.h"

Suite *sema_suite(void);

struct built {
	struct arena arena;
	struct diag diag;
	struct sema_ctx ctx;
	struct graph *graph;
	char *messages;
	size_t size;
	FILE *err;
};

static void
build(struct built *b, const char *text, const struct sema_opts *opts)
{
	memset(b, 0, sizeof *b);
	b->err = open_memstream(&b->messages, &b->size);
	struct intern *names = intern_new(&b->arena);
	diag_init(&b->diag, &b->arena, b->err);
	const struct source *source = diag_add_source(&b->diag, "t.net", text, strlen(text));
	struct parse_ctx parse = { .arena = &b->arena, .names = names, .diag = &b->diag };
	struct ast_file *file = parse_source(&parse, source);
	ck_assert_int_eq(b->diag.errors, 0);
	b->ctx = (struct sema_ctx){ .arena = &b->arena, .names = names, .diag = &b->diag, .opts = opts };
	b->graph = sema_build(&b->ctx, file);
	fflush(b->err);
	if (b->graph)
		graph_verify(b->graph, "build");
}

static void
finish(struct built *b)
{
	sema_close(&b->ctx);
	fclose(b->err);
	free(b->messages);
	arena_free(&b->arena);
}

/* ---- operations, names and scales ---- */

#define IN "input x : f32[4, 4, 2]; "
#define QIN "input q : i8[4, 4, 2] scale 0.5 zero 1; "

/* The operations as "NAME OP(INPUTS)", one a line, without the values of constants. */
static const struct row {
	const char *body, *want;
} rows[] = {
	{ IN "output y = relu(x);", "y relu(x) f32[4, 4, 2]\n" },
	{ IN "output y = x |> relu() |> tanh();", "y.relu relu(x) f32[4, 4, 2]\ny tanh(y.relu) f32[4, 4, 2]\n" },
	{ IN "h = x |> dense(out = 3) |> softmax(); output h;",
	  "h dense(x h.weight h.bias) f32[4, 4, 3]\nh.softmax softmax(h) f32[4, 4, 3]\n" },
	{ IN "h = relu(x); h = relu(h); output y = sub(h, x);",
	  "h relu(x) f32[4, 4, 2]\nh_2 relu(h) f32[4, 4, 2]\ny sub(h_2 x) f32[4, 4, 2]\n" },
	{ IN "output y = sub(relu(x), b = tanh(x));",
	  "y.relu relu(x) f32[4, 4, 2]\ny.tanh tanh(x) f32[4, 4, 2]\ny sub(y.relu y.tanh) f32[4, 4, 2]\n" },
	{ IN "output y = sub(b = x, relu(x));", "y.relu relu(x) f32[4, 4, 2]\ny sub(y.relu x) f32[4, 4, 2]\n" },
	{ IN "output y = sub(2, x);", "y sub(y.a x) f32[4, 4, 2]\n" },
	{ IN "repeat i in 1..2 { x = relu(x) as a; } output x;", "a[1] relu(x) f32[4, 4, 2]\na[2] relu(a[1]) f32[4, 4, 2]\n" },
	{ IN "repeat i in 2..1 { x = relu(x); } output y = tanh(x);", "y tanh(x) f32[4, 4, 2]\n" },
	{ IN "repeat i in -1..0 { x = relu(x) as \"n{i + 1}.z\"; } output x;",
	  "n0.z relu(x) f32[4, 4, 2]\nn1.z relu(n0.z) f32[4, 4, 2]\n" },
	{ IN "output y = two(x, 3);", "two.a mul(x two.a.b) f32[4, 4, 2]\ntwo.b add(two.a x) f32[4, 4, 2]\n" },
	{ IN "a = two(x); b = two(a) as second; output y = relu(two(b, k = 2));",
	  "two.a mul(x two.a.b) f32[4, 4, 2]\ntwo.b add(two.a x) f32[4, 4, 2]\n"
	  "second.a mul(two.b second.a.b) f32[4, 4, 2]\nsecond.b add(second.a two.b) f32[4, 4, 2]\n"
	  "two_2.a mul(second.b two_2.a.b) f32[4, 4, 2]\ntwo_2.b add(two_2.a second.b) f32[4, 4, 2]\n"
	  "y relu(two_2.b) f32[4, 4, 2]\n" },
	{ IN "output same = avgpool(x, kernel = all, pad = same); output valid = maxpool(same, kernel = 1);",
	  "same avgpool(x) f32[1, 1, 2]\nvalid maxpool(same) f32[1, 1, 2]\n" },
	{ IN "output y = conv2d(x, out = 3, kernel = 3x3, stride = 2, pad = same);",
	  "y conv2d(x y.weight y.bias) f32[2, 2, 3]\n" },
	{ IN "output y = tconv2d(x, out = 3, kernel = 3x3, stride = 2, pad = same, bias = none);",
	  "y tconv2d(x y.weight) f32[8, 8, 3]\n" },
	{ IN "output y = tconv2d(x, out = 3, kernel = 1x1, stride = 2, pad = same);",
	  "y tconv2d(x y.weight y.bias) f32[8, 8, 3]\n" },
	{ IN "output y = dwconv2d(x, weight = [[[1, 2, 3, 4]]], bias = none);", "y dwconv2d(x y.weight) f32[4, 4, 4]\n" },
	{ IN "output y = x; output z = x; output w = y;",
	  "y.copy copy(x) f32[4, 4, 2]\nz.copy copy(x) f32[4, 4, 2]\nw.copy copy(x) f32[4, 4, 2]\n" },
	{ QIN "output y = conv2d(q, out = 1, kernel = 1) |> relu() : scale 0.25 zero -128;",
	  "y conv2d(q y.weight y.bias) i8[4, 4, 1] scale 0.25 zero -128\n"
	  "y.relu relu(y) i8[4, 4, 1] scale 0.25 zero -128\n" },
	{ QIN "output y = relu6(add(q, q)) : scale 0.25;",
	  "y.add add(q q) i8[4, 4, 2] scale 0.25 zero 0\ny relu6(y.add) i8[4, 4, 2] scale 0.25 zero 0\n" },
	{ QIN "output y = relu(q) : scale 0.25 zero 2;", "y relu(q) i8[4, 4, 2] scale 0.25 zero 2\n" },
	{ QIN "output y = maxpool(q, kernel = 2) : scale 0.25 zero 2;",
	  "y maxpool(q) i8[2, 2, 2] scale 0.5 zero 1\ny.requantize requantize(y) i8[2, 2, 2] scale 0.25 zero 2\n" },
	{ QIN "r = requantize(q) : scale 0.25; output y = concat(q, r);",
	  "r requantize(q) i8[4, 4, 2] scale 0.25 zero 0\n"
	  "y.requantize requantize(r) i8[4, 4, 2] scale 0.5 zero 1\n"
	  "y concat(q y.requantize) i8[4, 4, 4] scale 0.5 zero 1\n" },
	{ QIN "output y = concat(q, relu(q)) : scale 1 zero 3;",
	  "y.relu relu(q) i8[4, 4, 2] scale 0.5 zero 1\n"
	  "y.requantize requantize(q) i8[4, 4, 2] scale 1 zero 3\n"
	  "y.requantize_2 requantize(y.relu) i8[4, 4, 2] scale 1 zero 3\n"
	  "y concat(y.requantize y.requantize_2) i8[4, 4, 4] scale 1 zero 3\n" },
	{ QIN "output y = dequantize(q) |> quantize() : i8 scale 0.25;",
	  "y.dequantize dequantize(q) f32[4, 4, 2]\ny quantize(y.dequantize) i8[4, 4, 2] scale 0.25 zero 0\n" },
	{ QIN "output y = softmax(q); output z = tanh(q);",
	  "y softmax(q) i8[4, 4, 2] scale 0.00390625 zero -128\nz tanh(q) i8[4, 4, 2] scale 0.0078125 zero 0\n" },
};

static void
print_tensor(FILE *f, const struct tensor *t)
{
	char shape[SHAPE_TEXT], quant[QUANT_TEXT];

	fprintf(f, " %s%s", dtype_info[t->dtype].name, shape_text(&t->shape, shape, sizeof shape));
	if (t->quant.count)
		fprintf(f, " %s", quant_text(&t->quant, quant, sizeof quant));
}

START_TEST(build_row)
{
	const struct row *row = &rows[_i];
	struct sema_opts opts = { .random_weights = true };
	struct built b;
	char text[4096], *got;
	size_t size;
	FILE *f = open_memstream(&got, &size);

	snprintf(text, sizeof text, "block two(x, k = 1) -> b { a = mul(x, k); b = add(a, x); } network n { %s }", row->body);
	build(&b, text, &opts);
	ck_assert_msg(b.graph, "%s: %s", row->body, b.messages);
	for (const struct node *n = b.graph->first; n; n = n->next) {
		fprintf(f, "%s %s(", n->name, op_info[n->op].name);
		for (int k = 0; k < n->nin; k++)
			fprintf(f, "%s%s", k ? " " : "", n->in[k]->name);
		fputc(')', f);
		print_tensor(f, n->out);
		fputc('\n', f);
	}
	fclose(f);
	ck_assert_str_eq(got, row->want);
	free(got);
	finish(&b);
}
END_TEST

/* ---- constants ---- */

/* The value of an expression, as the factor of a mul. */
static const struct { const char *expr; double want; } constants[] = {
	{ "1 + 2 * 3", 7 },          { "(1 + 2) * 3", 9 },         { "7 / 2", 3.5 },         { "8 / 2 - 1", 3 },
	{ "-7 % 4", -3 },            { "7.5 % 2", 1.5 },           { "2K", 2048 },           { "- -3", 3 },
	{ "[1, 2, 3][1 + 1]", 3 },   { "(3x5)[1]", 5 },            { "[[1, 2], [3]][0][1]", 2 },
	{ "min(3, 1, 2)", 1 },       { "max([3, 1, 2.5])", 3 },    { "abs(-2.5)", 2.5 },     { "floor(-2.5)", -3 },
	{ "ceil(2.1)", 3 },          { "round(2.5)", 3 },          { "round(-2.5)", -3 },    { "len([1, 2])", 2 },
	{ "len(3x3x3)", 3 },         { "len(\"abc{12}\")", 5 },    { "dim(x, 0)", 4 },       { "dim(x, -2)", 4 },
	{ "channels(x)", 2 },        { "10 - 2 - 3", 5 },          { "9223372036854775807 - 9223372036854775806", 1 },
};

START_TEST(constant_row)
{
	struct sema_opts opts = { 0 };
	struct built b;
	char text[256];

	snprintf(text, sizeof text, "network n { " IN "const c = %s; output y = mul(x, c); }", constants[_i].expr);
	build(&b, text, &opts);
	ck_assert_msg(b.graph, "%s: %s", constants[_i].expr, b.messages);
	const struct tensor *c = b.graph->last->in[1];
	ck_assert_int_eq(tensor_count(c), 1);
	ck_assert_msg(((const float *)c->data)[0] == (float)constants[_i].want, "%s is %g", constants[_i].expr,
		(double)((const float *)c->data)[0]);
	finish(&b);
}
END_TEST

/* ---- operands, weights ---- */

START_TEST(operand_scale_is_derived)
{
	struct sema_opts opts = { 0 };
	struct built b;

	build(&b, "network n { " QIN "output y = add(q, [0.5, -1.27]) : scale 1; }", &opts);
	ck_assert_msg(b.graph, "%s", b.messages);
	const struct tensor *c = b.graph->last->in[1];
	ck_assert_int_eq(c->dtype, DT_I8);
	ck_assert(fabsf(c->quant.scale[0] - 0.01f) < 1e-8f && c->quant.zero == 0);
	ck_assert_int_eq(((const int8_t *)c->data)[0], 50);
	ck_assert_int_eq(((const int8_t *)c->data)[1], -127);
	finish(&b);
}
END_TEST

START_TEST(random_weights_follow_the_name)
{
	struct sema_opts opts = { .random_weights = true, .seed = 3 };
	struct built a, b;

	build(&a, "network n { " IN "output y = conv2d(x, out = 2, kernel = 1) as c; }", &opts);
	build(&b, "network n { " IN "h = conv2d(x, out = 2, kernel = 3, pad = same); output y = conv2d(h, out = 2, kernel = 1) as c; }",
		&opts);
	ck_assert(a.graph && b.graph);
	ck_assert_mem_eq(a.graph->last->in[1]->data, b.graph->last->in[1]->data, 4 * sizeof(float));
	finish(&a);
	finish(&b);
}
END_TEST

/* ---- tests, annotations, limits ---- */

START_TEST(test_block_is_resolved)
{
	struct sema_opts opts = { .need_tests = true };
	struct built b;

	build(&b, "network n { input x : f32[2, 2]; h = relu(x) as act; output y = mul(h, 2); }"
		"test \"t\" { given x = [[1, 2], [3, -4]]; expect act = [1, 2, 3, 0] within 1 absolute; expect y = 5; }", &opts);
	ck_assert_msg(b.graph, "%s", b.messages);
	const struct test_value *v = b.graph->tests->values;
	ck_assert_str_eq(b.graph->tests->name, "t");
	ck_assert(!v->expect && v->count == 4 && ((const float *)v->data)[3] == -4);
	v = v->next;
	ck_assert(v->expect && v->unit == WITHIN_ABSOLUTE && v->within == 1);
	ck_assert_str_eq(v->target, "act");
	v = v->next;
	ck_assert(v->unit == WITHIN_RELATIVE && v->within == 1e-5 && ((const float *)v->data)[3] == 5 && !v->next);
	finish(&b);
}
END_TEST

START_TEST(annotation_on_the_layer_wins)
{
	struct sema_opts opts = { .random_weights = true };
	struct built b;

	build(&b, "network n { " IN "@split_out(parts = [1, 2]) output y = conv2d(x, out = 3, kernel = 1); }"
		"schedule for \"c.chip\" { \"*\" : @split_out(3) @place(cpu); \"y\" : @place(chip); }", &opts);
	ck_assert_msg(b.graph, "%s", b.messages);
	const struct annot *a = b.graph->last->annots;
	ck_assert(a->kind == ANNOT_SPLIT_OUT && !a->chip && a->parts.n == 2 && a->parts.v[1] == 2);
	a = a->next;
	ck_assert(a->kind == ANNOT_PLACE && !a->next);
	ck_assert_str_eq(a->chip, "c.chip");
	ck_assert_str_eq(a->unit, "chip");
	finish(&b);
}
END_TEST

START_TEST(operations_are_limited)
{
	struct sema_opts opts = { .max_nodes = 10 };
	struct built b;

	build(&b, "network n { " IN "repeat i in 1..100 { x = relu(x); } output x; }", &opts);
	ck_assert_ptr_null(b.graph);
	ck_assert(strstr(b.messages, "the network has more than 10 operations"));
	ck_assert_int_eq(b.diag.errors, 1);
	finish(&b);
}
END_TEST

/* A name of 10,000 turns, a pipe of 10,000 stages: nothing may look at all before it. */
START_TEST(large_nets_build)
{
	enum { STAGES = 10000 };
	struct sema_opts opts = { 0 };
	struct built b;
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	fprintf(f, "network n { " IN "h = x");
	for (int i = 0; i < STAGES; i++)
		fprintf(f, " |> relu()");
	fprintf(f, "; repeat i in 1..%d { h = tanh(h); }", STAGES);
	for (int i = 0; i < STAGES; i++)
		fprintf(f, "h = relu(h);\n");
	fprintf(f, "output h; }");
	fclose(f);
	build(&b, text, &opts);
	ck_assert_msg(b.graph, "%s", b.messages);
	ck_assert_int_eq(b.graph->node_count, 3 * STAGES);
	ck_assert_str_eq(b.graph->last->name, "h_10001");
	finish(&b);
	free(text);
}
END_TEST

Suite *
sema_suite(void)
{
	Suite *s = suite_create("sema");
	TCase *t = tcase_create("sema");

	tcase_add_loop_test(t, build_row, 0, sizeof rows / sizeof *rows);
	tcase_add_loop_test(t, constant_row, 0, sizeof constants / sizeof *constants);
	tcase_add_test(t, operand_scale_is_derived);
	tcase_add_test(t, random_weights_follow_the_name);
	tcase_add_test(t, test_block_is_resolved);
	tcase_add_test(t, annotation_on_the_layer_wins);
	tcase_add_test(t, operations_are_limited);
	tcase_add_test(t, large_nets_build);
	suite_add_tcase(s, t);
	return s;
}
