/* --recompute: in how many strips chains are to be computed.
 *
 * The pass strips finds its chains by an estimate; what an arena they make is known when it is planned.  So the passes that are left and the plan
 * are tried on copies of the graph: with few strips at most, then with more, until a limit is kept, or for the smallest arena. */
#include <config.h>
#include "driver/compile.h"
#include "driver/progress.h"
#include "driver/ram.h"

enum { DEMANDS = 4 };

struct trial {
	struct strip_demand demand;
	int64_t missing, bytes;
	bool good, any;            /* it compiles, and has strips */
	bool limited;              /* arenas have limits */
};

/* What comes of the demand; messages are left to the compilation itself. */
static void
try_demand(const struct compilation *c, const struct pass_ctx *ctx, const struct options *o, struct trial *t)
{
	struct compilation copy = *c;
	struct pass_ctx its = *ctx;
	bool stopped;

	copy.ir = copy.pass = (struct arena){ 0 };
	copy.diag.out = NULL;
	copy.graph = graph_clone(&copy.ir, c->graph);
	its.diag = &copy.diag;
	its.scratch = &copy.pass;
	its.dump_after = its.stop_after = NULL;
	its.verify = false;
	its.strips = t->demand;
	t->good = passes_run_some(copy.graph, &its, PASS_strips, PASS_COUNT, &stopped) && compile_lower(&copy, o);
	if (t->good) {
		t->any = copy.graph->strips != NULL;
		t->limited = ram_there_is(copy.program, o) < INT64_MAX;
		t->missing = ram_missing(copy.program, o);
		t->bytes = copy.program->arena_bytes;
	}
	arena_free(&copy.pass);
	arena_free(&copy.ir);
}

static bool
is_smaller(const struct trial *a, const struct trial *b)
{
	return a->good && (!b->good || a->missing < b->missing || (a->missing == b->missing && a->bytes < b->bytes));
}

/* Whether there are limits, and they are kept: then fewer strips are better than less memory. */
static bool
is_enough(const struct trial *t, const struct options *o)
{
	return t->good && t->limited && t->missing == 0 && o->stream == STREAM_AUTO;
}

/* With few strips at most, then with more, as far as o->strips; at last, where inputs and outputs are outside of the arena, as if they were inside: by
 * the estimate that is larger, but on a chip whose units take no rows the plan of it may be smaller. */
static struct trial
find_best(const struct compilation *c, const struct pass_ctx *ctx, const struct options *o)
{
	static const int32_t most[DEMANDS] = { 2, 8, STRIPS_MAX, STRIPS_MAX };
	struct trial best = { 0 };
	bool outside = o->io == IO_CALLER;

	try_demand(c, ctx, o, &best);
	for (int i = 0; i < (outside ? DEMANDS : DEMANDS - 1) && best.good && !is_enough(&best, o); i++) {
		struct trial t = { .demand = { .most = most[i] < o->strips ? most[i] : o->strips, .target = o->limits_ram ? o->ram_limit : 0,
			.ports_outside = outside && i + 1 < DEMANDS, .input_by_rows = o->io == IO_STREAM } };

		if (i == 0 && !best.limited)
			continue; /* few strips are for limits */
		try_demand(c, ctx, o, &t);
		if (t.any && is_smaller(&t, &best))
			best = t;
	}
	return best;
}

struct strip_demand
recompute_choose(const struct compilation *c, const struct pass_ctx *ctx, const struct options *o)
{
	if (!o->strips)
		return (struct strip_demand){ 0 };
	if (o->stream == STREAM_ALL)
		return (struct strip_demand){ .most = o->strips, .everywhere = true, .input_by_rows = o->io == IO_STREAM };
	progress_step("trying strips");
	return find_best(c, ctx, o).demand;
}

bool
recompute_would_take(const struct compilation *c, const struct options *o, int64_t *missing, int64_t *bytes)
{
	struct pass_ctx ctx = { .chip = c->chip, .allow = o->allow };
	struct options with = *o;
	struct compilation copy = *c;
	struct trial best;

	if (!c->uncut)
		return false;
	with.strips = STRIPS_MAX;
	with.stream = STREAM_AUTO;
	copy.graph = c->uncut;
	best = find_best(&copy, &ctx, &with);
	*missing = best.missing;
	*bytes = best.bytes;
	return best.good && best.any;
}
