#include <config.h>
#include <stdlib.h>
#include <math.h>
#include <string.h>
#include "random_graph.h"

enum { POOL = 64 };

struct maker {
	struct graph *g;
	struct rng rng;
	enum dtype dtype;
	struct tensor *pool[POOL]; /* tensors that a new operation may read; the oldest are overwritten */
	int pooled;
	int consts;
	struct attrs attr;         /* of the operation being made */
};

uint32_t
rng_next(struct rng *r)
{
	r->state = r->state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(r->state >> 33);
}

int
rng_below(struct rng *r, int n)
{
	return (int)(rng_next(r) % (uint32_t)n);
}

float
rng_float(struct rng *r)
{
	return (float)rng_next(r) / 1073741824.0f - 1;
}

static int
pick(struct maker *m, int n)
{
	return rng_below(&m->rng, n);
}

static int
between(struct maker *m, int lo, int hi)
{
	return lo + pick(m, hi - lo + 1);
}

static void
fill(struct rng *r, enum dtype t, int64_t count, void *data)
{
	int64_t i;

	for (i = 0; i < count; i++) {
		if (t == DT_F32)
			((float *)data)[i] = rng_float(r);
		else if (t == DT_I8)
			((int8_t *)data)[i] = (int8_t)rng_below(r, 256);
		else if (t == DT_I16)
			((int16_t *)data)[i] = (int16_t)(rng_below(r, 2001) - 1000);
		else
			((int32_t *)data)[i] = rng_below(r, 2001) - 1000;
	}
}

/* Two scales, so that concatenations find inputs of the same one. */
static const float scales[2] = { 0.05f, 0.03125f };

static struct quant
some_quant(struct maker *m)
{
	int k = pick(m, 4) == 0;

	return (struct quant){ m->dtype == DT_I8, &scales[k], k ? -20 : 3, 0 };
}

static struct tensor *
any(struct maker *m)
{
	int n = m->pooled < POOL ? m->pooled : POOL;

	/* Recent ones more often, for depth. */
	if (pick(m, 2))
		return m->pool[(m->pooled - 1 - pick(m, n < 4 ? n : 4)) % POOL];
	return m->pool[pick(m, n)];
}

static void
keep(struct maker *m, struct tensor *t)
{
	m->pool[m->pooled++ % POOL] = t;
}

static struct tensor *
constant(struct maker *m, enum dtype t, int rank, const int32_t *dim, const struct quant *q)
{
	struct shape shape = { .rank = rank };
	name text = intern_printf(m->g->names, "k%d", m->consts++);
	void *data;

	memcpy(shape.dim, dim, (size_t)rank * sizeof *dim);
	data = arena_alloc(m->g->arena, (size_t)(shape_count(&shape) * dtype_info[t].bytes));
	fill(&m->rng, t, shape_count(&shape), data);
	return graph_const(m->g, text, t, &shape, q, data, LOC_NONE);
}

static bool
is_sum(const struct tensor *t)
{
	return t->dtype == DT_I32 || t->dtype == DT_I16;
}

static struct node *
add(struct maker *m, enum op op, struct tensor **in, int nin)
{
	bool gives_sums = m->attr.result != DT_COUNT || (op != OP_RESCALE && is_sum(in[0]));
	struct quant q = some_quant(m), *written = op_info[op].quant == QUANT_STATED && !gives_sums ? &q : NULL;
	char why[WHY_SIZE];
	struct node *n;

	n = graph_add(m->g, op, graph_unique(m->g, intern(m->g->names, op_info[op].name)), in, nin, &m->attr, written, LOC_NONE, why);
	if (n)
		keep(m, n->out);
	return n;
}

static void
some_act(struct maker *m)
{
	static const struct clamp acts[] = { { 0, INFINITY }, { 0, 6 }, { -1, 0.5f } };

	if (pick(m, 3) == 0)
		m->attr.act = acts[pick(m, 3)];
}

/* ---- operations ---- */

static struct quant
weight_quant(struct maker *m)
{
	static const float scale = 0.01f;

	return (struct quant){ m->dtype == DT_I8, &scale, 0, 0 };
}

static void
window(struct maker *m, struct tensor *x)
{
	int i;

	for (i = 0; i < 2; i++) {
		m->attr.kernel[i] = between(m, 1, 3);
		m->attr.stride[i] = between(m, 1, 2);
		if (x->shape.dim[i] > 12)
			m->attr.stride[i] = 3;
		m->attr.pad[2 * i] = pick(m, m->attr.kernel[i]);
		m->attr.pad[2 * i + 1] = pick(m, m->attr.kernel[i]);
	}
}

