/* One function per distinct kernel and dimensions.
 *
 *	static void
 *	kws_conv2d_i8(int8_t *y, const int8_t *x, const int8_t *weight, ..., int32_t x_zero)
 *	{
 *		nn_conv2d_i8(y, x, weight, ..., x_zero, 49, 10, 1, ...);
 *	}
 *
 * Kernels are static inline: a compiler told -O3 makes each of these a function of its own with the loops
 * specialised, one told -Os keeps a single copy of the kernel behind them.  Of a chip's unit the body is its call
 * template, filled in. */
#include <config.h>
#include <inttypes.h>
#include <string.h>
#include "backend/cgen.h"
#include "chips/blocks.h"

enum { LAYERS_SHOWN = 4 };

static bool
is_pointer(const struct arg *a)
{
	switch (a->kind) {
	case ARG_OUT: case ARG_IN: case ARG_CONST: case ARG_SCRATCH: return true;
	case ARG_INT: case ARG_FLOAT: case ARG_DIM: case ARG_DOT: case ARG_BLOCK: case ARG_BAND: return false;
	}
	return false;
}

bool
arg_is_fixed(const struct arg *a)
{
	return a->kind == ARG_DIM || a->kind == ARG_DOT || a->kind == ARG_BLOCK || (is_pointer(a) && !a->buf);
}

/* ---- collecting ---- */

static void
add_key(struct text *t, const struct call *c)
{
	text_add(t, "%s", c->text ? c->text : c->kernel);
	for (size_t i = 0; i < c->args.n; i++) {
		const struct arg *a = &c->args.v[i];
		if (a->kind == ARG_DIM)
			text_add(t, " %" PRId64, a->i);
		else if (a->kind == ARG_DOT && a->dot)
			text_add(t, " dot %d %d", a->dot->unit->index, (int)a->dot->n);
		else if (a->kind == ARG_BLOCK && a->block)
			text_add(t, " block %s", a->block->text);
		else if (arg_is_fixed(a))
			text_add(t, " null");
		else
			text_add(t, " %s", is_pointer(a) ? dtype_info[a->dtype].name : "-");
	}
}

static void
add_use(struct cgen *g, struct spec *s, const struct call *c)
{
	if (s->uses == 0)
		s->used_by.arena = g->arena;
	if (s->uses < LAYERS_SHOWN)
		text_add(&s->used_by, "%s%s", s->uses ? ", " : "", c->node->name);
	s->uses++;
}

void
specs_collect(struct cgen *g)
{
	struct map *by_key = map_new(g->arena);
	struct spec **end = &g->specs;

	g->spec_of = ARENA_ARRAY(g->arena, struct spec *, (size_t)g->p->kernel_count);
	for (const struct call *c = program_kernels(g->p); c; c = program_next_kernel(c)) {
		name key;
		struct spec *s;

		if (c->source)
			continue;
		text_reset(&g->text);
		add_key(&g->text, c);
		key = intern(g->names, text_get(&g->text));
		s = map_get(by_key, key);
		if (!s) {
			s = ARENA_NEW(g->arena, struct spec);
			s->call = c;
			*end = s;
			end = &s->next;
			map_put(by_key, key, s);
		}
		add_use(g, s, c);
		g->spec_of[c->index] = s;
	}
}

/* ---- printing ---- */

static const char *
parameter(struct cgen *g, const struct arg *a)
{
	const char *type = dtype_info[a->dtype].c_type;

	switch (a->kind) {
	case ARG_OUT: case ARG_SCRATCH: return arena_printf(g->arena, "%s *%s", type, a->name);
	case ARG_IN: case ARG_CONST: return arena_printf(g->arena, "const %s *%s", type, a->name);
	case ARG_INT: case ARG_DIM: case ARG_BAND: return arena_printf(g->arena, "int32_t %s", a->name);
	case ARG_FLOAT: return arena_printf(g->arena, "float %s", a->name);
	case ARG_DOT: case ARG_BLOCK: break;
	}
	return NULL;
}

