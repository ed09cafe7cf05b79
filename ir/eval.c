/* The evaluator's table, its run over a graph and the walks that its operations share. */
#include <config.h>

#include <string.h>

#include "ir/eval_impl.h"

eval_fn *const eval_table[OP_COUNT] = {
#define OP(id, text, inputs, min, max, attrs, flags, quant, fn, help) [OP_##id] = eval_##fn,
#include "ir/ops.def"
#undef OP
};

const void **
eval_graph(struct arena *arena, const struct graph *g, const void *const *inputs)
{
	const void **value = ARENA_ARRAY(arena, const void *, g->tensors.n);
	int most = 0;

	for (size_t i = 0; i < g->tensors.n; i++)
		value[i] = g->tensors.v[i]->data;
	for (size_t i = 0; i < g->inputs.n; i++)
		value[g->inputs.v[i]->id] = inputs[i];
	for (const struct node *n = g->first; n; n = n->next)
		most = n->nin > most ? n->nin : most;
	const void **in = ARENA_ARRAY(arena, const void *, (size_t)most);

	for (const struct node *n = g->first; n; n = n->next) {
		void *out = arena_array(arena, (size_t)tensor_count(n->out), (size_t)dtype_info[n->out->dtype].bytes);

		for (int k = 0; k < n->nin; k++)
			in[k] = value[n->in[k]->id];
		eval_table[n->op](n, in, out);
		value[n->out->id] = out;
	}
	return value;
}

struct walk
walk_over(const struct shape *s)
{
	struct walk w = { .rank = s->rank };
	int64_t stride = 1;

	for (int d = s->rank - 1; d >= 0; d--) {
		w.dim[d] = s->dim[d];
		w.stride[d] = stride;
		stride *= s->dim[d];
	}
	return w;
}

bool
walk_next(struct walk *w)
{
	for (int d = w->rank - 1; d >= 0; d--) {
		w->offset += w->stride[d];
		if (++w->at[d] < w->dim[d])
			return true;
		w->offset -= w->stride[d] * w->dim[d];
		w->at[d] = 0;
	}
	return false;
}

struct walk
walk_broadcast(const struct shape *x, const struct shape *out)
{
	struct walk own = walk_over(x), w = walk_over(out);
	int lead = out->rank - x->rank;

	for (int d = 0; d < out->rank; d++)
		w.stride[d] = d < lead || x->dim[d - lead] == 1 ? 0 : own.stride[d - lead];
	return w;
}

void
walk_gather(struct walk *w, const void *src, void *dst, int64_t count, int bytes)
{
	const char *from = src;
	char *to = dst;

	for (int64_t i = 0; i < count; i++, walk_next(w))
		memcpy(to + i * bytes, from + w->offset * bytes, (size_t)bytes);
}
