/* What the files of the planner share: one layer on one unit in one manner, cut in the ways that the manner allows.
 *
 *	candidates.c  which units and manners there are, order of preference
 *	needs.c       what has to be done around a unit because of what it does not take
 *	search.c      the coarsest cuts that keep every limit
 *	cuts.c        sizes of parts
 *	part.c        the numbers of one part's call
 *	plan_cost.c   cycles, bytes and memory of a plan
 *	plan_text.c   plans and limits in words */
#ifndef CHIPS_SEARCH_H
#define CHIPS_SEARCH_H
#include "chips/candidates.h"
#include "chips/runs.h"

/* How the input channels are summed. */
enum summing { SUM_NONE, SUM_CHAIN, SUM_TREE };

struct work {
	struct arena *arena;             /* of the plans */
	struct arena *scratch;
	const struct chip *chip;         /* NULL: none */
	const struct chip_op *unit;      /* NULL: portable C */
	const struct node *node;
	const struct plan_demand *demand;
	struct diag *diag;
	struct chip_vars base;           /* the whole layer as one call */
	struct plan manner;              /* the plan without cuts and costs: how, unit, groups, partial, pad_copy, ... */
	enum summing summing;
	int32_t in, out, rows;           /* what there is to cut: channels (of one group), rows of the result */
	bool channelwise;                /* in follows out: dwconv2d, pools */
	bool cuts_rows, cuts_out;
	bool by_position;                /* limits depend on which weights a part has: no two parts are alike */
	bool by_sums;                    /* so does whether the accumulator holds its sums */
};

/* The place of a part in its sum: what it starts from and what it gives. */
enum { PART_FIRST = 1, PART_LAST = 2 };

/* A run of parts that are alike. */
struct run {
	int32_t size, filled;            /* real channels (or rows); with the fill */
	int32_t at;                      /* of the first */
	int count;
	unsigned place;                  /* PART_FIRST | PART_LAST */
};
struct runs { struct run *v; int n; };

/* needs.c */
struct needs {
	bool requant, act, split;        /* results made outside; activation after; sums in parts that are added outside */
	const char *why;                 /* nothing helps, because of LIMIT */
	const struct chip_limit *limit;
};
/* From the N limits that the layer as it is breaks; sets pad_copy, fold_zero, groups of the manner. */
void needs_of(struct work *, const struct chip_limit *const *misfit, int n, struct needs *);
/* What the unit still does not take of the layer's parts when all that the manner says is done (sizes apart); NULL: nothing. */
const struct chip_limit *manner_misfit(const struct work *);
/* A limit of KIND that is stated at LOC. */
const struct chip_limit *manner_limit(const struct work *, enum chip_limit_kind, struct loc);
/* conv2d, dwconv2d, tconv2d, dense. */
bool has_weights(const struct node *);

/* part.c */
/* The parts of P's channels with their fill; the input channels' first and last parts are runs of their own. */
struct runs in_runs(const struct work *, const struct plan *);
struct runs out_runs(const struct work *, const struct plan *);
/* The call of the part that takes ROWS, OUT and IN. */
struct chip_vars part_vars(const struct work *, const struct run *rows, const struct run *out, const struct run *in);
/* The bands of rows of P, those alike joined: ROWS.at is one that stands for all. */
struct runs band_runs(const struct work *, const struct plan *);

/* cuts.c: sizes of parts.  A size is made possible by FILL: the least size that the unit takes, at least SIZE; 0: none. */
typedef int32_t fill_fn(const void *ctx, int32_t size);
/* TOTAL in N parts, as equal as the sizes allow; every part but the last is a size of its own.  False: not so many. */
bool cut_equal(struct arena *, int32_t total, int n, fill_fn *, const void *ctx, struct parts *);
/* The largest parts first. */
bool cut_greedy(struct arena *, int32_t total, int32_t most, struct parts *);
/* The cheapest cut by dynamic programming.  MEMBER: N sizes that a part may have, ascending; the costs of a first, a middle and a last part
 * of each size (a last part is filled up to it).  False: none of two parts or more. */
struct cut_costs { int n; const int32_t *member; const double *first, *middle, *last, *fill; /* more for a last part that is filled */ };
bool cut_cheapest(struct arena *, int32_t total, const struct cut_costs *, struct parts *);
/* Numbers of parts worth trying from FROM to TO, ascending: all of the small ones, then growing. */
struct counts { int n, v[64]; };
struct counts counts_between(int from, int to);

/* search.c */
/* The cheapest plan of the manner in P; false: none, P->why and P->limit say what is in the way. */
bool search_plan(const struct work *, struct plan *p);
/* Better sizes for the parts of P, where there are any. */
void search_refine(const struct work *, struct plan *p);
/* The least size of VAR at least SIZE (the largest at most SIZE) that keeps the unit's sets; 0: none. */
int32_t size_at_least(const struct work *, enum chip_var, int32_t size);
int32_t size_at_most(const struct work *, enum chip_var, int32_t size);

/* plan_cost.c */
/* Calls, cycles, bytes, copies, scratch of P; false: a formula has no value, P->why says so. */
bool plan_cost(const struct work *, struct plan *p);
/* What filling up a part to so many input channels costs. */
double plan_fill_cycles(const struct work *, const struct plan *, int32_t channels);
/* What one more addition of partial sums costs in a tree. */
double plan_addition_cycles(const struct work *, const struct plan *);
/* Of dot products of at most LENGTH values. */
bool plan_cost_dot(const struct work *, struct plan *p, int32_t length);
/* Of register blocks. */
struct blocks;
bool plan_cost_blocks(const struct work *, struct plan *p, const struct blocks *);
bool plan_cost_runs(const struct work *, struct plan *p, const struct run_blocks *);
bool plan_cost_portable(const struct work *, struct plan *p);
/* The chip's unit that adds sums of TYPE, or rescales them; NULL: it has none that takes ROWS vectors of N. */
const struct chip_op *sum_unit(const struct work *, enum chip_kind, enum dtype from, enum dtype to, int64_t rows, int64_t n);

/* plan_text.c */
const char *plan_text(const struct work *, const struct plan *);
#endif
