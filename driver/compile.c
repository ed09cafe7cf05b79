#include <config.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "chips/chip.h"
#include "driver/compile.h"
#include "driver/progress.h"
#include "driver/ram.h"

void
compilation_init(struct compilation *c, FILE *err)
{
	memset(c, 0, sizeof *c);
	c->names = intern_new(&c->source);
	diag_init(&c->diag, &c->source, err);
}

static bool
wants_colour(enum when when)
{
	const char *term = getenv("TERM"), *no = getenv("NO_COLOR");

	if (when == WHEN_AUTO)
		return isatty(STDERR_FILENO) && !(no && *no) && term && strcmp(term, "dumb") != 0;
	return when == WHEN_ALWAYS;
}

void
compilation_options(struct compilation *c, const struct options *o)
{
	c->options = o;
	c->diag.colour = wants_colour(o->colour);
	c->diag.werror = o->werror;
	if (o->max_errors >= 0)
		c->diag.limit = o->max_errors;
	memcpy(c->diag.off, o->warn_off, sizeof c->diag.off);
	memcpy(c->diag.fatal, o->warn_fatal, sizeof c->diag.fatal);
}

const struct source *
compile_source(struct compilation *c, const char *path)
{
	const struct source *source;
	const char *text, *why;
	size_t len;

	progress_step("reading");
	why = file_read(&c->source, path, &text, &len);
	if (why) {
		diag_error(&c->diag, LOC_NONE, "cannot read '%s': %s", path, why);
		return NULL;
	}
	source = diag_add_source(&c->diag, strcmp(path, "-") == 0 ? "<stdin>" : path, text, len);
	if (!source)
		diag_error(&c->diag, LOC_NONE, "'%s' is too large: all sources together may have 2 GiB", path);
	return source;
}

bool
compile_parse(struct compilation *c, const char *path, bool trace)
{
	struct parse_ctx ctx = { .arena = &c->source, .names = c->names, .diag = &c->diag, .trace = trace };
	const struct source *source = compile_source(c, path);

	if (source)
		c->ast = parse_source(&ctx, source);
	return source && c->diag.errors == 0;
}

bool
compile_parse_chip(struct compilation *c, const char *path, bool trace)
{
	struct parse_ctx ctx = { .arena = &c->source, .names = c->names, .diag = &c->diag, .trace = trace };
	const struct source *source = compile_source(c, path);

	if (source)
		c->chip_ast = parse_chip(&ctx, source);
	return source && c->diag.errors == 0;
}

struct chip *
compile_chip(struct compilation *c, const char *path, bool trace)
{
	return compile_parse_chip(c, path, trace) ? chip_read(&c->ir, c->names, &c->diag, c->chip_ast, path) : NULL;
}

bool
compile_build(struct compilation *c, const struct sema_opts *opts)
{
	progress_step("building the graph");
	c->sema = (struct sema_ctx){ .arena = &c->ir, .names = c->names, .diag = &c->diag, .opts = opts };
	c->graph = sema_build(&c->sema, c->ast);
	return c->graph && c->diag.errors == 0;
}

bool
compile_passes(struct compilation *c, struct pass_ctx *ctx, bool *stopped)
{
	progress_step("running the passes");
	return passes_run(c->graph, ctx, stopped);
}

/* The graph lowered and its arena planned, with chains that are to keep that at TARGET bytes (INT64_MAX: none); NULL after reporting errors. */
static struct program *
plan(struct compilation *c, enum io_mode io, int64_t target)
{
	struct program *p = program_lower(&c->ir, c->graph, &c->diag, io);

	if (!p || !ram_limit_memories(c, p))
		return NULL;
	if (target < INT64_MAX)
		program_stream(p, target);
	program_plan(p);
	program_verify(p);
	return p;
}

struct program *
compile_smallest(struct compilation *c, enum io_mode io, bool stream)
{
	struct program *whole, *rows;

	if (stream && c->graph->strips)
		return plan(c, io, 0); /* strips are made to be chains */
	whole = plan(c, io, INT64_MAX);
	rows = whole && stream ? plan(c, io, 0) : NULL;
	return rows && ram_is_less(rows, whole) ? rows : whole;
}