static void
make_layer(struct maker *m, struct tensor *x)
{
	struct quant q = weight_quant(m);
	int32_t c = x->shape.dim[x->shape.rank - 1], out = between(m, 1, 6);
	struct tensor *in[3] = { x };
	int kind = x->shape.rank == 3 ? pick(m, 4) : 2;
	enum op op = (enum op[]){ OP_CONV2D, OP_DWCONV2D, OP_DENSE, OP_TCONV2D }[kind];

	if (kind != 2)
		window(m, x);
	some_act(m);
	if (kind == 0)
		out *= m->attr.groups = c % 2 == 0 && pick(m, 4) == 0 ? 2 : 1;
	if (kind == 0 || kind == 3) {
		in[1] = constant(m, m->dtype, 4, (int32_t[]){ out, m->attr.kernel[0], m->attr.kernel[1], c / m->attr.groups }, &q);
	} else if (kind == 1) {
		q.axis = 2;
		m->attr.multiplier = pick(m, 4) == 0 ? 2 : 1;
		out = c * m->attr.multiplier;
		in[1] = constant(m, m->dtype, 3, (int32_t[]){ m->attr.kernel[0], m->attr.kernel[1], out }, &q);
	} else {
		in[1] = constant(m, m->dtype, 2, (int32_t[]){ out, c }, &q);
	}
	m->attr.out = out;
	in[2] = constant(m, m->dtype == DT_F32 ? DT_F32 : DT_I32, 1, &out, NULL);
	add(m, op, in, between(m, 2, 3));
}

/* Weights and bias of a layer with N of X's channels from FIRST on (dense or 1x1), which is IN[0] then. */
static bool
part_inputs(struct maker *m, enum op op, struct tensor *x, int32_t first, int32_t n, int32_t out, struct tensor **in)
{
	struct quant q = weight_quant(m);
	struct attrs layer = m->attr;
	int rank = x->shape.rank, i;
	struct node *slice;

	attrs_init(&m->attr);
	m->attr.begin.n = m->attr.size.n = rank;
	for (i = 0; i < rank; i++) {
		m->attr.begin.v[i] = i == rank - 1 ? first : 0;
		m->attr.size.v[i] = i == rank - 1 ? n : x->shape.dim[i];
	}
	slice = add(m, OP_SLICE, &x, 1);
	m->attr = layer;
	if (!slice)
		return false;
	in[0] = slice->out;
	if (op == OP_DENSE)
		in[1] = constant(m, m->dtype, 2, (int32_t[]){ out, n }, &q);
	else
		in[1] = constant(m, m->dtype, 4, (int32_t[]){ out, m->attr.kernel[0], m->attr.kernel[1], n }, &q);
	in[2] = constant(m, m->dtype == DT_F32 ? DT_F32 : DT_I32, 1, &out, NULL);
	return true;
}

/* A layer in two to four parts that go on from one another; sometimes the sums stay as they are. */
static void
make_parts(struct maker *m, struct tensor *x)
{
	enum op op = x->shape.rank == 3 && pick(m, 2) ? OP_CONV2D : OP_DENSE;
	int32_t c = x->shape.dim[x->shape.rank - 1], out = between(m, 1, 6), first = 0;
	enum dtype sums = m->dtype == DT_F32 ? DT_F32 : pick(m, 3) ? DT_I32 : DT_I16;
	struct tensor *in[4] = { 0 };
	struct attrs shape;

	if (c < 2 || x->dtype != m->dtype)
		return;
	if (op == OP_CONV2D)
		window(m, x);
	m->attr.out = out;
	m->attr.shift = pick(m, 4);
	shape = m->attr;
	while (first < c) {
		int32_t n = between(m, 1, c - first);
		bool last = first + n == c, keeps = last && pick(m, 4) == 0;
		struct node *part;

		if (!part_inputs(m, op, x, first, n, out, in))
			return;
		m->attr.result = m->dtype == DT_F32 || (last && !keeps) ? DT_COUNT : sums;
		m->attr.rounding = (enum rounding)pick(m, ROUNDING_COUNT);
		if (last && !keeps)
			some_act(m);
		part = add(m, op, in, in[3] ? 4 : 3);
		m->attr = shape;
		if (!part)
			return;
		in[3] = part->out;
		first += n;
	}
}

