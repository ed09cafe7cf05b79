/* The scanner and the grammar: trees, names that are keywords, messages, limits. */
#include <config.h>
#include <stdlib.h>
#include <string.h>
#include "asserts.h"
#include "texts.h"

Suite *parser_suite(void);

/* ---- a parse, its tree and its messages as text ---- */

static struct parsed got;

static const struct ast_file *
parse(const char *text, size_t len)
{
	texts_parse(&got, LANGUAGE_NET, text, len);
	return got.file;
}

static void
done(void)
{
	texts_free(&got);
}

/* ---- trees ---- */

static const struct {
	const char *text, *tree; /* of "const X = TEXT;" */
} values[] = {
	{ "1", "1" },
	{ "256K", "262144" },
	{ "3M", "3145728" },
	{ "9223372036854775807", "9223372036854775807" },
	{ "0.5", "0.5f" },
	{ "1e3", "1000f" },
	{ "2.5e-1", "0.25f" },
	{ "3x3", "(dims2 3 3)" },
	{ "10x4x1", "(dims3 10 4 1)" },
	{ "0x10", "(dims2 0 10)" },
	{ "a", "a" },
	{ "_a1", "_a1" },
	{ "[]", "(list0)" },
	{ "[1, [2, 3], ]", "(list2 1 (list2 2 3))" },
	{ "1 + 2 * 3 - 4", "(- (+ 1 (* 2 3)) 4)" },
	{ "1 - 2 - 3", "(- (- 1 2) 3)" },
	{ "8 / 4 / 2 % 3", "(% (/ (/ 8 4) 2) 3)" },
	{ "-a * -+b", "(* (- a) (- (+ b)))" },
	{ "(1 + 2) * 3", "(* (paren (+ 1 2)) 3)" },
	{ "((a))", "(paren a)" },
	{ "-S[i]", "(- (@ S i))" },
	{ "S[i + 1][0]", "(@ (@ S (+ i 1)) 0)" },
	{ "f()", "(call f)" },
	{ "f(a, 2, k = 3, 4,)", "(call f a 2 k=3 4)" },
	{ "f(g(x) |> h() as q, y)", "(call f (pipe ((call g x)) ((call h) as q)) y)" },
	{ "a |> f()", "(pipe (a) ((call f)))" },
	{ "a + b |> f()", "(pipe ((+ a b)) ((call f)))" },
	{ "a as b", "(pipe (a as b))" },
	{ "a as \"b{i}\"", "(pipe (a as (interp3 'b' i '')))" },
	{ "a : i8", "(pipe (a :i8))" },
	{ "a : i8[1, n + 1] scale 0.5 zero -128", "(pipe (a :i8[ 1 (+ n 1) ] scale 0.5f zero (- 128)))" },
	{ "a : [2]", "(pipe (a :[ 2 ]))" },
	{ "a : f32[]", "(pipe (a :f32[ ]))" },
	{ "a : scale S[i] zero 3", "(pipe (a : scale (@ S i) zero 3))" },
	{ "a : zero 3", "(pipe (a : zero 3))" },
	{ "a : i8 zero 3 as b", "(pipe (a :i8 zero 3 as b))" },
	{ "a as b : i8", "(pipe (a :i8 as b))" },
	{ "a : i8 as b |> f() : f32 |> g() as c",
		"(pipe (a :i8 as b) ((call f) :f32) ((call g) as c))" },
	{ "(a : i8) + 1", "(+ (paren (pipe (a :i8))) 1)" },
	{ "\"\"", "''" },
	{ "\"a\\\"b\\\\c\\nd\\te\"", "'a\"b\\c\nd\te'" },
	{ "\"{{x}}\"", "'{x}'" },
	{ "\"{a}\"", "(interp3 '' a '')" },
	{ "\"a{i + 1}b{f(x, \"q{j}\")}{k}\"",
		"(interp7 'a' (+ i 1) 'b' (call f x (interp3 'q' j '')) '' k '')" },
	{ "\"{{{a}}}\"", "(interp3 '{' a '}')" },
	{ "\"\xc3\xa9\"", "'\xc3\xa9'" },
	{ "/* one */ 1 /* ** / */ + // two\n 2", "(+ 1 2)" },
};

