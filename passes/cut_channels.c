/* A layer in parts of its output channels, one beside the other. */
#include <config.h>
#include "passes/parts.h"

/* What of the layer one part reads: channels of x, and groups of a grouped convolution. */
struct share { struct range x; bool whole; int32_t groups; };

/* Output channels R of a convolution with groups: whole groups, or one part of the only group. */
static struct share
share_of_groups(const struct node *n, struct range r)
{
	int32_t in = channels_of(n->in[0]) / n->attr.groups, out = n->attr.out / n->attr.groups;

	if (n->attr.groups == 1)
		return (struct share){ .whole = true, .groups = 1 };
	if (r.from % out || r.to % out)
		plan_broken(n, "cuts output channels %d to %d out of groups of %d", r.from, r.to, out);
	return (struct share){ .x = { r.from / out * in, r.to / out * in }, .groups = (r.to - r.from) / out };
}

static struct share
share_of(const struct node *n, struct range r)
{
	int32_t m = n->attr.multiplier;

	if (n->op == OP_CONV2D)
		return share_of_groups(n, r);
	if (n->op == OP_DENSE || n->op == OP_TCONV2D)
		return (struct share){ .whole = true };
	if (n->op == OP_DWCONV2D) {
		if (r.from % m || r.to % m)
			plan_broken(n, "cuts output channels %d to %d, %d to each input channel", r.from, r.to, m);
		return (struct share){ .x = { r.from / m, r.to / m } };
	}
	if (n->op != OP_MAXPOOL && n->op != OP_AVGPOOL && n->op != OP_COPY && !(op_info[n->op].flags & OPF_ELEMENTWISE))
		plan_broken(n, "cuts channels that are not independent");
	return (struct share){ .x = r };
}

static bool
has_weights(enum op op)
{
	return op == OP_CONV2D || op == OP_DWCONV2D || op == OP_DENSE || op == OP_TCONV2D;
}

/* The part's inputs; one that is repeated along the channels stays whole. */
static void
cut_inputs(struct cutter *c, struct range r, const struct share *s, name stem, int core, struct tensor **in)
{
	const struct node *n = c->n;
	int k;

	for (k = 0; k < n->nin; k++) {
		struct tensor *t = n->in[k];
		bool channels = t->shape.rank && channels_of(t) > 1;

		if (has_weights(n->op) && k == 0)
			in[k] = s->whole ? t : part_input(c, k, last_axis(t), s->x, stem, core);
		else if (has_weights(n->op) && k == 1)
			in[k] = part_input(c, k, n->op == OP_DWCONV2D ? 2 : 0, r, stem, core);
		else if (k == INPUT_SUM)
			plan_broken(n, "cuts the channels of a layer that starts from a sum");
		else
			in[k] = channels ? part_input(c, k, last_axis(t), r, stem, core) : t;
	}
}

/* With one scale a dense layer forms its multiplier differently, so of several channels with a scale each, no part is a single one: its
 * neighbour is computed too. */
static bool
needs_neighbour(const struct node *n, struct range r)
{
	return n->op == OP_DENSE && n->out->dtype == DT_I8 && n->in[1]->quant.count > 1 && r.to - r.from == 1;
}

static struct tensor *
add_part(struct cutter *c, struct range r, name stem, const struct plan *plan, int core)
{
	const struct node *n = c->n;
	struct share s = share_of(n, r);
	struct tensor *in[INPUTS_MAX];
	struct attrs attr = n->attr;
	struct node *part;

	cut_inputs(c, r, &s, stem, core, in);
	attr.out = r.to - r.from;
	attr.groups = s.groups;
	part = part_add(c, n->op, stem, in, n->nin, &attr, &n->out->quant);
	part->plan = plan;
	part->core = core;
	return part->out;
}

static struct tensor *
add_with_neighbour(struct cutter *c, struct range r, name stem, const struct plan *plan, int core)
{
	struct range two = { r.from, r.to + 1 };
	struct tensor *both;

	if (two.to > channels_of(c->n->out))
		two = (struct range){ r.from - 1, r.to };
	both = add_part(c, two, stem, plan, core);
	return part_slice(c, both, last_axis(both), (struct range){ r.from - two.from, r.to - two.from }, stem, "one", core);
}

void
cut_channels(struct cutter *c, const struct parts *parts, const char *what, void (*clear)(struct plan *))
{
	struct node *n = c->n;
	struct tensor **part = ARENA_ARRAY(c->g->arena, struct tensor *, (size_t)parts->n);
	int32_t total = channels_of(n->out), at = 0;
	int k;

	for (k = 0; k < parts->n; k++) {
		struct range r = { at, at + parts->size[k] };
		name stem = part_name(c, what, k);
		int core;
		struct plan *plan;

		if (r.to <= r.from || r.to > total)
			plan_broken(n, "has parts of other sizes than its %d channels", total);
		plan = part_plan(c, r, total, &core);
		clear(plan);
		if (k < parts->n - 1 && !plan->pad_each && n->plan->groups <= 1) /* a group is filled up as a layer is */
			plan->pad_out = 0;
		part[k] = (needs_neighbour(n, r) ? add_with_neighbour : add_part)(c, r, stem, plan, core);
		at = r.to;
	}
	if (at != total)
		plan_broken(n, "has parts of %d channels together, not %d", at, total);
	part_join(c, part, parts->n, last_axis(n->out));
}
