/* Schedules: annotations for the layers whose paths match a pattern.
 *
 * In a pattern `*` stands for any characters but '.', `**` for any at all; the rest, brackets too, is itself.  What
 * is written on a layer wins; of several entries for one chip the later wins. */
#include <config.h>
#include <string.h>
#include "sema/annot.h"

/* A pattern as a list of steps: a character, or a star that may be crossed any number of times. */
enum { STAR = 256, STAR_STAR = 257 };
struct glob {
	int *step;
	size_t n;
	unsigned char *now, *next; /* n + 1 states each: the steps before this one have matched */
};

static struct glob
glob_make(struct sema *s, const char *text)
{
	struct glob g = { .step = ARENA_ARRAY(s->arena, int, strlen(text) + 1) };

	for (; *text; text++) {
		if (*text != '*') {
			g.step[g.n++] = (unsigned char)*text;
			continue;
		}
		g.step[g.n] = STAR;
		for (; text[1] == '*'; text++)
			g.step[g.n] = STAR_STAR;
		g.n++;
	}
	g.now = arena_alloc(s->arena, g.n + 1);
	g.next = arena_alloc(s->arena, g.n + 1);
	return g;
}

/* A star may match nothing. */
static void
skip_stars(const struct glob *g, unsigned char *states)
{
	for (size_t k = 0; k < g->n; k++)
		if (states[k] && g->step[k] >= STAR)
			states[k + 1] = 1;
}

static bool
glob_match(struct glob *g, const char *text)
{
	memset(g->now, 0, g->n + 1);
	g->now[0] = 1;
	skip_stars(g, g->now);
	for (; *text; text++) {
		unsigned char *old = g->now;

		memset(g->next, 0, g->n + 1);
		for (size_t k = 0; k < g->n; k++) {
			if (!g->now[k])
				continue;
			if (g->step[k] == STAR_STAR || (g->step[k] == STAR && *text != '.'))
				g->next[k] = 1;
			else if (g->step[k] == (unsigned char)*text)
				g->next[k + 1] = 1;
		}
		skip_stars(g, g->next);
		g->now = g->next;
		g->next = old;
	}
	return g->now[g->n];
}

/* Attach a copy of A to N unless the layer has its own. */
static void
attach(struct sema *s, const struct annot *a, struct node *n)
{
	struct annot **at = &n->annots;

	for (; *at; at = &(*at)->next) {
		if ((*at)->kind != a->kind)
			continue;
		if (!(*at)->chip)
			return;
		if ((*at)->chip == a->chip)
			break;
	}
	struct annot *copy = ARENA_NEW(s->arena, struct annot), *rest = *at ? (*at)->next : NULL;
	*copy = *a;
	copy->next = rest;
	*at = copy;
}

struct entry {
	struct sema *s;
	const struct ast_sched *ast;
	struct annot *annots;
	bool exact;        /* no star: the annotations must apply */
	bool matched;
	unsigned applied;  /* kinds, by bit */
	unsigned bad;      /* kinds whose numbers did not fit a layer: reported once */
};

static void
apply(struct entry *e, struct node *n)
{
	e->matched = true;
	for (const struct annot *a = e->annots; a; a = a->next) {
		unsigned bit = 1u << a->kind;

		if (!annot_applies(a, n)) {
			if (e->exact)
				sema_error(e->s, a->loc, "@%s cannot apply to '%s', which is %s", annot_info[a->kind].name, n->name,
					op_info[n->op].name);
			continue;
		}
		e->applied |= bit;
		if (e->bad & bit)
			continue;
		if (annot_fits(e->s, a, n))
			attach(e->s, a, n);
		else
			e->bad |= bit;
	}
}

static void
warn_unmatched(const struct entry *e, const char *pattern)
{
	struct diag *d = e->s->diag;

	if (!e->matched) {
		diag_warning(d, WARN_SCHEDULE_MATCH, e->ast->pattern->loc, "no layer matches \"%s\"", pattern);
		return;
	}
	for (const struct annot *a = e->annots; a && !e->exact; a = a->next)
		if (!(e->applied >> a->kind & 1))
			diag_warning(d, WARN_SCHEDULE_MATCH, a->loc, "@%s applies to none of the layers that match \"%s\"",
				annot_info[a->kind].name, pattern);
}

static void
run_entry(struct sema *s, const struct ast_sched *ast, name chip)
{
	struct value v = eval_const(s, ast->pattern);
	struct entry e = { .s = s, .ast = ast, .annots = annot_read(s, ast->annots, chip) };

	if (v.kind != VAL_STRING)
		return;
	e.exact = !strchr(v.u.str.s, '*');
	if (e.exact) {
		struct tensor *t = graph_find(s->graph, intern(s->names, v.u.str.s));

		if (t && t->producer)
			apply(&e, t->producer);
	} else {
		struct glob g = glob_make(s, v.u.str.s);

		for (struct node *n = s->graph->first; n; n = n->next)
			if (glob_match(&g, n->name))
				apply(&e, n);
	}
	if (s->diag->errors == 0)
		warn_unmatched(&e, v.u.str.s);
}

void
schedule_all(struct sema *s)
{
	for (size_t i = 0; i < s->schedules.n; i++) {
		const struct ast_item *item = s->schedules.v[i];
		name chip = intern(s->names, "");

		if (item->value) {
			struct value v = eval_const(s, item->value);

			if (v.kind == VAL_STRING)
				chip = intern_n(s->names, v.u.str.s, v.u.str.len);
		}
		for (const struct ast_sched *e = item->entries; e; e = e->next)
			run_entry(s, e, chip);
	}
}
