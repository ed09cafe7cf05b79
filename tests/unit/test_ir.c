/* The tables of operations, edits of a graph, its text form and its invariants. */
#include <config.h>

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "ir/graph.h"
#include "support/file.h"
#include "asserts.h"

Suite *ir_suite(void);

static struct arena arena;
static struct intern *names;
static struct graph *g;
static char why[WHY_SIZE];

static void
set_up(void)
{
	names = intern_new(&arena);
	g = graph_new(&arena, names, intern(names, "test"));
}

static void
tear_down(void)
{
	arena_free(&arena);
}

/* ---- tables ---- */

START_TEST(names_look_up_to_themselves)
{
	enum op op;
	enum attr a;
	enum dtype t;
	for (int i = 0; i < OP_COUNT; i++)
		ck_assert(op_lookup(op_info[i].name, &op) && op == (enum op)i);
	for (int i = 0; i < ATTR_COUNT; i++)
		ck_assert(attr_lookup(attr_info[i].name, &a) && a == (enum attr)i);
	for (int i = 0; i < DT_COUNT; i++)
		ck_assert(dtype_lookup(dtype_info[i].name, &t) && t == (enum dtype)i);
	ck_assert(!op_lookup("conv", &op) && !attr_lookup("", &a) && !dtype_lookup("i88", &t));
}
END_TEST

/* Every word of the inputs column is known (op_input_name dies otherwise), and bound ones come last. */
START_TEST(inputs_have_names)
{
	bool bound;
	for (int i = 0; i < OP_COUNT; i++)
		for (int k = 0; k < op_info[i].max_inputs; k++)
			ck_assert_ptr_nonnull(op_input_name((enum op)i, k, &bound));
	ck_assert_str_eq(op_input_name(OP_BATCHNORM, 4, &bound), "running_var");
	ck_assert(bound);
	ck_assert_str_eq(op_input_name(OP_SUB, 1, &bound), "b");
	ck_assert(!bound);
	ck_assert_str_eq(op_input_name(OP_CONCAT, 7, &bound), "x");
}
END_TEST

START_TEST(attributes_have_their_defaults)
{
	struct attrs a;
	attrs_init(&a);
	ck_assert(a.stride[0] == 1 && a.stride[1] == 1 && a.dilation[1] == 1 && a.kernel[0] == 0 && a.pad[3] == 0);
	ck_assert(a.groups == 1 && a.multiplier == 1 && a.axis == -1 && a.out == 0 && a.axes.n == 0);
	ck_assert(a.alpha == 0.01f && a.epsilon == 1e-5f && a.beta == 1 && a.value == 0);
	ck_assert(clamp_is_none(a.act) && !a.keep && a.mode == MODE_NONE);
}
END_TEST

static const struct { float v; const char *text; } float_rows[] = {
	{ 0, "0" }, { -0.0f, "-0" }, { 1, "1" }, { 0.1f, "0.1" }, { 1.0f / 3, "0.33333334" }, { 0.5847029f, "0.5847029" },
	{ 1e-45f, "1e-45" }, { 3.4028235e38f, "3.4028235e+38" }, { 16777216, "16777216" }, { -INFINITY, "-inf" },
	{ 1.0f / 256, "0.00390625" }, { 0.3f - 0.1f, "0.20000002" },
};

START_TEST(floats_are_short_and_exact)
{
	char text[FLOAT_TEXT];
	ck_assert_str_eq(float_text(float_rows[_i].v, text, sizeof text), float_rows[_i].text);
	ck_assert(strtof(text, NULL) == float_rows[_i].v);
}
END_TEST

START_TEST(shapes_that_no_tensor_has)
{
	const struct shape scalar = { 0 }, zero = { 2, { 3, 0 } }, most = { 1, { INT32_MAX } };
	const struct shape large = { 2, { 65536, 32768 } };
	const struct shape huge = { 6, { INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX } };
	char small[8];
	ck_assert_ptr_null(shape_check(&scalar));
	ck_assert_ptr_null(shape_check(&most));
	ck_assert_ptr_nonnull(shape_check(&zero));
	ck_assert_ptr_nonnull(shape_check(&large));
	ck_assert_ptr_nonnull(shape_check(&huge));
	ck_assert(shape_count(&scalar) == 1 && shape_count(&huge) == INT64_MAX);
	ck_assert_str_eq(shape_text(&huge, small, sizeof small), "[214748"); /* cut, not overflowed */
}
END_TEST

