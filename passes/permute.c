#include <config.h>
#include <string.h>
#include "passes/permute.h"
#include "passes/rewrite.h"

/* ---- orders ---- */

bool
order_is_plain(const int32_t *order, int32_t count)
{
	int32_t j;

	for (j = 0; j < count; j++)
		if (order[j] != j)
			return false;
	return true;
}

int32_t *
order_inverse(struct arena *a, const int32_t *order, int32_t count)
{
	int32_t *inverse = ARENA_ARRAY(a, int32_t, (size_t)count), j;

	for (j = 0; j < count; j++)
		inverse[order[j]] = j;
	return inverse;
}

/* Every channel once. */
static bool
is_permutation(struct arena *a, const int32_t *order, int32_t count)
{
	bool *seen = ARENA_ARRAY(a, bool, (size_t)count);
	int32_t j;

	for (j = 0; j < count; j++) {
		if (seen[order[j]])
			return false;
		seen[order[j]] = true;
	}
	return true;
}

const int32_t *
shuffle_order(struct arena *a, const struct node *n)
{
	int32_t count = tensor_channels(n->out), groups = n->attr.groups, j;
	int32_t *order;

	if (n->op == OP_GATHER) {
		const int32_t *index = n->in[1]->data;

		return tensor_channels(n->in[0]) == count && is_permutation(a, index, count) ? index : NULL;
	}
	order = ARENA_ARRAY(a, int32_t, (size_t)count);
	for (j = 0; j < count; j++)
		order[j] = j % groups * (count / groups) + j / groups;
	return order;
}

/* ---- constants ---- */

static struct shape
picked_shape(const struct tensor *t, int axis, int32_t count)
{
	struct shape s = t->shape;

	s.dim[axis] = count;
	return s;
}

void *
elements_pick(struct graph *g, const struct tensor *t, int axis, const int32_t *order, int32_t count)
{
	const char *from = t->data;
	int64_t outer = 1, inner = dtype_info[t->dtype].bytes, i;
	char *data, *to;
	int32_t j;
	int d;

	for (d = 0; d < axis; d++)
		outer *= t->shape.dim[d];
	for (d = axis + 1; d < t->shape.rank; d++)
		inner *= t->shape.dim[d];
	to = data = arena_array(g->arena, (size_t)(outer * count), (size_t)inner);
	for (i = 0; i < outer; i++)
		for (j = 0; j < count; j++, to += inner)
			memcpy(to, from + (i * t->shape.dim[axis] + order[j]) * inner, (size_t)inner);
	return data;
}

static struct quant
picked_quant(struct graph *g, const struct tensor *t, int axis, const int32_t *order, int32_t count)
{
	struct quant q = t->quant;
	float *scale;
	int32_t j;

	if (q.count <= 1 || q.axis != axis)
		return q;
	scale = ARENA_ARRAY(g->arena, float, (size_t)count);
	for (j = 0; j < count; j++)
		scale[j] = t->quant.scale[order[j]];
	q.scale = scale;
	q.count = count;
	return q;
}

struct tensor *
const_pick(struct graph *g, name text, const struct tensor *t, int axis, const int32_t *order, int32_t count)
{
	struct shape shape = picked_shape(t, axis, count);
	struct quant quant = picked_quant(g, t, axis, order, count);

	return graph_const(g, graph_unique(g, text), t->dtype, &shape, &quant, elements_pick(g, t, axis, order, count), t->loc);
}

void
const_keep(struct graph *g, struct tensor *t, int axis, const int32_t *order, int32_t count)
{
	t->data = elements_pick(g, t, axis, order, count);
	t->quant = picked_quant(g, t, axis, order, count);
	t->shape = picked_shape(t, axis, count);
}

void
input_pick(struct graph *g, struct node *n, int k, int axis, const int32_t *order, int32_t count)
{
	struct tensor *t = n->in[k];

	if (t->uses == 1)
		const_keep(g, t, axis, order, count);
	else
		node_set_input(n, k, const_pick(g, t->name, t, axis, order, count));
}

/* ---- layers ---- */

/* The dimension of the weights that counts output channels. */
static int
out_axis(const struct node *n)
{
	return n->op == OP_DWCONV2D ? n->in[1]->shape.rank - 1 : 0;
}

static bool
has_weights(const struct node *n)
{
	return n->op == OP_CONV2D || n->op == OP_DWCONV2D || n->op == OP_TCONV2D || n->op == OP_DENSE;
}

int
input_out_axis(const struct node *n, int k)
{
	bool bound = false;

	if (k > 0 && !(op_info[n->op].flags & OPF_VARIADIC))
		op_input_name(n->op, k, &bound);
	if (!bound)
		return -1;
	return k == 1 && has_weights(n) ? out_axis(n) : 0;
}

static void
pick_out(struct graph *g, struct node *n, const int32_t *order)
{
	int k, axis;

	for (k = 1; k < n->nin; k++) {
		axis = input_out_axis(n, k);
		if (axis >= 0)
			input_pick(g, n, k, axis, order, tensor_channels(n->out));
	}
}

/* The order of one group's input channels, which is the same in all groups for weights to be permuted as a whole; else the
 * weights of each group are. */