static void
make_rescale(struct maker *m, struct tensor *x)
{
	int32_t c = x->shape.dim[x->shape.rank - 1], i;
	struct tensor *in[3] = { x };
	bool even = pick(m, 4) == 0;

	if (!is_sum(x))
		return;
	in[1] = constant(m, even ? DT_F32 : DT_I32, 1, &c, NULL);
	in[2] = constant(m, DT_I8, 1, &c, NULL);
	for (i = 0; i < c; i++)
		if (even)
			((float *)in[1]->data)[i] = 0.01f * (1 + ((const float *)in[1]->data)[i]);
		else {
			((int32_t *)in[1]->data)[i] = (1 << 30) + pick(m, 1 << 30);
			((int8_t *)in[2]->data)[i] = (int8_t)-pick(m, 12);
		}
	m->attr.rounding = even ? ROUNDING_EVEN : pick(m, 2) ? ROUNDING_DOUBLE : ROUNDING_SINGLE;
	m->attr.shift = pick(m, 4);
	some_act(m);
	add(m, OP_RESCALE, in, even ? 2 : 3);
}

static void
make_gather(struct maker *m, struct tensor *x)
{
	int32_t n = between(m, 1, 6), c = x->shape.dim[x->shape.rank - 1], i;
	struct tensor *in[2] = { x, constant(m, DT_I32, 1, &n, NULL) };

	for (i = 0; i < n; i++)
		((int32_t *)in[1]->data)[i] = pick(m, c);
	add(m, OP_GATHER, in, 2);
}

static void
make_pool(struct maker *m, struct tensor *x)
{
	window(m, x);
	some_act(m);
	add(m, pick(m, 2) ? OP_MAXPOOL : OP_AVGPOOL, &x, 1);
}

static void
make_unary(struct maker *m, struct tensor *x)
{
	static const enum op ops[] = { OP_RELU, OP_RELU6, OP_CLIP, OP_RELU, OP_CLIP, OP_LEAKY_RELU, OP_SIGMOID, OP_TANH, OP_HARD_SWISH,
		OP_SOFTMAX, OP_LOG_SOFTMAX, OP_LRN, OP_COPY, OP_SHUFFLE };
	enum op op = ops[pick(m, (int)(sizeof ops / sizeof *ops))];

	m->attr.lo = -(float)pick(m, 3);
	m->attr.hi = (float)between(m, 1, 20);
	m->attr.groups = between(m, 1, 3);
	m->attr.window = between(m, 1, 5);
	add(m, op, &x, 1);
}

static void
make_requantize(struct maker *m, struct tensor *x)
{
	if (m->dtype == DT_I8)
		add(m, OP_REQUANTIZE, &x, 1);
}

static void
make_binary(struct maker *m, struct tensor *x)
{
	static const enum op ops[] = { OP_ADD, OP_SUB, OP_MUL };
	struct tensor *in[2] = { x, x };
	struct quant q = some_quant(m);
	int k, tries;

	for (tries = 0; tries < 8 && in[1] == x; tries++)
		in[1] = any(m);
	if (pick(m, 4) == 0)
		in[1] = x;
	else if (in[1] == x || pick(m, 4) == 0)
		in[1] = constant(m, m->dtype, 1, &x->shape.dim[x->shape.rank - 1], &q);
	k = pick(m, 2);
	if (k) {
		struct tensor *t = in[0];

		in[0] = in[1];
		in[1] = t;
	}
	some_act(m);
	if (!add(m, ops[pick(m, 3)], in, 2)) {
		in[0] = in[1] = x;
		add(m, ops[pick(m, 3)], in, 2);
	}
}

static void
make_concat(struct maker *m, struct tensor *x)
{
	struct tensor *in[4] = { x };
	int want = between(m, 1, 4), n = 1, tries, i, axis;

	axis = m->attr.axis = pick(m, x->shape.rank);
	for (tries = 0; tries < 60 && n < want; tries++) {
		struct tensor *t = any(m);
		bool fits = t->shape.rank == x->shape.rank && quant_equal(&t->quant, &x->quant);

		for (i = 0; i < x->shape.rank && fits; i++)
			fits = i == axis || t->shape.dim[i] == x->shape.dim[i];
		if (fits && (t != x || pick(m, 6) == 0))
			in[n++] = t;
	}
	if (pick(m, 2)) { /* x last */
		in[0] = in[n - 1];
		in[n - 1] = x;
	}
	if (n > 1 || pick(m, 8) == 0)
		add(m, OP_CONCAT, in, n);
}

