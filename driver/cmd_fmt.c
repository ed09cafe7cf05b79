/* netc fmt: the canonical form of .net files and, told by their names, of .chip files. */
#include <config.h>
#include <stdlib.h>
#include <string.h>
#include "driver/compile.h"

static bool
is_chip(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot && strcmp(dot, ".chip") == 0;
}

/* What was parsed of the one file that C holds. */
static const char *
canonical(struct compilation *c, size_t *size)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, size);
	const char *copy;

	if (!f)
		die("out of memory");
	if (c->chip_ast)
		ast_chip_print(f, c->chip_ast);
	else
		ast_print(f, c->ast);
	if (fclose(f) != 0)
		die("out of memory");
	copy = arena_strndup(&c->source, text, *size);
	free(text);
	return copy;
}

static void
rewrite(struct compilation *c, const char *path, const char *text, size_t size)
{
	struct outputs *out = outputs_new(&c->source);
	FILE *f = outputs_open(out, path);
	const char *why;

	if (f)
		fwrite(text, 1, size, f);
	why = outputs_commit(out);
	if (why)
		compile_output_error(c, why);
}

/* One file; returns the exit status. */
static int
format(const struct options *o, const char *path)
{
	struct compilation c;
	const struct source *source;
	const char *text;
	size_t size;
	bool same;
	int status = EXIT_OK;

	compilation_init(&c, stderr);
	compilation_options(&c, o);
	if (!(is_chip(path) ? compile_parse_chip : compile_parse)(&c, path, o->trace_parse))
		return compilation_end(&c, EXIT_ERROR);
	text = canonical(&c, &size);
	source = c.chip_ast ? c.chip_ast->source : c.ast->source;
	same = size == source->len && memcmp(text, source->text, size) == 0;
	if (o->check && !same) {
		printf("%s\n", path);
		status = EXIT_ERROR;
	} else if (o->in_place && !same && strcmp(path, "-") != 0) {
		rewrite(&c, path, text, size);
	} else if (!o->check && (!o->in_place || strcmp(path, "-") == 0)) {
		fwrite(text, 1, size, stdout);
	}
	return compilation_end(&c, status);
}

int
cmd_fmt(const struct options *o)
{
	int status = EXIT_OK;

	for (int i = 0; i < o->nfiles; i++) {
		int one = format(o, o->files[i]);
		if (one > status)
			status = one;
	}
	return status;
}
