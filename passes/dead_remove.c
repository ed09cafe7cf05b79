/* Taking channels out of the graph: the constants of layers, attributes that count channels, shapes. */
#include <config.h>
#include <string.h>
#include "ir/shape.h"
#include "passes/dead.h"
#include "passes/permute.h"
#include "passes/rewrite.h"

static int32_t
channels_before(const struct dead *d, const struct tensor *t)
{
	return d->start[t->id + 1] - d->start[t->id];
}

/* The channels of T that stay, and how many; NULL: all. */
static const int32_t *
kept(const struct dead *d, const struct tensor *t, int32_t *count)
{
	*count = d->kept[t->id] ? d->kept_count[t->id] : channels_before(d, t);
	return d->kept[t->id];
}

/* ---- constants in the bias ---- */

static void
add_constant(const struct dead *d, const struct matrix *m, int32_t i, int32_t *bias)
{
	const struct tensor *x = m->n->in[0];
	int32_t value = (int32_t)d->value[channel_of(d, x, i)] - x->quant.zero, o;
	int64_t sum;

	for (o = 0; o < m->out; o++)
		if (matrix_cell(m, o, i, &sum))
			bias[o] += (int32_t)(value * sum);
}

/* The constants that go from N's input are in its bias from now on. */
static void
fold_constants(struct dead *d, struct node *n)
{
	const struct matrix m = matrix_of(n);
	int32_t *bias, i;
	bool any = false;

	if (n->in[0]->dtype != DT_I8)
		return;
	bias = ARENA_ARRAY(d->g->arena, int32_t, (size_t)m.out);
	if (n->nin > 2)
		memcpy(bias, n->in[2]->data, (size_t)m.out * sizeof *bias);
	for (i = 0; i < m.in; i++) {
		int32_t c = channel_of(d, n->in[0], i);

		if (d->needed[d->atom[c]] || !d->known[c] || adds_nothing(d, n->in[0], c))
			continue;
		add_constant(d, &m, i, bias);
		any = true;
	}
	if (any)
		node_set_bias(d->g, n, DT_I32, m.out, bias);
}

/* ---- nodes ---- */

static void
remove_inputs(struct dead *d, struct node *n)
{
	int32_t count;
	const int32_t *order = kept(d, n->in[0], &count);

	if (!order || n->op == OP_DWCONV2D)
		return;
	if (n->op == OP_CONV2D && n->attr.groups > 1) {
		n->attr.groups = count / n->in[1]->shape.dim[3];
		return;
	}
	fold_constants(d, n);
	input_pick(d->g, n, 1, n->in[1]->shape.rank - 1, order, count);
}

static void
remove_outputs(struct dead *d, struct node *n)
{
	int32_t count;
	const int32_t *order = kept(d, n->out, &count);
	int k;

	if (!order)
		return;
	for (k = 1; k < n->nin; k++)
		if (input_out_axis(n, k) >= 0)
			input_pick(d->g, n, k, input_out_axis(n, k), order, count);
	if (op_info[n->op].attrs >> ATTR_OUT & 1)
		n->attr.out = count;
}

/* How many of the COUNT channels ORDER are below END. */
static int32_t
count_below(const int32_t *order, int32_t count, int32_t end)
{
	int32_t k = 0;

	while (k < count && order[k] < end)
		k++;
	return k;
}

static void
resize_slice(struct dead *d, struct node *n)
{
	int last = n->out->shape.rank - 1;
	int32_t count, out, *begin = &n->attr.begin.v[last];
	const int32_t *order = kept(d, n->in[0], &count);

	kept(d, n->out, &out);
	if (order)
		*begin = count_below(order, count, *begin);
	n->attr.size.v[last] = out;
}

static void
resize_pad(struct dead *d, struct node *n)
{
	int last = n->out->shape.rank - 1;
	int32_t in, out, *before = &n->attr.before.v[last];
	const int32_t *order = kept(d, n->out, &out);

	kept(d, n->in[0], &in);
	if (order)
		*before = count_below(order, out, *before);
	n->attr.after.v[last] = out - in - *before;
}

static void
resize_reshape(struct dead *d, struct node *n)
{
	int32_t out;

	kept(d, n->out, &out);
	n->attr.shape.v[n->attr.shape.n - 1] = out;
}

/* The channels that stay where their new places in the input are. */
static void
resize_move(struct dead *d, struct node *n)
{
	int32_t in, out, j, *place = ARENA_ARRAY(d->a, int32_t, (size_t)channels_before(d, n->in[0])), *order;
	const int32_t *in_kept = kept(d, n->in[0], &in), *out_kept = kept(d, n->out, &out), *from = moved_from(d->a, n);

	for (j = 0; j < in; j++)
		place[in_kept ? in_kept[j] : j] = j;
	order = ARENA_ARRAY(d->a, int32_t, (size_t)out);
	for (j = 0; j < out; j++)
		order[j] = place[from[out_kept ? out_kept[j] : j]];
	n->out->shape.dim[n->out->shape.rank - 1] = out;
	shuffle_become(d->g, n, order);
}

