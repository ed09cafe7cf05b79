/* Memories: memory NAME { size = 128K; align = 8; role = activation | scratch; section ".dtcm"; cost read = 1; cost write = 1; }. */
#include <config.h>
#include <string.h>
#include "chips/reader.h"

enum { ALIGN_MAX = 65536 };
#define COST_MAX 1e6 /* cycles a byte: far above any memory's, far below where sums of them lose cycles */

const char *const chip_roles[ROLE_COUNT] = { "activation", "weight", "bias", "accumulator", "scratch" };

static bool
name_is_free(struct reader *r, const struct ast_expr *e)
{
	enum chip_operand o;
	enum chip_var v;

	if (chip_var_lookup(e->u.str.s, &v) || chip_operand_lookup(e->u.str.s, &o)) {
		diag_error(r->diag, e->loc, "'%s' is a variable or operand of calls and cannot be a memory", e->u.str.s);
		return false;
	}
	for (size_t i = 0; i < r->chip->memories.n; i++)
		if (r->chip->memories.v[i].name == e->u.str.s) {
			diag_error(r->diag, e->loc, "there are two memories '%s'", e->u.str.s);
			diag_note(r->diag, r->chip->memories.v[i].loc, "the first is here");
			return false;
		}
	return true;
}

/* ---- properties ---- */

static void
read_size(struct reader *r, const struct ast_chip_item *item, struct chip_memory *m)
{
	reader_int(r, item, 1, INT64_C(1) << 40, &m->size);
}

static void
read_align(struct reader *r, const struct ast_chip_item *item, struct chip_memory *m)
{
	int64_t v;

	if (!reader_int(r, item, 1, ALIGN_MAX, &v))
		return;
	m->align = (int32_t)v;
	if (v & (v - 1))
		diag_error(r->diag, item->clauses->loc, "'align' is a power of two, found %lld", (long long)v);
}

static void
read_role(struct reader *r, const struct ast_chip_item *item, struct chip_memory *m)
{
	m->roles = reader_words(r, item, chip_roles, ROLE_COUNT);
}

/* The name is printed between quotes into C. */
static void
read_section(struct reader *r, const struct ast_chip_item *item, struct chip_memory *m)
{
	const char *text = reader_text(r, item, item->words);

	if (!text)
		return;
	for (const char *p = text; *p || p == text; p++)
		if (!*p || *p <= ' ' || *p >= 127 || *p == '"' || *p == '\\') {
			diag_error(r->diag, item->words->loc, "a section's name is of visible characters without quotes and backslashes");
			return;
		}
	m->section = text;
}

static void
read_cost(struct reader *r, const struct ast_chip_item *item, struct chip_memory *m)
{
	double *cost = strcmp(item->name, "read") == 0 ? &m->read : &m->write;
	const struct ast_expr *e;
	struct chip_vars vars;

	r->vars = 0;
	r->operands = 0;
	if (!(e = expr_resolve(r, item->cond)))
		return;
	chip_vars_clear(&vars);
	if (cost_eval(e, &vars, r->diag, cost) && *cost > COST_MAX)
		diag_error(r->diag, item->cond->loc, "'cost %s' is in cycles a byte, at most %.0f", item->name, COST_MAX);
}

static const struct property {
	const char *name;
	enum chip_item_kind kind;
	const char *form;
	void (*read)(struct reader *, const struct ast_chip_item *, struct chip_memory *);
} properties[] = {
	{ "size", CHIP_PROP, "size = 128K;", read_size },
	{ "align", CHIP_PROP, "align = 8;", read_align },
	{ "role", CHIP_PROP, "role = activation | scratch;", read_role },
	{ "section", CHIP_WORDS, "section \".ram\";", read_section },
	{ "read", CHIP_COST, "cost read = 1;", read_cost },
	{ "write", CHIP_COST, "cost write = 1;", read_cost },
};
enum { PROPERTIES = sizeof properties / sizeof *properties };