static const char *
integer(struct cgen *g, int64_t i)
{
	char digits[DATA_VALUE];

	if (i < INT32_MIN || i > INT32_MAX)
		die("argument %" PRId64 " is no 32-bit integer", i);
	data_int(digits, (int32_t)i);
	return arena_strdup(g->arena, digits);
}

static const char *
dot_id(const struct cgen *g, const struct dot *dot)
{
	for (const struct dot_function *f = g->dots; f; f = f->next)
		if (f->dot->unit == dot->unit && f->dot->n == dot->n)
			return f->id;
	return NULL;
}

static const char *
block_id(const struct cgen *g, const struct block *b)
{
	/* layers share a block's function unless their numbers are in its text */
	for (const struct block_function *f = g->blocks; f; f = f->next)
		if (f->block->unit == b->unit && !strcmp(f->block->text, b->text))
			return f->id;
	return NULL;
}

static const char *
passed_value(struct cgen *g, const struct arg *a)
{
	if (a->kind == ARG_DIM)
		return arena_printf(g->arena, "/* %s */ %s", a->name, integer(g, a->i));
	if (a->kind == ARG_DOT && a->dot)
		return dot_id(g, a->dot);
	if (a->kind == ARG_BLOCK && a->block)
		return block_id(g, a->block);
	return arg_is_fixed(a) ? "NULL" : a->name;
}

static void
describe_spec(struct cgen *g, const struct spec *s)
{
	text_reset(&g->text);
	if (s->call->unit)
		text_add(&g->text, "%s %s: ", s->call->unit->chip->name, s->call->unit->title);
	if (s->call->copied)
		text_add(&g->text, "a copy for ");
	if (s->call->moved)
		text_add(&g->text, "moves bytes within the arena");
	else
		describe_layer(&g->text, s->call->node);
	text_add(&g->text, ".\nUsed by %s", text_get((struct text *)&s->used_by));
	if (s->uses > LAYERS_SHOWN)
		text_add(&g->text, " and %d more", s->uses - LAYERS_SHOWN);
	text_add(&g->text, ".");
}

/* Blocks may want all registers there are: the function of a chain, which calls several, has none to spare. */
static bool
stands_apart(const struct call *c)
{
	for (size_t i = 0; i < c->args.n && c->chain; i++)
		if (c->args.v[i].kind == ARG_BLOCK && c->args.v[i].block)
			return true;
	return false;
}

static void
emit_spec(struct cgen *g, struct emitter *e, struct spec *s)
{
	const struct call *c = s->call;
	const char **parameters = ARENA_ARRAY(g->arena, const char *, c->args.n);
	const char **passed = ARENA_ARRAY(g->arena, const char *, c->args.n);
	int n = 0;

	for (size_t i = 0; i < c->args.n; i++) {
		const struct arg *a = &c->args.v[i];
		if (!arg_is_fixed(a))
			parameters[n++] = parameter(g, a);
		passed[i] = passed_value(g, a);
	}
	describe_spec(g, s);
	emit_comment(e, text_get(&g->text));
	emit_line(e, stands_apart(c) ? "NN_BLOCK_APART void" : "static void");
	emit_list(e, s->id, parameters, n, "");
	emit_begin(e);
	if (c->text)
		emit_statements(e, call_statement(g->arena, c));
	else
		emit_list(e, arena_printf(g->arena, "nn_%s", c->kernel), passed, (int)c->args.n, ";");
	emit_close(e, "");
	emit_blank(e);
}

/* ---- dot products ---- */

static void
collect_dot(struct cgen *g, const struct dot *dot)
{
	struct dot_function **end = &g->dots;

	if (dot_id(g, dot))
		return;
	while (*end)
		end = &(*end)->next;
	*end = ARENA_NEW(g->arena, struct dot_function);
	(*end)->dot = dot;
	(*end)->id = ident_make(g, arena_printf(g->arena, "%s_%s_%s_%d", g->prefix, dot->unit->chip->name, dot->unit->title,
		(int)dot->n));
}

