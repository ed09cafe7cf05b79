/* Storage: who lies in whose.
 *
 * needs:       use counts (graph_tidy)
 * establishes: base, offset and pitch of every tensor, and
 *               - a base has storage of its own: its base is itself, offset 0, no gaps;
 *               - an output is a base, computed by a node, and named once;
 *               - the result of a reshape or flatten lies where its input does;
 *               - a slice whose result has its input's base, and an input of a concat that has the result's base,
 *                 is where it has to be, so nothing is to be copied for it;
 *               - an elementwise result may lie where one of its inputs does, and the result of a layer where its
 *                 input `sum` does, if nothing reads that storage later;
 *               - vectors lie apart only where all operations concerned have ROWS_IN or ROWS_OUT
 * breaks:      adds copies; other passes that add or move nodes must run before
 *
 * Four steps: outputs, results placed in later results (place.c), then one walk in the order of execution for
 * views and in-place results, and a check of all of the above. */
#include <config.h>
#include "passes/alias.h"
#include "passes/rewrite.h"

int32_t
vector_length(const struct tensor *t)
{
	return t->shape.rank ? t->shape.dim[t->shape.rank - 1] : 1;
}

int64_t
vector_count(const struct tensor *t)
{
	return tensor_count(t) / vector_length(t);
}

void
set_storage(struct tensor *t, struct tensor *base, int64_t offset, int32_t pitch)
{
	t->base = base;
	t->offset = offset;
	t->pitch = vector_count(t) == 1 ? vector_length(t) : pitch;
}

static void
own_storage(struct tensor *t)
{
	set_storage(t, t, 0, vector_length(t));
}

static void
reset_storage(struct graph *g)
{
	size_t i;

	for (i = 0; i < g->tensors.n; i++)
		own_storage(g->tensors.v[i]);
}

/* ---- outputs ---- */

/* Output K becomes a copy of its tensor. */
static void
copy_output(struct graph *g, size_t k)
{
	struct tensor *t = g->outputs.v[k];
	char why[WHY_SIZE];
	struct attrs attr;
	struct node *n;

	attrs_init(&attr);
	n = graph_add(g, OP_COPY, graph_unique(g, g->output_names.v[k]), &t, 1, &attr, &t->quant, t->loc, why);
	if (!n)
		die("copy of output '%s': %s", g->output_names.v[k], why);
	g->outputs.v[k] = n->out;
	own_storage(n->out);
}

/* An output's storage is the caller's, so inputs, constants, views of other storage and tensors that are
 * another output already are copied. */
static void
separate_outputs(struct graph *g, struct arena *scratch)
{
	size_t count = g->tensors.n, i;
	bool *is_output = ARENA_ARRAY(scratch, bool, count);
	bool *taken = ARENA_ARRAY(scratch, bool, count);

	for (i = 0; i < g->outputs.n; i++)
		is_output[g->outputs.v[i]->id] = true;
	for (i = 0; i < g->outputs.n; i++) {
		struct tensor *t = g->outputs.v[i];
		bool own = t->producer && !taken[t->id] && place_in_output(is_output, t);

		taken[t->id] = true;
		if (!own)
			copy_output(g, i);
	}
}

/* ---- facts about tensors ---- */

static void
note_reads(struct alias *a, const struct node *n, int position)
{
	int k;

	for (k = 0; k < n->nin; k++) {
		struct tensor_info *info = &a->info[n->in[k]->id];

		info->last_read = position;
		if (!(op_info[n->op].flags & OPF_ROWS_IN))
			info->takes_pitch = false;
		if (n->op == OP_CONCAT)
			a->info[info->family->id].concat_reads++;
	}
}

static void
gather_info(struct alias *a, struct arena *scratch)
{
	struct graph *g = a->g;
	const struct node *n;
	int position = 0;
	size_t i;

	a->info = ARENA_ARRAY(scratch, struct tensor_info, g->tensors.n);
	for (i = 0; i < g->tensors.n; i++) {
		a->info[i].family = g->tensors.v[i];
		a->info[i].last_read = -1;
		a->info[i].takes_pitch = true;
	}
	for (i = 0; i < g->outputs.n; i++) {
		a->info[g->outputs.v[i]->id].is_output = true;
		a->info[g->outputs.v[i]->id].takes_pitch = false;
	}
	for (n = g->first; n; n = n->next) {
		if (op_info[n->op].flags & OPF_VIEW || n->op == OP_SLICE || n->op == OP_RELABEL)
			a->info[n->out->id].family = a->info[n->in[0]->id].family;
		note_reads(a, n, position++);
	}
}

