/* The values that a unit takes: in = 16..512 step 16 | 1024; kernel = 1x1 | 3x3; pad = 0..2; groups = in. */
#include <config.h>
#include "chips/reader.h"

/* The least that any call has of V. */
static int64_t
least_of(enum chip_var v)
{
	return v == VAR_PT || v == VAR_PB || v == VAR_PL || v == VAR_PR || v == VAR_MACS ? 0 : 1;
}

static struct chip_limit *
add_limit(struct reader *r, const struct ast_chip_item *item, enum chip_limit_kind kind)
{
	struct chip_limit *l = ARENA_NEW(r->arena, struct chip_limit);

	l->kind = kind;
	l->loc = item->loc;
	l->source = chip_source_text(r->arena, r->chip, item->loc);
	*r->limit = l;
	r->limit = &l->next;
	return l;
}

/* An end of a range or its step; when no variable enters, its value is known. */
struct end { const struct ast_expr *expr; bool known; int64_t v; };

/* False after reporting, also when its value is known and less than LEAST. */
static bool
read_end(struct reader *r, const struct ast_expr *e, const char *what, int64_t least, struct end *end)
{
	uint64_t seen = r->seen_vars;

	r->seen_vars = 0;
	end->expr = expr_resolve(r, e);
	end->known = r->seen_vars == 0;
	r->seen_vars |= seen;
	if (!end->expr || (end->known && !expr_constant(r, end->expr, &end->v)))
		return false;
	if (end->known && end->v < least) {
		diag_error(r->diag, e->loc, "%s is at least %lld, found %lld", what, (long long)least, (long long)end->v);
		return false;
	}
	return true;
}

static bool
range_of(struct reader *r, const struct ast_expr *e, const char *what, int64_t least, struct chip_range *range)
{
	const struct ast_expr *hi_of = e->u.items.first->next;
	struct end lo, hi, step = { 0 };

	if (!read_end(r, e->u.items.first, what, least, &lo) || !read_end(r, hi_of, what, INT32_MIN, &hi)
	    || (hi_of->next && !read_end(r, hi_of->next, "a step", 1, &step)))
		return false;
	if (lo.known && hi.known && lo.v > hi.v) {
		diag_error(r->diag, e->loc, "the range %lld..%lld is empty", (long long)lo.v, (long long)hi.v);
		return false;
	}
	range->lo = lo.expr;
	range->hi = hi.expr;
	range->step = step.expr;
	return true;
}

/* One alternative of WHAT as a range; DIMS are for pairs only. */
static bool
read_range(struct reader *r, const struct ast_expr *e, const char *what, int64_t least, struct chip_range *range)
{
	struct end end;

	*range = (struct chip_range){ .loc = e->loc };
	if (e->kind == EXPR_RANGE)
		return range_of(r, e, what, least, range);
	if (e->kind == EXPR_DIMS) {
		diag_error(r->diag, e->loc, "%s is one number, found %s", what, e->text);
		return false;
	}
	if (!read_end(r, e, what, least, &end))
		return false;
	range->lo = end.expr;
	return true;
}

/* The only atom of an alternative. */
static const struct ast_expr *
atom_of(struct reader *r, const struct ast_chip_item *item, const struct ast_alt *alt)
{
	if (item->clauses->next) {
		diag_error(r->diag, item->clauses->next->loc, "alternatives of '%s' are separated by '|'", item->name);
		return NULL;
	}
	if (alt->atoms->next) {
		diag_error(r->diag, alt->atoms->next->loc, "an alternative of '%s' is a number, a range lo..hi step s or an expression", item->name);
		return NULL;
	}
	return alt->atoms->kind == EXPR_ERROR ? NULL : alt->atoms;
}

static void
enter(struct reader *r)
{
	r->seen_vars = 0;
	r->operands = 0; /* the size of an operand is for conditions */
}

static void
leave(struct reader *r, struct chip_limit *l)
{
	l->vars = r->seen_vars;
	r->operands = chip_kind_operands(r->op->kind);
}

static bool
read_ranges(struct reader *r, const struct ast_chip_item *item, int64_t least, struct chip_set *set)
{
	const char *what = arena_printf(r->arena, "'%s'", item->name);
	bool ok = true;

	for (const struct ast_alt *alt = item->clauses->alts; alt; alt = alt->next) {
		const struct ast_expr *e = atom_of(r, item, alt);
		struct chip_range range;

		if (!e)
			return false;
		if (read_range(r, e, what, least, &range))
			ARRAY_PUSH(r->arena, set->ranges, range);
		else
			ok = false;
	}
	return ok;
}

void
read_set(struct reader *r, const struct ast_chip_item *item, enum chip_var v)
{
	struct chip_limit *l = add_limit(r, item, LIMIT_SET);

	l->var = l->var2 = v;
	enter(r);
	read_ranges(r, item, least_of(v), &l->set);
	leave(r, l);
}

void
read_pad(struct reader *r, const struct ast_chip_item *item)
{
	static const enum chip_var sides[] = { VAR_PT, VAR_PB, VAR_PL, VAR_PR };
	struct chip_set set = { 0 };
	uint64_t vars;

	enter(r);
	read_ranges(r, item, 0, &set);
	vars = r->seen_vars;
	for (int i = 0; i < 4; i++) {
		struct chip_limit *l = add_limit(r, item, LIMIT_SET);

		l->var = l->var2 = sides[i];
		l->set = set;
		r->seen_vars = vars;
		leave(r, l);
	}
}

/* hxw; or one value, range or expression for both. */
static bool
read_two(struct reader *r, const struct ast_expr *e, const char *what, struct chip_range two[2])
{
	if (e->kind != EXPR_DIMS) {
		if (!read_range(r, e, what, 1, &two[0]))
			return false;
		two[1] = two[0];
		return true;
	}
	if (e->u.items.n != 2) {
		diag_error(r->diag, e->loc, "%s is height x width, found %s", what, e->text);
		return false;
	}
	return read_range(r, e->u.items.first, what, 1, &two[0]) && read_range(r, e->u.items.first->next, what, 1, &two[1]);
}

void
read_pair(struct reader *r, const struct ast_chip_item *item, enum chip_var h, enum chip_var w)
{
	const char *what = arena_printf(r->arena, "'%s'", item->name);
	struct chip_limit *l = add_limit(r, item, LIMIT_PAIR);
	const struct ast_expr *e;

	l->var = h;
	l->var2 = w;
	enter(r);
	for (const struct ast_alt *alt = item->clauses->alts; alt && (e = atom_of(r, item, alt)); alt = alt->next) {
		struct chip_range two[2];

		if (!read_two(r, e, what, two))
			continue;
		ARRAY_PUSH(r->arena, l->set.ranges, two[0]);
		ARRAY_PUSH(r->arena, l->set2.ranges, two[1]);
	}
	leave(r, l);
}
