/* Layers in bands of rows of the result.
 *
 * A band reads the rows of the input that its windows cover; those outside the image stay padding, so that a window's sum, maximum or mean is
 * over the same cells as before.
 *
 * needs:       split-groups has run
 * establishes: no plan has rows to cut
 * breaks:      adds slices and a concat for each such layer */
#include <config.h>
#include "passes/parts.h"
#include "passes/pass.h"

static bool
has_windows(enum op op)
{
	return op == OP_CONV2D || op == OP_DWCONV2D || op == OP_MAXPOOL || op == OP_AVGPOOL;
}

/* The rows of the input from the first that the rows R of the result cover to behind the last, padding included. */
struct window { int64_t from, to; };

static struct window
window_of(const struct node *n, struct range r)
{
	const struct attrs *a = &n->attr;
	int64_t dilation = op_info[n->op].attrs >> ATTR_DILATION & 1 ? a->dilation[0] : 1;
	int64_t from = (int64_t)r.from * a->stride[0] - a->pad[0];
	int64_t last = (int64_t)(r.to - 1) * a->stride[0] - a->pad[0];

	return (struct window){ from, last + (a->kernel[0] - 1) * dilation + 1 };
}

/* Rows that lie in the padding altogether have no input to read; with a row that has, they do. */
static struct range
reach_input(const struct node *n, struct range r)
{
	int32_t height = n->in[0]->shape.dim[0];

	while (window_of(n, r).from >= height && r.from > 0)
		r.from--;
	while (window_of(n, r).to <= 0 && r.to < n->out->shape.dim[0])
		r.to++;
	return r;
}

/* Whether the rows R read any of the input; none of the whole result may. */
static bool
reaches_input(const struct node *n, struct range r)
{
	struct window w = window_of(n, r);

	return w.from < n->in[0]->shape.dim[0] && w.to > 0;
}

/* The rows R of a layer with windows. */
static struct tensor *
window_part(struct cutter *c, struct range r, name stem, const struct plan *plan, int core)
{
	const struct node *n = c->n;
	struct range whole = reach_input(n, r), rows = { 0, n->in[0]->shape.dim[0] };
	struct window w = window_of(n, whole);
	int64_t height = rows.to;
	bool reaches = reaches_input(n, whole);
	struct attrs attr = n->attr;
	struct tensor *in[INPUTS_MAX];
	struct node *part;
	bool more;
	int k;

	if (!reaches)
		whole = (struct range){ 0, n->out->shape.dim[0] };
	more = whole.from < r.from || whole.to > r.to;
	if (reaches) {
		rows = (struct range){ (int32_t)(w.from > 0 ? w.from : 0), (int32_t)(w.to < height ? w.to : height) };
		attr.pad[0] = (int32_t)(rows.from - w.from);
		attr.pad[1] = (int32_t)(w.to - rows.to);
	}
	in[0] = part_input(c, 0, 0, rows, stem, core);
	for (k = 1; k < n->nin; k++)
		in[k] = n->in[k];
	part = part_add(c, n->op, more ? graph_unique(c->g, intern_printf(c->g->names, "%s.more", stem)) : stem, in, n->nin, &attr, &n->out->quant);
	part->plan = plan;
	part->core = core;
	if (!more)
		return part->out;
	return part_slice(c, part->out, 0, (struct range){ r.from - whole.from, r.to - whole.from }, stem, "rows", core);
}

/* The rows R of an operation whose row i reads row i of its inputs; one that is repeated stays whole. */
static struct tensor *
row_part(struct cutter *c, struct range r, name stem, const struct plan *plan, int core)
{
	const struct node *n = c->n;
	struct tensor *in[INPUTS_MAX];
	struct node *part;
	int k;

	if (n->op == OP_DENSE ? n->out->shape.rank < 2 : n->op != OP_COPY && !(op_info[n->op].flags & OPF_ELEMENTWISE))
		plan_broken(n, "cuts rows that are not independent");
	for (k = 0; k < n->nin; k++) {
		bool varies = n->in[k]->shape.rank == n->out->shape.rank && n->in[k]->shape.dim[0] > 1;

		in[k] = varies && !(n->op == OP_DENSE && k) ? part_input(c, k, 0, r, stem, core) : n->in[k];
	}
	part = part_add(c, n->op, stem, in, n->nin, &n->attr, &n->out->quant);
	part->plan = plan;
	part->core = core;
	return part->out;
}

static void
split(struct cutter *c)
{
	struct node *n = c->n;
	const struct parts *rows = &n->plan->rows;
	struct tensor **part = ARENA_ARRAY(c->g->arena, struct tensor *, (size_t)rows->n);
	int32_t total = n->out->shape.dim[0], at = 0;
	int k;

	for (k = 0; k < rows->n; k++) {
		struct range r = { at, at + rows->size[k] };
		name stem = part_name(c, "row", k);
		struct plan *plan;
		int core;

		if (r.to <= r.from || r.to > total)
			plan_broken(n, "has bands of other heights than its %d rows", total);
		plan = part_plan(c, r, total, &core);
		plan->rows = (struct parts){ 0 };
		part[k] = (has_windows(n->op) ? window_part : row_part)(c, r, stem, plan, core);
		at = r.to;
	}
	if (at != total)
		plan_broken(n, "has bands of %d rows together, not %d", at, total);
	part_join(c, part, rows->n, 0);
}

bool
pass_split_rows(struct graph *g, struct pass_ctx *ctx)
{
	struct cutter c = { .g = g };
	struct node *n;

	(void)ctx;
	for (n = g->first; n; n = n->next)
		if (n->plan && parts_cut(&n->plan->rows)) {
			cutter_start(&c, n);
			split(&c);
		}
	if (c.n)
		parts_tidy(g);
	return true;
}
