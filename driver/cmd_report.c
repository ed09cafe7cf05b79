/* netc report: what each layer of the lowered network costs and where its result lies, as a table, as JSON, or in files as a page or a
 * drawing. */
#include <config.h>
#include <inttypes.h>
#include <string.h>
#include "backend/emit.h"
#include "chips/chip.h"
#include "driver/memories.h"
#include "driver/ram.h"
#include "driver/cmd_report.h"
#include "driver/dead.h"
#include "driver/strips.h"
#include "driver/progress.h"
#include "driver/table.h"

struct view {
	struct compilation *c;
	const struct report *r;
	struct text text;             /* scratch */
};

/* ---- the table ---- */

enum { COL_LAYER, COL_OP, COL_RESULT, COL_KERNEL, COL_UNIT, COL_CLASS, COL_MACS, COL_PARAMS, COL_BYTES, COL_MEMORY, COLUMNS };
static const char *const titles[COLUMNS] = { "layer", "op", "result", "kernel", "unit", "class", "MACs", "params", "bytes", "memory" };
enum { NAME_WIDTH = 40 }; /* a longer name pushes its own row only */

struct row {
	const char *cell[COLUMNS];
};

static const char *
keep(struct view *v)
{
	const char *s = arena_strdup(&v->c->ir, text_get(&v->text));

	text_reset(&v->text);
	return s;
}

static const char *
count_text(struct view *v, int64_t n)
{
	if (n == 0)
		return "-";
	text_count(&v->text, n);
	return keep(v);
}

static const char *
unit_text(struct view *v, const struct node *n)
{
	if (!n->unit)
		return "-";
	if (v->r->program->cores <= 1)
		return n->unit->title;
	text_add(&v->text, "%s @%d", n->unit->title, n->core);
	return keep(v);
}

static struct row
make_row(struct view *v, const struct node *n)
{
	const struct layer_plan *plan = report_plan(v->r->program->graph, n);
	const char *kernel = report_kernel(&v->c->ir, n);
	struct row row;
	char dims[SHAPE_TEXT];

	row.cell[COL_LAYER] = n->name;
	row.cell[COL_OP] = op_info[n->op].name;
	text_add(&v->text, "%s%s", dtype_info[n->out->dtype].name, shape_text(&n->out->shape, dims, sizeof dims));
	row.cell[COL_RESULT] = keep(v);
	row.cell[COL_KERNEL] = *kernel ? kernel : "-";
	row.cell[COL_UNIT] = unit_text(v, n);
	row.cell[COL_CLASS] = plan ? plan_class_text(&v->c->ir, &plan->plan) : "-";
	row.cell[COL_MACS] = count_text(v, node_macs(n));
	row.cell[COL_PARAMS] = count_text(v, node_params(n));
	row.cell[COL_BYTES] = count_text(v, tensor_bytes(n->out));
	row.cell[COL_MEMORY] = report_where_text(v->r, n->out);
	return row;
}

/* Columns that only a network with plans has have no width otherwise. */
static void
print_row(const struct row *row, const int *width)
{
	for (int i = 0; i < COLUMNS; i++) {
		bool number = i >= COL_MACS && i <= COL_BYTES;

		if (width[i] == 0)
			continue;
		if (i == COL_MEMORY)
			printf("%s\n", row->cell[i]);
		else
			printf("%*s  ", number ? width[i] : -width[i], row->cell[i]);
	}
}

static void
print_table(struct view *v)
{
	struct row *rows = ARENA_ARRAY(&v->c->ir, struct row, (size_t)v->r->program->graph->node_count + 1);
	int width[COLUMNS], n = 0;

	for (int i = 0; i < COLUMNS; i++)
		rows[0].cell[i] = titles[i];
	for (const struct node *node = v->r->program->graph->first; node; node = node->next)
		rows[++n] = make_row(v, node);
	for (int i = 0; i < COLUMNS; i++) {
		width[i] = 0;
		for (int k = 0; k <= n; k++) {
			int len = (int)strlen(rows[k].cell[i]);
			if (len > width[i] && (i != COL_LAYER || len <= NAME_WIDTH))
				width[i] = len;
		}
	}
	if (!v->r->program->graph->plans)
		width[COL_UNIT] = width[COL_CLASS] = 0;
	for (int k = 0; k <= n; k++)
		print_row(&rows[k], width);
}

