/* Runs of channels of a result, each computed by an operation of its own: a convolution by its weights' rows, a
 * channel by channel operation on slices of its inputs, a concatenation by its inputs.  What cannot be computed so is cut out
 * of the whole and then copied. */
#include <config.h>
#include <math.h>
#include <string.h>
#include "chips/candidates.h"
#include "passes/permute.h"
#include "passes/pieces.h"
#include "passes/record.h"
#include "passes/rewrite.h"

/* LEN channels from BEGIN on, as indices. */
static int32_t *
run_of(struct pieces *p, int32_t begin, int32_t len)
{
	int32_t *order = ARENA_ARRAY(p->ctx->scratch, int32_t, (size_t)len), j;

	for (j = 0; j < len; j++)
		order[j] = begin + j;
	return order;
}

static struct node *
add(struct pieces *p, const struct node *layer, enum op op, name text, struct tensor **in, int nin, const struct attrs *attr,
	const struct quant *quant)
{
	char why[WHY_SIZE];
	struct node *n = graph_insert(p->g, p->pos, op, graph_unique(p->g, text), in, nin, attr, quant, layer->loc, why);
	int k;

	if (!n)
		die("a piece of '%s': %s", layer->name, why);
	for (k = 0; k < nin; k++)
		n->in[k]->uses++;
	n->label = layer->label;
	return n;
}

/* The channels [from, to) of T, cut out. */
static struct tensor *
slice(struct pieces *p, const struct node *layer, struct tensor *t, int32_t from, int32_t to)
{
	int last = t->shape.rank - 1, d;
	struct attrs attr;
	struct node *n;
	size_t i;

	if (from == 0 && to == tensor_channels(t))
		return t;
	for (i = 0; i < p->slices.n; i++) {
		n = p->slices.v[i];
		if (n->in[0] == t && n->attr.begin.v[last] == from && tensor_channels(n->out) == to - from)
			return n->out;
	}
	if (t->data)
		return const_pick(p->g, t->name, t, last, run_of(p, from, to - from), to - from);
	attrs_init(&attr);
	attr.begin.n = attr.size.n = attr.steps.n = t->shape.rank;
	for (d = 0; d <= last; d++) {
		attr.steps.v[d] = 1;
		attr.size.v[d] = d == last ? to - from : t->shape.dim[d];
	}
	attr.begin.v[last] = from;
	n = add(p, layer, OP_SLICE, intern_printf(p->g->names, "%s.channels%d", t->name, (int)from), &t, 1, &attr, NULL);
	ARRAY_PUSH(p->ctx->scratch, p->slices, n);
	return n->out;
}

static void
keep(struct pieces *p, struct tensor *t)
{
	ARRAY_PUSH(p->ctx->scratch, p->made, t);
}

/* The annotations of a layer that hold for a part of its output channels. */
static struct annot *
part_annots(struct pieces *p, const struct node *layer)
{
	struct annot *first = NULL, **last = &first, *a;

	for (a = layer->annots; a; a = a->next) {
		struct annot *copy = ARENA_NEW(p->g->arena, struct annot);

		*copy = *a;
		copy->next = NULL;
		*last = copy;
		last = &copy->next;
	}
	return first;
}

/* The operation LAYER for its output channels [from, to); of a grouped convolution within one group. */
static void
part(struct pieces *p, const struct node *layer, int32_t from, int32_t to)
{
	struct tensor *in[INPUTS_MAX];
	name text = intern_printf(p->g->names, "%s.part%d", layer->label, (int)p->made.n);
	const struct quant *quant = op_info[layer->op].quant == QUANT_FIXED ? NULL : &layer->out->quant;
	struct attrs attr = layer->attr;
	int32_t run = node_out_run(layer), group = from / run, in_run = node_in_run(layer);
	bool sums = layer->op == OP_CONV2D || layer->op == OP_TCONV2D || layer->op == OP_DENSE;
	struct node *n;
	int k;

	for (k = 0; k < layer->nin; k++) {
		struct tensor *t = layer->in[k];
		int axis = input_out_axis(layer, k);

		if (axis >= 0)
			in[k] = const_pick(p->g, intern_printf(p->g->names, "%s.%s", text, op_input_name(layer->op, k, &(bool){ 0 })), t,
				axis, run_of(p, from, to - from), to - from);
		else if (k == 0 && sums)
			in[k] = slice(p, layer, t, group * in_run, (group + 1) * in_run);
		else
			in[k] = tensor_channels(t) == tensor_channels(layer->out) ? slice(p, layer, t, from, to) : t;
	}
	attr.out = to - from;
	attr.groups = 1;
	n = add(p, layer, layer->op, text, in, layer->nin, &attr, quant);
	n->annots = part_annots(p, layer);
	keep(p, n->out);
}

