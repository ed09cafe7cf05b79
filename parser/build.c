/* Constructors of the syntax tree.  Each notes the depth of what it makes: a tree deeper than
 * EXPR_DEPTH_MAX is reported once and replaced by an error, so readers may recurse. */
#include <config.h>
#include "parser/build.h"

struct ast_expr *
expr_new(struct arena *arena, enum expr_kind kind, struct loc loc)
{
	struct ast_expr *e = ARENA_NEW(arena, struct ast_expr);

	e->kind = kind;
	e->loc = loc;
	e->depth = 1;
	return e;
}

/* A node over parts of at most DEPTH. */
static struct ast_expr *
over(struct parser *p, enum expr_kind kind, struct loc loc, int depth)
{
	struct ast_expr *e = expr_new(p->arena, kind, loc);

	if (depth < EXPR_DEPTH_MAX) {
		e->depth = (uint16_t)(depth + 1);
		return e;
	}
	if (!p->too_deep)
		diag_error(p->ctx->diag, loc, "expression of more than %d levels", EXPR_DEPTH_MAX);
	p->too_deep = true;
	e->kind = EXPR_ERROR;
	return e;
}

static int
deeper(int depth, const struct ast_expr *e)
{
	return e && e->depth > depth ? e->depth : depth;
}

void
expr_list_add(struct expr_list *list, struct ast_expr *e)
{
	LIST_ADD(list, e);
	list->n++;
	list->depth = deeper(list->depth, e);
}

struct ast_expr *
expr_name(struct parser *p, struct loc loc, name s)
{
	struct ast_expr *e = expr_new(p->arena, EXPR_NAME, loc);

	e->text = s;
	e->u.str.s = s;
	e->u.str.len = loc.end - loc.start;
	return e;
}

static struct ast_expr *
with_items(struct parser *p, enum expr_kind kind, struct loc loc, const struct expr_list *items)
{
	struct ast_expr *e = over(p, kind, loc, items->depth);

	e->u.items.first = items->first;
	e->u.items.n = items->n;
	return e;
}

struct ast_expr *
expr_list(struct parser *p, struct loc loc, const struct expr_list *items)
{
	return with_items(p, EXPR_LIST, loc, items);
}

struct ast_expr *
expr_interp(struct parser *p, struct loc loc, const struct expr_list *items)
{
	if (items->n > 1)
		return with_items(p, EXPR_INTERP, loc, items);
	/* Only faulty strings come here in pieces without an expression. */
	items->first->loc = loc;
	items->first->text = arena_printf(p->arena, "\"%s\"", items->first->text);
	return items->first;
}

struct ast_expr *
expr_unary(struct parser *p, struct loc loc, char oper, struct loc oper_loc, struct ast_expr *l)
{
	struct ast_expr *e = over(p, EXPR_UNARY, loc, l->depth);

	e->u.op.oper = oper;
	e->u.op.oper_loc = oper_loc;
	e->u.op.l = l;
	return e;
}

struct ast_expr *
expr_binary(struct parser *p, struct loc loc, char oper, struct loc oper_loc,
	struct ast_expr *l, struct ast_expr *r)
{
	struct ast_expr *e = over(p, EXPR_BINARY, loc, deeper(l->depth, r));

	e->u.op.oper = oper;
	e->u.op.oper_loc = oper_loc;
	e->u.op.l = l;
	e->u.op.r = r;
	return e;
}

struct ast_expr *
expr_index(struct parser *p, struct loc loc, struct ast_expr *l, struct ast_expr *r)
{
	struct ast_expr *e = over(p, EXPR_INDEX, loc, deeper(l->depth, r));

	e->u.op.l = l;
	e->u.op.r = r;
	return e;
}

struct ast_expr *
expr_call(struct parser *p, struct loc loc, name callee, struct loc callee_loc,
	const struct arg_list *args)
{
	struct ast_expr *e = over(p, EXPR_CALL, loc, args->depth);

	e->u.call.callee = callee;
	e->u.call.callee_loc = callee_loc;
	e->u.call.args = args->first;
	return e;
}

struct ast_expr *
expr_pipe(struct parser *p, struct loc loc, const struct stage_list *stages)
{
	const struct ast_stage *s = stages->first;

	if (!s->next && !s->type && !s->as)
		return s->expr;
	struct ast_expr *e = over(p, EXPR_PIPE, loc, stages->depth);
	e->u.pipe.first = stages->first;
	return e;
}

