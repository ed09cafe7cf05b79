/* Call templates: call "f({y}, {x.pitch}, {in / 16});" "g();";
 *
 * In braces stands an operand, the pitch of one, a parameter of the call (params.def), or an expression over the variables; braces of the C
 * text are written twice.  The strings' source text is read rather than their value, so that every hole has its place. */
#include <config.h>
#include <ctype.h>
#include <string.h>
#include "chips/reader.h"

enum { NEST_MAX = 100 };

static const char *const params[] = {
#define PARAM(text, help) text,
#include "chips/params.def"
#undef PARAM
};
enum { PARAMS = sizeof params / sizeof *params };

/* ---- expressions in braces ---- */

/* The text of a hole, [at, end); offsets from TEXT are offsets from BASE in the source. */
struct scan {
	struct reader *r;
	const char *text, *at, *end;
	uint32_t base;
	int nest;
};

static struct loc
loc_of(const struct scan *s, const char *from, const char *to)
{
	return (struct loc){ s->base + (uint32_t)(from - s->text), s->base + (uint32_t)(to - s->text) };
}

static void
skip_blanks(struct scan *s)
{
	while (s->at < s->end && (*s->at == ' ' || *s->at == '\t'))
		s->at++;
}

static struct ast_expr *
new_expr(struct scan *s, enum expr_kind kind, const char *from)
{
	struct ast_expr *e = ARENA_NEW(s->r->arena, struct ast_expr);

	e->kind = kind;
	e->depth = 1;
	e->loc = loc_of(s, from, s->at);
	return e;
}