static void
emit_dot_part(struct emitter *e, const struct dot_part *p, const char *add)
{
	if (p->count > 1)
		emit_open(e, "for (int32_t i = %d; i < %d; i += %d)", (int)p->at, (int)(p->at + p->count * p->n), (int)p->n);
	emit_statements(e, p->text);
	emit_line(e, "%s", add);
	if (p->count > 1)
		emit_close(e, "");
}

static void
emit_dot(struct cgen *g, struct emitter *e, const struct dot_function *f)
{
	const struct dot *d = f->dot;
	bool real = d->dtype == DT_F32;
	const char *type = dtype_info[d->dtype].c_type;

	emit_comment(e, arena_printf(g->arena, "The sum of x[i] * w[i] over %d values: %s %s%s.", (int)d->n, d->unit->chip->name,
		d->unit->title, d->rest < d->n ? ", and portable C for the rest" : ""));
	emit_line(e, "static %s", real ? "float" : "uint32_t");
	emit_line(e, "%s(const %s *x, const %s *w)", f->id, type, type);
	emit_begin(e);
	emit_line(e, real ? "float sum = 0.0f;" : "uint32_t sum = 0;");
	if (d->parts.n)
		emit_line(e, real ? "float part;" : "int32_t part;");
	emit_blank(e);
	for (size_t i = 0; i < d->parts.n; i++)
		emit_dot_part(e, &d->parts.v[i], real ? "sum += part;" : "sum += (uint32_t)part;");
	if (d->rest < d->n) {
		emit_line(e, "for (int32_t i = %d; i < %d; i++)", (int)d->rest, (int)d->n);
		emit_line(e, real ? "\tsum += x[i] * w[i];" : "\tsum += (uint32_t)(x[i] * w[i]);");
	}
	emit_line(e, "return sum;");
	emit_close(e, "");
	emit_blank(e);
}

static void
emit_dots(struct cgen *g, struct emitter *e)
{
	for (const struct call *c = program_kernels(g->p); c; c = program_next_kernel(c))
		for (size_t i = 0; i < c->args.n; i++)
			if (c->args.v[i].kind == ARG_DOT && c->args.v[i].dot)
				collect_dot(g, c->args.v[i].dot);
	for (const struct dot_function *f = g->dots; f; f = f->next)
		emit_dot(g, e, f);
}

/* ---- register blocks ---- */

static void
collect_block(struct cgen *g, const struct block *b)
{
	struct block_function **end = &g->blocks;

	if (block_id(g, b))
		return;
	while (*end)
		end = &(*end)->next;
	*end = ARENA_NEW(g->arena, struct block_function);
	(*end)->block = b;
	(*end)->id = ident_make(g, arena_printf(g->arena, "%s_%s_%s", g->prefix, b->unit->chip->name, b->unit->title));
}

/* A call need not be given these. */
static void
emit_unused(struct emitter *e, const struct chip_op *u)
{
	static const char *const parameters[] = { "multiplier", "shift", "in", "y_zero", "act_min", "act_max", "x_run", "kh", "w_run",
		"float_scaling", "float_pitch" };
	static const char *const of_all[] = { "runs", "scratch", "rows", "out" };
	const size_t given = u->kind == KIND_RUNS ? 11 : block_takes_all(u) ? 7 : 6; /* of the parameters */

	for (size_t i = 0; i < sizeof of_all / sizeof *of_all && block_takes_all(u); i++)
		if (!chip_template_has(&u->call, of_all[i]))
			emit_line(e, "(void)%s;", of_all[i]);
	for (size_t i = 0; i < given; i++)
		if (!chip_template_has(&u->call, parameters[i]))
			emit_line(e, "(void)%s;", parameters[i]);
}

