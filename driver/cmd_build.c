/* netc build: to C. */
#include <config.h>
#include <inttypes.h>
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

	if (o->io != IO_CALLER)
		s = arena_printf(a, "%s --io=%s", s, o->io == IO_ARENA ? "arena" : "stream");
	if (o->stream != STREAM_AUTO)
		s = arena_printf(a, "%s --stream=%s", s, stream_modes[o->stream]);
	if (o->stream == STREAM_AUTO && o->limits_ram)
		s = arena_printf(a, "%s --ram-limit=%" PRId64, s, o->ram_limit);
	for (size_t i = 0; i < o->memory_limits.n; i++)
		s = arena_printf(a, "%s --ram-limit=%s:%" PRId64, s, o->memory_limits.v[i].memory, o->memory_limits.v[i].bytes);
	if (o->package)
		s = arena_printf(a, "%s --package=%s", s, package_names[o->package]);
	if (o->prefix)
		s = arena_printf(a, "%s --prefix=%s", s, o->prefix);
	if (o->sema.network)
		s = arena_printf(a, "%s --network=%s", s, o->sema.network);
	if (o->sema.random_weights)
		s = arena_printf(a, "%s --random-weights=%llu", s, (unsigned long long)o->sema.seed);
	return s;
}

static void
write_files(struct compilation *c, const struct options *o, const char *prefix)
{
	struct emit_opts opts = {
		.weights = o->weights, .main = o->main, .selftest = o->selftest, .package = o->package, .prefix = prefix,
		.command = command_text(&c->ir, o), .source = path_base(o->files[0])
	};
	struct outputs *out = outputs_new(&c->ir);
	const char *why;

	progress_step("writing C");
	emit_program(out, o->out_dir, c->program, &c->diag, &opts);
	why = outputs_commit(out);
	if (why) {
		compile_output_error(c, why);
		return;
	}
	progress_end();
	if (!o->quiet && isatty(STDOUT_FILENO))
		outputs_list(out, stdout);
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
	if (check_prefix(&c, prefix) && (!o->selftest || check_selftest(&c)))
		write_files(&c, o, prefix);
	return compilation_end(&c, EXIT_OK);
}
