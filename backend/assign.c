/* Memories for buffers, at the least cost of accesses.
 *
 * If every buffer packs into its cheapest memory that is the answer.  Otherwise buffers are taken in order of what it costs to have them elsewhere,
 * by byte and slot, each into the cheapest memory that has room for the sum of what is live (a bound: whether offsets can be found is asked for
 * all buffers of a memory at once, since that costs more).  From there few buffers are searched through, by branch and bound over the costs and
 * those sums; for many, buffers are moved to cheaper memories and exchanged with others as long as that helps.  What packs is
 * decided by the planner of arenas, which is close to exact (docs/passes.md), so "exact" is so up to that.
 *
 * The bound: in any one slot the buffers that are live share the memories' bytes.  Were they divisible, the dearest by byte would get the cheapest
 * memory: a fractional knapsack, which costs no more than any answer.  The largest over all slots holds. */
#include <config.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "backend/assign.h"

enum {
	BRANCH_ITEMS = 48,       /* the most that are searched through */
	BRANCH_STEPS = 400000,   /* items tried in memories there */
	BRANCH_PACKS = 300,      /* complete answers packed there */
	GREEDY_ROUNDS = 12,      /* smaller and smaller memories that are tried until what is live packs */
	IMPROVE_PACKS = 200,
	IMPROVE_STEPS = 3000000  /* buffers looked at */
};

struct state {
	struct assign *a;
	struct arena *scratch;
	int64_t *live;           /* by memory and slot: exact sums of live bytes */
	int64_t *saved;          /* by item: what it saves by lying over others */
	int64_t *limit;          /* by memory: what may be live at once */
	int *order;
	int *best;               /* by item: the memory of the best answer so far */
	double best_cost;
	int64_t best_missing;    /* bytes that its memories are too small by */
	double *rest;            /* by place in the order: the least cost of the items from there on */
	int64_t steps, packs;
};

/* ---- what is live ---- */

static int64_t *
live_at(const struct state *s, int m, int slot)
{
	return &s->live[(size_t)m * (size_t)s->a->slots + (size_t)slot];
}

/* What item Y saves as things are, never more than its size. */
static int64_t
saving(const struct state *s, int y)
{
	const struct assign_item *it = &s->a->items[y];
	int64_t sum = 0;

	for (int k = 0; k < it->pair_count && it->memory >= 0; k++) {
		const struct assign_pair *p = &s->a->pairs[it->pairs[k]];

		if (p->y == y && s->a->items[p->x].memory == it->memory)
			sum += p->bytes;
	}
	return sum < it->size ? sum : it->size;
}

static void
update_saving(struct state *s, int y)
{
	const struct assign_item *it = &s->a->items[y];
	int64_t now = saving(s, y);

	if (it->memory >= 0)
		*live_at(s, it->memory, it->first) -= now - s->saved[y];
	s->saved[y] = now;
}

static void
put(struct state *s, int i, int m)
{
	struct assign_item *it = &s->a->items[i];
	int from = it->memory;

	if (from == m)
		return;
	if (from >= 0) {
		*live_at(s, from, it->first) += s->saved[i];
		s->saved[i] = 0;
		for (int slot = it->first; slot <= it->last; slot++)
			*live_at(s, from, slot) -= it->size;
	}
	it->memory = m;
	for (int slot = it->first; m >= 0 && slot <= it->last; slot++)
		*live_at(s, m, slot) += it->size;
	update_saving(s, i);
	for (int k = 0; k < it->pair_count; k++)
		if (s->a->pairs[it->pairs[k]].x == i)
			update_saving(s, s->a->pairs[it->pairs[k]].y);
}

/* Whether what is live in memory M in the slots of item I is within its limit. */
static bool
has_room(const struct state *s, int i, int m)
{
	const struct assign_item *it = &s->a->items[i];

	for (int slot = it->first; slot <= it->last; slot++)
		if (*live_at(s, m, slot) > s->limit[m])
			return false;
	return true;
}

/* Puts I into M if it may be there and what is live allows it; else leaves all as it was. */
static bool
try_put(struct state *s, int i, int m)
{
	int from = s->a->items[i].memory;

	if (isinf(s->a->items[i].cost[m]))
		return false;
	put(s, i, m);
	if (has_room(s, i, m))
		return true;
	put(s, i, from);
	return false;
}

