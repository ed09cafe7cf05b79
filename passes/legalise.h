/* What the pass "legalise" would decide, for tables: nothing is reported, no layer is changed. */
#ifndef PASSES_LEGALISE_H
#define PASSES_LEGALISE_H
#include "chips/candidates.h"
#include "passes/pass.h"

/* A plan for each layer of G on CHIP; one whose plan.why is set has none. */
struct layer_plan *legalise_survey(struct graph *, struct pass_ctx *, const struct chip *);
/* All candidates of one layer, and which is chosen (NULL: none, or the layer is not planned and the list empty). */
struct plan_list legalise_candidates(struct graph *, struct node *, struct pass_ctx *, const struct chip *, const struct plan **chosen);
#endif
