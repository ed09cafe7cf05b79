/* The arena: when each buffer is live, and where it lies.
 *
 * Two buffers may share bytes if no call needs both, nor two calls that may run at once.  Finding the smallest arena is bin packing in two
 * dimensions, so several orders are tried, each placing every buffer in the best gap that its neighbours in
 * time leave, and the smallest result is kept.  Small programs get a local search on top.  All of it is
 * deterministic: ties go by position, the search has a seed and a budget counted in steps.
 *
 * Neighbours are listed per buffer, which costs as much as there are pairs; where those are too many (thousands of
 * buffers live at once) only the order of execution is tried, which needs no lists. */
#include <config.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "backend/program.h"

enum {
	ARENA_ALIGN = 16,
	PAIRS_MAX = 4000000,     /* neighbours listed */
	SEARCH_ITEMS = 300,      /* the largest program that is searched */
	SEARCH_STEPS = 4000000   /* neighbours looked at in the search */
};

struct item {
	struct buffer *buf;
	int id;                  /* in order of first use */
	int64_t size, align;
	int64_t offset;          /* -1: not placed yet */
	int64_t contention;      /* the most bytes live at one of its calls */
	struct item **near;      /* those live at the same time */
	int near_count;
};

struct plan {
	struct arena scratch;
	struct item *items;      /* by first use, larger ones first */
	int n;
	struct item **order;     /* to be placed in */
	struct item **best_order;/* the order that gave the best plan */
	struct item **placed;    /* neighbours of the item being placed, by offset */
	int64_t target;          /* no plan is smaller but for the padding of its last buffer */
	int64_t best;            /* arena bytes of the best plan so far, whose offsets are in the buffers */
	int64_t steps;
};

static int64_t
align_up(int64_t x, int64_t align)
{
	return (x + align - 1) / align * align;
}

static int64_t
end_of(const struct item *it)
{
	return it->offset + it->size;
}

/* ---- lifetimes ---- */

static void
find_lifetimes(struct program *p)
{
	const struct call *c;
	size_t i;

	for (i = 0; i < p->buffers.n; i++) {
		p->buffers.v[i]->first = INT_MAX;
		p->buffers.v[i]->last = -1;
	}
	for (c = p->first; c; c = c->next)
		for (i = 0; i < c->args.n; i++) {
			struct buffer *b = c->args.v[i].buf;

			if (!b)
				continue;
			if (b->first > c->slot)
				b->first = c->slot;
			b->last = c->slot;
		}
}

static bool
is_planned(const struct buffer *b)
{
	return b->kind == BUF_ARENA && b->last >= 0;
}

/* By slot, the bytes that are live, each buffer's rounded up to ALIGN. */
static const int64_t *
live_bytes(const struct program *p, struct arena *scratch, int64_t align)
{
	int64_t *live = ARENA_ARRAY(scratch, int64_t, (size_t)p->slots + 1);
	size_t i;
	int c;

	for (i = 0; i < p->buffers.n; i++) {
		const struct buffer *b = p->buffers.v[i];

		if (!is_planned(b))
			continue;
		live[b->first] += align_up(b->bytes, align);
		live[b->last + 1] -= align_up(b->bytes, align);
	}
	for (c = 1; c < p->slots; c++)
		live[c] += live[c - 1];
	return live;
}

static int64_t
largest(const int64_t *v, int n)
{
	int64_t most = 0;
	int i;

	for (i = 0; i < n; i++)
		if (v[i] > most)
			most = v[i];
	return most;
}

/* ---- items ---- */

static int
by_first_use(const void *x, const void *y)
{
	const struct item *a = x, *b = y;

	if (a->buf->first != b->buf->first)
		return a->buf->first < b->buf->first ? -1 : 1;
	if (a->size != b->size)
		return a->size > b->size ? -1 : 1;
	return a->buf->id < b->buf->id ? -1 : 1;
}

static void
make_items(struct plan *plan, const struct program *p)
{
	size_t i;
	int k;

	plan->items = ARENA_ARRAY(&plan->scratch, struct item, p->buffers.n);
	for (i = 0; i < p->buffers.n; i++) {
		struct buffer *b = p->buffers.v[i];

		if (is_planned(b))
			plan->items[plan->n++] = (struct item){ .buf = b, .size = b->bytes,
				.align = b->align > ARENA_ALIGN ? b->align : ARENA_ALIGN };
	}
	qsort(plan->items, (size_t)plan->n, sizeof *plan->items, by_first_use);
	plan->order = ARENA_ARRAY(&plan->scratch, struct item *, plan->n);
	plan->best_order = ARENA_ARRAY(&plan->scratch, struct item *, plan->n);
	plan->placed = ARENA_ARRAY(&plan->scratch, struct item *, plan->n);
	for (k = 0; k < plan->n; k++) {
		plan->items[k].id = k;
		plan->order[k] = &plan->items[k];
	}
}

