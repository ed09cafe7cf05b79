/* Value sets against counting through them, and expressions against values worked out by hand. */
#include <config.h>
#include <math.h>
#include "chip_text.h"
#include "random_graph.h"
#include "unit.h"

Suite *chip_set_suite(void);

#define CONV_CALL "type = i8 * i8 -> i32; call \"f({y}, {x}, {w});\";\n"
/* No call is allowed, so the formulas behind it are not tried when the chip is read. */
#define UNTRIED CONV_CALL "where in < 0 : \"none\"; "

/* ---- sets ---- */

enum { IN = 12, TOP = 100 }; /* the value of `in` that relations see; how far sets are counted through */

/* One alternative of a set: LO..HI step STEP, each end a number plus a multiple of `in`. */
struct part { int lo, lo_in, hi, hi_in, step; };

static bool
part_has(const struct part *p, int v)
{
	for (int i = p->lo + p->lo_in * IN; i <= p->hi + p->hi_in * IN; i += p->step)
		if (i == v)
			return true;
	return false;
}

static bool
parts_have(const struct part *p, int n, int v)
{
	for (int i = 0; i < n; i++)
		if (part_has(&p[i], v))
			return true;
	return false;
}

static void
end_text(FILE *f, int n, int in)
{
	if (in)
		fprintf(f, "%d * in + %d", in, n);
	else
		fprintf(f, "%d", n);
}

static void
random_part(struct rng *rng, struct part *p, FILE *f)
{
	int kind = rng_below(rng, 3), in = rng_below(rng, 3) == 0 ? 1 + rng_below(rng, 2) : 0;

	p->lo = 1 + rng_below(rng, 40);
	p->lo_in = in;
	p->hi = p->lo + (kind ? rng_below(rng, 60) : 0);
	p->hi_in = in;
	p->step = kind == 2 ? 1 + rng_below(rng, 9) : 1;
	end_text(f, p->lo, in);
	if (kind) {
		fputs("..", f);
		end_text(f, p->hi, in);
	}
	if (kind == 2)
		fprintf(f, " step %d", p->step);
}

START_TEST(sets_are_what_counting_finds)
{
	struct rng rng = { (uint64_t)_i * 2 + 1 };
	struct part parts[4];
	int n = 1 + rng_below(&rng, 4);
	struct chip_text t;
	struct chip_vars vars;
	char *body;
	size_t len;
	FILE *f = open_memstream(&body, &len);

	fputs(CONV_CALL "out = ", f);
	for (int i = 0; i < n; i++) {
		fputs(i ? " | " : "", f);
		random_part(&rng, &parts[i], f);
	}
	fputs(";", f);
	fclose(f);
	const struct chip_limit *l = chip_text_op(&t, "conv2d", body)->limits;
	chip_vars_clear(&vars);
	vars.v[VAR_IN] = IN;
	ck_assert_int_eq(l->kind, LIMIT_SET);
	ck_assert_int_eq(l->var, VAR_OUT);
	for (int v = 0; v <= TOP; v++) {
		int below = v, above = v;

		while (below >= 0 && !parts_have(parts, n, below))
			below--;
		while (above <= 1000 && !parts_have(parts, n, above))
			above++;
		ck_assert_msg(chip_set_has(&l->set, &vars, v) == parts_have(parts, n, v), "%s: has %d", l->source, v);
		ck_assert_msg(chip_set_at_most(&l->set, &vars, v) == (below < 0 ? -1 : below), "%s: at most %d", l->source, v);
		ck_assert_msg(chip_set_at_least(&l->set, &vars, v) == (above > 1000 ? -1 : above), "%s: at least %d", l->source, v);
	}
	chip_text_done(&t);
	free(body);
}
END_TEST

