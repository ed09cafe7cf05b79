/* Constructors of the syntax tree of .chip files. */
#include <config.h>
#include <string.h>
#include "parser/build.h"

struct ast_expr *
expr_range(struct parser *p, struct loc loc, struct ast_expr *lo, struct ast_expr *hi, struct ast_expr *step)
{
	struct expr_list items = { 0 };

	expr_list_add(&items, lo);
	expr_list_add(&items, hi);
	if (step)
		expr_list_add(&items, step);
	struct ast_expr *e = expr_list(p, loc, &items);
	if (e->kind != EXPR_ERROR)
		e->kind = EXPR_RANGE;
	return e;
}

void
alt_list_add(struct parser *p, struct alt_list *list, struct loc loc, const struct expr_list *atoms)
{
	struct ast_alt *a = ARENA_NEW(p->arena, struct ast_alt);

	a->loc = loc;
	a->atoms = atoms->first;
	LIST_ADD(list, a);
}

void
clause_list_add(struct parser *p, struct clause_list *list, struct loc loc, const struct alt_list *alts)
{
	struct ast_clause *c = ARENA_NEW(p->arena, struct ast_clause);

	c->loc = loc;
	c->alts = alts->first;
	LIST_ADD(list, c);
}

struct ast_chip_item *
chip_item_new(struct parser *p, enum chip_item_kind kind, struct loc loc)
{
	struct ast_chip_item *it = ARENA_NEW(p->arena, struct ast_chip_item);

	it->kind = kind;
	it->loc = loc;
	return it;
}

struct ast_chip_item *
chip_item_named(struct parser *p, enum chip_item_kind kind, struct loc loc, name s, struct loc name_loc)
{
	struct ast_chip_item *it = chip_item_new(p, kind, loc);

	it->name = s;
	it->name_loc = name_loc;
	return it;
}

void
chip_item_body(struct ast_chip_item *it, const struct chip_body *b)
{
	it->items = b->first;
	it->body_start = b->start;
	it->body_end = b->end;
}

static bool
is_one_of(name s, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s && strcmp(s, words[i]) == 0)
			return true;
	return false;
}

bool
chip_word_opens(name s)
{
	static const char *const words[] = { "op", "memory" };

	return is_one_of(s, words, sizeof words / sizeof *words);
}

bool
chip_word_is_top(name s)
{
	static const char *const words[] = { "chip", "include", "memory", "op", "fallback" };

	return is_one_of(s, words, sizeof words / sizeof *words);
}
