/* Regions of tensors whose channels stand in one order: see channels.h.
 *
 * Every channel of every tensor in the region is a number.  Tied channels are joined (union-find) into *atoms*.  A
 * permutation of atoms moves them in all tensors at once; it is allowed if each tensor keeps its set of atoms and each group of
 * a grouped convolution keeps its own.  Both are labels: an atom's label is the sum of a hash for each place that it
 * stands in, so equal labels mean the same tensors and groups.  What the labels allow is checked tie by tie in the end. */
#include <config.h>
#include <string.h>
#include "passes/channels.h"
#include "passes/rewrite.h"
#include "support/disjoint.h"

int32_t
tensor_channels(const struct tensor *t)
{
	return t->shape.rank ? t->shape.dim[t->shape.rank - 1] : 1;
}

bool
is_shuffle(const struct node *n)
{
	return n->op == OP_SHUFFLE || n->op == OP_GATHER;
}

/* ---- operations ---- */

enum rule {
	PINNED,  /* what is not named below: its channels stay where they are */
	EACH,    /* every channel by itself */
	LAYER,   /* a sum over the input's channels, weights for each output channel */
	DEPTH, JOIN, RESHAPED, MOVED, CUT, PADDED, AVERAGED, SOFT, ORDERS
};

static const enum rule rules[OP_COUNT] = {
	[OP_CONV2D] = LAYER, [OP_TCONV2D] = LAYER, [OP_DENSE] = LAYER, [OP_DWCONV2D] = DEPTH,
	[OP_MAXPOOL] = EACH, [OP_AVGPOOL] = EACH, [OP_ADD] = EACH, [OP_SUB] = EACH, [OP_MUL] = EACH, [OP_RESIZE] = EACH,
	[OP_BATCHNORM] = EACH, [OP_RELU] = EACH, [OP_RELU6] = EACH, [OP_CLIP] = EACH, [OP_LEAKY_RELU] = EACH,
	[OP_HARD_SWISH] = EACH, [OP_SIGMOID] = EACH, [OP_TANH] = EACH, [OP_QUANTIZE] = EACH, [OP_DEQUANTIZE] = EACH,
	[OP_COPY] = EACH, [OP_REQUANTIZE] = EACH, [OP_RESCALE] = EACH,
	[OP_CONCAT] = JOIN, [OP_RESHAPE] = RESHAPED, [OP_FLATTEN] = RESHAPED, [OP_TRANSPOSE] = MOVED, [OP_SLICE] = CUT,
	[OP_PAD] = PADDED, [OP_MEAN] = AVERAGED, [OP_SOFTMAX] = SOFT, [OP_SHUFFLE] = ORDERS, [OP_GATHER] = ORDERS
};

/* Whether the last dimension of the input is among those that the mean is over. */
static bool
averages_channels(const struct node *n)
{
	const struct ints *axes = &n->attr.axes;
	int last = n->in[0]->shape.rank - 1, i;

	for (i = 0; i < axes->n; i++)
		if (axes->v[i] == last)
			return true;
	return axes->n == 0;
}

static bool
keeps_last(const struct node *n)
{
	int last = n->in[0]->shape.rank - 1;

	return last >= 0 && n->attr.perm.v[last] == last;
}

/* N as EACH where it does not move or mix channels. */
static enum rule
rule_of(const struct node *n)
{
	enum rule rule = rules[n->op];

	if (n->out->shape.rank == 0 && rule != AVERAGED)
		return PINNED;
	if (rule == JOIN && n->attr.axis != n->out->shape.rank - 1)
		return EACH;
	if (rule == MOVED)
		return keeps_last(n) ? EACH : PINNED;
	if (rule == SOFT) /* the sum of f32 values depends on their order */
		return n->out->dtype == DT_F32 ? PINNED : EACH;
	if (rule == AVERAGED && !averages_channels(n))
		return EACH;
	if (rule == RESHAPED && tensor_channels(n->in[0]) % tensor_channels(n->out) && tensor_channels(n->out) % tensor_channels(n->in[0]))
		return PINNED;
	return rule;
}

