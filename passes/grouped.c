/* @grouped: dense weights that are blocks, or are to be taken as blocks, become a grouped convolution.
 *
 * needs:       constant weights
 * establishes: no annotation @grouped is left, nor @shuffled on the same layer
 * breaks:      adds shuffles and gathers, reshapes around dense layers
 *
 * With W[o][c] the weights between output channel o and input channel c (each a kernel), and "blocks" meaning 0 outside of G
 * blocks along the diagonal:
 *
 *	@grouped             W is blocks: the same function.  W is blocks in another order of the channels, which structure.c finds:
 *	                     the same function between two gathers.  Else, if it says prune: the blocks of W, another function.
 *	@grouped @shuffled   W with its input channels in the shuffle's order is blocks: the weights are those for the channels before
 *	                     the shuffle; the same function.  W is blocks: they are those for the channels behind it; another function
 *	                     than W alone.  Else, if it says prune: the blocks of W behind the shuffle. */
#include <config.h>
#include <string.h>
#include "passes/permute.h"
#include "passes/record.h"
#include "passes/rewrite.h"
#include "passes/shuffled.h"
#include "passes/structure.h"

struct grouping {
	struct graph *g;
	struct pass_ctx *ctx;
	struct node *n;
	const struct annot *a, *shuffled;  /* shuffled: NULL if not there */
	int32_t ins, outs, groups;
	const int32_t *shuffle;            /* the input is to be in this order; NULL: as it is */
	const int32_t *in_order, *out_order; /* the weights' order; NULL: as they are */
	enum annot_class class;
	double dropped;                    /* share of the energy */
	const char *how;                   /* for the record */
};

/* ---- deciding ---- */

static const char *
share_text(struct grouping *m, double share)
{
	return arena_printf(m->ctx->scratch, "%.3g %%", 100 * share);
}

static void
explain_refusal(struct grouping *m, const struct off_block *off)
{
	struct diag *d = m->ctx->diag;
	int32_t groups;

	diag_error(d, m->a->loc, "@grouped: %s of the energy of the weights of '%s' lies outside the %d blocks, %lld of %lld values, the first "
		"between input channel %d and output channel %d", share_text(m, off->share), m->n->label, (int)m->groups,
		(long long)off->count, (long long)tensor_count(m->n->in[1]), (int)off->in, (int)off->out);
	if (m->shuffled) {
		struct off_block other = structure_off_block(m->n, m->groups, shuffled_order(m->ctx->scratch, m->shuffled, m->ins));

		diag_note(d, m->shuffled->loc, "in the order of the shuffle, %s of the energy", share_text(m, other.share));
	}
	groups = structure_groups(m->ctx->scratch, m->n);
	if (groups > 1)
		diag_note(d, m->a->loc, "the weights are %d independent groups, perhaps in another order: @grouped(groups = %d) is exact",
			(int)groups, (int)groups);
	diag_note(d, m->a->loc, "@grouped(groups = %d, prune) drops them", (int)m->groups);
}

/* The blocks of the weights as they are: exact if that is all of them. */
static bool
take_blocks(struct grouping *m)
{
	struct off_block off = structure_off_block(m->n, m->groups, NULL);

	if (off.count > 0 && !m->a->prune) {
		explain_refusal(m, &off);
		return false;
	}
	m->dropped = off.share;
	m->class = off.count > 0 || m->shuffle ? CLASS_DIFFERENT : CLASS_EXACT;
	m->how = m->shuffle ? "dense weights behind a shuffle" : "dense weights";
	return true;
}

static bool
decide_shuffled(struct grouping *m)
{
	const int32_t *order = shuffled_order(m->ctx->scratch, m->shuffled, m->ins);

	m->shuffle = order_is_plain(order, m->ins) ? NULL : order;
	if (structure_off_block(m->n, m->groups, order).count > 0)
		return take_blocks(m);
	m->in_order = order;
	m->class = CLASS_EXACT;
	m->how = "dense weights of that structure behind the shuffle";
	return true;
}

