/* What a unit leaves out of a layer becomes operations of its own behind it. */
#include <config.h>
#include <math.h>
#include "passes/draft.h"
#include "passes/rewrite.h"

/* The layer's own node becomes the activation, so that the result keeps its name. */
void
cut_activation(struct graph *g, struct node *n)
{
	struct node *linear;
	struct attrs attr = n->attr, act;
	struct clamp clamp = n->attr.act;
	enum op op = clamp.lo == 0 && isinf(clamp.hi) ? OP_RELU : clamp.lo == 0 && clamp.hi == 6 ? OP_RELU6 : OP_CLIP;
	char why[WHY_SIZE];

	attr.act = (struct clamp){ -INFINITY, INFINITY };
	linear = graph_insert(g, n, n->op, graph_unique(g, intern_printf(g->names, "%s.linear", n->name)), n->in, n->nin, &attr, &n->out->quant,
		n->loc, why);
	if (!linear)
		die("legalise: %s", why);
	linear->annots = n->annots;
	linear->label = n->label;
	linear->plan = n->plan;
	attrs_init(&act);
	if (op == OP_CLIP) {
		act.lo = clamp.lo;
		act.hi = clamp.hi;
	}
	node_become(n, op, &act);
	n->in[0] = linear->out;
	n->nin = 1;
	n->annots = NULL;
	n->plan = NULL;
}

/* What of the plan is done by now. */
static struct plan *
plan_without_bias(struct graph *g, const struct plan *old)
{
	struct plan *p = ARENA_NEW(g->arena, struct plan);

	*p = *old;
	p->bias_after = p->requant_cpu = false;
	if (p->fold_zero)
		p->fold_zero = p->pad_copy = false;
	return p;
}

/* The chip's own unit may take it. */
static struct plan *
plan_of_rescale(struct graph *g, const struct plan *old)
{
	struct plan *p = ARENA_NEW(g->arena, struct plan);

	*p = *old;
	p->groups = 0;
	p->rows = p->out = p->in = (struct parts){ 0 };
	return p;
}

/* The layer's sums, its bias added to them, and for int8 the result made of them: the layer's own node becomes the last of
 * these. */
void
cut_bias(struct graph *g, struct node *n)
{
	struct node *sums;
	struct cutter c = { .g = g };
	struct attrs attr = n->attr, no_act;
	struct tensor *in[3], *bias;
	struct draft d;
	bool rescales = n->out->dtype == DT_I8;
	int count = 0;

	attrs_init(&no_act);
	cutter_start(&c, n);
	draft_start(&d, &c);
	if (d.plan->fold_zero)
		draft_fold_zero(&d);
	if (d.nin < 3)
		plan_broken(n, "adds a bias that it does not have");
	bias = d.in[2];
	if (rescales) {
		count = part_multipliers(&c, n, (struct range){ 0, channels_of(n->out) }, n->name, in + 1);
		d.attr.result = DT_I32;
	}
	d.attr.act = (struct clamp){ -INFINITY, INFINITY };
	sums = part_add(&c, n->op, graph_unique(g, intern_printf(g->names, "%s.unbiased", n->name)), d.in, 2, &d.attr, NULL);
	sums->annots = n->annots;
	sums->plan = plan_without_bias(g, n->plan);
	n->annots = NULL;
	if (rescales) {
		in[0] = part_add(&c, OP_ADD, graph_unique(g, intern_printf(g->names, "%s.sum", n->name)), (struct tensor *[]){ sums->out, bias }, 2, &no_act, NULL)->out;
		part_become(&c, OP_RESCALE, in, 1 + count, &attr);
		n->plan = plan_of_rescale(g, sums->plan);
	} else {
		part_become(&c, OP_ADD, (struct tensor *[]){ sums->out, bias }, 2, &attr);
	}
}
