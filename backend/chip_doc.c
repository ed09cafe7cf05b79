/* netc chip-doc: a chip as a page of Markdown, each fact with its line of the .chip. */
#include <config.h>
#include <inttypes.h>
#include <string.h>
#include "backend/chip_c.h"

struct page {
	FILE *f;
	const struct chip *chip;
	const struct diag *where;
};

static int
line_of(const struct page *p, struct loc loc)
{
	int line = 0, column;

	if (loc.start)
		diag_position(p->where, loc, &line, &column);
	return line;
}

/* A bar would end the cell of a table. */
static void
put_cell(FILE *f, const char *s)
{
	for (; s && *s; s++)
		if (*s == '|')
			fputs("\\|", f);
		else
			putc(*s == '\n' || *s == '\t' ? ' ' : *s, f);
}

static void
row(const struct page *p, const char *what, struct loc loc, const char *text)
{
	fprintf(p->f, "| %s | ", what);
	put_cell(p->f, text);
	fprintf(p->f, " | %d |\n", line_of(p, loc));
}

static void
print_memories(const struct page *p)
{
	if (p->chip->memories.n == 0)
		return;
	fputs("## Memories\n\n| memory | bytes | alignment | holds | line |\n|---|---|---|---|---|\n", p->f);
	for (size_t i = 0; i < p->chip->memories.n; i++) {
		const struct chip_memory *m = &p->chip->memories.v[i];
		const char *between = "";

		fprintf(p->f, "| %s | %" PRId64 " | %d | ", m->name, m->size, m->align);
		for (int k = 0; k < ROLE_COUNT; k++)
			if (m->roles & (1u << k)) {
				fprintf(p->f, "%s%s", between, chip_roles[k]);
				between = ", ";
			}
		fprintf(p->f, " | %d |\n", line_of(p, m->loc));
	}
	putc('\n', p->f);
}

static void
print_types(const struct page *p, struct arena *a, const struct chip_op *op)
{
	bool two = chip_kind_info[op->kind].operands[0] == 'a';

	for (size_t i = 0; i < op->types.n; i++) {
		const struct chip_type *t = &op->types.v[i];
		const char *text = dtype_info[t->x].name;

		if (t->w != DT_COUNT)
			text = arena_printf(a, "%s %c %s", text, two && op->kind == KIND_ADD ? '+' : '*', dtype_info[t->w].name);
		if (t->b != DT_COUNT)
			text = arena_printf(a, "%s + %s", text, dtype_info[t->b].name);
		row(p, "types", t->loc, arena_printf(a, "`%s -> %s`", text, dtype_info[t->y].name));
	}
}

static void
print_layouts(const struct page *p, struct arena *a, const struct chip_op *op)
{
	for (int k = 0; k < OPERAND_COUNT; k++) {
		const struct chip_layout *l = &op->layout[k];
		const char *text = "";

		if (!l->loc.start || l->n == 0)
			continue;
		for (int i = 0; i < l->n; i++) {
			const struct chip_axis *x = &l->axis[i];

			text = arena_printf(a, "%s%s%s", text, i ? ", " : "", chip_dim_names[x->dim]);
			if (x->div > 1)
				text = arena_printf(a, "%s/%d", text, x->div);
			if (x->mod)
				text = arena_printf(a, "%s%%%d", text, x->mod);
		}
		text = arena_printf(a, "`%s [%s]`%s", chip_operand_names[k], text, l->pitch ? ", vectors may lie apart" : "");
		if (l->align > 1)
			text = arena_printf(a, "%s, aligned to %d bytes", text, l->align);
		row(p, "layout", l->loc, text);
	}
}

static void
print_requant(const struct page *p, struct arena *a, const struct chip_op *op)
{
	static const char *const forms[ROUNDING_COUNT] = {
		[ROUNDING_DOUBLE] = "multiplier and shift, rounded twice", [ROUNDING_SINGLE] = "multiplier and shift, rounded once",
		[ROUNDING_EVEN] = "f32 scale, ties to even", [ROUNDING_SHIFT] = "a power of two"
	};

	if (op->requant.loc.start)
		row(p, "results", op->requant.loc, arena_printf(a, "%s, %s", forms[op->requant.rounding],
			op->requant.per_channel ? "per channel" : "per tensor"));
}

