/* A graph written as a .net and its weights file, and built again from them: the same layers in the same order, the same constants, the same
 * results.  The names that the writer foresees are those that the language gives. */
#include <config.h>
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "driver/compile.h"
#include "import/import.h"
#include "ir/eval.h"
#include "random_graph.h"
#include "unit.h"

Suite *net_write_suite(void);

struct bench {
	struct arena arena;
	struct intern *names;
	struct graph *g;
	struct net_text text;
	struct compilation c;          /* of the text */
	char dir[64], net[96], weights[96];
	const char *what;              /* for messages */
};

static void
bench_init(struct bench *b, const char *what)
{
	*b = (struct bench){ .what = what };
	b->names = intern_new(&b->arena);
	strcpy(b->dir, "/tmp/net_write.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(b->dir));
	snprintf(b->net, sizeof b->net, "%s/x.net", b->dir);
	snprintf(b->weights, sizeof b->weights, "%s/x.safetensors", b->dir);
}

static void
bench_free(struct bench *b)
{
	unlink(b->net);
	unlink(b->weights);
	rmdir(b->dir);
	arena_free(&b->arena);
}

static void
write_file(struct bench *b, const char *path, bool weights)
{
	FILE *f = fopen(path, "wb");

	ck_assert_ptr_nonnull(f);
	if (weights)
		net_write_weights(f, &b->arena, b->text.graph);
	else
		fwrite(b->text.text, 1, b->text.size, f);
	ck_assert_int_eq(fclose(f), 0);
}

/* ---- the comparison ---- */

static void
same_tensor(const struct bench *b, const struct tensor *x, const struct tensor *y)
{
	bool one = tensor_count(x) == 1 && tensor_count(y) == 1 && x->shape.rank <= 1 && y->shape.rank <= 1;

	ck_assert_msg(x->dtype == y->dtype && (one || shape_equal(&x->shape, &y->shape)) && quant_equal(&x->quant, &y->quant),
		"%s: '%s' and '%s' differ\n%s", b->what, x->name, y->name, b->text.text);
	ck_assert_msg(!x->data == !y->data, "%s: '%s' is a constant", b->what, x->name);
	if (x->data)
		ck_assert_msg(memcmp(x->data, y->data, (size_t)tensor_bytes(x)) == 0, "%s: the elements of '%s' and '%s' differ\n%s",
			b->what, x->name, y->name, b->text.text);
}

static void
same_node(const struct bench *b, const struct node *x, const struct node *y, int number)
{
	ck_assert_msg(x->op == y->op && x->nin == y->nin, "%s: layer %d '%s' is %s, not %s\n%s", b->what, number, y->name,
		op_info[y->op].name, op_info[x->op].name, b->text.text);
	for (int a = 0; a < ATTR_COUNT; a++)
		ck_assert_msg(!(op_info[x->op].attrs >> a & 1) || attr_equal(&x->attr, &y->attr, (enum attr)a),
			"%s: attribute '%s' of '%s'\n%s", b->what, attr_info[a].name, y->name, b->text.text);
	for (int k = 0; k < x->nin; k++) {
		same_tensor(b, x->in[k], y->in[k]);
		ck_assert_msg(x->in[k]->data || !x->in[k]->producer == !y->in[k]->producer, "%s: '%s'", b->what, y->name);
	}
	same_tensor(b, x->out, y->out);
}

/* The graph built has a copy more for each output that has a name already. */
static void
same_graph(struct bench *b, const struct graph *x, const struct graph *y)
{
	const struct node *p = x->first, *q = y->first;
	int number = 0;

	ck_assert_uint_eq(x->inputs.n, y->inputs.n);
	ck_assert_uint_eq(x->outputs.n, y->outputs.n);
	for (; p && q; p = p->next, q = q->next)
		same_node(b, p, q, number++);
	for (; q && q->op == OP_COPY; q = q->next)
		continue;
	ck_assert_msg(!p && !q, "%s: %d layers, not %d\n%s", b->what, y->node_count, x->node_count, b->text.text);
}

/* The names that the writer gave G are those of the graph built. */
static void
foreseen_names(const struct bench *b, const struct graph *built)
{
	const struct graph *g = b->text.graph;
	const struct node *q = built->first;

	for (const struct node *p = g->first; p; p = p->next, q = q->next)
		ck_assert_msg(strcmp(p->name, q->name) == 0, "%s: '%s' was to be '%s'\n%s", b->what, q->name, p->name, b->text.text);
	for (size_t i = 0; i < g->outputs.n; i++)
		ck_assert_str_eq(g->output_names.v[i], built->output_names.v[i]);
}

static void
same_results(struct bench *b, const struct graph *x, const struct graph *y, uint64_t seed)
{
	const void **in = random_values(&b->arena, x, seed);
	const void **a = eval_graph(&b->arena, x, in), **c = eval_graph(&b->arena, y, in);

	for (size_t i = 0; i < x->outputs.n; i++)
		ck_assert_msg(memcmp(a[x->outputs.v[i]->id], c[y->outputs.v[i]->id], (size_t)tensor_bytes(x->outputs.v[i])) == 0,
			"%s: output %d differs\n%s", b->what, (int)i, b->text.text);
}

static void
canonical(const struct bench *b)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	ast_print(f, b->c.ast);
	fclose(f);
	ck_assert_msg(len == b->text.size && memcmp(text, b->text.text, len) == 0, "%s: not canonical\n%s", b->what, b->text.text);
	free(text);
}

