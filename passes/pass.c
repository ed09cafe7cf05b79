/* The runner: each pass of passes.def in order, then the verifier, then a dump if asked. */
#include <config.h>
#include <string.h>
#include "passes/pass.h"

const struct pass passes[PASS_COUNT] = {
#define PASS(fn, text, help) { text, help, pass_##fn },
#include "passes/passes.def"
#undef PASS
};

/* The stage before the first pass, for dumps. */
static const char built[] = "build";

static bool
same_name(const char *s, size_t len, const char *stage)
{
	return strlen(stage) == len && !memcmp(s, stage, len);
}

static bool
is_stage(const char *s, size_t len)
{
	int i;

	if (same_name(s, len, built))
		return true;
	for (i = 0; i < PASS_COUNT; i++)
		if (same_name(s, len, passes[i].name))
			return true;
	return false;
}

/* Whether the comma-separated LIST names STAGE. */
static bool
list_names(const char *list, const char *stage)
{
	size_t len;

	for (; list; list = list[len] ? list + len + 1 : NULL) {
		len = strcspn(list, ",");
		if (same_name(list, len, stage) || same_name(list, len, "all"))
			return true;
	}
	return false;
}

const char *
passes_unknown(const struct pass_ctx *ctx)
{
	const char *s = ctx->dump_after;
	size_t len;

	for (; s; s = s[len] ? s + len + 1 : NULL) {
		len = strcspn(s, ",");
		if (!is_stage(s, len) && !same_name(s, len, "all"))
			return arena_strndup(ctx->scratch, s, len);
	}
	s = ctx->stop_after;
	return s && !is_stage(s, strlen(s)) ? s : NULL;
}

/* Verify and dump; true when STAGE is the last to run. */
static bool
end_stage(struct graph *g, const struct pass_ctx *ctx, const char *stage)
{
	graph_verify(g, stage);
	if (list_names(ctx->dump_after, stage)) {
		fprintf(ctx->dump, "# after %s\n", stage);
		graph_print(ctx->dump, g, &ctx->print);
	}
	return ctx->stop_after && !strcmp(ctx->stop_after, stage);
}

bool
passes_run_some(struct graph *g, struct pass_ctx *ctx, enum pass_id first, enum pass_id end, bool *stopped)
{
	*stopped = first == 0 && end_stage(g, ctx, built);
	for (enum pass_id i = first; i < end && !*stopped; i++) {
		bool ok = passes[i].run(g, ctx);

		arena_free(ctx->scratch);
		if (!ok)
			return false;
		*stopped = end_stage(g, ctx, passes[i].name);
	}
	return true;
}

bool
passes_run(struct graph *g, struct pass_ctx *ctx, bool *stopped)
{
	return passes_run_some(g, ctx, 0, PASS_COUNT, stopped);
}