static const struct {
	const char *text;      /* a property of a conv2d */
	int kh, kw, in, out;   /* of the call; stride and padding 1 and 0 */
	bool holds;
} limit_rows[] = {
	{ "kernel = 1x1 | 3x3;", 3, 3, 1, 1, true },
	{ "kernel = 1x1 | 3x3;", 1, 3, 1, 1, false },
	{ "kernel = 3;", 3, 3, 1, 1, true },
	{ "kernel = 3;", 3, 1, 1, 1, false },
	{ "kernel = 1..5;", 2, 5, 1, 1, true },
	{ "kernel = 1..5;", 6, 5, 1, 1, false },
	{ "kernel = 10x4 | 1..2;", 10, 4, 1, 1, true },
	{ "kernel = 10x4 | 1..2;", 10, 2, 1, 1, false },
	{ "out = in;", 1, 1, 24, 24, true },
	{ "out = in;", 1, 1, 24, 25, false },
	{ "out = in / 2;", 1, 1, 25, 12, false }, /* 12.5 is no number of channels */
	{ "out = in / 2;", 1, 1, 24, 12, true },
	{ "out = in..2 * in step in;", 1, 1, 24, 48, true },
	{ "out = in..2 * in step in;", 1, 1, 24, 36, false },
	{ "out = in - 30..in - 20;", 1, 1, 24, 3, true },  /* from below zero */
	{ "where in * kh <= 64 : \"no\";", 2, 1, 32, 1, true },
	{ "where in * kh <= 64 : \"no\";", 3, 1, 32, 1, false },
	{ "where in / (kh - 1) > 0 : \"no\";", 1, 1, 32, 1, false }, /* no value */
	{ "where bytes(w) <= ram : \"no\";", 8, 8, 32, 32, true },
	{ "where bytes(w) <= ram - 1 : \"no\";", 8, 8, 32, 32, false },
	{ "macs = 1..100;", 1, 1, 10, 10, true },
	{ "macs = 1..100;", 1, 1, 10, 11, false },
};

START_TEST(limits_hold_or_break)
{
	struct chip_text t;
	struct chip_vars vars;
	char body[512];

	snprintf(body, sizeof body, UNTRIED "%s", limit_rows[_i].text);
	const struct chip_op *op = chip_text_op(&t, "conv2d", body);
	const struct chip_limit *last = op->limits;
	while (last->next)
		last = last->next;
	chip_vars_clear(&vars);
	vars.v[VAR_KH] = limit_rows[_i].kh;
	vars.v[VAR_KW] = limit_rows[_i].kw;
	vars.v[VAR_IN] = limit_rows[_i].in;
	vars.v[VAR_OUT] = limit_rows[_i].out;
	vars.v[VAR_HI] = limit_rows[_i].kh;
	vars.v[VAR_WI] = limit_rows[_i].kw;
	vars.type[OPERAND_X] = vars.type[OPERAND_W] = DT_I8;
	vars.type[OPERAND_Y] = DT_I32;
	chip_vars_complete(op, &vars);
	ck_assert_int_eq(chip_limit_holds(last, &vars), limit_rows[_i].holds);
	chip_text_done(&t);
}
END_TEST

START_TEST(padding_limits_each_side)
{
	static const enum chip_var sides[] = { VAR_PT, VAR_PB, VAR_PL, VAR_PR };
	const struct chip_limit *broken[4];
	struct chip_text t;
	struct chip_vars vars;
	const struct chip_op *op = chip_text_op(&t, "conv2d", CONV_CALL "pad = 0..2;");

	for (int i = 0; i < 4; i++) {
		chip_vars_clear(&vars);
		vars.v[sides[i]] = 2;
		ck_assert_int_eq(chip_breaks(op, &vars, broken, 4), 0);
		vars.v[sides[i]] = 3;
		ck_assert_int_eq(chip_breaks(op, &vars, broken, 4), 1);
		ck_assert_int_eq(broken[0]->var, sides[i]);
		ck_assert_str_eq(broken[0]->source, "pad = 0..2");
	}
	chip_text_done(&t);
}
END_TEST

/* ---- expressions, at in = 24, out = 10, kh = 3, kw = 5, hi = wi = 6 ---- */

