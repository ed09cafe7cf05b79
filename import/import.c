/* What the readers of models share: messages about nodes, what is not supported, nodes and constants of the graph. */
#include <config.h>
#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>
#include "import/import.h"

enum { NAME_LEN_MAX = 60, NODES_SHOWN = 3 };

/* ---- messages ---- */

static const char *
message(struct import *m, const char *where, const char *fmt, va_list ap)
{
	const char *text = arena_vprintf(m->arena, fmt, ap);

	return where ? arena_printf(m->arena, "%s: %s", where, text) : text;
}

void
import_error(struct import *m, const char *where, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diag_error_in(m->diag, m->path, "%s", message(m, where, fmt, ap));
	va_end(ap);
}

void
import_note(struct import *m, const char *where, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diag_note_in(m->diag, m->path, "%s", message(m, where, fmt, ap));
	va_end(ap);
}

/* ---- what is not supported ---- */

void
import_unsupported(struct import *m, const char *op, const char *node, const char *what)
{
	struct import_missing *x = NULL;

	for (size_t i = 0; i < m->missing.n && !x; i++)
		if (strcmp(m->missing.v[i].op, op) == 0 && strcmp(m->missing.v[i].what, what) == 0)
			x = &m->missing.v[i];
	if (!x) {
		ARRAY_PUSH(m->arena, m->missing, ((struct import_missing){ .op = arena_strdup(m->arena, op),
			.what = arena_strdup(m->arena, what) }));
		x = &m->missing.v[m->missing.n - 1];
	}
	if (x->count++ < NODES_SHOWN)
		ARRAY_PUSH(m->arena, x->nodes, arena_strdup(m->arena, node));
}

bool
import_refuse(struct import *m)
{
	for (size_t i = 0; i < m->missing.n; i++) {
		const struct import_missing *x = &m->missing.v[i];
		const char *nodes = "";

		for (size_t k = 0; k < x->nodes.n; k++)
			nodes = arena_printf(m->arena, "%s%s'%s'", nodes, k ? ", " : "", x->nodes.v[k]);
		import_error(m, NULL, "%s%s%s is not supported: %d node%s, %s%s", x->op, *x->what ? " " : "", x->what, x->count,
			x->count == 1 ? "" : "s", nodes, x->count > NODES_SHOWN ? " ..." : "");
	}
	if (m->missing.n)
		import_note(m, NULL, "'netc import --list' prints what is supported");
	return m->missing.n > 0;
}

/* ---- files beside the model ---- */

const char *
import_map(struct import *m, const char *path, const struct mapped **map)
{
	for (size_t i = 0; i < m->maps.n; i++)
		if (strcmp(m->maps.v[i].path, path) == 0) {
			*map = m->maps.v[i].map;
			return NULL;
		}
	struct mapped *made = ARENA_NEW(m->arena, struct mapped);
	const char *why = file_map(made, path);
	if (!why)
		ARRAY_PUSH(m->arena, m->maps, ((struct import_map){ arena_strdup(m->arena, path), made }));
	*map = made;
	return why;
}

void
import_unmap(struct import *m)
{
	for (size_t i = 0; i < m->maps.n; i++)
		file_unmap(m->maps.v[i].map);
}

/* ---- the graph ---- */

/* RAW as a word of the language. */
static name
identifier(struct import *m, const char *raw)
{
	char text[NAME_LEN_MAX + 1];
	size_t n = 0;

	for (const char *p = raw; *p && n < NAME_LEN_MAX; p++) {
		bool word = isalnum((unsigned char)*p) || *p == '_';

		if (n == 0 && (!word || *p == '_'))
			continue;
		if (n == 0 && isdigit((unsigned char)*p))
			text[n++] = 'n';
		if (word || text[n - 1] != '_')
			text[n++] = word ? *p : '_';
	}
	while (n > 0 && text[n - 1] == '_')
		n--;
	return n ? intern_n(m->names, text, n) : intern(m->names, "layer");
}

name
import_name(struct import *m, const char *raw)
{
	return graph_unique(m->graph, identifier(m, raw));
}

name
import_output_name(struct import *m, const char *raw, const struct tensor *t)
{
	name text = identifier(m, raw);
	const struct tensor *other = graph_find(m->graph, text);
	bool taken = other && (other != t || !t->producer);

	for (size_t i = 0; i < m->graph->output_names.n && !taken; i++)
		taken = m->graph->output_names.v[i] == text;
	return taken ? import_output_name(m, arena_printf(m->arena, "%s_out", text), t) : text;
}

struct tensor *
import_node(struct import *m, const char *where, enum op op, const char *layer, struct tensor *const *in, int nin,
	const struct attrs *attr, const struct quant *quant)
{
	char why[WHY_SIZE];
	struct attrs none;

	attrs_init(&none);
	struct node *n = graph_add(m->graph, op, import_name(m, layer), in, nin, attr ? attr : &none, quant, LOC_NONE, why);
	if (!n)
		import_error(m, where, "%s", why);
	return n ? n->out : NULL;
}

struct tensor *
import_const(struct import *m, const char *where, const char *path, enum dtype dtype, const struct shape *shape,
	const struct quant *quant, const void *data)
{
	const char *why = shape_check(shape);

	if (why) {
		import_error(m, where, "constant '%s': %s", path, why);
		return NULL;
	}
	for (int64_t i = 0, n = dtype == DT_F32 ? shape_count(shape) : 0; i < n; i++)
		if (!isfinite(((const float *)data)[i])) {
			import_error(m, where, "constant '%s' has %f at index %lld", path, ((const float *)data)[i], (long long)i);
			return NULL;
		}
	return graph_const(m->graph, graph_unique(m->graph, intern(m->names, path)), dtype, shape, quant, data, LOC_NONE);
}

void
import_prune(struct graph *g)
{
	graph_tidy(g);
	for (struct node *n = g->last, *prev; n; n = prev) {
		prev = n->prev;
		if (n->out->uses)
			continue;
		for (int k = 0; k < n->nin; k++)
			n->in[k]->uses--;
		graph_remove(g, n);
	}
	graph_tidy(g);
}