/* All layers share a flexible block's function, which is no small one. */
static void
emit_block_f32(struct cgen *g, struct emitter *e, const struct block_function *f)
{
	static const char *const parameters[] = { "float *y", "int32_t y_pitch", "const float *x", "int32_t x_pitch", "int32_t x_run", "const float *w",
		"int32_t w_run", "const float *b", "int32_t runs", "int32_t in", "int32_t rows", "int32_t out", "float act_min", "float act_max" };
	const struct chip_op *u = f->block->unit;

	emit_comment(e, arena_printf(g->arena, "%s %s, up to %d windows by %d channels.", u->chip->name, u->title,
		(int)block_size(u, VAR_ROWS), (int)block_size(u, VAR_OUT)));
	emit_line(e, "static void");
	emit_list(e, f->id, parameters, (int)(sizeof parameters / sizeof *parameters), "");
	emit_begin(e);
	if (!chip_template_has(&u->call, "act_min"))
		emit_line(e, "(void)act_min;");
	if (!chip_template_has(&u->call, "act_max"))
		emit_line(e, "(void)act_max;");
	emit_statements(e, f->block->text);
	emit_close(e, "");
	emit_blank(e);
}

static void
emit_cases(struct emitter *e, const struct block *b)
{
	emit_line(e, "switch (rows) {");
	for (size_t i = 0; i < b->cases.n; i++) {
		emit_line(e, "case %d:", (int)b->cases.v[i].rows);
		e->depth++;
		emit_statements(e, b->cases.v[i].text);
		emit_line(e, "break;");
		e->depth--;
	}
	emit_line(e, "}");
}

static void
emit_block(struct cgen *g, struct emitter *e, const struct block_function *f)
{
	static const char *const parameters[] = { "int8_t *y", "int32_t y_pitch", "const void *x", "int32_t x_pitch", "const void *w",
		"const int32_t *b", "const int32_t *multiplier", "const int8_t *shift", "int32_t in", "int32_t y_zero", "int32_t act_min",
		"int32_t act_max", /* and of all channels: */ "int32_t runs", "int32_t x_run", "void *scratch", "int32_t rows", "int32_t out" };
	static const char *const of_runs[] = { "int8_t *y", "int32_t y_pitch", "const int8_t *x", "int32_t x_pitch", "int32_t x_run", "const int8_t *w",
		"int32_t w_run", "const int32_t *b", "const int32_t *multiplier", "const int8_t *shift", "const float *float_scaling", "int32_t float_pitch",
		"int32_t kh", "int32_t in", "int32_t y_zero", "int32_t act_min", "int32_t act_max", "int32_t rows" };
	const struct chip_op *u = f->block->unit;

	if (block_takes_all(u))
		emit_comment(e, arena_printf(g->arena, "%s %s, all channels of up to %d windows.", u->chip->name, u->title, (int)block_rows(u)));
	else
		emit_comment(e, arena_printf(g->arena, "%s %s, %s%d windows by %d channels.", u->chip->name, u->title,
			u->kind == KIND_RUNS ? "up to " : "", (int)f->block->rows, (int)f->block->channels));
	if (u->kind == KIND_RUNS) {
		emit_line(e, "NN_RUNS_INLINE void");
		emit_list(e, f->id, of_runs, (int)(sizeof of_runs / sizeof *of_runs), "");
	} else {
		emit_line(e, "%s void", block_takes_all(u) ? "static" : "NN_BLOCK_INLINE");
		emit_list(e, f->id, parameters, (int)(sizeof parameters / sizeof *parameters) - (block_takes_all(u) ? 0 : 5), "");
	}
	emit_begin(e);
	emit_unused(e, u);
	if (u->kind == KIND_RUNS)
		emit_cases(e, f->block);
	else
		emit_statements(e, f->block->text);
	emit_close(e, "");
	emit_blank(e);
}

static void
emit_blocks(struct cgen *g, struct emitter *e)
{
	for (const struct call *c = program_kernels(g->p); c; c = program_next_kernel(c))
		for (size_t i = 0; i < c->args.n; i++)
			if (c->args.v[i].kind == ARG_BLOCK && c->args.v[i].block)
				collect_block(g, c->args.v[i].block);
	for (const struct block_function *f = g->blocks; f; f = f->next) {
		if (block_is_flexible(f->block->unit))
			emit_block_f32(g, e, f);
		else
			emit_block(g, e, f);
	}
}