/* ---- answers ---- */

static double
total_cost(const struct assign *a)
{
	double sum = 0;

	for (int i = 0; i < a->n; i++)
		sum += a->items[i].cost[a->items[i].memory];
	return sum;
}

/* The bytes by which the memories are too small for the answer at hand, or some that are more than those of the best. */
static int64_t
missing(struct state *s)
{
	int64_t sum = 0;

	s->packs++;
	for (int m = 0; m < s->a->memories && sum <= s->best_missing; m++) {
		int64_t bytes = s->a->pack(s->a->context, m);

		sum += bytes > s->a->sizes[m] ? bytes - s->a->sizes[m] : 0;
	}
	return sum;
}

static bool
keep_if_better(struct state *s, int64_t missing_bytes)
{
	double cost = total_cost(s->a);

	if (missing_bytes > s->best_missing || (missing_bytes == s->best_missing && cost >= s->best_cost))
		return false;
	for (int i = 0; i < s->a->n; i++)
		s->best[i] = s->a->items[i].memory;
	s->best_cost = cost;
	s->best_missing = missing_bytes;
	return true;
}

static void
restore_best(struct state *s)
{
	for (int i = 0; i < s->a->n; i++)
		put(s, i, s->best[i]);
}

static int
cheapest(const struct assign *a, int i)
{
	int best = 0;

	for (int m = 1; m < a->memories; m++)
		if (a->items[i].cost[m] < a->items[i].cost[best])
			best = m;
	return best;
}

/* The K-th cheapest memory of item I; of equals the first. -1: it may not be in so many. */
static int
nth_memory(const struct assign *a, int i, int k)
{
	const double *cost = a->items[i].cost;

	for (int m = 0; m < a->memories; m++) {
		int before = 0;

		for (int o = 0; o < a->memories; o++)
			before += cost[o] < cost[m] || (cost[o] == cost[m] && o < m);
		if (before == k)
			return isinf(cost[m]) ? -1 : m;
	}
	return -1;
}

/* ---- orders ---- */

struct key { double key; int item; };

static int
by_key(const void *x, const void *y)
{
	const struct key *a = x, *b = y;

	return a->key != b->key ? (a->key > b->key ? -1 : 1) : a->item - b->item;
}

enum order { DENSEST_FIRST, LARGEST_FIRST, DEAREST_FIRST, ORDERS };

static double
regret(const struct assign *a, int i)
{
	int first = nth_memory(a, i, 0), second = nth_memory(a, i, 1);

	return second < 0 ? INFINITY : a->items[i].cost[second] - a->items[i].cost[first];
}

static void
set_order(struct state *s, enum order order)
{
	struct key *keys = ARENA_ARRAY(s->scratch, struct key, (size_t)s->a->n + 1);

	for (int i = 0; i < s->a->n; i++) {
		const struct assign_item *it = &s->a->items[i];

		keys[i] = (struct key){ order == DENSEST_FIRST ? it->density : order == LARGEST_FIRST ? (double)it->size : regret(s->a, i), i };
	}
	qsort(keys, (size_t)s->a->n, sizeof *keys, by_key);
	for (int i = 0; i < s->a->n; i++)
		s->order[i] = keys[i].item;
}

/* ---- one after the other ---- */

/* Where it may be and exceeds what is live by least. */
static int
least_over(struct state *s, int i)
{
	int best = ASSIGN_NOWHERE;
	int64_t least = INT64_MAX;

	for (int m = 0; m < s->a->memories; m++) {
		int64_t most = 0;

		if (isinf(s->a->items[i].cost[m]))
			continue;
		for (int slot = s->a->items[i].first; slot <= s->a->items[i].last; slot++)
			if (*live_at(s, m, slot) > most)
				most = *live_at(s, m, slot);
		if (most + s->a->items[i].size - s->limit[m] < least) {
			least = most + s->a->items[i].size - s->limit[m];
			best = m;
		}
	}
	return best;
}

static void
fill(struct state *s)
{
	for (int i = 0; i < s->a->n; i++)
		put(s, i, ASSIGN_NOWHERE);
	for (int k = 0; k < s->a->n; k++) {
		int i = s->order[k], m;

		for (int nth = 0; (m = nth_memory(s->a, i, nth)) >= 0 && !try_put(s, i, m); nth++)
			;
		if (m < 0)
			put(s, i, least_over(s, i));
	}
}

