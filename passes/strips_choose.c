/* Which chains are computed in strips, and in how many.
 *
 * The nodes, in their order, are cut into steps: a single node, a chain computed by rows, or one in strips.  Of each step it is
 * estimated what is live: what is there before and read later, the result and the rows between.  Among all ways to cut, those in which the
 * largest step is smallest (or below what is demanded) are found by going through the nodes once, a bottleneck path; and of these the one with
 * the fewest multiply-accumulates, in the same way.  What the plan makes of it may be somewhat more or less. */
#include <config.h>
#include "passes/strips.h"

enum { SLACK = 64 /* estimates closer than one part in so many count as equal */ };

static const int32_t counts[] = { 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64 };
enum { COUNTS = sizeof counts / sizeof *counts };

struct chooser {
	struct graph *g;
	const struct strip_demand *demand;
	struct arena *scratch;
	struct node **nodes;
	int n;
	int *position;             /* of the node that computes a tensor, by its id; -1: none */
	int *last_use;             /* of a tensor, by its id: the position of its last reader; n: an output */
	bool *takes;               /* by position */
	int64_t *live;             /* live[p]: bytes live before node p */
	struct range *of;          /* room for the columns of a chain */
};

/* The way to the nodes before a place: its largest step, its work, and where its last step begins and of what kind it is. */
struct way { int64_t most, macs; int from; int32_t width; bool reached; };

/* ---- what is live ---- */

/* The bytes that T takes in the arena. */
static int64_t
bytes_of(const struct chooser *h, const struct tensor *t)
{
	bool outside = h->demand->ports_outside && (h->position[t->id] < 0 || h->last_use[t->id] == h->n);

	if (t->data || h->last_use[t->id] < 0 || outside || (h->position[t->id] < 0 && h->demand->input_by_rows))
		return 0;
	return tensor_bytes(t);
}

static void
find_uses(struct chooser *h)
{
	int64_t *delta = ARENA_ARRAY(h->scratch, int64_t, (size_t)h->n + 2), live = 0;

	for (size_t i = 0; i < h->g->tensors.n; i++)
		h->position[i] = h->last_use[i] = -1;
	for (int p = 0; p < h->n; p++) {
		h->position[h->nodes[p]->out->id] = p;
		for (int k = 0; k < h->nodes[p]->nin; k++)
			h->last_use[h->nodes[p]->in[k]->id] = p;
	}
	for (size_t i = 0; i < h->g->outputs.n; i++)
		h->last_use[h->g->outputs.v[i]->id] = h->n;
	for (size_t i = 0; i < h->g->tensors.n; i++) { /* live before the nodes behind its own up to the last that reads it */
		const struct tensor *t = h->g->tensors.v[i];
		int64_t bytes = bytes_of(h, t);

		delta[h->position[i] + 1] += bytes;
		if (h->last_use[i] >= 0)
			delta[(h->last_use[i] < h->n ? h->last_use[i] : h->n) + 1] -= bytes;
	}
	for (int p = 0; p <= h->n; p++)
		h->live[p] = live += delta[p];
}

/* ---- rows between ---- */

/* Of a map the row that must be there for the next one of the result, and the first that is still read then; from row 0 of the result on. */
struct held { int64_t top, first, rate; int readers; };

static void
read_rows(const struct node *n, const struct held *y, struct held *x)
{
	const struct attrs *a = &n->attr;
	bool windows = op_info[n->op].attrs >> ATTR_KERNEL & 1;
	int64_t stride = windows ? a->stride[0] : 1, pad = windows ? a->pad[0] : 0;
	int64_t dilation = op_info[n->op].attrs >> ATTR_DILATION & 1 ? a->dilation[0] : 1;
	int64_t top = (y->top - 1) * stride - pad + (windows ? (a->kernel[0] - 1) * dilation : 0) + 1, first = (y->top - 1) * stride - pad;

	if (x->readers > 0 && (y->top - y->rate) * stride - pad < first)
		first = (y->top - y->rate) * stride - pad; /* one may be behind the other */
	if (x->readers == 0 || top > x->top)
		x->top = top;
	if (x->readers == 0 || first < x->first)
		x->first = first;
	if (y->rate * stride > x->rate)
		x->rate = y->rate * stride;
	x->readers++;
}

struct sum { int64_t kept, one, other; };

static void
add_window(struct sum *s, const struct tensor *t, const struct held *h, int32_t columns)
{
	int64_t rows = h->top - h->first, row = (int64_t)columns * t->shape.dim[2] * dtype_info[t->dtype].bytes;

	if (rows > t->shape.dim[0])
		rows = t->shape.dim[0];
	if (rows > 1 || h->readers > 1)
		s->kept += rows * row;
	else if (row > s->one) {
		s->other = s->one;
		s->one = row;
	} else if (row > s->other)
		s->other = row;
}