bool
node_mixes(const struct node *n)
{
	enum rule rule = rule_of(n);

	return n->op == OP_SOFTMAX || rule == PINNED || rule == MOVED || rule == AVERAGED;
}

int32_t
node_in_run(const struct node *n)
{
	int32_t channels = tensor_channels(n->in[0]);

	switch (rule_of(n)) {
	case PINNED: case MOVED: case SOFT:
		return 1;
	case LAYER:
		return n->op == OP_CONV2D ? channels / n->attr.groups : channels;
	case EACH: case DEPTH: case JOIN: case RESHAPED: case CUT: case PADDED: case AVERAGED: case ORDERS:
		return channels;
	}
	die("rule of operation %d", (int)n->op);
}

int32_t
node_out_run(const struct node *n)
{
	int32_t channels = tensor_channels(n->out);

	switch (rule_of(n)) {
	case PINNED: case MOVED: case SOFT: case AVERAGED:
		return 1;
	case LAYER:
		return n->op == OP_CONV2D ? channels / n->attr.groups : channels;
	case EACH: case DEPTH: case JOIN: case RESHAPED: case CUT: case PADDED: case ORDERS:
		return channels;
	}
	die("rule of operation %d", (int)n->op);
}

/* ---- ties ---- */

int32_t
tie_place(const struct tie *t, int32_t j)
{
	j -= t->at;
	return j < 0 || j >= t->len ? -1 : (j * t->step + t->begin) / t->div % t->mod;
}

static struct tie
plain_tie(struct tensor *to, struct tensor *from)
{
	return (struct tie){ to, from, 0, tensor_channels(to), 1, 0, 1, tensor_channels(from) };
}

/* Operands that are broadcast along the channels have no part in it; constants bound by the layer's path belong to the
 * layer. */
static void
each_ties(const struct node *n, tie_fn *fn, void *ctx)
{
	int k;

	for (k = 0; k < n->nin; k++) {
		struct tie t = plain_tie(n->out, n->in[k]);
		bool bound = false;

		if (!(op_info[n->op].flags & OPF_VARIADIC))
			op_input_name(n->op, k, &bound);
		if (!bound && tensor_channels(n->in[k]) == tensor_channels(n->out))
			fn(ctx, &t);
	}
}

static void
join_ties(const struct node *n, tie_fn *fn, void *ctx)
{
	int32_t at = 0;
	int k;

	for (k = 0; k < n->nin; k++) {
		struct tie t = plain_tie(n->out, n->in[k]);

		t.at = at;
		t.len = tensor_channels(n->in[k]);
		at += t.len;
		fn(ctx, &t);
	}
}

/* Of two lengths of the last dimension, one a multiple of the other, the longer repeats the channels of the shorter. */
static void
reshape_tie(const struct node *n, tie_fn *fn, void *ctx)
{
	bool wider = tensor_channels(n->out) >= tensor_channels(n->in[0]);
	struct tie t = wider ? plain_tie(n->out, n->in[0]) : plain_tie(n->in[0], n->out);

	fn(ctx, &t);
}

void
node_ties(const struct node *n, tie_fn *fn, void *ctx)
{
	struct tie t = plain_tie(n->out, n->in[0]);
	int last = n->out->shape.rank - 1;

	switch (rule_of(n)) {
	case EACH:
		each_ties(n, fn, ctx);
		return;
	case DEPTH:
		t.div = n->attr.multiplier;
		break;
	case JOIN:
		join_ties(n, fn, ctx);
		return;
	case RESHAPED:
		reshape_tie(n, fn, ctx);
		return;
	case CUT:
		t.begin = n->attr.begin.v[last];
		t.step = n->attr.steps.v[last];
		break;
	case PADDED:
		t.at = n->attr.before.v[last];
		t.len = tensor_channels(n->in[0]);
		break;
	case LAYER: case PINNED: case MOVED: case AVERAGED: case SOFT: case ORDERS:
		t.len = 0;
		break;
	}
	if (t.len)
		fn(ctx, &t);
	if (op_info[n->op].flags & OPF_SUM && n->nin > INPUT_SUM) {
		t = plain_tie(n->out, n->in[INPUT_SUM]);
		fn(ctx, &t);
	}
}

