/* Plans, classes and limits in words. */
#include <config.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include "chips/blocks.h"
#include "chips/runs.h"
#include "chips/search.h"

/* A text that grows in the arena; pieces are few. */
struct words { struct arena *arena; const char *s; };

static void __attribute__((format(printf, 2, 3)))
say(struct words *w, const char *fmt, ...)
{
	va_list ap;
	const char *more;

	va_start(ap, fmt);
	more = arena_vprintf(w->arena, fmt, ap);
	va_end(ap);
	w->s = arena_printf(w->arena, "%s%s%s", w->s, *w->s && *more != ',' ? "; " : "", more);
}

static bool
all_alike(const struct parts *p)
{
	for (int i = 1; i < p->n; i++)
		if (p->size[i] != p->size[0])
			return false;
	return true;
}

/* "4 x 512", "3 (512 + 512 + 16)", of many the number alone. */
static const char *
parts_text(struct arena *a, const struct parts *p)
{
	const char *s;

	if (all_alike(p))
		return arena_printf(a, "%d x %d", p->n, p->size[0]);
	if (p->n > 4)
		return arena_printf(a, "%d (%d ... %d)", p->n, p->size[0], p->size[p->n - 1]);
	s = arena_printf(a, "%d (%d", p->n, p->size[0]);
	for (int i = 1; i < p->n; i++)
		s = arena_printf(a, "%s + %d", s, p->size[i]);
	return arena_printf(a, "%s)", s);
}

static void
say_fill(struct words *t, const struct work *w, const struct plan *p)
{
	const char *each = p->pad_each ? " each" : "";

	if (p->pad_in && !w->channelwise)
		say(t, "in filled to %d%s", p->pad_in, each);
	if (p->pad_out)
		say(t, "%s filled to %d%s", w->channelwise ? "channels" : "out", p->pad_out, each);
}

const char *
plan_text(const struct work *w, const struct plan *p)
{
	struct words t = { w->arena, "" };

	if (p->how == PLAN_DOT)
		return "dot products";
	if (p->how == PLAN_BLOCK)
		return block_takes_all(p->unit) ? arena_printf(w->arena, "all channels of up to %d windows", block_rows(p->unit))
			: arena_printf(w->arena, "blocks of %d x %d", block_most(p->unit, VAR_ROWS), block_most(p->unit, VAR_OUT));
	if (p->groups > 1)
		say(&t, "groups %d", p->groups);
	if (p->rows.n > 1)
		say(&t, "rows %s", parts_text(t.arena, &p->rows));
	if (p->out.n > 1)
		say(&t, "split-out %s", parts_text(t.arena, &p->out));
	if (p->in.n > 1) {
		say(&t, "split-sum %s", parts_text(t.arena, &p->in));
		say(&t, ", %s %s", dtype_info[p->partial].name, p->tree ? "tree" : "chain");
	} else if (w->summing != SUM_NONE && p->why) {
		say(&t, "split-sum, %s %s", dtype_info[p->partial].name, p->tree ? "tree" : "chain");
	}
	say_fill(&t, w, p);
	if (p->pad_copy)
		say(&t, "padding copied");
	if (p->fold_zero)
		say(&t, "zero point folded");
	if (p->bias_after)
		say(&t, "bias after");
	if (p->act_after)
		say(&t, "activation after");
	if (p->requant_cpu && !p->tree)
		say(&t, "rescaled after");
	if (p->how == PLAN_PORTABLE)
		return *t.s ? arena_printf(t.arena, "portable C; %s", t.s) : "portable C";
	return *t.s ? t.s : "as it is";
}

const char *
plan_class_text(struct arena *a, const struct plan *p)
{
	const char *s = annot_class_names[p->class];

	if (p->class == CLASS_BOUNDED)
		return arena_printf(a, "%s(%g)", s, p->bound);
	if (p->class == CLASS_LOSSY && p->bound > 0)
		return arena_printf(a, "%s(%.1f dB)", s, p->bound);
	if (p->class == CLASS_EXACT && p->bound > 0)
		return arena_printf(a, "%s(f32 %.1e)", s, p->bound);
	return s;
}

/* ---- limits ---- */

static const char *
bytes_text(struct arena *a, const struct chip_limit *l, const struct chip_vars *v)
{
	const char *s = "";

	for (int o = 0; o < OPERAND_COUNT; o++)
		if (l->operands >> o & 1)
			s = arena_printf(a, "%s%sbytes(%s) = %" PRId64, s, *s ? ", " : "", chip_operand_names[o], v->bytes[o]);
	for (int i = 0; i < VAR_COUNT; i++)
		if (l->vars >> i & 1)
			s = arena_printf(a, "%s%s%s = %" PRId64, s, *s ? ", " : "", chip_var_info[i].name, v->v[i]);
	return s;
}

const char *
chip_limit_found(struct arena *a, const struct chip_limit *l, const struct chip_vars *v)
{
	switch (l->kind) {
	case LIMIT_SET:
		return arena_printf(a, "%s = %" PRId64, chip_var_info[l->var].name, v->v[l->var]);
	case LIMIT_PAIR:
		return arena_printf(a, "%s x %s = %" PRId64 "x%" PRId64, chip_var_info[l->var].name, chip_var_info[l->var2].name, v->v[l->var],
			v->v[l->var2]);
	case LIMIT_WHERE:
		return arena_printf(a, "%s", bytes_text(a, l, v));
	case LIMIT_TYPE:        return "takes no such element types";
	case LIMIT_ACTIVATION:  return "has no such activation";
	case LIMIT_ZERO_POINT:  return "takes no such zero points";
	case LIMIT_PADDING:     return "pads otherwise";
	case LIMIT_PER_CHANNEL: return "takes no scale per channel";
	case LIMIT_ACCUMULATOR: return "has too small an accumulator for the sums";
	case LIMIT_BIAS:        return "takes no such bias";
	case LIMIT_PARTIAL:     return "takes no such partial sums";
	case LIMIT_REQUANT:     return "has no such scale";
	case LIMIT_LAYOUT:      return "takes no such layout";
	}
	return "";
}