/* The bytes of rows of the strip with the columns h->of, with the columns that are copied from before the chain if COPIED. */
static int64_t
window_bytes(const struct chooser *h, const struct strip_chain *c, bool copied)
{
	struct held held[STRIP_CHAIN_MAX] = { { 0 } };
	struct sum s = { 0 };

	held[c->count - 1] = (struct held){ .top = 1, .first = 0, .rate = 1, .readers = 1 };
	for (int i = c->count - 1; i >= 0; i--) {
		const struct node *n = c->nodes[i];

		add_window(&s, n->out, &held[i], i < c->count - 1 || copied ? h->of[i].to - h->of[i].from : 0);
		for (int k = 0; k < n->nin; k++) {
			struct held before = { 0 };
			struct range r;
			int x;

			if (!strip_reads(n, k))
				continue;
			x = strip_inside(c, n->in[k]);
			read_rows(n, &held[i], x >= 0 ? &held[x] : &before);
			r = strip_under(n, k, h->of[i], NULL);
			if (x < 0 && copied)
				add_window(&s, n->in[k], &before, r.to - r.from);
		}
	}
	return s.kept + s.one + s.other;
}

/* ---- steps ---- */

static int64_t
larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* What a node by itself keeps live: its result may lie over what it reads for the last time if it goes through both alike. */
static int64_t
whole_bytes(const struct chooser *h, int p)
{
	const struct node *n = h->nodes[p];
	bool over = h->takes[p] || op_info[n->op].flags & OPF_ELEMENTWISE || op_info[n->op].flags & OPF_VIEW || n->op == OP_CONCAT || n->op == OP_SLICE
		|| n->op == OP_DENSE;

	return over ? larger(h->live[p], h->live[p + 1]) : h->live[p] + bytes_of(h, n->out);
}

static struct strip_chain
chain_of(const struct chooser *h, int from, int to, int32_t width)
{
	return (struct strip_chain){ .nodes = h->nodes + from, .count = to - from, .position = h->position, .first = from, .width = width };
}

/* Bytes of the nodes FROM to TO by rows. */
static int64_t
rows_bytes(const struct chooser *h, int from, int to)
{
	struct strip_chain c = chain_of(h, from, to, h->nodes[to - 1]->out->shape.dim[1]);

	if (!strip_columns(&c, 0, h->of))
		return INT64_MAX;
	return larger(h->live[from], h->live[to]) + window_bytes(h, &c, false);
}

/* The same in strips of that width; INT64_MAX: that cannot be. */
static int64_t
strips_bytes(const struct chooser *h, const struct strip_chain *c)
{
	if (!strip_columns(c, strip_count(c) > 2 ? 1 : 0, h->of))
		return INT64_MAX;
	return h->live[c->first] + bytes_of(h, c->nodes[c->count - 1]->out) + window_bytes(h, c, true);
}

/* Whether every strip reads something of all its maps. */
static bool
strips_hold(const struct chooser *h, const struct strip_chain *c)
{
	for (int32_t s = 0; s < strip_count(c); s++)
		if (!strip_columns(c, s, h->of))
			return false;
	return true;
}

/* The input that comes by rows is there once only. */
static bool
reads_row_input(const struct chooser *h, const struct strip_chain *c)
{
	for (int i = 0; h->demand->input_by_rows && i < c->count; i++)
		for (int k = 0; k < c->nodes[i]->nin; k++)
			if (!c->nodes[i]->in[k]->data && h->position[c->nodes[i]->in[k]->id] < 0)
				return true;
	return false;
}

/* ---- ways ---- */

/* Whether A is a better end of a way than B, which must be below LIMIT. */
static bool
is_better(const struct way *a, const struct way *b, int64_t limit)
{
	int64_t one = larger(a->most, limit), other = larger(b->most, limit);

	if (!b->reached || one != other)
		return !b->reached || one < other;
	return a->macs < b->macs;
}

static void
offer(struct way *to, const struct way *from, int at, int64_t bytes, int64_t macs, int32_t width, int64_t limit)
{
	struct way w = { larger(from->most, bytes), from->macs + macs, at, width, true };

	if (is_better(&w, to, limit))
		*to = w;
}

