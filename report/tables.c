/* The page's tables: the sums, and a row for each layer. */
#include <config.h>
#include <math.h>
#include "chips/chip.h"
#include "report/markup.h"
#include "report/page.h"

/* ---- the sums ---- */

/* Counts are whole; what the chip's formulas give may be any number. */
static void
put_amount(FILE *f, double v)
{
	if (v < 9e18)
		markup_count(f, llround(v));
	else
		fprintf(f, "%g", v);
}

static void
put_fact(FILE *f, const char *what, double n, const char *unit)
{
	fprintf(f, "<div><dt>%s</dt><dd>", what);
	put_amount(f, n);
	fprintf(f, "<small>%s</small></dd></div>\n", unit);
}

void
facts_element(FILE *f, const struct report *r)
{
	const struct program *p = r->program;

	fputs("<dl class=\"facts\">\n", f);
	put_fact(f, "layers", (double)r->layers.n, "");
	put_fact(f, "calls", p->call_count, "");
	put_fact(f, "MACs", (double)r->totals.macs, "");
	put_fact(f, "parameters", (double)r->totals.params, "");
	put_fact(f, "constants", (double)r->totals.const_bytes, " bytes");
	put_fact(f, "arena", (double)p->arena_bytes, " bytes");
	put_fact(f, "gap to the lower bound", (double)(p->arena_bytes - p->lower_bound), " bytes");
	if (r->cycles >= 0)
		put_fact(f, "estimated", r->cycles, " cycles");
	if (r->measured >= 0) {
		fputs("<div><dt>measured</dt><dd>", f);
		markup_text(f, report_time(r, r->measured));
		fputs("<small> ", f);
		markup_text(f, r->profile->unit);
		fputs("</small></dd></div>\n", f);
	}
	if (p->cores > 1)
		put_fact(f, "cores", p->cores, "");
	fputs("</dl>\n", f);
}

/* ---- the memories ---- */

static void
put_cell(FILE *f, double v)
{
	fprintf(f, "<td class=\"n\" data-v=\"%.0f\">", v);
	put_amount(f, v);
	fputs("</td>", f);
}

static void
put_memory_row(FILE *f, const struct memory *m)
{
	fputs("<tr><th scope=\"row\">", f);
	markup_text(f, m->chip->name);
	fprintf(f, "</th><td>%s</td>", m->constants ? "constants" : "results");
	put_cell(f, (double)m->bytes);
	put_cell(f, (double)m->size);
	put_cell(f, m->reads);
	put_cell(f, m->writes);
	put_cell(f, m->reads * m->chip->read + m->writes * m->chip->write);
	fputs("</tr>\n", f);
}

void
memories_element(FILE *f, const struct report *r)
{
	const struct program *p = r->program;
	bool begun = false;

	for (size_t i = 0; i < p->memories.n; i++) {
		if (!p->memories.v[i].chip)
			continue;
		if (!begun)
			fputs("<div class=\"scroll\">\n<table>\n<thead><tr><th scope=\"col\">memory</th><th scope=\"col\">holds</th><th scope=\"col\" class=\"n\">bytes</th>"
				"<th scope=\"col\" class=\"n\">of</th><th scope=\"col\" class=\"n\">read</th><th scope=\"col\" class=\"n\">written</th>"
				"<th scope=\"col\" class=\"n\">cycles</th></tr></thead>\n<tbody>\n", f);
		begun = true;
		put_memory_row(f, &p->memories.v[i]);
	}
	if (begun)
		fputs("</tbody>\n</table>\n</div>\n", f);
}

/* ---- the layers ---- */

struct column {
	const char *title, *help;
	bool number;
	bool (*shown)(const struct report *);                               /* NULL: always */
	void (*put)(FILE *, const struct report *, const struct report_layer *);
	double (*value)(const struct report_layer *);                       /* of a number; sorted by it */
	double (*total)(const struct report *);                             /* its column has a bar for each share of it */
};

static bool
on_chip(const struct report *r)
{
	return r->program->graph->chip != NULL;
}

static bool
has_plans(const struct report *r)
{
	return r->program->graph->plans != NULL;
}

static bool
is_measured(const struct report *r)
{
	return r->profile != NULL;
}

static double value_macs(const struct report_layer *l) { return (double)l->macs; }
static double value_params(const struct report_layer *l) { return (double)l->params; }
static double value_bytes(const struct report_layer *l) { return (double)l->bytes; }
static double value_calls(const struct report_layer *l) { return l->calls; }
static double value_cycles(const struct report_layer *l) { return l->cycles; }
static double value_measured(const struct report_layer *l) { return l->measured; }

static double total_macs(const struct report *r) { return (double)r->totals.macs; }
static double total_cycles(const struct report *r) { return r->cycles; }
static double total_measured(const struct report *r) { return r->measured; }