/* Where what is live fits and the buffers do not, less is allowed to be live. */
static void
greedy(struct state *s, enum order order)
{
	set_order(s, order);
	for (int round = 0; round < GREEDY_ROUNDS; round++) {
		int64_t sum = 0;

		fill(s);
		s->packs++;
		for (int m = 0; m < s->a->memories; m++) {
			int64_t over = s->a->pack(s->a->context, m) - s->a->sizes[m];

			if (over <= 0)
				continue;
			sum += over;
			s->limit[m] -= over < s->limit[m] ? over : s->limit[m];
		}
		keep_if_better(s, sum);
		if (sum == 0)
			break;
	}
	for (int m = 0; m < s->a->memories; m++)
		s->limit[m] = s->a->sizes[m];
}

/* ---- branch and bound ---- */

static bool
has_budget(const struct state *s)
{
	return s->steps < BRANCH_STEPS && s->packs < BRANCH_PACKS;
}

static void
branch(struct state *s, int k, double cost)
{
	if (s->best_missing == 0 && cost + s->rest[k] >= s->best_cost)
		return;
	if (k == s->a->n) {
		keep_if_better(s, missing(s));
		return;
	}
	for (int i = s->order[k], nth = 0, m; (m = nth_memory(s->a, i, nth)) >= 0 && has_budget(s); nth++) {
		s->steps++;
		if (!try_put(s, i, m))
			continue;
		branch(s, k + 1, cost + s->a->items[i].cost[m]);
		put(s, i, ASSIGN_NOWHERE);
	}
}

static void
search(struct state *s)
{
	set_order(s, DEAREST_FIRST);
	s->rest = ARENA_ARRAY(s->scratch, double, (size_t)s->a->n + 1);
	for (int k = s->a->n; k-- > 0;)
		s->rest[k] = s->rest[k + 1] + s->a->items[s->order[k]].cost[cheapest(s->a, s->order[k])];
	for (int i = 0; i < s->a->n; i++)
		put(s, i, ASSIGN_NOWHERE);
	s->packs = 0;
	branch(s, 0, 0);
	s->a->exact = has_budget(s) && s->best_missing == 0;
}

/* ---- improvement ---- */

/* Out of memory M goes what is live together with item I and costs least elsewhere, until I has room; false: it would cost GAIN or more. */
static bool
make_room(struct state *s, int i, int m, double gain)
{
	while (!has_room(s, i, m)) {
		int out = -1, to = -1;
		double least = INFINITY;

		for (int j = 0; j < s->a->n; j++) {
			const struct assign_item *it = &s->a->items[j], *in = &s->a->items[i];

			s->steps++;
			if (j == i || it->memory != m || it->last < in->first || it->first > in->last)
				continue;
			for (int o = 0; o < s->a->memories; o++)
				if (o != m && it->cost[o] - it->cost[m] < least && try_put(s, j, o)) {
					put(s, j, m);
					least = it->cost[o] - it->cost[m];
					out = j;
					to = o;
				}
		}
		if (out < 0 || (gain -= least) <= 0)
			return false;
		put(s, out, to);
	}
	return true;
}

static bool
improve_item(struct state *s, int i)
{
	const double *cost = s->a->items[i].cost;
	int from = s->a->items[i].memory, m;

	for (int nth = 0; (m = nth_memory(s->a, i, nth)) >= 0 && cost[m] < cost[from] && s->packs < IMPROVE_PACKS; nth++) {
		put(s, i, m);
		if (make_room(s, i, m, cost[from] - cost[m]) && keep_if_better(s, missing(s)))
			return true;
		restore_best(s);
	}
	return false;
}

static void
improve(struct state *s)
{
	bool better = true;

	set_order(s, DENSEST_FIRST);
	restore_best(s);
	s->packs = s->steps = 0;
	while (better && s->packs < IMPROVE_PACKS && s->steps < IMPROVE_STEPS) {
		better = false;
		for (int k = 0; k < s->a->n && s->steps < IMPROVE_STEPS; k++)
			better |= improve_item(s, s->order[k]);
	}
}

/* ---- the bound ---- */

struct share { double density; int64_t bytes; int item; };

static int
by_density(const void *x, const void *y)
{
	const struct share *a = x, *b = y;

	return a->density != b->density ? (a->density > b->density ? -1 : 1) : a->item - b->item;
}