/* Take the items that are dead when IT begins out of the COUNT in LIVE. */
static int
drop_dead(struct item **live, int count, const struct item *it)
{
	int kept = 0, k;

	for (k = 0; k < count; k++)
		if (live[k]->buf->last >= it->buf->first)
			live[kept++] = live[k];
	return kept;
}

/* Two walks over the items with those live: one counts each item's neighbours, one lists them.  false: too many. */
static bool
list_neighbours(struct plan *plan)
{
	struct item **live = plan->placed;
	int64_t pairs = 0;
	int walk, i, k, count;

	for (walk = 0; walk < 2; walk++) {
		for (i = count = 0; i < plan->n; i++) {
			struct item *it = &plan->items[i];

			count = drop_dead(live, count, it);
			pairs += count;
			if (pairs > PAIRS_MAX)
				return false;
			for (k = 0; k < count; k++) {
				if (walk) {
					live[k]->near[live[k]->near_count] = it;
					it->near[it->near_count] = live[k];
				}
				live[k]->near_count++;
				it->near_count++;
			}
			live[count++] = it;
		}
		for (i = 0; i < plan->n && !walk; i++) {
			plan->items[i].near = ARENA_ARRAY(&plan->scratch, struct item *, plan->items[i].near_count);
			plan->items[i].near_count = 0;
		}
		pairs = 0;
	}
	return true;
}

/* What is live rises only where something begins: at an item's own begin or a neighbour's. */
static void
find_contention(struct plan *plan, const int64_t *live)
{
	int i, k;

	for (i = 0; i < plan->n; i++) {
		struct item *it = &plan->items[i];

		it->contention = live[it->buf->first];
		for (k = 0; k < it->near_count; k++) {
			int begin = it->near[k]->buf->first;

			if (begin > it->buf->first && live[begin] > it->contention)
				it->contention = live[begin];
		}
	}
}

/* ---- placing ---- */

/* Place IT in the smallest gap (LOWEST: the first) between the COUNT items of PLACED, which are in order of offset. */
static void
place_between(struct item *it, struct item *const *placed, int count, bool lowest)
{
	int64_t end = 0, least = INT64_MAX, gap;
	int k;

	it->offset = -1;
	for (k = 0; k < count; k++) {
		gap = placed[k]->offset - align_up(end, it->align);
		if (gap >= it->size && gap < least) {
			least = gap;
			it->offset = align_up(end, it->align);
			if (lowest)
				return;
		}
		if (end_of(placed[k]) > end)
			end = end_of(placed[k]);
	}
	if (it->offset < 0)
		it->offset = align_up(end, it->align);
}

/* Put IT where its offset belongs among the COUNT items of PLACED. */
static void
insert_by_offset(struct item **placed, int count, struct item *it)
{
	for (; count > 0 && placed[count - 1]->offset > it->offset; count--)
		placed[count] = placed[count - 1];
	placed[count] = it;
}

static void
keep_if_better(struct plan *plan)
{
	int64_t bytes = 0;
	int i;

	for (i = 0; i < plan->n; i++)
		if (end_of(&plan->items[i]) > bytes)
			bytes = end_of(&plan->items[i]);
	if (bytes >= plan->best)
		return;
	plan->best = bytes;
	memcpy(plan->best_order, plan->order, (size_t)plan->n * sizeof *plan->order);
	for (i = 0; i < plan->n; i++)
		plan->items[i].buf->offset = plan->items[i].offset;
}

/* In the order of execution: at each call, what it needs first is placed among what is live. */
static void
place_by_execution(struct plan *plan)
{
	int i, count = 0;

	for (i = 0; i < plan->n; i++) {
		struct item *it = &plan->items[i];

		count = drop_dead(plan->placed, count, it);
		place_between(it, plan->placed, count, false);
		insert_by_offset(plan->placed, count++, it);
	}
	keep_if_better(plan);
}

static void
place_in_order(struct plan *plan, bool lowest)
{
	int i, k, count;

	for (i = 0; i < plan->n; i++)
		plan->items[i].offset = -1;
	for (i = 0; i < plan->n; i++) {
		struct item *it = plan->order[i];

		for (k = count = 0; k < it->near_count; k++)
			if (it->near[k]->offset >= 0)
				insert_by_offset(plan->placed, count++, it->near[k]);
		place_between(it, plan->placed, count, lowest);
		plan->steps += it->near_count + 1;
	}
	keep_if_better(plan);
}

