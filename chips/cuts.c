/* Sizes of parts: as equal as a unit's steps allow, the largest first, or the cheapest by dynamic programming. */
#include <config.h>
#include <math.h>
#include "chips/search.h"

static struct parts
copy_parts(struct arena *a, const int32_t *size, int n)
{
	int32_t *copy = ARENA_ARRAY(a, int32_t, (size_t)n);

	for (int i = 0; i < n; i++)
		copy[i] = size[i];
	return (struct parts){ n, copy };
}

bool
cut_equal(struct arena *a, int32_t total, int n, fill_fn *fill, const void *ctx, struct parts *p)
{
	int32_t *size = ARENA_ARRAY(a, int32_t, (size_t)n), left = total;

	for (int i = 0; i < n; i++) {
		int32_t share = (left + n - i - 1) / (n - i);

		size[i] = i < n - 1 ? fill(ctx, share) : left;
		left -= size[i];
		if (size[i] <= 0 || (left <= 0 && i < n - 1))
			return false;
	}
	*p = (struct parts){ n, size };
	return true;
}

bool
cut_greedy(struct arena *a, int32_t total, int32_t most, struct parts *p)
{
	int n = most > 0 ? (total + most - 1) / most : 0;
	int32_t *size = ARENA_ARRAY(a, int32_t, (size_t)n + 1);

	for (int i = 0; i < n; i++)
		size[i] = i < n - 1 ? most : total - most * (n - 1);
	*p = (struct parts){ n, size };
	return n > 1;
}

/* How T channels are cut best into parts of whole sizes: the last of them, and the cost. */
struct state { double cost; int member, parts; };

static void
relax(struct state *s, double cost, int member, int parts)
{
	if (cost < s->cost - 1e-9 || (cost < s->cost + 1e-9 && parts < s->parts))
		*s = (struct state){ cost, member, parts };
}

/* state[t] for t of whole parts, the first of them a first part. */
static void
fill_states(struct state *state, int32_t total, const struct cut_costs *c)
{
	for (int32_t t = 0; t <= total; t++)
		state[t] = (struct state){ INFINITY, -1, 0 };
	for (int i = 0; i < c->n && c->member[i] <= total; i++)
		relax(&state[c->member[i]], c->first[i], i, 1);
	for (int32_t t = 1; t <= total; t++) {
		if (!(state[t].cost < INFINITY))
			continue;
		for (int i = 0; i < c->n && t + c->member[i] <= total; i++)
			relax(&state[t + c->member[i]], state[t].cost + c->middle[i], i, state[t].parts + 1);
	}
}

bool
cut_cheapest(struct arena *a, int32_t total, const struct cut_costs *c, struct parts *p)
{
	struct arena scratch = { 0 };
	struct state *state = ARENA_ARRAY(&scratch, struct state, (size_t)total + 1), best = { INFINITY, -1, 0 };
	int32_t rest = 0;

	fill_states(state, total, c);
	/* The last part: any size above the member before, filled up to the member. */
	for (int i = 0; i < c->n; i++) {
		for (int32_t r = (i ? c->member[i - 1] : 0) + 1; r <= c->member[i] && r < total; r++) {
			const struct state *before = &state[total - r];
			double old = best.cost;
			int parts = best.parts;

			if (before->cost < INFINITY)
				relax(&best, before->cost + c->last[i] + (r < c->member[i] ? c->fill[i] : 0), i, before->parts + 1);
			if (best.cost != old || best.parts != parts)
				rest = r;
		}
	}
	if (best.member >= 0) {
		int32_t *size = ARENA_ARRAY(&scratch, int32_t, (size_t)best.parts), t = total - rest;

		size[best.parts - 1] = rest;
		for (int i = best.parts - 2; i >= 0; t -= size[i--])
			size[i] = c->member[state[t].member];
		*p = copy_parts(a, size, best.parts);
	}
	arena_free(&scratch);
	return best.member >= 0;
}

struct counts
counts_between(int from, int to)
{
	struct counts c = { 0 };

	if (from < 1)
		from = 1;
	for (int k = from; k <= to && c.n < 63; k += k - from < 12 ? 1 : (k + 3) / 4)
		c.v[c.n++] = k;
	if (c.n && c.v[c.n - 1] < to)
		c.v[c.n++] = to;
	return c;
}
