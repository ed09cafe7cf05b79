/* The scanner and the grammar of .chip texts: trees, words that are keywords elsewhere, messages, limits. */
#include <config.h>
#include <stdlib.h>
#include <string.h>
#include "asserts.h"
#include "texts.h"

Suite *chip_parser_suite(void);

/* ---- a parse, its tree and its messages as text ---- */

static struct parsed got;

static const struct ast_chip_file *
parse(const char *text, size_t len)
{
	texts_parse(&got, LANGUAGE_CHIP, text, len);
	return got.file;
}

static void
done(void)
{
	texts_free(&got);
}

static void
check_tree(const char *text, const char *want)
{
	parse(text, strlen(text));
	ck_assert_str_eq(got.messages, "");
	ck_assert_str_eq(got.tree, want);
	done();
}

/* ---- trees ---- */

static const struct {
	const char *text, *tree; /* of "p = TEXT;", the tree without "(prop p" and ")" */
} props[] = {
	{ "1", "< 1 >" },
	{ "256K", "< 262144 >" },
	{ "0.5", "< 0.5f >" },
	{ "3x3", "< (dims2 3 3) >" },
	{ "a", "< a >" },
	{ "\"s\"", "< 's' >" },
	{ "->", "< -> >" },
	{ "1 | 2", "< 1 | 2 >" },
	{ "1x1 | 3x3 | 5x5", "< (dims2 1 1) | (dims2 3 3) | (dims2 5 5) >" },
	{ "16..512", "< (range2 16 512) >" },
	{ "16..512 step 16", "< (range3 16 512 16) >" },
	{ "16 .. 512 step 16 | 1024 | 2048..4096", "< (range3 16 512 16) | 1024 | (range2 2048 4096) >" },
	{ "-3..-1", "< (range2 (- 3) (- 1)) >" },
	{ "1..in / 2 + 1 step 2 * kh", "< (range3 1 (+ (/ in 2) 1) (* 2 kh)) >" },
	{ "0..min(2, kh - 1)", "< (range2 0 (call min 2 (- kh 1))) >" },
	{ "step..step step step", "< (range3 step step step) >" },
	{ "1..2 3", "< (range2 1 2) 3 >" },
	{ "i8 * i8 + i32 -> i8 | i32", "< (+ (* i8 i8) i32) -> i8 | i32 >" },
	{ "in i32, out i32", "< in i32 > < out i32 >" },
	{ "x [h, w, in] pitch, w [out/16, kh, kw, in, out%16] align 64",
		"< x (list3 h w in) pitch > < w (list5 (/ out 16) kh kw in (% out 16)) align 64 >" },
	{ "[1]", "< (list1 1) >" },
	{ "[\"s\", 1..2 step 3, [a], a < b]", "< (list4 's' (range3 1 2 3) (list1 a) (< a b)) >" },
	{ "multiplier_shift(double)", "< (call multiplier_shift double) >" },
	{ "f(double, shift = -31..0, s = \"x\", l = [1, 2], c = a && b)",
		"< (call f double shift=(range2 (- 31) 0) s='x' l=(list2 1 2) c=(&& a b)) >" },
	{ "f()", "< (call f) >" },
	{ "f (1)", "< (call f 1) >" },
	{ "a b c", "< a b c >" },
	{ "a -1", "< (- a 1) >" },
	{ "a + b c - d", "< (+ a b) (- c d) >" },
	{ "1 (2)", "< 1 (paren 2) >" },
	{ "[a] (b) -> (c)", "< (list1 a) (paren b) -> (paren c) >" },
	{ "a !b", "< a (! b) >" },
	{ "(a < b) * 3", "< (* (paren (< a b)) 3) >" },
	{ "where cost step", "< where cost step >" },
	{ "net weights layout import const block network input output repeat in as scale zero schedule for test given",
		"< net weights layout import const block network input output repeat in as scale zero schedule for test given >" },
	{ "\"{y} {{ }} }{ \\\"\\\\\\n\\t\"", "< '{y} {{ }} }{ \"\\\n\t' >" },
	{ "\"a\" \"b\"", "< 'a' 'b' >" },
	{ "1 /* 2 */ // 3\n | 4", "< 1 | 4 >" },
	{ "x,\n y\n | z", "< x > < y | z >" },
	{ "f(a,\n b)\n [c\n]", "< (call f a b) (list1 c) >" },
	{ "1..2\n step 3", "< (range3 1 2 3) >" },
};

