/* What all readers of a .chip need: values of properties, words, texts. */
#include <config.h>
#include <string.h>
#include "chips/reader.h"
#include "parser/parse.h"

const char *
chip_source_text(struct arena *a, const struct chip *chip, struct loc loc)
{
	const struct source *s = chip->source;

	if (!s || loc.start < s->base || loc.end > s->base + s->len || loc.end < loc.start)
		return "";
	const char *from = s->text + (loc.start - s->base), *end = s->text + (loc.end - s->base);
	char *text = arena_alloc(a, (size_t)(end - from) + 1), *to = text;

	for (; from < end; from++) {
		bool blank = *from == ' ' || *from == '\t' || *from == '\n' || *from == '\r';

		if (!blank)
			*to++ = *from;
		else if (to > text && to[-1] != ' ')
			*to++ = ' ';
	}
	while (to > text && (to[-1] == ' ' || to[-1] == ';'))
		*--to = '\0';
	return text;
}

void
chip_expr_print(FILE *f, const struct ast_expr *e)
{
	ast_print_expr(f, e);
}

void
reader_suggest(struct reader *r, struct loc loc, const char *word, const char *const *known, size_t n)
{
	const char *meant = diag_suggest(word, known, n);

	if (meant && strcmp(meant, word) != 0)
		diag_note(r->diag, loc, "did you mean '%s'?", meant);
}

bool
reader_is_first(struct reader *r, const struct ast_chip_item *items, const struct ast_chip_item *item)
{
	for (const struct ast_chip_item *it = items; it != item; it = it->next)
		if (it->kind == item->kind && it->name == item->name) {
			diag_error(r->diag, item->name_loc, "'%s' is stated twice", item->name);
			diag_note(r->diag, it->name_loc, "the first is here");
			return false;
		}
	return true;
}

const struct ast_expr *
reader_value(struct reader *r, const struct ast_chip_item *item, const char *wanted)
{
	const struct ast_clause *c = item->clauses;
	const struct ast_expr *e = c->alts->atoms;

	if (e->kind == EXPR_ERROR)
		return NULL;
	if (!c->next && !c->alts->next && !e->next)
		return e;
	diag_error(r->diag, c->loc, "'%s' takes %s", item->name, wanted);
	return NULL;
}

bool
reader_int(struct reader *r, const struct ast_chip_item *item, int64_t lo, int64_t hi, int64_t *v)
{
	const struct ast_expr *e = reader_value(r, item, "one number");

	if (!e)
		return false;
	if (e->kind != EXPR_INT) {
		diag_error(r->diag, e->loc, "'%s' takes one number", item->name);
		return false;
	}
	if (e->u.i < lo || e->u.i > hi) {
		diag_error(r->diag, e->loc, "'%s' is from %lld to %lld, found %s", item->name, (long long)lo, (long long)hi, e->text);
		return false;
	}
	*v = e->u.i;
	return true;
}

bool
reader_is_name(const struct ast_expr *e, const char *text)
{
	return e && e->kind == EXPR_NAME && strcmp(e->u.str.s, text) == 0;
}

static bool
add_word(struct reader *r, const struct ast_chip_item *item, const struct ast_expr *e, const char *const *words, size_t n, unsigned *bits)
{
	const char *list = "";

	for (size_t i = 0; i < n; i++) {
		if (reader_is_name(e, words[i]) && !e->next) {
			if (*bits >> i & 1) {
				diag_error(r->diag, e->loc, "'%s' stands there twice", words[i]);
				return false;
			}
			*bits |= 1u << i;
			return true;
		}
		list = arena_printf(r->arena, "%s%s%s", list, i ? ", " : "", words[i]);
	}
	if (e->kind == EXPR_ERROR)
		return false;
	const struct ast_expr *wrong = e->next ? e->next : e;
	diag_error(r->diag, wrong->loc, "'%s' takes words of these: %s", item->name, list);
	if (wrong->kind == EXPR_NAME)
		reader_suggest(r, wrong->loc, wrong->u.str.s, words, n);
	return false;
}

unsigned
reader_words(struct reader *r, const struct ast_chip_item *item, const char *const *words, size_t n)
{
	unsigned bits = 0;

	for (const struct ast_clause *c = item->clauses; c; c = c->next)
		for (const struct ast_alt *a = c->alts; a; a = a->next)
			if (!add_word(r, item, a->atoms, words, n, &bits))
				return 0;
	return bits;
}

const char *
reader_text(struct reader *r, const struct ast_chip_item *item, const struct ast_expr *first)
{
	const char *text = NULL;

	for (const struct ast_expr *e = first; e; e = e->next) {
		if (e->kind != EXPR_STRING || strlen(e->u.str.s) != e->u.str.len) {
			diag_error(r->diag, e->loc, "'%s' takes text in quotes", item->name);
			return NULL;
		}
		text = text ? arena_printf(r->arena, "%s\n%s", text, e->u.str.s) : e->u.str.s;
	}
	if (!text)
		diag_error(r->diag, item->loc, "'%s' takes text in quotes", item->name);
	return text;
}