static void
put_path(FILE *f, const struct report *r, const struct report_layer *l)
{
	(void)r;
	markup_text(f, l->path);
}

static void
put_op(FILE *f, const struct report *r, const struct report_layer *l)
{
	const struct node *n = l->work ? l->work : l->node;

	fprintf(f, "%s %s", op_info[n->op].name, report_kernel(r->arena, n));
}

static void
put_result(FILE *f, const struct report *r, const struct report_layer *l)
{
	char dims[SHAPE_TEXT];

	(void)r;
	fprintf(f, "%s%s", dtype_info[l->node->out->dtype].name, shape_text(&l->node->out->shape, dims, sizeof dims));
}

static void
put_memory(FILE *f, const struct report *r, const struct report_layer *l)
{
	markup_text(f, report_where_text(r, l->node->out));
}

static void
put_execution(FILE *f, const struct report *r, const struct report_layer *l)
{
	(void)r;
	markup_text(f, l->unit ? l->unit->title : l->calls ? "portable C" : "view");
	if (l->how) {
		fputs(": <b class=\"cut\">", f);
		markup_text(f, l->how);
		fputs("</b>", f);
	}
	if (l->found) {
		fputs(" <small>", f);
		markup_text(f, l->found);
		fputs("</small>", f);
	}
}

static void
put_class(FILE *f, const struct report *r, const struct report_layer *l)
{
	(void)r;
	markup_text(f, l->class ? l->class : "");
}

static const struct column columns[] = {
	{ "layer", "path in the .net", false, NULL, put_path, NULL, NULL },
	{ "operation", "with kernel and stride", false, NULL, put_op, NULL, NULL },
	{ "result", "type and shape", false, NULL, put_result, NULL, NULL },
	{ "MACs", "multiply-accumulates", true, NULL, NULL, value_macs, total_macs },
	{ "params", "elements of weights and biases", true, NULL, NULL, value_params, NULL },
	{ "bytes", "of the result", true, NULL, NULL, value_bytes, NULL },
	{ "calls", "of kernels and units", true, NULL, NULL, value_calls, NULL },
	{ "cycles", "estimated by the chip's formulas", true, on_chip, NULL, value_cycles, total_cycles },
	{ "measured", "by the profile, of one inference", true, is_measured, NULL, value_measured, total_measured },
	{ "execution", "on what, and cut how", false, has_plans, put_execution, NULL, NULL },
	{ "class", "how exact the result is", false, has_plans, put_class, NULL, NULL },
	{ "memory", "where the result lies", false, NULL, put_memory, NULL, NULL },
};
enum { COLUMNS = sizeof columns / sizeof *columns };

static bool
is_shown(const struct report *r, const struct column *c)
{
	return !c->shown || c->shown(r);
}

static void
put_number(FILE *f, const struct report *r, const struct column *c, const struct report_layer *l)
{
	double v = c->value(l), total = c->total ? c->total(r) : 0;

	if (v < 0) {
		fputs("<td class=\"n\" data-v=\"-1\">-</td>", f);
		return;
	}
	fprintf(f, "<td class=\"n\" data-v=\"%.15g\"", v);
	if (total > 0 && v > 0)
		fprintf(f, " style=\"--share:%.1f%%\" title=\"%.1f%%\"", 100 * v / total, 100 * v / total);
	putc('>', f);
	if (c->value == value_measured)
		markup_text(f, report_time(r, v));
	else
		put_amount(f, v);
	fputs("</td>", f);
}

static void
put_row(FILE *f, const struct report *r, const struct report_layer *l)
{
	fprintf(f, "<tr%s>", l->how ? " class=\"cut\"" : "");
	for (int i = 0; i < COLUMNS; i++) {
		if (!is_shown(r, &columns[i]))
			continue;
		if (columns[i].number) {
			put_number(f, r, &columns[i], l);
			continue;
		}
		fputs(i == 0 ? "<th scope=\"row\">" : "<td>", f);
		columns[i].put(f, r, l);
		fputs(i == 0 ? "</th>" : "</td>", f);
	}
	fputs("</tr>\n", f);
}

void
layers_element(FILE *f, const struct report *r)
{
	fputs("<div class=\"scroll\">\n<table>\n<thead><tr>", f);
	for (int i = 0; i < COLUMNS; i++)
		if (is_shown(r, &columns[i])) {
			fprintf(f, "<th scope=\"col\"%s title=\"", columns[i].number ? " class=\"n\"" : "");
			markup_text(f, columns[i].help);
			fprintf(f, "\">%s</th>", columns[i].title);
		}
	fputs("</tr></thead>\n<tbody>\n", f);
	for (size_t i = 0; i < r->layers.n; i++)
		put_row(f, r, &r->layers.v[i]);
	fputs("</tbody>\n</table>\n</div>\n", f);
}