/* What reads T reads T's base. */
static void
join_base(struct alias *a, const struct tensor *t)
{
	struct tensor_info *base = &a->info[t->base->id];

	if (a->info[t->id].last_read > base->last_read)
		base->last_read = a->info[t->id].last_read;
}

/* ---- views ---- */

/* Whether the vectors of the box that N cuts out are consecutive among its input's, and where its first element
 * lies: *vector among the input's vectors, *element in that. */
static bool
box_start(const struct node *n, int64_t *vector, int32_t *element)
{
	const struct shape *in = &n->in[0]->shape, *out = &n->out->shape;
	bool inside = false; /* a dimension before this one has more than one index: the rest must be whole */
	int i;

	*vector = *element = 0;
	for (i = 0; i < in->rank; i++) {
		if (out->dim[i] > 1 && n->attr.steps.v[i] != 1)
			return false;
		if (i == in->rank - 1) {
			*element = n->attr.begin.v[i];
			break;
		}
		if (inside && out->dim[i] != in->dim[i])
			return false;
		inside |= out->dim[i] > 1;
		*vector = *vector * in->dim[i] + n->attr.begin.v[i];
	}
	return true;
}

static void
view_slice(struct alias *a, const struct node *n)
{
	struct tensor *x = n->in[0], *out = n->out;
	const struct tensor_info *info = &a->info[out->id];
	bool apart = vector_count(out) > 1 && x->pitch != vector_length(out);
	int64_t vector;
	int32_t element;

	if (!box_start(n, &vector, &element) || !same_type(x, out) || info->is_output || (apart && !info->takes_pitch))
		return;
	set_storage(out, x->base, x->offset + vector * x->pitch + element, x->pitch);
	join_base(a, out);
}

static void
view_relabel(struct alias *a, const struct node *n)
{
	const struct tensor *x = n->in[0];
	const struct tensor_info *info = &a->info[n->out->id];
	bool apart = vector_count(n->out) > 1 && x->pitch != vector_length(n->out);

	if (info->is_output || (apart && !info->takes_pitch))
		return;
	set_storage(n->out, x->base, x->offset, x->pitch);
	join_base(a, n->out);
}

static void
view_whole(struct alias *a, const struct node *n)
{
	struct tensor *x = n->in[0];

	if (a->info[n->out->id].is_output)
		return; /* X lies in it */
	set_storage(n->out, x->base, x->offset, vector_length(n->out));
	join_base(a, n->out);
}

/* ---- in place ---- */

static bool
same_place(const struct tensor *a, const struct tensor *b)
{
	return a->base == b->base && a->offset == b->offset && a->pitch == b->pitch && shape_equal(&a->shape, &b->shape);
}

/* Whether N, the node at POSITION, may write its result over input K: the whole of a storage that the arena
 * holds and nothing reads later, and that N reads in the same order only. */
static bool
may_overwrite(const struct alias *a, const struct node *n, int k, int position)
{
	const struct tensor *x = n->in[k], *base = x->base;
	int i;

	if (!base->producer || a->info[base->id].is_output || a->info[base->id].last_read > position)
		return false;
	if (x->dtype != n->out->dtype || !shape_equal(&x->shape, &n->out->shape) || tensor_count(x) != tensor_count(base))
		return false;
	for (i = 0; i < n->nin; i++)
		if (n->in[i]->base == base && !same_place(n->in[i], x))
			return false;
	return true;
}

static bool
overwrite(struct alias *a, const struct node *n, int k, int position)
{
	if (a->info[n->out->id].is_output || !may_overwrite(a, n, k, position))
		return false;
	set_storage(n->out, n->in[k]->base, 0, vector_length(n->out));
	join_base(a, n->out);
	return true;
}

