/* netc chip-mock: a C twin of every intrinsic.  Each computes the exact result and stops with a message when a call breaks a
 * limit of the .chip, so that firmware runs on a PC before the chip exists. */
#include <config.h>
#include <ctype.h>
#include <string.h>
#include "backend/chip_c.h"

/* ---- conditions ---- */

/* "(v >= 16 && v <= 512 && fmod(v - 16, 16) == 0)" */
static const char *
range_c(struct chip_c *g, const struct chip_op *op, const struct chip_range *r, const char *v)
{
	const char *lo = chip_c_expr(g, op, r->lo);

	if (!r->hi)
		return arena_printf(g->arena, "%s == %s", v, lo);
	if (!r->step)
		return arena_printf(g->arena, "(%s >= %s && %s <= %s)", v, lo, v, chip_c_expr(g, op, r->hi));
	return arena_printf(g->arena, "(%s >= %s && %s <= %s && fmod(%s - %s, %s) == 0)", v, lo, v, chip_c_expr(g, op, r->hi), v,
		lo, chip_c_expr(g, op, r->step));
}

static const char *
limit_c(struct chip_c *g, const struct chip_op *op, const struct chip_limit *l)
{
	const char *all = NULL;

	if (l->kind == LIMIT_WHERE)
		return arena_printf(g->arena, "%s != 0", chip_c_expr(g, op, l->cond));
	for (size_t i = 0; i < l->set.ranges.n; i++) {
		const char *one = range_c(g, op, &l->set.ranges.v[i], chip_c_var(g, l->var));

		if (l->kind == LIMIT_PAIR)
			one = arena_printf(g->arena, "(%s && %s)", one, range_c(g, op, &l->set2.ranges.v[i], chip_c_var(g, l->var2)));
		all = all ? arena_printf(g->arena, "%s || %s", all, one) : one;
	}
	return all;
}

static void
emit_limit(struct chip_c *g, const struct chip_op *op, const struct chip_limit *l)
{
	if (l->kind != LIMIT_WHERE && l->kind != LIMIT_SET && l->kind != LIMIT_PAIR)
		return;
	emit_line(&g->e, "\tif (!(%s))", limit_c(g, op, l));
	if (l->kind == LIMIT_WHERE)
		emit_line(&g->e, "\t\treturn nn_broken(c, \"%s\");", chip_c_line(g, l->loc, l->message ? l->message : l->source));
	else
		emit_line(&g->e, "\t\treturn nn_broken_by(c, \"%s\", \"%s\", %s);", chip_c_line(g, l->loc, l->source),
			l->kind == LIMIT_PAIR ? arena_printf(g->arena, "%s or %s", chip_var_info[l->var].name, chip_var_info[l->var2].name)
			: chip_var_info[l->var].name, chip_c_var(g, l->var));
}

static void
emit_alignment(struct chip_c *g, const struct chip_op *op, enum chip_operand operand)
{
	const struct chip_layout *l = &op->layout[operand];
	const char *p = chip_operand_names[operand];

	if (l->loc.start && l->align > 1)
		emit_line(&g->e, "\tif ((uintptr_t)c->%s %% %d != 0)\n\t\treturn nn_broken(c, \"%s\");", p, l->align,
			chip_c_line(g, l->loc, arena_printf(g->arena, "%s is not aligned to %d bytes", p, l->align)));
}

static void
emit_pointers(struct chip_c *g, const struct chip_op *op)
{
	bool two = chip_kind_info[op->kind].operands[0] == 'a';

	emit_line(&g->e, "\tif (!c->y || !c->%s%s)", two ? "a" : "x", two ? " || !c->b" : "");
	emit_line(&g->e, "\t\treturn nn_broken(c, \"%s\");", chip_c_line(g, op->loc, "an operand is NULL"));
	for (int k = 0; k < OPERAND_COUNT; k++)
		emit_alignment(g, op, (enum chip_operand)k);
}

