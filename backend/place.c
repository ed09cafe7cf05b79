/* Where buffers lie: one item is placed after the other, each between those that are live at the same time.
 *
 * What another item keeps free of the one being placed is an interval of offsets.  For two that may not touch it is as long as both of
 * them; where one is a result that may lie over what it is computed from it is shorter (struct over), and may be empty. */
#include <config.h>
#include <stdlib.h>
#include <string.h>
#include "backend/plan.h"

enum {
	SEARCH_ITEMS = 300,      /* the largest program that is searched */
	MOVES_GAIN = 64,         /* nothing is moved where the arena is not above what it could be by more than one part in so many */
	MOVES_ROUNDS = 4         /* an order is placed anew at most so often when it turns out that buffers have to be moved */
};

/* ---- placing ---- */

/* How Y may lie over X; NULL: not at all. */
static const struct over *
over_of(const struct item *y, const struct item *x)
{
	for (int k = 0; k < y->over_count; k++)
		if (y->over[k].x == x)
			return &y->over[k];
	return NULL;
}

/* How many intervals there are with one more, which may be empty. */
static int
forbid(struct plan *plan, int count, int64_t above, int64_t below)
{
	struct forbidden *list = plan->forbidden;
	int at = count;

	if (above >= below)
		return count;
	for (; at > 0 && list[at - 1].above > above; at--)
		list[at] = list[at - 1];
	list[at] = (struct forbidden){ above, below };
	return count + 1;
}

/* Offsets of IT from time FROM to TO that the COUNT items OTHERS leave it none of, in order; how many intervals. */
static int
find_forbidden(struct plan *plan, const struct item *it, int from, int to, struct item *const *others, int count)
{
	int found = 0;

	for (int k = 0; k < count; k++) {
		const struct item *other = others[k];
		const struct over *as_result = over_of(it, other), *as_operand = over_of(other, it);
		bool exact = (as_result && as_result->exact) || (as_operand && as_operand->exact);
		int64_t before = it->size, after = other->size;

		if (as_result && !exact && as_result->distance < before)
			before = as_result->distance;
		if (as_operand && !exact && as_operand->distance < after)
			after = as_operand->distance;
		for (int s = 0; s < other->stays; s++) {
			const struct stay *stay = &other->stay[s];

			if (stay->from > to || from > stay->to)
				continue;
			if (exact) { /* all but the place itself */
				found = forbid(plan, found, stay->offset - before, stay->offset);
				found = forbid(plan, found, stay->offset, stay->offset + after);
			} else {
				found = forbid(plan, found, stay->offset - before, stay->offset + after);
			}
		}
	}
	return found;
}

/* The offset in the smallest gap (LOWEST: the first) that COUNT intervals leave. */
static int64_t
fit(const struct forbidden *f, int count, int64_t align, bool lowest)
{
	int64_t end = 0, smallest = INT64_MAX, offset = -1;

	for (int k = 0; k < count; k++) {
		int64_t at = align_up(end, align);

		if (at <= f[k].above && f[k].above - at < smallest) {
			smallest = f[k].above - at;
			offset = at;
			if (lowest)
				return offset;
		}
		if (f[k].below > end)
			end = f[k].below;
	}
	return offset < 0 ? align_up(end, align) : offset;
}

static struct stay
find_stay(struct plan *plan, const struct item *it, int from, int to, struct item *const *others, int count, bool lowest)
{
	int found = find_forbidden(plan, it, from, to, others, count);

	return (struct stay){ from, to, fit(plan->forbidden, found, it->align, lowest) };
}

static bool
fits(const struct plan *plan, const struct item *it, struct stay s)
{
	return s.offset + it->size <= plan->limit;
}

/* Where IT does not fit below the limit as it is, it may if it is moved before its last call; and so that others fit it may have to be. */
static void
place(struct plan *plan, struct item *it, struct item *const *others, int count, bool lowest)
{
	struct stay early, late;

	it->stay[0] = find_stay(plan, it, it->first, it->last, others, count, lowest);
	it->stays = 1;
	if (plan->limit == INT64_MAX || it->fixed || it->last - it->first < 2 || (!it->moves && fits(plan, it, it->stay[0])))
		return;
	early = find_stay(plan, it, it->first, it->last - 1, others, count, lowest);
	late = find_stay(plan, it, it->last - 1, it->last, others, count, lowest);
	if (!fits(plan, it, early) || !fits(plan, it, late) || early.offset == late.offset)
		return;
	it->stay[0] = early;
	it->stay[1] = late;
	it->stays = 2;
}

static int64_t
end_of(const struct item *it)
{
	int64_t offset = it->stay[0].offset;

	if (it->stays > 1 && it->stay[1].offset > offset)
		offset = it->stay[1].offset;
	return offset + it->size;
}

/* Below the target fewer moves count more than fewer bytes. */
static bool
is_better(const struct plan *plan, int64_t bytes, int64_t moved)
{
	int64_t over = bytes > plan->target ? bytes : plan->target, best = plan->best > plan->target ? plan->best : plan->target;

	if (over != best)
		return over < best;
	return moved < plan->best_moved || (moved == plan->best_moved && bytes < plan->best);
}

