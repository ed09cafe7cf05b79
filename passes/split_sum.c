/* Layers in parts of their input channels, whose partial sums are added.
 *
 *	chain    each part starts from the sum so far; the last gives the result
 *	tree     each part starts from zero; operations "add" join two at a time, and a rescale (int8) gives the result
 *	i8       each part is an int8 layer with a scale of its own; operations "add" join them
 *
 * The bias is the first part's, the activation the last operation's.
 *
 * needs:       split-out has run
 * establishes: no plan has input channels to cut
 * breaks:      adds slices; results of i32 and i16 */
#include <config.h>
#include <math.h>
#include "chips/bounds.h"
#include "passes/parts.h"
#include "passes/pass.h"

struct summing {
	struct cutter *c;
	struct node *n;
	const struct plan *plan;  /* the layer's */
	enum dtype partial;
	struct range *part;       /* input channels of each */
	int count;
	struct attrs attr;        /* of parts that give sums */
	int adds;                 /* so far, for names */
};

static const struct clamp no_clamp = { -INFINITY, INFINITY };

/* ---- one part ---- */

/* The inputs of part K, after SUM or NULL; how many. */
static int
part_inputs(struct summing *s, int k, struct tensor *sum, name stem, int core, struct tensor *in[INPUTS_MAX])
{
	const struct node *n = s->n;
	int nin = 2;

	in[0] = part_input(s->c, 0, last_axis(n->in[0]), s->part[k], stem, core);
	in[1] = part_input(s->c, 1, last_axis(n->in[1]), s->part[k], stem, core);
	if (k == 0 && n->nin > 2)
		in[nin++] = n->in[2];
	else if (sum)
		in[nin++] = part_zeros(s->c, stem, n->attr.out);
	if (sum)
		in[nin++] = sum;
	return nin;
}

/* The plan of part K, which no longer cuts input channels. */
static struct plan *
plan_of(struct summing *s, int k, bool spread, int *core)
{
	int32_t total = channels_of(s->n->in[0]);
	struct plan *p = part_plan(s->c, spread ? s->part[k] : (struct range){ 0, total }, total, core);

	p->in = (struct parts){ 0 };
	if (k < s->count - 1 && !p->pad_each)
		p->pad_in = 0;
	return p;
}

/* Part K, which gives sums. */
static struct node *
add_sums(struct summing *s, int k, struct tensor *sum, bool spread)
{
	name stem = part_name(s->c, "in", k);
	struct tensor *in[INPUTS_MAX];
	int core;
	struct plan *plan = plan_of(s, k, spread, &core);
	int nin = part_inputs(s, k, sum, stem, core, in);
	struct node *part = part_add(s->c, s->n->op, stem, in, nin, &s->attr, NULL);

	part->plan = plan;
	part->core = core;
	return part;
}

/* The layer's node becomes the rescale of SUMS. */
static void
rescale(struct summing *s, struct tensor *sums)
{
	struct node *n = s->n;
	struct attrs attr = n->attr;
	struct plan *plan = ARENA_NEW(s->c->g->arena, struct plan);
	struct tensor *in[3] = { sums };
	int count = part_multipliers(s->c, n, (struct range){ 0, n->attr.out }, n->name, in + 1);

	*plan = *s->plan;
	plan->in = (struct parts){ 0 };
	attr.shift = s->attr.shift;
	part_become(s->c, OP_RESCALE, in, 1 + count, &attr);
	n->plan = plan;
}

/* ---- chain ---- */

static void
sum_chain(struct summing *s)
{
	struct node *n = s->n;
	struct tensor *sum = NULL, *in[INPUTS_MAX];
	bool elsewhere = s->partial != DT_F32 && s->plan->requant_cpu;
	struct attrs attr = n->attr;
	int k, last = s->count - 1, core, nin;
	struct plan *plan;

	for (k = 0; k < (elsewhere ? s->count : last); k++)
		sum = add_sums(s, k, sum, false)->out;
	if (elsewhere) {
		rescale(s, sum);
		return;
	}
	attr.shift = s->attr.shift;
	plan = plan_of(s, last, false, &core);
	nin = part_inputs(s, last, sum, part_name(s->c, "in", last), core, in);
	part_become(s->c, n->op, in, nin, &attr);
	n->plan = plan;
}

/* ---- adding ---- */

/* A + B, as one of the layer's sums; QUANT: of i8 sums. */
static struct node *
add_two(struct summing *s, struct tensor *a, struct tensor *b, const struct quant *quant)
{
	struct tensor *in[2] = { a, b };
	struct attrs attr;
	struct node *n;

	attrs_init(&attr);
	n = part_add(s->c, OP_ADD, part_name(s->c, "sum", s->adds++), in, 2, &attr, quant);
	n->unit = s->plan->adder;
	n->core = a->producer->core;
	return n;
}

