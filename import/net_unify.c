/* Statements that are alike, as one: where their texts agree, they stay; where not, the value becomes a parameter. */
#include <config.h>
#include <stdlib.h>
#include <string.h>
#include "import/net.h"

/* A statement's columns apart from its words: the variable, brackets, the shape behind it. */
enum { LINE_WIDTH = 30 };

int64_t
net_width(const struct net_item *it)
{
	int64_t width = LINE_WIDTH + 4 * it->nin;

	for (int k = it->nextra; k < it->nnodes; k++)
		width += (int64_t)strlen(op_info[it->nodes[k]->op].name) + 6;
	for (int i = 0; i < it->nfields; i++) {
		const struct net_field *f = &it->fields[i];

		if (f->form[0] && *f->form[0])
			width += (int64_t)strlen(f->form[0]) + (f->key ? (int64_t)strlen(f->key) + 5 : 2);
	}
	return width;
}

name
net_spelled(const struct net_field *f)
{
	for (int i = 0; i < NET_FORMS && f->form[i]; i++)
		if (*f->form[i])
			return f->form[i];
	die("'%s' cannot be written", f->key ? f->key : "a constant");
}

static bool
has_form(const struct net_field *f, name form)
{
	for (int i = 0; i < NET_FORMS && f->form[i]; i++)
		if (f->form[i] == form)
			return true;
	return false;
}

/* One field of the statements that are unified. */
struct column {
	struct net_item *const *const *runs;
	size_t n;
	int item, field;
};

static const struct net_field *
field_at(const struct column *c, size_t run)
{
	return &c->runs[run][c->item]->fields[c->field];
}

/* The first form that all have; NULL: none. */
static name
common_form(const struct column *c)
{
	const struct net_field *first = field_at(c, 0);

	for (int i = 0; i < NET_FORMS && first->form[i]; i++) {
		size_t run = 1;

		while (run < c->n && has_form(field_at(c, run), first->form[i]))
			run++;
		if (run == c->n)
			return first->form[i];
	}
	return NULL;
}

/* ---- numbers of channels ---- */

static bool
counts_channels(const struct net_field *f)
{
	return f->key && (strcmp(f->key, "out") == 0 || strcmp(f->key, "groups") == 0);
}

/* How many times OF the value VALUE is, -N for 1/N; 0: neither. */
static long
ratio_of(long value, long of)
{
	if (of > 0 && value > 0 && value % of == 0)
		return value / of;
	return of > 0 && value > 0 && of % value == 0 ? -(of / value) : 0;
}

/* What the statement reads first; with AT its first stage must be the field's.  NULL: a constant, or nothing with channels. */
static const struct tensor *
first_read(const struct net_item *it, const struct net_field *at)
{
	const struct tensor *x = it->nin > 0 && (!at || (it->kind == NET_PIPE && at->stage == it->nextra)) ? it->in[0] : NULL;

	return x && x->shape.rank > 0 ? x : NULL;
}

/* The ratio of each value to the channels of what its run (else, with OWN, its stage) reads first, where it is the same everywhere; else 0. */
static long
ratio_to_input(const struct column *c, bool own)
{
	long ratio = 0;

	for (size_t run = 0; run < c->n; run++) {
		const struct net_field *f = field_at(c, run);
		const struct tensor *x = own ? first_read(c->runs[run][c->item], f) : first_read(c->runs[run][0], NULL);
		long one = x ? ratio_of(strtol(net_spelled(f), NULL, 10), x->shape.dim[x->shape.rank - 1]) : 0;

		if (one == 0 || (run > 0 && one != ratio))
			return 0;
		ratio = one;
	}
	return ratio;
}

static long
ratio_to_param(const struct column *c, const struct net_param *p)
{
	long ratio = 0;

	if (!counts_channels(field_at(c, 0)) || !p->key || strcmp(p->key, "out") != 0)
		return 0;
	for (size_t run = 0; run < c->n; run++) {
		long one = ratio_of(strtol(net_spelled(field_at(c, run)), NULL, 10), strtol(p->value[run], NULL, 10));

		if (one == 0 || (run > 0 && one != ratio))
			return 0;
		ratio = one;
	}
	return ratio;
}

/* ---- parameters ---- */

static bool
has_values(const struct column *c, const struct net_param *p)
{
	const char *key = field_at(c, 0)->key;

	if (!key || !p->key || strcmp(key, p->key) != 0)
		return false;
	for (size_t run = 0; run < c->n; run++)
		if (p->value[run] != net_spelled(field_at(c, run)))
			return false;
	return true;
}

/* A parameter that there is already and that gives the field; NULL: none. */
static struct net_param *
find_param(const struct column *c, const struct net_unified *u, struct net_field *f)
{
	for (size_t i = 0; i < u->params.n; i++)
		if (has_values(c, u->params.v[i])) {
			f->ratio = 1;
			return u->params.v[i];
		}
	for (size_t i = 0; i < u->params.n; i++) {
		f->ratio = (int)ratio_to_param(c, u->params.v[i]);
		if (f->ratio)
			return u->params.v[i];
	}
	return NULL;
}

static struct net_param *
new_param(struct arena *a, const struct column *c, struct net_unified *u)
{
	struct net_param *p = ARENA_NEW(a, struct net_param);

	*p = (struct net_param){ .key = field_at(c, 0)->key, .item = c->item, .value = ARENA_ARRAY(a, name, c->n) };
	for (size_t run = 0; run < c->n; run++)
		p->value[run] = net_spelled(field_at(c, run));
	ARRAY_PUSH(a, u->params, p);
	return p;
}

/* Two runs may agree in a ratio by chance. */
static bool
is_telling(long ratio, size_t n)
{
	return ratio == 1 || (ratio != 0 && n > 2);
}

/* The value whose channels the field counts, by the simplest ratio. */
static void
find_channels(const struct column *c, struct net_field *f)
{
	long first = counts_channels(f) ? ratio_to_input(c, false) : 0, own = counts_channels(f) ? ratio_to_input(c, true) : 0;
	bool by_own = own == 1 && first != 1;

	if (!is_telling(first, c->n) && is_telling(own, c->n))
		by_own = true;
	f->ratio = (int)(by_own ? own : first);
	if (is_telling(f->ratio, c->n))
		f->channels = by_own ? first_read(c->runs[0][c->item], f) : first_read(c->runs[0][0], NULL);
}

static void
unify_field(struct arena *a, const struct column *c, struct net_unified *u)
{
	struct net_field f = *field_at(c, 0);
	name form = common_form(c);

	memset(f.form, 0, sizeof f.form);
	f.form[0] = form;
	if (!form)
		f.param = find_param(c, u, &f);
	if (!form && !f.param)
		find_channels(c, &f);
	if (!form && !f.param && !f.channels) {
		f.param = new_param(a, c, u);
		f.ratio = 1;
	}
	ARRAY_PUSH(a, u->fields, f);
}

void
net_unify(struct arena *a, struct net_item *const *const *runs, size_t n, size_t length, struct net_unified *u)
{
	*u = (struct net_unified){ 0 };
	for (size_t j = 0; j < length; j++)
		for (int f = 0; f < runs[0][j]->nfields; f++) {
			struct column c = { runs, n, (int)j, f };

			unify_field(a, &c, u);
		}
}
