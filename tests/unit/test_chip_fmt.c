/* The canonical print of .chip files: exact text for each rule, and for every text: the same tree, the same
 * comments, and the same text when printed again. */
#include <config.h>
#include <stdlib.h>
#include <string.h>
#include "asserts.h"
#include "texts.h"

Suite *chip_fmt_suite(void);

static void
check_format(const char *text, size_t len, const char *want)
{
	texts_check_format(LANGUAGE_CHIP, text, len, want);
}

/* ---- rows ---- */

#define IN_OP(body) "op n {\n" body "}\n"
#define A30 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *text, *want;
} rows[] = {
	{ "", "" },
	{ "\n\n \n", "" },
	/* items */
	{ "chip\"npu16\"version  1;include\"a.h\";cores=2;fallback portable;",
		"chip \"npu16\" version 1;\ninclude \"a.h\";\ncores = 2;\nfallback portable;\n" },
	{ "memory  sram{size=256K;}op conv2d\"m\"{}",
		"memory sram {\n    size = 256K;\n}\nop conv2d \"m\" {\n}\n" },
	{ "op n{where in*kh<=2048&&!(sh==sw||a):\"why\";cost cycles=40+ho%2;}",
		IN_OP("    where in * kh <= 2048 && !(sh == sw || a) : \"why\";\n    cost cycles = 40 + ho % 2;\n") },
	{ "a{b{c{d=1;}}}", "a {\n    b {\n        c {\n            d = 1;\n        }\n    }\n}\n" },
	/* values: spelling and parentheses are kept */
	{ "a=16 .. 512 step 16|1024|0x10|1.50;", "a = 16..512 step 16 | 1024 | 0x10 | 1.50;\n" },
	{ "a=i8*i8+i32->i8|i32;", "a = i8 * i8 + i32 -> i8 | i32;\n" },
	{ "a=x[h,w,in]pitch,w[out/16,kh,in,out%16]align 64;",
		"a = x [h, w, in] pitch, w [out / 16, kh, in, out % 16] align 64;\n" },
	{ "a=f(double,shift=-31..0,s=\"{x}\"),((b))(c);", "a = f(double, shift = -31..0, s = \"{x}\"), (b) (c);\n" },
	/* strings side by side are lines */
	{ "call \"f();\";", "call \"f();\";\n" },
	{ "call \"f();\" \"g();\";", "call\n    \"f();\"\n    \"g();\";\n" },
	{ "call a \"f();\" b \"g();\" \"h();\" c;", "call a \"f();\" b\n    \"g();\"\n    \"h();\" c;\n" },
	/* empty lines */
	{ "\n\na = 1;\n\n\n\nb = 2;\nc = 3;\n\nop n {\n\n    x = y;\n\n\n    z = x;\n\n}\n\n",
		"a = 1;\n\nb = 2;\nc = 3;\n\n" IN_OP("    x = y;\n\n    z = x;\n") },
	/* comments */
	{ "// a  \n\n\n//b\na = 1;// c\n// d\n\n// e\n", "// a\n\n//b\na = 1; // c\n// d\n\n// e\n" },
	{ "op n { // a\n  // b\n\n  x = y; /* c */ // d\n  // e\n\n  // f\n} // g\n",
		"op n { // a\n    // b\n\n    x = y; /* c */ // d\n    // e\n\n    // f\n} // g\n" },
	{ "op n { x = 1; y = 2; } // a\n", "op n {\n    x = 1;\n    y = 2;\n} // a\n" },
	{ "a = 1, // x\n  2; // y\n", "// x\na = 1, 2; // y\n" },
	{ "op /* a */ n /* b */ { /* c */ }", "/* a */\n/* b */\nop n { /* c */\n}\n" },
	{ "a = \"// no /* comment\"; // b", "a = \"// no /* comment\"; // b\n" },
	{ "a = 1; // a\r\n// b\r\n", "a = 1; // a\n// b\n" },
	/* lines of at most 100 columns: these fit exactly, the next ones do not */
	{ "a = " A30 A30 " | " A30 "bb;", "a = " A30 A30 " | " A30 "bb;\n" },
	{ "a = " A30 A30 " | " A30 "bbb;", "a = " A30 A30 "\n    | " A30 "bbb;\n" },
	{ "a = " A30 A30 " " A30 "bbbb;", "a = " A30 A30 " " A30 "bbbb;\n" },
	{ "a = 1, " A30 A30 " | " A30 ";", "a = 1,\n    " A30 A30 " | " A30 ";\n" },
	{ "a = 1, " A30 A30 " | " A30 " | " A30 ", 2 | 3;",
		"a = 1,\n    " A30 A30 " | " A30 "\n        | " A30 ",\n    2 | 3;\n" },
	{ "a = f(" A30 ", " A30 ", " A30 ", b) c;", "a = f(\n        " A30 ", " A30 ",\n        " A30 ", b\n    ) c;\n" },
	{ "a = x [" A30 ", " A30 ", " A30 ", b] c;",
		"a = x [\n        " A30 ", " A30 ",\n        " A30 ", b\n    ] c;\n" },
	{ IN_OP("where " A30 " <= " A30 " : \"" A30 "\";"),
		IN_OP("    where " A30 " <= " A30 "\n        : \"" A30 "\";\n") },
	{ IN_OP("where " A30 " <= " A30 " && " A30 " <= " A30 " : \"\";"),
		IN_OP("    where " A30 " <= " A30 "\n        && " A30 " <= " A30 "\n        : \"\";\n") },
	{ IN_OP("cost cycles = " A30 " * " A30 " + " A30 ";"),
		IN_OP("    cost cycles = " A30 " * " A30 "\n        + " A30 ";\n") },
	{ "a " A30 A30 A30 " \"bbbb\";", "a " A30 A30 A30 " \"bbbb\";\n" },
	{ "a " A30 A30 A30 " \"bbbbb\";", "a " A30 A30 A30 "\n    \"bbbbb\";\n" },
};