static void
write_and_build(struct bench *b, const struct import_test *tests, int ntests)
{
	struct sema_opts opts = { 0 };

	b->text = net_write(&b->arena, b->names, b->g, "x.safetensors", "A test.", tests, ntests);
	write_file(b, b->net, false);
	write_file(b, b->weights, true);
	compilation_init(&b->c, stderr);
	b->c.diag.fatal[WARN_UNUSED_WEIGHT] = b->c.diag.fatal[WARN_UNUSED_CONST] = 1;
	b->c.diag.off[WARN_UNUSED_VALUE] = 1;
	ck_assert_msg(compile_parse(&b->c, b->net, false) && compile_build(&b->c, &opts) && !b->c.diag.errors, "%s:\n%s", b->what,
		b->text.text);
}

/* All properties of B's graph. */
static void
round_trip(struct bench *b, bool evaluate)
{
	write_and_build(b, NULL, 0);
	canonical(b);
	same_graph(b, b->g, b->c.graph);
	foreseen_names(b, b->c.graph);
	if (evaluate)
		same_results(b, b->g, b->c.graph, 5);
	ck_assert_int_eq(compilation_end(&b->c, 0), 0);
}

/* ---- random graphs ---- */

/* What the language has: a copy of the random graph FROM in which fused activations are layers of their own, and
 * what passes make is left out with all that reads it. */
struct plain {
	struct graph *g;
	const struct graph *from;
	struct tensor **to;            /* by the tensor's id; NULL: left out */
};

static enum op
activation(struct clamp act, struct attrs *attr)
{
	attrs_init(attr);
	attr->lo = act.lo;
	attr->hi = act.hi;
	return act.lo == 0 && act.hi == 6 ? OP_RELU6 : isinf(act.hi) ? OP_RELU : OP_CLIP;
}

/* Whether the inputs of N are there, and constants only where the language has them. */
static bool
has_operands(const struct plain *p, const struct node *n)
{
	bool math = n->op == OP_ADD || n->op == OP_SUB || n->op == OP_MUL, values = false, bound = false;

	for (int k = 0; k < n->nin; k++) {
		if (!p->to[n->in[k]->id])
			return false;
		if (!(op_info[n->op].flags & OPF_VARIADIC))
			op_input_name(n->op, k, &bound);
		if (n->in[k]->data && !math && !bound)
			return false;
		values = values || !n->in[k]->data;
	}
	return values;
}

/* Whether N is as the language would make it, but for its activation. */
static bool
is_plain(const struct node *n)
{
	return !(op_info[n->op].flags & OPF_INTERNAL) && n->attr.result == DT_COUNT && (n->out->dtype == DT_F32 || n->out->dtype == DT_I8)
		&& !(op_info[n->op].flags & OPF_SUM && n->nin > INPUT_SUM) && n->attr.rounding == ROUNDING_DOUBLE && n->attr.shift == 0;
}

static void
add_plain(struct plain *p, const struct node *n)
{
	struct tensor *in[8], *out;
	struct attrs attr = n->attr, act;
	const struct quant *q = op_info[n->op].quant == QUANT_STATED && n->out->quant.count ? &n->out->quant : NULL;
	char why[WHY_SIZE];

	if (!is_plain(n) || !has_operands(p, n))
		return;
	ck_assert_int_le(n->nin, ROWS(in));
	for (int k = 0; k < n->nin; k++)
		in[k] = p->to[n->in[k]->id];
	attr.act = (struct clamp){ -INFINITY, INFINITY };
	struct node *made = graph_add(p->g, n->op, graph_unique(p->g, n->name), in, n->nin, &attr, q, LOC_NONE, why);
	ck_assert_msg(made != NULL, "%s", why);
	out = made->out;
	if (op_info[n->op].attrs >> ATTR_ACT & 1 && !clamp_is_none(n->attr.act)) {
		enum op op = activation(n->attr.act, &act);

		made = graph_add(p->g, op, graph_unique(p->g, n->name), &out, 1, &act, NULL, LOC_NONE, why);
		ck_assert_msg(made != NULL, "%s", why);
		out = made->out;
	}
	p->to[n->out->id] = out;
}