/* ---- edits ---- */

static struct tensor *
input(const char *text, int32_t dim)
{
	return graph_input(g, intern(names, text), DT_F32, &(struct shape){ 1, { dim } }, NULL, LOC_NONE);
}

static struct tensor *
constant(const char *text, int32_t dim)
{
	float *v = ARENA_ARRAY(&arena, float, (size_t)dim);
	return graph_const(g, intern(names, text), DT_F32, &(struct shape){ 1, { dim } }, NULL, v, LOC_NONE);
}

static struct node *
add(enum op op, const char *text, struct tensor *a, struct tensor *b)
{
	struct tensor *in[] = { a, b };
	return graph_add(g, op, intern(names, text), in, b ? 2 : 1, NULL, NULL, LOC_NONE, why);
}

static void
check_text(const char *want)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	graph_verify(g, "test");
	graph_print(f, g, NULL);
	fclose(f);
	ck_assert_str_eq(text, want);
	free(text);
}

START_TEST(tidy_orders_and_drops)
{
	struct tensor *unused = constant("unused", 1), *late = constant("late", 2), *c = constant("c", 2);
	struct tensor *x = input("x", 2), *y = input("y", 2);
	struct node *n = add(OP_ADD, "n", x, c);
	graph_output(g, intern(names, "out"), add(OP_MUL, "m", n->out, n->out)->out);
	graph_output(g, intern(names, "fixed"), late);
	graph_tidy(g);
	check_text("graph test\n"
		"input %0 \"x\" : f32[2]\n"
		"input %1 \"y\" : f32[2]\n"
		"const %2 \"c\" : f32[2] = [0, 0]\n"
		"%3 \"n\" = add(%0, %2) : f32[2]\n"
		"%4 \"m\" = mul(%3, %3) : f32[2]\n"
		"const %5 \"late\" : f32[2] = [0, 0]\n"
		"output \"out\" = %4\n"
		"output \"fixed\" = %5\n");
	ck_assert_ptr_null(graph_find(g, unused->name));
	ck_assert_ptr_eq(graph_find(g, late->name), late);
	ck_assert(n->out->uses == 2 && late->uses == 1 && y->uses == 0);
}
END_TEST

START_TEST(replacements_chain)
{
	struct tensor *x = input("x", 2);
	struct node *a = add(OP_RELU, "a", x, NULL), *b = add(OP_RELU, "b", a->out, NULL), *c = add(OP_RELU, "c", b->out, NULL);
	struct node *d = add(OP_RELU6, "d", c->out, NULL);
	graph_output(g, intern(names, "o"), c->out);
	graph_replace(g, c->out, b->out);
	graph_replace(g, b->out, a->out);
	graph_remove(g, b);
	graph_remove(g, c);
	graph_tidy(g);
	ck_assert_ptr_eq(d->in[0], a->out);
	check_text("graph test\ninput %0 \"x\" : f32[2]\n%1 \"a\" = relu(%0) : f32[2]\n%2 \"d\" = relu6(%1) : f32[2]\noutput \"o\" = %1\n");
	ck_assert(a->out->uses == 2 && g->node_count == 2);
}
END_TEST

START_TEST(insert_and_remove_at_both_ends)
{
	struct tensor *x = input("x", 2);
	struct node *b = add(OP_RELU, "b", x, NULL);
	struct node *a = graph_insert(g, b, OP_RELU6, intern(names, "a"), &x, 1, NULL, NULL, LOC_NONE, why);
	b->in[0] = a->out;
	struct node *c = add(OP_TANH, "c", b->out, NULL);
	graph_output(g, intern(names, "o"), b->out);
	graph_tidy(g);
	graph_verify(g, "test");
	ck_assert(g->first == a && g->last == c);
	graph_remove(g, c);
	graph_remove(g, a);
	b->in[0] = x;
	graph_tidy(g);
	check_text("graph test\ninput %0 \"x\" : f32[2]\n%1 \"b\" = relu(%0) : f32[2]\noutput \"o\" = %1\n");
}
END_TEST

