/* The push loop: tokens from the scanner to the grammar, and recovery from syntax errors.
 *
 * bison's own recovery drops tokens until one fits, which loses track of braces.  Here the
 * grammar only pops to the innermost `error` rule; where to go on is decided by the
 * brackets that are open and by what the error looked like, and is told to the grammar with the
 * tokens RESUME and RESUME_BODY.  So one error is one message, and the next statement, body
 * or item is read as if nothing had happened. */
#include <config.h>
#include <string.h>
#include "lexer/lexer.h"
#include "parser/build.h"
#include "parser/parser.h"

enum { SOURCE_MAX = 64 << 20 }; /* bytes in one file */

struct token {
	int kind;
	NN_STYPE val;
	struct loc loc;
};

/* What recovery wants to be read again comes before the text goes on. */
struct loop {
	struct parser *p;
	nn_pstate *state;
	struct token again[2];
	int nagain;
};

static struct token
next_token(struct loop *l)
{
	struct token t;

	if (l->nagain > 0) {
		t = l->again[0];
		l->again[0] = l->again[1];
		l->nagain--;
		return t;
	}
	t.kind = lexer_next(l->p->lexer, &t.val, &t.loc);
	return t;
}

static void
read_again(struct loop *l, const struct token *t)
{
	l->again[l->nagain++] = *t;
}

static int
push(struct loop *l, const struct token *t)
{
	NN_STYPE val = t->val;
	struct loc loc = t->loc;

	return nn_push_parse(l->state, t->kind, &val, &loc, l->p);
}

/* Push a token that is not in the text. */
static void
push_kind(struct loop *l, int kind, struct loc loc)
{
	struct token t = { .kind = kind, .loc = loc };

	push(l, &t);
}

static bool
is_opening(int kind)
{
	return kind == TOK_LPAREN || kind == TOK_LBRACKET || kind == TOK_LBRACE
		|| kind == TOK_STR_LBRACE;
}

static bool
is_closing(int kind)
{
	return kind == TOK_RPAREN || kind == TOK_RBRACKET || kind == TOK_RBRACE
		|| kind == TOK_STR_RBRACE;
}

static bool
is_word(int kind)
{
	return kind >= TOK_NAME && kind <= TOK_STEP;
}

static bool
begins_item(int kind)
{
	return kind == TOK_NET || kind == TOK_WEIGHTS || kind == TOK_IMPORT || kind == TOK_CONST
		|| kind == TOK_BLOCK || kind == TOK_NETWORK || kind == TOK_SCHEDULE || kind == TOK_TEST;
}

/* A statement or item begins after this. */
static void
begin_statement(struct parser *p)
{
	p->ntokens = 0;
	p->header = false;
	if (!p->nbraces)
		p->nested = false;
}

/* May a body follow what has been read of the item? */
static void
track_header(struct parser *p, const struct token *t)
{
	if (t->kind == TOK_REPEAT) /* perhaps behind annotations */
		p->header = true;
	else if (p->ntokens == 1 && (t->kind == TOK_BLOCK || t->kind == TOK_NETWORK))
		p->header = true;
	else if (p->ntokens == 1 && !p->nbraces && (t->kind == TOK_TEST || t->kind == TOK_SCHEDULE))
		p->header = true;
}

/* The same in a .chip: after any words but those of a property or a clause. */
static void
track_chip_header(struct parser *p, const struct token *t)
{
	if (p->ntokens == 1) {
		p->first_name = p->last_name;
		p->first_loc = t->loc;
		p->header = t->kind == TOK_NAME || t->kind == TOK_STEP;
	} else if (t->kind == TOK_ASSIGN) {
		p->header = false;
	}
}

/* Note a token that the grammar took. */
static void
track(struct parser *p, const struct token *t)
{
	if (is_opening(t->kind)) {
		p->open[p->nopen++] = (struct bracket){ t->kind, t->loc };
		p->nbraces += t->kind == TOK_LBRACE;
	} else if (is_closing(t->kind)) {
		p->nopen--;
		p->nbraces -= t->kind == TOK_RBRACE;
	}
	p->last = t->kind;
	p->last_name = is_word(t->kind) ? t->val.TOK_NAME : NULL;
	p->last_loc = t->loc;
	p->ntokens++;
	if (p->ctx->chip)
		track_chip_header(p, t);
	else
		track_header(p, t);
	if (t->kind == TOK_SEMI || t->kind == TOK_LBRACE || t->kind == TOK_RBRACE)
		begin_statement(p);
}

/* The faulty statement or item ends before LOC. */
static void
resume(struct loop *l, struct loc loc)
{
	push_kind(l, TOK_RESUME, loc);
	begin_statement(l->p);
}

