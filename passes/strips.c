/* Chains of layers in strips of columns, so that computed by rows (backend/stream.c) they keep rows of a strip's width.
 *
 * Each strip is a chain of its own: columns of what the chain reads are copied, each layer computes its columns, and those of the result are
 * copied to their place.  A window's cells outside of the map stay padding, so its sum, maximum or mean is over the same cells as before; columns
 * at the borders between strips are computed once for each strip that needs them.
 *
 * needs:       use counts (graph_tidy); runs before legalise, so that each strip is planned as a layer of its own
 * establishes: what ctx->strips demands, as far as it goes
 * breaks:      layers inside a chain are there in strips only, named LAYER.stripN; adds slices and a concat */
#include <config.h>
#include "passes/rewrite.h"
#include "passes/strips.h"

static bool
has_windows(enum op op)
{
	return op == OP_CONV2D || op == OP_DWCONV2D || op == OP_MAXPOOL || op == OP_AVGPOOL;
}

/* ---- which columns ---- */

bool
strip_reads(const struct node *n, int k)
{
	return k == 0 || (!has_windows(n->op) && !n->in[k]->data);
}

/* Whether N computes each element from those of the same place, and from constants that are the same for all columns. */
static bool
is_by_element(const struct node *n)
{
	if (n->op != OP_QUANTIZE && n->op != OP_DEQUANTIZE && (!(op_info[n->op].flags & OPF_ELEMENTWISE) || n->op == OP_BATCHNORM))
		return false;
	for (int k = 0; k < n->nin; k++) {
		const struct shape *s = &n->in[k]->shape;

		if (n->in[k]->data ? s->rank > 1 && s->dim[s->rank - 2] > 1 : !shape_equal(s, &n->out->shape))
			return false;
	}
	return !n->in[0]->data;
}

bool
strip_takes(const struct node *n)
{
	if (n->out->shape.rank != 3 || n->in[0]->shape.rank != 3 || n->in[0]->data || n->annots || n->plan)
		return false;
	return has_windows(n->op) ? n->nin <= INPUT_SUM : is_by_element(n);
}

struct range
strip_under(const struct node *n, int k, struct range r, int32_t pad[2])
{
	const struct attrs *a = &n->attr;
	int64_t width = n->in[k]->shape.dim[1], from = r.from, to = r.to;
	struct range under;

	if (has_windows(n->op)) {
		int64_t dilation = op_info[n->op].attrs >> ATTR_DILATION & 1 ? a->dilation[1] : 1;

		from = (int64_t)r.from * a->stride[1] - a->pad[2];
		to = (int64_t)(r.to - 1) * a->stride[1] - a->pad[2] + (a->kernel[1] - 1) * dilation + 1;
	}
	if (from >= width || to <= 0)
		return (struct range){ 0, 0 };
	under = (struct range){ (int32_t)(from > 0 ? from : 0), (int32_t)(to < width ? to : width) };
	if (pad) {
		pad[0] = (int32_t)(under.from - from);
		pad[1] = (int32_t)(to - under.to);
	}
	return under;
}

int
strip_inside(const struct strip_chain *c, const struct tensor *t)
{
	int at = c->position[t->id] - c->first;

	return c->position[t->id] >= 0 && at >= 0 && at < c->count ? at : -1;
}

int32_t
strip_count(const struct strip_chain *c)
{
	int32_t columns = c->nodes[c->count - 1]->out->shape.dim[1];

	return (int32_t)(((int64_t)columns + c->width - 1) / c->width);
}

bool
strip_columns(const struct strip_chain *c, int32_t s, struct range *of)
{
	int32_t columns = c->nodes[c->count - 1]->out->shape.dim[1], from = s * c->width;

	for (int i = 0; i < c->count; i++)
		of[i] = (struct range){ 0, 0 };
	of[c->count - 1] = (struct range){ from, columns - from < c->width ? columns : from + c->width };
	for (int i = c->count - 1; i >= 0; i--)
		for (int k = 0; k < c->nodes[i]->nin; k++) {
			struct range under;
			int x;

			if (!strip_reads(c->nodes[i], k))
				continue;
			under = strip_under(c->nodes[i], k, of[i], NULL);
			if (under.from >= under.to)
				return false;
			x = strip_inside(c, c->nodes[i]->in[k]);
			if (x < 0)
				continue;
			if (of[x].to == 0 || under.from < of[x].from)
				of[x].from = under.from;
			if (under.to > of[x].to)
				of[x].to = under.to;
		}
	return true;
}