START_TEST(names_are_unique)
{
	struct tensor *x = input("x", 2);
	ck_assert_ptr_nonnull(add(OP_RELU, "h", x, NULL));
	ck_assert_str_eq(graph_unique(g, intern(names, "k")), "k");
	ck_assert_str_eq(graph_unique(g, intern(names, "h")), "h_2");
	ck_assert_ptr_nonnull(add(OP_RELU, "h_3", x, NULL));
	ck_assert_str_eq(graph_unique(g, intern(names, "h")), "h_4");
	ck_assert_ptr_null(add(OP_RELU, "x", x, NULL));
	ck_assert_str_eq(why, "the name 'x' is used twice");
}
END_TEST

/* Only an operation's own attributes are kept, scales are copied. */
START_TEST(nodes_own_what_they_hold)
{
	struct tensor *x = input("x", 2);
	struct attrs attrs;
	float scale = 0.5f;
	attrs_init(&attrs);
	attrs.out = 7;
	struct node *n = graph_add(g, OP_QUANTIZE, intern(names, "q"), &x, 1, &attrs, &(struct quant){ 1, &scale, 3, 0 }, LOC_NONE, why);
	scale = 9;
	x = NULL;
	ck_assert(n->attr.out == 0 && n->out->quant.scale[0] == 0.5f && n->in[0] == g->inputs.v[0]);
}
END_TEST

START_TEST(replacements_in_a_circle)
{
	struct tensor *x = input("x", 2), *y = input("y", 2);
	graph_replace(g, x, y);
	graph_replace(g, y, x);
	graph_output(g, intern(names, "o"), x);
	graph_tidy(g);
}
END_TEST

START_TEST(two_inputs_of_one_name)
{
	input("x", 2);
	input("x", 2);
}
END_TEST

/* A quadratic step would take minutes: names that all repeat, one long chain of replacements, removal of half. */
START_TEST(hundred_thousand_nodes)
{
	enum { N = 100000 };
	struct tensor *x = input("x", 2);
	const name h = intern(names, "h");
	for (int i = 0; i < N; i++)
		x = graph_add(g, i % 2 ? OP_RELU : OP_TANH, graph_unique(g, h), &x, 1, NULL, NULL, LOC_NONE, why)->out;
	graph_output(g, intern(names, "o"), x);
	graph_tidy(g);
	graph_verify(g, "test");
	for (struct node *n = g->first; n; n = n->next)
		if (n->op == OP_TANH) {
			graph_replace(g, n->out, n->in[0]);
			graph_remove(g, n);
		}
	graph_tidy(g);
	graph_verify(g, "test");
	ck_assert_int_eq(g->node_count, N / 2);
	for (struct node *n = g->last; n; n = n->prev) {
		graph_replace(g, n->out, n->in[0]);
		graph_remove(g, n);
	}
	graph_tidy(g);
	graph_verify(g, "test");
	ck_assert(g->node_count == 0 && g->tensors.n == 1 && g->outputs.v[0] == g->inputs.v[0]);
}
END_TEST