/* What an operation has to change besides its constants. */
static void
resize_node(struct dead *d, struct node *n)
{
	if (is_matrix(n))
		remove_inputs(d, n);
	else if (n->op == OP_SLICE)
		resize_slice(d, n);
	else if (n->op == OP_PAD)
		resize_pad(d, n);
	else if (n->op == OP_RESHAPE)
		resize_reshape(d, n);
	if (is_shuffle(n))
		resize_move(d, n);
	else
		remove_outputs(d, n);
}

static void
resize_result(struct node *n)
{
	struct fault fault;

	if (shape_infer(n, &fault))
		die("dead channels of '%s': %s", n->name, fault.text);
}

/* N copies its input as it is, now that the channels that it left out or moved are gone. */
static bool
does_nothing(const struct dead *d, const struct node *n)
{
	const struct tensor *x = n->in[0];

	if (n->op != OP_SLICE && n->op != OP_PAD && n->op != OP_GATHER)
		return false;
	if (!d->kept[x->id] || !same_type(x, n->out) || !shape_equal(&x->shape, &n->out->shape))
		return false;
	return n->op != OP_GATHER || order_is_plain(n->in[1]->data, tensor_channels(x));
}

static bool
loses_channels(const struct dead *d, const struct node *n)
{
	int k;

	for (k = 0; k < n->nin; k++)
		if (d->kept[n->in[k]->id])
			return true;
	return d->kept[n->out->id] != NULL;
}

/* ---- records ---- */

/* The record of N's layer, which the last run may have made. */
static struct dead_channels *
record_of(struct dead *d, const struct node *n)
{
	struct dead_channels **at = &d->g->dead;

	while (*at && (*at)->layer != n->name)
		at = &(*at)->next;
	if (!*at)
		*at = ARENA_NEW(d->g->arena, struct dead_channels);
	return *at;
}

/* MACS: of the layer as it was. */
static void
record(struct dead *d, const struct node *n, int64_t macs)
{
	const struct tensor *x = n->in[0], *y = n->out;
	struct dead_channels *r = record_of(d, n);

	if (!r->layer)
		*r = (struct dead_channels){ .layer = n->name, .op = n->op, .in_before = channels_before(d, x),
			.out_before = channels_before(d, y), .macs_before = macs };
	r->in = tensor_channels(x);
	r->out = tensor_channels(y);
	r->macs = node_macs(n);
}

/* ---- test blocks ---- */

static bool
is_output_name(const struct graph *g, name text)
{
	size_t i;

	for (i = 0; i < g->output_names.n; i++)
		if (g->output_names.v[i] == text)
			return true;
	return false;
}

static void
shorten_value(struct dead *d, struct test_value *v)
{
	const struct tensor *t = graph_find(d->g, v->target);
	struct tensor values;
	int32_t count;

	if (!v->expect || is_output_name(d->g, v->target) || !t || !d->kept[t->id])
		return;
	if (v->dtype != t->dtype || v->count != tensor_count(t))
		return;
	values = *t;
	values.data = v->data;
	kept(d, t, &count);
	v->data = elements_pick(d->g, &values, t->shape.rank - 1, d->kept[t->id], count);
	v->count = v->count / tensor_channels(t) * count;
}

void
dead_tests(struct dead *d)
{
	struct test *t;
	struct test_value *v;

	for (t = d->g->tests; t; t = t->next)
		for (v = t->values; v; v = v->next)
			shorten_value(d, v);
}

/* ---- the graph ---- */

static void
remove_from_constants(struct dead *d)
{
	size_t i;

	for (i = 0; i < d->g->tensors.n; i++) {
		struct tensor *t = d->g->tensors.v[i];

		if (t->data && d->kept[i])
			const_keep(d->g, t, t->shape.rank - 1, d->kept[i], d->kept_count[i]);
	}
}

static void
bypass_idle(struct dead *d)
{
	struct node *n, *next;

	for (n = d->g->first; n; n = next) {
		next = n->next;
		if (does_nothing(d, n))
			node_bypass(d->g, n, n->in[0]);
	}
}

void
dead_remove(struct dead *d)
{
	struct node *n;
	int64_t macs;

	remove_from_constants(d);
	for (n = d->g->first; n; n = n->next) {
		if (!loses_channels(d, n))
			continue;
		macs = node_macs(n);
		resize_node(d, n);
		resize_result(n);
		if (is_matrix(n))
			record(d, n, macs);
	}
	bypass_idle(d);
	graph_tidy(d->g);
}
