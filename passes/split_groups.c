/* Grouped convolutions as several on slices of the channels, whose results lie side by side.
 *
 * needs:       plans
 * establishes: no plan has groups to cut
 * breaks:      adds slices and a concat for each such layer */
#include <config.h>
#include "passes/parts.h"
#include "passes/pass.h"

static void
clear_groups(struct plan *p)
{
	p->groups = 0;
}

static void
split(struct cutter *c, struct pass_ctx *ctx)
{
	const struct node *n = c->n;
	int32_t groups = n->plan->groups, k;
	int32_t *size = ARENA_ARRAY(ctx->scratch, int32_t, (size_t)groups);

	if (n->op != OP_CONV2D || n->attr.groups % groups)
		plan_broken(n, "makes %d convolutions of %d groups", groups, n->attr.groups);
	for (k = 0; k < groups; k++)
		size[k] = n->attr.out / groups;
	cut_channels(c, &(struct parts){ groups, size }, "group", clear_groups);
}

bool
pass_split_groups(struct graph *g, struct pass_ctx *ctx)
{
	struct cutter c = { .g = g };
	struct node *n;

	for (n = g->first; n; n = n->next)
		if (n->plan && n->plan->groups > 1) {
			cutter_start(&c, n);
			split(&c, ctx);
		}
	if (c.n)
		parts_tidy(g);
	return true;
}
