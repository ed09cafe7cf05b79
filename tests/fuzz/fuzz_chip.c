/* Fuzz target of .chip files: any text is parsed; what has no errors is read as a chip, and printed, parsed and printed
 * again, and the two prints must be equal. */
#include <config.h>
#include "chips/chip.h"
#include "parser/parse.h"
#include "tests/fuzz/twice.h"

/* The canonical print of TEXT, or NULL if it has syntax errors. */
static char *
format(const char *text, size_t len, size_t *out_len, FILE *messages)
{
	struct arena arena = { 0 };
	struct diag diag;
	char *out = NULL;

	diag_init(&diag, &arena, messages);
	const struct source *src = diag_add_source(&diag, "fuzz.chip", text, len);
	struct parse_ctx ctx = { .arena = &arena, .names = intern_new(&arena), .diag = &diag };
	const struct ast_chip_file *file = parse_chip(&ctx, src);

	if (diag.errors == 0) {
		FILE *f = open_memstream(&out, out_len);

		if (!f)
			abort();
		ast_chip_print(f, file);
		fclose(f);
		chip_read(&arena, ctx.names, &diag, file, "fuzz.chip");
	}
	diag_finish(&diag);
	arena_free(&arena);
	return out;
}
