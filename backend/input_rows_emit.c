/* What the generated C has of an input that comes by rows. */
#include <config.h>
#include <inttypes.h>
#include <string.h>
#include "backend/cgen.h"

static const char *
element_type(const struct cgen *g)
{
	return dtype_info[g->in[0].tensor->dtype].c_type;
}

const char *
input_rows_parameter(struct cgen *g)
{
	return arena_printf(g->arena, "%s_read_row *read_row", g->prefix);
}

void
input_rows_emit_type(struct cgen *g, struct emitter *e)
{
	emit_comment(e, arena_printf(g->arena, "Yours to write: row number ROW of the input, its %s_ROW_COUNT elements, goes to TO; USER is what "
		"%s_run was given. Rows are asked for in order, from 0, each once; those at the end that no layer reads are not. It returns 0; "
		"anything else ends the inference and is what %s_run returns.", g->in[0].macro, g->prefix, g->prefix));
	emit_line(e, "typedef int %s_read_row(void *user, int32_t row, %s *to);\n", g->prefix, element_type(g));
}

void
input_rows_emit(struct cgen *g, struct emitter *e)
{
	const char *items[] = { input_rows_parameter(g), "void *user", arena_printf(g->arena, "%s *to", element_type(g)), "int32_t row",
		"int32_t count" };

	emit_comment(e, "COUNT rows of the input from ROW on, or what read_row returns instead.");
	emit_line(e, "static int");
	emit_list(e, arena_printf(g->arena, "%s_read_rows", g->prefix), items, (int)(sizeof items / sizeof *items), "");
	emit_begin(e);
	emit_line(e, "int status = %s_OK;\n", g->upper);
	emit_line(e, "for (int32_t i = 0; i < count && status == %s_OK; i++)", g->upper);
	emit_line(e, "\tstatus = read_row(user, row + i, to + i * %s_ROW_COUNT);", g->in[0].macro);
	emit_line(e, "return status;");
	emit_close(e, "");
	emit_blank(e);
}

void
input_rows_emit_check(struct cgen *g, struct emitter *e)
{
	emit_line(e, "if (status != %s_OK)", g->upper);
	emit_line(e, "\treturn status;");
}

/* "kws_read_rows(read_row, user, TO, ROW, 1)", behind HEAD. */
static void
emit_asking(struct cgen *g, struct emitter *e, const char *head, const struct call *c, const char *to, const char *row, const char *tail)
{
	const char *items[] = { "read_row", "user", to, row, NULL };

	for (size_t i = 0; i < c->args.n; i++)
		if (strcmp(c->args.v[i].name, "rows") == 0)
			items[4] = arena_printf(g->arena, "/* rows */ %" PRId64, c->args.v[i].i);
	emit_list(e, arena_printf(g->arena, "%s%s_read_rows", head, g->prefix), items, (int)(sizeof items / sizeof *items), tail);
}

void
input_rows_emit_call(struct cgen *g, struct emitter *e, const struct call *c, const char *to, const char *row)
{
	emit_asking(g, e, "status = ", c, to, row, ";");
	input_rows_emit_check(g, e);
}

void
input_rows_emit_layer(struct cgen *g, struct emitter *e, const struct call *c)
{
	emit_asking(g, e, arena_printf(g->arena, "%s_LAYER(%d, status = ", g->upper, c->index), c, spec_argument(g, &c->args.v[0]),
		spec_argument(g, &c->args.v[1]), ");");
	input_rows_emit_check(g, e);
}

void
input_rows_emit_reader(struct cgen *g, struct emitter *e, const char *body)
{
	emit_line(e, "static int\nread_row(void *user, int32_t row, %s *to)", element_type(g));
	emit_begin(e);
	emit_statements(e, body);
	emit_line(e, "return 0;");
	emit_close(e, "\n");
}