static void
make_slice(struct maker *m, struct tensor *x)
{
	int i, rank = x->shape.rank, only = pick(m, 3) ? pick(m, rank) : -1;

	m->attr.begin.n = m->attr.size.n = m->attr.steps.n = rank;
	for (i = 0; i < rank; i++) {
		int32_t dim = x->shape.dim[i], step = pick(m, 5) == 0 ? 2 : 1;

		m->attr.begin.v[i] = 0;
		m->attr.size.v[i] = dim;
		m->attr.steps.v[i] = 1;
		if (only >= 0 && i != only)
			continue;
		m->attr.begin.v[i] = pick(m, dim);
		m->attr.steps.v[i] = step;
		m->attr.size.v[i] = between(m, 1, (dim - m->attr.begin.v[i] + step - 1) / step);
	}
	add(m, OP_SLICE, &x, 1);
}

static void
make_pad(struct maker *m, struct tensor *x)
{
	static const float values[] = { 0, 0, 0, 1, -1e30f };
	int i, rank = x->shape.rank;

	m->attr.before.n = m->attr.after.n = rank;
	for (i = 0; i < rank; i++) {
		bool pads = i < 2 || pick(m, 4) == 0;

		m->attr.before.v[i] = pads ? pick(m, 2) : 0;
		m->attr.after.v[i] = pads ? pick(m, 2) : 0;
	}
	m->attr.value = values[pick(m, m->dtype == DT_I8 ? 5 : 4)];
	add(m, OP_PAD, &x, 1);
}

static void
make_reshape(struct maker *m, struct tensor *x)
{
	int32_t count = (int32_t)tensor_count(x), d = between(m, 1, 6);
	struct ints *s = &m->attr.shape;

	if (pick(m, 4) == 0) {
		add(m, OP_FLATTEN, &x, 1);
		return;
	}
	if (count % d)
		d = 1;
	if (pick(m, 2))
		*s = (struct ints){ 2, { count / d, d } };
	else if (x->shape.rank == 3)
		*s = (struct ints){ 2, { x->shape.dim[0] * x->shape.dim[1], x->shape.dim[2] } };
	else
		*s = (struct ints){ 3, { d, 1, count / d } };
	add(m, OP_RESHAPE, &x, 1);
}

static void
make_transpose(struct maker *m, struct tensor *x)
{
	int rank = x->shape.rank, i, k;

	m->attr.perm.n = rank;
	for (i = 0; i < rank; i++) {
		k = pick(m, i + 1);
		m->attr.perm.v[i] = m->attr.perm.v[k];
		m->attr.perm.v[k] = i;
	}
	add(m, OP_TRANSPOSE, &x, 1);
}

static void
make_batchnorm(struct maker *m, struct tensor *x)
{
	int32_t c = x->shape.dim[x->shape.rank - 1];
	struct tensor *in[5] = { x };
	int k, i;

	if (m->dtype != DT_F32)
		return;
	for (k = 1; k < 5; k++)
		in[k] = constant(m, DT_F32, 1, &c, NULL);
	for (i = 0; i < c; i++)
		((float *)in[4]->data)[i] = 1 + 0.5f * ((const float *)in[4]->data)[i];
	add(m, OP_BATCHNORM, in, 5);
}

static void
make_mean(struct maker *m, struct tensor *x)
{
	m->attr.keep = pick(m, 2);
	m->attr.axes = (struct ints){ 1, { pick(m, x->shape.rank) } };
	if (pick(m, 3) == 0)
		m->attr.axes.n = 0;
	add(m, OP_MEAN, &x, 1);
}

static void
make_resize(struct maker *m, struct tensor *x)
{
	m->attr.size = (struct ints){ 2, { between(m, 1, 6), between(m, 1, 6) } };
	m->attr.mode = pick(m, 2) ? MODE_NEAREST : MODE_BILINEAR;
	add(m, OP_RESIZE, &x, 1);
}

static void (*const makers[])(struct maker *, struct tensor *) = {
	make_layer, make_layer, make_parts, make_parts, make_rescale, make_gather, make_pool, make_unary, make_unary, make_unary, make_requantize, make_binary, make_binary,
	make_concat, make_concat, make_concat, make_slice, make_slice, make_pad, make_reshape, make_reshape,
	make_transpose, make_batchnorm, make_batchnorm, make_mean, make_resize
};

static void
make_leaves(struct maker *m)
{
	int i, inputs = between(m, 1, 3);
	struct shape shape = { 3, { between(m, 1, 5), between(m, 1, 5), between(m, 1, 5) } };

	for (i = 0; i < inputs; i++) {
		struct quant q = some_quant(m);

		keep(m, graph_input(m->g, intern_printf(m->g->names, "in%d", i), m->dtype, &shape, &q, LOC_NONE));
		if (pick(m, 2))
			shape.dim[2] = between(m, 1, 5);
	}
	if (pick(m, 4) == 0) {
		struct quant q = some_quant(m);

		keep(m, constant(m, m->dtype, 3, shape.dim, &q));
	}
}