START_TEST(macs_and_parameters)
{
	const struct shape image = { 3, { 5, 6, 4 } };
	static const struct { enum op op; struct shape w; int64_t macs; } rows[] = {
		{ OP_CONV2D, { 4, { 8, 3, 2, 4 } }, 3 * 5 * 8 * 3 * 2 * 4 },
		{ OP_DWCONV2D, { 3, { 3, 3, 4 } }, 3 * 4 * 4 * 3 * 3 },
		{ OP_TCONV2D, { 4, { 8, 3, 3, 4 } }, 5 * 6 * 8 * 3 * 3 * 4 },
		{ OP_DENSE, { 2, { 8, 4 } }, 5 * 6 * 8 * 4 },
	};
	struct tensor *x = graph_input(g, intern(names, "x"), DT_F32, &image, NULL, LOC_NONE);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int64_t count = shape_count(&rows[i].w);
		struct tensor *w = graph_const(g, intern_printf(names, "w%d", (int)i), DT_F32, &rows[i].w, NULL,
			ARENA_ARRAY(&arena, float, (size_t)count), LOC_NONE);
		struct node *n = add(rows[i].op, op_info[rows[i].op].name, x, w);
		ck_assert_int_eq(node_macs(n), rows[i].macs);
		ck_assert_int_eq(node_params(n), count);
	}
	ck_assert_int_eq(node_macs(add(OP_RELU, "r", x, NULL)), 0);
}
END_TEST

/* ---- text ---- */

static const struct graph *
read_text(const char *text, char **errors)
{
	size_t len;
	struct diag diag;
	FILE *err = open_memstream(errors, &len);
	diag_init(&diag, &arena, err);
	const struct graph *r = graph_read(&arena, names, &diag, diag_add_source(&diag, "t", text, strlen(text)));
	fclose(err);
	return r;
}

static const char *const round_trips[] = {
	"graph empty\n",
	"graph \"odd name\"\ninput %0 \"a\\\"b\\\\c\\x07d[0].\303\244\" : f32[]\noutput \"\" = %0\n",
	"graph types\n"
	"input %0 \"x\" : i8[2] scale 0.33333334 zero -128\n"
	"%1 \"a\" = dequantize(%0) : f32[2]\n"
	"const %2 \"c\" : f32[2] = [-1e-45, 3.4028235e+38]\n"
	"%3 \"b\" = add(%1, %2) {act = [-inf, 6]} : f32[2]\n"
	"const %4 \"w\" : i8[2, 2] scale [0.1, 0] axis 0 zero 0 = [-128, 127, 0, -1]\n"
	"const %5 \"v\" : i32[2] = [-2147483648, 2147483647]\n"
	"%6 \"d\" = dense(%0, %4, %5) {out = 2} label \"other\" : i8[2] scale 1e-07 zero 127\n"
	"output \"o\" = %3\n"
	"output \"o2\" = %6\n",
	"graph attributes\n"
	"input %0 \"x\" : f32[8, 8, 4]\n"
	"%1 \"a\" = maxpool(%0) {kernel = 2x3, stride = 2x1, pad = [0, 1, 1, 1]} : f32[4, 8, 4]\n"
	"%2 \"b\" = resize(%1) {size = [3, 5], mode = nearest, align_corners = true} : f32[3, 5, 4]\n"
	"%3 \"c\" = concat(%2, %2) {axis = 0} : f32[6, 5, 4]\n"
	"%4 \"d\" = mean(%3) {axes = [0, 1], keep = true} : f32[1, 1, 4]\n"
	"%5 \"e\" = clip(%4) {lo = -0.1, hi = inf} : f32[1, 1, 4]\n"
	"output \"o\" = %5\n",
	"graph annotations\n"
	"input %0 \"x\" : f32[4]\n"
	"%1 \"a\" = relu(%0) @split_sum(parts = auto) @split_sum(parts = 3, partial = i16, order = tree) for \"npu.chip\" : f32[4]\n"
	"%2 \"b\" = relu(%1) @split_out(parts = [1, 3]) @grouped(groups = 2, prune) @shuffled(seed = -5) : f32[4]\n"
	"%3 \"c\" = relu(%2) @require(class = exact) @require(class = bounded(1.5)) @place(unit = cpu) @grouped : f32[4]\n"
	"output \"o\" = %3\n",
	"graph storage aliased\n"
	"input %0 \"x\" : f32[3, 4]\n"
	"%1 \"a\" = relu(%0) : f32[3, 4] in %3 offset 4 pitch 8\n"
	"%2 \"b\" = relu6(%0) : f32[3, 4] in %3 offset 0 pitch 8\n"
	"%3 \"c\" = concat(%2, %1) {axis = 1} : f32[3, 8]\n"
	"%4 \"d\" = reshape(%3) {shape = [24]} : f32[24] in %3 offset 0 pitch 24\n"
	"output \"o\" = %4\n",
};