static void
overwrite_any(struct alias *a, const struct node *n, int position)
{
	int k;

	for (k = 0; k < n->nin && !overwrite(a, n, k, position); k++)
		;
}

/* A layer goes on from its input `sum` element by element, but reads its other inputs all over. */
static bool
goes_on_from_sum(const struct node *n)
{
	return op_info[n->op].flags & OPF_SUM && n->nin > INPUT_SUM && n->in[0]->base != n->in[INPUT_SUM]->base;
}

static void
share_storage(struct alias *a)
{
	const struct graph *g = a->g;
	const struct node *n;
	int position = 0;
	size_t i;

	for (i = 0; i < g->tensors.n; i++)
		join_base(a, g->tensors.v[i]);
	for (n = g->first; n; n = n->next, position++) {
		if (n->out->base != n->out)
			continue; /* placed */
		if (n->op == OP_SLICE)
			view_slice(a, n);
		else if (n->op == OP_RELABEL)
			view_relabel(a, n);
		else if (op_info[n->op].flags & OPF_VIEW)
			view_whole(a, n);
		else if (op_info[n->op].flags & OPF_ELEMENTWISE)
			overwrite_any(a, n, position);
		else if (goes_on_from_sum(n))
			overwrite(a, n, INPUT_SUM, position);
	}
}

/* ---- check ---- */

static void
check_tensor(const struct tensor *t)
{
	const struct tensor *base = t->base;
	int64_t end = t->offset + (vector_count(t) - 1) * t->pitch + vector_length(t);

	if (base->base != base || base->dtype != t->dtype)
		die("alias: '%s' lies in '%s', which has no such storage", t->name, base->name);
	if (t->offset < 0 || t->pitch < vector_length(t) || end > tensor_count(base))
		die("alias: '%s' lies outside of '%s'", t->name, base->name);
}

/* Nothing is copied for inputs that have the result's base: they must be where the result has them. */
static void
check_concat(const struct node *n)
{
	const struct tensor *out = n->out;
	int axis = n->attr.axis, k, i;
	int64_t step = axis == out->shape.rank - 1 ? 1 : out->pitch, offset = out->offset;

	for (i = axis + 1; i < out->shape.rank - 1; i++)
		step *= out->shape.dim[i];
	for (k = 0; k < n->nin; k++) {
		const struct tensor *x = n->in[k];

		if (x->base == out->base && (x->offset != offset || (vector_count(x) > 1 && x->pitch != out->pitch)))
			die("alias: input %d of '%s' is not at its place", k, n->name);
		offset += step * x->shape.dim[axis];
	}
}

static void
check_node(const struct node *n)
{
	unsigned flags = op_info[n->op].flags;
	int k;

	for (k = 0; k < n->nin; k++)
		if (!(flags & OPF_ROWS_IN) && n->in[k]->pitch != vector_length(n->in[k]))
			die("alias: '%s' cannot read '%s' with a pitch", n->name, n->in[k]->name);
	if (!(flags & OPF_ROWS_OUT) && n->out->pitch != vector_length(n->out))
		die("alias: '%s' cannot be written with a pitch", n->name);
	if (flags & OPF_VIEW && (n->out->base != n->in[0]->base || n->out->offset != n->in[0]->offset))
		die("alias: '%s' does not lie where its input does", n->name);
	if (n->op == OP_CONCAT)
		check_concat(n);
}

static void
check_storage(const struct graph *g)
{
	const struct node *n;
	size_t i;

	for (i = 0; i < g->tensors.n; i++)
		check_tensor(g->tensors.v[i]);
	for (n = g->first; n; n = n->next)
		check_node(n);
	for (i = 0; i < g->outputs.n; i++)
		if (g->outputs.v[i]->base != g->outputs.v[i] || !g->outputs.v[i]->producer)
			die("alias: output '%s' has no storage of its own", g->output_names.v[i]);
}

bool
pass_alias(struct graph *g, struct pass_ctx *ctx)
{
	struct alias a = { .g = g };

	reset_storage(g);
	separate_outputs(g, ctx->scratch);
	graph_tidy(g);
	gather_info(&a, ctx->scratch);
	place_concat_inputs(&a);
	share_storage(&a);
	check_storage(g);
	return true;
}