/* The result.  The reference goes from pixel to pixel: of a unit that reads all of a channel before it writes some of it x is copied. */
static void
emit_reference(struct chip_c *g, const struct chip_op *op, const char *id)
{
	if (op->order != ORDER_CHANNELS) {
		emit_line(&g->e, "\tnn_reference(&unit_%s, c);", id);
		return;
	}
	emit_line(&g->e, "\tconst void *const x = c->x;");
	emit_line(&g->e, "\tconst size_t pixels = (size_t)c->v[NN_HI] * (size_t)c->v[NN_WI], bytes = nn_type_bytes(unit_%s.x_type);", id);
	emit_line(&g->e, "\tvoid *const copy = malloc(pixels * bytes * (size_t)(c->x_pitch ? c->x_pitch : c->v[NN_IN]));\n");
	emit_line(&g->e, "\tif (!copy)\n\t\treturn nn_broken(c, \"no memory\");");
	emit_line(&g->e, "\tmemcpy(copy, x, ((pixels - 1) * (size_t)(c->x_pitch ? c->x_pitch : c->v[NN_IN]) + (size_t)c->v[NN_IN]) * bytes);");
	emit_line(&g->e, "\tc->x = copy;");
	emit_line(&g->e, "\tnn_reference(&unit_%s, c);", id);
	emit_line(&g->e, "\tc->x = x;\n\tfree(copy);");
}

/* check_ID: 0 and the reason in c->why, or 1. */
static void
emit_check(struct chip_c *g, const struct chip_op *op)
{
	const char *id = chip_c_id(g, op);

	emit_line(&g->e, "static int\ncheck_%s(struct nn_call *c)\n{", id);
	emit_line(&g->e, "\tconst int32_t *const v = c->v;\n");
	emit_line(&g->e, "\t(void)v;");
	emit_pointers(g, op);
	for (const struct chip_limit *l = op->limits; l; l = l->next)
		emit_limit(g, op, l);
	emit_line(&g->e, "\treturn 1;\n}\n");
	emit_line(&g->e, "static int\ntry_%s(struct nn_call *c, int y_type)\n{", id);
	emit_line(&g->e, "\tc->y_type = y_type;");
	emit_line(&g->e, "\tc->v[NN_MACS] = nn_macs(unit_%s.kind, c->v);", id);
	emit_line(&g->e, "\tif (!check_%s(c))\n\t\treturn 0;", id);
	emit_reference(g, op, id);
	emit_line(&g->e, "\tif (c->overflow)\n\t\treturn nn_broken(c, \"%s\");", chip_c_line(g,
		op->accumulator_loc.start ? op->accumulator_loc : op->loc,
		arena_printf(g->arena, "a sum does not fit the accumulator of %d bits", op->accumulator_bits)));
	emit_line(&g->e, "\treturn 1;\n}\n");
}

/* ---- intrinsics ---- */

struct wrapper {
	struct chip_c *g;
	const struct chip_function *f;
	const struct chip_op *op;
	uint64_t known;            /* variables, by bit */
};

#define BIT(x) (UINT64_C(1) << (x))

static void
set_var(struct wrapper *w, enum chip_var var, const char *value)
{
	emit_line(&w->g->e, "\tc.%s = (int32_t)(%s);", chip_c_var(w->g, var), value);
	w->known |= BIT(var);
}

static void
take_expr(struct wrapper *w, const struct chip_arg *a)
{
	static const char inverse[] = "*/-+", forward[] = "/*+-";
	const char *value = a->name;

	if (a->expr->kind == EXPR_BINARY)
		value = arena_printf(w->g->arena, "%s %c %d", a->name, inverse[strchr(forward, a->expr->u.op.oper) - forward],
			(int)a->expr->u.op.r->u.i);
	if (w->known & BIT(a->var)) { /* passed twice */
		emit_line(&w->g->e, "\tif (c.%s != %s)", chip_c_var(w->g, a->var), value);
		emit_line(&w->g->e, "\t\tnn_fail(function, \"\\n  %s\");", chip_c_line(w->g, w->op->call_loc,
			arena_printf(w->g->arena, "%s is passed as two numbers", chip_var_info[a->var].name)));
		return;
	}
	set_var(w, a->var, value);
}

