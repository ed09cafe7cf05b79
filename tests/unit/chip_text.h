/* A chip from text, for tests. */
#ifndef CHIP_TEXT_H
#define CHIP_TEXT_H
#include <stdlib.h>
#include <string.h>
#include "chips/chip.h"
#include "parser/parse.h"
#include "asserts.h"

struct chip_text {
	struct arena arena;
	struct diag diag;
	struct intern *names;
	char *messages;           /* what was reported */
	size_t messages_len;
	struct chip *chip;        /* NULL: errors */
};

static inline void
chip_text_read(struct chip_text *t, const char *text)
{
	*t = (struct chip_text){ 0 };
	diag_init(&t->diag, &t->arena, open_memstream(&t->messages, &t->messages_len));
	t->names = intern_new(&t->arena);
	const struct source *src = diag_add_source(&t->diag, "t.chip", text, strlen(text));
	struct parse_ctx ctx = { .arena = &t->arena, .names = t->names, .diag = &t->diag };
	const struct ast_chip_file *file = parse_chip(&ctx, src);

	t->chip = t->diag.errors ? NULL : chip_read(&t->arena, t->names, &t->diag, file, "dir/t.chip");
	fflush(t->diag.out);
}

/* The same of one unit: HEAD is "conv2d", BODY its properties. */
static inline struct chip_op *
chip_text_op(struct chip_text *t, const char *head, const char *body)
{
	char text[4096];

	snprintf(text, sizeof text, "chip \"t\" version 1;\nmemory ram { size = 64K; }\nop %s {\n%s\n}\n", head, body);
	chip_text_read(t, text);
	ck_assert_msg(t->chip != NULL, "%s\n%s", text, t->messages);
	return &t->chip->ops.v[0];
}

static inline void
chip_text_done(struct chip_text *t)
{
	fclose(t->diag.out);
	free(t->messages);
	arena_free(&t->arena);
}
#endif
