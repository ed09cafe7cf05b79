/* A graph as a .net: the stages of the writer in order, and the text in canonical form. */
#include <config.h>
#include <stdlib.h>
#include <string.h>
#include "import/net.h"
#include "parser/parse.h"

static void
writer_init(struct net_writer *w, struct arena *a, struct intern *names, const struct graph *g)
{
	size_t n = g->tensors.n + 1;

	*w = (struct net_writer){
		.arena = a, .names = names, .g = g, .file_names = map_new(a), .outputs = ARENA_ARRAY(a, struct net_output, g->outputs.n + 1),
		.label = ARENA_ARRAY(a, name, n), .path = ARENA_ARRAY(a, name, n),
		.stored = ARENA_ARRAY(a, struct tensor *, n), .owner = ARENA_ARRAY(a, struct node *, n), .slot = ARENA_ARRAY(a, int, n),
		.var = ARENA_ARRAY(a, name, n),
	};
	w->top.taken = map_new(a);
	w->last_block = &w->blocks;
	w->last_table = &w->tables;
}

/* TEXT as `netc fmt` prints it. */
static const char *
canonical(struct arena *a, struct intern *names, const char *text, size_t len, size_t *size)
{
	struct arena scratch = { 0 };
	struct diag diag;
	struct parse_ctx ctx = { .arena = &scratch, .names = names, .diag = &diag };
	char *printed, *copy;
	FILE *f = open_memstream(&printed, size);

	diag_init(&diag, &scratch, stderr);
	const struct source *source = diag_add_source(&diag, "the text of the import", text, len);
	if (!f || !source)
		die("the text of the network is too large");
	const struct ast_file *ast = parse_source(&ctx, source);
	if (diag.errors)
		die("the text of the network is no .net");
	ast_print(f, ast);
	if (fclose(f) != 0)
		die("out of memory");
	copy = arena_strndup(a, printed, *size);
	free(printed);
	arena_free(&scratch);
	return copy;
}

/* G with the names that the text gives, and equal constants as one. */
static const struct graph *
renamed(const struct net_writer *w)
{
	struct graph *g = graph_clone(w->arena, w->g);

	for (size_t i = 0; i < g->tensors.n; i++) /* out of the way of the new names */
		graph_rename(g, g->tensors.v[i], intern_printf(g->names, "\1%zu", i));
	for (size_t i = 0; i < g->tensors.n; i++) {
		struct tensor *t = g->tensors.v[i];

		if (!t->data)
			graph_rename(g, t, w->path[i]);
		else if (w->stored[i]->id == (int)i)
			graph_rename(g, t, net_stored_name(w, w->g->tensors.v[i]));
		else
			graph_replace(g, t, g->tensors.v[w->stored[i]->id]);
	}
	for (size_t i = 0; i < g->outputs.n; i++)
		g->output_names.v[i] = w->outputs[i].name;
	graph_tidy(g);
	return g;
}

struct net_text
net_write(struct arena *a, struct intern *names, const struct graph *g, const char *weights, const char *head,
	const struct import_test *tests, int ntests)
{
	struct net_writer w;
	struct net_text_of of = { weights, head, tests, ntests };
	struct net_text text;
	char *raw;
	size_t len;
	FILE *f = open_memstream(&raw, &len);

	if (!f)
		die("out of memory");
	writer_init(&w, a, names, g);
	net_name_all(&w);
	net_find_constants(&w);
	net_segment(&w);
	net_find_repeats(&w);
	net_drop_defaults(&w);
	net_network_vars(&w);
	net_paths(&w);
	net_spare_tables(&w);
	net_print(f, &w, &of);
	if (fclose(f) != 0)
		die("out of memory");
	text.text = canonical(a, names, raw, len, &text.size);
	text.graph = renamed(&w);
	free(raw);
	return text;
}
