/* What the language will call each layer (docs/language.md, Names), and which constants the weights file holds under which name. */
#include <config.h>
#include <string.h>
#include "import/net.h"

/* TEXT, or TEXT_2, TEXT_3 ..., as sema/path.c counts. */
static name
unique(struct net_writer *w, struct map *taken, name text)
{
	uintptr_t n = (uintptr_t)map_get(taken, text);
	name found = text;

	for (n = n ? n : 1; map_get(taken, found); )
		found = intern_printf(w->names, "%s_%llu", text, (unsigned long long)++n);
	map_put(taken, text, (void *)n);
	if (found != text)
		map_put(taken, found, (void *)1);
	return found;
}

static void
statement_paths(struct net_writer *w, struct map *taken, const struct net_item *it)
{
	int named = net_main_stage(it);
	name base = unique(w, taken, it->as ? it->as : it->var);

	for (int k = it->nextra; k < it->nnodes; k++) {
		const struct node *n = it->nodes[k];

		w->path[n->out->id] = k == named ? base : unique(w, taken, intern_printf(w->names, "%s.%s", base, op_info[n->op].name));
	}
	name concat = w->path[it->nodes[it->nextra]->out->id];
	for (int k = 0; k < it->nextra; k++)
		w->path[it->nodes[k]->out->id] = unique(w, taken, intern_printf(w->names, "%s.requantize", concat));
}

/* ---- constants ---- */

/* Constants of the same elements, shape and scale are one: the first that is read. */
static struct tensor *
stored_as(struct net_writer *w, struct map *seen, struct tensor *t)
{
	char text[SHAPE_TEXT];
	name key = intern_printf(w->names, "%p %s %d %p %a %d", t->data, shape_text(&t->shape, text, sizeof text), t->quant.count,
		(const void *)(t->quant.count > 1 ? t->quant.scale : NULL), t->quant.count == 1 ? (double)t->quant.scale[0] : 0, t->quant.zero);
	struct tensor *first = map_get(seen, key);

	if (!first)
		map_put(seen, key, first = t);
	return first;
}

static void
find_constants(struct net_writer *w)
{
	struct map *seen = map_new(w->arena);

	for (struct node *n = w->g->first; n; n = n->next)
		for (int k = 0; k < n->nin; k++) {
			struct tensor *t = n->in[k], *stored;

			if (!t->data)
				continue;
			stored = w->stored[t->id] = stored_as(w, seen, t);
			if (w->owner[stored->id])
				continue;
			w->owner[stored->id] = n;
			w->slot[stored->id] = k;
		}
}

void
net_paths(struct net_writer *w)
{
	struct map *taken = map_new(w->arena);

	for (size_t i = 0; i < w->g->inputs.n; i++)
		w->path[w->g->inputs.v[i]->id] = unique(w, taken, w->label[w->g->inputs.v[i]->id]);
	for (size_t i = 0; i < w->items.n; i++)
		statement_paths(w, taken, w->items.v[i]);
	find_constants(w);
}

name
net_stored_name(const struct net_writer *w, const struct tensor *t)
{
	int id = w->stored[t->id]->id;
	bool bound;
	const struct node *owner = w->owner[id];

	return intern_printf(w->names, "%s.%s", w->path[owner->out->id], op_input_name(owner->op, w->slot[id], &bound));
}