int64_t
strip_macs(const struct strip_chain *c, struct range *of)
{
	int64_t sum = 0;

	for (int32_t s = 0; s < strip_count(c); s++) {
		strip_columns(c, s, of);
		for (int i = 0; i < c->count; i++)
			sum += node_macs(c->nodes[i]) / c->nodes[i]->out->shape.dim[1] * (of[i].to - of[i].from);
	}
	return sum;
}

/* ---- making them ---- */

struct maker {
	struct cutter c;
	const struct strip_chain *chain;
	struct range *of;           /* the columns of each node */
	struct tensor **made;       /* their results */
};

/* The columns R of input K of N. */
static struct tensor *
input_columns(struct maker *m, const struct node *n, int k, struct range r, name stem)
{
	struct tensor *x = n->in[k];
	int inside = strip_inside(m->chain, x);

	if (inside >= 0) {
		x = m->made[inside];
		r.from -= m->of[inside].from;
		r.to -= m->of[inside].from;
	}
	return part_slice(&m->c, x, 1, r, stem, "x", 0);
}

static void
make_part(struct maker *m, int i, int32_t s)
{
	const struct node *n = m->chain->nodes[i];
	name stem = graph_unique(m->c.g, intern_printf(m->c.g->names, "%s.strip%d", n->name, (int)s));
	struct attrs attr = n->attr;
	struct tensor *in[INPUTS_MAX];
	int32_t pad[2] = { 0, 0 };
	struct node *part;

	for (int k = 0; k < n->nin; k++)
		in[k] = strip_reads(n, k) ? input_columns(m, n, k, strip_under(n, k, m->of[i], pad), stem) : n->in[k];
	if (has_windows(n->op)) {
		attr.pad[2] = pad[0];
		attr.pad[3] = pad[1];
	}
	part = part_add(&m->c, n->op, stem, in, n->nin, &attr, &n->out->quant);
	part->label = n->label;
	part->loc = n->loc;
	m->made[i] = part->out;
}

static void
record(struct graph *g, const struct strip_chain *c, struct range *of)
{
	struct strip_record *r = ARENA_NEW(g->arena, struct strip_record), **last = &g->strips;

	*r = (struct strip_record){ .first = c->nodes[0]->label, .last = c->nodes[c->count - 1]->label, .strips = strip_count(c), .macs = strip_macs(c, of) };
	for (int i = 0; i < c->count; i++)
		r->macs_before += node_macs(c->nodes[i]);
	while (*last)
		last = &(*last)->next;
	*last = r;
}

/* Chain C in strips, the first of which has the number NUMBER. */
static void
make_strips(struct graph *g, struct arena *scratch, const struct strip_chain *c, int number)
{
	struct maker m = { .c = { .g = g }, .chain = c, .of = ARENA_ARRAY(scratch, struct range, (size_t)c->count),
		.made = ARENA_ARRAY(scratch, struct tensor *, (size_t)c->count) };
	int32_t count = strip_count(c);
	struct tensor **parts = ARENA_ARRAY(scratch, struct tensor *, (size_t)count);

	record(g, c, m.of);
	cutter_start(&m.c, c->nodes[c->count - 1]);
	for (int32_t s = 0; s < count; s++) {
		struct node *before = m.c.n->prev;

		m.c.moves.n = 0;
		if (!strip_columns(c, s, m.of))
			die("strips: '%s' reads nothing but padding", m.c.n->name);
		for (int i = 0; i < c->count; i++)
			make_part(&m, i, s);
		parts[s] = m.made[c->count - 1];
		for (struct node *n = before ? before->next : g->first; n != m.c.n; n = n->next)
			n->strip = number + s;
	}
	part_join(&m.c, parts, count, 1);
	for (int i = c->count - 1; i-- > 0;)
		graph_remove(g, c->nodes[i]);
}

bool
pass_strips(struct graph *g, struct pass_ctx *ctx)
{
	struct strip_choice choice = { 0 };
	int number = 1;

	if (ctx->strips.most < 2)
		return true;
	strips_choose(g, &ctx->strips, ctx->scratch, &choice);
	for (size_t i = 0; i < choice.chains.n; i++) {
		make_strips(g, ctx->scratch, &choice.chains.v[i], number);
		number += strip_count(&choice.chains.v[i]);
	}
	graph_tidy(g);
	return true;
}