START_TEST(prop)
{
	char text[256], want[256];

	snprintf(text, sizeof text, "p = %s;", props[_i].text);
	snprintf(want, sizeof want, "(prop p %s)", props[_i].tree);
	check_tree(text, want);
}
END_TEST

static const struct {
	const char *text, *tree; /* of "where TEXT : \"\";" */
} conditions[] = {
	{ "a", "a" },
	{ "a < b", "(< a b)" },
	{ "a > b", "(> a b)" },
	{ "a <= b", "(<= a b)" },
	{ "a >= b", "(>= a b)" },
	{ "a == b", "(== a b)" },
	{ "a != b", "(!= a b)" },
	{ "a && b && c", "(&& (&& a b) c)" },
	{ "a || b && c || d", "(|| (|| a (&& b c)) d)" },
	{ "a < b && c == d || !e", "(|| (&& (< a b) (== c d)) (! e))" },
	{ "a + 1 < b * 2 - c", "(< (+ a 1) (- (* b 2) c))" },
	{ "a - b - c % d / e", "(- (- a b) (/ (% c d) e))" },
	{ "!a < b", "(< (! a) b)" },
	{ "!(a < b)", "(! (paren (< a b)))" },
	{ "!!a", "(! (! a))" },
	{ "-a * -b + +c", "(+ (* (- a) (- b)) (+ c))" },
	{ "(a == b) == (c == d)", "(== (paren (== a b)) (paren (== c d)))" },
	{ "bytes(x) <= 64K", "(<= (call bytes x) 65536)" },
	{ "max(a, b < c, 1.5) != 0", "(!= (call max a (< b c) 1.5f) 0)" },
	{ "where < cost && step > in", "(&& (< where cost) (> step in))" },
};

START_TEST(condition)
{
	char text[256], want[256];

	snprintf(text, sizeof text, "where %s : \"\";", conditions[_i].text);
	snprintf(want, sizeof want, "(where %s '')", conditions[_i].tree);
	check_tree(text, want);
	snprintf(text, sizeof text, "cost cycles = %s;", conditions[_i].text);
	snprintf(want, sizeof want, "(cost cycles %s)", conditions[_i].tree);
	check_tree(text, want);
}
END_TEST

static const struct {
	const char *text, *tree;
} files[] = {
	{ "", "" },
	{ "// nothing\n", "" },
	{ "\xef\xbb\xbf" "cores = 2;\r\n", "(prop cores < 2 >)" },
	{ "chip \"npu16\" version 1; include \"npu16.h\"; fallback portable;",
		"(words chip 'npu16' version 1) (words include 'npu16.h') (words fallback portable)" },
	{ "call \"f({y}, {x});\"\n\t\"g();\";", "(words call 'f({y}, {x});' 'g();')" },
	{ "memory sram { size = 256K; align = 16; }", "(section memory sram {(prop size < 262144 >) (prop align < 16 >)})" },
	{ "op conv2d \"mode\" { } op dot { n = 1..4; where n > 1 : \"why\"; cost cycles = n; }",
		"(section op conv2d 'mode' {}) (section op dot {(prop n < (range2 1 4) >) (where (> n 1) 'why')"
		" (cost cycles n)})" },
	{ "a { b { c { } d = 1; } }", "(section a {(section b {(section c {}) (prop d < 1 >)})})" },
	{ "op conv2d\n{\n}\n", "(section op conv2d {})" },
	{ "op\nconv2d \"a\"\n\"b\" { }", "(section op conv2d 'a' 'b' {})" },
	{ "where = 1; cost = 2; step = 3; step 4; op where cost step;",
		"(prop where < 1 >) (prop cost < 2 >) (prop step < 3 >) (words step 4) (words op where cost step)" },
	{ "where where : \"\"; cost cost = cost; cost where = 1;", "(where where '') (cost cost cost) (cost where 1)" },
};

START_TEST(tree_of_file)
{
	check_tree(files[_i].text, files[_i].tree);
}
END_TEST

/* No word of either language is reserved. */
static const char *const keywords[] = { "net", "weights", "layout", "import", "const", "block",
	"network", "input", "output", "repeat", "in", "as", "scale", "zero", "schedule", "for",
	"test", "given", "expect", "within", "where", "cost", "step" };

START_TEST(keyword_as_name)
{
	const char *k = keywords[_i];
	static const char pattern[] =
		"KW = KW; KW = KW | KW KW, [KW, KW], KW(KW, KW = KW) -> KW | KW..KW step KW;"
		"where KW < KW && !KW : \"KW\"; cost KW = KW + KW(KW);"
		"op KW KW { KW = 1; }";
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	for (const char *c = pattern; *c; c++) {
		if (!strncmp(c, "KW", 2)) {
			fputs(k, f);
			c++;
		} else {
			fputc(*c, f);
		}
	}
	fclose(f);
	parse(text, len);
	ck_assert_str_eq(got.messages, "");
	ck_assert_ptr_null(strstr(got.tree, "error"));
	free(text);
	done();
}
END_TEST

