#include <config.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include "backend/emit.h"
#include "driver/plans.h"
#include "support/file.h"

const char *const plan_status_names[STATUS_COUNT + 1] = {
	[STATUS_FITS] = "fits", [STATUS_DECOMPOSED] = "decomposed", [STATUS_DOT] = "dot", [STATUS_PORTABLE] = "portable",
	[STATUS_IMPOSSIBLE] = "impossible", [STATUS_FOLDED] = "folded"
};

enum plan_status
plan_status(const struct layer_plan *p)
{
	if (p->plan.why)
		return STATUS_IMPOSSIBLE;
	if (p->plan.how == PLAN_NONE)
		return STATUS_FOLDED;
	if (p->plan.how == PLAN_DOT)
		return STATUS_DOT;
	if (p->plan.how == PLAN_PORTABLE)
		return STATUS_PORTABLE;
	return p->broken || strcmp(p->plan.text, "as it is") != 0 ? STATUS_DECOMPOSED : STATUS_FITS;
}

static void
take_worse(struct plan *worst, const struct plan *p)
{
	if (p->class > worst->class) {
		worst->class = p->class;
		worst->bound = p->bound;
	} else if (p->class == worst->class && (p->class == CLASS_LOSSY ? p->bound < worst->bound : p->bound > worst->bound)) {
		worst->bound = p->bound;
	}
}

struct plan_sums
plan_sums(const struct layer_plan *p)
{
	struct plan_sums s = { .worst.class = CLASS_EXACT };

	for (; p; p = p->next) {
		enum plan_status status = plan_status(p);

		if (status == STATUS_FOLDED)
			continue;
		s.layers[status]++;
		if (status == STATUS_IMPOSSIBLE)
			continue;
		s.calls += p->plan.calls;
		s.bytes += p->plan.bytes;
		s.copies += p->plan.copies;
		s.cycles += p->plan.cycles;
		s.portable_cycles += p->plan.portable_cycles;
		s.scratch = p->plan.scratch > s.scratch ? p->plan.scratch : s.scratch;
		take_worse(&s.worst, &p->plan);
	}
	return s;
}

void
plans_print(struct compilation *c, const struct layer_plan *p, const char *title)
{
	for (; p; p = p->next) {
		if (strcmp(p->plan.text, "as it is") == 0 || strcmp(p->plan.text, "portable C") == 0)
			continue;
		printf("%s%s (%s): %s\n", title, p->layer, plan_class_text(&c->ir, &p->plan), p->plan.text);
		title = "";
	}
}

const char *
plan_place(struct compilation *c, struct loc loc)
{
	const struct source *s = diag_source(&c->diag, loc);
	int line, column;

	if (!s)
		return "";
	diag_position(&c->diag, loc, &line, &column);
	return arena_printf(&c->ir, "%s:%d", path_base(s->path), line);
}

/* A condition without its words; any other limit as it is written. */
static const char *
limit_text(struct arena *a, const struct chip_limit *limit)
{
	static const char where[] = "where ";
	const char *s = limit->source, *end = limit->kind == LIMIT_WHERE ? strstr(s, " : \"") : NULL;

	if (!end)
		return s;
	if (strncmp(s, where, sizeof where - 1) == 0)
		s += sizeof where - 1;
	return arena_strndup(a, s, (size_t)(end - s));
}

const char *
plan_broken(struct compilation *c, const char *found, const struct chip_limit *limit)
{
	bool number = limit && (limit->kind == LIMIT_SET || limit->kind == LIMIT_PAIR || limit->kind == LIMIT_WHERE);

	if (!limit)
		return found;
	return arena_printf(&c->ir, "%s%s%s (%s)", found, number ? " breaks " : ": ", limit_text(&c->ir, limit), plan_place(c, limit->loc));
}

const char *
plan_cycles(struct arena *a, double cycles)
{
	return cycles < 9e18 ? table_count(a, (int64_t)llround(cycles)) : arena_printf(a, "%g", cycles);
}

/* ---- JSON ---- */

void
json_put(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) != 0)
		die("json: cannot set '%s'", key);
}

json_t *
json_text(const char *s)
{
	json_t *j = json_string(s);

	return j ? j : json_string("?"); /* not UTF-8 */
}

static void
put_parts(json_t *j, const char *key, const struct parts *p)
{
	json_t *a;

	if (p->n <= 1)
		return;
	a = json_array();
	for (int i = 0; i < p->n; i++)
		json_array_append_new(a, json_integer(p->size[i]));
	json_put(j, key, a);
}

json_t *
limit_json(struct compilation *c, const char *found, const struct chip_limit *limit)
{
	const struct source *s = limit ? diag_source(&c->diag, limit->loc) : NULL;
	json_t *j = json_object();
	int line, column;

	json_put(j, "found", json_text(found));
	if (s) {
		diag_position(&c->diag, limit->loc, &line, &column);
		json_put(j, "limit", json_text(limit->source));
		json_put(j, "file", json_text(path_base(s->path)));
		json_put(j, "line", json_integer(line));
		if (limit->message)
			json_put(j, "message", json_text(limit->message));
	}
	return j;
}

json_t *
plan_json(struct compilation *c, const struct plan *p)
{
	json_t *j = json_object();

	json_put(j, "how", json_text(p->text));
	json_put(j, "unit", p->unit ? json_text(p->unit->title) : json_null());
	if (p->why) {
		json_put(j, "impossible", limit_json(c, p->why, p->limit));
		return j;
	}
	json_put(j, "class", json_string(annot_class_names[p->class]));
	if (p->class == CLASS_BOUNDED || p->class == CLASS_LOSSY)
		json_put(j, "bound", json_real(p->bound));
	json_put(j, "calls", json_integer(p->calls));
	json_put(j, "cycles", json_integer(llround(p->cycles)));
	json_put(j, "portable_cycles", json_integer(llround(p->portable_cycles)));
	json_put(j, "bytes", json_integer(p->bytes));
	json_put(j, "copies", json_integer(p->copies));
	json_put(j, "scratch", json_integer(p->scratch));
	if (p->groups > 1)
		json_put(j, "groups", json_integer(p->groups));
	put_parts(j, "rows", &p->rows);
	put_parts(j, "out", &p->out);
	put_parts(j, "in", &p->in);
	return j;
}

void
json_print(json_t *j)
{
	json_dumpf(j, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
	putchar('\n');
	json_decref(j);
}

/* ---- up to the decisions ---- */

bool
compile_for_survey(struct compilation *c, const struct options *o, const char *chip_path, struct pass_ctx *ctx)
{
	bool stopped;

	*ctx = (struct pass_ctx){ .diag = &c->diag, .scratch = &c->pass, .dump = stdout, .stop_after = passes[PASS_legalise - 1].name };
	ctx->allow = o->allow;
	if (!compile_parse(c, o->files[0], o->trace_parse))
		return false;
	c->chip = ctx->chip = compile_chip(c, chip_path, o->trace_parse);
	if (!c->chip || !compile_build(c, &o->sema))
		return false;
	return compile_passes(c, ctx, &stopped) && c->diag.errors == 0;
}