static bool
decide_plain(struct grouping *m)
{
	int32_t *in_order = ARENA_ARRAY(m->ctx->scratch, int32_t, (size_t)m->ins);
	int32_t *out_order = ARENA_ARRAY(m->ctx->scratch, int32_t, (size_t)m->outs);

	if (structure_off_block(m->n, m->groups, NULL).count == 0
			|| !structure_find(m->ctx->scratch, m->n, m->groups, in_order, out_order))
		return take_blocks(m);
	m->in_order = in_order;
	m->shuffle = order_is_plain(in_order, m->ins) ? NULL : in_order;
	m->out_order = order_is_plain(out_order, m->outs) ? NULL : out_order;
	m->class = CLASS_EXACT;
	m->how = "dense weights, in an order found in them";
	return true;
}

/* ---- rewriting ---- */

static void
set_const(struct grouping *m, struct node *n, int k, const struct shape *shape, const void *data)
{
	struct tensor *t = n->in[k];

	if (t->uses == 1) {
		t->shape = *shape;
		t->data = data;
	} else {
		node_set_input(n, k, graph_const(m->g, graph_unique(m->g, t->name), t->dtype, shape, &t->quant, data, t->loc));
	}
}

/* The blocks of W[out, kh, kw, in], one behind the other: [out, kh, kw, in / groups].  A dense layer's W[out, in] has a
 * kernel of 1x1. */
static void
block_weights(struct grouping *m, struct node *n)
{
	const struct tensor *w = n->in[1];
	int64_t taps = tensor_count(w) / m->outs / m->ins, row, each = m->ins / m->groups, j;
	int bytes = dtype_info[w->dtype].bytes;
	struct shape shape = { 4, { m->outs, n->attr.kernel[0], n->attr.kernel[1], (int32_t)each } };
	char *data = arena_array(m->g->arena, (size_t)(m->outs * taps * each), (size_t)bytes);

	for (row = 0; row < m->outs * taps; row++) {
		int64_t first = row / taps / (m->outs / m->groups) * each;

		for (j = 0; j < each; j++) {
			int64_t c = m->in_order ? m->in_order[first + j] : first + j;

			memcpy(data + (row * each + j) * bytes, (const char *)w->data + (row * m->ins + c) * bytes, (size_t)bytes);
		}
	}
	set_const(m, n, 1, &shape, data);
}

static void
group_weights(struct grouping *m, struct node *n)
{
	int k, axis;

	for (k = 1; k < n->nin && m->out_order; k++) {
		axis = input_out_axis(n, k);
		if (axis >= 0)
			input_pick(m->g, n, k, axis, m->out_order, m->outs);
	}
	if (n->op == OP_DENSE) {
		struct attrs attr;

		attrs_init(&attr);
		attr.out = n->attr.out;
		attr.act = n->attr.act;
		attr.kernel[0] = attr.kernel[1] = 1;
		node_become(n, OP_CONV2D, &attr);
	}
	n->attr.groups = m->groups;
	block_weights(m, n);
}

static struct node *
insert(struct grouping *m, enum op op, const char *what, struct tensor *x, const struct attrs *attr)
{
	name text = graph_unique(m->g, intern_printf(m->g->names, "%s.%s", m->n->label, what));
	char why[WHY_SIZE];
	struct node *n = graph_insert(m->g, m->n, op, text, &x, 1, attr, NULL, m->n->loc, why);

	if (!n)
		die("grouping of '%s': %s", m->n->label, why);
	n->label = m->n->label;
	x->uses++;
	return n;
}

static void
shape_attr(struct attrs *attr, const struct shape *s)
{
	attrs_init(attr);
	attr->shape.n = s->rank;
	memcpy(attr->shape.v, s->dim, sizeof attr->shape.v);
}

/* N reads T alone from now on. */
static void
read_only(struct grouping *m, struct node *n, struct tensor *t)
{
	int k;

	for (k = 0; k < n->nin; k++)
		n->in[k]->uses--;
	n->in = ARENA_ARRAY(m->g->arena, struct tensor *, 1);
	n->in[0] = t;
	n->nin = 1;
	t->uses++;
}

/* The layer's node, a convolution by now, as a node in front of it, on images; the node itself, and with it the name, is for what comes
 * after. */
