/* Scopes: what a name stands for.  A block sees its own names and the constants of the files; a repeat's body
 * shares the scope around it.
 *
 * Values may be assigned again, so whether one is read is asked of the assignment in the text, over all the turns
 * and calls that execute it. */
#include <config.h>
#include <string.h>
#include "sema/build.h"

enum {
	LINEAR_MAX = 12, /* names of a scope that are searched in order; most blocks have fewer */
	UNUSED_MAX = 20  /* warnings about unused values */
};

struct binding *
scope_find_here(const struct scope *scope, name wanted)
{
	if (scope->by_name)
		return map_get(scope->by_name, wanted);
	for (size_t i = 0; i < scope->list.n; i++)
		if (scope->list.v[i]->name == wanted)
			return scope->list.v[i];
	return NULL;
}

struct binding *
scope_find(const struct scope *scope, name wanted)
{
	for (; scope; scope = scope->up) {
		struct binding *b = scope_find_here(scope, wanted);

		if (b && b->live)
			return b;
	}
	return NULL;
}

struct binding *
scope_define(struct sema *s, struct scope *scope, name called, struct value value, struct loc loc)
{
	struct binding *b = scope_find_here(scope, called);

	if (!b) {
		b = ARENA_NEW(s->arena, struct binding);
		ARRAY_PUSH(s->arena, scope->list, b);
		if (scope->by_name) {
			map_put(scope->by_name, called, b);
		} else if (scope->list.n > LINEAR_MAX) {
			b->name = called;
			scope->by_name = map_new(s->arena);
			for (size_t i = 0; i < scope->list.n; i++)
				map_put(scope->by_name, scope->list.v[i]->name, scope->list.v[i]);
		}
	}
	*b = (struct binding){ .name = called, .value = value, .live = true, .loc = loc };
	return b;
}

bool
is_tensor_name(const struct sema *s, name called)
{
	const struct binding *b = scope_find(s->frame ? &s->frame->scope : &s->file, called);

	return b && b->value.kind == VAL_TENSOR;
}

/* A `const` in a repeat's body is the same constant in the next turn, whose value may be another. */
static bool
same_place(struct loc a, struct loc b)
{
	return a.start == b.start && a.end == b.end;
}

bool
scope_assign(struct sema *s, name called, struct value value, struct loc loc, bool constant)
{
	struct binding *b = scope_find_here(&s->frame->scope, called);

	if (b && b->live && !(b->constant && constant && same_place(b->loc, loc)) && (b->constant || constant)) {
		if (b->constant)
			sema_error(s, loc, "'%s' is a constant and cannot be assigned", called);
		else
			sema_error(s, loc, "constant '%s' has the name of a value", called);
		sema_note(s, b->loc, "'%s' is defined here", called);
		return false;
	}
	b = scope_define(s, &s->frame->scope, called, value, loc);
	b->constant = constant;
	b->usage = scope_usage(s, called, loc);
	return true;
}

struct usage *
scope_usage(struct sema *s, name called, struct loc loc)
{
	name key = intern_printf(s->names, "%u", loc.start);
	struct usage *u = map_get(s->usages, key);

	if (!u) {
		u = ARENA_NEW(s->arena, struct usage);
		*u = (struct usage){ .name = called, .loc = loc };
		map_put(s->usages, key, u);
		*s->last_usage = u;
		s->last_usage = &u->next;
	}
	return u;
}

void
scope_warn_unused(struct sema *s)
{
	int n = 0;

	for (const struct usage *u = s->first_usage; u; u = u->next) {
		if (u->used || u->name[0] == '_')
			continue;
		if (n++ < UNUSED_MAX)
			diag_warning(s->diag, WARN_UNUSED_VALUE, u->loc, "'%s' is never used", u->name);
	}
	if (n > UNUSED_MAX)
		diag_warning(s->diag, WARN_UNUSED_VALUE, s->network->name_loc, "%d more values are never used", n - UNUSED_MAX);
}

void
scope_unknown(struct sema *s, name wanted, struct loc loc)
{
	ARRAY(const char *) names = { 0 };
	const struct binding *dead = s->frame ? scope_find_here(&s->frame->scope, wanted) : NULL;

	if (s->import_failed)
		return; /* it may be there */
	sema_error(s, loc, "'%s' is not defined", wanted);
	if (dead) {
		sema_note(s, dead->loc, "the loop variable '%s' is known inside its repeat only", wanted);
		return;
	}
	if (map_get(s->blocks, wanted)) {
		sema_note(s, loc, "'%s' is a block: call it with %s(...)", wanted, wanted);
		return;
	}
	if (!sema_explains(s))
		return;
	for (const struct scope *scope = s->frame ? &s->frame->scope : &s->file; scope; scope = scope->up)
		for (size_t i = 0; i < scope->list.n; i++)
			if (scope->list.v[i]->live)
				ARRAY_PUSH(s->arena, names, scope->list.v[i]->name);
	sema_suggest(s, loc, wanted, names.v, names.n);
}