/* ---- sums ---- */

static void
print_total(struct view *v, const char *what, int64_t n, const char *unit)
{
	text_count(&v->text, n);
	printf("%-22s %14s%s\n", what, text_get(&v->text), unit);
	text_reset(&v->text);
}

static void
print_dead_macs(struct view *v)
{
	int64_t dead = dead_macs(v->r->program->graph), all = v->r->totals.macs + dead;

	if (dead)
		print_total(v, "MACs removed", dead, arena_printf(&v->c->ir, " (%.1f%% of %s: dead channels)",
			100.0 * (double)dead / (double)all, table_count(&v->c->ir, all)));
}

/* "; at 'conv1', 48 lie free, 16 are lost to alignment"; "" without a gap.  What is not free is alignment, since results lie over operands at
 * aligned offsets only; or where that cannot be all, a result lies over an operand by less than it might if nothing else were live. */
static const char *
gap_reason(struct view *v, int memory, int64_t gap)
{
	struct ram_gap g;

	if (gap <= 0 || !ram_gap_of(v->r->program, memory, &v->c->ir, &g))
		return "";
	int64_t unused = g.free < gap ? g.free : gap;
	if (gap - unused > g.aligning)
		return arena_printf(&v->c->ir, "; at '%s', %" PRId64 " lie free, a result lies over what it is computed from by %" PRId64 " less than it might alone",
			g.at->node->name, unused, gap - unused);
	return arena_printf(&v->c->ir, "; at '%s', %" PRId64 " lie free, %" PRId64 " are lost to alignment", g.at->node->name, unused, gap - unused);
}

static void
print_totals(struct view *v)
{
	const struct program *p = v->r->program;
	const struct totals *totals = &v->r->totals;
	int64_t gap = p->arena_bytes - p->lower_bound;

	putchar('\n');
	print_total(v, "layers computed", totals->layers, "");
	print_total(v, "MACs", totals->macs, "");
	print_dead_macs(v);
	if (p->graph->strips)
		print_total(v, "MACs recomputed", strips_macs(p->graph), " (among these: columns that two strips need)");
	print_total(v, "parameters", totals->params, "");
	print_total(v, "constants", totals->const_bytes, " bytes");
	if (p->graph->chip)
		print_total(v, "copied for units", totals->copied_bytes, " bytes (for their layouts, pitches and alignments)");
	if (p->cores > 1) {
		print_total(v, "cores", p->cores, "");
		print_total(v, "phases", p->phases, " (with a barrier between two)");
	}
	print_total(v, "arena", p->arena_bytes, program_arenas(p) > 1 ? " bytes in all memories" : " bytes");
	print_total(v, "lower bound", p->lower_bound, " bytes (most that is live at once)");
	text_count(&v->text, gap);
	printf("%-22s %14s bytes (%.1f%%%s)\n", "gap", text_get(&v->text),
		p->lower_bound ? 100.0 * (double)gap / (double)p->lower_bound : 0.0, program_arenas(p) > 1 ? "" : gap_reason(v, 0, gap));
}

/* ---- the profile ---- */

/* "12.5%" of TOTAL. */
static const char *
share_text(struct arena *a, double part, double total)
{
	return total > 0 ? arena_printf(a, "%.1f%%", 100 * part / total) : "-";
}

