/* Layouts: packing against formulas written out by hand, random splits of dimensions against counting, layouts that are refused. */
#include <config.h>
#include "chip_text.h"
#include "random_graph.h"
#include "unit.h"

Suite *chip_layout_suite(void);

#define CALL "type = i8 * i8 -> i32; call \"f({y}, {x}, {w}, {b}, {sum}, {x.pitch}, {y.pitch});\";\nlayout = "

/* ---- packing ---- */

/* Each: where element (out, kh, kw, in) of a weight [out, kh, kw, in] lies for a layout, in elements; sizes as in size_rows. */
enum { OUT = 20, KH = 2, KW = 3, IN = 10 };

static int64_t
blocks_of_out(int o, int y, int x, int i)
{
	return ((((int64_t)(o / 16) * KH + y) * KW + x) * IN + i) * 16 + o % 16;
}

static int64_t
taps_first(int o, int y, int x, int i)
{
	return ((int64_t)(y * KW + x) * IN + i) * OUT + o;
}

/* [out/8, in/4, kh, kw, out%8, in%4] */
static int64_t
blocks_of_both(int o, int y, int x, int i)
{
	return (((((int64_t)(o / 8) * 3 + i / 4) * KH + y) * KW + x) * 8 + o % 8) * 4 + i % 4;
}

/* [out/8, in, out/2%4, kh, kw, out%2] */
static int64_t
three_levels(int o, int y, int x, int i)
{
	return (((((int64_t)(o / 8) * IN + i) * 4 + o / 2 % 4) * KH + y) * KW + x) * 2 + o % 2;
}

static const struct {
	const char *layout;
	int64_t (*place)(int o, int y, int x, int i);
	int64_t count;         /* with the filling */
} pack_rows[] = {
	{ "w [out/16, kh, kw, in, out%16]", blocks_of_out, 32 * KH * KW * IN },
	{ "w [kh, kw, in, out]", taps_first, OUT * KH * KW * IN },
	{ "w [out/8, in/4, kh, kw, out%8, in%4]", blocks_of_both, 24 * KH * KW * 12 },
	{ "w [out/8, in, out/2%4, kh, kw, out%2]", three_levels, 24 * KH * KW * IN },
};

START_TEST(packing_follows_the_formula)
{
	static const int64_t step[DIM_COUNT] = { [DIM_OUT] = KH * KW * IN, [DIM_KH] = KW * IN, [DIM_KW] = IN, [DIM_IN] = 1 };
	static const int32_t size[DIM_COUNT] = { [DIM_OUT] = OUT, [DIM_KH] = KH, [DIM_KW] = KW, [DIM_IN] = IN };
	int16_t from[OUT * KH * KW * IN];
	struct chip_text t;
	char body[256];

	snprintf(body, sizeof body, CALL "%s;", pack_rows[_i].layout);
	const struct chip_layout *l = &chip_text_op(&t, "conv2d", body)->layout[OPERAND_W];
	int64_t count = chip_layout_count(l, size), filled = 0;
	ck_assert_int_eq(count, pack_rows[_i].count);
	int16_t *to = malloc((size_t)count * sizeof *to);
	for (int k = 0; k < OUT * KH * KW * IN; k++)
		from[k] = (int16_t)(k + 1);
	memset(to, -1, (size_t)count * sizeof *to);
	chip_layout_pack(l, size, step, from, to, sizeof *to);
	for (int o = 0; o < OUT; o++)
		for (int y = 0; y < KH; y++)
			for (int x = 0; x < KW; x++)
				for (int i = 0; i < IN; i++)
					ck_assert_int_eq(to[pack_rows[_i].place(o, y, x, i)], from[((o * KH + y) * KW + x) * IN + i]);
	for (int64_t k = 0; k < count; k++)
		filled += to[k] == 0;
	ck_assert_int_eq(filled, count - OUT * KH * KW * IN); /* all else is zero */
	free(to);
	chip_text_done(&t);
}
END_TEST

/* ---- random splits ---- */