START_TEST(row)
{
	check_format(rows[_i].text, strlen(rows[_i].text), rows[_i].want);
}
END_TEST

/* Every pair of a piece and a place in the middle of a file, so that each kind of line meets each
 * kind of comment. */
static const char *const pieces[] = {
	"", "// c\n", "/* c */", "/* c */ // d\n", "/* c\n   d */", "/* c */ /* d */", "/**/ /**/", "  ",
};
/* The same with new lines, which may not be everywhere: a word behind a value begins an item. */
static const char *const broken_pieces[] = {
	"\n// c\n", "// c\n\n", "\n\n// c\n\n// d\n", "\n/* c\n   d */\n", "/**/\n\n/**/", "\r\n", "\n\n\n",
};
static const char *const text_parts[] = {
	"chip", "\"a\"", " version", " 1", ";", "doc", "\"a\"", "\"b\"", ";", "memory", " sram", "{", "size", "=", "256K", ";",
	"align", "=", "16", ";", "}",
	"op", " x", "\"m\"", "{", "in", "=", "16", "..", "512", " step", " 16", "|", "1024", ";",
	"type", "=", "i8", "*", "i8", "+", "i32", "->", "i8", "|", "i32", ";",
	"layout", "=", "x", "[", "h", ",", "in", "%", "16", "]", " pitch", ",", "y", "[", "out", "]", ";",
	"r", "=", "f", "(", "g", ",", "k", "=", "1", "..", "2", ")", "(", "3", ")", ";",
	"where", "!", "(", "a", "<=", "b", ")", "&&", "c", ":", "\"t\"", ";",
	"cost", " cycles", "=", "40", "+", "n", ";", "}", "fallback", " portable", ";",
};

static void
check_parts(const char *piece, int at)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	for (int i = 0; i < ROWS(text_parts); i++) {
		fputs(i == at ? piece : "", f);
		fprintf(f, " %s", text_parts[i]);
	}
	fputs(at == ROWS(text_parts) ? piece : "", f);
	fclose(f);
	check_format(text, len, NULL);
	free(text);
}

