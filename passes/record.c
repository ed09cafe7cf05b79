#include <config.h>
#include "passes/record.h"

struct layer_plan *
record_rewrite(struct graph *g, const struct node *n, enum op op, enum annot_class class, const struct annot *a,
	const char *text)
{
	struct layer_plan **at = &g->plans, *p = ARENA_NEW(g->arena, struct layer_plan);

	*p = (struct layer_plan){ .layer = n->label, .op = op, .loc = n->loc, .by = !a ? BY_NOTHING : a->chip ? BY_SCHEDULE : BY_ANNOTATION };
	p->plan.how = PLAN_PORTABLE;
	p->plan.class = class;
	p->plan.text = text;
	while (*at)
		at = &(*at)->next;
	*at = p;
	return p;
}

bool
require_permits(struct pass_ctx *ctx, const struct node *n, const struct annot *a, enum annot_class class)
{
	const struct annot *require = annot_of(ctx, n, ANNOT_REQUIRE);

	if (!require || class <= require->class)
		return true;
	diag_error(ctx->diag, a->loc, "@%s makes '%s' another function, which @require(%s) forbids", annot_info[a->kind].name, n->label,
		annot_class_names[require->class]);
	diag_note(ctx->diag, require->loc, "required here");
	return false;
}

struct annot *
annot_of(const struct pass_ctx *ctx, const struct node *n, enum annot_kind kind)
{
	return annot_find(n, kind, ctx->chip ? ctx->chip->file : NULL);
}