/* A dimension of SIZE cut into random pieces, "h/12", "h/4%3", "h%4", as texts. */
static int
cut(struct rng *rng, const char *dim, char (*pieces)[32])
{
	int n = 1 + rng_below(rng, 3), div = 1;

	for (int i = 0; i < n; i++) {
		int mod = i < n - 1 ? 2 + rng_below(rng, 4) : 0;
		char text[32];

		snprintf(text, sizeof text, "%s", dim);
		if (div > 1)
			snprintf(text + strlen(text), sizeof text - strlen(text), "/%d", div);
		if (mod)
			snprintf(text + strlen(text), sizeof text - strlen(text), "%%%d", mod);
		snprintf(pieces[i], sizeof *pieces, "%s", text);
		div *= mod ? mod : 1;
	}
	return n;
}

/* A layout of x out of random pieces in random order; LOSE: without one of them.  Returns how many there are. */
static int
random_layout(struct rng *rng, char *text, size_t room, bool lose)
{
	char pieces[9][32];
	int n = cut(rng, "h", pieces);

	n += cut(rng, "w", pieces + n);
	n += cut(rng, "in", pieces + n);
	for (int i = n - 1; i > 0; i--) {
		int k = rng_below(rng, i + 1);
		char swap[32];

		memcpy(swap, pieces[i], sizeof swap);
		memcpy(pieces[i], pieces[k], sizeof swap);
		memcpy(pieces[k], swap, sizeof swap);
	}
	n -= lose;
	*text = '\0';
	for (int i = 0; i < n; i++)
		snprintf(text + strlen(text), room - strlen(text), "%s%s", i ? ", " : "", pieces[i]);
	return n;
}

START_TEST(every_element_has_one_place)
{
	struct rng rng = { (uint64_t)_i * 2 + 1 };
	int32_t size[DIM_COUNT] = { 0 };
	int64_t step[DIM_COUNT] = { 0 };
	struct chip_text t;
	char body[512], layout[256];
	int seen[12 * 12 * 12] = { 0 };

	while (random_layout(&rng, layout, sizeof layout, false) > 8)
		;
	for (int d = 0; d < DIM_COUNT; d++)
		size[d] = 1 + rng_below(&rng, 12);
	step[DIM_H] = size[DIM_W] * size[DIM_IN];
	step[DIM_W] = size[DIM_IN];
	step[DIM_IN] = 1;
	snprintf(body, sizeof body, CALL "x [%s];", layout);
	const struct chip_layout *l = &chip_text_op(&t, "conv2d", body)->layout[OPERAND_X];
	int64_t count = chip_layout_count(l, size);
	int n = size[DIM_H] * size[DIM_W] * size[DIM_IN], zeros = 0;
	int16_t *from = malloc((size_t)n * sizeof *from), *to = malloc((size_t)count * sizeof *to);

	for (int i = 0; i < n; i++)
		from[i] = (int16_t)(i + 1);
	chip_layout_pack(l, size, step, from, to, sizeof *to);
	for (int64_t i = 0; i < count; i++) {
		zeros += to[i] == 0;
		if (to[i])
			seen[to[i] - 1]++;
	}
	ck_assert_int_eq(zeros, count - n);
	for (int i = 0; i < n; i++)
		ck_assert_msg(seen[i] == 1, "%s: element %d has %d places", layout, i, seen[i]);
	free(from);
	free(to);
	chip_text_done(&t);
}
END_TEST

START_TEST(a_missing_piece_is_refused)
{
	struct rng rng = { (uint64_t)_i * 2 + 1 };
	char text[512], layout[256];
	struct chip_text t;

	while (random_layout(&rng, layout, sizeof layout, true) > 8)
		;
	snprintf(text, sizeof text, "chip \"t\" version 1; op conv2d { " CALL "x [%s]; }", layout);
	chip_text_read(&t, text);
	ck_assert_msg(!t.chip, "%s", layout);
	ck_assert_msg(strstr(t.messages, "loses elements") || strstr(t.messages, "twice"), "%s\n%s", layout, t.messages);
	ck_assert_int_eq(t.diag.errors, 1);
	chip_text_done(&t);
}
END_TEST

/* ---- the rest ---- */