START_TEST(comment_anywhere)
{
	/* A line comment ends its line, so it too stays out of the places where none may end. */
	bool breaks = strchr(pieces[_i], '\n') != NULL;

	for (int at = 0; at <= ROWS(text_parts); at++) {
		const char *next = at < ROWS(text_parts) ? text_parts[at] : "";

		if (!breaks || next[0] != ' ')
			check_parts(pieces[_i], at);
	}
}
END_TEST

START_TEST(line_break_anywhere)
{
	for (int at = 0; at <= ROWS(text_parts); at++) {
		const char *next = at < ROWS(text_parts) ? text_parts[at] : "";

		if (next[0] != ' ')
			check_parts(broken_pieces[_i], at);
	}
}
END_TEST

/* The same file with all names so long that its lines must be broken. */
START_TEST(long_names)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	for (int i = 0; i < ROWS(text_parts); i++) {
		const char *t = text_parts[i] + (text_parts[i][0] == ' ');
		bool letter = t[0] >= 'a' && t[0] <= 'z' && !t[1];

		fprintf(f, " %s", text_parts[i]);
		if (letter)
			fprintf(f, "%0*d", 15 * (_i + 1), 0);
	}
	fclose(f);
	check_format(text, len, NULL);
	free(text);
}
END_TEST

static const struct {
	const char *before, *piece, *after;
} long_texts[] = {
	{ "a = [", "[1, 2], ", "3];" },
	{ "a = f(", "a = g(b, c), ", "b);" },
	{ "a = b", " | c d", ";" },
	{ "a = b", ", c | d", ";" },
	{ "a = b", " c(d)", ";" },
	{ "a b", " c \"d\"", ";" },
	{ "where a", " && b", " : \"c\";" },
	{ "", "/* a */ // x\n", "" },
};

START_TEST(long_text)
{
	bool deep = strchr(long_texts[_i].piece, '&') != NULL;
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	fputs(long_texts[_i].before, f);
	for (int i = 0; i < (deep ? 1900 : 20000); i++)
		fputs(long_texts[_i].piece, f);
	fputs(long_texts[_i].after, f);
	fclose(f);
	check_format(text, len, NULL);
	free(text);
}
END_TEST

/* One item on a line, as messages quote it. */
static const struct {
	const char *text, *want;
} items[] = {
	{ "in = 16..512\nstep 16|\n1024;", "in = 16..512 step 16 | 1024" },
	{ "layout=x[h,w],y[h] pitch;", "layout = x [h, w], y [h] pitch" },
	{ "fallback portable ;", "fallback portable" },
	{ "where in<3 :\"no\";", "where in < 3" },
	{ "cost cycles=2*n;", "cost cycles = 2 * n" },
	{ "op dot\"m\"{ n = 3; }", "op dot \"m\"" },
	{ "sram { n = 3; }", "sram" },
};

START_TEST(one_item)
{
	struct arena arena = { 0 };
	struct diag diag;
	char *out;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	diag_init(&diag, &arena, stderr);
	struct parse_ctx ctx = { .arena = &arena, .names = intern_new(&arena), .diag = &diag };
	const struct ast_chip_file *file = parse_chip(&ctx,
		diag_add_source(&diag, "t.chip", items[_i].text, strlen(items[_i].text)));
	ast_print_chip_item(f, file->items);
	fclose(f);
	ck_assert_str_eq(out, items[_i].want);
	free(out);
	arena_free(&arena);
}
END_TEST

Suite *
chip_fmt_suite(void)
{
	Suite *s = suite_create("chip_fmt");
	TCase *tc = tcase_create("chip_fmt");

	tcase_add_loop_test(tc, row, 0, ROWS(rows));
	tcase_add_loop_test(tc, comment_anywhere, 0, ROWS(pieces));
	tcase_add_loop_test(tc, line_break_anywhere, 0, ROWS(broken_pieces));
	tcase_add_loop_test(tc, long_names, 0, 6);
	tcase_add_loop_test(tc, long_text, 0, ROWS(long_texts));
	tcase_add_loop_test(tc, one_item, 0, ROWS(items));
	suite_add_tcase(s, tc);
	return s;
}
