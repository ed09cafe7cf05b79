/* What the passes that rewrite a layer did, for tables and the report. */
#ifndef PASSES_RECORD_H
#define PASSES_RECORD_H
#include "chips/plan.h"
#include "passes/pass.h"

/* Append to the graph's plans that N's layer, by now an operation OP, became TEXT, which is of CLASS.  A: the annotation that asked for
 * it, or NULL. */
struct layer_plan *record_rewrite(struct graph *, const struct node *n, enum op op, enum annot_class, const struct annot *a,
	const char *text);
/* Whether N's layer may become a rewrite of CLASS that annotation A asks for; reports if @require forbids it. */
bool require_permits(struct pass_ctx *, const struct node *n, const struct annot *a, enum annot_class);
/* N's annotation of KIND in this build. */
struct annot *annot_of(const struct pass_ctx *, const struct node *n, enum annot_kind);
#endif
