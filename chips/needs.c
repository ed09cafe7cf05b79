/* What has to be done around a unit because of what it does not take: padding written out, a zero point folded into the bias, an activation
 * or a requantisation of its own. */
#include <config.h>
#include <math.h>
#include "chips/search.h"

bool
has_weights(const struct node *n)
{
	return n->op == OP_CONV2D || n->op == OP_DWCONV2D || n->op == OP_DENSE || n->op == OP_TCONV2D;
}

const struct chip_limit *
manner_limit(const struct work *w, enum chip_limit_kind kind, struct loc loc)
{
	struct chip_limit *l = ARENA_NEW(w->arena, struct chip_limit);

	l->kind = kind;
	l->loc = loc.start ? loc : w->unit->loc;
	l->source = chip_source_text(w->arena, w->chip, l->loc);
	return l;
}

static void
cannot(struct needs *needs, const char *why, const struct chip_limit *limit)
{
	if (needs->why)
		return;
	needs->why = why;
	needs->limit = limit;
}

/* ---- one limit that is broken ---- */

static bool
is_padded(const struct node *n)
{
	return (op_info[n->op].attrs >> ATTR_PAD & 1) && (n->attr.pad[0] || n->attr.pad[1] || n->attr.pad[2] || n->attr.pad[3]);
}

static bool
is_padding(enum chip_var v)
{
	return v == VAR_PT || v == VAR_PB || v == VAR_PL || v == VAR_PR;
}

static bool
has_zero(const struct tensor *t)
{
	return t->dtype == DT_I8 && t->quant.count && t->quant.zero != 0;
}

/* A maximum and a sum may read the padding from memory. */
static void
need_padding(struct work *w, const struct chip_limit *l, struct needs *needs)
{
	w->manner.pad_copy = true;
	if (w->node->op == OP_AVGPOOL || w->node->op == OP_TCONV2D)
		cannot(needs, "cannot have its padding written out, which is no part of the sums", l);
}

static void
need_zero(struct work *w, const struct chip_limit *l, struct needs *needs)
{
	const struct node *n = w->node;

	if (!has_weights(n) || n->op == OP_TCONV2D) {
		cannot(needs, "takes no zero points, and they cannot be folded away", l);
		return;
	}
	if (has_zero(n->out) && !w->unit->y_zero)
		needs->requant = true;
	if (has_zero(n->in[0]) && !w->unit->x_zero) {
		w->manner.fold_zero = true;
		w->manner.pad_copy |= is_padded(n);
		if (!w->unit->has_bias)
			w->manner.bias_after = needs->requant = true;
	}
}

static void
need_requant(struct work *w, const struct chip_limit *l, struct needs *needs)
{
	needs->requant = true;
	if (w->node->out->dtype != DT_I8 || !has_weights(w->node) || w->node->op == OP_TCONV2D)
		cannot(needs, chip_limit_found(w->arena, l, &w->base), l);
}

/* Sums can have their bias added outside. */
static void
need_bias(struct work *w, const struct chip_limit *l, struct needs *needs)
{
	w->manner.bias_after = true;
	if (w->node->out->dtype == DT_I8)
		need_requant(w, l, needs);
}

static void
need_size(struct work *w, const struct chip_limit *l, struct needs *needs)
{
	const struct node *n = w->node;

	if (l->kind != LIMIT_WHERE && is_padding(l->var))
		need_padding(w, l, needs);
	/* nothing can be filled up within groups that the unit takes together */
	if (l->kind == LIMIT_SET && (l->var == VAR_GROUPS || l->var == VAR_IN || l->var == VAR_OUT) && n->op == OP_CONV2D && n->attr.groups > 1)
		w->manner.groups = n->attr.groups;
}

static void
need_one(struct work *w, const struct chip_limit *l, struct needs *needs)
{
	switch (l->kind) {
	case LIMIT_SET: case LIMIT_PAIR: case LIMIT_WHERE: need_size(w, l, needs); break;
	case LIMIT_PADDING:     need_padding(w, l, needs); break;
	case LIMIT_ZERO_POINT:  need_zero(w, l, needs); break;
	case LIMIT_ACTIVATION:  needs->act = true; break;
	case LIMIT_ACCUMULATOR: needs->split = true; break;
	case LIMIT_BIAS:        need_bias(w, l, needs); break;
	case LIMIT_TYPE: case LIMIT_PER_CHANNEL: case LIMIT_REQUANT: need_requant(w, l, needs); break;
	case LIMIT_PARTIAL: case LIMIT_LAYOUT: cannot(needs, chip_limit_found(w->arena, l, &w->base), l); break;
	}
}

/* Results of an elementwise unit or pool that rounds in a way of its own are no other operation's. */
static bool
rounds_otherwise(const struct work *w)
{
	return w->node->out->dtype == DT_I8 && !has_weights(w->node) && w->unit->requant.loc.start
		&& w->unit->requant.rounding != ROUNDING_DOUBLE && w->unit->kind != KIND_MAXPOOL;
}

