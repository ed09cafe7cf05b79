/* The names of layers and of the weights they read (docs/design.md, Names).
 *
 * A path is prefix + local + turns: the prefix of the block call, the name in the block, and "[i]" of each repeat
 * around it.  The name of a layer's weights is the same unless `weights = "..."` replaces the local part. */
#include <config.h>
#include <string.h>
#include "sema/build.h"

struct path_use {
	struct loc loc;
	int next;    /* the number to try for the next automatic name of this base */
};

bool
path_take(struct sema *s, name path, struct loc loc, bool named)
{
	struct path_use *use = map_get(s->paths, path);

	if (use && named) {
		sema_error(s, loc, "the name '%s' is taken", path);
		if (use->loc.start)
			sema_note(s, use->loc, "by this");
	}
	if (use)
		return false;
	s->steps += (int64_t)strlen(path) / STEP_BYTES;
	use = ARENA_NEW(s->arena, struct path_use);
	*use = (struct path_use){ .loc = loc, .next = 2 };
	map_put(s->paths, path, use);
	return true;
}

/* BASE, or BASE_2, BASE_3 ... with TURNS after it: the name of a new layer or block call. */
static const char *
unique(struct sema *s, const char *prefix, const char *base, const char *turns, struct loc loc)
{
	name first = intern_printf(s->names, "%s%s%s", prefix, base, turns);

	if (path_take(s, first, loc, false))
		return arena_printf(s->arena, "%s%s", base, turns);
	struct path_use *use = map_get(s->paths, first);
	for (;;) {
		int n = use->next++;

		if (path_take(s, intern_printf(s->names, "%s%s_%d%s", prefix, base, n, turns), loc, false))
			return arena_printf(s->arena, "%s_%d%s", base, n, turns);
	}
}

name
path_unique(struct sema *s, const char *base)
{
	return intern(s->names, unique(s, "", base, "", LOC_NONE));
}

/* What `as` says. */
const char *
path_of_name(struct sema *s, const struct ast_expr *as, bool *exact)
{
	*exact = as->kind != EXPR_NAME;
	if (as->kind == EXPR_ERROR)
		return NULL;
	if (as->kind == EXPR_NAME)
		return as->u.str.s;
	struct value v = interpolate(s, as);

	if (v.kind == VAL_ERROR)
		return NULL;
	for (size_t i = 0; i < v.u.str.len; i++) {
		unsigned char c = (unsigned char)v.u.str.s[i];

		if (c <= ' ' || c == '"' || c == '\\' || c == 0x7f) {
			sema_error(s, as->loc, "a layer's name cannot hold spaces, quotes, backslashes or control characters");
			return NULL;
		}
	}
	if (v.u.str.len == 0) {
		sema_error(s, as->loc, "a layer's name cannot be empty");
		return NULL;
	}
	return v.u.str.s;
}

static void
make_segment(struct sema *s, struct segment *seg)
{
	const char *turns = seg->exact ? "" : s->frame->turns;

	if (seg->named) {
		seg->local = arena_printf(s->arena, "%s%s", seg->base, turns);
		name path = intern_printf(s->names, "%s%s", s->frame->prefix, seg->local);
		if (path_take(s, path, seg->loc, true))
			return;
	}
	seg->local = unique(s, s->frame->prefix, seg->base, turns, seg->loc);
}

name
path_layer(struct sema *s, const struct place *place, const char *op, const char *prefix, const char **weights)
{
	struct segment *seg = place->seg;
	const char *local;

	if (!seg->local)
		make_segment(s, seg);
	local = seg->local;
	if (!place->main || seg->given)
		local = unique(s, s->frame->prefix, arena_printf(s->arena, "%s.%s", local, op), "", place->loc);
	else
		seg->given = true;
	*weights = arena_printf(s->arena, "%s%s", s->frame->wprefix, prefix ? prefix : local);
	return intern_printf(s->names, "%s%s", s->frame->prefix, local);
}

bool
path_block(struct sema *s, struct frame *inner, const struct ast_item *block, const struct place *place,
	const char *weights)
{
	const char *local;
	bool exact = false;

	if (place->as) {
		const char *base = path_of_name(s, place->as, &exact);

		if (!base)
			return false;
		local = arena_printf(s->arena, "%s%s", base, exact ? "" : s->frame->turns);
		if (!path_take(s, intern_printf(s->names, "%s%s", s->frame->prefix, local), place->as->loc, true))
			return false;
	} else {
		local = unique(s, s->frame->prefix, block->name, s->frame->turns, place->loc);
	}
	inner->prefix = arena_printf(s->arena, "%s%s.", s->frame->prefix, local);
	if (!weights)
		weights = local;
	inner->wprefix = arena_printf(s->arena, "%s%s%s", s->frame->wprefix, weights, *weights ? "." : "");
	return true;
}