/* ---- locations ---- */

START_TEST(locations)
{
	static const char text[] = "op conv2d \"m\" {\n    in = a b | 1..2 step 3, c;\n"
		"    where (x <= y) : \"t\";\n    cost cycles = 2 * n;\n}\n";
	const struct ast_chip_file *file = parse(text, strlen(text));
	const struct ast_chip_item *op = file->items, *in = op->items, *where = in->next, *cost = where->next;
	const struct ast_alt *alt = in->clauses->alts;
	uint32_t base = file->source->base;
	const struct { struct loc loc; const char *text; } rows[] = {
		{ op->name_loc, "op" },
		{ op->words->loc, "conv2d" },
		{ op->words->next->loc, "\"m\"" },
		{ op->body_start, "{" },
		{ op->body_end, "}" },
		{ in->loc, "in = a b | 1..2 step 3, c;" },
		{ in->name_loc, "in" },
		{ in->clauses->loc, "a b | 1..2 step 3" },
		{ in->clauses->next->loc, "c" },
		{ alt->loc, "a b" },
		{ alt->atoms->next->loc, "b" },
		{ alt->next->atoms->loc, "1..2 step 3" },
		{ alt->next->atoms->u.items.first->next->loc, "2" },
		{ where->loc, "where (x <= y) : \"t\";" },
		{ where->cond->loc, "(x <= y)" },
		{ where->cond->u.op.oper_loc, "<=" },
		{ where->text->loc, "\"t\"" },
		{ cost->loc, "cost cycles = 2 * n;" },
		{ cost->name_loc, "cycles" },
		{ cost->cond->loc, "2 * n" },
	};

	for (int i = 0; i < ROWS(rows); i++) {
		char *part = arena_strndup(&got.arena, text + (rows[i].loc.start - base),
			rows[i].loc.end - rows[i].loc.start);

		ck_assert_str_eq(part, rows[i].text);
	}
	ck_assert_uint_eq(op->loc.start, base);
	ck_assert_uint_eq(op->loc.end, base + sizeof text - 2);
	done();
}
END_TEST

/* ---- messages ---- */

#include "chip_errors.def"

START_TEST(message)
{
	texts_check_messages(LANGUAGE_CHIP, errors[_i].text, errors[_i].messages);
}
END_TEST

/* An error hides nothing: what is behind it is in the tree. */
static const struct {
	const char *text, *tree;
	int errors;
} recoveries[] = {
	{ "a = 1\nb = 2;", "(error) (prop b < 2 >)", 1 },
	{ "chip \"a\" version 1\ninclude \"b\"\nc = 1;", "(error) (error) (prop c < 1 >)", 2 },
	{ "a = f(1;\nb = 2;", "(error) (prop b < 2 >)", 1 },
	{ "a = f(1\nb = 2;", "(error) (prop b < 2 >)", 1 },
	{ "a = [1, 2\nb = 2;", "(error) (prop b < 2 >)", 1 },
	{ "a = @ 1\nb = 2\nc = 3;", "(error) (error) (prop c < 3 >)", 2 },
	{ "a = @ 1,\nb, c;\nd = 3;", "(error) (prop d < 3 >)", 1 },
	{ "a = \"x\nb = 2;", "(error) (prop b < 2 >)", 1 },
	{ "a \"x\\\nb = 2;", "(error) (prop b < 2 >)", 1 },
	{ "op x\n  a = 1;\n}\nb = 2;", "(error) (prop b < 2 >)", 1 },
	{ "op x @ {\n  a = ;\n}\nb = 2;", "(error) (prop b < 2 >)", 2 },
	{ "foo x\n{ a = ; }\nb = 2;", "(section foo x {(error)}) (prop b < 2 >)", 1 },
	{ "a = 1 { b; { } } c = 2;", "(error) (prop c < 2 >)", 1 },
	{ "op x {\n  a = 1;\nop y {\n  b = 1;\n}\nc = 2;",
		"(section op x {(prop a < 1 >) (error)}) (section op y {(prop b < 1 >)}) (prop c < 2 >)", 1 },
	{ "op x {\n  m {\n  a = 1\nmemory y { b = 1; }\n",
		"(section op x {(section m {(error) (error)})}) (section memory y {(prop b < 1 >)})", 2 },
	{ "where a < b\nc = 1;", "(error) (prop c < 1 >)", 1 },
	{ "cost cycles\nc = 1;", "(error) (prop c < 1 >)", 1 },
	{ "where a : \"b\"\nc = 1;", "(error) (prop c < 1 >)", 1 },
	{ "} } ; a = 1;", "(error) (prop a < 1 >)", 1 },
	{ "op x {\n a = 1;\n", "", 1 },
	{ "a = 1; /* b = 2;", "(prop a < 1 >)", 1 },
	{ "a = 99999999999999999999; b = \"\\q\"; c = 1e999; d = 3q;",
		"(prop a < error >) (prop b < 'q' >) (prop c < error >) (prop d < error >)", 4 },
};

