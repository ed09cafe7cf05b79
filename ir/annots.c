/* annots.def as tables, and lookups in them. */
#include <config.h>

#include <string.h>

#include "ir/graph.h"

const struct annot_info annot_info[ANNOT_COUNT] = {
#define ANNOT(id, text, words) [ANNOT_##id] = { .name = text, .help = words },
#define ANNOT_ARG(annot, text, kind, words, help)
#include "ir/annots.def"
#undef ANNOT
#undef ANNOT_ARG
};

const struct annot_arg annot_args[] = {
#define ANNOT(id, text, help)
#define ANNOT_ARG(of, text, takes, choice, about) \
	{ .annot = ANNOT_##of, .name = text, .kind = ANNOT_TAKES_##takes, .words = choice, .help = about },
#include "ir/annots.def"
#undef ANNOT
#undef ANNOT_ARG
	{ .name = NULL }
};

const char *const annot_class_names[CLASS_DIFFERENT + 1] = {
	[CLASS_UNSET] = "", [CLASS_EXACT] = "exact", [CLASS_BOUNDED] = "bounded", [CLASS_LOSSY] = "lossy",
	[CLASS_DIFFERENT] = "different"
};

bool
annot_lookup(const char *text, enum annot_kind *kind)
{
	for (int i = 0; i < ANNOT_COUNT; i++)
		if (strcmp(annot_info[i].name, text) == 0) {
			*kind = (enum annot_kind)i;
			return true;
		}
	return false;
}

const struct annot_arg *
annot_arg_lookup(enum annot_kind kind, const char *text)
{
	for (const struct annot_arg *a = annot_args; a->name; a++)
		if (a->annot == kind && strcmp(a->name, text) == 0)
			return a;
	return NULL;
}

bool
annot_arg_takes(const struct annot_arg *arg, const char *word, size_t len)
{
	const char *w = arg->words;
	for (;;) {
		size_t n = strcspn(w, "|");
		if (n == len && memcmp(w, word, n) == 0)
			return true;
		if (!w[n])
			return false;
		w += n + 1;
	}
}

name *
annot_word(struct annot *a, const struct annot_arg *arg)
{
	if (strcmp(arg->name, "partial") == 0)
		return &a->partial;
	if (strcmp(arg->name, "order") == 0)
		return &a->order;
	if (strcmp(arg->name, "unit") == 0)
		return &a->unit;
	die("annots.def: no field holds the word '%s'", arg->name);
}

/* How close A comes to a build for CHIP; 0: it is for another one. */
static int
closeness(const struct annot *a, const char *chip)
{
	if (!a->chip)
		return 3;
	if (a->chip[0] == '\0')
		return 1;
	return chip && strcmp(a->chip, chip) == 0 ? 2 : 0;
}

struct annot *
annot_find(const struct node *n, enum annot_kind kind, const char *chip)
{
	struct annot *best = NULL;

	for (struct annot *a = n->annots; a; a = a->next)
		if (a->kind == kind && closeness(a, chip) > (best ? closeness(best, chip) : 0))
			best = a;
	return best;
}

void
annot_drop(struct node *n, enum annot_kind kind)
{
	for (struct annot **at = &n->annots; *at;)
		if ((*at)->kind == kind)
			*at = (*at)->next;
		else
			at = &(*at)->next;
}