START_TEST(text_reads_back)
{
	char *errors;
	g = (struct graph *)read_text(round_trips[_i], &errors);
	ck_assert_msg(g, "%s", errors);
	free(errors);
	check_text(round_trips[_i]);
}
END_TEST

/* Spaces, comments, line ends and what can be derived may be left out or in. */
START_TEST(text_by_hand)
{
	char *errors;
	g = (struct graph *)read_text("# after build\n// a graph\n\ngraph  t // its name\r\n"
		"input %x \"x\":f32[ 2,2 ]\n\t%y \"y\"=softmax ( %x ){beta=2}\noutput \"o\"=%y", &errors);
	ck_assert_msg(g, "%s", errors);
	free(errors);
	check_text("graph t\ninput %0 \"x\" : f32[2, 2]\n%1 \"y\" = softmax(%0) {beta = 2} : f32[2, 2]\noutput \"o\" = %1\n");
}
END_TEST

/* Each block of docs/ir.md is a graph that prints as it stands there. */
START_TEST(documented_graphs)
{
	static const char fence[] = "```graph\n";
	const char *top = getenv("top_srcdir"), *text;
	size_t len;
	int blocks = 0;
	if (!top)
		return;
	ck_assert_ptr_null(file_read(&arena, path_join(&arena, top, "docs/ir.md"), &text, &len));
	for (const char *p = text; (p = strstr(p, fence)); blocks++) {
		p += sizeof fence - 1;
		const char *block = arena_strndup(&arena, p, (size_t)(strstr(p, "```") - p));
		char *errors;
		g = (struct graph *)read_text(block, &errors);
		ck_assert_msg(g, "%s", errors);
		free(errors);
		check_text(block);
	}
	ck_assert_int_ge(blocks, 8);
}
END_TEST

START_TEST(long_constants_are_elided)
{
	static const char want[] = "graph test\nconst %0 \"c\" : f32[3] = [0, 0, 0]\n%1 \"r\" = relu(%0) : f32[3]\n"
		"const %2 \"d\" : f32[4] = ...\n%3 \"s\" = relu(%2) : f32[4]\n";
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	add(OP_RELU, "r", constant("c", 3), NULL);
	add(OP_RELU, "s", constant("d", 4), NULL);
	graph_tidy(g);
	graph_print(f, g, &(struct print_opts){ .elide = 3 });
	fclose(f);
	ck_assert_str_eq(text, want);
	free(text);
}
END_TEST