static void
add_profile_row(struct table *t, const struct report *r, const struct report_layer *l)
{
	const char **cell = table_row(t);

	cell[0] = l->path;
	cell[1] = table_count(t->arena, l->calls);
	cell[2] = table_count(t->arena, l->macs);
	cell[3] = report_time(r, l->measured);
	cell[4] = share_text(t->arena, l->measured, r->measured);
	if (r->cycles < 0)
		return;
	cell[5] = l->cycles >= 0 ? plan_cycles(t->arena, l->cycles) : "-";
	cell[6] = l->cycles >= 0 ? share_text(t->arena, l->cycles, r->cycles) : "-";
}

/* The layers by the profile, beside the chip's estimate if there is a chip. */
static void
print_profile(struct view *v)
{
	const struct report *r = v->r;
	const char *names[] = { "layer", "calls", "MACs", r->profile->unit, "share", "estimate", "share" };
	struct table t = table_new(&v->c->ir, names, r->cycles < 0 ? 5 : 7, 0x7e);

	printf("\nmeasured, mean of %" PRId64 " run%s:\n\n", r->profile->runs, r->profile->runs == 1 ? "" : "s");
	for (size_t i = 0; i < r->layers.n; i++)
		if (r->layers.v[i].calls > 0)
			add_profile_row(&t, r, &r->layers.v[i]);
	add_profile_row(&t, r, &(struct report_layer){ .path = "total", .calls = r->program->call_count, .macs = r->totals.macs,
		.cycles = r->cycles, .measured = r->measured });
	table_print(stdout, &t);
}

/* ---- the command ---- */

static const struct profile *
read_profile(struct compilation *c, const char *path)
{
	const struct source *s = compile_source(c, path);

	return s ? profile_read(&c->ir, &c->diag, s, c->program) : NULL;
}

/* The files asked for, all or none. */
static void
write_files(struct compilation *c, const struct options *o, const struct report *r)
{
	const struct graph *drawn = o->graph == GRAPH_WRITTEN ? c->written : c->graph;
	struct outputs *out = outputs_new(&c->ir);
	const char *why;
	FILE *f;

	progress_step("drawing");
	if (o->html && (f = outputs_open(out, o->html)))
		report_html(f, r);
	if (o->dot && (f = outputs_open(out, o->dot)))
		report_dot(f, r, drawn);
	if (o->svg && (f = outputs_open(out, o->svg)) && !report_svg(f, r, drawn)) {
		progress_end();
		outputs_abandon(out);
		diag_error(&c->diag, drawn->loc, "the graph has too many operations to be drawn (%d); --dot=FILE writes it for Graphviz", drawn->node_count);
		return;
	}
	why = outputs_commit(out);
	if (why)
		compile_output_error(c, why);
}

static void
print_text(struct view *v)
{
	const struct graph *g = v->r->program->graph;

	printf("network %s%s%s\n\n", g->name, g->chip ? " on " : "", g->chip ? g->chip->file : "");
	print_table(v);
	print_totals(v);
	memories_print(v->c, v->r);
	dead_print(v->c);
	strips_print(v->c);
	if (v->r->profile)
		print_profile(v);
	plans_print(v->c, g->plans, "\nrewritten or cut:\n");
}

int
cmd_report(const struct options *o)
{
	struct compilation c;
	struct view v = { .c = &c, .text.arena = &c.ir };
	const struct profile *profile = NULL;
	bool stopped;

	compilation_init(&c, stderr);
	compilation_options(&c, o);
	progress_start();
	if (!compile_file(&c, o, &stopped) || stopped || c.diag.errors)
		return compilation_end(&c, EXIT_OK);
	if (o->profile && !(profile = read_profile(&c, o->profile)))
		return compilation_end(&c, EXIT_ERROR);
	v.r = report_make(&c.ir, &c.diag, c.written, c.program, profile, path_base(o->files[0]));
	if (options_draw(o))
		write_files(&c, o, v.r);
	progress_end();
	if (o->json)
		report_json(&c, v.r);
	else if (!options_draw(o))
		print_text(&v);
	return compilation_end(&c, EXIT_OK);
}