static void
take_param(struct wrapper *w, const struct chip_arg *a)
{
	static const char *const arrays[] = { "multiplier", "shift", "scale" };
	static const char *const fields[] = {
		"x_zero", "w_zero", "y_zero", "act_min", "act_max", "relu", "a_zero", "a_multiplier", "a_shift", "b_zero",
		"b_multiplier", "b_shift", "y_multiplier", "y_shift", "left_shift", "sum_shift"
	};

	for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
		if (strcmp(a->text, arrays[i]) == 0) {
			if (strchr(a->type, '*'))
				emit_line(&w->g->e, "\tc.%s = %s;", a->text, a->name);
			else if (i == 1)
				emit_line(&w->g->e, "\tconst int8_t shift_byte = (int8_t)%s;\n\tc.shift = &shift_byte;", a->name);
			else
				emit_line(&w->g->e, "\tc.%s = &%s;", a->text, a->name);
			return;
		}
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (strcmp(a->text, fields[i]) == 0) {
			emit_line(&w->g->e, "\tc.%s = %s;", a->text, a->name);
			return;
		}
	emit_line(&w->g->e, "\t(void)%s;", a->name);
}

static void
take_arg(struct wrapper *w, const struct chip_arg *a)
{
	struct chip_c *g = w->g;

	switch (a->kind) {
	case HOLE_TEXT:
		emit_line(&g->e, "\tif (%s != (%s))", a->name, a->text);
		emit_line(&g->e, "\t\tnn_fail(function, \"%s\");", chip_c_line(g, w->op->call_loc,
			arena_printf(g->arena, "the constant argument %s has another value", a->text)));
		break;
	case HOLE_OPERAND:
		emit_line(&g->e, "\tc.%s = %s;", chip_operand_names[a->operand], a->name);
		break;
	case HOLE_PITCH:
		if (chip_kind_info[w->op->kind].operands[0] == 'a' && a->operand == OPERAND_B)
			emit_line(&g->e, "\tc.x_pitch = %s;", a->name); /* the second operand of two */
		else
			emit_line(&g->e, "\tc.%s_pitch = %s;", chip_operand_names[a->operand], a->name);
		break;
	case HOLE_PARAM:
		take_param(w, a);
		break;
	case HOLE_EXPR:
		take_expr(w, a);
		break;
	}
}

/* What the call does not pass but a limit leaves no choice about. */
static void
take_fixed(struct wrapper *w)
{
	uint64_t all = chip_c_vars(w->op->kind);

	emit_line(&w->g->e, "\t{\n\tconst int32_t *const v = c.v;\n\t(void)v;");
	for (int pass = 0; pass < 3; pass++)
		for (int var = 0; var < VAR_COUNT; var++) {
			const char *value = NULL;

			if (!(all & BIT(var)) || (w->known & BIT(var)))
				continue;
			value = chip_c_fixed(w->g, w->op, (enum chip_var)var, w->known);
			if (value)
				set_var(w, (enum chip_var)var, value);
		}
	emit_line(&w->g->e, "\t}");
}

static bool
knows(const struct wrapper *w, enum chip_var var)
{
	return w->known & BIT(var);
}

