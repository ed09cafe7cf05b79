/* Loops: statements that follow each other and go on from one another, written once.  What differs from turn to turn is in lists. */
#include <config.h>
#include <ctype.h>
#include <string.h>
#include "import/net.h"

/* Whether NEXT is another turn of the loop that begins with FIRST and has IT as a turn: it reads IT's result where IT reads the result of the
 * turn before, or all that the loop begins with, and the same values elsewhere. */
static bool
goes_on(const struct net_item *first, const struct net_item *it, const struct net_item *next)
{
	const struct tensor *begin = NULL;

	if (!next->token || next->token != it->token || next->nin != it->nin || it->nout != 1)
		return false;
	for (int k = 0; k < it->nin; k++) {
		bool carried = next->in[k] == it->out[0];

		if (carried ? begin && first->in[k] != begin : next->in[k] != it->in[k])
			return false;
		if (it != first && carried != (it->in[k] != first->in[k]))
			return false;
		if (carried)
			begin = first->in[k];
	}
	return begin != NULL;
}

size_t
net_loop_length(const struct net_writer *w, size_t start, const size_t *last_read)
{
	struct net_item *const *items = w->top.items.v;
	size_t n = 1;

	while (start + n < w->top.items.n && goes_on(items[start], items[start + n - 1], items[start + n])
			&& last_read[items[start + n - 1]->out[0]->id] == start + n)
		n++;
	return n;
}

/* ---- lists ---- */

static name
upper(struct net_writer *w, const char *key)
{
	char *text = arena_strdup(w->arena, key);

	for (char *p = text; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	return intern(w->names, text);
}

/* The name of the list of KEY's values in the loop called LABEL. */
static name
table_name(struct net_writer *w, const char *key, const char *label)
{
	name text = upper(w, key ? key : "value");

	if (map_get(w->file_names, text))
		text = upper(w, arena_printf(w->arena, "%s_%s", label, text));
	text = net_take(w, w->file_names, text);
	return net_take(w, w->top.taken, text);
}

static void
add_table(struct net_writer *w, struct net_param *p, size_t n, const char *label)
{
	struct net_table *t = ARENA_NEW(w->arena, struct net_table);

	*t = (struct net_table){ .name = table_name(w, p->key, label), .param = p, .n = (int)n };
	p->name = intern_printf(w->names, "%s[%s]", t->name, w->turn);
	*w->last_table = t;
	w->last_table = &t->next;
}

/* ---- the loop ---- */

/* The statement that is written: the first, but it reads its own result of the turn before. */
static struct net_item *
make_turn(struct net_writer *w, struct net_item *const *turns, const struct net_unified *u, const bool *carried)
{
	struct net_item *it = ARENA_NEW(w->arena, struct net_item);

	*it = *turns[0];
	it->fields = u->fields.v;
	it->vars = ARENA_NEW(w->arena, name);
	it->labels = ARENA_NEW(w->arena, name);
	it->in = ARENA_ARRAY(w->arena, struct tensor *, (size_t)it->nin);
	for (int k = 0; k < it->nin; k++) {
		it->in[k] = carried[k] ? it->out[0] : turns[0]->in[k];
		for (int i = 0; i < it->nfields && carried[k]; i++)
			if (it->fields[i].channels == turns[0]->in[k])
				it->fields[i].channels = it->out[0];
	}
	return it;
}

static struct net_item *
new_loop(struct net_writer *w, struct net_item *const *turns, size_t n)
{
	struct net_item *loop = ARENA_NEW(w->arena, struct net_item);

	*loop = *turns[n - 1];
	loop->kind = NET_LOOP;
	loop->token = NULL;
	loop->in = turns[0]->in;
	loop->fields = NULL;
	loop->nfields = 0;
	loop->vars = ARENA_NEW(w->arena, name);
	loop->output = ARENA_NEW(w->arena, bool);
	loop->parts = ARENA_ARRAY(w->arena, struct net_item *, n);
	loop->nparts = (int)n;
	memcpy(loop->parts, turns, n * sizeof *loop->parts);
	loop->carried = ARENA_ARRAY(w->arena, bool, (size_t)loop->nin);
	for (int k = 0; k < loop->nin; k++)
		loop->carried[k] = turns[1]->in[k] == turns[0]->out[0];
	return loop;
}

void
net_make_loop(struct net_writer *w, size_t start, size_t n)
{
	struct net_item **turns = &w->top.items.v[start];
	struct net_item *loop = new_loop(w, turns, n);
	struct net_item *const **runs = ARENA_ARRAY(w->arena, struct net_item *const *, n);
	struct net_unified u;

	for (size_t i = 0; i < n; i++)
		runs[i] = &loop->parts[i];
	net_unify(w->arena, runs, n, 1, &u);
	loop->turn = make_turn(w, loop->parts, &u, loop->carried);
	loop->turn->labels[0] = net_common_label(w, loop->parts, n);
	for (size_t i = 0; i < u.params.n; i++)
		add_table(w, u.params.v[i], n, loop->turn->labels[0]);
	loop->first_turn = u.params.n == 0;
	turns[0] = loop;
	memmove(turns + 1, turns + n, (w->top.items.n - start - n) * sizeof *turns);
	w->top.items.n -= n - 1;
}

/* ---- tensors of the weights file ---- */

/* The name of the tensor that turn K of the loop of TABLE reads; NULL: it is no tensor. */
static name
tensor_name(const struct net_writer *w, const struct net_table *table, int k)
{
	const struct tensor *t = net_marked(w, table->param->value[k]);

	return t ? net_stored_name(w, t) : NULL;
}

/* Names that differ in the turn alone, "scale[0].b", "scale[1].b", as "scale[{i}].b"; NULL: they differ otherwise. */
static name
name_of_turns(const struct net_writer *w, const struct net_table *table)
{
	name first = tensor_name(w, table, 0);
	const char *turn = first ? strstr(first, "[0]") : NULL;

	if (!turn)
		return NULL;
	for (int k = 1; k < table->n; k++) {
		const char *text = arena_printf(w->arena, "%.*s[%d]%s", (int)(turn - first), first, k, turn + 3);
		name other = tensor_name(w, table, k);

		if (!other || strcmp(other, text) != 0)
			return NULL;
	}
	return intern_printf(w->names, "tensor(\"%.*s[{%s}]%s\")", (int)(turn - first), first, w->turn, turn + 3);
}

void
net_spare_tables(struct net_writer *w)
{
	for (struct net_table *t = w->tables; t; t = t->next) {
		name text = name_of_turns(w, t);

		if (text)
			t->param->name = text;
		t->spare = text != NULL;
	}
}
