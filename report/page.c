/* netc report --html: one page that needs nothing else.  It is HTML that is well-formed XML too. */
#include <config.h>
#include "chips/chip.h"
#include "report/markup.h"
#include "report/page.h"

static void
put_head(FILE *f, const struct report *r)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n<meta charset=\"utf-8\"/>\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
		"<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>", f);
	markup_text(f, r->program->graph->name);
	fputs(": netc report</title>\n<style>\n", f);
	markup_embed(f, "graph.css");
	markup_embed(f, "page.css");
	fputs("</style>\n</head>\n<body>\n", f);
}

static void
put_header(FILE *f, const struct report *r)
{
	fputs("<header>\n<h1>", f);
	markup_text(f, r->program->graph->name);
	if (r->program->graph->chip) {
		fputs(" <small>on ", f);
		markup_text(f, r->program->graph->chip->file);
		fputs("</small>", f);
	}
	fputs("</h1>\n<p>", f);
	markup_text(f, r->source);
	fprintf(f, ", netc %s</p>\n</header>\n", PACKAGE_VERSION);
	facts_element(f, r);
}

static void
put_graph(FILE *f, const struct report *r, const struct graph *g, const char *title)
{
	const struct drawing *d = drawing_make(r, g);

	fprintf(f, "<figure>\n<figcaption>%s: ", title);
	markup_count(f, g->node_count);
	fputs(" operations</figcaption>\n<div class=\"scroll graph\" tabindex=\"0\">\n", f);
	if (!svg_element(f, r, d))
		fputs("<p>Too many operations to draw. <code>netc report --dot</code> writes them for Graphviz.</p>\n", f);
	fputs("</div>\n</figure>\n", f);
}

static bool
is_cut(const struct report *r)
{
	for (size_t i = 0; i < r->layers.n; i++)
		if (r->layers.v[i].how)
			return true;
	return false;
}

static void
put_graphs(FILE *f, const struct report *r)
{
	bool cut = is_cut(r);

	fputs("<section>\n<h2>Graph</h2>\n<ul class=\"legend\">", f);
	for (int i = 0; i < BOX_KINDS; i++)
		if (i != BOX_UNIT || r->program->graph->chip)
			fprintf(f, "<li class=\"%s\">%s</li>", box_info[i].class, box_info[i].legend);
	if (cut)
		fputs("<li class=\"cut\">rewritten or decomposed</li>", f);
	fprintf(f, "</ul>\n<div class=\"graphs\">\n");
	if (cut && r->written)
		put_graph(f, r, r->written, "As written");
	put_graph(f, r, r->program->graph, "As computed");
	fputs("</div>\n</section>\n", f);
}

void
report_html(FILE *f, const struct report *r)
{
	put_head(f, r);
	put_header(f, r);
	fputs("<main>\n", f);
	put_graphs(f, r);
	fputs("<section>\n<h2>Memory</h2>\n", f);
	memory_element(f, r);
	fputs("</section>\n<section>\n<h2>Layers</h2>\n", f);
	layers_element(f, r);
	fputs("</section>\n</main>\n<script>\n", f);
	markup_embed(f, "page.js");
	fputs("</script>\n</body>\n</html>\n", f);
}