void
specs_emit(struct cgen *g, struct emitter *e)
{
	emit_dots(g, e);
	emit_blocks(g, e);
	for (struct spec *s = g->specs; s; s = s->next) {
		s->id = ident_make(g, arena_printf(g->arena, "%s_%s", g->prefix, s->call->kernel));
		emit_spec(g, e, s);
	}
}

/* "(int8_t *)(ram + 8000)", or through void * where the type is wider: no warning about alignment, which the
 * plan guarantees. */
static const char *
at_offset(struct cgen *g, const char *base, int64_t bytes, const char *type, int size, const char *constant)
{
	return arena_printf(g->arena, "(%s%s *)%s(%s + %" PRId64 ")", constant, type,
		size == 1 ? "" : *constant ? "(const void *)" : "(void *)", base, bytes);
}

/* ID, or "ID + 12"; with a cast where the buffer has another element type. */
static const char *
in_array(struct cgen *g, const char *id, const struct arg *a, const char *constant)
{
	const char *type = dtype_info[a->dtype].c_type;
	const char *cast = "";

	if (a->dtype != a->buf->dtype)
		cast = arena_printf(g->arena, "(%s%s *)(%svoid *)", constant, type, constant);
	if (a->offset == 0)
		return arena_printf(g->arena, "%s%s", cast, id);
	if (*cast)
		return arena_printf(g->arena, "%s%s + %" PRId64, cast, id, a->offset);
	return arena_printf(g->arena, "%s + %" PRId64, id, a->offset);
}

const char *
arg_pointer(struct cgen *g, const struct arg *a)
{
	const struct buffer *b = a->buf;
	const struct dtype_info *type = &dtype_info[a->dtype];
	const char *constant = a->kind == ARG_IN || a->kind == ARG_CONST ? "const " : "";

	switch (b->kind) {
	case BUF_ARENA:
		return at_offset(g, g->memories[b->memory].base, b->offset + a->offset * type->bytes, type->c_type, type->bytes, constant);
	case BUF_INPUT:
		return in_array(g, g->in[b->index].id, a, "const ");
	case BUF_OUTPUT:
		return in_array(g, g->out[b->index].id, a, constant);
	case BUF_CONST:
		if (g->opts->weights != WEIGHTS_BIN)
			return in_array(g, g->const_id[b->id], a, "const ");
		if (a->offset == 0)
			return arena_printf(g->arena, "(const %s *)%s(rom + %s)", type->c_type,
				type->bytes == 1 ? "" : "(const void *)", g->const_id[b->id]);
		return arena_printf(g->arena, "(const %s *)%s(rom + %s + %" PRId64 ")", type->c_type,
			type->bytes == 1 ? "" : "(const void *)", g->const_id[b->id], a->offset * type->bytes);
	}
	return NULL;
}

const char *
spec_argument(struct cgen *g, const struct arg *a)
{
	char number[DATA_VALUE];

	if (is_pointer(a))
		return arg_pointer(g, a);
	if (a->kind == ARG_FLOAT) {
		data_float(number, a->f);
		return arena_printf(g->arena, "/* %s */ %s", a->name, number);
	}
	return arena_printf(g->arena, "/* %s */ %s", a->name, integer(g, a->i));
}

void
spec_emit_call(struct cgen *g, struct emitter *e, const struct call *c)
{
	const char **items = ARENA_ARRAY(g->arena, const char *, c->args.n);
	int n = 0;

	if (c->stream) {
		stream_emit_call(g, e, c);
		return;
	}
	if (c->source) {
		input_rows_emit_layer(g, e, c);
		return;
	}
	for (size_t i = 0; i < c->args.n; i++)
		if (!arg_is_fixed(&c->args.v[i]))
			items[n++] = spec_argument(g, &c->args.v[i]);
	emit_list(e, arena_printf(g->arena, "%s_LAYER(%d, %s", g->upper, c->index, g->spec_of[c->index]->id), items, n, ");");
}