static const struct { const char *text; double value; } expr_rows[] = {
	{ "1 + 2 * 3", 7 },
	{ "(1 + 2) * 3", 9 },
	{ "10 - 3 - 2", 5 },
	{ "in / 16", 1.5 },
	{ "100 / 10 / 2", 5 },
	{ "in % 16", 8 },
	{ "-in + 30", 6 },
	{ "2 * -3", -6 },
	{ "ceil(in / 16)", 2 },
	{ "floor(in / 16)", 1 },
	{ "round(in / 16)", 2 },
	{ "ceil(0 - 1.5) + abs(0 - 7)", 6 },
	{ "min(in, out, kh)", 3 },
	{ "max(in, out, kh)", 24 },
	{ "min(5)", 5 },
	{ "log2(8) + log2(0.5)", 2 },
	{ "in < 24", 0 },
	{ "in <= 24", 1 },
	{ "in > 23", 1 },
	{ "in >= 25", 0 },
	{ "in == 24", 1 },
	{ "in != 24", 0 },
	{ "in == 24 && out == 10", 1 },
	{ "in == 24 && out == 11", 0 },
	{ "in == 0 || out == 10", 1 },
	{ "in == 24 || out / 0 > 1", 1 },    /* the right side is not asked for */
	{ "in == 0 && out / 0 > 1", 0 },
	{ "!(in == 24)", 0 },
	{ "!(in == 25) + 1", 2 },
	{ "ram / 2", 32768 },
	{ "4K * 2", 8192 },
	{ "kh * kw * in * out", 3600 },
	{ "bytes(x) / bytes(y)", 2.7 },      /* 6 * 6 * 24 of i8, 4 * 2 * 10 of i32 */
};

START_TEST(expressions)
{
	struct chip_text t;
	struct chip_vars vars;
	char body[512];
	double v;

	snprintf(body, sizeof body, UNTRIED "where (%s) < 1000000 : \"\";", expr_rows[_i].text);
	const struct chip_op *op = chip_text_op(&t, "conv2d", body);
	chip_vars_clear(&vars);
	vars.v[VAR_IN] = 24, vars.v[VAR_OUT] = 10, vars.v[VAR_KH] = 3, vars.v[VAR_KW] = 5, vars.v[VAR_HI] = vars.v[VAR_WI] = 6;
	vars.type[OPERAND_X] = vars.type[OPERAND_W] = DT_I8;
	vars.type[OPERAND_Y] = DT_I32;
	chip_vars_complete(op, &vars);
	ck_assert(chip_eval(op->limits->next->cond->u.op.l, &vars, NULL, &v));
	ck_assert_msg(fabs(v - expr_rows[_i].value) < 1e-12, "%s gives %.17g", expr_rows[_i].text, v);
	chip_text_done(&t);
}
END_TEST

START_TEST(no_value_is_reported_once_and_at_its_place)
{
	struct chip_text t;
	struct chip_vars vars;
	double v;
	const struct chip_op *op = chip_text_op(&t, "conv2d", CONV_CALL "in = 1..8;\nwhere 1 / (9 - in) + 2 / (9 - in) < 9 : \"no\";");

	chip_vars_clear(&vars);
	vars.v[VAR_IN] = 9;
	ck_assert(!chip_eval(op->limits->next->cond, &vars, NULL, &v));
	ck_assert_str_eq(t.messages, "");
	ck_assert(!chip_eval(op->limits->next->cond, &vars, &t.diag, &v));
	fflush(t.diag.out);
	ck_assert_int_eq(t.diag.errors, 1);
	ck_assert_ptr_nonnull(strstr(t.messages, "t.chip:6:11: error: division by zero\n"));
	chip_text_done(&t);
}
END_TEST

Suite *
chip_set_suite(void)
{
	Suite *s = suite_create("chip_set");
	TCase *t = tcase_create("sets");

	tcase_add_loop_test(t, sets_are_what_counting_finds, 0, 200);
	tcase_add_loop_test(t, limits_hold_or_break, 0, ROWS(limit_rows));
	tcase_add_test(t, padding_limits_each_side);
	suite_add_tcase(s, t);
	t = tcase_create("expressions");
	tcase_add_loop_test(t, expressions, 0, ROWS(expr_rows));
	tcase_add_test(t, no_value_is_reported_once_and_at_its_place);
	suite_add_tcase(s, t);
	return s;
}