void
needs_of(struct work *w, const struct chip_limit *const *misfit, int n, struct needs *needs)
{
	for (int i = 0; i < n; i++) /* types first: without them the rest says little */
		if (misfit[i]->kind == LIMIT_TYPE)
			need_one(w, misfit[i], needs);
	for (int i = 0; i < n; i++)
		need_one(w, misfit[i], needs);
	if (rounds_otherwise(w))
		cannot(needs, "rounds otherwise than the operation", manner_limit(w, LIMIT_REQUANT, w->unit->requant.loc));
}

/* ---- the layer as the unit gets to see it ---- */

struct draft {
	struct node node;
	struct tensor x, y, bias;
	struct tensor *in[4];
};

static int32_t
weight_sum(const struct node *n, int32_t o, int32_t out)
{
	int64_t per = tensor_count(n->in[1]) / out;
	const int8_t *v = n->in[1]->data;
	uint32_t sum = 0;

	for (int64_t i = 0; i < per; i++)
		sum += (uint32_t)(int32_t)v[n->op == OP_DWCONV2D ? i * out + o : o * per + i];
	return (int32_t)sum;
}

/* bias - x_zero * sum of the channel's weights. */
static void
fold_zero(const struct work *w, struct draft *d)
{
	const struct node *n = w->node;
	int32_t zero = n->in[0]->quant.zero, out = n->out->shape.dim[n->out->shape.rank - 1];
	const int32_t *old = n->nin > 2 ? n->in[2]->data : NULL;
	int32_t *bias = ARENA_ARRAY(w->scratch, int32_t, (size_t)out);

	d->x.quant.zero = 0;
	if (n->in[1]->dtype != DT_I8 || !n->in[1]->data)
		return;
	for (int32_t o = 0; o < out; o++)
		bias[o] = (int32_t)((uint32_t)(old ? old[o] : 0) - (uint32_t)zero * (uint32_t)weight_sum(n, o, out));
	d->bias = (struct tensor){ .name = n->name, .dtype = DT_I32, .shape = { .rank = 1, .dim = { out } }, .data = bias };
	d->in[2] = &d->bias;
	d->node.nin = 3;
}

static void
take_padding_in(struct draft *d)
{
	int32_t *pad = d->node.attr.pad;

	d->x.shape.dim[0] += pad[0] + pad[1];
	d->x.shape.dim[1] += pad[2] + pad[3];
	pad[0] = pad[1] = pad[2] = pad[3] = 0;
}

/* RAW: the type of the sums that it gives, or DT_COUNT: results. */
static void
draft_make(const struct work *w, enum dtype raw, struct draft *d)
{
	const struct node *n = w->node;

	d->node = *n;
	d->x = *n->in[0];
	d->y = *n->out;
	for (int k = 0; k < n->nin && k < 4; k++)
		d->in[k] = n->in[k];
	d->in[0] = &d->x;
	d->node.in = d->in;
	d->node.out = &d->y;
	if (w->manner.fold_zero)
		fold_zero(w, d);
	if (w->manner.pad_copy)
		take_padding_in(d);
	if (w->manner.bias_after && d->node.nin > 2)
		d->node.nin = 2;
	if (raw != DT_COUNT || w->manner.act_after || w->manner.bias_after)
		d->node.attr.act = (struct clamp){ -INFINITY, INFINITY };
	if (raw != DT_COUNT) {
		d->y.dtype = raw;
		d->y.quant = (struct quant){ 0 };
		d->node.attr.result = raw;
	}
}

static const struct chip_limit *
draft_misfit(const struct work *w, enum dtype raw)
{
	const struct chip_limit *misfit[16];
	struct draft d;
	int n;

	draft_make(w, raw, &d);
	n = chip_misfits(w->arena, w->unit, &d.node, misfit, 16);
	for (int i = 0; i < n && i < 16; i++)
		if (misfit[i]->kind != LIMIT_SET && misfit[i]->kind != LIMIT_PAIR && misfit[i]->kind != LIMIT_WHERE
			&& misfit[i]->kind != LIMIT_ACCUMULATOR)
			return misfit[i];
	return NULL;
}

const struct chip_limit *
manner_misfit(const struct work *w)
{
	const struct plan *p = &w->manner;
	enum dtype sum = p->partial == DT_I8 || p->partial == DT_F32 ? DT_COUNT : p->partial;
	const struct chip_limit *l = NULL;

	if (w->summing != SUM_NONE)
		l = draft_misfit(w, sum);
	if (!l && (w->summing == SUM_NONE || !p->requant_cpu))
		l = draft_misfit(w, p->requant_cpu ? DT_I32 : DT_COUNT);
	return l;
}
