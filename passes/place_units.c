/* Gives each operation with a plan its unit, and the shape that the unit takes it in:
 *
 *	pad_copy     the image is padded by a pad, and the layer pads no more
 *	fold_zero    x counts as if its zero point were 0: bias - x_zero * sum of the channel's weights
 *	as_dense     a 1x1 convolution as a dense layer, as_conv: a dense layer as a 1x1 convolution of one row of cells
 *	requant_cpu  the unit gives sums of i32, and a rescale makes the result of them
 *
 * needs:       fill-channels has run
 * establishes: units; a unit takes its operation as it is; results of units are rounded as the units round; no plans are left but those of
 *              loops around dot products, whose lowering reads the length of a call
 * breaks:      adds pads, views and rescales */
#include <config.h>
#include <math.h>
#include "chips/chip.h"
#include "ir/quant.h"
#include "passes/draft.h"
#include "passes/pass.h"

static bool
has_weights(enum op op)
{
	return op == OP_CONV2D || op == OP_DWCONV2D || op == OP_DENSE || op == OP_TCONV2D;
}

/* ---- one kind of layer as another ---- */

/* X as SHAPE: what it is a reshape of, if that has the shape. */
static struct tensor *
reshape(struct draft *d, struct tensor *x, const struct shape *shape, const char *what)
{
	const struct node *before = x->producer, *n = d->c->n;
	struct attrs attr;
	int i;

	if (shape_equal(&x->shape, shape))
		return x;
	if (before && before->op == OP_RESHAPE && shape_equal(&before->in[0]->shape, shape))
		return before->in[0];
	attrs_init(&attr);
	attr.shape.n = shape->rank;
	for (i = 0; i < shape->rank; i++)
		attr.shape.v[i] = shape->dim[i];
	return part_move(d->c, OP_RESHAPE, x, &attr, n->name, what, n->core);
}

/* The weight with other dimensions and scales. */
static void
change_weight(struct draft *d, int rank, const int32_t *dim, const struct quant *q)
{
	const struct tensor *w = d->in[1];

	d->in[1] = part_const(d->c, d->c->n->name, "weight", w->dtype, rank, dim, q, w->data);
}

/* Whether the result is int8 made by the layer itself. */
static bool
requantises(const struct draft *d)
{
	return d->c->n->out->dtype == DT_I8 && d->attr.result == DT_COUNT;
}

/* A convolution always forms its multipliers in double, a dense layer with one scale does not: so the scale is given once for each
 * channel. */
static void
make_dense(struct draft *d)
{
	const struct tensor *w = d->in[1];
	struct quant q = w->quant;
	int32_t dim[2] = { w->shape.dim[0], w->shape.dim[3] }, o;

	if (q.count == 1 && requantises(d)) {
		float *scale = ARENA_ARRAY(d->c->g->arena, float, (size_t)dim[0]);

		for (o = 0; o < dim[0]; o++)
			scale[o] = q.scale[0];
		q.scale = scale;
		q.count = dim[0];
	}
	q.axis = 0;
	change_weight(d, 2, dim, &q);
	d->op = OP_DENSE;
}

static struct shape
row_of_cells(const struct tensor *t)
{
	int32_t channels = channels_of(t);

	return (struct shape){ 3, { 1, (int32_t)(tensor_count(t) / channels), channels } };
}

/* With one scale a dense layer multiplies by (double)(float)(x_scale * w_scale) / y_scale; so does a convolution whose x has the
 * scale 1 and whose weight the rest. */
static void
make_conv(struct draft *d)
{
	const struct tensor *w = d->in[1];
	struct quant q = w->quant;
	int32_t dim[4] = { w->shape.dim[0], 1, 1, w->shape.dim[1] };
	struct shape x = row_of_cells(d->in[0]), y;
	float scale;

	d->in[0] = reshape(d, d->in[0], &x, "x");
	if (q.count == 1 && requantises(d)) {
		scale = d->in[0]->quant.scale[0] * q.scale[0];
		draft_relabel(d, 1, d->in[0]->quant.zero);
		q.scale = &scale;
	}
	change_weight(d, 4, dim, &q);
	if (d->nin > INPUT_SUM) {
		y = row_of_cells(d->in[INPUT_SUM]);
		d->in[INPUT_SUM] = reshape(d, d->in[INPUT_SUM], &y, "sum");
	}
	d->op = OP_CONV2D;
	d->attr.out = dim[0];
	d->attr.kernel[0] = d->attr.kernel[1] = 1;
	d->attr.groups = 1;
}

/* ---- into the graph ---- */

/* The layer's node becomes OP on IN, or with LAST false such a node is put before it. */
static struct node *
emit(struct draft *d, bool last, const char *what, enum op op, struct tensor *const *in, int nin, const struct attrs *attr,
	const struct quant *q)
{
	struct node *n = d->c->n;

	if (!last)
		return part_add(d->c, op, graph_unique(d->c->g, intern_printf(d->c->g->names, "%s.%s", n->name, what)), in, nin, attr, q);
	part_become(d->c, op, in, nin, attr);
	return n;
}

