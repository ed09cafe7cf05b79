/* What of an operation ties channels together, and the weights of layers as matrices. */
#include <config.h>
#include "passes/dead.h"
#include "passes/permute.h"

/* ---- links ---- */

struct linker { link_fn *fn; void *ctx; };

static void
link_tie(void *ctx, const struct tie *t)
{
	struct linker *l = ctx;
	int32_t j;

	for (j = t->at; j < t->at + t->len; j++)
		l->fn(l->ctx, t->to, j, t->from, tie_place(t, j));
}

const int32_t *
moved_from(struct arena *a, const struct node *n)
{
	return n->op == OP_GATHER ? n->in[1]->data : shuffle_order(a, n);
}

static void
link_moved(struct linker *l, struct arena *a, const struct node *n)
{
	const int32_t *from = moved_from(a, n);
	int32_t j;

	for (j = 0; j < tensor_channels(n->out); j++)
		l->fn(l->ctx, n->out, j, n->in[0], from[j]);
}

/* All channels of a group, inputs and outputs, are linked to its first output or its first input. */
static void
link_groups(struct linker *l, const struct node *n)
{
	int32_t in = tensor_channels(n->in[0]) / n->attr.groups, out = tensor_channels(n->out) / n->attr.groups, c;

	for (c = 0; c < tensor_channels(n->out); c++)
		l->fn(l->ctx, n->out, c, n->in[0], c / out * in);
	for (c = 0; c < tensor_channels(n->in[0]); c++)
		l->fn(l->ctx, n->out, c / in * out, n->in[0], c);
}

void
node_links(struct arena *a, const struct node *n, link_fn *fn, void *ctx)
{
	struct linker l = { fn, ctx };

	node_ties(n, link_tie, &l);
	if (is_shuffle(n))
		link_moved(&l, a, n);
	else if (n->op == OP_CONV2D && n->attr.groups > 1)
		link_groups(&l, n);
}

/* ---- weights ---- */

bool
is_matrix(const struct node *n)
{
	return n->op == OP_CONV2D || n->op == OP_DWCONV2D || n->op == OP_TCONV2D || n->op == OP_DENSE;
}

struct matrix
matrix_of(const struct node *n)
{
	const struct tensor *w = n->in[1];
	struct matrix m = { .n = n, .out = tensor_channels(n->out), .in = 1, .group = n->attr.multiplier, .out_step = 1 };

	if (n->op != OP_DWCONV2D) {
		m.in = w->shape.dim[w->shape.rank - 1];
		m.group = n->op == OP_CONV2D ? m.out / n->attr.groups : m.out;
	}
	m.taps = (int32_t)(tensor_count(w) / m.out / m.in);
	m.tap_step = n->op == OP_DWCONV2D ? m.out : m.in;
	if (n->op != OP_DWCONV2D)
		m.out_step = m.taps * m.tap_step;
	return m;
}

int32_t
matrix_input(const struct matrix *m, int32_t o, int32_t i)
{
	return o / m->group * m->in + i;
}

bool
matrix_cell(const struct matrix *m, int32_t o, int32_t i, int64_t *sum)
{
	const struct tensor *w = m->n->in[1];
	int64_t at = o * m->out_step + i;
	bool any = false;
	int32_t t;

	*sum = 0;
	for (t = 0; t < m->taps; t++, at += m->tap_step)
		if (w->dtype == DT_F32) {
			any |= ((const float *)w->data)[at] != 0;
		} else {
			any |= ((const int8_t *)w->data)[at] != 0;
			*sum += ((const int8_t *)w->data)[at];
		}
	return any;
}
