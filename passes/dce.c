/* Operations whose result nothing reads leave the graph, and with them the constants that only they read.
 *
 * needs:       use counts (graph_tidy)
 * establishes: every operation's result reaches an output; the network's inputs stay, read or not
 * breaks:      nothing */
#include <config.h>
#include "passes/pass.h"
#include "passes/rewrite.h"

bool
pass_dce(struct graph *g, struct pass_ctx *ctx)
{
	struct node *n, *prev;

	(void)ctx;
	/* Readers come after what they read, so one walk from the end suffices. */
	for (n = g->last; n; n = prev) {
		prev = n->prev;
		if (n->out->uses == 0)
			node_drop(g, n);
	}
	graph_tidy(g);
	return true;
}