/* What the items live in SLOT cost at least above their cheapest memories.  Each that finds no room in its cheapest memory costs at least what the
 * second cheapest does; which memories are cheapest may differ between items, so each memory's own are looked at. */
static double
slot_loss(const struct state *s, int slot, struct share *shares)
{
	const struct assign *a = s->a;
	double loss = 0;

	for (int m = 0; m < a->memories; m++) {
		int64_t room = a->sizes[m];
		int n = 0;

		for (int i = 0; i < a->n; i++) {
			const struct assign_item *it = &a->items[i];
			int64_t bytes = it->size;

			if (it->first > slot || it->last < slot || cheapest(a, i) != m || !isfinite(it->cost[m]))
				continue;
			for (int k = 0; k < it->pair_count && it->first == slot; k++)
				if (a->pairs[it->pairs[k]].y == i)
					bytes -= a->pairs[it->pairs[k]].bytes;
			if (bytes > 0)
				shares[n++] = (struct share){ regret(a, i) / (double)bytes, bytes, i };
		}
		qsort(shares, (size_t)n, sizeof *shares, by_density);
		for (int k = 0; k < n; k++) {
			int64_t in = shares[k].bytes < room ? shares[k].bytes : room;

			room -= in;
			if (in < shares[k].bytes && isfinite(shares[k].density))
				loss += (double)(shares[k].bytes - in) * shares[k].density;
		}
	}
	return loss;
}

static double
find_bound(const struct state *s)
{
	struct share *shares = ARENA_ARRAY(s->scratch, struct share, (size_t)s->a->n + 1);
	double sum = 0, most = 0;

	for (int i = 0; i < s->a->n; i++)
		sum += s->a->items[i].cost[cheapest(s->a, i)];
	for (int slot = 0; slot < s->a->slots; slot++) {
		double loss = slot_loss(s, slot, shares);

		if (loss > most)
			most = loss;
	}
	return sum + most;
}

/* ---- the whole ---- */

static void
begin(struct state *s)
{
	struct assign *a = s->a;

	s->live = ARENA_ARRAY(s->scratch, int64_t, (size_t)a->memories * (size_t)a->slots + 1);
	s->saved = ARENA_ARRAY(s->scratch, int64_t, (size_t)a->n + 1);
	s->limit = ARENA_ARRAY(s->scratch, int64_t, (size_t)a->memories + 1);
	s->order = ARENA_ARRAY(s->scratch, int, (size_t)a->n + 1);
	s->best = ARENA_ARRAY(s->scratch, int, (size_t)a->n + 1);
	memcpy(s->limit, a->sizes, (size_t)a->memories * sizeof *s->limit);
	for (int k = 0; k < a->pair_count; k++) {
		a->items[a->pairs[k].x].pair_count++;
		a->items[a->pairs[k].y].pair_count++;
	}
	for (int i = 0; i < a->n; i++) {
		struct assign_item *it = &a->items[i];

		it->pairs = ARENA_ARRAY(s->scratch, int, (size_t)it->pair_count + 1);
		it->pair_count = 0;
		it->memory = ASSIGN_NOWHERE;
		it->density = regret(a, i) / ((double)it->size * (it->last - it->first + 1));
	}
	for (int k = 0; k < a->pair_count; k++) {
		struct assign_item *x = &a->items[a->pairs[k].x], *y = &a->items[a->pairs[k].y];

		x->pairs[x->pair_count++] = k;
		y->pairs[y->pair_count++] = k;
	}
}

void
assign_memories(struct assign *a, struct arena *scratch)
{
	struct state s = { .a = a, .scratch = scratch, .best_cost = INFINITY, .best_missing = INT64_MAX };

	begin(&s);
	for (int i = 0; i < a->n; i++)
		put(&s, i, cheapest(a, i));
	keep_if_better(&s, missing(&s));
	a->exact = s.best_missing == 0;
	for (int order = 0; order < ORDERS && !a->exact; order++)
		greedy(&s, (enum order)order);
	if (!a->exact && a->n <= BRANCH_ITEMS)
		search(&s);
	if (!a->exact && s.best_missing == 0)
		improve(&s);
	restore_best(&s);
	a->cost = s.best_cost;
	a->bound = find_bound(&s);
	a->fits = s.best_missing == 0;
}