/* One direction of an image: the size of the result, of the input and the padding behind, from each other. */
static void
derive_side(struct wrapper *w, const enum chip_var d[7])
{
	enum { IN, OUT, BEFORE, AFTER, K, STEP, DIL };
	struct chip_c *g = w->g;
	const char *span = arena_printf(g->arena, "((c.%s - 1) * c.%s + 1)", chip_c_var(g, d[K]), chip_c_var(g, d[DIL]));
	const char *in = chip_c_var(g, d[IN]), *out = chip_c_var(g, d[OUT]), *before = chip_c_var(g, d[BEFORE]), *after = chip_c_var(g, d[AFTER]);
	const char *step = chip_c_var(g, d[STEP]);
	bool transposed = w->op->kind == KIND_TCONV2D;

	if (!knows(w, d[OUT]) && knows(w, d[IN]) && knows(w, d[AFTER]))
		set_var(w, d[OUT], transposed ? arena_printf(g->arena, "(c.%s - 1) * c.%s + %s - c.%s - c.%s", in, step, span, before, after)
			: arena_printf(g->arena, "(c.%s + c.%s + c.%s - %s) / c.%s + 1", in, before, after, span, step));
	if (!knows(w, d[IN]) && knows(w, d[OUT]) && knows(w, d[AFTER]))
		set_var(w, d[IN], arena_printf(g->arena, "(c.%s - 1) * c.%s + %s - c.%s - c.%s", out, step, span, before, after));
	if (!knows(w, d[AFTER]) && knows(w, d[IN]) && knows(w, d[OUT]))
		set_var(w, d[AFTER], transposed ? "0" : arena_printf(g->arena,
			"nn_at_least_0((c.%s - 1) * c.%s + %s - c.%s - c.%s)", out, step, span, in, before));
}

static bool
derive(struct wrapper *w)
{
	static const enum chip_var vertical[] = { VAR_HI, VAR_HO, VAR_PT, VAR_PB, VAR_KH, VAR_SH, VAR_DH };
	static const enum chip_var horizontal[] = { VAR_WI, VAR_WO, VAR_PL, VAR_PR, VAR_KW, VAR_SW, VAR_DW };
	uint64_t all = chip_c_vars(w->op->kind);
	struct chip_c *g = w->g;

	if (all & BIT(VAR_DEPTH_MULTIPLIER)) {
		if (!knows(w, VAR_DEPTH_MULTIPLIER) && knows(w, VAR_IN) && knows(w, VAR_OUT))
			set_var(w, VAR_DEPTH_MULTIPLIER, "c.v[NN_OUT] / c.v[NN_IN]");
		if (!knows(w, VAR_DEPTH_MULTIPLIER))
			set_var(w, VAR_DEPTH_MULTIPLIER, "1");
		if (!knows(w, VAR_OUT) && knows(w, VAR_IN))
			set_var(w, VAR_OUT, "c.v[NN_IN] * c.v[NN_DEPTH_MULTIPLIER]");
		if (!knows(w, VAR_IN) && knows(w, VAR_OUT))
			set_var(w, VAR_IN, "c.v[NN_OUT] / c.v[NN_DEPTH_MULTIPLIER]");
	}
	if ((all & BIT(VAR_DH)) == 0)
		w->known |= BIT(VAR_DH) | BIT(VAR_DW);
	if (all & BIT(VAR_HO)) {
		derive_side(w, vertical);
		derive_side(w, horizontal);
	}
	if ((all & BIT(VAR_ROWS)) && !knows(w, VAR_ROWS) && chip_c_vars(w->op->kind) & BIT(VAR_ROWS))
		set_var(w, VAR_ROWS, "1");
	if (w->op->kind == KIND_MAXPOOL || w->op->kind == KIND_AVGPOOL)
		set_var(w, VAR_OUT, "c.v[NN_IN]");
	if (w->op->kind == KIND_REQUANTIZE)
		set_var(w, VAR_IN, "c.v[NN_OUT]");
	for (int var = 0; var < VAR_COUNT; var++)
		if ((all & BIT(var)) && !knows(w, (enum chip_var)var)) {
			diag_error(g->diag, w->op->call_loc, "the mock cannot know '%s' of '%s': the call does not pass it and no limit fixes it",
				chip_var_info[var].name, w->op->title);
			return false;
		}
	return true;
}

static const struct chip_arg *
find_param(const struct chip_function *f, const char *param)
{
	for (size_t i = 0; i < f->args.n; i++)
		if (f->args.v[i].kind == HOLE_PARAM && strcmp(f->args.v[i].text, param) == 0)
			return &f->args.v[i];
	return NULL;
}

