/* Layers in parts of their output channels; of pools, depthwise convolutions and elementwise operations in and out together.
 *
 * needs:       split-rows has run
 * establishes: no plan has output channels to cut
 * breaks:      adds slices and a concat for each such layer */
#include <config.h>
#include "passes/parts.h"
#include "passes/pass.h"

static void
clear_out(struct plan *p)
{
	p->out = (struct parts){ 0 };
}

bool
pass_split_out(struct graph *g, struct pass_ctx *ctx)
{
	struct cutter c = { .g = g };
	struct node *n;

	(void)ctx;
	for (n = g->first; n; n = n->next)
		if (n->plan && parts_cut(&n->plan->out)) {
			cutter_start(&c, n);
			cut_channels(&c, &n->plan->out, "out", clear_out);
		}
	if (c.n)
		parts_tidy(g);
	return true;
}