void
stage_list_add(struct parser *p, struct stage_list *list, struct loc loc, struct ast_expr *e,
	const struct suffix *suffix)
{
	struct ast_stage *s = ARENA_NEW(p->arena, struct ast_stage);

	s->loc = loc;
	s->expr = e;
	s->type = suffix->type;
	s->as = suffix->as;
	LIST_ADD(list, s);
	list->depth = deeper(list->depth, e);
	if (suffix->depth > list->depth)
		list->depth = suffix->depth;
}

void
arg_list_add(struct parser *p, struct arg_list *list, struct loc loc, name key, struct loc key_loc,
	struct ast_expr *value)
{
	struct ast_arg *a = ARENA_NEW(p->arena, struct ast_arg);

	a->loc = loc;
	a->key = key;
	a->key_loc = key_loc;
	a->value = value;
	LIST_ADD(list, a);
	list->depth = deeper(list->depth, value);
}

void
name_list_add(struct parser *p, struct name_list *list, name s, struct loc loc)
{
	struct ast_name *n = ARENA_NEW(p->arena, struct ast_name);

	n->name = s;
	n->loc = loc;
	LIST_ADD(list, n);
}

void
annot_list_add(struct parser *p, struct annot_list *list, struct loc loc, name s,
	struct loc name_loc, const struct arg_list *args)
{
	struct ast_annot *a = ARENA_NEW(p->arena, struct ast_annot);

	a->loc = loc;
	a->name = s;
	a->name_loc = name_loc;
	a->args = args->first;
	LIST_ADD(list, a);
}

struct suffix
suffix_make(struct ast_type *type, struct ast_expr *as)
{
	int depth = deeper(0, as);

	if (type) {
		for (const struct ast_expr *d = type->dims; d; d = d->next)
			depth = deeper(depth, d);
		depth = deeper(deeper(depth, type->scale), type->zero);
	}
	return (struct suffix){ type, as, depth };
}

struct ast_type *
type_new(struct parser *p, struct loc loc)
{
	struct ast_type *t = ARENA_NEW(p->arena, struct ast_type);

	t->loc = loc;
	return t;
}

struct ast_type *
type_dims(struct ast_type *t, const struct expr_list *dims, struct loc loc)
{
	t->has_dims = true;
	t->dims = dims->first;
	t->dims_loc = loc;
	return t;
}

struct ast_stmt *
stmt_new(struct parser *p, enum stmt_kind kind, struct loc loc, const struct name_list *names,
	struct ast_expr *value)
{
	struct ast_stmt *s = ARENA_NEW(p->arena, struct ast_stmt);

	s->kind = kind;
	s->loc = loc;
	s->names = names->first;
	s->value = value;
	return s;
}

struct ast_stmt *
stmt_named(struct parser *p, enum stmt_kind kind, struct loc loc, name s, struct loc name_loc,
	struct ast_expr *value)
{
	struct name_list names = { 0 };

	name_list_add(p, &names, s, name_loc);
	return stmt_new(p, kind, loc, &names, value);
}

void
stmt_body(struct ast_stmt *s, const struct body *b)
{
	s->body = b->first;
	s->body_start = b->start;
	s->body_end = b->end;
}

struct ast_item *
item_new(struct parser *p, enum item_kind kind, struct loc loc, struct ast_expr *value)
{
	struct ast_item *it = ARENA_NEW(p->arena, struct ast_item);

	it->kind = kind;
	it->loc = loc;
	it->value = value;
	return it;
}

struct ast_item *
item_named(struct parser *p, enum item_kind kind, struct loc loc, name s, struct loc name_loc)
{
	struct ast_item *it = item_new(p, kind, loc, NULL);

	it->name = s;
	it->name_loc = name_loc;
	return it;
}

void
item_body(struct ast_item *it, const struct body *b)
{
	it->body = b->first;
	it->body_start = b->start;
	it->body_end = b->end;
}

struct ast_sched *
sched_new(struct parser *p, struct loc loc, struct ast_expr *pattern,
	const struct annot_list *annots)
{
	struct ast_sched *s = ARENA_NEW(p->arena, struct ast_sched);

	s->loc = loc;
	s->pattern = pattern;
	s->annots = annots->first;
	return s;
}

struct ast_check *
check_new(struct parser *p, struct loc loc, bool expect, struct ast_expr *target,
	struct ast_expr *value)
{
	struct ast_check *c = ARENA_NEW(p->arena, struct ast_check);

	c->loc = loc;
	c->expect = expect;
	c->target = target;
	c->value = value;
	return c;
}
