/* Constants and blocks of the main file that nothing in the text mentions.  The text is what counts: a block for another
 * network, or a default that every call overrides, is in use. */
#include <config.h>
#include "sema/build.h"

struct mentions {
	struct map *names;
};

static void mention_args(struct mentions *, const struct ast_arg *);
static void mention_type(struct mentions *, const struct ast_type *);

/* Depth: an expression's is limited by the parser. */
static void
mention(struct mentions *m, const struct ast_expr *e)
{
	if (!e)
		return;
	switch (e->kind) {
	case EXPR_ERROR: case EXPR_INT: case EXPR_FLOAT: case EXPR_STRING: case EXPR_DIMS:
		break;
	case EXPR_NAME:
		map_put(m->names, e->u.str.s, m);
		break;
	case EXPR_LIST: case EXPR_INTERP: case EXPR_RANGE:
		for (const struct ast_expr *item = e->u.items.first; item; item = item->next)
			mention(m, item);
		break;
	case EXPR_UNARY: case EXPR_BINARY: case EXPR_INDEX:
		mention(m, e->u.op.l);
		if (e->kind != EXPR_UNARY)
			mention(m, e->u.op.r);
		break;
	case EXPR_CALL:
		map_put(m->names, e->u.call.callee, m);
		mention_args(m, e->u.call.args);
		break;
	case EXPR_PIPE:
		for (const struct ast_stage *st = e->u.pipe.first; st; st = st->next) {
			mention(m, st->expr);
			mention_type(m, st->type);
			mention(m, st->as && st->as->kind != EXPR_NAME ? st->as : NULL);
		}
		break;
	}
}

static void
mention_args(struct mentions *m, const struct ast_arg *args)
{
	for (; args; args = args->next)
		mention(m, args->value);
}

static void
mention_type(struct mentions *m, const struct ast_type *type)
{
	if (!type)
		return;
	for (const struct ast_expr *d = type->dims; d; d = d->next)
		mention(m, d);
	mention(m, type->scale);
	mention(m, type->zero);
}

static void
mention_annots(struct mentions *m, const struct ast_annot *annots)
{
	for (; annots; annots = annots->next)
		mention_args(m, annots->args);
}

static void
mention_body(struct mentions *m, const struct ast_stmt *st)
{
	for (; st; st = st->next) {
		mention_annots(m, st->annots);
		mention_type(m, st->type);
		mention(m, st->value);
		mention(m, st->lo);
		mention(m, st->hi);
		mention_body(m, st->body);
	}
}

static void
mention_item(struct mentions *m, const struct ast_item *item)
{
	mention(m, item->value);
	mention_args(m, item->params);
	mention_body(m, item->body);
	for (const struct ast_sched *e = item->entries; e; e = e->next) {
		mention(m, e->pattern);
		mention_annots(m, e->annots);
	}
	for (const struct ast_check *c = item->checks; c; c = c->next) {
		mention(m, c->target && c->target->kind != EXPR_NAME ? c->target : NULL);
		mention(m, c->value);
		mention(m, c->within);
	}
}

void
unused_items(struct sema *s)
{
	struct mentions m = { map_new(s->arena) };

	for (size_t i = 0; i < s->files.n; i++)
		for (const struct ast_item *item = s->files.v[i]->items; item; item = item->next)
			mention_item(&m, item);
	for (const struct ast_item *item = s->main->items; item; item = item->next) {
		if (item->kind != ITEM_CONST && item->kind != ITEM_BLOCK)
			continue;
		if (!map_get(m.names, item->name))
			diag_warning(s->diag, WARN_UNUSED_CONST, item->name_loc, "%s '%s' is never used",
				item->kind == ITEM_CONST ? "constant" : "block", item->name);
	}
}
