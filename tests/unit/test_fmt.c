/* The canonical print: exact text for each rule, and for every text: the same tree, the same
 * comments, and the same text when printed again. */
#include <config.h>
#include <stdlib.h>
#include <string.h>
#include "asserts.h"
#include "texts.h"

Suite *fmt_suite(void);

static void
check_format(const char *text, size_t len, const char *want)
{
	texts_check_format(LANGUAGE_NET, text, len, want);
}

/* ---- rows ---- */

#define IN_NET(body) "network n {\n" body "}\n"

static const struct {
	const char *text, *want;
} rows[] = {
	{ "", "" },
	{ "\n\n \n", "" },
	/* items */
	{ "net   1 ;weights \"w\"layout  oihw;import\"b.net\";const X=1;",
		"net 1;\nweights \"w\" layout oihw;\nimport \"b.net\";\nconst X = 1;\n" },
	{ "block f(x,ch,s=1x1,)->y,z{y=x;}", "block f(x, ch, s = 1x1) -> y, z {\n    y = x;\n}\n" },
	{ "block f()->y{}", "block f() -> y {\n}\n" },
	{ "schedule{}schedule for\"c\"{\"a\":@p(cpu)@q;}",
		"schedule {\n}\nschedule for \"c\" {\n    \"a\" : @p(cpu) @q;\n}\n" },
	{ "test\"t\"{given x=file(\"x\");expect\"y\"=[1,]within 0 lsb;expect z=1 within 1e-3;}",
		"test \"t\" {\n    given x = file(\"x\");\n    expect \"y\" = [1] within 0 lsb;\n"
		"    expect z = 1 within 1e-3;\n}\n" },
	/* statements */
	{ "network n{input x:i8[1,2]scale 0.5 zero-3;a,b=f(x);const K=2;output a;output c=b;}",
		IN_NET("    input x : i8[1, 2] scale 0.5 zero -3;\n    a, b = f(x);\n    const K = 2;\n"
			"    output a;\n    output c = b;\n") },
	{ "network n{repeat i in 1 .. N-1{h=f(h);}}",
		IN_NET("    repeat i in 1..N - 1 {\n        h = f(h);\n    }\n") },
	{ "network n{@a @b(1,c=2)@d()x=y;@e repeat i in 1..2{}}",
		IN_NET("    @a @b(1, c = 2) @d\n    x = y;\n    @e\n    repeat i in 1..2 {\n    }\n") },
	/* values: spelling and parentheses are kept */
	{ "const X=[0x10,1.50,256K,\"a\\t{{}}\",-(-1),((a+b))*c,-S[i+1][0],];",
		"const X = [0x10, 1.50, 256K, \"a\\t{{}}\", -(-1), (a + b) * c, -S[i + 1][0]];\n" },
	{ "const X=\"{i+1}a{f(x,\"{j}\")}\";", "const X = \"{i + 1}a{f(x, \"{j}\")}\";\n" },
	{ "const X=a:scale S|>f()as b:zero 1|>g():[]as\"q{i}\";",
		"const X = a : scale S |> f() : zero 1 as b |> g() : [] as \"q{i}\";\n" },
	{ "const X=f(g(x)|>h()as q,k=(a:i8)+1);",
		"const X = f(g(x) |> h() as q, k = (a : i8) + 1);\n" },
	/* empty lines */
	{ "\n\nnet 1;\n\n\n\nconst A = 1;\nconst B = 2;\n\nnetwork n {\n\n    x = y;\n\n\n    z = x;\n\n}\n\n",
		"net 1;\n\nconst A = 1;\nconst B = 2;\n\n" IN_NET("    x = y;\n\n    z = x;\n") },
	/* comments */
	{ "// a  \n\n\n//b\nnet 1;// c\n// d\n\n// e\n",
		"// a\n\n//b\nnet 1; // c\n// d\n\n// e\n" },
	{ "network n { // a\n  // b\n\n  x = y; /* c */ // d\n  // e\n\n  // f\n} // g\n",
		"network n { // a\n    // b\n\n    x = y; /* c */ // d\n    // e\n\n    // f\n} // g\n" },
	{ "network n {\n\n  x = f(y, // a\n    z, /* b */ k = 1 // c\n  );\n  w = x;\n}\n",
		IN_NET("    // a\n    /* b */\n    // c\n    x = f(y, z, k = 1);\n    w = x;\n") },
	{ "network n {\n  w = x;\n\n  @a // a\n  x = y;\n}\n",
		IN_NET("    w = x;\n\n    // a\n    @a\n    x = y;\n") },
	{ "/* a */ net /* b */ 1; /* c\n  d */ const X = 1;\n", "/* a */\n/* b */\nnet 1; /* c\n  d */\nconst X = 1;\n" },
	{ "network /* a */ n /* b */ { /* c */ }", "/* a */\n/* b */\nnetwork n { /* c */\n}\n" },
	{ "const X = \"{ /* a */ i }\"; // b", "/* a */\nconst X = \"{i}\"; // b\n" },
	{ "net 1; // a\r\n// b\r\n", "net 1; // a\n// b\n" },
	{ "schedule { // a\n \"x\" /* b */ : @c; // d\n // e\n}",
		"schedule { // a\n    /* b */\n    \"x\" : @c; // d\n    // e\n}\n" },
	/* lines of at most 100 columns: these fit exactly, the next ones do not */
	{ IN_NET("    aaaaaaaaaaaaaaaaaaaaaaaaaaaa = bbbbbbbbbbbbbbbbbbbbbbbb(cccccccccccccccccc)"
		" |> dddddddddddddd();\n"),
		IN_NET("    aaaaaaaaaaaaaaaaaaaaaaaaaaaa = bbbbbbbbbbbbbbbbbbbbbbbb(cccccccccccccccccc)"
		" |> dddddddddddddd();\n") },
	{ IN_NET("    aaaaaaaaaaaaaaaaaaaaaaaaaaaa = bbbbbbbbbbbbbbbbbbbbbbbb(ccccccccccccccccccc)"
		" |> dddddddddddddddddd() : i8 as e;\n"),
		IN_NET("    aaaaaaaaaaaaaaaaaaaaaaaaaaaa = bbbbbbbbbbbbbbbbbbbbbbbb(ccccccccccccccccccc)\n"
		"        |> dddddddddddddddddd() : i8 as e;\n") },
	{ IN_NET("x = conv2d(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, kernel = 3x3, stride = 2x2, pad = [1, 2, 3, 4],"
		" out = 64, groups = 2);"),
		IN_NET("    x = conv2d(\n        aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, kernel = 3x3, stride = 2x2,"
		" pad = [1, 2, 3, 4], out = 64,\n        groups = 2\n    );\n") },
	{ "const X = aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa + bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
		" * cccccccccccccccccccc;",
		"const X = aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
		"    + bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb * cccccccccccccccccccc;\n" },
};