static struct graph *
plain_graph(struct bench *b, uint64_t seed, enum dtype t, int nodes)
{
	struct plain p = { .from = random_graph(&b->arena, b->names, seed, t, nodes) };
	struct tensor *last = NULL;
	size_t outputs = 0;

	p.g = graph_new(&b->arena, b->names, intern(b->names, "random"));
	p.to = ARENA_ARRAY(&b->arena, struct tensor *, p.from->tensors.n);
	for (size_t i = 0; i < p.from->tensors.n; i++) {
		const struct tensor *x = p.from->tensors.v[i];

		if (x->data)
			p.to[i] = graph_const(p.g, x->name, x->dtype, &x->shape, x->quant.count ? &x->quant : NULL, x->data, LOC_NONE);
		else if (!x->producer)
			p.to[i] = graph_input(p.g, x->name, x->dtype, &x->shape, x->quant.count ? &x->quant : NULL, LOC_NONE);
		else
			add_plain(&p, x->producer);
		if (x->producer && p.to[i])
			last = p.to[i];
	}
	for (size_t i = 0; i < p.from->outputs.n; i++) {
		struct tensor *x = p.to[p.from->outputs.v[i]->id];

		if (x && !x->data)
			graph_output(p.g, intern_printf(b->names, "out%zu", outputs++), x);
	}
	if (!outputs && last)
		graph_output(p.g, intern(b->names, "out"), last);
	graph_tidy(p.g);
	return p.g;
}

enum { SEEDS_A_TEST = 250 };

START_TEST(random_graphs)
{
	for (int i = 0; i < SEEDS_A_TEST; i++) {
		uint64_t seed = (uint64_t)_i * SEEDS_A_TEST + (uint64_t)i;
		struct bench b;
		char what[32];

		snprintf(what, sizeof what, "seed %d", (int)seed);
		bench_init(&b, what);
		b.g = plain_graph(&b, seed, _i % 2 ? DT_F32 : DT_I8, 3 + (int)seed % 60);
		if (b.g->outputs.n > 0)
			round_trip(&b, true);
		bench_free(&b);
	}
}
END_TEST

/* ---- the examples ---- */

static const struct { const char *path; bool evaluate; } examples[] = {
	{ "ad/ad.net", true }, { "ad/ad_f32.net", true }, { "kws/kws.net", true }, { "resnet8/resnet8.net", true },
	{ "resnet8/resnet8_f32.net", true }, { "vww/vww.net", true }, { "vww/vww_f32.net", true }, { "digits/digits.net", true },
	{ "shufflenet/shufflenet.net", false }, { "shufflenet/shufflenet32.net", true }, { "bigconv/conv1x1.net", false },
	{ "alexnet_groups/alexnet_groups.net", false }, { "split_sum_toy/split_sum_toy.net", true },
};

START_TEST(all_examples)
{
	const char *top = getenv("top_srcdir");
	struct sema_opts opts = { .random_weights = true };
	struct compilation from;
	struct bench b;
	char path[512];

	snprintf(path, sizeof path, "%s/examples/%s", top ? top : ".", examples[_i].path);
	bench_init(&b, examples[_i].path);
	compilation_init(&from, stderr);
	ck_assert(compile_parse(&from, path, false) && compile_build(&from, &opts));
	b.g = from.graph;
	b.names = from.names;
	round_trip(&b, examples[_i].evaluate);
	if (getenv("SHOW_NET"))
		printf("%s\n", b.text.text);
	compilation_end(&from, 0);
	bench_free(&b);
}
END_TEST

Suite *
net_write_suite(void)
{
	Suite *s = suite_create("net_write");
	TCase *tc = tcase_create("net_write");

	tcase_add_loop_test(tc, all_examples, 0, ROWS(examples));
	tcase_add_loop_test(tc, random_graphs, 0, 12);
	suite_add_tcase(s, tc);
	return s;
}
