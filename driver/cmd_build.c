/* netc build: to C. */
#include <config.h>
#include <string.h>
#include <unistd.h>
#include "driver/compile.h"
#include "driver/progress.h"

/* Headers of the C library and of C++ that NAME.h would hide from a compiler told -I DIR. */
static const char *const standard_headers[] = {
	"assert", "complex", "ctype", "errno", "fenv", "float", "inttypes", "iso646", "limits", "locale", "math", "setjmp",
	"signal", "stdalign", "stdarg", "stdatomic", "stdbool", "stddef", "stdint", "stdio", "stdlib", "stdnoreturn", "string",
	"strings", "tgmath", "threads", "time", "uchar", "unistd", "wchar", "wctype", "features", "alloca", "endian", "memory"
};

static bool
check_prefix(struct compilation *c, const char *prefix)
{
	for (size_t i = 0; i < sizeof standard_headers / sizeof *standard_headers; i++)
		if (strcmp(prefix, standard_headers[i]) == 0) {
			diag_error(&c->diag, c->graph->loc, "'%s.h' would hide a standard header: choose another name with --prefix", prefix);
			return false;
		}
	return true;
}

static bool
check_selftest(struct compilation *c)
{
	if (!c->graph->tests) {
		diag_error(&c->diag, c->graph->loc, "--selftest needs a test block, but there is none");
		return false;
	}
	return true;
}

/* The command line as the output states it: what the output depends on, and no directories, which differ from
 * machine to machine. */
static const char *
command_text(struct arena *a, const struct options *o)
{
	static const char *const modes[] = {
		[WEIGHTS_INLINE] = "", [WEIGHTS_SPLIT] = " --weights=split", [WEIGHTS_BIN] = " --weights=bin"
	};
	const char *s = arena_printf(a, "netc build %s%s%s%s", path_base(o->files[0]), modes[o->weights],
		o->main ? " --main" : "", o->selftest ? " --selftest" : "");

	if (o->prefix)
		s = arena_printf(a, "%s --prefix=%s", s, o->prefix);
	if (o->sema.network)
		s = arena_printf(a, "%s --network=%s", s, o->sema.network);
	if (o->sema.random_weights)
		s = arena_printf(a, "%s --random-weights=%llu", s, (unsigned long long)o->sema.seed);
	return s;
}

static void
list_files(const struct options *o, const char *prefix)
{
	const struct { bool written; const char *suffix; } files[] = {
		{ true, ".h" }, { true, ".c" },
		{ o->weights == WEIGHTS_SPLIT, "_weights.h" }, { o->weights == WEIGHTS_SPLIT, "_weights.c" },
		{ o->weights == WEIGHTS_BIN, ".bin" }, { o->main, "_main.c" },
		{ o->selftest, "_selftest.h" }, { o->selftest, "_selftest.c" },
	};

	printf("wrote");
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (files[i].written)
			printf(" %s/%s%s", o->out_dir, prefix, files[i].suffix);
	putchar('\n');
}

static bool
write_files(struct compilation *c, const struct options *o, const char *prefix)
{
	struct emit_opts opts = {
		.weights = o->weights, .main = o->main, .selftest = o->selftest, .prefix = prefix,
		.command = command_text(&c->ir, o), .source = path_base(o->files[0])
	};
	struct outputs *out = outputs_new(&c->ir);
	const char *why;

	progress_step("writing C");
	if (outputs_mkdir(out, o->out_dir))
		emit_program(out, o->out_dir, c->program, &c->diag, &opts);
	why = outputs_commit(out);
	if (why)
		compile_output_error(c, why);
	return !why;
}

int
cmd_build(const struct options *o)
{
	struct compilation c;
	const char *prefix;
	bool stopped;

	compilation_init(&c, stderr);
	compilation_options(&c, o);
	if (!o->quiet)
		progress_start();
	if (!compile_file(&c, o, &stopped) || stopped)
		return compilation_end(&c, EXIT_OK);
	prefix = emit_prefix(&c.ir, o->prefix ? o->prefix : c.graph->name);
	if (check_prefix(&c, prefix) && (!o->selftest || check_selftest(&c)) && write_files(&c, o, prefix)) {
		progress_end();
		if (!o->quiet && isatty(STDOUT_FILENO))
			list_files(o, prefix);
	}
	return compilation_end(&c, EXIT_OK);
}