START_TEST(value)
{
	char text[256], want[256];

	snprintf(text, sizeof text, "const X = %s;", values[_i].text);
	snprintf(want, sizeof want, "(const X %s)", values[_i].tree);
	parse(text, strlen(text));
	ck_assert_str_eq(got.messages, "");
	ck_assert_str_eq(got.tree, want);
	done();
}
END_TEST

static const struct {
	const char *text, *tree;
} files[] = {
	{ "", "" },
	{ "// nothing\n", "" },
	{ "\xef\xbb\xbfnet 1;\r\n", "(net 1)" },
	{ "net 1; weights \"w\"; import \"b.net\";", "(net 1) (weights 'w') (import 'b.net')" },
	{ "weights \"w\" layout oihw; weights random(7);",
		"(weights 'w' layout oihw) (weights (call random 7))" },
	{ "block f() -> y { }", "(block f ->y)" },
	{ "block f(x, ch, s = 1x1,) -> y, z { y = x; }",
		"(block f x ch s=(dims2 1 1) ->y ->z (let y x))" },
	{ "network n { input x : f32[2]; a, b = f(x); const K = 2; output a; output c = b; }",
		"(network n (input x :f32[ 2 ]) (let a b (call f x)) (const K 2) (output a) (output c b))" },
	{ "network n { repeat i in 1..4 { repeat j in i + 1..n { } h = f(h); } }",
		"(network n (repeat i 1 4 (repeat j (+ i 1) n) (let h (call f h))))" },
	{ "network n { @a @b(1, c = 2)\n@d() x = y; @e input x : i8; @f output x = y; @g repeat i in 1..2 { } }",
		"(network n (let (@ a) (@ b 1 c=2) (@ d) x y) (input (@ e) x :i8) (output (@ f) x y)"
		" (repeat (@ g) i 1 2))" },
	{ "schedule { } schedule for \"c\" { \"a[*]\" : @p(cpu) @q; \"b\" : @r; }",
		"(schedule) (schedule 'c' ('a[*]' (@ p cpu) (@ q)) ('b' (@ r)))" },
	{ "test \"t\" { given x = file(\"x\"); given \"a.b\" = [1]; expect y = 2 within 0 lsb;"
		" expect z = 2 within 1e-3; expect w = 3; }",
		"(test 't' (given x (call file 'x')) (given 'a.b' (list1 1)) (expect y 2 within 0 lsb)"
		" (expect z 2 within 0.001f -) (expect w 3))" },
};

START_TEST(tree_of_file)
{
	parse(files[_i].text, strlen(files[_i].text));
	ck_assert_str_eq(got.messages, "");
	ck_assert_str_eq(got.tree, files[_i].tree);
	done();
}
END_TEST

/* ---- keywords as names ---- */

static const char *const keywords[] = { "net", "weights", "layout", "import", "const", "block",
	"network", "input", "output", "repeat", "in", "as", "scale", "zero", "schedule", "for",
	"test", "given", "expect", "within" };

