/* Operations whose inputs are all constants become constants, computed by the evaluator.
 *
 * needs:       nothing
 * establishes: no operation is left that reads constants only, except those whose result would make the
 *              program larger: one of more than GROWTH_LIMIT bytes that is also larger than its inputs
 *              together (a broadcast, a pad, a resize) costs less to compute than to store; and except
 *              those whose result is not finite, which no constant may be
 * breaks:      nothing */
#include <config.h>
#include "ir/eval.h"
#include "passes/pass.h"
#include "passes/rewrite.h"

enum { GROWTH_LIMIT = 64 * 1024 };

static bool
is_foldable(const struct node *n)
{
	int64_t bytes = 0;
	int k;

	for (k = 0; k < n->nin; k++) {
		if (!n->in[k]->data)
			return false;
		bytes += tensor_bytes(n->in[k]);
	}
	return tensor_bytes(n->out) <= GROWTH_LIMIT || tensor_bytes(n->out) <= bytes;
}

static void
fold(struct graph *g, struct pass_ctx *ctx, struct node *n)
{
	const void **in = ARENA_ARRAY(ctx->scratch, const void *, n->nin);
	void *data = arena_alloc(g->arena, tensor_bytes(n->out));
	struct tensor *t = n->out;
	int k;

	for (k = 0; k < n->nin; k++)
		in[k] = n->in[k]->data;
	eval_table[n->op](n, in, data);
	if (t->dtype == DT_F32 && !all_finite(data, tensor_count(t)))
		return;
	node_drop(g, n);
	t->data = data;
	t->producer = NULL;
}

bool
pass_fold_const(struct graph *g, struct pass_ctx *ctx)
{
	struct node *n, *next;

	for (n = g->first; n; n = next) {
		next = n->next;
		if (is_foldable(n))
			fold(g, ctx, n);
	}
	graph_tidy(g);
	return true;
}