static void
print_limits(const struct page *p, struct arena *a, const struct chip_op *op)
{
	for (const struct chip_limit *l = op->limits; l; l = l->next)
		row(p, l->kind == LIMIT_WHERE ? "condition" : "limit", l->loc, l->message
			? arena_printf(a, "`%s`: %s", l->source, l->message) : arena_printf(a, "`%s`", l->source));
}

static void
print_facts(const struct page *p, struct arena *a, const struct chip_op *op)
{
	static const char *const partial[] = {
		[PARTIAL_NONE] = "none", [PARTIAL_OUT] = "out", [PARTIAL_IN_OUT] = "in and out"
	};

	if (op->partial != PARTIAL_NONE)
		row(p, "partial sums", op->partial_loc, arena_printf(a, "%s, %s", partial[op->partial], dtype_info[op->partial_type].name));
	print_requant(p, a, op);
	if (op->accumulator_loc.start)
		row(p, "accumulator", op->accumulator_loc, arena_printf(a, "%d bits", op->accumulator_bits));
	if (op->activation_loc.start)
		row(p, "activation", op->activation_loc, chip_source_text(a, p->chip, op->activation_loc));
	if (op->zero_loc.start)
		row(p, "zero points", op->zero_loc, chip_source_text(a, p->chip, op->zero_loc));
	if (op->padding_loc.start)
		row(p, "padding", op->padding_loc, op->pads_zero_point ? "counts as the zero point" : "counts as the number 0");
	if (op->order != ORDER_UNKNOWN)
		row(p, "order", op->order_loc, arena_printf(a, "`%s`", chip_source_text(a, p->chip, op->order_loc)));
	if (op->cycles)
		row(p, "cost", op->cycles_loc, arena_printf(a, "`%s`", chip_source_text(a, p->chip, op->cycles_loc)));
}

static void
print_call(const struct page *p, const struct chip_op *op)
{
	fprintf(p->f, "\nCall (line %d)%s:\n\n```c\n", line_of(p, op->call_loc),
		op->wrapper ? ", of a wrapper that you supply" : "");
	for (size_t i = 0; i < op->call.pieces.n; i++) {
		const struct chip_piece *c = &op->call.pieces.v[i];

		switch (c->kind) {
		case HOLE_TEXT: fputs(c->text, p->f); break;
		case HOLE_PARAM: fprintf(p->f, "{%s}", c->text); break;
		case HOLE_OPERAND: fprintf(p->f, "{%s}", chip_operand_names[c->operand]); break;
		case HOLE_PITCH: fprintf(p->f, "{%s.pitch}", chip_operand_names[c->operand]); break;
		case HOLE_EXPR:
			putc('{', p->f);
			chip_expr_print(p->f, c->expr);
			putc('}', p->f);
			break;
		}
	}
	fputs("\n```\n\n", p->f);
}

static void
print_unit(const struct page *p, const struct chip_op *op)
{
	struct arena a = { 0 };

	fprintf(p->f, "## %s\n\n%s (line %d).\n\n| | | line |\n|---|---|---|\n", op->title, chip_kind_info[op->kind].help,
		line_of(p, op->loc));
	print_types(p, &a, op);
	print_limits(p, &a, op);
	print_layouts(p, &a, op);
	print_facts(p, &a, op);
	print_call(p, op);
	arena_free(&a);
}

void
chip_doc_print(FILE *f, const struct chip *chip, const struct diag *where)
{
	struct page p = { f, chip, where };

	fprintf(f, "# %s, version %d\n\n", chip->name, chip->version);
	if (chip->doc)
		fprintf(f, "%s.\n\n", chip->doc);
	fprintf(f, "From %s. Line numbers are those of that file.\n\n", chip->file);
	for (size_t i = 0; i < chip->includes.n; i++)
		fprintf(f, "- Header: `%s`\n", chip->includes.v[i]);
	for (size_t i = 0; i < chip->codes.n; i++)
		fprintf(f, "- Code: `%s`, of which generated C has a copy\n", chip->codes.v[i].file);
	fprintf(f, "- Cores: %d\n", chip->cores);
	if (chip->calls)
		fprintf(f, "- Calls of units in an inference: at most %d\n", chip->calls);
	fprintf(f, "- What no unit takes: %s\n\n", chip->portable ? "portable C" : "refused");
	print_memories(&p);
	for (size_t i = 0; i < chip->ops.n; i++)
		print_unit(&p, &chip->ops.v[i]);
}