/* The layer's node becomes A + B. */
static void
become_sum(struct summing *s, struct tensor *a, struct tensor *b)
{
	struct tensor *in[2] = { a, b };

	part_become(s->c, OP_ADD, in, 2, &s->n->attr);
	s->n->unit = s->plan->adder;
}

/* ---- tree ---- */

/* The sum of the parts [FIRST, LAST), depth first: few partial sums are alive at a time, and a core's lie together. */
static struct tensor *
sum_tree(struct summing *s, int first, int last)
{
	int middle = parts_middle(first, last);
	struct tensor *a, *b;

	if (last - first == 1)
		return add_sums(s, first, NULL, true)->out;
	a = sum_tree(s, first, middle);
	b = sum_tree(s, middle, last);
	return add_two(s, a, b, NULL)->out;
}

static void
sum_in_tree(struct summing *s)
{
	int middle = parts_middle(0, s->count);
	struct tensor *a = sum_tree(s, 0, middle), *b = sum_tree(s, middle, s->count);

	if (s->n->out->dtype == s->partial)
		become_sum(s, a, b);
	else
		rescale(s, add_two(s, a, b, NULL)->out);
}

/* ---- i8 ---- */

/* The quantisation of the sum of the parts [FIRST, LAST). */
static struct quant
quant_i8(struct summing *s, int first, int last)
{
	float *scale = ARENA_NEW(s->c->g->arena, float);

	*scale = partial_scale(s->n, s->part[first].from, s->part[last - 1].to);
	return (struct quant){ .count = 1, .scale = scale };
}

/* Part K as a layer of its own. */
static struct tensor *
add_i8(struct summing *s, int k)
{
	name stem = part_name(s->c, "in", k);
	struct tensor *in[INPUTS_MAX];
	struct quant quant = quant_i8(s, k, k + 1);
	int core;
	struct plan *plan = plan_of(s, k, s->plan->tree, &core);
	int nin = part_inputs(s, k, NULL, stem, core, in);
	struct node *part = part_add(s->c, s->n->op, stem, in, nin, &s->attr, &quant);

	part->plan = plan;
	part->core = core;
	return part->out;
}

/* The parts [FIRST, LAST), added in halves or one after the other. */
static struct tensor *
sum_i8(struct summing *s, int first, int last)
{
	int middle = s->plan->tree ? parts_middle(first, last) : last - 1;
	struct quant quant = quant_i8(s, first, last);
	struct tensor *a, *b;

	if (last - first == 1)
		return add_i8(s, first);
	a = sum_i8(s, first, middle);
	b = sum_i8(s, middle, last);
	return add_two(s, a, b, &quant)->out;
}

static void
sum_in_i8(struct summing *s)
{
	int middle = s->plan->tree ? parts_middle(0, s->count) : s->count - 1;
	struct tensor *a = sum_i8(s, 0, middle), *b = sum_i8(s, middle, s->count);

	become_sum(s, a, b);
}

/* ---- the pass ---- */

static void
find_parts(struct summing *s)
{
	const struct parts *in = &s->plan->in;
	int32_t total = channels_of(s->n->in[0]), at = 0;
	int k;

	s->count = in->n;
	s->part = ARENA_ARRAY(s->c->g->arena, struct range, (size_t)in->n);
	for (k = 0; k < in->n; k++) {
		s->part[k] = (struct range){ at, at + in->size[k] };
		if (in->size[k] < 1 || in->size[k] > total - at)
			plan_broken(s->n, "has parts of other sizes than its %d input channels", total);
		at += in->size[k];
	}
	if (at != total)
		plan_broken(s->n, "has parts of %d input channels together, not %d", at, total);
}

static void
split(struct cutter *c)
{
	struct node *n = c->n;
	struct summing s = { .c = c, .n = n, .plan = n->plan, .attr = n->attr };
	bool grouped = n->op == OP_CONV2D && n->attr.groups > 1;

	if ((n->op != OP_CONV2D && n->op != OP_DENSE && n->op != OP_TCONV2D) || grouped || n->nin > INPUT_SUM)
		plan_broken(n, "cuts input channels that are not summed over");
	s.partial = n->out->dtype == DT_F32 ? DT_F32 : n->plan->partial;
	s.attr.act = no_clamp;
	s.attr.result = s.partial == DT_I32 || s.partial == DT_I16 ? s.partial : DT_COUNT;
	s.attr.shift = s.partial == DT_I16 ? n->plan->shift : 0;
	find_parts(&s);
	if (s.partial == DT_I8)
		sum_in_i8(&s);
	else if (s.plan->tree)
		sum_in_tree(&s);
	else
		sum_chain(&s);
}

bool
pass_split_sum(struct graph *g, struct pass_ctx *ctx)
{
	struct cutter c = { .g = g };
	struct node *n;

	(void)ctx;
	for (n = g->first; n; n = n->next)
		if (n->plan && n->plan->how != PLAN_DOT && parts_cut(&n->plan->in)) {
			cutter_start(&c, n);
			split(&c);
		}
	if (c.n)
		parts_tidy(g);
	return true;
}
