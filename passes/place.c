/* Results written into a part of a later one.
 *
 * A concatenation needs no copy when its inputs are computed where it has them.  The walk goes from the last node to
 * the first, so a concatenation's own place (in another one) is known before its inputs get theirs.
 *
 * An input is placed only if
 *  - it is computed (not an input of the network or a constant) and is no output, which has storage of its own,
 *  - its family is read by one concatenation, once: so whatever shares its storage lies in that result at one
 *    place, and "the input lies in the result's storage" means "at its place",
 *  - where its vectors then lie apart, the operation that writes it and all that read it take a pitch. */
#include <config.h>
#include "passes/alias.h"
#include "passes/rewrite.h"

static bool
is_view(const struct node *n)
{
	return n && op_info[n->op].flags & OPF_VIEW;
}

/* Whether X, and what it is a view of, can be written with its vectors PITCH apart. */
static bool
can_place(const struct alias *a, const struct tensor *x, int32_t pitch)
{
	for (;;) {
		const struct tensor_info *info = &a->info[x->id];
		bool apart = vector_count(x) > 1 && pitch != vector_length(x);

		if (!x->producer || info->is_output || x->base != x)
			return false;
		if (apart && !(info->takes_pitch && op_info[x->producer->op].flags & OPF_ROWS_OUT))
			return false;
		if (!is_view(x->producer))
			return true;
		x = x->producer->in[0];
		pitch = vector_length(x);
	}
}

static void
place(struct tensor *x, struct tensor *base, int64_t offset, int32_t pitch)
{
	set_storage(x, base, offset, pitch);
	while (is_view(x->producer)) {
		x = x->producer->in[0];
		set_storage(x, base, offset, vector_length(x));
	}
}

/* How many vectors of OUT one step along AXIS spans; 0: the parts do not lie one after the other. */
static int64_t
vectors_per_step(const struct tensor *out, int axis)
{
	int64_t vectors = 1;
	int i;

	for (i = 0; i < axis; i++)
		if (out->shape.dim[i] != 1)
			return 0;
	for (i = axis + 1; i < out->shape.rank - 1; i++)
		vectors *= out->shape.dim[i];
	return vectors;
}

static void
place_inputs(const struct alias *a, const struct node *n)
{
	const struct tensor *out = n->out;
	int axis = n->attr.axis;
	int64_t step = axis == out->shape.rank - 1 ? 1 : vectors_per_step(out, axis) * out->pitch;
	int64_t offset = out->offset;
	int k;

	if (step == 0)
		return;
	for (k = 0; k < n->nin; k++) {
		struct tensor *x = n->in[k];

		if (same_type(x, out) && a->info[a->info[x->id].family->id].concat_reads == 1
				&& can_place(a, x, out->pitch))
			place(x, out->base, offset, out->pitch);
		offset += step * x->shape.dim[axis];
	}
}

void
place_concat_inputs(struct alias *a)
{
	struct node *n;

	for (n = a->g->last; n; n = n->prev)
		if (n->op == OP_CONCAT)
			place_inputs(a, n);
}

bool
place_in_output(const bool *is_output, struct tensor *t)
{
	struct tensor *x = t;

	while (is_view(x->producer)) {
		x = x->producer->in[0];
		if (!x->producer || is_output[x->id] || x->base != x)
			return false;
	}
	place(t, t, 0, vector_length(t));
	return true;
}
