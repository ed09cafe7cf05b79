/* The arena: when each buffer is live, and where it lies.
 *
 * Two buffers may share bytes if no call needs both, nor two calls that may run at once; a call's result may share bytes with what it
 * reads as far as its kernel's order allows (overlap.c).  Finding the smallest arena is bin packing in two
 * dimensions, so several orders are tried, each placing every buffer in the best gap that its neighbours in
 * time leave, and the smallest result is kept.  Small programs get a local search on top.  Where results lie before
 * what they are computed from, a chain of them sinks to the bottom of the arena; then a buffer may be moved up again.  All of it is
 * deterministic: ties go by position, the search has a seed and a budget counted in steps.
 *
 * Neighbours are listed per buffer, which costs as much as there are pairs; where those are too many (thousands of
 * buffers live at once) only the order of execution is tried, which needs no lists. */
#include <config.h>
#include <limits.h>
#include <stdlib.h>
#include "backend/memories.h"
#include "backend/plan.h"
#include "chips/chip.h"

enum {
	PAIRS_MAX = 4000000, /* neighbours listed */
	STEPS_MAX = 4000000, /* neighbours looked at in the search for the smallest arena */
	STEPS_ENOUGH = 25000, /* and for one that is small enough */
	OVER_MAX = 8         /* operands of a call that its result may lie over */
};

/* ---- lifetimes ---- */

static void
use_in(struct buffer *b, int slot)
{
	if (b->first > slot)
		b->first = slot;
	if (b->last < slot)
		b->last = slot;
}

/* Inputs are there from the beginning, outputs to the end. */
void
plan_lifetimes(struct program *p)
{
	for (size_t i = 0; i < p->buffers.n; i++) {
		struct buffer *b = p->buffers.v[i];

		b->first = INT_MAX;
		b->last = -1;
		if (b->port == PORT_IN)
			use_in(b, 0);
		if (b->port == PORT_OUT)
			use_in(b, p->slots > 0 ? p->slots - 1 : 0);
	}
	for (const struct call *c = p->first; c; c = c->next)
		for (size_t i = 0; i < c->args.n; i++)
			if (c->args.v[i].buf)
				use_in(c->args.v[i].buf, c->slot);
}

static bool
is_planned(const struct buffer *b)
{
	return b->kind == BUF_ARENA && b->last >= 0;
}

