/* Channels filled up with zeros to what a unit takes.
 *
 * More input channels are added to x by a pad, which copies, and get weights of 0. More output channels get weights and a bias of 0; the result is
 * a slice of what is computed. A layer that starts from a sum takes the filled result of the layer before, so a chain has
 * one slice at its end.
 *
 * needs:       split-sum has run
 * establishes: no plan has channels to fill
 * breaks:      adds pads and slices */
#include <config.h>
#include <string.h>
#include "passes/parts.h"
#include "passes/pass.h"

/* The cells of AXIS filled up to COUNT: zeros, with the last channel's scale. */
static struct tensor *
fill_const(struct cutter *c, struct tensor *t, int axis, int32_t count, name stem, const char *what)
{
	int64_t outer = 1, inner = dtype_info[t->dtype].bytes, o;
	int32_t had = t->shape.dim[axis], i;
	struct quant q = t->quant;
	struct shape s = t->shape;
	char *data;

	if (count <= had)
		return t;
	for (i = 0; i < axis; i++)
		outer *= s.dim[i];
	for (i = axis + 1; i < s.rank; i++)
		inner *= s.dim[i];
	s.dim[axis] = count;
	data = arena_array(c->g->arena, (size_t)outer, (size_t)(count * inner));
	for (o = 0; o < outer; o++)
		memcpy(data + o * count * inner, (const char *)t->data + o * had * inner, (size_t)(had * inner));
	if (q.count > 1 && q.axis == axis) {
		float *scale = ARENA_ARRAY(c->g->arena, float, (size_t)count);

		for (i = 0; i < count; i++)
			scale[i] = q.scale[i < had ? i : had - 1];
		q.scale = scale;
		q.count = count;
	}
	return part_const(c, stem, what, t->dtype, s.rank, s.dim, &q, data);
}

/* T with cells of the real value 0 behind its channels. */
static struct tensor *
fill_value(struct cutter *c, struct tensor *t, int32_t count, name stem, const char *what)
{
	struct attrs attr;

	if (count <= channels_of(t))
		return t;
	attrs_init(&attr);
	attr.before.n = attr.after.n = t->shape.rank;
	attr.after.v[last_axis(t)] = count - channels_of(t);
	return part_move(c, OP_PAD, t, &attr, stem, what, c->n->core);
}

/* The sums that N starts from, with COUNT channels: those that were cut off after the layer before, or zeros. */
static struct tensor *
fill_sum(struct cutter *c, struct tensor *sum, int32_t count, name stem)
{
	const struct node *cut = sum->producer;

	if (cut && cut->op == OP_SLICE && channels_of(cut->in[0]) == count && cut->label == c->n->label
			&& !cut->attr.begin.v[last_axis(sum)])
		return cut->in[0];
	return fill_value(c, sum, count, stem, "sum");
}

static bool
is_layer(enum op op)
{
	return op == OP_CONV2D || op == OP_DENSE || op == OP_DWCONV2D;
}

/* The node being cut reads IN and gives OUT channels, of which the result keeps the first. */
static void
widen(struct cutter *c, struct tensor *const *in, int32_t out, const struct plan *plan)
{
	struct node *n = c->n, *part;
	struct attrs attr = n->attr;
	int nin = n->nin;
	int32_t had = channels_of(n->out);

	if (is_layer(n->op) && n->op != OP_DWCONV2D)
		attr.out = out;
	if (out == had) {
		part_become(c, n->op, in, nin, &attr);
		n->plan = plan;
		return;
	}
	part = part_add(c, n->op, graph_unique(c->g, intern_printf(c->g->names, "%s.filled", n->name)), in, nin, &attr, &n->out->quant);
	part->plan = plan;
	slice_attrs(part->out, last_axis(n->out), (struct range){ 0, had }, &attr);
	part_become(c, OP_SLICE, &part->out, 1, &attr);
}

static void
fill_layer(struct cutter *c, int32_t more_in, int32_t more_out, const struct plan *plan)
{
	struct node *n = c->n;
	struct tensor *in[INPUTS_MAX], *w = n->in[1];
	bool depthwise = n->op == OP_DWCONV2D;

	if (n->op == OP_CONV2D && n->attr.groups > 1)
		plan_broken(n, "fills up the channels of groups");
	if (depthwise && more_out % n->attr.multiplier)
		plan_broken(n, "fills up to %d channels, %d to each input channel", more_out, n->attr.multiplier);
	if (depthwise)
		more_in = more_out / n->attr.multiplier;
	in[0] = fill_value(c, n->in[0], more_in, n->name, "x");
	if (!depthwise)
		w = fill_const(c, w, last_axis(w), more_in, n->name, "weight");
	in[1] = fill_const(c, w, depthwise ? 2 : 0, more_out, n->name, "weight");
	if (n->nin > 2)
		in[2] = fill_const(c, n->in[2], 0, more_out, n->name, "bias");
	if (n->nin > INPUT_SUM)
		in[INPUT_SUM] = fill_sum(c, n->in[INPUT_SUM], more_out, n->name);
	widen(c, in, more_out, plan);
}

static void
fill(struct cutter *c)
{
	struct node *n = c->n;
	struct plan *plan = ARENA_NEW(c->g->arena, struct plan);
	int32_t out = channels_of(n->out), in;

	*plan = *n->plan;
	if (plan->pad_out > out)
		out = plan->pad_out;
	plan->pad_in = plan->pad_out = 0;
	if (is_layer(n->op)) {
		in = channels_of(n->in[0]);
		fill_layer(c, n->plan->pad_in > in ? n->plan->pad_in : in, out, plan);
	} else if (n->op == OP_MAXPOOL || n->op == OP_AVGPOOL) {
		struct tensor *x = fill_value(c, n->in[0], out, n->name, "x");

		widen(c, &x, out, plan);
	} else if (n->op == OP_RESCALE) {
		n->plan = plan; /* works on the channels there are */
	} else {
		plan_broken(n, "fills up channels");
	}
}

bool
pass_fill_channels(struct graph *g, struct pass_ctx *ctx)
{
	struct cutter c = { .g = g };
	struct node *n;

	(void)ctx;
	for (n = g->first; n; n = n->next)
		if (n->plan && (n->plan->pad_in || n->plan->pad_out)) {
			cutter_start(&c, n);
			fill(&c);
		}
	if (c.n)
		parts_tidy(g);
	return true;
}
