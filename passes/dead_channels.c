/* Channels whose absence nothing notices leave the graph, with the weights that make and read them.
 *
 *	constants  an output channel whose weights are all 0 has one value, and so has what operations make of it.  Where that value is the zero
 *	           point (f32: 0), those who sum over channels can do without it; of an int8 layer without padding any value can go into the bias
 *	unread     a channel that meets only weights of 0, or only makes channels that go
 *
 * Both reach through all that treats channels by themselves: what depthwise convolutions, pools, sums, concatenations ... tie together goes
 * together or stays.  The network's inputs and outputs keep their shapes, layers with annotations that count channels theirs.
 *
 * needs:       activations and padding folded (a clamp makes zero points of constants), nothing dead
 * establishes: no channel is left that could go, except those that a unit of the chip would be filled up to
 * breaks:      tensors that lose channels keep their names; test blocks lose the values of channels that are gone
 *
 * Exact: int8 to the bit, f32 too unless an infinity or a NaN meets a weight of 0. */
#include <config.h>
#include "passes/dead.h"
#include "passes/legalise.h"

enum { MOST = 1 << 22 }; /* channels of all tensors that are looked at */

/* Number the channels; false: too many. */
static bool
number_channels(struct dead *d)
{
	int64_t count = 0;
	size_t i;

	d->start = ARENA_ARRAY(d->a, int32_t, d->g->tensors.n + 1);
	for (i = 0; i < d->g->tensors.n && count <= MOST; i++) {
		d->start[i] = (int32_t)count;
		count += tensor_channels(d->g->tensors.v[i]);
	}
	d->start[d->g->tensors.n] = d->count = (int32_t)count;
	return count <= MOST;
}

/* What is dead in G; false: nothing. */
static bool
find_dead(struct dead *d, struct graph *g, struct pass_ctx *ctx)
{
	*d = (struct dead){ .g = g, .ctx = ctx, .a = ctx->scratch };
	if (!number_channels(d))
		return false;
	dead_constants(d);
	return dead_choose(d);
}

/* ---- chips ---- */

struct price { int impossible; double cycles; };

static struct price
price_of(struct graph *g, struct pass_ctx *ctx)
{
	const struct layer_plan *p;
	struct price price = { 0 };

	for (p = legalise_survey(g, ctx, ctx->chip); p; p = p->next)
		if (p->plan.why)
			price.impossible++;
		else
			price.cycles += p->plan.cycles;
	return price;
}

/* On a chip, what units are filled up to may cost more than the channels did. */
static bool
is_cheaper(struct graph *g, struct pass_ctx *ctx)
{
	struct graph *trial = graph_clone(ctx->scratch, g);
	struct price before, after;
	struct dead d;

	if (!ctx->chip)
		return true;
	trial->dead = NULL; /* those of G are shared */
	before = price_of(trial, ctx);
	if (find_dead(&d, trial, ctx))
		dead_remove(&d);
	after = price_of(trial, ctx);
	return after.impossible < before.impossible || (after.impossible == before.impossible && after.cycles < before.cycles);
}

/* ---- the pass ---- */

/* What is left when channels are gone may be simpler: two groups become one. */
bool
pass_dead_channels(struct graph *g, struct pass_ctx *ctx)
{
	struct dead d;

	while (find_dead(&d, g, ctx) && is_cheaper(g, ctx)) {
		dead_tests(&d);
		dead_remove(&d);
		arena_free(ctx->scratch);
	}
	return true;
}