static bool
is_buffer_arg(const struct arg *a)
{
	return a->kind <= ARG_SCRATCH && a->buf;
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

static int64_t
item_align(const struct plan *plan, const struct buffer *b)
{
	const struct memory *m = plan->memory == ALL_ARENAS ? NULL : &plan->p->memories.v[plan->memory];
	int64_t align = b->align > ARENA_ALIGN ? b->align : ARENA_ALIGN;

	return m && m->chip && m->chip->align > align ? m->chip->align : align;
}

static void
make_items(struct plan *plan)
{
	const struct program *p = plan->p;
	size_t n;

	plan->items = ARENA_ARRAY(plan->scratch, struct item, p->buffers.n);
	for (size_t i = 0; i < p->buffers.n; i++) {
		struct buffer *b = p->buffers.v[i];

		if (is_planned(b) && (plan->memory == ALL_ARENAS || b->memory == plan->memory))
			plan->items[plan->n++] = (struct item){ .buf = b, .size = b->bytes, .first = 2 * b->first + 1,
				.last = 2 * b->last + 1, .align = item_align(plan, b), .fixed = b->bytes > INT32_MAX || b->port == PORT_OUT };
	}
	n = (size_t)plan->n;
	qsort(plan->items, n, sizeof *plan->items, by_first_use);
	plan->order = ARENA_ARRAY(plan->scratch, struct item *, n);
	plan->best_order = ARENA_ARRAY(plan->scratch, struct item *, n);
	plan->live = ARENA_ARRAY(plan->scratch, struct item *, n);
	plan->forbidden = ARENA_ARRAY(plan->scratch, struct forbidden, 4 * n);
	plan->best_stay = arena_alloc(plan->scratch, n * sizeof *plan->best_stay);
	plan->best_stays = ARENA_ARRAY(plan->scratch, int, n);
	for (int k = 0; k < plan->n; k++) {
		plan->items[k].id = k;
		plan->order[k] = &plan->items[k];
	}
}

/* Two walks over the items with those live: one counts each item's neighbours, one lists them.  false: too many. */
static bool
list_neighbours(struct plan *plan)
{
	struct item **live = plan->live;
	int64_t pairs = 0;
	int walk, i, k, count;

	for (walk = 0; walk < 2; walk++) {
		for (i = count = 0; i < plan->n; i++) {
			struct item *it = &plan->items[i];

			count = items_drop_dead(live, count, it);
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
			plan->items[i].near = ARENA_ARRAY(plan->scratch, struct item *, plan->items[i].near_count);
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

/* ---- overlaps ---- */

int64_t
overlap_saves(int64_t x, int64_t y, int64_t distance, int64_t align)
{
	int64_t together;

	if (distance >= y)
		return 0;
	together = x + (distance > 0 ? align_up(distance, align) : 0);
	if (together < y)
		together = y;
	return together < x + y ? x + y - together : 0;
}

const struct arg *
call_result(const struct call *c)
{
	const struct arg *y = NULL;

	for (size_t i = 0; i < c->args.n && !y; i++)
		if (c->args.v[i].kind == ARG_OUT)
			y = &c->args.v[i];
	for (size_t i = 0; y && i < c->args.n; i++)
		if (&c->args.v[i] != y && c->args.v[i].buf == y->buf)
			return NULL;
	return y && y->buf->kind == BUF_ARENA ? y : NULL;
}

/* The result of a call that runs alone in its slot and is the first to touch that buffer, or NULL. */
static const struct arg *
fresh_result(const struct call *before, const struct call *c)
{
	const struct arg *y = call_result(c);
	bool alone = !(before && before->slot == c->slot) && !(c->next && c->next->slot == c->slot);

	return y && alone && y->buf->first == c->slot ? y : NULL;
}

int64_t
call_distance(const struct call *c, const struct buffer *x, const struct arg *y)
{
	int64_t distance = INT64_MIN;

	for (size_t i = 0; i < c->args.n; i++) {
		const struct arg *a = &c->args.v[i];
		int64_t d = a->distance + y->offset * dtype_info[y->dtype].bytes - a->offset * dtype_info[a->dtype].bytes;

		if (!is_buffer_arg(a) || a->buf != x)
			continue;
		if (!a->yields)
			return INT64_MAX;
		if (d > distance)
			distance = d;
	}
	return distance != 0 && call_is_exact(c, x) ? INT64_MAX : distance;
}

bool
call_is_exact(const struct call *c, const struct buffer *x)
{
	for (size_t i = 0; i < c->args.n; i++)
		if (is_buffer_arg(&c->args.v[i]) && c->args.v[i].buf == x && c->args.v[i].exact)
			return true;
	return false;
}

static void
add_over(struct plan *plan, struct item *y, struct item *x, int64_t distance, bool exact)
{
	for (int k = 0; k < y->over_count; k++)
		if (y->over[k].x == x)
			return;
	if (!y->over)
		y->over = ARENA_ARRAY(plan->scratch, struct over, OVER_MAX);
	if (y->over_count < OVER_MAX && distance < y->size)
		y->over[y->over_count++] = (struct over){ x, distance, exact };
}

static void
find_overlaps(struct plan *plan)
{
	struct program *p = plan->p;
	struct item **item_of = ARENA_ARRAY(plan->scratch, struct item *, p->buffers.n);
	struct call *before = NULL;

	for (int i = 0; i < plan->n; i++)
		item_of[plan->items[i].buf->id] = &plan->items[i];
	for (struct call *c = p->first; c; before = c, c = c->next) {
		const struct arg *y = fresh_result(before, c);

		for (size_t i = 0; y && i < c->args.n; i++) {
			const struct arg *a = &c->args.v[i];

			if (is_buffer_arg(a) && a->yields && is_planned(a->buf) && a->buf->last == c->slot && a->buf->port != PORT_OUT
				&& item_of[y->buf->id] && item_of[a->buf->id])
				add_over(plan, item_of[y->buf->id], item_of[a->buf->id], call_distance(c, a->buf, y), call_is_exact(c, a->buf));
		}
	}
}

/* ---- the bound ---- */

/* By slot, the bytes that are live, each buffer's rounded up to ALIGN, results over what they are computed from as far as they may. */
static const int64_t *
live_bytes(const struct plan *plan, struct arena *scratch, int64_t align)
{
	int64_t *live = ARENA_ARRAY(scratch, int64_t, (size_t)plan->p->slots + 2);

	for (int i = 0; i < plan->n; i++) {
		const struct buffer *b = plan->items[i].buf;

		live[b->first] += align_up(b->bytes, align);
		live[b->last + 1] -= align_up(b->bytes, align);
	}
	for (int c = 1; c < plan->p->slots; c++)
		live[c] += live[c - 1];
	for (int i = 0; i < plan->n; i++) {
		const struct item *y = &plan->items[i];
		int64_t saves = 0;

		for (int k = 0; k < y->over_count; k++)
			saves += overlap_saves(y->over[k].x->size, y->size, y->over[k].distance, align);
		live[y->buf->first] -= saves < y->size ? saves : y->size;
	}
	return live;
}

/* ---- the plan ---- */

void
plan_begin(struct plan *plan, struct program *p, int memory, struct arena *scratch)
{
	*plan = (struct plan){ .p = p, .memory = memory, .scratch = scratch, .limit = INT64_MAX, .best = INT64_MAX };
	make_items(plan);
	find_overlaps(plan);
}

void
plan_pack(struct plan *plan, int64_t enough)
{
	const int64_t *live = live_bytes(plan, plan->scratch, ARENA_ALIGN);

	plan->target = largest(live, plan->p->slots);
	plan->steps_max = STEPS_MAX;
	if (enough > 0) {
		plan->steps_max = STEPS_ENOUGH;
		plan->may_move = false;
		if (plan->target < enough)
			plan->target = enough;
	}
	place_by_execution(plan);
	if (plan->best > plan->target && list_neighbours(plan)) {
		find_contention(plan, live);
		place_search(plan);
	}
}

/* The alignment of an arena: that of its buffers, and of its memory. */
static int
arena_align(const struct plan *plan, const struct memory *m)
{
	int64_t align = m->chip && m->chip->align > ARENA_ALIGN ? m->chip->align : ARENA_ALIGN;

	for (int i = 0; i < plan->n; i++)
		if (plan->items[i].align > align)
			align = plan->items[i].align;
	return (int)align;
}

/* The arena of MEMORY into PLAN. Looking for the smallest one may miss one that is small enough, which was there when the memory was chosen. */
static void
plan_arena(struct plan *plan, struct program *p, int memory, struct arena *scratch)
{
	struct memory *m = &p->memories.v[memory];
	struct plan enough;

	plan_begin(plan, p, memory, scratch);
	plan->may_move = p->cores == 1;
	plan_pack(plan, 0);
	if (plan->n && plan->best > m->size) {
		plan_begin(&enough, p, memory, scratch);
		plan_pack(&enough, m->size);
		if (enough.best < plan->best)
			*plan = enough;
	}
	m->bytes = plan->n ? plan->best : 0;
	m->align = arena_align(plan, m);
	m->lower_bound = largest(live_bytes(plan, scratch, 1), p->slots);
}

void
program_plan(struct program *p)
{
	struct arena scratch = { 0 };
	struct plan all, *plans;
	bool moves = false;
	int arenas;

	for (struct call *c = p->first; c; c = c->next)
		call_find_overlap(c);
	program_memories(p);
	program_order(p);
	program_spread(p);
	plan_lifetimes(p);
	plan_begin(&all, p, ALL_ARENAS, &scratch);
	p->lower_bound = largest(live_bytes(&all, &scratch, 1), p->slots);
	memories_choose(p, &all);
	arenas = program_arenas(p);
	plans = ARENA_ARRAY(&scratch, struct plan, (size_t)arenas);
	p->arena_bytes = 0;
	p->arena_align = ARENA_ALIGN;
	for (int m = 0; m < arenas; m++) {
		plan_arena(&plans[m], p, m, &scratch);
		p->arena_bytes += p->memories.v[m].bytes;
		if (p->memories.v[m].align > p->arena_align)
			p->arena_align = p->memories.v[m].align;
	}
	for (int m = 0; m < arenas; m++)
		moves |= plan_apply(&plans[m]);
	if (moves)
		plan_applied(p);
	program_number(p);
	memories_total(p);
	arena_free(&scratch);
}
