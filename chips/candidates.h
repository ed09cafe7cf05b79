/* Every way to execute a layer on a chip, with what it costs, and the impossible ones with the reason.  The pass "legalise" chooses;
 * netc explain prints the list. */
#ifndef CHIPS_CANDIDATES_H
#define CHIPS_CANDIDATES_H
#include "chips/plan.h"

/* What annotations ask of a layer's plan. */
struct plan_demand {
	const struct annot *sum, *out, *rows;            /* NULL: as it comes cheapest */
	enum { PLACE_ANYWHERE, PLACE_CPU, PLACE_CHIP } place;
};

/* In order of preference: the possible ones by cycles, then those that need an annotation to ask for them, then the impossible. */
struct plan_list { struct plan *v; int n; };

/* The candidates of N, in the arena.  CHIP NULL: portable C, cut as DEMAND says.  Costs without a value are reported and make
 * a candidate impossible. */
struct plan_list candidates_make(struct arena *, const struct chip *, const struct node *n, const struct plan_demand *, struct diag *);
/* The first possible one of at most the class ALLOW (of BOUNDED and LOSSY: within BOUND lsb, at least BOUND dB; 0: any); NULL: none. */
const struct plan *candidates_best(const struct plan_list *, enum annot_class allow, double bound);
/* Whether PLAN's class is at most ALLOW, with BOUND as above. */
bool plan_class_within(const struct plan *, enum annot_class allow, double bound);

/* "exact", "bounded(2)", "lossy(31.5 dB)"; in the arena. */
const char *plan_class_text(struct arena *, const struct plan *);
/* Whether N is a layer that is planned: anything that computes; not a view, and nothing that usually becomes one (slice, concat). */
bool plan_concerns(const struct node *);
/* What a call with the numbers VARS breaks LIMIT by, for messages: "in = 2048", "bytes(x) is 401408"; in the arena. */
const char *chip_limit_found(struct arena *, const struct chip_limit *, const struct chip_vars *);
#endif