/* The chain FROM to TO in strips: of the numbers of strips the least that keeps LIMIT, else that which keeps the least live. */
static void
offer_strips(const struct chooser *h, struct way *ways, int from, int to, int64_t limit)
{
	int32_t columns = h->nodes[to - 1]->out->shape.dim[1];
	struct strip_chain c = chain_of(h, from, to, columns), best = c;
	int64_t least = INT64_MAX, fixed = h->live[from] + bytes_of(h, h->nodes[to - 1]->out), whole = 0;

	if (larger(ways[from].most, fixed) > larger(ways[to].most, limit) || reads_row_input(h, &c))
		return;
	for (int i = 0; i < COUNTS && least > limit && counts[i] <= h->demand->most && counts[i] <= columns; i++) {
		int64_t bytes;

		c.width = (columns + counts[i] - 1) / counts[i];
		bytes = c.width < columns ? strips_bytes(h, &c) : INT64_MAX;
		if (bytes < least && strips_hold(h, &c)) {
			least = bytes;
			best = c;
		}
	}
	if (least == INT64_MAX || larger(least, ways[from].most) > larger(ways[to].most, limit))
		return;
	for (int i = 0; i < c.count; i++)
		whole += node_macs(c.nodes[i]);
	offer(&ways[to], &ways[from], from, least, strip_macs(&best, h->of) - whole, best.width, limit);
}

/* The best ways to all places, with chains in strips if STRIPS. */
static struct way *
find_ways(const struct chooser *h, int64_t limit, bool strips)
{
	struct way *ways = ARENA_ARRAY(h->scratch, struct way, (size_t)h->n + 1);

	ways[0].reached = true;
	for (int from = 0; from < h->n; from++) {
		int last = -1; /* that reads what the chain so far computes */

		offer(&ways[from + 1], &ways[from], from, whole_bytes(h, from), 0, 0, limit);
		for (int to = from + 1; to <= h->n && h->takes[to - 1] && to - from <= STRIP_CHAIN_MAX; to++) {
			if (last < to && to - from > 1)
				offer(&ways[to], &ways[from], from, rows_bytes(h, from, to), 0, 0, limit);
			if (last < to && strips)
				offer_strips(h, ways, from, to, limit);
			if (h->last_use[h->nodes[to - 1]->out->id] > last)
				last = h->last_use[h->nodes[to - 1]->out->id];
		}
	}
	return ways;
}

/* From the first node on the longest chains that there are. */
static void
choose_all(const struct chooser *h, struct strip_choice *choice)
{
	for (int from = 0, end; from < h->n; from = end > from ? end : from + 1) {
		int last = -1;

		end = from;
		for (int to = from + 1; to <= h->n && h->takes[to - 1] && to - from <= STRIP_CHAIN_MAX; to++) {
			int32_t columns = h->nodes[to - 1]->out->shape.dim[1];
			struct strip_chain c = chain_of(h, from, to, (columns + h->demand->most - 1) / h->demand->most);

			bool closed = last < to;

			if (h->last_use[h->nodes[to - 1]->out->id] > last)
				last = h->last_use[h->nodes[to - 1]->out->id];
			if (!closed || c.width >= columns || reads_row_input(h, &c) || !strips_hold(h, &c))
				continue;
			if (end > from)
				choice->chains.n--;
			ARRAY_PUSH(h->scratch, choice->chains, c);
			end = to;
		}
	}
}

void
strips_choose(struct graph *g, const struct strip_demand *demand, struct arena *scratch, struct strip_choice *choice)
{
	struct chooser h = { .g = g, .demand = demand, .scratch = scratch, .n = g->node_count, .nodes = ARENA_ARRAY(scratch, struct node *, (size_t)g->node_count + 1),
		.position = ARENA_ARRAY(scratch, int, g->tensors.n + 1), .last_use = ARENA_ARRAY(scratch, int, g->tensors.n + 1),
		.takes = ARENA_ARRAY(scratch, bool, (size_t)g->node_count + 1), .live = ARENA_ARRAY(scratch, int64_t, (size_t)g->node_count + 2),
		.of = ARENA_ARRAY(scratch, struct range, STRIP_CHAIN_MAX) };
	const struct way *ways;
	int64_t limit;
	size_t count = 0;
	int p = 0;

	for (struct node *n = g->first; n; n = n->next, p++) {
		h.nodes[p] = n;
		h.takes[p] = strip_takes(n);
	}
	find_uses(&h);
	if (demand->everywhere) {
		choose_all(&h, choice);
		return;
	}
	limit = larger(find_ways(&h, demand->target, true)[h.n].most, demand->target);
	ways = find_ways(&h, limit + limit / SLACK, true);
	for (p = h.n; p > 0; p = ways[p].from)
		if (ways[p].width)
			count++;
	choice->chains.v = ARENA_ARRAY(scratch, struct strip_chain, count + 1);
	choice->chains.n = count;
	for (p = h.n; p > 0; p = ways[p].from)
		if (ways[p].width)
			choice->chains.v[--count] = chain_of(&h, ways[p].from, p, ways[p].width);
}