/* Behind the brace that closes one just read; the end of the text if none does. */
static struct token
skip_braces(struct loop *l)
{
	size_t depth = 1;

	while (depth > 0) {
		struct token t = next_token(l);

		if (t.kind == TOK_YYEOF) {
			l->p->unclosed = true; /* not for each brace around it again */
			return t;
		}
		depth += t.kind == TOK_LBRACE;
		depth -= t.kind == TOK_RBRACE;
	}
	return next_token(l);
}

/* Is there a new line in the source between two tokens? */
static bool
on_new_line(const struct parser *p, struct loc last, struct loc loc)
{
	const struct source *s = p->ctx->source;

	return last.end && memchr(s->text + (last.end - s->base), '\n', loc.start - last.end);
}

/* Could a value or an item's words end with this token? */
static bool
ends_operand(int kind)
{
	return is_word(kind) || kind == TOK_INT || kind == TOK_FLOAT || kind == TOK_DIMS || kind == TOK_STRING
		|| kind == TOK_RPAREN || kind == TOK_RBRACKET || kind == TOK_NN_error;
}

/* Does T, which follows a token of kind LAST, begin an item even though none has ended?  In a .chip, where words and values
 * stand side by side, a line that begins with a word does. */
static bool
begins_unended(const struct parser *p, int last, const struct token *t)
{
	if (!p->ctx->chip)
		return !p->nbraces && begins_item(t->kind) && on_new_line(p, p->last_loc, t->loc);
	return is_word(t->kind) && t->kind != TOK_STEP && ends_operand(last) && on_new_line(p, p->last_loc, t->loc);
}

/* From T, where the error is, to where parsing can go on. */
static void
skip(struct loop *l, struct token t)
{
	struct parser *p = l->p;
	int last = p->last;

	lexer_set_skipping(p->lexer, true);
	while (t.kind != TOK_SEMI && t.kind != TOK_LBRACE && t.kind != TOK_RBRACE && t.kind != TOK_YYEOF
		&& !begins_unended(p, last, &t)) {
		last = t.kind;
		p->last_loc = t.loc;
		t = next_token(l);
	}
	if (t.kind == TOK_LBRACE && p->header) {
		push_kind(l, TOK_RESUME_BODY, t.loc);
	} else {
		if (t.kind == TOK_LBRACE)
			t = skip_braces(l);
		/* What closes the statement, and runs of it: one error, one message. */
		while (t.kind == TOK_SEMI || (t.kind == TOK_RBRACE && !p->nbraces)) {
			p->last_loc = t.loc;
			t = next_token(l);
		}
		resume(l, t.loc);
	}
	lexer_set_skipping(p->lexer, false);
	read_again(l, &t);
}

/* Close the bodies that were left open before an item, and read the item: T is its first word, or
 * follows it when that was taken for a name. */
static void
close_bodies(struct loop *l, const struct token *t)
{
	struct parser *p = l->p;
	struct token word = { .kind = p->last, .val.TOK_NAME = p->last_name, .loc = p->last_loc };
	struct token close = { .kind = TOK_RBRACE, .loc = { word.loc.start, word.loc.start } };

	if (p->ntokens == 1)
		read_again(l, &word);
	read_again(l, t);
	resume(l, t->loc);
	while (p->nbraces > 0) {
		push(l, &close);
		track(p, &close);
	}
}

static void
recover(struct loop *l, const struct token *t)
{
	struct parser *p = l->p;
	struct token open = { .kind = TOK_LBRACE, .loc = { t->loc.start, t->loc.start } };

	while (p->nopen > 0 && p->open[p->nopen - 1].token != TOK_LBRACE)
		p->nopen--;
	switch (p->failure) {
	case FAIL_NO_SEMI:
		resume(l, t->loc);
		read_again(l, t);
		break;
	case FAIL_NO_LBRACE:
		push_kind(l, TOK_RESUME_BODY, t->loc);
		read_again(l, &open);
		read_again(l, t);
		break;
	case FAIL_NO_RBRACE:
		close_bodies(l, t);
		break;
	case FAIL_NONE:
	case FAIL_OTHER:
		skip(l, *t);
		break;
	}
}

/* Is an item that began with `where` or `cost` still without its text or '='?  Then the grammar says what is missing. */
static bool
is_half_clause(const struct parser *p)
{
	if (strcmp(p->first_name, "cost") == 0)
		return p->ntokens == 2;
	return strcmp(p->first_name, "where") == 0 && p->last != TOK_STRING;
}