static void
make_outputs(struct maker *m)
{
	int i, outputs = between(m, 1, 5);

	for (i = 0; i < outputs; i++)
		graph_output(m->g, intern_printf(m->g->names, "out%d", i), any(m));
}

static void
make_graph(struct maker *m, int nodes)
{
	int tries;

	make_leaves(m);
	for (tries = 0; m->g->node_count < nodes && tries < 10 * nodes; tries++) {
		struct tensor *x = any(m);

		attrs_init(&m->attr);
		if (x->shape.rank > 0 && tensor_count(x) < 2000)
			makers[pick(m, (int)(sizeof makers / sizeof *makers))](m, x);
	}
	make_outputs(m);
}

static struct maker
maker_of(struct arena *a, struct intern *names, uint64_t seed, enum dtype t)
{
	return (struct maker){ .g = graph_new(a, names, intern(names, "random")), .rng = { seed * 2 + 1 }, .dtype = t };
}

struct graph *
random_graph(struct arena *a, struct intern *names, uint64_t seed, enum dtype t, int nodes)
{
	struct maker m = maker_of(a, names, seed, t);

	make_graph(&m, nodes);
	graph_tidy(m.g);
	return m.g;
}

/* ---- dead channels ---- */

/* COUNT elements of T, a constant of the test's own, from FIRST on, STEP apart. */
static void
clear(const struct tensor *t, int64_t first, int64_t step, int64_t count)
{
	int bytes = dtype_info[t->dtype].bytes;
	int64_t i;

	for (i = 0; i < count; i++)
		memset((char *)t->data + (first + i * step) * bytes, 0, (size_t)bytes);
}

static void
clear_channels(struct node *n, struct rng *r)
{
	const struct tensor *w = n->in[1];
	int32_t out = n->out->shape.dim[n->out->shape.rank - 1], in = w->shape.dim[w->shape.rank - 1], c;
	int64_t row = tensor_count(w) / out;
	bool depthwise = n->op == OP_DWCONV2D;

	for (c = 0; c < out; c++) {
		if (rng_below(r, 3))
			continue;
		clear(w, depthwise ? c : c * row, depthwise ? out : 1, row);
		if (n->nin > 2 && rng_below(r, 2))
			clear(n->in[2], c, 1, 1);
	}
	for (c = 0; c < in && !depthwise; c++)
		if (rng_below(r, 4) == 0)
			clear(w, c, in, tensor_count(w) / in);
}

static void
add_head(struct maker *m, size_t k)
{
	struct tensor *x = m->g->outputs.v[k], *in[2] = { x };
	struct quant q = weight_quant(m);
	struct node *n;

	if (x->dtype != m->dtype || x->shape.rank == 0 || pick(m, 5) == 0)
		return;
	attrs_init(&m->attr);
	m->attr.out = between(m, 1, 3);
	in[1] = constant(m, m->dtype, 2, (int32_t[]){ m->attr.out, x->shape.dim[x->shape.rank - 1] }, &q);
	n = add(m, OP_DENSE, in, 2);
	if (n)
		m->g->outputs.v[k] = n->out;
}

struct graph *
random_dead_graph(struct arena *a, struct intern *names, uint64_t seed, enum dtype t, int nodes)
{
	struct maker m = maker_of(a, names, seed, t);
	struct node *n;
	size_t i;

	make_graph(&m, nodes);
	for (i = 0; i < m.g->outputs.n; i++)
		add_head(&m, i);
	for (n = m.g->first; n; n = n->next)
		if (n->op == OP_CONV2D || n->op == OP_DWCONV2D || n->op == OP_TCONV2D || n->op == OP_DENSE)
			clear_channels(n, &m.rng);
	graph_tidy(m.g);
	return m.g;
}

/* ---- values ---- */

const void **
random_values(struct arena *a, const struct graph *g, uint64_t seed)
{
	const void **values = ARENA_ARRAY(a, const void *, g->inputs.n);
	struct rng r = { seed + 77 };
	size_t i;

	for (i = 0; i < g->inputs.n; i++) {
		const struct tensor *t = g->inputs.v[i];
		void *data = arena_alloc(a, (size_t)tensor_bytes(t));

		fill(&r, t->dtype, tensor_count(t), data);
		values[i] = data;
	}
	return values;
}

/* ---- text ---- */

char *
graph_text(struct arena *a, const struct graph *g)
{
	char *text, *copy;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	graph_print(f, g, NULL);
	fclose(f);
	copy = arena_strndup(a, text, len);
	free(text);
	return copy;
}