#define X "graph t\ninput %0 \"x\" : f32[2, 2]\n"
#define X8 "graph t\ninput %0 \"x\" : i8[2] scale 1 zero 0\n"
static const struct { const char *text, *place, *error; } bad_rows[] = {
	{ "", "t:1:1", "the text holds no graph" },
	{ "\n\n", "t:1:1", "the text holds no graph" },
	{ "network t\n", "t:1:1", "expected 'graph' but found 'network'" },
	{ "graph\n", "t:1:6", "expected the graph's name but the line ends" },
	{ "graph t u\n", "t:1:9", "expected the end of the line but found 'u'" },
	{ X "foo %1\n", "t:3:1", "expected input, const, output or a tensor such as %3 but found 'foo'" },
	{ X "input %0 \"y\" : f32[2]\n", "t:3:7", "%0 is defined twice" },
	{ X "input %1 \"x\" : f32[2]\n", "t:3:10", "the name 'x' is used twice" },
	{ X "%1 \"x\" = relu(%0)\n", "t:3:4", "the name 'x' is used twice" },
	{ X "input %1 y : f32[2]\n", "t:3:10", "expected a name in quotes but found 'y'" },
	{ X "input %1 \"y\n", "t:3:10", "a string without its closing '\"'" },
	{ X "input %1 \"\\x0g\" : f32[2]\n", "t:3:10", "'\\x' needs two hexadecimal digits other than 00" },
	{ X "input %1 \"y\"\n", "t:3:13", "expected ':' but the line ends" },
	{ X "input %1 \"y\" : f16[2]\n", "t:3:16", "expected an element type but found 'f16'" },
	{ X "input %1 \"y\" : f32[2, 0]\n", "t:3:16", "no tensor can be [2, 0]: a dimension is below 1" },
	{ X "input %1 \"y\" : f32[1,1,1,1,1,1,1]\n", "t:3:31", "a list of more than 6 values" },
	{ X "input %1 \"y\" : f32[99999999999]\n", "t:3:20", "99999999999 is outside -2147483648 to 2147483647" },
	{ X "input %1 \"y\" : f32[2.5]\n", "t:3:20", "expected an integer but found '2.5'" },
	{ X "input %1 \"y\" : i8[2]\n", "t:3:16", "input 'y': an i8 value needs one scale but has 0" },
	{ X "input %1 \"y\" : i8[2] scale nan\n", "t:3:28", "expected a number but found 'nan'" },
	{ X "input %1 \"y\" : i8[2] scale -nan\n", "t:3:28", "expected a number but found '-nan'" },
	{ X "const %1 \"y\" : i8[2] scale [1, 2] = [1, 2]\n", "t:3:35", "expected 'axis' but found '='" },
	{ X "const %1 \"y\" : i8[2] scale [...] axis 0 = [1, 2]\n", "t:3:29", "elided scales cannot be read" },
	{ X "const %1 \"y\" : i8[2] = ...\n", "t:3:24", "an elided constant cannot be read" },
	{ X "const %1 \"y\" : i8[2] = [1]\n", "t:3:26", "1 value but the constant has 2 elements" },
	{ X "const %1 \"y\" : i8[2] = [1, 2, 3]\n", "t:3:29", "more values than the constant's 2 elements" },
	{ X "const %1 \"y\" : f32[2147483647] = [1]\n", "t:3:34", "fewer values than the constant's 2147483647 elements" },
	{ X "const %1 \"y\" : i8[2] = [1, 128]\n", "t:3:28", "128 is outside -128 to 127" },
	{ X "const %1 \"y\" : f32[2] = [1, 1e39]\n", "t:3:29", "value 1 is not finite" },
	{ X "%1 \"y\" = rely(%0)\n", "t:3:10", "expected an operation but found 'rely'" },
	{ X "%1 \"y\" = relu(%2)\n", "t:3:15", "%2 is not defined before this" },
	{ X "%1 \"y\" = relu()\n", "t:3:15", "expected a tensor such as %3 but found ')'" },
	{ X "%1 \"y\" = relu(%0) {kernel = 1x1}\n", "t:3:20", "relu has no attribute 'kernel'" },
	{ X "%1 \"y\" = relu(%0) {shade = 1}\n", "t:3:20", "relu has no attribute 'shade'" },
	{ X "%1 \"y\" = clip(%0) {lo = 1, 2}\n", "t:3:28", "expected an attribute but found '2'" },
	{ X "%1 \"y\" = maxpool(%0) {kernel = 3}\n", "t:3:32", "expected a pair such as 3x3 but found '3'" },
	{ X "%1 \"y\" = maxpool(%0) {kernel = 3x9999999999}\n", "t:3:32", "expected a pair such as 3x3 but found '3x9999999999'" },
	{ X "%1 \"y\" = maxpool(%0) {pad = [1, 2]}\n", "t:3:35", "expected four values before this but found '}'" },
	{ X "%1 \"y\" = resize(%0) {mode = cubic}\n", "t:3:29", "expected a mode, nearest or bilinear but found 'cubic'" },
	{ X "%1 \"y\" = mean(%0) {keep = yes}\n", "t:3:27", "expected true or false but found 'yes'" },
	{ X "%1 \"y\" = relu(%0) @split\n", "t:3:20", "expected an annotation but found 'split'" },
	{ X "%1 \"y\" = relu(%0) @place(parts = 1)\n", "t:3:26", "expected an argument of the annotation but found 'parts'" },
	{ X "%1 \"y\" = relu(%0) @place(unit = gpu)\n", "t:3:33", "expected chip|cpu but found 'gpu'" },
	{ X "%1 \"y\" = relu(%0) @require(class = good)\n", "t:3:36", "expected exact, bounded(n), lossy(dB) or different but found 'good'" },
	{ X "%1 \"y\" = relu(%0) : f32[4]\n", "t:3:21", "relu gives f32[2, 2] but f32[4] is written" },
	{ X "%1 \"y\" = softmax(%0) {beta = -1}\n", "t:3:4", "beta must be above 0 but is -1" },
	{ X "%1 \"y\" = relu(%0) : f32[2, 2] in %0 offset 0 pitch 2\n", "t:3:31", "a view in a graph that is not 'aliased'" },
	{ "graph t aliased\ninput %0 \"x\" : f32[2] in %1 offset 0 pitch 2\n", "t:2:23", "%1 is not defined before this" },
	{ "graph t aliased\ninput %0 \"x\" : f32[2] in %0 offset 0 pitch 3\n", "t:2:10", "%0 'x': own storage at offset 0 pitch 3" },
	{ "graph t aliased\ninput %0 \"x\" : f32[4]\ninput %1 \"y\" : f32[2, 2] in %0 offset 1 pitch 2\n", "t:3:10",
		"%1 'y': 2 rows of 2 from 1 on at pitch 2 are outside base %0 of 4 elements" },
	{ "graph t aliased\ninput %0 \"x\" : f32[4]\ninput %1 \"y\" : f32[2, 2] in %0 offset 0 pitch 1\n", "t:3:10",
		"%1 'y': 2 rows of 2 from 0 on at pitch 1 are outside base %0 of 4 elements" },
	{ X8 "output \"o\" %0\n", "t:3:12", "expected '=' but found '%0'" },
};