/* ---- readers ---- */

void
readers_find(struct readers *r, struct arena *a, const struct graph *g)
{
	size_t total = 0, i;
	struct node *n;
	int *at, k;

	r->start = ARENA_ARRAY(a, int, g->tensors.n + 1);
	r->is_output = ARENA_ARRAY(a, bool, g->tensors.n);
	at = ARENA_ARRAY(a, int, g->tensors.n);
	for (n = g->first; n; n = n->next)
		for (k = 0; k < n->nin; k++, total++)
			r->start[n->in[k]->id + 1]++;
	for (i = 0; i < g->tensors.n; i++) {
		r->start[i + 1] += r->start[i];
		at[i] = r->start[i];
	}
	r->list = ARENA_ARRAY(a, struct node *, total);
	for (n = g->first; n; n = n->next)
		for (k = 0; k < n->nin; k++)
			r->list[at[n->in[k]->id]++] = n;
	for (i = 0; i < g->outputs.n; i++)
		r->is_output[g->outputs.v[i]->id] = true;
}

/* ---- growing a region ---- */

struct growth {
	struct region *r;
	bool *seen; /* nodes, by the id of their result */
	struct tensor *at;
};

static void
add_tensor(struct region *r, struct tensor *t)
{
	if (r->slot[t->id])
		return;
	ARRAY_PUSH(r->arena, r->tensors, t);
	r->slot[t->id] = (int)r->tensors.n;
}

static void
grow_tie(void *ctx, const struct tie *t)
{
	struct growth *g = ctx;

	if (t->to == g->at || t->from == g->at) {
		add_tensor(g->r, t->to);
		add_tensor(g->r, t->from);
	}
}

static void
visit(struct growth *g, struct node *n)
{
	node_ties(n, grow_tie, g);
	if (!g->seen[n->out->id])
		ARRAY_PUSH(g->r->arena, g->r->nodes, n);
	g->seen[n->out->id] = true;
}

static void
grow(struct region *r, const struct graph *graph, const struct readers *readers)
{
	struct growth g = { r, ARENA_ARRAY(r->arena, bool, graph->tensors.n), NULL };
	size_t i;
	int k;

	for (i = 0; i < r->tensors.n; i++) {
		g.at = r->tensors.v[i];
		if (g.at->producer)
			visit(&g, g.at->producer);
		for (k = readers->start[g.at->id]; k < readers->start[g.at->id + 1]; k++)
			visit(&g, readers->list[k]);
	}
}

/* ---- atoms ---- */

static int32_t *
first_of(const struct region *r, const struct tensor *t, int32_t *array)
{
	return array + r->start[r->slot[t->id] - 1];
}

static void
join_tie(void *ctx, const struct tie *t)
{
	struct region *r = ctx;
	int32_t j, to, from;

	if (!r->slot[t->to->id] || !r->slot[t->from->id])
		return;
	to = r->start[r->slot[t->to->id] - 1];
	from = r->start[r->slot[t->from->id] - 1];
	for (j = t->at; j < t->at + t->len; j++)
		disjoint_join(r->atom, to + j, from + tie_place(t, j));
}

/* Number the channels; false: too many. */
static bool
number_channels(struct region *r)
{
	enum { MOST = 1 << 26 };
	int64_t count = 0;
	size_t i;

	r->start = ARENA_ARRAY(r->arena, int32_t, r->tensors.n);
	for (i = 0; i < r->tensors.n && count <= MOST; i++) {
		r->start[i] = (int32_t)count;
		count += tensor_channels(r->tensors.v[i]);
	}
	r->count = (int32_t)count;
	return count <= MOST;
}

static void
make_atoms(struct region *r)
{
	size_t i;
	int32_t k;

	r->atom = ARENA_ARRAY(r->arena, int32_t, (size_t)r->count);
	for (k = 0; k < r->count; k++)
		r->atom[k] = k;
	for (i = 0; i < r->nodes.n; i++)
		node_ties(r->nodes.v[i], join_tie, r);
	for (k = 0; k < r->count; k++)
		r->atom[k] = disjoint_find(r->atom, k);
}