/* Which type the result has in this call. */
static const char *
result_type(struct wrapper *w)
{
	static const char *const told_by[] = { "multiplier", "scale", "shift" };
	const struct chip_op *op = w->op;
	const struct chip_arg *a;

	if (!chip_c_two_results(op))
		return chip_c_type(op->types.v[0].y);
	a = find_param(w->f, "partial");
	if (a)
		return arena_printf(w->g->arena, "%s ? %s : NN_I8", a->name, chip_c_type(op->partial_type));
	for (size_t i = 0; i < sizeof told_by / sizeof *told_by; i++) {
		a = find_param(w->f, told_by[i]);
		if (a && strchr(a->type, '*'))
			return arena_printf(w->g->arena, "%s ? NN_I8 : %s", a->name, chip_c_type(op->partial_type));
	}
	return NULL;
}

static bool
emit_try(struct chip_c *g, const struct chip_function *f, const struct chip_op *op)
{
	struct wrapper w = { .g = g, .f = f, .op = op };
	const char *type = result_type(&w);

	if (!type) {
		diag_error(g->diag, op->call_loc, "the mock cannot know the result's type of '%s': pass {partial}, or a {multiplier} per channel "
			"that is NULL for sums", op->title);
		return false;
	}
	emit_line(&g->e, "\tc = nn_call_start();");
	emit_line(&g->e, "\tc.sum_type = %s;", chip_c_type(op->partial == PARTIAL_NONE ? DT_I32 : op->partial_type));
	for (size_t i = 0; i < f->args.n; i++)
		take_arg(&w, &f->args.v[i]);
	take_fixed(&w);
	if (!derive(&w))
		return false;
	emit_line(&g->e, "\tmemcpy(c.why, why, sizeof why);");
	emit_line(&g->e, "\tif (try_%s(&c, %s))\n\t\treturn;", chip_c_id(g, op), type);
	emit_line(&g->e, "\tmemcpy(why, c.why, sizeof why);");
	return true;
}

static bool
emit_intrinsic(struct chip_c *g, const struct chip_function *f)
{
	bool ok = true;

	emit_line(&g->e, "void");
	chip_c_prototype(g, f, "");
	emit_line(&g->e, "{\n\tstatic const char function[] = \"%s\";", f->name);
	emit_line(&g->e, "\tstruct nn_call c;\n\tchar why[sizeof c.why] = \"\";\n");
	for (size_t i = 0; i < f->ops.n; i++) {
		if (f->ops.n > 1)
			emit_line(&g->e, "\t{");
		ok = emit_try(g, f, f->ops.v[i]) && ok;
		if (f->ops.n > 1)
			emit_line(&g->e, "\t}");
	}
	emit_line(&g->e, "\tnn_fail(function, why);\n}\n");
	return ok;
}

/* ---- files ---- */

static const char helpers[] =
	"static int\n"
	"nn_broken(struct nn_call *c, const char *limit)\n"
	"{\n"
	"\tsize_t n = strlen(c->why);\n"
	"\tsnprintf(c->why + n, sizeof c->why - n, \"\\n  %s\", limit);\n"
	"\treturn 0;\n"
	"}\n"
	"\n"
	"static int\n"
	"nn_broken_by(struct nn_call *c, const char *limit, const char *name, int32_t value)\n"
	"{\n"
	"\tsize_t n = strlen(c->why);\n"
	"\tsnprintf(c->why + n, sizeof c->why - n, \"\\n  %s: %s = %ld\", limit, name, (long)value);\n"
	"\treturn 0;\n"
	"}\n"
	"\n"
	"static void\n"
	"nn_fail(const char *function, const char *why)\n"
	"{\n"
	"\tfprintf(stderr, \"%s: this call breaks a limit of the chip:%s\\n\", function, why);\n"
	"\tabort();\n"
	"}\n"
	"\n"
	"static int32_t\n"
	"nn_at_least_0(int32_t v)\n"
	"{\n"
	"\treturn v < 0 ? 0 : v;\n"
	"}\n";

static const char *
header_name(struct chip_c *g)
{
	return g->chip->includes.n ? path_base(g->chip->includes.v[0]) : arena_printf(g->arena, "%s.h", g->chip->name);
}