static int
count_errors(const char *text)
{
	int n = 0;
	for (const char *p = text; (p = strstr(p, "error: ")); p++)
		n++;
	return n;
}

START_TEST(text_errors)
{
	char *errors, want[512];
	ck_assert_ptr_null(read_text(bad_rows[_i].text, &errors));
	snprintf(want, sizeof want, "%s: error: %s\n", bad_rows[_i].place, bad_rows[_i].error);
	ck_assert_msg(strncmp(errors, want, strlen(want)) == 0, "got %s\nwant %s", errors, want);
	ck_assert_int_eq(count_errors(errors), 1);
	free(errors);
}
END_TEST

/* One wrong line is one error: its readers are silent. */
START_TEST(errors_do_not_cascade)
{
	char *errors;
	ck_assert_ptr_null(read_text(X "%1 \"a\" = rel(%0)\n%2 \"b\" = relu(%1)\n%3 \"c\" = relu(%2)\noutput \"o\" = %3\n%4 \"d\" = relu(%9)\n",
		&errors));
	ck_assert_int_eq(count_errors(errors), 2);
	free(errors);
}
END_TEST

/* ---- invariants ---- */

static void
break_shape(void)
{
	g->last->out->shape.dim[0] = 3;
}

static void
break_order(void)
{
	g->first->in[0] = g->last->out;
}

static void
break_uses(void)
{
	g->first->out->uses++;
}

static void
break_links(void)
{
	g->last->prev = NULL;
}

static void
break_count(void)
{
	g->node_count++;
}

static void
break_name(void)
{
	g->last->out->name = intern(names, "other");
}

static void
break_attributes(void)
{
	g->last->attr.groups = 2;
}

static void
break_data(void)
{
	((float *)g->tensors.v[1]->data)[1] = NAN;
}

static void
break_output(void)
{
	g->outputs.v[0] = ARENA_NEW(&arena, struct tensor);
}

static void
break_tidiness(void)
{
	graph_replace(g, g->first->out, g->inputs.v[0]);
}

static void
break_ownership(void)
{
	graph_remove(g, g->last);
}

static void
break_quant(void)
{
	static const float scale = 1;
	g->last->out->quant = (struct quant){ 1, &scale, 0, 0 };
}

