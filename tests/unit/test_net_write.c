/* A graph written as a .net and its weights file, and built again from them: the same layers in the same order, the same constants, the same
 * results.  The names that the writer foresees are those that the language gives. */
#include <config.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "driver/compile.h"
#include "import/import.h"
#include "ir/eval.h"
#include "asserts.h"
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

/* The place of the value T: 1 + that of its node, or 0 - that of the input, by the tensors' ids. */
static int *
places(struct bench *b, const struct graph *g)
{
	int *place = ARENA_ARRAY(&b->arena, int, g->tensors.n + 1), number = 0;

	for (size_t i = 0; i < g->inputs.n; i++)
		place[g->inputs.v[i]->id] = -(int)i;
	for (const struct node *n = g->first; n; n = n->next)
		place[n->out->id] = ++number;
	return place;
}

static void
same_node(const struct bench *b, const struct node *x, const struct node *y, const int *in_x, const int *in_y)
{
	ck_assert_msg(x->op == y->op && x->nin == y->nin, "%s: '%s' is %s, not %s\n%s", b->what, y->name, op_info[y->op].name,
		op_info[x->op].name, b->text.text);
	for (int a = 0; a < ATTR_COUNT; a++)
		ck_assert_msg(!(op_info[x->op].attrs >> a & 1) || attr_equal(&x->attr, &y->attr, (enum attr)a),
			"%s: attribute '%s' of '%s'\n%s", b->what, attr_info[a].name, y->name, b->text.text);
	for (int k = 0; k < x->nin; k++) {
		same_tensor(b, x->in[k], y->in[k]);
		ck_assert_msg(x->in[k]->data || in_x[x->in[k]->id] == in_y[y->in[k]->id], "%s: operand %d of '%s' is '%s'\n%s", b->what, k,
			y->name, y->in[k]->name, b->text.text);
	}
	same_tensor(b, x->out, y->out);
}

