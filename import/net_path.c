/* What the language will call each layer and the tensors of its weights (docs/language.md, Names). */
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

struct paths {
	struct net_writer *w;
	struct map *taken;
};

static name
take(struct paths *p, const char *prefix, const char *base, const char *turns)
{
	return unique(p->w, p->taken, intern_printf(p->w->names, "%s%s%s", prefix, base, turns));
}

/* The nodes of IT, which is written as TEXT. */
static void
pipe_paths(struct paths *p, const struct net_item *text, const struct net_item *it, const char *prefix, const char *turns)
{
	struct net_writer *w = p->w;
	int named = net_main_stage(it);
	name base = take(p, prefix, text->as ? text->as : text->vars[0], turns);

	for (int k = it->nextra; k < it->nnodes; k++) {
		const struct node *n = it->nodes[k];

		w->path[n->out->id] = k == named ? base : take(p, base, ".", op_info[n->op].name);
	}
	name concat = w->path[it->nodes[it->nextra]->out->id];
	for (int k = 0; k < it->nextra; k++)
		w->path[it->nodes[k]->out->id] = take(p, concat, ".", "requantize");
}

/* The layers of IT, which is written as TEXT where the paths begin with PREFIX and end with TURNS. */
static void
item_paths(struct paths *p, const struct net_item *text, const struct net_item *it, const char *prefix, const char *turns)
{
	struct net_writer *w = p->w;

	switch (text->kind) {
	case NET_PIPE:
		pipe_paths(p, text, it, prefix, turns);
		break;
	case NET_CALL:
		prefix = arena_printf(w->arena, "%s.", take(p, prefix, text->as ? text->as : text->block->name, turns));
		for (int j = 0; j < it->nparts; j++)
			item_paths(p, text->block->body.items.v[j], it->parts[j], prefix, "");
		break;
	case NET_LOOP:
		for (int i = 0; i < it->nparts; i++)
			item_paths(p, it->turn, it->parts[i], prefix, arena_printf(w->arena, "%s[%d]", turns, it->first_turn + i));
		break;
	}
}

void
net_paths(struct net_writer *w)
{
	struct paths p = { w, map_new(w->arena) };

	for (size_t i = 0; i < w->g->inputs.n; i++)
		w->path[w->g->inputs.v[i]->id] = take(&p, "", w->label[w->g->inputs.v[i]->id], "");
	for (size_t i = 0; i < w->top.items.n; i++)
		item_paths(&p, w->top.items.v[i], w->top.items.v[i], "", "");
}

name
net_stored_name(const struct net_writer *w, const struct tensor *t)
{
	int id = w->stored[t->id]->id;
	bool bound;
	const struct node *owner = w->owner[id];

	return intern_printf(w->names, "%s.%s", w->path[owner->out->id], op_input_name(owner->op, w->slot[id], &bound));
}