static void
pick_in(struct graph *g, struct node *n, const int32_t *order)
{
	struct tensor *w = n->in[1];
	int axis = w->shape.rank - 1;
	int32_t each = w->shape.dim[axis], outputs = w->shape.dim[0];
	int32_t per_group = n->op == OP_CONV2D ? outputs / n->attr.groups : outputs, o, j, *local;
	int64_t row = tensor_count(w) / outputs, bytes = row * dtype_info[w->dtype].bytes;
	char *data = arena_array(g->arena, (size_t)outputs, (size_t)bytes);

	local = ARENA_ARRAY(g->arena, int32_t, (size_t)each);
	for (o = 0; o < outputs; o++) {
		struct tensor one = *w;

		for (j = 0; j < each && o % per_group == 0; j++)
			local[j] = order[o / per_group * each + j] - o / per_group * each;
		one.shape.dim[0] = 1;
		one.data = (const char *)w->data + o * bytes;
		memcpy(data + o * bytes, elements_pick(g, &one, axis, local, each), (size_t)bytes);
	}
	if (w->uses == 1)
		w->data = data;
	else
		node_set_input(n, 1, graph_const(g, graph_unique(g, w->name), w->dtype, &w->shape, &w->quant, data, w->loc));
}

/* ---- shuffles ---- */

void
shuffle_become(struct graph *g, struct node *n, const int32_t *order)
{
	struct shape shape = { 1, { tensor_channels(n->out) } };
	name text = graph_unique(g, intern_printf(g->names, "%s.index", n->name));
	int32_t *copy = ARENA_ARRAY(g->arena, int32_t, (size_t)shape.dim[0]);
	struct tensor **in = ARENA_ARRAY(g->arena, struct tensor *, 2);
	struct attrs attr;

	memcpy(copy, order, (size_t)shape.dim[0] * sizeof *copy);
	attrs_init(&attr);
	node_become(n, OP_GATHER, &attr);
	in[0] = n->in[0];
	in[1] = graph_const(g, text, DT_I32, &shape, NULL, copy, n->loc);
	in[1]->uses = 1;
	if (n->nin > 1)
		n->in[1]->uses--;
	n->in = in;
	n->nin = 2;
}

/* Channel j of the result, channel out[j] of the old one, is the old input's channel order[out[j]]: find it in the new. */
static void
reorder_shuffle(struct graph *g, struct node *n, const int32_t *in, const int32_t *out)
{
	int32_t count = tensor_channels(n->out), from = tensor_channels(n->in[0]), j;
	struct arena *a = g->arena;
	const int32_t *old = n->op == OP_GATHER ? n->in[1]->data : shuffle_order(a, n);
	const int32_t *back = in ? order_inverse(a, in, from) : NULL;
	int32_t *order = ARENA_ARRAY(a, int32_t, (size_t)count);

	for (j = 0; j < count; j++) {
		int32_t c = old[out ? out[j] : j];

		order[j] = back ? back[c] : c;
	}
	shuffle_become(g, n, order);
}

/* ---- regions ---- */

struct both { const struct region *a, *b; };

static const int32_t *
order_of(const struct both *r, const struct tensor *t)
{
	const int32_t *order = r->a ? region_order_of(r->a, t) : NULL;

	return order || !r->b ? order : region_order_of(r->b, t);
}

static void
permute_node(struct graph *g, const struct both *r, struct node *n)
{
	const int32_t *in = order_of(r, n->in[0]), *out = order_of(r, n->out);

	if (!in && !out)
		return;
	if (is_shuffle(n)) {
		reorder_shuffle(g, n, in, out);
		return;
	}
	if (in && has_weights(n) && n->op != OP_DWCONV2D)
		pick_in(g, n, in);
	if (out)
		pick_out(g, n, out);
}

/* A tensor in another order is another tensor. */
static void
rename_changed(struct graph *g, const struct region *r)
{
	static const char suffix[] = ".shuffled";
	size_t i;

	for (i = 0; i < r->tensors.n; i++) {
		struct tensor *t = r->tensors.v[i];

		if (!r->order[i])
			continue;
		if (t->data)
			t->data = elements_pick(g, t, t->shape.rank - 1, r->order[i], tensor_channels(t));
		else if (!strstr(t->name, suffix))
			graph_rename(g, t, graph_unique(g, intern_printf(g->names, "%s%s", t->name, suffix)));
	}
}

void
regions_apply(struct graph *g, const struct region *a, const struct region *b)
{
	const struct region *each[] = { a, b };
	struct both r = { a, b };
	struct arena *arena = (a ? a : b)->arena;
	bool *done = ARENA_ARRAY(arena, bool, g->tensors.n); /* nodes, by the id of their result */
	size_t i, k;

	for (k = 0; k < 2; k++)
		for (i = 0; each[k] && i < each[k]->nodes.n; i++) {
			struct node *n = each[k]->nodes.v[i];

			if (!done[n->out->id])
				permute_node(g, &r, n);
			done[n->out->id] = true;
		}
	for (k = 0; k < 2; k++)
		if (each[k])
			rename_changed(g, each[k]);
}