static void
set_unit(struct node *n, const struct plan *plan)
{
	n->unit = plan->unit;
	n->plan = plan->how == PLAN_DOT ? plan : NULL;
}

/* The layer itself, then what makes its result of what the unit gives. */
static void
finish(struct draft *d)
{
	struct node *n = d->c->n, *core;
	struct attrs attr = d->attr;
	bool reshapes = d->op == OP_CONV2D && n->op == OP_DENSE && !(n->out->shape.rank == 3 && n->out->shape.dim[0] == 1);
	bool rescales = requantises(d) && d->plan->requant_cpu && has_weights(d->op);
	struct tensor *in[3];
	int count = 0, i;

	if (rescales) {
		count = part_multipliers(d->c, n, (struct range){ 0, channels_of(n->out) }, n->name, in + 1);
		d->attr.result = DT_I32;
		d->attr.act = (struct clamp){ -INFINITY, INFINITY };
	}
	if (requantises(d) && d->plan->unit && d->plan->unit->requant.loc.start && has_weights(d->op)) {
		const struct chip_requant *r = &d->plan->unit->requant;

		d->attr.rounding = r->rounding;
		if (r->multiplier_bits < 32 && (r->rounding == ROUNDING_DOUBLE || r->rounding == ROUNDING_SINGLE))
			d->attr.multiplier_bits = r->multiplier_bits;
	}
	core = emit(d, !rescales && !reshapes, rescales ? "sum" : "conv", d->op, d->in, d->nin, &d->attr, rescales ? NULL : &n->out->quant);
	set_unit(core, d->plan);
	in[0] = core->out;
	if (rescales)
		in[0] = emit(d, !reshapes, "conv", OP_RESCALE, in, 1 + count, &attr, &n->out->quant)->out;
	if (reshapes) {
		attrs_init(&attr);
		attr.shape.n = n->out->shape.rank;
		for (i = 0; i < n->out->shape.rank; i++)
			attr.shape.v[i] = n->out->shape.dim[i];
		emit(d, true, NULL, OP_RESHAPE, in, 1, &attr, NULL);
	}
}

/* ---- rescales ---- */

/* The chip's own unit for it, if one gives the same bits. */
static const struct chip_op *
rescale_unit(const struct chip *chip, const struct node *n, struct arena *scratch)
{
	const struct chip_limit *limit;
	size_t i;

	for (i = 0; chip && i < chip->ops.n; i++) {
		const struct chip_op *op = &chip->ops.v[i];

		if (op->kind == KIND_REQUANTIZE && op->requant.rounding == n->attr.rounding && op->requant.multiplier_bits == 32
				&& chip_misfits(scratch, op, n, &limit, 1) == 0)
			return op;
	}
	return NULL;
}

/* ---- the pass ---- */

/* On a dense unit with one scale and one channel no dense layer has the convolution's multiplier. */
static bool
needs_rescale(const struct draft *d)
{
	return d->plan->as_dense && d->c->n->op == OP_CONV2D && d->attr.out == 1 && requantises(d) && !d->plan->requant_cpu;
}

static bool
starts_from_i16(const struct draft *d)
{
	return d->nin > INPUT_SUM && d->in[INPUT_SUM]->dtype == DT_I16;
}

static void
place(struct cutter *c)
{
	struct node *n = c->n;
	struct draft d;
	struct plan rescaled;

	draft_start(&d, c);
	if (d.plan->pad_copy)
		draft_pad(&d);
	if (d.plan->fold_zero)
		draft_fold_zero(&d);
	if (needs_rescale(&d)) {
		rescaled = *d.plan;
		rescaled.requant_cpu = true;
		if (starts_from_i16(&d)) /* and i32 sums don't go on from i16 */
			rescaled = (struct plan){ .how = PLAN_PORTABLE };
		d.plan = &rescaled;
	}
	if (d.plan->as_dense && n->op == OP_CONV2D)
		make_dense(&d);
	if (d.plan->as_conv && n->op == OP_DENSE)
		make_conv(&d);
	finish(&d);
}

static void
check_unit(const struct node *n, struct arena *scratch)
{
	const struct chip_limit *limit;
	int count;

	if (!n->unit || n->unit->kind == KIND_DOT || n->unit->kind == KIND_BLOCK || n->unit->kind == KIND_RUNS)
		return;
	count = chip_misfits(scratch, n->unit, n, &limit, 1);
	if (count)
		plan_broken(n, "gives '%s' what it does not take: %s", n->unit->title, count < 0 ? "another operation" : limit->source);
}

bool
pass_place(struct graph *g, struct pass_ctx *ctx)
{
	struct cutter c = { .g = g };
	struct node *n;

	for (n = g->first; n; n = n->next)
		if (n->plan) {
			cutter_start(&c, n);
			if (n->op != OP_RESCALE) {
				place(&c);
			} else {
				n->unit = rescale_unit(g->chip, n, ctx->scratch);
				n->plan = NULL;
			}
		}
	if (!c.n)
		return true;
	parts_tidy(g);
	for (n = g->first; n; n = n->next)
		check_unit(n, ctx->scratch);
	return true;
}