static const char *
guard_name(struct chip_c *g, const char *file)
{
	char *s = arena_strdup(g->arena, file);

	for (char *p = s; *p; p++)
		*p = isalnum((unsigned char)*p) ? (char)toupper((unsigned char)*p) : '_';
	return isdigit((unsigned char)*s) ? arena_printf(g->arena, "H_%s", s) : s;
}

/* Words that calls pass as constants: the vendor's header defines them, here any distinct numbers do. */
static void
emit_constants(struct chip_c *g)
{
	struct map *seen = map_new(g->arena);
	struct intern *words = intern_new(g->arena);
	int number = 1000;

	for (const struct chip_function *f = g->functions; f; f = f->next)
		for (size_t i = 0; i < f->args.n; i++) {
			const struct chip_arg *a = &f->args.v[i];
			name word;

			if (a->kind != HOLE_TEXT || !(isalpha((unsigned char)*a->text) || *a->text == '_')
			    || strspn(a->text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != strlen(a->text))
				continue;
			word = intern(words, a->text);
			if (map_get(seen, word))
				continue;
			map_put(seen, word, g);
			if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0)
				emit_line(&g->e, "#include <stdbool.h>");
			else if (strcmp(word, "NULL") == 0)
				emit_line(&g->e, "#include <stddef.h>");
			else
				emit_line(&g->e, "#ifndef %s\n#define %s %d\n#endif", word, word, ++number);
		}
}

static void
emit_header(struct chip_c *g, const char *command)
{
	const char *file = header_name(g), *guard = guard_name(g, file);

	emit_comment(&g->e, arena_printf(g->arena, "%s: the intrinsics of %s as its .chip file calls them.\nMade from %s by netc %s:\n\t%s", file,
		g->chip->name, g->chip->file, PACKAGE_VERSION, command));
	emit_line(&g->e, "#ifndef %s\n#define %s\n#include <stdint.h>", guard, guard);
	emit_constants(g);
	emit_blank(&g->e);
	emit_line(&g->e, "#ifdef __cplusplus\nextern \"C\" {\n#endif\n");
	for (const struct chip_function *f = g->functions; f; f = f->next) {
		emit_line(&g->e, "void");
		chip_c_prototype(g, f, ";");
	}
	emit_line(&g->e, "\n#ifdef __cplusplus\n}\n#endif\n#endif");
}

static bool
emit_mock(struct chip_c *g, const char *command)
{
	bool ok = true;

	emit_comment(&g->e, arena_printf(g->arena, "A C twin of the intrinsics of %s: each computes the exact result, and a call that breaks a limit "
		"stops the program with the line of the .chip.  For a PC.\nMade from %s by netc %s:\n\t%s", g->chip->name, g->chip->file,
		PACKAGE_VERSION, command));
	emit_line(&g->e, "#include <stdio.h>\n#include <stdlib.h>\n#include \"%s\"\n", header_name(g));
	chip_c_embed(g, "nn_chip_reference.h");
	fputs(helpers, g->e.out);
	emit_blank(&g->e);
	for (const struct chip_function *f = g->functions; f; f = f->next)
		for (size_t i = 0; i < f->ops.n; i++) {
			chip_c_unit(g, f->ops.v[i]);
			emit_check(g, f->ops.v[i]);
		}
	for (const struct chip_function *f = g->functions; f; f = f->next)
		ok = emit_intrinsic(g, f) && ok;
	return ok;
}

bool
chip_mock_emit(struct chip_c *g, struct outputs *out, const char *dir, const char *command)
{
	if (g->chip->codes.n > 0) {
		diag_error(g->diag, g->chip->codes.v[0].loc, "'%s' brings the code of its units: it needs no mock", g->chip->name);
		return false;
	}
	if (!chip_c_functions(g))
		return false;
	g->e = (struct emitter){ .out = outputs_open(out, path_join(g->arena, dir, header_name(g))) };
	if (g->e.out)
		emit_header(g, command);
	g->e = (struct emitter){ .out = outputs_open(out, path_join(g->arena, dir, arena_printf(g->arena, "%s_mock.c", g->chip->name))) };
	return !g->e.out || emit_mock(g, command);
}