static void
keep_if_better(struct plan *plan)
{
	int64_t bytes = 0, moved = 0;

	for (int i = 0; i < plan->n; i++) {
		const struct item *it = &plan->items[i];

		if (end_of(it) > bytes)
			bytes = end_of(it);
		moved += it->stays > 1 ? it->size : 0;
	}
	if (!is_better(plan, bytes, moved))
		return;
	plan->best = bytes;
	plan->best_moved = moved;
	memcpy(plan->best_order, plan->order, (size_t)plan->n * sizeof *plan->order);
	for (int i = 0; i < plan->n; i++) {
		memcpy(plan->best_stay[i], plan->items[i].stay, sizeof plan->items[i].stay);
		plan->best_stays[i] = plan->items[i].stays;
	}
}

int
items_drop_dead(struct item **live, int count, const struct item *it)
{
	int kept = 0;

	for (int k = 0; k < count; k++)
		if (live[k]->last >= it->first)
			live[kept++] = live[k];
	return kept;
}

/* The live items stay in order of their offsets, so that what they forbid comes nearly sorted. */
static void
insert_by_offset(struct item **live, int count, struct item *it)
{
	for (; count > 0 && live[count - 1]->stay[0].offset > it->stay[0].offset; count--)
		live[count] = live[count - 1];
	live[count] = it;
}

/* At each call, what it needs first is placed among what is live. */
void
place_by_execution(struct plan *plan)
{
	int count = 0;

	for (int i = 0; i < plan->n; i++) {
		struct item *it = &plan->items[i];

		count = items_drop_dead(plan->live, count, it);
		place(plan, it, plan->live, count, false);
		insert_by_offset(plan->live, count++, it);
	}
	keep_if_better(plan);
}

/* What does not fit could, if the results over it lay lower: they are to be moved, away from where later calls have them.  Whether there
 * are such that were not moved. */
static bool
ask_for_moves(struct plan *plan)
{
	bool asked = false;

	for (int i = 0; i < plan->n; i++) {
		struct item *y = &plan->items[i];

		for (int k = 0; k < y->over_count && !y->moves && !y->fixed && plan->limit < INT64_MAX; k++)
			y->moves = end_of(y->over[k].x) > plan->limit;
		asked |= y->moves && y->stays == 1;
	}
	return asked;
}

static void
place_once(struct plan *plan, bool lowest)
{
	for (int i = 0; i < plan->n; i++)
		plan->items[i].stays = 0;
	for (int i = 0; i < plan->n; i++) {
		struct item *it = plan->order[i];

		place(plan, it, it->near, it->near_count, lowest);
		plan->steps += it->near_count + 1;
	}
	keep_if_better(plan);
}

static void
place_in_order(struct plan *plan, bool lowest)
{
	for (int i = 0; i < plan->n; i++)
		plan->items[i].moves = false;
	place_once(plan, lowest);
	for (int again = 0; again < MOVES_ROUNDS && ask_for_moves(plan); again++)
		place_once(plan, lowest);
}

/* ---- orders ---- */

static int64_t
calls_live(const struct item *it)
{
	return it->last - it->first + 1;
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

/* Backwards through the execution: each result is there before what it may lie over. */
static int
later(const void *x, const void *y)
{
	const struct item *a = *(struct item *const *)x, *b = *(struct item *const *)y;

	return a->last == b->last ? larger(x, y) : compare(a->last, b->last, a, b);
}

/* Until the target is reached, or all. */
static void
try_orders(struct plan *plan, bool all)
{
	static int (*const orders[])(const void *, const void *) = {
		larger, larger_and_longer, longer, contended, contended_and_longer, later
	};

	for (size_t i = 0; i < sizeof orders / sizeof *orders && (all || plan->best > plan->target); i++) {
		qsort(plan->order, (size_t)plan->n, sizeof *plan->order, orders[i]);
		place_in_order(plan, false);
		if (all || plan->best > plan->target)
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

/* Exchange one item's place in the order at a time, mostly that of one that lies at the top for one nearer the front, and keep the order
 * unless the plan is worse. */
static void
search(struct plan *plan)
{
	uint32_t state = 2463534242u;
	int64_t current;
	int from, to;

	memcpy(plan->order, plan->best_order, (size_t)plan->n * sizeof *plan->order);
	place_in_order(plan, true);
	current = plan_bytes(plan);
	for (plan->steps = 0; plan->steps < plan->steps_max && plan->best > plan->target;) {
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

/* Moves that turn out to be of no use for the best plan. */
static void
drop_moves(struct plan *plan)
{
	for (int i = 0; i < plan->n && plan->best_moved > 0; i++) {
		int64_t moved = plan->best_moved;

		if (plan->best_stays[i] < 2)
			continue;
		plan->items[i].fixed = true;
		memcpy(plan->order, plan->best_order, (size_t)plan->n * sizeof *plan->order);
		place_in_order(plan, true);
		plan->items[i].fixed = plan->best_moved < moved;
	}
}

/* First without moving anything; with it where that is worth the copying. */
void
place_search(struct plan *plan)
{
	try_orders(plan, false);
	if (plan->n <= SEARCH_ITEMS)
		search(plan);
	plan->target += plan->target / MOVES_GAIN;
	if (plan->best <= plan->target || !plan->may_move)
		return;
	plan->limit = plan->target;
	try_orders(plan, true);
	if (plan->n <= SEARCH_ITEMS)
		search(plan);
	drop_moves(plan);
}