static void
break_base(void)
{
	g->last->out->base = g->inputs.v[0];
	g->last->out->pitch = 2;
}

static const struct { void (*harm)(void); const char *want; } harms[] = {
	{ break_shape, "%3 'b' = relu: is f32[3] but the shape rule gives f32[2]" },
	{ break_order, "%2 'a' = add: input 0, %3, is computed later" },
	{ break_uses, "%2 'a' counts 2 reads but has 1" },
	{ break_links, "the list of 2 nodes is not linked properly at 'b'" },
	{ break_count, "2 nodes are linked, 3 counted, 2 have a result in the graph" },
	{ break_name, "%3 'other': is not found by its name" },
	{ break_attributes, "%3 'b' = relu: has the attribute groups, which relu does not take" },
	{ break_data, "%1 'c': a value of the constant is not finite" },
	{ break_output, "output 'o' is not in the graph" },
	{ break_tidiness, "%2 'a': is replaced but the graph was not tidied" },
	{ break_ownership, "2 tensors have neither data nor a producer but the graph has 1 inputs" },
	{ break_quant, "%3 'b' = relu: an f32 value has no scale" },
	{ break_base, "%3 'b': its base %0 is itself a view" },
};

static void
make_small_graph(void)
{
	struct tensor *x = input("x", 2);
	struct node *a = add(OP_ADD, "a", x, constant("c", 2));
	graph_output(g, intern(names, "o"), add(OP_RELU, "b", a->out, NULL)->out);
	graph_tidy(g);
}

START_TEST(broken_invariants_are_named)
{
	struct loc loc;
	make_small_graph();
	ck_assert_ptr_null(graph_broken(g, why, &loc));
	harms[_i].harm();
	ck_assert_str_eq(graph_broken(g, why, &loc), harms[_i].want);
}
END_TEST

START_TEST(verify_aborts)
{
	make_small_graph();
	break_shape();
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	graph_verify(g, "test");
}
END_TEST

#define ADD_LOOP(t, test, rows) tcase_add_loop_test(t, test, 0, sizeof(rows) / sizeof *(rows))

static TCase *
new_case(Suite *s, const char *text)
{
	TCase *t = tcase_create(text);
	tcase_add_checked_fixture(t, set_up, tear_down);
	suite_add_tcase(s, t);
	return t;
}

Suite *
ir_suite(void)
{
	Suite *s = suite_create("ir");
	TCase *t = new_case(s, "tables");
	tcase_add_test(t, names_look_up_to_themselves);
	tcase_add_test(t, inputs_have_names);
	tcase_add_test(t, attributes_have_their_defaults);
	ADD_LOOP(t, floats_are_short_and_exact, float_rows);
	tcase_add_test(t, shapes_that_no_tensor_has);
	t = new_case(s, "edits");
	tcase_set_timeout(t, 60);
	tcase_add_test(t, tidy_orders_and_drops);
	tcase_add_test(t, replacements_chain);
	tcase_add_test(t, insert_and_remove_at_both_ends);
	tcase_add_test(t, names_are_unique);
	tcase_add_test(t, nodes_own_what_they_hold);
	tcase_add_test_raise_signal(t, replacements_in_a_circle, SIGABRT);
	tcase_add_test_raise_signal(t, two_inputs_of_one_name, SIGABRT);
	tcase_add_test(t, hundred_thousand_nodes);
	tcase_add_test(t, macs_and_parameters);
	t = new_case(s, "text");
	ADD_LOOP(t, text_reads_back, round_trips);
	tcase_add_test(t, text_by_hand);
	tcase_add_test(t, documented_graphs);
	tcase_add_test(t, long_constants_are_elided);
	ADD_LOOP(t, text_errors, bad_rows);
	tcase_add_test(t, errors_do_not_cascade);
	t = new_case(s, "invariants");
	ADD_LOOP(t, broken_invariants_are_named, harms);
	tcase_add_test_raise_signal(t, verify_aborts, SIGABRT);
	return s;
}