/* ---- labels ---- */

static uint64_t
mix(uint64_t z)
{
	z += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* The channels of T may move within runs of RUN only; SALT tells this limit from others. */
static void
limit(struct region *r, const struct tensor *t, int32_t run, uint64_t salt)
{
	const int32_t *atom = first_of(r, t, r->atom);
	int32_t j;

	for (j = 0; j < tensor_channels(t); j++)
		r->label[atom[j]] += mix(mix(salt) + (uint64_t)(j / run));
}

/* The same; and say so. */
static void
limit_by_node(struct region *r, const struct node *n, const struct tensor *t, int32_t run, uint64_t salt)
{
	if (run == tensor_channels(t))
		return;
	limit(r, t, run, salt);
	if (run == 1 && !r->fixed)
		r->fixed = arena_printf(r->arena, "%s '%s' needs them in order", op_info[n->op].name, n->label);
	else if (run > 1 && !r->grouped)
		r->grouped = arena_printf(r->arena, "they stay within the %d groups of '%s'", tensor_channels(t) / run, n->label);
}

static void
limit_ends(struct region *r, const struct readers *readers, const struct tensor *t, uint64_t salt)
{
	bool is_input = !t->producer && !t->data;

	if (!is_input && !readers->is_output[t->id])
		return;
	limit(r, t, 1, salt);
	r->fixed = arena_printf(r->arena, "'%s' is an %s of the network", t->name, is_input ? "input" : "output");
}

/* Constants among a layer's weights are the layer's, also where another operation reads them as values. */
static void
limit_bound(struct region *r, const struct node *n, uint64_t salt)
{
	bool bound;
	int k;

	for (k = 1; k < n->nin && !(op_info[n->op].flags & OPF_VARIADIC); k++) {
		op_input_name(n->op, k, &bound);
		if (bound && region_has(r, n->in[k]))
			limit_by_node(r, n, n->in[k], 1, salt);
	}
}

static void
make_labels(struct region *r, const struct readers *readers)
{
	uint64_t salt = 0;
	size_t i;

	r->label = ARENA_ARRAY(r->arena, uint64_t, (size_t)r->count);
	for (i = 0; i < r->tensors.n; i++) {
		limit(r, r->tensors.v[i], INT32_MAX, ++salt);
		limit_ends(r, readers, r->tensors.v[i], ++salt);
	}
	for (i = 0; i < r->nodes.n; i++) {
		const struct node *n = r->nodes.v[i];

		if (region_has(r, n->in[0]))
			limit_by_node(r, n, n->in[0], node_in_run(n), ++salt);
		if (region_has(r, n->out))
			limit_by_node(r, n, n->out, node_out_run(n), ++salt);
		limit_bound(r, n, ++salt);
	}
}

bool
region_find(struct region *r, struct arena *a, const struct graph *g, const struct readers *readers, struct tensor *seed)
{
	*r = (struct region){ .arena = a, .slot = ARENA_ARRAY(a, int, g->tensors.n) };
	add_tensor(r, seed);
	grow(r, g, readers);
	if (!number_channels(r))
		return false;
	make_atoms(r);
	make_labels(r, readers);
	r->order = ARENA_ARRAY(a, int32_t *, r->tensors.n);
	return true;
}

bool
region_has(const struct region *r, const struct tensor *t)
{
	return r->slot[t->id] != 0;
}

uint64_t
region_label(const struct region *r, const struct tensor *seed, int32_t c)
{
	return r->label[first_of(r, seed, r->atom)[c]];
}

/* ---- orders ---- */

/* Where each atom of a tensor stands: the places of atom a are list[start[a]] .. list[start[a] + count[a] - 1]. */
struct places { int32_t *start, *count, *list, *nth; };

static void
find_places(struct places *p, const int32_t *atom, int32_t channels)
{
	int32_t j, next = 0;

	for (j = 0; j < channels; j++)
		p->count[atom[j]] = 0;
	for (j = 0; j < channels; j++)
		p->nth[j] = p->count[atom[j]]++;
	for (j = 0; j < channels; j++)
		if (p->nth[j] == 0) {
			p->start[atom[j]] = next;
			next += p->count[atom[j]];
		}
	for (j = 0; j < channels; j++)
		p->list[p->start[atom[j]] + p->nth[j]] = j;
}

/* T's order when atom a becomes TO[a]: the nth place of a in T takes what was at the nth place of TO[a]. */
static bool
order_tensor(struct region *r, struct places *p, const struct tensor *t, const int32_t *to, int32_t **order)
{
	const int32_t *atom = first_of(r, t, r->atom);
	int32_t channels = tensor_channels(t), j;
	bool changed = false;

	find_places(p, atom, channels);
	*order = ARENA_ARRAY(r->arena, int32_t, (size_t)channels);
	for (j = 0; j < channels; j++) {
		int32_t b = to[atom[j]], at;

		if (p->count[b] != p->count[atom[j]])
			return false;
		at = p->list[p->start[b] + p->nth[j]];
		if (at < 0 || at >= channels || atom[at] != b)
			return false;
		(*order)[j] = at;
		changed |= at != j;
	}
	if (!changed)
		*order = NULL;
	return true;
}

static int32_t
new_place(const struct region *r, const struct tensor *t, int32_t j)
{
	const int32_t *order = region_order_of(r, t);

	return order ? order[j] : j;
}

struct check { const struct region *r; bool ok; };

/* Channels that were tied still are. */
static void
check_tie(void *ctx, const struct tie *t)
{
	struct check *c = ctx;
	int32_t j, from;

	if (!region_has(c->r, t->to) || !region_has(c->r, t->from))
		return;
	for (j = 0; j < tensor_channels(t->to) && c->ok; j++) {
		from = tie_place(t, j);
		c->ok = tie_place(t, new_place(c->r, t->to, j)) == (from < 0 ? -1 : new_place(c->r, t->from, from));
	}
}

static bool
keeps_runs(const struct region *r, const struct tensor *t, int32_t run)
{
	const int32_t *order = region_order_of(r, t);
	int32_t j;

	for (j = 0; order && j < tensor_channels(t); j++)
		if (order[j] / run != j / run)
			return false;
	return true;
}

static bool
holds(const struct region *r)
{
	struct check c = { r, true };
	size_t i;

	for (i = 0; i < r->nodes.n && c.ok; i++) {
		const struct node *n = r->nodes.v[i];

		node_ties(n, check_tie, &c);
		c.ok = c.ok && keeps_runs(r, n->in[0], node_in_run(n)) && keeps_runs(r, n->out, node_out_run(n));
	}
	return c.ok;
}

bool
region_order(struct region *r, const struct tensor *seed, const int32_t *order)
{
	const int32_t *atom = first_of(r, seed, r->atom);
	int32_t *to = ARENA_ARRAY(r->arena, int32_t, (size_t)r->count), j;
	struct places p = { ARENA_ARRAY(r->arena, int32_t, (size_t)r->count), ARENA_ARRAY(r->arena, int32_t, (size_t)r->count),
		ARENA_ARRAY(r->arena, int32_t, (size_t)r->count), ARENA_ARRAY(r->arena, int32_t, (size_t)r->count) };
	size_t i;

	for (j = 0; j < r->count; j++)
		to[j] = j;
	for (j = 0; j < tensor_channels(seed); j++)
		to[atom[j]] = atom[order[j]];
	for (i = 0; i < r->tensors.n; i++)
		if (!order_tensor(r, &p, r->tensors.v[i], to, &r->order[i]))
			return false;
	for (j = 0; j < tensor_channels(seed); j++) /* several channels may be one atom, which cannot trade places with itself */
		if (new_place(r, seed, j) != order[j])
			return false;
	return holds(r);
}

const int32_t *
region_order_of(const struct region *r, const struct tensor *t)
{
	return region_has(r, t) ? r->order[r->slot[t->id] - 1] : NULL;
}
