/* Which of several memories each of a number of buffers lies in, at the least cost of accesses.  It knows sizes, lifetimes and costs, and nothing
 * of programs: backend/memories.c asks it for results and for constants. */
#ifndef BACKEND_ASSIGN_H
#define BACKEND_ASSIGN_H
#include <stdbool.h>
#include <stdint.h>
#include "support/arena.h"

enum { ASSIGN_NOWHERE = -1 };

/* Y may lie over X, which makes BYTES fewer live in the slot where Y begins if both are in one memory. */
struct assign_pair { int x, y; int64_t bytes; };

struct assign_item {
	int64_t size;
	int first, last;         /* slots, inclusive */
	const double *cost;      /* by memory: of having it there; INFINITY: it may not be there */
	int memory;              /* the answer */
	int *pairs;              /* that it is in, of assign.pairs; set by assign_memories, as is what follows */
	int pair_count;
	double density;          /* cost of being anywhere but in its cheapest memory, by byte and slot */
};

struct assign {
	struct assign_item *items;
	int n;
	const int64_t *sizes;    /* by memory, bytes */
	int memories;
	int slots;
	const struct assign_pair *pairs;
	int pair_count;
	/* How many bytes memory M needs for the items whose .memory it is, at most its size if it can find such a place for each. */
	int64_t (*pack)(void *context, int m);
	void *context;

	double cost;             /* of the answer */
	double bound;            /* no answer costs less */
	bool fits;               /* each memory packs into its size; else the answer is one that exceeds them by little */
	bool exact;              /* every other answer costs as much or was found not to pack */
};

/* Sets .memory of each item, .cost and what follows it. Deterministic: searches have budgets counted in steps. */
void assign_memories(struct assign *, struct arena *scratch);
#endif