/* In a .chip, what the grammar would not miss before T: reported, and how to go on. */
static enum failure
missing_before(struct parser *p, const struct token *t)
{
	const char *before = p->ctx->source->text + (t->loc.start - p->ctx->source->base);
	struct loc after = { p->last_loc.end, p->last_loc.end };

	if (!p->ctx->chip || !is_word(t->kind) || p->nopen > p->nbraces)
		return FAIL_NONE;
	if (p->ntokens == 0 && p->nbraces && before[-1] == '\n' && chip_word_is_top(t->val.TOK_NAME)) {
		if (!p->unclosed) {
			diag_error(p->ctx->diag, t->loc, "missing '}' before '%s'", t->val.TOK_NAME);
			diag_note(p->ctx->diag, p->open[p->nopen - 1].loc, "to close this '{'");
		}
		p->unclosed = true;
		return FAIL_NO_RBRACE;
	}
	if (p->ntokens < 2 || !begins_unended(p, p->last, t) || is_half_clause(p))
		return FAIL_NONE;
	if (p->header && chip_word_opens(p->first_name)) {
		diag_error(p->ctx->diag, after, "missing '{' before '%.40s'", t->val.TOK_NAME);
		return FAIL_NO_LBRACE;
	}
	diag_error(p->ctx->diag, after, "missing ';' before '%.40s'", t->val.TOK_NAME);
	return FAIL_NO_SEMI;
}

/* One token to the grammar; false when the parse is over. */
static bool
feed(struct loop *l, const struct token *t)
{
	struct parser *p = l->p;
	enum failure missing = missing_before(p, t);

	if (t->kind == TOK_YYEOF && lexer_is_cut(p->lexer))
		return false;
	if (is_opening(t->kind) && p->nopen == BRACKETS_MAX) {
		if (!p->nested)
			diag_error(p->ctx->diag, t->loc, "brackets nested deeper than %d", BRACKETS_MAX);
		return false;
	}
	if (missing != FAIL_NONE) {
		push_kind(l, TOK_NN_error, t->loc);
		p->failure = missing;
		recover(l, t);
		return true;
	}
	p->failure = t->kind == TOK_NN_error ? FAIL_OTHER : FAIL_NONE;
	if (push(l, t) != YYPUSH_MORE)
		return false;
	if (p->failure == FAIL_NONE)
		track(p, t);
	else
		recover(l, t);
	return true;
}

/* What is no text at all is refused at once. */
static bool
is_readable(struct parse_ctx *ctx, const struct source *src)
{
	const char *nul = memchr(src->text, '\0', src->len);
	struct loc loc = { src->base, src->base };

	if (src->len > SOURCE_MAX) {
		diag_error(ctx->diag, loc, "file has %zu bytes, the limit is %d", src->len, SOURCE_MAX);
		return false;
	}
	if (nul) {
		loc.start = loc.end = src->base + (uint32_t)(nul - src->text);
		diag_error(ctx->diag, loc, "not a text file: byte %zu is zero",
			(size_t)(nul - src->text));
		return false;
	}
	return true;
}

/* Parse ctx->source, the language being that of START. */
static void
parse(struct parse_ctx *ctx, int start)
{
	struct parser *p = ARENA_NEW(ctx->arena, struct parser);
	struct loop l = { .p = p, .state = nn_pstate_new() };

	p->ctx = ctx;
	p->arena = ctx->arena;
	p->lexer = lexer_new(ctx, ctx->source);
	if (ctx->trace)
		nn_debug = 1; /* bison's own switch, the one state that is not in the context */
	if (l.state)
		push_kind(&l, start, (struct loc){ ctx->source->base, ctx->source->base });
	for (bool more = l.state != NULL; more;) {
		struct token t = next_token(&l);

		more = feed(&l, &t);
	}
	nn_pstate_delete(l.state);
	lexer_free(p->lexer);
}

struct ast_file *
parse_source(struct parse_ctx *ctx, const struct source *src)
{
	struct ast_file *file = ARENA_NEW(ctx->arena, struct ast_file);

	file->source = ctx->source = src;
	ctx->file = file;
	ctx->chip = NULL;
	ctx->comments = &file->comments;
	if (is_readable(ctx, src))
		parse(ctx, TOK_START_NET);
	return file;
}

struct ast_chip_file *
parse_chip(struct parse_ctx *ctx, const struct source *src)
{
	struct ast_chip_file *file = ARENA_NEW(ctx->arena, struct ast_chip_file);

	file->source = ctx->source = src;
	ctx->file = NULL;
	ctx->chip = file;
	ctx->comments = &file->comments;
	if (is_readable(ctx, src))
		parse(ctx, TOK_START_CHIP);
	return file;
}
