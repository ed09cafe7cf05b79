#include <config.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "texts.h"

static const struct {
	const char *source;
} languages[] = { [LANGUAGE_NET] = { "t.net" }, [LANGUAGE_CHIP] = { "t.chip" } };

static const void *
parse(enum language l, struct parse_ctx *ctx, const struct source *src)
{
	return l == LANGUAGE_NET ? (const void *)parse_source(ctx, src) : (const void *)parse_chip(ctx, src);
}

static void
dump(enum language l, FILE *f, const void *file)
{
	if (l == LANGUAGE_NET)
		dump_file(f, file);
	else
		dump_chip(f, file);
}

static void
print(enum language l, FILE *f, const void *file)
{
	if (l == LANGUAGE_NET)
		ast_print(f, file);
	else
		ast_chip_print(f, file);
}

static const struct ast_comment *
comments_of(enum language l, const void *file)
{
	return l == LANGUAGE_NET ? ((const struct ast_file *)file)->comments : ((const struct ast_chip_file *)file)->comments;
}

/* ---- parsing ---- */

void
texts_parse(struct parsed *p, enum language l, const char *text, size_t len)
{
	size_t size;
	FILE *f;

	*p = (struct parsed){ .file = NULL };
	diag_init(&p->diag, &p->arena, open_memstream(&p->messages, &size));
	struct parse_ctx ctx = { .arena = &p->arena, .names = intern_new(&p->arena), .diag = &p->diag };
	p->file = parse(l, &ctx, diag_add_source(&p->diag, languages[l].source, text, len));
	diag_finish(&p->diag);
	fclose(p->diag.out);
	f = open_memstream(&p->tree, &size);
	dump(l, f, p->file);
	fclose(f);
}

void
texts_free(struct parsed *p)
{
	free(p->messages);
	free(p->tree);
	arena_free(&p->arena);
}

char *
texts_repeat(const char *before, const char *piece, int n, const char *after, size_t *len)
{
	char *text;
	FILE *f = open_memstream(&text, len);

	fputs(before, f);
	for (int i = 0; i < n; i++)
		fputs(piece, f);
	fputs(after, f);
	fclose(f);
	return text;
}

void
texts_check_messages(enum language l, const char *text, const char *want)
{
	struct parsed p;

	texts_parse(&p, l, text, strlen(text));
	ck_assert_str_eq(p.messages, want);
	texts_free(&p);
}

void
texts_check_recovery(enum language l, const char *text, const char *tree, int errors)
{
	struct parsed p;

	texts_parse(&p, l, text, strlen(text));
	ck_assert_str_eq(p.tree, tree);
	ck_assert_int_eq(p.diag.errors, errors);
	texts_free(&p);
}

void
texts_check_long(enum language l, const char *before, const char *piece, const char *after, const char *message)
{
	size_t len;
	char *text = texts_repeat(before, piece, 20000, after, &len);
	struct parsed p;

	texts_parse(&p, l, text, len);
	if (message) {
		const char *m = strstr(p.messages, "error: ");

		ck_assert_ptr_nonnull(m);
		ck_assert_mem_eq(m + 7, message, strlen(message));
	}
	ck_assert_int_eq(p.diag.errors, message != NULL);
	free(text);
	texts_free(&p);
}

void
texts_check_many_errors(enum language l, const char *before, const char *piece)
{
	size_t len;
	char *text = texts_repeat(before, piece, 20000, "", &len);
	struct parsed p;

	texts_parse(&p, l, text, len);
	ck_assert_int_gt(p.diag.errors, 0);
	free(text);
	texts_free(&p);
}

/* ---- printing ---- */

struct printed {
	char *text, *tree;
	size_t text_len;
	int comments;
};

static struct printed
format(enum language l, const char *text, size_t len)
{
	struct printed r = { 0 };
	struct parsed p;

	texts_parse(&p, l, text, len);
	ck_assert_str_eq(p.messages, "");
	FILE *out = open_memstream(&r.text, &r.text_len);
	print(l, out, p.file);
	fclose(out);
	for (const struct ast_comment *c = comments_of(l, p.file); c; c = c->next)
		r.comments++;
	r.tree = strdup(p.tree);
	texts_free(&p);
	return r;
}

static void
drop(struct printed *r)
{
	free(r->text);
	free(r->tree);
}

void
texts_check_format(enum language l, const char *text, size_t len, const char *want)
{
	struct printed once = format(l, text, len), twice = format(l, once.text, once.text_len);

	if (want)
		ck_assert_str_eq(once.text, want);
	ck_assert_str_eq(twice.text, once.text);
	ck_assert_str_eq(twice.tree, once.tree);
	ck_assert_int_eq(twice.comments, once.comments);
	drop(&once);
	drop(&twice);
}