static struct node *
split_off(struct grouping *m, bool is_image)
{
	struct node *n = m->n, *conv;
	struct tensor *in[INPUTS_MAX];
	name text = graph_unique(m->g, intern_printf(m->g->names, "%s.grouped", n->label));
	struct shape s = { 3, { 1, (int32_t)(tensor_count(n->in[0]) / m->ins), m->ins } };
	char why[WHY_SIZE];
	struct attrs attr;
	int k;

	for (k = 0; k < n->nin; k++)
		in[k] = n->in[k];
	shape_attr(&attr, &s);
	if (!is_image)
		in[0] = insert(m, OP_RESHAPE, "image", in[0], &attr)->out;
	conv = graph_insert(m->g, n, OP_CONV2D, text, in, n->nin, &n->attr, &n->out->quant, n->loc, why);
	if (!conv)
		die("grouping of '%s': %s", n->label, why);
	for (k = 0; k < n->nin; k++)
		in[k]->uses++;
	conv->label = n->label;
	conv->annots = n->annots;
	n->annots = NULL;
	return conv;
}

static void
rewrite(struct grouping *m)
{
	struct node *n = m->n, *conv;
	struct arena *a = m->ctx->scratch;
	bool is_image = n->out->shape.rank == 3;
	struct attrs attr;

	if (m->shuffle)
		node_set_input(n, 0, shuffle_insert(m->g, n, n, n->in[0], m->shuffle, m->shuffled));
	group_weights(m, n);
	if (is_image && !m->out_order)
		return;
	conv = split_off(m, is_image);
	read_only(m, n, conv->out);
	if (is_image) {
		shuffle_become(m->g, n, order_inverse(a, m->out_order, m->outs));
		return;
	}
	if (m->out_order)
		node_set_input(n, 0, shuffle_insert(m->g, n, n, conv->out, order_inverse(a, m->out_order, m->outs), NULL));
	shape_attr(&attr, &n->out->shape);
	node_become(n, OP_RESHAPE, &attr);
}

/* ---- the pass ---- */

static bool
divides(struct grouping *m)
{
	bool bad_in = m->ins % m->groups != 0;

	if (!bad_in && m->outs % m->groups == 0)
		return true;
	diag_error(m->ctx->diag, m->a->loc, "@%s: the %d %s channels of '%s' do not divide into %d groups", annot_info[m->a->kind].name,
		bad_in ? m->ins : m->outs, bad_in ? "input" : "output", m->n->label, m->groups);
	return false;
}

static bool
group(struct grouping *m)
{
	struct graph *g = m->g;
	const char *text;

	if (!divides(m) || !(m->shuffled ? decide_shuffled(m) : decide_plain(m)))
		return false;
	if (!require_permits(m->ctx, m->n, m->a, m->class))
		return false;
	text = arena_printf(g->arena, "grouped %d of %s", (int)m->groups, m->how);
	if (m->dropped > 0)
		text = arena_printf(g->arena, "%s, pruned %.3g %% of the energy", text, 100 * m->dropped);
	record_rewrite(g, m->n, OP_CONV2D, m->class, m->a, text);
	annot_drop(m->n, ANNOT_SHUFFLED);
	annot_drop(m->n, ANNOT_GROUPED);
	rewrite(m);
	return true;
}

bool
pass_grouped(struct graph *g, struct pass_ctx *ctx)
{
	struct node *n;
	bool ok = true;

	for (n = g->first; n; n = n->next) {
		struct grouping m = { .g = g, .ctx = ctx, .n = n, .a = annot_of(ctx, n, ANNOT_GROUPED) };

		if (m.a && m.a->groups > 1 && structure_applies(n)) {
			m.shuffled = annot_of(ctx, n, ANNOT_SHUFFLED);
			m.groups = m.a->groups;
			m.ins = tensor_channels(n->in[0]);
			m.outs = tensor_channels(n->out);
			ok = group(&m) && ok;
		}
		annot_drop(n, ANNOT_GROUPED);
	}
	graph_tidy(g);
	return ok;
}