START_TEST(row)
{
	check_format(rows[_i].text, strlen(rows[_i].text), rows[_i].want);
}
END_TEST

/* Every pair of a piece and a place in the middle of a file, so that each kind of line meets each
 * kind of comment. */
static const char *const pieces[] = {
	"", "// c\n", "\n// c\n", "// c\n\n", "\n\n// c\n\n// d\n", "/* c */", "/* c */ // d\n",
	"\n/* c\n   d */\n", "/* c */ /* d */\n", "/**/\n\n/**/", "\r\n", "\n\n\n",
};
static const char *const text_parts[] = {
	"net", " 1", ";", "weights", "\"w\"", " layout", " oihw", ";", "import", "\"a\"", ";",
	"const", " X", "=", "[1,", "2", ",]", ";",
	"block", " f", "(", "x", ",", "y", "=", "3x3", ",", ")", "->", "z", ",", "w", "{",
	"z", "=", "x", "|>", "g", "()", ":", "i8", "[", "1", "]", "scale", " 2", " zero", " 3", " as",
	"\"a{i}\"", ";", "w", "=", "x", "*", "(", "y", "+", "1", ")", ";", "}",
	"network", " n", "{", "input", " x", ":", "f32", ";", "@a", "(", "1", ")", "@b", " q", "=",
	"f", "(", "x", ")", ";", "repeat", " i", " in", " 1", "..", "2", "{", "q", "=", "q", "[", "i", "]",
	";", "}", "output", " q", ";", "@b", " output", " r", "=", "q", ";", "}",
	"schedule", " for", "\"c\"", "{", "\"p\"", ":", "@a", "(", ")", "@b", ";", "}",
	"test", "\"t\"", "{", "given", " x", "=", "1", ";", "expect", "\"y\"", "=", "2", "within", " 3", " lsb",
	";", "}",
};