/* The graph built has a copy more for each output that has a name already. */
static void
same_graph(struct bench *b, const struct graph *x, const struct graph *y)
{
	const struct node *p = x->first, *q = y->first;
	const int *in_x = places(b, x), *in_y = places(b, y);

	ck_assert_uint_eq(x->inputs.n, y->inputs.n);
	ck_assert_uint_eq(x->outputs.n, y->outputs.n);
	for (; p && q; p = p->next, q = q->next)
		same_node(b, p, q, in_x, in_y);
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
	for (int i = 0; i < share_of(SEEDS_A_TEST); i++) {
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

/* ---- graphs that repeat ---- */

/* A network of cells, each of a few kinds, with sizes that now and then change. */
struct cells {
	struct bench *b;
	struct graph *g;
	struct rng rng;
	enum dtype dtype;
	struct tensor *x, *earlier;    /* where the network has come to; a value from before */
	struct tensor *shared[3];      /* constants of an earlier layer */
	int made;
};

static int
below(struct cells *c, int n)
{
	return rng_below(&c->rng, n);
}

static struct tensor *
cell_const(struct cells *c, enum dtype t, int rank, const int32_t *dim, const struct quant *q)
{
	struct shape shape = { .rank = rank };
	unsigned char *data;

	memcpy(shape.dim, dim, (size_t)rank * sizeof *dim);
	data = arena_alloc(&c->b->arena, (size_t)(shape_count(&shape) * dtype_info[t].bytes));
	for (int64_t i = 0; i < shape_count(&shape); i++)
		if (t == DT_F32)
			((float *)data)[i] = rng_float(&c->rng);
		else if (t == DT_I32)
			((int32_t *)data)[i] = below(c, 200) - 100;
		else
			data[i] = (unsigned char)below(c, 255);
	return graph_const(c->g, graph_unique(c->g, intern(c->b->names, "k")), t, &shape, q, data, LOC_NONE);
}

static struct tensor *
cell_op(struct cells *c, enum op op, const char *text, struct tensor *const *in, int nin, const struct attrs *attr)
{
	static const float scales[] = { 0.5f, 0.25f, 0.1f };
	struct quant q = { 1, &scales[below(c, 8) ? 0 : below(c, 3)], below(c, 8) ? -3 : 0, 0 };
	bool stated = op_info[op].quant == QUANT_STATED && in[0]->dtype == DT_I8;
	char why[WHY_SIZE];
	struct node *n = graph_add(c->g, op, graph_unique(c->g, intern(c->b->names, text)), in, nin, attr, stated ? &q : NULL, LOC_NONE, why);

	ck_assert_msg(n != NULL, "%s: %s", c->b->what, why);
	return n->out;
}

static struct tensor *
cell_unary(struct cells *c, enum op op, const char *text, struct tensor *x)
{
	struct attrs attr;

	attrs_init(&attr);
	return cell_op(c, op, text, &x, 1, &attr);
}

static struct tensor *
cell_binary(struct cells *c, enum op op, const char *text, struct tensor *x, struct tensor *y)
{
	struct tensor *in[2] = { x, y };
	struct attrs attr;

	attrs_init(&attr);
	attr.axis = -1;
	return cell_op(c, op, text, in, 2, &attr);
}

/* A convolution of OUT channels (0: depthwise), at times with another's weights. */
static struct tensor *
cell_conv(struct cells *c, const char *text, struct tensor *x, int out, int kernel, int stride)
{
	static const float scale = 0.01f;
	struct quant q = { x->dtype == DT_I8, &scale, 0, out ? 0 : 2 };
	struct tensor *in[3] = { x };
	struct attrs attr;
	int32_t channels = x->shape.dim[2], n = out ? out : channels;

	attrs_init(&attr);
	attr.out = n;
	for (int i = 0; i < 2; i++) {
		attr.kernel[i] = kernel;
		attr.stride[i] = x->shape.dim[i] > 4 ? stride : 1;
	}
	pad_same(x->shape.dim, &attr, attr.pad);
	if (out)
		in[1] = cell_const(c, x->dtype, 4, (int32_t[]){ out, kernel, kernel, channels }, &q);
	else
		in[1] = cell_const(c, x->dtype, 3, (int32_t[]){ kernel, kernel, channels }, &q);
	in[2] = cell_const(c, x->dtype == DT_F32 ? DT_F32 : DT_I32, 1, &n, NULL);
	for (int k = 1; k < 3 && below(c, 12) == 0; k++)
		if (c->shared[k] && c->shared[k]->shape.rank == in[k]->shape.rank && shape_equal(&c->shared[k]->shape, &in[k]->shape))
			in[k] = c->shared[k];
	memcpy(c->shared, in, sizeof in);
	return cell_op(c, out ? OP_CONV2D : OP_DWCONV2D, text, in, 2 + (below(c, 6) > 0), &attr);
}

/* ---- kinds of cells ---- */

static void
cell_plain(struct cells *c, int width)
{
	c->x = cell_unary(c, OP_RELU, "relu", cell_conv(c, intern_printf(c->b->names, "conv_%d", c->made), c->x, width, 3, 1));
}

static void
cell_separable(struct cells *c, int width)
{
	struct tensor *t = cell_conv(c, intern_printf(c->b->names, "block_%d_depthwise", c->made), c->x, 0, 3, below(c, 4) == 0 ? 2 : 1);

	t = cell_unary(c, OP_RELU6, "relu6", t);
	t = cell_conv(c, intern_printf(c->b->names, "block_%d_project", c->made), t, width, 1, 1);
	c->x = below(c, 6) ? cell_unary(c, OP_RELU, "relu", t) : t;
}

static void
cell_residual(struct cells *c, int width)
{
	struct tensor *x = c->x, *t = cell_unary(c, OP_RELU, "relu", cell_conv(c, "a", x, width, 3, 1));

	(void)width;
	t = cell_conv(c, "b", t, x->shape.dim[2], 3, 1);
	c->x = cell_unary(c, OP_RELU, "relu", below(c, 8) ? cell_binary(c, OP_ADD, "add", t, x) : cell_binary(c, OP_ADD, "add", x, t));
}

static void
cell_branches(struct cells *c, int width)
{
	struct tensor *squeeze = cell_unary(c, OP_RELU, "relu", cell_conv(c, "squeeze", c->x, width, 1, 1));
	struct tensor *a = cell_unary(c, OP_RELU, "relu", cell_conv(c, "expand1x1", squeeze, width, 1, 1));
	struct tensor *b = cell_unary(c, OP_RELU, "relu", cell_conv(c, "expand3x3", squeeze, width, 3, 1));
	struct attrs attr;

	attrs_init(&attr);
	for (int k = 0; k < 2 && c->dtype == DT_I8; k++) {
		struct tensor **t = k ? &b : &a;
		char why[WHY_SIZE];

		if (quant_equal(&(*t)->quant, &squeeze->quant) || below(c, 2))
			continue;
		struct node *n = graph_add(c->g, OP_REQUANTIZE, graph_unique(c->g, intern(c->b->names, "requantize")), t, 1, &attr,
			&squeeze->quant, LOC_NONE, why);
		*t = n->out;
	}
	if (c->dtype == DT_I8 && !quant_equal(&a->quant, &b->quant))
		c->x = a;
	else
		c->x = cell_binary(c, OP_CONCAT, "concat", a, b);
}

/* Two values come out, the first of them for later. */
static void
cell_skip(struct cells *c, int width)
{
	struct attrs attr;

	cell_plain(c, width);
	c->earlier = c->x;
	attrs_init(&attr);
	attr.kernel[0] = attr.kernel[1] = attr.stride[0] = attr.stride[1] = c->x->shape.dim[0] > 3 ? 2 : 1;
	c->x = cell_op(c, OP_MAXPOOL, "pool", &c->x, 1, &attr);
}

static void
cell_join(struct cells *c, int width)
{
	if (c->earlier && shape_equal(&c->earlier->shape, &c->x->shape) && c->earlier != c->x)
		c->x = cell_binary(c, OP_MUL, "join", c->earlier, c->x);
	else
		cell_plain(c, width);
}

/* A factor for all, for each channel, or too many to be written. */
static void
cell_factor(struct cells *c, int width)
{
	static const float scale = 0.03125f;
	struct quant q = { c->dtype == DT_I8, &scale, 2, 0 };
	int32_t dims[3] = { 1, c->x->shape.dim[1], c->x->shape.dim[2] }, one = 1;
	int kind = below(c, 3);
	struct tensor *k = kind == 0 ? cell_const(c, c->dtype, 1, &one, &q) : kind == 1 ? cell_const(c, c->dtype, 1, &dims[2], &q)
		: cell_const(c, c->dtype, 3, dims, &q);

	(void)width;
	c->x = below(c, 3) ? cell_binary(c, OP_MUL, "factor", c->x, k) : cell_binary(c, OP_SUB, "rest", k, c->x);
}

static void (*const cell_kinds[])(struct cells *, int width) = { cell_plain, cell_separable, cell_residual, cell_branches, cell_skip, cell_join,
	cell_factor };

/* About CELLS cells; 0: a few. */
static struct graph *
cell_graph(struct bench *b, uint64_t seed, enum dtype t, int cells)
{
	static const float scale = 0.25f;
	struct cells c = { .b = b, .rng = { seed * 2 + 1 }, .dtype = t };
	struct quant q = { t == DT_I8, &scale, 0, 0 };
	int kinds = ROWS(cell_kinds), outputs = 0, first = below(&c, kinds), second = below(&c, kinds);

	c.g = graph_new(&b->arena, b->names, intern(b->names, "cells"));
	c.x = graph_input(c.g, intern(b->names, "x"), t, &(struct shape){ 3, { 6, 6, 2 } }, t == DT_I8 ? &q : NULL, LOC_NONE);
	for (cells = cells ? cells : 2 + below(&c, 14); c.made < cells; c.made++) {
		int width = below(&c, 3) ? 4 : 1 + below(&c, 6);

		cell_kinds[below(&c, 3) ? first : below(&c, 3) ? second : below(&c, kinds)](&c, width);
		if (below(&c, 20) == 0 && c.x->producer)
			graph_output(c.g, intern_printf(b->names, "side%d", outputs++), c.x);
	}
	if (!c.x->uses || !outputs)
		graph_output(c.g, intern(b->names, "y"), cell_unary(&c, OP_RELU, "last", c.x));
	graph_tidy(c.g);
	return c.g;
}

START_TEST(graphs_that_repeat)
{
	for (int i = 0; i < share_of(SEEDS_A_TEST); i++) {
		uint64_t seed = (uint64_t)_i * SEEDS_A_TEST + (uint64_t)i;
		struct bench b;
		char what[32];

		snprintf(what, sizeof what, "cells, seed %d", (int)seed);
		bench_init(&b, what);
		b.g = cell_graph(&b, seed, _i % 2 ? DT_F32 : DT_I8, 0);
		round_trip(&b, true);
		bench_free(&b);
	}
}
END_TEST

/* Ten thousand layers, whatever repeats. */
START_TEST(large_graphs)
{
	struct bench b;

	bench_init(&b, "large");
	b.g = cell_graph(&b, (uint64_t)_i, _i % 2 ? DT_F32 : DT_I8, 3000);
	ck_assert_int_gt(b.g->node_count, 5000);
	round_trip(&b, false);
	bench_free(&b);
}
END_TEST

/* ---- texts ---- */

static const char *
test_file(struct bench *b, const char *stem, const char *ending)
{
	const char *top = getenv("top_srcdir");

	return arena_printf(&b->arena, "%s/tests/net_write/%s%s", top ? top : ".", stem, ending);
}

/* The text is the file STEM.net; with UPDATE in the environment it is written there. */
static void
expected_text(struct bench *b, const char *stem)
{
	const char *path = test_file(b, stem, ".net"), *text, *why;
	size_t len;

	if (getenv("UPDATE")) {
		write_file(b, path, false);
		return;
	}
	why = file_read(&b->arena, path, &text, &len);
	ck_assert_msg(!why, "%s: %s", path, why);
	ck_assert_msg(len == b->text.size && memcmp(text, b->text.text, len) == 0, "%s: not as expected:\n%s", stem, b->text.text);
}

static const char *const texts[] = { "attributes", "bottleneck", "inverted", "loops", "names", "operands", "operands_i8", "outputs", "scales",
	"shared", "shared_i8", "towers", "unet" };

START_TEST(expected_texts)
{
	struct bench b;
	struct diag diag;
	const char *text;
	size_t len;

	bench_init(&b, texts[_i]);
	diag_init(&diag, &b.arena, stderr);
	ck_assert_ptr_null(file_read(&b.arena, test_file(&b, texts[_i], ".graph"), &text, &len));
	b.g = graph_read(&b.arena, b.names, &diag, diag_add_source(&diag, texts[_i], text, len));
	ck_assert_msg(b.g != NULL, "%s", texts[_i]);
	graph_tidy(b.g);
	round_trip(&b, true);
	expected_text(&b, texts[_i]);
	bench_free(&b);
}
END_TEST

static const struct { const char *path; bool evaluate; } examples[] = {
	{ "ad/ad", true }, { "ad/ad_f32", true }, { "kws/kws", true }, { "resnet8/resnet8", true },
	{ "resnet8/resnet8_f32", true }, { "vww/vww", true }, { "vww/vww_f32", true }, { "digits/digits", true },
	{ "shufflenet/shufflenet", false }, { "shufflenet/shufflenet32", true }, { "bigconv/conv1x1", false },
	{ "alexnet_groups/alexnet_groups", false }, { "split_sum_toy/split_sum_toy", true },
};

START_TEST(all_examples)
{
	const char *top = getenv("top_srcdir"), *path = examples[_i].path;
	struct sema_opts opts = { .random_weights = true };
	struct compilation from;
	struct bench b;

	bench_init(&b, path);
	compilation_init(&from, stderr);
	ck_assert(compile_parse(&from, arena_printf(&b.arena, "%s/examples/%s.net", top ? top : ".", path), false)
		&& compile_build(&from, &opts));
	b.g = from.graph;
	b.names = from.names;
	round_trip(&b, examples[_i].evaluate);
	expected_text(&b, path_base(path));
	compilation_end(&from, 0);
	bench_free(&b);
}
END_TEST

/* ---- tests in the text ---- */

START_TEST(tests_of_the_model)
{
	static const char text[] = "graph t\ninput %0 \"a\" : i8[2] scale 0.5 zero 0\ninput %1 \"b\" : f32[2]\n"
		"%2 \"c\" = relu(%0)\n%3 \"d\" = relu(%1)\noutput \"c\" = %2\noutput \"d\" = %3\n";
	static const char *const expected[] = { "given a = file(\"x.first.in0.npy\");", "given b = file(\"x.first.in1.npy\");",
		"expect c = file(\"x.first.out0.npy\") within 0 lsb;", "expect d = file(\"x.first.out1.npy\") within 1e-5;",
		"expect c = file(\"x.second.out0.npy\") within 2 lsb;" };
	struct import_test tests[] = { { .name = "first" }, { .name = "second", .within = 2, .lsb = true } };
	struct bench b;
	struct diag diag;

	bench_init(&b, "tests");
	diag_init(&diag, &b.arena, stderr);
	b.g = graph_read(&b.arena, b.names, &diag, diag_add_source(&diag, "t", text, strlen(text)));
	graph_tidy(b.g);
	write_and_build(&b, tests, 2);
	canonical(&b);
	for (int i = 0; i < ROWS(expected); i++)
		ck_assert_msg(strstr(b.text.text, expected[i]) != NULL, "%s:\n%s", expected[i], b.text.text);
	compilation_end(&b.c, 0);
	bench_free(&b);
}
END_TEST

Suite *
net_write_suite(void)
{
	Suite *s = suite_create("net_write");
	TCase *tc = tcase_create("net_write");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, expected_texts, 0, ROWS(texts));
	tcase_add_loop_test(tc, all_examples, 0, ROWS(examples));
	tcase_add_test(tc, tests_of_the_model);
	tcase_add_loop_test(tc, random_graphs, 0, 8);
	tcase_add_loop_test(tc, graphs_that_repeat, 0, 8);
	tcase_add_loop_test(tc, large_graphs, 0, 2);
	suite_add_tcase(s, tc);
	return s;
}