static void
read_item(struct reader *r, const struct ast_chip_item *items, const struct ast_chip_item *item, struct chip_memory *m)
{
	const char *known[PROPERTIES];
	int n = 0;

	if (item->kind == CHIP_ERROR)
		return;
	for (int i = 0; i < PROPERTIES; i++) {
		const struct property *p = &properties[i];

		if ((p->kind == CHIP_COST) == (item->kind == CHIP_COST))
			known[n++] = p->name;
		if (item->kind == CHIP_WHERE || strcmp(item->name, p->name) || (item->kind == CHIP_COST) != (p->kind == CHIP_COST))
			continue;
		if (item->kind != p->kind)
			diag_error(r->diag, item->name_loc, "'%s' is written: %s", item->name, p->form);
		else if (reader_is_first(r, items, item))
			p->read(r, item, m);
		return;
	}
	diag_error(r->diag, item->kind == CHIP_WHERE ? item->loc : item->name_loc, "a memory has size, align, role, section, cost read and cost write");
	if (item->kind != CHIP_WHERE)
		reader_suggest(r, item->name_loc, item->name, known, (size_t)n);
}

/* ---- one memory ---- */

static void
check_placed(struct reader *r, const struct ast_chip_item *items, const struct chip_memory *m)
{
	for (const struct ast_chip_item *it = items; it; it = it->next)
		if (it->kind == CHIP_COST && !m->section)
			diag_error(r->diag, it->loc, "'cost %s' is of a memory with a section, where buffers are placed; '%s' has none", it->name, m->name);
	if (!m->section)
		return;
	if (!m->roles)
		diag_error(r->diag, m->loc, "memory '%s' has a section, so buffers are placed there, and no role that says which", m->name);
	else if (m->roles & ROLES_RAM && m->roles & ROLES_CONSTANT)
		diag_error(r->diag, m->loc, "memory '%s' has a section, so it holds either what is computed (activation, accumulator, scratch) or constants "
			"(weight, bias), not both: write two memories that share its bytes", m->name);
}

void
read_memory(struct reader *r, const struct ast_chip_item *item)
{
	const struct ast_expr *e = item->words;
	struct chip_memory m = { .align = 1, .read = 1, .write = 1 };
	int errors = r->diag->errors;

	if (item->kind != CHIP_SECTION || !e || e->kind != EXPR_NAME || e->next) {
		diag_error(r->diag, item->kind == CHIP_SECTION && e ? e->loc : item->name_loc, "a memory is written: memory NAME { size = ...; }");
		return;
	}
	if (!name_is_free(r, e))
		return;
	m.name = e->u.str.s;
	m.loc = e->loc;
	for (const struct ast_chip_item *it = item->items; it; it = it->next)
		read_item(r, item->items, it, &m);
	if (!m.size && r->diag->errors == errors)
		diag_error(r->diag, e->loc, "memory '%s' has no size", m.name);
	if (r->diag->errors == errors)
		check_placed(r, item->items, &m);
	ARRAY_PUSH(r->arena, r->chip->memories, m);
}

/* ---- all of them ---- */

/* What has no memory of its own lies where results (weights) do, so there must be one for these. */
static void
check_roles(struct reader *r, unsigned kinds, unsigned needed, const char *what)
{
	const struct chip_memory *first = NULL;

	for (size_t i = 0; i < r->chip->memories.n; i++) {
		const struct chip_memory *m = &r->chip->memories.v[i];

		if (!m->section || !(m->roles & kinds))
			continue;
		if (m->roles & needed)
			return;
		if (!first)
			first = m;
	}
	if (first)
		diag_error(r->diag, first->loc, "memory '%s' has a section, but none with a section holds %s", first->name, what);
}

void
check_memories(struct reader *r)
{
	for (size_t i = 0; i < r->chip->memories.n; i++)
		for (size_t k = 0; k < i && r->chip->memories.v[i].section; k++)
			if (r->chip->memories.v[k].section && strcmp(r->chip->memories.v[i].section, r->chip->memories.v[k].section) == 0) {
				diag_error(r->diag, r->chip->memories.v[i].loc, "memories '%s' and '%s' have the same section", r->chip->memories.v[k].name,
					r->chip->memories.v[i].name);
				diag_note(r->diag, r->chip->memories.v[k].loc, "the first is here");
			}
	check_roles(r, ROLES_RAM, ROLE_ACTIVATION, "activations");
	check_roles(r, ROLES_CONSTANT, ROLE_WEIGHT, "weights");
}