static const struct { const char *layout; enum chip_operand operand; bool plain; } plain_rows[] = {
	{ "x [h, w, in]", OPERAND_X, true },
	{ "x [w, h, in]", OPERAND_X, false },
	{ "x [in, h, w]", OPERAND_X, false },
	{ "x [h, in, w]", OPERAND_X, false },
	{ "x [h, w, in/4, in%4]", OPERAND_X, false },
	{ "y [h, w, out] pitch", OPERAND_Y, true },
	{ "b [out]", OPERAND_B, true },
	{ "sum [h, w, out] align 64", OPERAND_SUM, true },
};

START_TEST(plain_layouts)
{
	struct chip_text t;
	char body[256];

	snprintf(body, sizeof body, CALL "%s;", plain_rows[_i].layout);
	const struct chip_layout *l = &chip_text_op(&t, "conv2d", body)->layout[plain_rows[_i].operand];
	ck_assert_int_eq(chip_layout_is_plain(l), plain_rows[_i].plain);
	ck_assert_int_eq(l->pitch, strstr(plain_rows[_i].layout, "pitch") != NULL);
	ck_assert_int_eq(l->align, strstr(plain_rows[_i].layout, "align") ? 64 : 1);
	chip_text_done(&t);
}
END_TEST

START_TEST(layouts_not_written_are_the_portable_ones)
{
	static const struct { const char *kind; enum chip_operand o; int n; enum chip_dim dims[4]; } rows[] = {
		{ "conv2d", OPERAND_X, 3, { DIM_H, DIM_W, DIM_IN } },
		{ "conv2d", OPERAND_W, 4, { DIM_OUT, DIM_KH, DIM_KW, DIM_IN } },
		{ "conv2d", OPERAND_Y, 3, { DIM_H, DIM_W, DIM_OUT } },
		{ "conv2d", OPERAND_B, 1, { DIM_OUT } },
		{ "dwconv2d", OPERAND_W, 3, { DIM_KH, DIM_KW, DIM_OUT } },
		{ "dense", OPERAND_X, 2, { DIM_ROWS, DIM_IN } },
		{ "dense", OPERAND_W, 2, { DIM_OUT, DIM_IN } },
		{ "dense", OPERAND_Y, 2, { DIM_ROWS, DIM_OUT } },
		{ "dot", OPERAND_X, 1, { DIM_N } },
		{ "dot", OPERAND_Y, 0, { DIM_H } },
	};

	for (int i = 0; i < ROWS(rows); i++) {
		struct chip_text t;
		const struct chip_op *op = chip_text_op(&t, rows[i].kind, "type = i8 * i8 -> i32; call \"f({y}, {x}, {w});\";");
		const struct chip_layout *l = &op->layout[rows[i].o];

		ck_assert_int_eq(l->n, rows[i].n);
		ck_assert_int_eq((int)l->loc.start, 0);
		for (int k = 0; k < l->n; k++) {
			ck_assert_int_eq(l->axis[k].dim, rows[i].dims[k]);
			ck_assert_int_eq(l->axis[k].div, 1);
			ck_assert_int_eq(l->axis[k].mod, 0);
		}
		chip_text_done(&t);
	}
}
END_TEST

START_TEST(sizes_that_overflow_saturate)
{
	struct chip_text t;
	int32_t size[DIM_COUNT];
	const struct chip_op *op = chip_text_op(&t, "conv2d", CALL "x [h, w, in/4, in%4];");

	for (int d = 0; d < DIM_COUNT; d++)
		size[d] = INT32_MAX;
	ck_assert_int_eq(chip_layout_count(&op->layout[OPERAND_X], size), INT64_MAX);
	chip_text_done(&t);
}
END_TEST

Suite *
chip_layout_suite(void)
{
	Suite *s = suite_create("chip_layout");
	TCase *t = tcase_create("packing");

	tcase_add_loop_test(t, packing_follows_the_formula, 0, ROWS(pack_rows));
	tcase_add_loop_test(t, every_element_has_one_place, 0, 300);
	tcase_add_loop_test(t, a_missing_piece_is_refused, 0, 300);
	suite_add_tcase(s, t);
	t = tcase_create("layouts");
	tcase_add_loop_test(t, plain_layouts, 0, ROWS(plain_rows));
	tcase_add_test(t, layouts_not_written_are_the_portable_ones);
	tcase_add_test(t, sizes_that_overflow_saturate);
	suite_add_tcase(s, t);
	return s;
}