START_TEST(keyword_as_name)
{
	const char *k = keywords[_i];
	/* every place where a name may stand */
	static const char *const pattern[] = {
		"const KW = KW;"
		"weights KW layout KW;"
		"block KW(KW, KW = KW) -> KW, KW { KW = KW; KW, KW = KW(KW = KW, KW); }"
		"network KW {"
		"    input KW : i8[KW] scale KW zero KW;"
		"    @KW(KW = KW, KW) KW = KW |> KW() as KW |> KW() : scale KW zero KW as KW;"
		"    repeat KW in KW..KW { KW = KW[KW] + KW * -KW; }"
		"    @KW input KW : scale KW;"
		"}",
		"schedule { \"a\" : @KW @KW(KW); }"
		"test \"{KW}\" { given KW = KW; expect KW = KW within KW KW; }"
		"network KW { const KW = \"{KW}\"; output KW; @KW output KW = KW; }"
	};
	char *text;
	size_t len;

	for (int i = 0; i < 2; i++) {
		FILE *f = open_memstream(&text, &len);

		for (const char *c = pattern[i]; *c; c++) {
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
}
END_TEST

/* ---- locations ---- */

START_TEST(locations)
{
	static const char text[] = "network n {\n    @a\n    x = f(y, k = (1 + 2)) |> g() as \"n{i}\";\n}\n";
	const struct ast_file *file = parse(text, strlen(text));
	const struct ast_stmt *s = file->items->body;
	const struct ast_stage *stage = s->value->u.pipe.first;
	const struct ast_arg *k = stage->expr->u.call.args->next;
	uint32_t base = file->source->base;
	const struct { struct loc loc; const char *text; } rows[] = {
		{ file->items->loc, "network n {\n    @a\n    x = f(y, k = (1 + 2)) |> g() as \"n{i}\";\n}" },
		{ file->items->name_loc, "n" },
		{ file->items->body_start, "{" },
		{ file->items->body_end, "}" },
		{ s->loc, "@a\n    x = f(y, k = (1 + 2)) |> g() as \"n{i}\";" },
		{ s->annots->loc, "@a" },
		{ s->names->loc, "x" },
		{ s->value->loc, "f(y, k = (1 + 2)) |> g() as \"n{i}\"" },
		{ stage->expr->loc, "f(y, k = (1 + 2))" },
		{ k->loc, "k = (1 + 2)" },
		{ k->key_loc, "k" },
		{ k->value->loc, "(1 + 2)" },
		{ k->value->u.op.oper_loc, "+" },
		{ stage->next->loc, "g() as \"n{i}\"" },
		{ stage->next->as->loc, "\"n{i}\"" },
		{ stage->next->as->u.items.first->loc, "n" },
		{ stage->next->as->u.items.first->next->loc, "i" },
	};

	for (int i = 0; i < ROWS(rows); i++) {
		char *part = arena_strndup(&got.arena, text + (rows[i].loc.start - base),
			rows[i].loc.end - rows[i].loc.start);

		ck_assert_str_eq(part, rows[i].text);
	}
	done();
}
END_TEST

/* ---- messages ---- */

#include "parser_errors.def"

START_TEST(message)
{
	texts_check_messages(LANGUAGE_NET, errors[_i].text, errors[_i].messages);
}
END_TEST

/* An error hides nothing: what is behind it is in the tree. */
static const struct {
	const char *text, *tree;
	int errors;
} recoveries[] = {
	{ "net 1\nweights \"w\";", "(error) (weights 'w')", 1 },
	{ "foo bar { a; { } } net 1;", "(error) (net 1)", 1 },
	{ "network n { x = ; y = 1; z = (2; w = [3; }",
		"(network n (error) (let y 1) (error) (error))", 3 },
	{ "network n { x = 1\n y = 2\n}\nnet 1;", "(network n (error) (error)) (net 1)", 2 },
	{ "network n { repeat i 1..4 { x = ; } y = 1; }", "(network n (error) (let y 1))", 2 },
	{ "block f(x,,) -> y { x = ; } net 1;", "(error) (net 1)", 2 },
	{ "network n\n x = ;\n y = 2; } net 1;", "(error) (net 1)", 2 },
	{ "network n { x = { 1, { 2 } }; y = 1; }", "(network n (error) (let y 1))", 1 },
	{ "network n { { x = 1; } y = 1; }", "(network n (error) (let y 1))", 1 },
	{ "network n { x = 1;\nnetwork m { y = ; }\nnet 1;",
		"(network n (let x 1) (error)) (network m (error)) (net 1)", 2 },
	{ "test \"t\" { given x = 1;\nnet 1;", "(test 't' (given x 1)) (net 1)", 1 },
	{ "network n { block f(x) -> y { y = ; } z = 1; } net 1;",
		"(network n (error) (let z 1)) (net 1)", 2 },
	{ "schedule { \"a\" @b; \"c\" : @d; } test \"t\" { gven x = 1; given y = 2; }",
		"(schedule ('c' (@ d))) (test 't' (given y 2))", 2 },
	{ "schedule { \"a\" : @repeat {\n} }\nnet 1;", "(schedule) (net 1)", 1 },
	{ "} } ; net 1;", "(error) (net 1)", 1 },
	{ "network n { x = \"a{b; y = 1; }\nnet 1;", "", 2 },
	{ "net 1; /* network n {", "(net 1)", 1 },
	{ "const A = 99999999999999999999; const B = \"\\q\"; const C = 1e999;",
		"(const A error) (const B 'q') (const C error)", 3 },
};

START_TEST(recovery)
{
	texts_check_recovery(LANGUAGE_NET, recoveries[_i].text, recoveries[_i].tree, recoveries[_i].errors);
}
END_TEST

START_TEST(binary)
{
	parse("net 1;\n\0\x7f" "ELF", 12);
	ck_assert_str_eq(got.tree, "");
	ck_assert_str_eq(got.messages, "t.net:2:1: error: not a text file: byte 7 is zero\n"
		"    2 | ??ELF\n      | ^\n");
	done();
}
END_TEST

/* ---- size ---- */

static const struct {
	const char *before, *piece, *after;
	const char *message; /* the only one, or NULL */
} long_texts[] = {
	{ "const X = [", "1, ", "];", NULL },
	{ "const X = f(", "a = 1, ", "b);", NULL },
	{ "network n {", "x = f(x);\n", "}", NULL },
	{ "network n { x = y", " |> f()", "; }", NULL },
	{ "network n { x", ", x", " = f(); }", NULL },
	{ "network n { ", "@a ", "x = y; }", NULL },
	{ "const X = \"", "{a}", "\";", NULL },
	{ "", "/**/ // x\n", "", NULL },
	{ "network n { x = ", "(", "", "brackets nested deeper than 1000" },
	{ "network n { x = ", "[f(", "", "brackets nested deeper than 1000" },
	{ "network n { x = ", "\"{", "", "brackets nested deeper than 1000" },
	{ "network n {", "repeat i in 1..2 {", "", "brackets nested deeper than 1000" },
	{ "", "{", "", "unexpected '{', expected a declaration such as 'network' or 'block'" },
	{ "network n {", "{", "", "unexpected '{', expected a statement or '}'" },
	{ "", "(", "", "unexpected '(', expected a declaration such as 'network' or 'block'" },
	{ "", "}", "", "unexpected '}', expected a declaration such as 'network' or 'block'" },
	{ "", ";", "", "unexpected ';', expected a declaration such as 'network' or 'block'" },
	{ "", "block x() -> y {", "", "'block' cannot stand inside '{...}'" },
	{ "", "block x() -> y {\n", "", "missing '}' before 'block'" },
	{ "const X = ", "----------", "1;", "nested too deeply" },
	{ "const X = 1", " + 1", ";", "expression of more than 2000 levels" },
	{ "const X = a", "[0]", ";", "expression of more than 2000 levels" },
	{ "", "\xc3\xa9 ", "", "stray character '\\xc3'" },
	{ "const X = ", "9", ";",
		"integer '9999999999999999999999999999999999999999...' is too large,"
		" the limit is 9223372036854775807" },
};

START_TEST(long_text)
{
	texts_check_long(LANGUAGE_NET, long_texts[_i].before, long_texts[_i].piece, long_texts[_i].after, long_texts[_i].message);
}
END_TEST

/* Faults do not add up to more than linear time either: this takes a fraction of a second. */
START_TEST(many_errors)
{
	static const char *const pieces[] = { "x = ;\n", "{}", "x = y\n", "network\n", "\"\n", "x;",
		"repeat {\n", "test \"\n", "a } b { c" };

	for (int k = 0; k < ROWS(pieces); k++)
		texts_check_many_errors(LANGUAGE_NET, "network n {\n", pieces[k]);
}
END_TEST

Suite *
parser_suite(void)
{
	Suite *s = suite_create("parser");
	TCase *tc = tcase_create("parser");

	tcase_add_loop_test(tc, value, 0, ROWS(values));
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