/* ---- orders ---- */

static int64_t
calls_live(const struct item *it)
{
	return it->buf->last - it->buf->first + 1;
}

static int
compare(int64_t a, int64_t b, const struct item *x, const struct item *y)
{
	if (a != b)
		return a > b ? -1 : 1;
	return x->id < y->id ? -1 : 1;
}

static int
larger(const void *x, const void *y)
{
	const struct item *a = *(struct item *const *)x, *b = *(struct item *const *)y;

	return compare(a->size, b->size, a, b);
}

static int
longer(const void *x, const void *y)
{
	const struct item *a = *(struct item *const *)x, *b = *(struct item *const *)y;

	return compare(calls_live(a), calls_live(b), a, b);
}

static int
larger_and_longer(const void *x, const void *y)
{
	const struct item *a = *(struct item *const *)x, *b = *(struct item *const *)y;

	return compare(a->size * calls_live(a), b->size * calls_live(b), a, b);
}

static int
contended(const void *x, const void *y)
{
	const struct item *a = *(struct item *const *)x, *b = *(struct item *const *)y;

	return a->contention == b->contention ? larger(x, y) : compare(a->contention, b->contention, a, b);
}

static int
contended_and_longer(const void *x, const void *y)
{
	const struct item *a = *(struct item *const *)x, *b = *(struct item *const *)y;

	return a->contention == b->contention ? longer(x, y) : compare(a->contention, b->contention, a, b);
}

static void
try_orders(struct plan *plan)
{
	static int (*const orders[])(const void *, const void *) = { larger, larger_and_longer, longer, contended, contended_and_longer };
	size_t i;

	for (i = 0; i < sizeof orders / sizeof *orders && plan->best > plan->target; i++) {
		qsort(plan->order, (size_t)plan->n, sizeof *plan->order, orders[i]);
		place_in_order(plan, false);
		if (plan->best > plan->target)
			place_in_order(plan, true);
	}
}

/* ---- search ---- */

static uint32_t
next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* The position in the order of an item at the top of the arena: the last such one. */
static int
top_position(const struct plan *plan)
{
	int64_t most = -1;
	int i, top = 0;

	for (i = 0; i < plan->n; i++)
		if (end_of(plan->order[i]) >= most) {
			most = end_of(plan->order[i]);
			top = i;
		}
	return top;
}

static void
move_item(struct item **order, int from, int to)
{
	struct item *it = order[from];

	if (from > to)
		memmove(order + to + 1, order + to, (size_t)(from - to) * sizeof *order);
	else
		memmove(order + from, order + from + 1, (size_t)(to - from) * sizeof *order);
	order[to] = it;
}

static int64_t
plan_bytes(const struct plan *plan)
{
	return end_of(plan->order[top_position(plan)]);
}

/* Move one item at a time, mostly one that lies at the top to the front, and keep the order unless it is worse. */
static void
search(struct plan *plan)
{
	uint32_t state = 2463534242u;
	int64_t current;
	int from, to;

	memcpy(plan->order, plan->best_order, (size_t)plan->n * sizeof *plan->order);
	place_in_order(plan, true);
	current = plan_bytes(plan);
	for (plan->steps = 0; plan->steps < SEARCH_STEPS && plan->best > plan->target;) {
		from = next_random(&state) % 4 ? top_position(plan) : (int)(next_random(&state) % (uint32_t)plan->n);
		to = (int)(next_random(&state) % (uint32_t)(from ? from : plan->n));
		move_item(plan->order, from, to);
		place_in_order(plan, true);
		if (plan_bytes(plan) <= current)
			current = plan_bytes(plan);
		else
			move_item(plan->order, to, from);
	}
}

void
program_plan(struct program *p)
{
	struct plan plan = { .best = INT64_MAX };
	int64_t align = ARENA_ALIGN;
	const int64_t *live;
	int i;

	program_spread(p);
	find_lifetimes(p);
	make_items(&plan, p);
	for (i = 0; i < plan.n; i++)
		if (plan.items[i].align > align)
			align = plan.items[i].align;
	p->arena_align = (int)align;
	p->lower_bound = largest(live_bytes(p, &plan.scratch, 1), p->slots);
	live = live_bytes(p, &plan.scratch, ARENA_ALIGN);
	plan.target = largest(live, p->slots);
	place_by_execution(&plan);
	if (plan.best > plan.target && list_neighbours(&plan)) {
		find_contention(&plan, live);
		try_orders(&plan);
		if (plan.n <= SEARCH_ITEMS)
			search(&plan);
	}
	p->arena_bytes = plan.n ? plan.best : 0;
	arena_free(&plan.scratch);
}
