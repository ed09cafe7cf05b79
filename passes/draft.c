/* What plans do to a layer before a unit takes it: padding written out, a zero point folded into the bias. */
#include <config.h>
#include <float.h>
#include "passes/draft.h"

void
draft_start(struct draft *d, struct cutter *c)
{
	const struct node *n = c->n;

	if (n->nin > INPUTS_MAX)
		plan_broken(n, "has too many inputs");
	*d = (struct draft){ .c = c, .plan = n->plan, .op = n->op, .attr = n->attr, .nin = n->nin };
	for (int k = 0; k < n->nin; k++)
		d->in[k] = n->in[k];
}

static bool
has_padding(const struct draft *d)
{
	const int32_t *pad = d->attr.pad;

	return op_info[d->op].attrs >> ATTR_PAD & 1 && (pad[0] || pad[1] || pad[2] || pad[3]);
}

/* ---- padding ---- */

void
draft_pad(struct draft *d)
{
	const struct node *n = d->c->n;
	struct attrs pad;
	int i;

	if (!has_padding(d))
		return;
	if (d->op == OP_AVGPOOL || d->op == OP_TCONV2D)
		plan_broken(n, "writes out its padding, which is not part of its sums");
	attrs_init(&pad);
	pad.before.n = pad.after.n = 3;
	pad.value = d->op == OP_MAXPOOL ? -FLT_MAX : 0;
	for (i = 0; i < 2; i++) {
		pad.before.v[i] = d->attr.pad[2 * i];
		pad.after.v[i] = d->attr.pad[2 * i + 1];
		d->attr.pad[2 * i] = d->attr.pad[2 * i + 1] = 0;
	}
	d->in[0] = part_move(d->c, OP_PAD, d->in[0], &pad, n->name, "padded", n->core);
}

/* ---- x under another scale and zero point ---- */

void
draft_relabel(struct draft *d, float scale, int32_t zero)
{
	const struct node *n = d->c->n;
	struct quant q = { .count = 1, .scale = &scale, .zero = zero };
	name text = graph_unique(d->c->g, intern_printf(d->c->g->names, "%s.relabelled", n->name));
	struct node *view;

	if (quant_equal(&d->in[0]->quant, &q))
		return;
	view = part_add(d->c, OP_RELABEL, text, d->in, 1, NULL, &q);
	d->in[0] = view->out;
}

/* The sum of the weights of output channel O. */
static int32_t
weight_sum(const struct node *n, int32_t o)
{
	const struct tensor *w = n->in[1];
	int64_t out = channels_of(n->out), per = tensor_count(w) / out, i;
	const int8_t *v = w->data;
	uint32_t sum = 0;

	for (i = 0; i < per; i++)
		sum += (uint32_t)(int32_t)v[n->op == OP_DWCONV2D ? i * out + o : o * per + i];
	return (int32_t)sum;
}

void
draft_fold_zero(struct draft *d)
{
	const struct node *n = d->c->n;
	int32_t zero = n->in[0]->quant.zero, out = channels_of(n->out), o;
	const int32_t *old = d->nin > 2 ? d->in[2]->data : NULL;
	int32_t *bias;

	if (n->in[0]->dtype != DT_I8 || zero == 0)
		return;
	if (d->op != OP_CONV2D && d->op != OP_DWCONV2D && d->op != OP_DENSE)
		plan_broken(n, "folds a zero point into a bias");
	draft_pad(d);
	bias = ARENA_ARRAY(d->c->g->arena, int32_t, (size_t)out);
	for (o = 0; o < out; o++)
		bias[o] = (int32_t)((uint32_t)(old ? old[o] : 0) - (uint32_t)zero * (uint32_t)weight_sum(n, o));
	d->in[2] = part_const(d->c, n->name, "bias", DT_I32, 1, &out, NULL, bias);
	if (d->nin < 3)
		d->nin = 3;
	draft_relabel(d, n->in[0]->quant.scale[0], 0);
}