START_TEST(comment_anywhere)
{
	char *text;
	size_t len;

	for (int at = 0; at <= ROWS(text_parts); at++) {
		FILE *f = open_memstream(&text, &len);

		for (int i = 0; i < ROWS(text_parts); i++) {
			fputs(i == at ? pieces[_i] : "", f);
			fprintf(f, " %s", text_parts[i]);
		}
		fputs(at == ROWS(text_parts) ? pieces[_i] : "", f);
		fclose(f);
		check_format(text, len, NULL);
		free(text);
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
	{ "const X = [", "[1, 2], ", "];" },
	{ "const X = f(", "a = g(b, c), ", "b);" },
	{ "const X = ", "(1 + ", "2" },
	{ "const X = ", "f(a, [", "2" },
	{ "network n { x = y", " |> f(a, b) as c", "; }" },
	{ "network n { x", ", x", " = f(); }" },
	{ "network n { ", "@a(b = 1) ", "x = y; }" },
	{ "const X = \"", "{a + b}", "\";" },
	{ "", "/* a */ // x\n", "" },
	{ "block f(a", ", b = 2", ") -> c { }" },
};

START_TEST(long_text)
{
	const char *after = long_texts[_i].after;
	bool nested = strchr(long_texts[_i].piece, '(') && !strchr(long_texts[_i].piece, ')');
	int n = nested ? 499 : 20000;
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	fputs(long_texts[_i].before, f);
	for (int i = 0; i < n; i++)
		fputs(long_texts[_i].piece, f);
	fputs(after, f);
	for (int i = 0; i < n && nested; i++)
		fputs(strchr(long_texts[_i].piece, '[') ? "])" : ")", f);
	fputs(nested ? ";" : "", f);
	fclose(f);
	check_format(text, len, NULL);
	free(text);
}
END_TEST

START_TEST(one_expression)
{
	struct arena arena = { 0 };
	struct diag diag;
	static const char text[] = "const X = f( a,k=[1 ,2] )|>g( )as h;";
	char *out;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	diag_init(&diag, &arena, stderr);
	struct parse_ctx ctx = { .arena = &arena, .names = intern_new(&arena), .diag = &diag };
	const struct ast_file *file = parse_source(&ctx,
		diag_add_source(&diag, "t.net", text, strlen(text)));
	ast_print_expr(f, file->items->value);
	fclose(f);
	ck_assert_str_eq(out, "f(a, k = [1, 2]) |> g() as h");
	free(out);
	arena_free(&arena);
}
END_TEST

Suite *
fmt_suite(void)
{
	Suite *s = suite_create("fmt");
	TCase *tc = tcase_create("fmt");

	tcase_add_loop_test(tc, row, 0, ROWS(rows));
	tcase_add_loop_test(tc, comment_anywhere, 0, ROWS(pieces));
	tcase_add_loop_test(tc, long_names, 0, 6);
	tcase_add_loop_test(tc, long_text, 0, ROWS(long_texts));
	tcase_add_test(tc, one_expression);
	suite_add_tcase(s, tc);
	return s;
}
