/* The parts of the memory plan; private to plan.c (lifetimes, the bound, the order of work), place.c (where buffers lie) and
 * moves.c (calls that move buffers).
 *
 * Time is counted in half slots: a slot's call is at 2 * slot + 1, a move before it would be at 2 * slot. */
#ifndef BACKEND_PLAN_H
#define BACKEND_PLAN_H
#include "backend/program.h"

enum { ARENA_ALIGN = 16 };

/* Where an item lies for some time, its ends included. */
struct stay { int from, to; int64_t offset; };

struct item;
/* Of a result: it may begin DISTANCE bytes before X or more (EXACT: where X does, and nowhere else), X being read for the last time where the
 * result is first written. */
struct over { struct item *x; int64_t distance; bool exact; };

struct item {
	struct buffer *buf;
	int id;                  /* in order of first use */
	int64_t size, align;
	int first, last;         /* half slots */
	bool fixed;              /* it may not be moved */
	bool moves;              /* it is to be moved if it can: what it lies over would not fit else */
	struct stay stay[2];     /* the second, if it has one, from just before the last call on */
	int stays;               /* 0: not placed yet */
	struct over *over;
	int over_count;
	int64_t contention;      /* the most bytes live at one of its calls */
	struct item **near;      /* those live at the same time */
	int near_count;
};

/* Offsets that an item may not have because of another: those between the two. */
struct forbidden { int64_t above, below; };

struct plan {
	struct program *p;
	int memory;              /* whose arena it is: the items are the buffers there */
	struct arena *scratch;
	struct item *items;      /* by first use, larger ones first */
	int n;
	struct item **order;     /* to be placed in */
	struct item **best_order;/* the order that gave the best plan */
	struct item **live;      /* scratch of walks in the order of execution */
	struct forbidden *forbidden; /* scratch of one item's placing */
	int64_t target;          /* no plan is smaller but for the padding of its last buffer, or none need be */
	int64_t steps_max;       /* neighbours looked at in the search */
	bool may_move;           /* buffers may be moved where that makes the arena smaller */
	int64_t limit;           /* what does not fit below is moved if that helps; INT64_MAX: nothing is */
	int64_t best, best_moved;/* arena bytes of the best plan so far, and bytes that it moves */
	struct stay (*best_stay)[2]; /* by item */
	int *best_stays;
	int64_t steps;
};

static inline int64_t
align_up(int64_t x, int64_t align)
{
	return (x >= 0 ? x + align - 1 : x - x % align) / align * align;
}

/* By how many bytes X and a result Y that begins DISTANCE before it or more are shorter together than one behind the other. */
int64_t overlap_saves(int64_t x, int64_t y, int64_t distance, int64_t align);

/* The result of a call if no other of its arguments touches that buffer, which is in the arena; else NULL. */
const struct arg *call_result(const struct call *);
/* How far before the buffer X that of the result Y may begin: what holds for every pointer of C into X.  INT64_MAX: the two lie
 * apart. */
int64_t call_distance(const struct call *c, const struct buffer *x, const struct arg *y);
/* Whether the two may only begin in one place, if they do not lie apart: the distance is 0 then. */
bool call_is_exact(const struct call *c, const struct buffer *x);
/* C, with its stages if it is a chain, touches NEW in the place of OLD. */
void call_use_instead(struct call *c, const struct buffer *old, struct buffer *new);

/* When the program's buffers are live. */
void plan_lifetimes(struct program *);

/* Take the items that are dead when IT begins out of the COUNT in LIVE; how many are left. */
int items_drop_dead(struct item **live, int count, const struct item *it);

/* plan.c: the arena of MEMORY, or one ALL_ARENAS, for the buffers that are to lie there. plan_begin makes the items and finds overlaps, plan_pack
 * places them: in as few bytes as it finds, or in at most ENOUGH, which it looks for less long. */
enum { ALL_ARENAS = -1 };
void plan_begin(struct plan *, struct program *, int memory, struct arena *);
void plan_pack(struct plan *, int64_t enough);

/* place.c: finds offsets in the order of execution, without neighbours; then, with them, in several orders and by search. */
void place_by_execution(struct plan *);
void place_search(struct plan *);

/* moves.c: put calls that move buffers into the program, as the best plan has them, and give the buffers their offsets; then, if any is
 * moved, number the calls and find the lifetimes anew. */
bool plan_apply(struct plan *);
void plan_applied(struct program *);
#endif
