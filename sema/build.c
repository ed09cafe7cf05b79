/* Syntax tree -> graph, in order: the files and what they define, the network expanded into operations, then what speaks
 * of the finished graph (schedules, tests), then warnings.  An error anywhere leaves an error value behind and the work goes
 * on, so that a run reports all it can find. */
#include <config.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "sema/build.h"

/* ---- diagnostics ---- */

bool
sema_explains(const struct sema *s)
{
	return !s->muted && !s->diag->suppress_notes;
}

static const char *
format(struct sema *s, const char *fmt, va_list ap)
{
	va_list again;

	va_copy(again, ap);
	size_t size = (size_t)vsnprintf(NULL, 0, fmt, again) + 1;
	va_end(again);
	char *text = arena_alloc(s->arena, size);
	vsnprintf(text, size, fmt, ap);
	return text;
}

/* Where the block that an error is in was called from. */
static void
trace_calls(struct sema *s)
{
	int n = 0;

	for (const struct frame *f = s->frame; f && f->block; f = f->up) {
		if (++n > TRACE_MAX)
			continue;
		sema_note(s, f->call, "block '%s' is called here as '%.*s'", f->block->name,
			*f->prefix ? (int)strlen(f->prefix) - 1 : 0, f->prefix);
	}
	if (n > TRACE_MAX)
		sema_note(s, s->network->name_loc, "within %d more calls", n - TRACE_MAX);
}

void
sema_error(struct sema *s, struct loc loc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const char *text = format(s, fmt, ap);
	va_end(ap);
	name key = intern_printf(s->names, "%u %s", loc.start, text);
	s->muted = map_get(s->reported, key) != NULL;
	if (s->muted)
		return;
	map_put(s->reported, key, s);
	diag_error(s->diag, loc, "%s", text);
	if (!s->no_trace)
		trace_calls(s);
}

void
sema_note(struct sema *s, struct loc loc, const char *fmt, ...)
{
	va_list ap;

	if (!sema_explains(s))
		return;
	va_start(ap, fmt);
	diag_note(s->diag, loc, "%s", format(s, fmt, ap));
	va_end(ap);
}

void
sema_suggest(struct sema *s, struct loc loc, const char *word, const char *const *candidates, size_t n)
{
	const char *best = sema_explains(s) ? diag_suggest(word, candidates, n) : NULL;

	if (best)
		sema_note(s, loc, "did you mean '%s'?", best);
}

/* ---- the network ---- */

static const struct ast_item *
choose_network(struct sema *s)
{
	const char *wanted = s->ctx->opts->network;
	ARRAY(const char *) names = { 0 };

	for (size_t i = 0; i < s->networks.n; i++) {
		const struct ast_item *item = s->networks.v[i];

		for (size_t k = 0; k < names.n; k++)
			if (strcmp(names.v[k], item->name) == 0) {
				sema_error(s, item->name_loc, "network '%s' is defined twice", item->name);
				return NULL;
			}
		ARRAY_PUSH(s->arena, names, item->name);
	}
	struct loc start = { s->main->source->base, s->main->source->base };
	if (names.n == 0) {
		sema_error(s, start, "the file has no network");
		return NULL;
	}
	for (size_t i = 0; i < names.n && wanted; i++)
		if (strcmp(names.v[i], wanted) == 0)
			return s->networks.v[i];
	if (wanted) {
		sema_error(s, start, "the file has no network '%s'", wanted);
		sema_suggest(s, start, wanted, names.v, names.n);
		return NULL;
	}
	if (names.n == 1)
		return s->networks.v[0];
	sema_error(s, s->networks.v[1]->name_loc, "the file has %zu networks: choose one with --network", names.n);
	for (size_t i = 0; i < names.n; i++)
		sema_note(s, s->networks.v[i]->name_loc, "--network %s", names.v[i]);
	return NULL;
}

static void
check_ends(struct sema *s)
{
	if (!s->has_input)
		sema_error(s, s->network->name_loc, "network '%s' has no input", s->network->name);
	if (!s->has_output)
		sema_error(s, s->network->name_loc, "network '%s' has no output", s->network->name);
}

static void
init(struct sema *s, struct sema_ctx *ctx, const struct ast_file *file)
{
	*s = (struct sema){ .ctx = ctx, .arena = ctx->arena, .names = ctx->names, .diag = ctx->diag, .main = file };
	s->loaded = map_new(s->arena);
	s->blocks = map_new(s->arena);
	s->paths = map_new(s->arena);
	s->usages = map_new(s->arena);
	s->reported = map_new(s->arena);
	s->outputs = map_new(s->arena);
	s->npy = map_new(s->arena);
	s->arranged = map_new(s->arena);
	s->constants = map_new(s->arena);
	s->last_usage = &s->first_usage;
	s->last_weights = &ctx->files;
	s->word_weights = intern(s->names, "weights");
	s->max_nodes = ctx->opts->max_nodes > 0 ? ctx->opts->max_nodes : NODES_MAX;
	ctx->files = NULL;
}

static const char *
real_path(struct sema *s, const char *path)
{
	char real[PATH_MAX];

	return arena_strdup(s->arena, realpath(path, real) ? real : path);
}

struct graph *
sema_build(struct sema_ctx *ctx, const struct ast_file *file)
{
	struct sema sema, *s = &sema;
	int before = ctx->diag->errors;

	init(s, ctx, file);
	load_file(s, file, real_path(s, file->source->path), NULL, LOC_NONE);
	s->network = choose_network(s);
	if (!s->network)
		return NULL;
	source_open(s);
	s->graph = graph_new(s->arena, s->names, s->network->name);
	s->graph->loc = s->network->loc;
	expand_network(s, s->network);
	s->incomplete = ctx->diag->errors > before;
	if (!s->stopped) {
		check_ends(s);
		schedule_all(s);
		test_all(s);
	}
	if (ctx->diag->errors > before)
		return NULL;
	scope_warn_unused(s);
	unused_items(s);
	source_warn_unused(s);
	graph_tidy(s->graph);
	return s->graph;
}

void
sema_close(struct sema_ctx *ctx)
{
	for (struct weights_opened *o = ctx->files; o; o = o->next)
		weight_file_close(&o->file);
	ctx->files = NULL;
}
