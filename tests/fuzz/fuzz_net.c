/* Fuzz target of the front end: any text is parsed; what has no errors is printed, parsed and
 * printed again, and the two prints must be equal. */
#include <config.h>
#include "parser/parse.h"
#include "tests/fuzz/twice.h"

/* The canonical print of TEXT, or NULL if it has errors. */
static char *
format(const char *text, size_t len, size_t *out_len, FILE *messages)
{
	struct arena arena = { 0 };
	struct diag diag;
	char *out = NULL;

	diag_init(&diag, &arena, messages);
	const struct source *src = diag_add_source(&diag, "fuzz.net", text, len);
	struct parse_ctx ctx = { .arena = &arena, .names = intern_new(&arena), .diag = &diag };
	const struct ast_file *file = parse_source(&ctx, src);

	diag_finish(&diag);
	if (diag.errors == 0) {
		FILE *f = open_memstream(&out, out_len);

		if (!f)
			abort();
		ast_print(f, file);
		fclose(f);
	}
	arena_free(&arena);
	return out;
}