static bool
take(struct scan *s, char c)
{
	skip_blanks(s);
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

static struct ast_expr *
not_understood(struct scan *s)
{
	diag_error(s->r->diag, loc_of(s, s->at, s->at < s->end ? s->at + 1 : s->at), "expected a number, a variable or '(' in the braces");
	return NULL;
}

static struct ast_expr *sum(struct scan *);

static size_t
word_length(const struct scan *s)
{
	size_t n = 0;

	while (s->at + n < s->end && (isalnum((unsigned char)s->at[n]) || s->at[n] == '_'))
		n++;
	return n;
}

static struct ast_expr *
integer(struct scan *s)
{
	const char *from = s->at;
	int64_t v = 0;

	for (; s->at < s->end && isdigit((unsigned char)*s->at); s->at++)
		v = v > INT32_MAX ? v : v * 10 + (*s->at - '0');
	if (s->at < s->end && (*s->at == 'K' || *s->at == 'M'))
		v *= *s->at++ == 'K' ? 1024 : 1024 * 1024;
	size_t more = word_length(s);
	if (more) {
		diag_error(s->r->diag, loc_of(s, from, s->at + more), "'%.*s' is neither a number nor a name", (int)(s->at + more - from), from);
		return NULL;
	}
	if (v > INT32_MAX) {
		diag_error(s->r->diag, loc_of(s, from, s->at), "a number in braces is at most %d", INT32_MAX);
		return NULL;
	}
	struct ast_expr *e = new_expr(s, EXPR_INT, from);
	e->u.i = v;
	e->text = arena_strndup(s->r->arena, from, (size_t)(s->at - from));
	return e;
}

static struct ast_expr *
arguments(struct scan *s, struct ast_expr *call, const char *from)
{
	struct ast_arg **link = &call->u.call.args;

	for (bool more = !take(s, ')'); more; more = !take(s, ')')) {
		if (call->u.call.args && !take(s, ','))
			return not_understood(s);
		struct ast_arg *a = ARENA_NEW(s->r->arena, struct ast_arg);

		if (!(a->value = sum(s)))
			return NULL;
		a->loc = a->value->loc;
		*link = a;
		link = &a->next;
	}
	call->loc = loc_of(s, from, s->at);
	return call;
}

static struct ast_expr *
named(struct scan *s)
{
	const char *from = s->at;
	size_t n = word_length(s);
	name text = intern_n(s->r->names, from, n);

	s->at += n;
	struct ast_expr *e = new_expr(s, EXPR_NAME, from);
	e->text = text;
	e->u.str.s = text;
	e->u.str.len = n;
	if (!take(s, '('))
		return e;
	struct ast_expr *call = new_expr(s, EXPR_CALL, from);
	call->u.call.callee = text;
	call->u.call.callee_loc = e->loc;
	return arguments(s, call, from);
}

static struct ast_expr *
factor(struct scan *s)
{
	skip_blanks(s);
	const char *from = s->at;

	if (s->at == s->end)
		return not_understood(s);
	if (isdigit((unsigned char)*s->at))
		return integer(s);
	if (isalpha((unsigned char)*s->at) || *s->at == '_')
		return named(s);
	if (s->nest == NEST_MAX) {
		diag_error(s->r->diag, loc_of(s, from, from + 1), "an expression in braces nests deeper than %d", NEST_MAX);
		return NULL;
	}
	s->nest++;
	struct ast_expr *e = NULL;
	if (take(s, '-')) {
		struct ast_expr *of = factor(s);

		if (of) {
			e = new_expr(s, EXPR_UNARY, from);
			e->u.op.oper = '-';
			e->u.op.l = of;
		}
	} else if (take(s, '(')) {
		e = sum(s);
		if (e && !take(s, ')'))
			e = not_understood(s);
	} else
		e = not_understood(s);
	s->nest--;
	return e;
}

/* Operands joined by operators of OPERS, from the left. */
static struct ast_expr *
chain(struct scan *s, const char *opers, struct ast_expr *(*operand)(struct scan *))
{
	skip_blanks(s);
	const char *from = s->at;
	struct ast_expr *l = operand(s);

	while (l && (skip_blanks(s), s->at < s->end) && strchr(opers, *s->at)) {
		char oper = *s->at++;
		struct ast_expr *r = operand(s);

		if (!r)
			return NULL;
		if (l->depth >= NEST_MAX) {
			diag_error(s->r->diag, r->loc, "an expression in braces nests deeper than %d", NEST_MAX);
			return NULL;
		}
		struct ast_expr *e = new_expr(s, EXPR_BINARY, from);
		e->u.op.oper = oper;
		e->u.op.l = l;
		e->u.op.r = r;
		e->depth = (uint16_t)(l->depth + 1);
		l = e;
	}
	return l;
}

static struct ast_expr *
product(struct scan *s)
{
	return chain(s, "*/%", factor);
}

static struct ast_expr *
sum(struct scan *s)
{
	return chain(s, "+-", product);
}

/* ---- holes ---- */

static bool
is_word(const struct scan *s, const char *word)
{
	return (size_t)(s->end - s->at) == strlen(word) && memcmp(s->at, word, strlen(word)) == 0;
}

static bool
operand_hole(const struct scan *s, struct chip_piece *p)
{
	unsigned operands = chip_kind_operands(s->r->op->kind);

	for (int o = 0; o < OPERAND_COUNT; o++) {
		bool pitch = is_word(s, arena_printf(s->r->arena, "%s.pitch", chip_operand_names[o]));

		if (operands >> o & 1 && (pitch || is_word(s, chip_operand_names[o]))) {
			p->kind = pitch ? HOLE_PITCH : HOLE_OPERAND;
			p->operand = (enum chip_operand)o;
			return true;
		}
	}
	return false;
}

static bool
param_hole(const struct scan *s, struct chip_piece *p)
{
	for (int i = 0; i < PARAMS; i++)
		if (is_word(s, params[i])) {
			p->kind = HOLE_PARAM;
			p->text = params[i];
			return true;
		}
	return false;
}

/* A word that is nothing: suggestions from all that could stand there. */
static void
unknown_word(struct scan *s, struct loc loc)
{
	ARRAY(const char *) known = { 0 };
	const char *word = arena_strndup(s->r->arena, s->at, (size_t)(s->end - s->at));
	unsigned operands = chip_kind_operands(s->r->op->kind);

	for (int i = 0; i < VAR_COUNT; i++)
		if (s->r->vars >> i & 1)
			ARRAY_PUSH(s->r->arena, known, chip_var_info[i].name);
	for (int i = 0; i < PARAMS; i++)
		ARRAY_PUSH(s->r->arena, known, params[i]);
	for (int o = 0; o < OPERAND_COUNT; o++)
		if (operands >> o & 1) {
			ARRAY_PUSH(s->r->arena, known, chip_operand_names[o]);
			ARRAY_PUSH(s->r->arena, known, arena_printf(s->r->arena, "%s.pitch", chip_operand_names[o]));
		}
	diag_error(s->r->diag, loc, "a %s call knows nothing of the name '%s'", chip_kind_info[s->r->op->kind].name, word);
	reader_suggest(s->r, loc, word, known.v, known.n);
}

static bool
is_dotted_word(const struct scan *s)
{
	const char *dot = memchr(s->at, '.', (size_t)(s->end - s->at));

	if (s->at == s->end || isdigit((unsigned char)*s->at))
		return false;
	for (const char *c = s->at; c < s->end; c++)
		if (!isalnum((unsigned char)*c) && *c != '_' && c != dot)
			return false;
	return true;
}

static bool
expr_hole(struct scan *s, struct chip_piece *p)
{
	enum chip_var v;
	struct loc loc = p->loc;

	if (is_dotted_word(s)) {
		const char *word = arena_strndup(s->r->arena, s->at, (size_t)(s->end - s->at));
		bool known = chip_var_lookup(word, &v) && s->r->vars >> v & 1;

		for (size_t i = 0; i < s->r->chip->memories.n && !known; i++)
			known = strcmp(s->r->chip->memories.v[i].name, word) == 0;
		if (!known) {
			unknown_word(s, loc);
			return false;
		}
	}
	struct ast_expr *e = sum(s);
	skip_blanks(s);
	if (e && s->at < s->end) {
		diag_error(s->r->diag, loc_of(s, s->at, s->end), "an expression in braces ends before this");
		return false;
	}
	s->r->seen_weights = false;
	p->kind = HOLE_EXPR;
	p->expr = e ? expr_resolve(s->r, e) : NULL;
	return p->expr != NULL;
}

/* The hole whose text is [FROM, TO) without its braces. */
static void
read_hole(struct reader *r, const char *text, uint32_t base, const char *from, const char *to)
{
	struct scan s = { r, text, from, to, base, 0 };
	struct chip_piece p = { .loc = loc_of(&s, from - 1, to + 1) };

	skip_blanks(&s);
	while (s.end > s.at && (s.end[-1] == ' ' || s.end[-1] == '\t'))
		s.end--;
	if (s.at == s.end) {
		diag_error(r->diag, p.loc, "empty braces; a brace of the C text is written twice");
		return;
	}
	if (operand_hole(&s, &p) || param_hole(&s, &p) || expr_hole(&s, &p))
		ARRAY_PUSH(r->arena, r->op->call.pieces, p);
}

/* ---- the text around them ---- */

static void
add_text(struct reader *r, const char *text, size_t n, struct loc loc)
{
	if (n)
		ARRAY_PUSH(r->arena, r->op->call.pieces,
			((struct chip_piece){ .kind = HOLE_TEXT, .text = arena_strndup(r->arena, text, n), .loc = loc }));
}

static char
unescape(char c)
{
	return c == 'n' ? '\n' : c == 't' ? '\t' : c;
}

/* One string of the template: TEXT is its spelling with the quotes, BASE the offset of its beginning. */
static void
read_string(struct reader *r, const char *text, size_t len, uint32_t base)
{
	const char *at = text + 1, *end = text + len - 1;
	char *plain = arena_alloc(r->arena, len + 1);
	size_t n = 0;

	while (at < end) {
		struct loc loc = { base + (uint32_t)(at - text), base + (uint32_t)(at - text) + 1 };

		if (*at == '\\' && at + 1 < end) {
			plain[n++] = unescape(at[1]);
			at += 2;
		} else if ((*at == '{' || *at == '}') && at + 1 < end && at[1] == *at) {
			plain[n++] = *at;
			at += 2;
		} else if (*at == '}') {
			diag_error(r->diag, loc, "a '}' of the C text is written '}}'");
			at++;
		} else if (*at == '{') {
			const char *close = memchr(at, '}', (size_t)(end - at));

			add_text(r, plain, n, loc);
			n = 0;
			if (!close) {
				diag_error(r->diag, loc, "this brace is not closed; one of the C text is written '{{'");
				return;
			}
			read_hole(r, text, base, at + 1, close);
			at = close + 1;
		} else
			plain[n++] = *at++;
	}
	add_text(r, plain, n, (struct loc){ base, base + (uint32_t)len });
}

/* ---- what a call must be given ---- */

bool
chip_template_has(const struct chip_template *t, const char *word)
{
	for (size_t i = 0; i < t->pieces.n; i++) {
		const struct chip_piece *p = &t->pieces.v[i];
		const char *hole = p->kind == HOLE_PARAM ? p->text : p->kind == HOLE_EXPR && p->expr->kind == EXPR_NAME ? p->expr->u.str.s : NULL;

		if (hole && strcmp(hole, word) == 0)
			return true;
	}
	return false;
}

static bool
has_piece(const struct chip_template *t, enum hole kind, enum chip_operand o)
{
	for (size_t i = 0; i < t->pieces.n; i++)
		if (t->pieces.v[i].kind == kind && t->pieces.v[i].operand == o)
			return true;
	return false;
}

void
check_call(struct reader *r)
{
	const struct chip_op *op = r->op;

	for (int o = 0; o < OPERAND_COUNT; o++) {
		enum chip_operand which = (enum chip_operand)o;
		bool optional = o == OPERAND_SUM || (o == OPERAND_B && !op->has_bias && !(r->operands >> OPERAND_A & 1));

		if (!(r->operands >> o & 1))
			continue;
		if (!optional && !has_piece(&op->call, HOLE_OPERAND, which))
			diag_error(r->diag, op->call_loc, "the call is not given '{%s}'", chip_operand_names[o]);
		if (op->layout[o].pitch && has_piece(&op->call, HOLE_OPERAND, which) && !has_piece(&op->call, HOLE_PITCH, which)) {
			diag_error(r->diag, op->call_loc, "the call is not given '{%s.pitch}'", chip_operand_names[o]);
			diag_note(r->diag, op->layout[o].loc, "its layout has a pitch");
		}
	}
}

void
read_call(struct reader *r, const struct ast_chip_item *item)
{
	const struct ast_expr *e = item->words;

	r->op->call_loc = item->loc;
	r->op->wrapper = reader_is_name(e, "wrapper");
	if (r->op->wrapper)
		e = e->next;
	if (!reader_text(r, item, e))
		return;
	for (const struct ast_expr *s = e; s; s = s->next) {
		if (s != e)
			add_text(r, "\n", 1, s->loc);
		read_string(r, s->text, strlen(s->text), s->loc.start);
	}
}