/* Takes P if it exceeds limits by less, or as much and is smaller. */
static void
take_better(struct compilation *c, const struct options *o, struct program *p)
{
	int64_t missing = ram_missing(c->program, o);

	if (ram_missing(p, o) < missing || (ram_missing(p, o) == missing && ram_is_less(p, c->program)))
		c->program = p;
}

/* What is live at once is estimated before arenas are planned, which then may take somewhat more, of several memories each for itself: the
 * target is lowered until limits are kept, and if that cannot be, what takes least is left. Where even chains for the least memory have an
 * eighth more live than there may be, nothing else is tried. */
static bool
keep_limit(struct compilation *c, const struct options *o)
{
	enum { STEPS = 8, ALL = 64, ALL_OF_SEVERAL = 12, CLOSE = 8 };
	int64_t most = ram_there_is(c->program, o);
	int all = program_arenas(c->program) > 1 ? ALL_OF_SEVERAL : ALL;
	struct program *least = NULL;

	for (int i = 0; i < STEPS && ram_missing(c->program, o) > 0; i++) {
		struct program *p = plan(c, o->io, most - most / all * i);

		if (!p)
			return false;
		take_better(c, o, p);
		if (i > 0 || ram_missing(c->program, o) == 0)
			continue;
		least = plan(c, o->io, 0);
		if (!least)
			return false;
		if (least->lower_bound - most > most / CLOSE)
			break;
	}
	if (least && ram_missing(c->program, o) > 0)
		take_better(c, o, least);
	return true;
}

/* An input comes by rows so that it need not be whole, so with --io=stream chains are made unasked unless there is a limit to keep. */
static bool
streams_first(const struct options *o)
{
	return o->stream == STREAM_ON || (o->strips && !o->limits_ram) || (o->stream == STREAM_AUTO && o->io == IO_STREAM && !o->limits_ram);
}

bool
compile_lower(struct compilation *c, const struct options *o)
{
	progress_step("planning memory");
	c->program = o->stream == STREAM_ALL ? plan(c, o->io, STREAM_EVERYWHERE) : compile_smallest(c, o->io, streams_first(o));
	if (!c->program)
		return false;
	return o->stream != STREAM_AUTO || keep_limit(c, o);
}

bool
compile_file(struct compilation *c, const struct options *o, bool *stopped)
{
	struct pass_ctx ctx = {
		.diag = &c->diag, .scratch = &c->pass, .dump = stdout, .dump_after = o->dump_ir, .stop_after = o->stop_after,
		.print = { .elide = 64 }, .verify = o->verify, .allow = o->allow
	};

	*stopped = false;
	if (!compile_parse(c, o->files[0], o->trace_parse))
		return false;
	if (o->chip) {
		c->chip = ctx.chip = compile_chip(c, o->chip, o->trace_parse);
		if (!c->chip)
			return false;
	}
	if (!compile_build(c, &o->sema))
		return false;
	if (options_draw(o))
		c->written = graph_clone(&c->ir, c->graph);
	progress_step("running the passes");
	if (!passes_run_some(c->graph, &ctx, 0, PASS_strips, stopped))
		return false;
	if (!*stopped) {
		if (!o->strips && (o->limits_ram || c->chip))
			c->uncut = graph_clone(&c->ir, c->graph);
		ctx.strips = recompute_choose(c, &ctx, o);
		progress_step("running the passes");
		if (!passes_run_some(c->graph, &ctx, PASS_strips, PASS_COUNT, stopped))
			return false;
	}
	if (*stopped)
		return true;
	if (!compile_lower(c, o))
		return false;
	if (o->dump_program)
		program_print(stdout, c->program);
	return ram_fits(c, o);
}

void
compile_output_error(struct compilation *c, const char *why)
{
	progress_end();
	diag_error(&c->diag, LOC_NONE, "%s", why);
}

void
compilation_free(struct compilation *c)
{
	sema_close(&c->sema);
	arena_free(&c->pass);
	arena_free(&c->ir);
	arena_free(&c->source);
}

int
compilation_end(struct compilation *c, int so_far)
{
	int errors = c->diag.errors;

	progress_end();
	diag_finish(&c->diag);
	compilation_free(c);
	return errors ? EXIT_ERROR : so_far;
}