/* Channel by channel, without weights that several channels share. */
static bool
is_separable(const struct node *n)
{
	unsigned flags = op_info[n->op].flags;

	if (n->op == OP_CONV2D || n->op == OP_TCONV2D || n->op == OP_DENSE)
		return true;
	if (n->op == OP_DWCONV2D)
		return n->attr.multiplier == 1;
	return flags & OPF_ELEMENTWISE || n->op == OP_MAXPOOL || n->op == OP_AVGPOOL;
}

static bool
can_part(const struct pieces *p, const struct node *n)
{
	return is_separable(n) && !annot_of(p->ctx, n, ANNOT_SPLIT_OUT);
}

static void
take_parts(struct pieces *p, const struct node *layer, int32_t from, int32_t to)
{
	int32_t run = node_out_run(layer);

	if (p->layers.n == 0 || p->layers.v[p->layers.n - 1] != layer)
		ARRAY_PUSH(p->ctx->scratch, p->layers, layer);
	while (from < to) {
		int32_t end = (from / run + 1) * run < to ? (from / run + 1) * run : to;

		p->count++;
		if (p->pos)
			part(p, layer, from, end);
		from = end;
	}
}

static void
take_inputs(struct pieces *p, const struct node *concat, int32_t from, int32_t to)
{
	int32_t at = 0;
	int k;

	for (k = 0; k < concat->nin && at < to; k++) {
		int32_t len = tensor_channels(concat->in[k]), begin = from - at, end = to - at;

		if (begin < len && end > 0)
			pieces_take(p, concat->in[k], begin < 0 ? 0 : begin, end > len ? len : end);
		at += len;
	}
}

void
pieces_take(struct pieces *p, struct tensor *t, int32_t from, int32_t to)
{
	const struct node *n = t->producer;
	bool own = n && t->uses == 1, all = from == 0 && to == tensor_channels(t);

	if (own && n->op == OP_CONCAT && n->attr.axis == n->out->shape.rank - 1) {
		take_inputs(p, n, from, to);
		return;
	}
	if (own && !all && can_part(p, n)) {
		take_parts(p, n, from, to);
		return;
	}
	p->count++;
	if (!own || !all)
		p->copied += tensor_count(t) / tensor_channels(t) * (to - from);
	if (p->pos)
		keep(p, slice(p, p->pos, t, from, to));
}

/* ---- what it costs ---- */

/* Cycles of N's cheapest plan; 0 for what is none of the chip's business. */
static double
cycles_of(const struct pieces *p, const struct node *n)
{
	const struct annot *place = annot_of(p->ctx, n, ANNOT_PLACE);
	struct plan_demand demand = { .place = PLACE_ANYWHERE };
	struct plan_list list;
	const struct plan *best;

	if (!plan_concerns(n))
		return 0;
	if (place)
		demand.place = strcmp(place->unit, "cpu") ? PLACE_CHIP : PLACE_CPU;
	list = candidates_make(p->ctx->scratch, p->ctx->chip, n, &demand, NULL);
	best = candidates_best(&list, CLASS_BOUNDED, 0);
	return best ? best->cycles : INFINITY;
}

/* Whether LAYER is among the first COUNT. */
static bool
is_counted(const struct pieces *p, const struct node *layer, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (p->layers.v[i] == layer)
			return true;
	return false;
}

struct pieces_cost
pieces_cost(const struct pieces *p, const struct node *copy)
{
	struct pieces_cost c = { .copy = cycles_of(p, copy) };
	size_t i;

	for (i = 0; i < p->made.n; i++)
		if (p->made.v[i]->uses == 0)
			c.pieces += cycles_of(p, p->made.v[i]->producer);
	c.pieces += c.copy * (double)p->copied / (double)tensor_count(copy->out);
	for (i = 0; i < p->layers.n; i++)
		if (!is_counted(p, p->layers.v[i], i))
			c.whole += cycles_of(p, p->layers.v[i]);
	return c;
}

void
pieces_drop(struct pieces *p)
{
	size_t i;

	for (i = 0; i < p->made.n; i++)
		if (p->made.v[i]->uses == 0 && p->made.v[i]->producer)
			node_drop(p->g, p->made.v[i]->producer);
	for (i = 0; i < p->slices.n; i++)
		if (p->slices.v[i]->out->uses == 0 && p->slices.v[i]->out->producer)
			node_drop(p->g, p->slices.v[i]);
}