START_TEST(recovery)
{
	texts_check_recovery(LANGUAGE_CHIP, recoveries[_i].text, recoveries[_i].tree, recoveries[_i].errors);
}
END_TEST

START_TEST(binary)
{
	parse("a = 1;\0", 7);
	ck_assert_str_eq(got.tree, "");
	ck_assert_int_eq(got.diag.errors, 1);
	done();
}
END_TEST

/* ---- size ---- */

static const struct {
	const char *before, *piece, *after;
	const char *message; /* the only one, or NULL */
} long_texts[] = {
	{ "", "a = 1;\n", "", NULL },
	{ "a = 1", " | 1", ";", NULL },
	{ "a = 1", ", b", ";", NULL },
	{ "a = 1", " 2", ";", NULL },
	{ "a = [1", ", 2", "];", NULL },
	{ "a = f(1", ", b = 2", ");", NULL },
	{ "a b", " c", ";", NULL },
	{ "call ", "\"x\" ", ";", NULL },
	{ "", "/**/ // x\n", "", NULL },
	{ "a = ", "(", "", "brackets nested deeper than 1000" },
	{ "a = ", "[f(", "", "brackets nested deeper than 1000" },
	{ "", "a {", "", "brackets nested deeper than 1000" },
	{ "", "{", "", "unexpected '{', expected an item such as 'chip' or 'op'" },
	{ "a {", "{", "", "unexpected '{', expected an item or '}'" },
	{ "", "(", "", "unexpected '(', expected an item such as 'chip' or 'op'" },
	{ "", "}", "", "unexpected '}', expected an item such as 'chip' or 'op'" },
	{ "", ";", "", "unexpected ';', expected an item such as 'chip' or 'op'" },
	{ "", "op x {\n", "", "missing '}' before 'op'" },
	{ "where ", "!!!!!!!!!!", "1 : \"\";", "nested too deeply" },
	{ "cost c = 1", " + 1", ";", "expression of more than 2000 levels" },
	{ "where 1", " && 1", " : \"\";", "expression of more than 2000 levels" },
	{ "", "\xc3\xa9 ", "", "stray character '\\xc3'" },
};

START_TEST(long_text)
{
	texts_check_long(LANGUAGE_CHIP, long_texts[_i].before, long_texts[_i].piece, long_texts[_i].after, long_texts[_i].message);
}
END_TEST

/* Faults do not add up to more than linear time either: this takes a fraction of a second. */
START_TEST(many_errors)
{
	static const char *const pieces[] = { "x = ;\n", "{}", "x = y\n", "op\n", "\"\n", "x;", "op x\n",
		"where {\n", "call \"\n", "a } b { c", "op {\n", "x [\n", "x = @\n" };

	for (int k = 0; k < ROWS(pieces); k++)
		texts_check_many_errors(LANGUAGE_CHIP, "op n {\n", pieces[k]);
}
END_TEST

Suite *
chip_parser_suite(void)
{
	Suite *s = suite_create("chip_parser");
	TCase *tc = tcase_create("chip_parser");

	tcase_add_loop_test(tc, prop, 0, ROWS(props));
	tcase_add_loop_test(tc, condition, 0, ROWS(conditions));
	tcase_add_loop_test(tc, tree_of_file, 0, ROWS(files));
	tcase_add_loop_test(tc, keyword_as_name, 0, ROWS(keywords));
	tcase_add_test(tc, locations);
	tcase_add_loop_test(tc, message, 0, ROWS(errors));
	tcase_add_loop_test(tc, recovery, 0, ROWS(recoveries));
	tcase_add_test(tc, binary);
	tcase_add_loop_test(tc, long_text, 0, ROWS(long_texts));
	tcase_add_test(tc, many_errors);
	suite_add_tcase(s, tc);
	return s;
}
