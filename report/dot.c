/* A graph for Graphviz, the parts of a decomposed layer in a cluster. */
#include <config.h>
#include <string.h>
#include "report/drawing.h"

/* S within double quotes; a control character is a blank. */
static void
put_text(FILE *f, const char *s)
{
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			putc('\\', f);
		putc((unsigned char)*s < ' ' || *s == 0x7f ? ' ' : *s, f);
	}
}

static void
put_box(FILE *f, const struct drawing *d, int i, const char *indent)
{
	const struct box *b = &d->boxes.v[i];

	fprintf(f, "%sn%d [label=\"", indent, i);
	put_text(f, b->name);
	fputs("\\n", f);
	put_text(f, b->what);
	fputs("\\n", f);
	put_text(f, b->shape);
	fprintf(f, "\", %s];\n", box_info[b->kind].dot);
}

/* The boxes of a layer that is cut are not next to each other: by box, the next of its layer, and whether it is the first. */
struct chains {
	int *next;
	bool *first;
};

static struct chains
make_chains(struct arena *a, const struct drawing *d)
{
	struct chains c = { ARENA_ARRAY(a, int, d->boxes.n + 1), ARENA_ARRAY(a, bool, d->boxes.n + 1) };
	struct map *last = map_new(a);

	for (size_t i = 0; i < d->boxes.n; i++) {
		const struct box *b = &d->boxes.v[i];
		int *before = b->cut ? map_get(last, b->label) : NULL;

		c.first[i] = !before;
		if (before) {
			c.next[*before] = (int)i;
			*before = (int)i;
		} else if (b->cut) {
			before = ARENA_NEW(a, int);
			*before = (int)i;
			map_put(last, b->label, before);
		}
	}
	return c;
}

static void
put_cluster(FILE *f, const struct report *r, const struct drawing *d, const struct chains *c, int first)
{
	const struct report_layer *l = report_layer(r, d->boxes.v[first].label);

	fprintf(f, "\tsubgraph cluster_%d {\n\t\tlabel=\"", first);
	put_text(f, l->path);
	fputs(": ", f);
	put_text(f, l->how);
	fputs("\";\n", f);
	for (int i = first; ; i = c->next[i]) {
		put_box(f, d, i, "\t\t");
		if (!c->next[i])
			break;
	}
	fputs("\t}\n", f);
}

void
report_dot(FILE *f, const struct report *r, const struct graph *g)
{
	const struct drawing *d = drawing_make(r, g);
	struct chains c = make_chains(r->arena, d);

	fputs("digraph \"", f);
	put_text(f, g->name);
	fputs("\" {\n"
		"\tgraph [fontname=\"Helvetica\", fontsize=10, style=\"rounded\", color=\"#c2570c\", fontcolor=\"#c2570c\"];\n"
		"\tnode [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", fontsize=10, color=\"#57606a\"];\n"
		"\tedge [color=\"#57606a\", arrowsize=0.7];\n", f);
	for (size_t i = 0; i < d->boxes.n; i++) {
		if (!d->boxes.v[i].cut)
			put_box(f, d, (int)i, "\t");
		else if (c.first[i])
			put_cluster(f, r, d, &c, (int)i);
	}
	for (size_t i = 0; i < d->edges.n; i++)
		fprintf(f, "\tn%d -> n%d;\n", d->edges.v[i].from, d->edges.v[i].to);
	fputs("}\n", f);
}
