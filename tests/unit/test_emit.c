/* backend/: printing, numbers, names, and whole outputs of a program built by hand, compiled and run. */
#include <config.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "backend/backend.h"
#include "backend/cgen.h"
#include "weights/weights.h"
#include "asserts.h"

/* ---- numbers ---- */

static void
check_float(float f)
{
	char text[DATA_VALUE];
	int n = data_float(text, f);
	float back;
	char *end;

	ck_assert_int_lt(n, DATA_VALUE);
	ck_assert_int_eq(n, (int)strlen(text));
	back = strtof(text, &end);
	ck_assert_str_eq(end, "f");
	ck_assert_msg(memcmp(&back, &f, sizeof f) == 0, "%.9g became %s", (double)f, text);
	ck_assert_msg(strpbrk(text, ".e") != NULL, "%s is no C float", text);
}

static float
float_of_bits(uint32_t bits)
{
	float f;

	memcpy(&f, &bits, sizeof f);
	return f;
}

/* Every float in steps of a prime, both signs; all of the first denormals. */
START_TEST(floats_read_back)
{
	for (uint32_t bits = 0; bits < 0x7f800000; bits += bits < 4096 ? 1 : 20011) {
		check_float(float_of_bits(bits));
		check_float(float_of_bits(bits | 0x80000000u));
	}
}
END_TEST

/* Below a power of two the neighbours lie half as far. */
START_TEST(powers_of_two_read_back)
{
	for (uint32_t e = 1; e < 255; e++)
		for (uint32_t d = 0; d < 7; d++)
			check_float(float_of_bits((e << 23) + d - 3));
	check_float(float_of_bits(0x7f7fffff));
}
END_TEST

static const struct { float f; const char *text; } floats[] = {
	{ 0, "0.0f" }, { -0.0f, "-0.0f" }, { 1, "1.0f" }, { -2.5f, "-2.5f" }, { 0.1f, "0.1f" }, { 100, "100.0f" },
	{ 123456792.0f, "123456790.0f" }, { 1e9f, "1.0e9f" }, { 1e-4f, "0.0001f" }, { 1e-5f, "1.0e-5f" },
	{ 3.40282347e38f, "3.4028235e38f" }, { 0.0787254f, "0.0787254f" }, { 16777216.0f, "16777216.0f" },
};

START_TEST(known_float_text)
{
	char text[DATA_VALUE];

	data_float(text, floats[_i].f);
	ck_assert_str_eq(text, floats[_i].text);
}
END_TEST

START_TEST(float_specials)
{
	char text[DATA_VALUE];

	data_float(text, INFINITY);
	ck_assert_str_eq(text, "INFINITY");
	data_float(text, -INFINITY);
	ck_assert_str_eq(text, "-INFINITY");
	data_float(text, NAN);
	ck_assert_str_eq(text, "NAN");
}
END_TEST

START_TEST(integer_text)
{
	char text[DATA_VALUE];

	data_int(text, INT32_MAX);
	ck_assert_str_eq(text, "2147483647");
	data_int(text, -INT32_MAX);
	ck_assert_str_eq(text, "-2147483647");
	data_int(text, INT32_MIN); /* its digits are no int */
	ck_assert_str_eq(text, "INT32_MIN");
	data_int(text, 0);
	ck_assert_str_eq(text, "0");
}
END_TEST

/* Lines are filled up to 100 columns, a tab being 8 of them; every value is there, in order. */
START_TEST(values_fill_lines)
{
	enum { COUNT = 5000 };
	static float values[COUNT];
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	for (int i = 0; i < COUNT; i++)
		values[i] = (float)((i % 7 - 3) * ldexp(1.0 / (i + 1), i % 60 - 30));
	data_values(f, DT_F32, COUNT, values);
	fclose(f);
	int at = 0;
	for (char *line = text, *end; *line; line = end + 1) {
		end = strchr(line, '\n');
		long width = 8 + (end - line - 1);
		ck_assert_int_eq(*line, '\t');
		ck_assert_int_le(width, 100);
		ck_assert(end[1] == '\0' || width + 1 + (long)strcspn(end + 2, ",\n") + 1 > 100);
		for (char *p = line; p < end; at++) {
			ck_assert(strtof(p, &p) == values[at]);
			ck_assert_int_eq(*p++, 'f');
			ck_assert_int_eq(*p++, at + 1 < COUNT ? ',' : '\n');
		}
	}
	ck_assert_int_eq(at, COUNT);
	free(text);
}
END_TEST

START_TEST(values_of_small_arrays)
{
	static const int8_t bytes[] = { -128, 0, 127 };
	char text[64] = "";
	FILE *f = fmemopen(text, sizeof text, "w");

	data_values(f, DT_I8, 0, bytes);
	data_values(f, DT_I8, 1, bytes);
	data_values(f, DT_I8, 3, bytes);
	fclose(f);
	ck_assert_str_eq(text, "\t-128\n\t-128, 0, 127\n");
}
END_TEST

/* ---- layout ---- */

struct page {
	struct emitter e;
	char *text;
	size_t size;
};

static void
page_open(struct page *p, int depth)
{
	p->text = NULL;
	p->e = (struct emitter){ .out = open_memstream(&p->text, &p->size), .depth = depth };
	ck_assert_ptr_nonnull(p->e.out);
}

static void
page_is(struct page *p, const char *want)
{
	fclose(p->e.out);
	ck_assert_str_eq(p->text, want);
	free(p->text);
}

static const struct { const char *in, *out; } comments[] = {
	{ "plain", "/* plain */\n" },
	{ "two\nlines", "/* two\n * lines */\n" },
	{ "a */ b", "/* a *  b */\n" },
	{ "a /* b", "/* a /  b */\n" },
	{ "what?" "?/", "/* what ?/ */\n" },
	{ "back\\slash\rreturn", "/* back slash return */\n" },
};

START_TEST(comment_is_harmless)
{
	struct page p;

	page_open(&p, 0);
	emit_comment(&p.e, comments[_i].in);
	page_is(&p, comments[_i].out);
}
END_TEST

START_TEST(comment_wraps)
{
	struct page p;
	char line[200];

	page_open(&p, 0);
	memset(line, 'x', sizeof line);
	line[60] = line[120] = ' ';
	line[150] = '\0';
	emit_comment(&p.e, line);
	fclose(p.e.out);
	for (char *s = strtok(p.text, "\n"); s; s = strtok(NULL, "\n"))
		ck_assert_int_le((int)strlen(s), EMIT_COLUMNS);
	free(p.text);
}
END_TEST

START_TEST(list_wraps)
{
	const char *const items[] = { "first_argument_of_some_length", "second_argument_of_some_length",
		"third_argument_of_some_length", "fourth" };
	struct page p;

	page_open(&p, 1);
	emit_list(&p.e, "call", items, 4, ";");
	page_is(&p, "\tcall(first_argument_of_some_length, second_argument_of_some_length,\n"
		"\t\tthird_argument_of_some_length, fourth);\n");
}
END_TEST

START_TEST(string_is_escaped)
{
	struct page p;

	page_open(&p, 0);
	emit_string(p.e.out, "a\"b\\c\n1?\xc3");
	page_is(&p, "\"a\\\"b\\\\c\\0121\\077\\303\"");
}
END_TEST

/* ---- names ---- */

static const struct { const char *in, *out; } prefixes[] = {
	{ "kws", "kws" }, { "ds[2].pw", "ds2_pw" }, { "a__b", "a_b" }, { "_x_", "x" }, { "\xc3\xa9", "x" }, { "2d", "n2d" },
	{ "ds[1][2]", "ds1_2" }, { "", "x" },
};

START_TEST(prefix_text)
{
	struct arena a = { 0 };

	ck_assert_str_eq(emit_prefix(&a, prefixes[_i].in), prefixes[_i].out);
	arena_free(&a);
}
END_TEST

static void
names_start(struct cgen *g, struct arena *a)
{
	*g = (struct cgen){ .arena = a, .names = intern_new(a), .taken = map_new(a) };
}

START_TEST(names_are_unique)
{
	struct arena a = { 0 };
	struct cgen g;

	names_start(&g, &a);
	ck_assert_str_eq(ident_make(&g, "n_h"), "n_h");
	ck_assert_str_eq(ident_make(&g, "n_h"), "n_h_2");
	ck_assert_str_eq(ident_make(&g, "n.h_3"), "n_h_3");
	ck_assert_str_eq(ident_make(&g, "n.h"), "n_h_4");
	arena_free(&a);
}
END_TEST

START_TEST(parameters_are_no_keywords)
{
	static const char *const taken[] = { "int", "class", "arena", "restrict", "ram", "memcpy", "NULL" };
	struct arena a = { 0 };
	struct cgen g;

	names_start(&g, &a);
	for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
		ck_assert_str_eq(ident_local(&g, taken[i]), arena_printf(&a, "%s_", taken[i]));
	ck_assert_str_eq(ident_local(&g, "7up"), "x7up");
	arena_free(&a);
}
END_TEST

/* ---- a program by hand ----
 *
 * y = W2 relu(W1 x + b1), all f32: x = (1, 2, 3) gives h = (relu(-3.5), relu(14)) = (0, 14), y = (28, -14). */

static const float w1[] = { 1, 0, -1.5f, 1, 2, 3 }, b1[] = { 0, 0 }, w2[] = { 1, 2, 3, -1 };

struct fixture {
	struct arena arena;
	struct intern *names;
	struct diag diag;
	struct graph *graph;
	struct program program;
};

static const struct shape vec3 = { 1, { 3 } }, vec2 = { 1, { 2 } }, mat23 = { 2, { 2, 3 } }, mat22 = { 2, { 2, 2 } };

static struct tensor *
dense(struct fixture *f, const char *layer, struct tensor *x, const struct shape *shape, const float *w, const float *b)
{
	struct tensor *in[3] = { x };
	struct attrs attrs;
	char why[WHY_SIZE];
	struct node *n;

	attrs_init(&attrs);
	attrs.out = 2;
	if (b)
		attrs.act = (struct clamp){ 0, INFINITY };
	in[1] = graph_const(f->graph, intern_printf(f->names, "%s.weight", layer), DT_F32, shape, NULL, w, LOC_NONE);
	if (b)
		in[2] = graph_const(f->graph, intern_printf(f->names, "%s.bias", layer), DT_F32, &vec2, NULL, b, LOC_NONE);
	n = graph_add(f->graph, OP_DENSE, intern(f->names, layer), in, b ? 3 : 2, &attrs, NULL, LOC_NONE, why);
	ck_assert_msg(n != NULL, "%s", why);
	return n->out;
}

static struct buffer *
buffer(struct fixture *f, enum buffer_kind kind, const struct tensor *t)
{
	struct buffer *b = ARENA_NEW(&f->arena, struct buffer);

	*b = (struct buffer){ .kind = kind, .port = kind == BUF_INPUT ? PORT_IN : kind == BUF_OUTPUT ? PORT_OUT : PORT_NONE,
		.id = (int)f->program.buffers.n, .name = t->name, .dtype = t->dtype,
		.shape = t->shape, .bytes = tensor_bytes(t), .align = 16, .data = t->data };
	b->memory = kind == BUF_CONST; /* the one arena, and the one place for constants */
	ARRAY_PUSH(&f->arena, f->program.buffers, b);
	if (kind == BUF_CONST)
		ARRAY_PUSH(&f->arena, f->program.consts, b);
	return b;
}

static void
push(struct fixture *f, struct call *c, struct arg a)
{
	ARRAY_PUSH(&f->arena, c->args, a);
}

static void
call_dense(struct fixture *f, const struct node *n, struct buffer *y, struct buffer *x)
{
	static const char *const dims[] = { "rows", "x_n", "x_pitch", "y_n", "y_pitch" };
	const int32_t values[] = { 1, n->in[0]->shape.dim[0], n->in[0]->shape.dim[0], 2, 2 };
	struct call *c = ARENA_NEW(&f->arena, struct call);
	struct buffer *bias = n->nin > 2 ? buffer(f, BUF_CONST, n->in[2]) : NULL;

	*c = (struct call){ .index = f->program.call_count++, .kernel = "dense_f32", .node = n, .last = true };
	f->program.kernel_count = f->program.call_count;
	if (f->program.last)
		f->program.last->next = c;
	else
		f->program.first = c;
	f->program.last = c;
	push(f, c, (struct arg){ .kind = ARG_OUT, .name = "y", .buf = y, .dtype = DT_F32 });
	push(f, c, (struct arg){ .kind = ARG_IN, .name = "x", .buf = x, .dtype = DT_F32 });
	push(f, c, (struct arg){ .kind = ARG_CONST, .name = "weight", .buf = buffer(f, BUF_CONST, n->in[1]), .dtype = DT_F32 });
	push(f, c, (struct arg){ .kind = ARG_CONST, .name = "bias", .buf = bias, .dtype = DT_F32 });
	push(f, c, (struct arg){ .kind = ARG_FLOAT, .name = "lo", .f = n->attr.act.lo });
	push(f, c, (struct arg){ .kind = ARG_FLOAT, .name = "hi", .f = n->attr.act.hi });
	for (int i = 0; i < 5; i++)
		push(f, c, (struct arg){ .kind = ARG_DIM, .name = dims[i], .i = values[i] });
}

static void
add_test(struct fixture *f, float y0)
{
	static const float x[] = { 1, 2, 3 };
	struct test *t = ARENA_NEW(&f->arena, struct test);
	struct test_value *given = ARENA_NEW(&f->arena, struct test_value), *expect = ARENA_NEW(&f->arena, struct test_value);
	float *y = ARENA_ARRAY(&f->arena, float, 2);

	y[0] = y0;
	y[1] = -14;
	*expect = (struct test_value){ .target = intern(f->names, "y"), .expect = true, .dtype = DT_F32, .count = 2, .data = y,
		.within = 1e-5, .unit = WITHIN_RELATIVE };
	*given = (struct test_value){ .next = expect, .target = intern(f->names, "int"), .dtype = DT_F32, .count = 3, .data = x };
	*t = (struct test){ .name = intern(f->names, "a \"test\""), .values = given };
	f->graph->tests = t;
}

/* The input is called "int", which no parameter can be. */
static void
fixture_start(struct fixture *f)
{
	struct tensor *x, *h, *y;
	struct buffer *in, *mid, *out;

	memset(f, 0, sizeof *f);
	f->names = intern_new(&f->arena);
	diag_init(&f->diag, &f->arena, stderr);
	f->graph = graph_new(&f->arena, f->names, intern(f->names, "net"));
	x = graph_input(f->graph, intern(f->names, "int"), DT_F32, &vec3, NULL, LOC_NONE);
	h = dense(f, "ds[1].pw", x, &mat23, w1, b1);
	y = dense(f, "ds[2].pw", h, &mat22, w2, NULL);
	graph_output(f->graph, intern(f->names, "y"), y);
	graph_tidy(f->graph);
	f->program = (struct program){ .arena = &f->arena, .graph = f->graph, .arena_bytes = 24, .arena_align = 16 };
	program_memories(&f->program);
	f->program.memories.v[0].bytes = 24;
	f->program.memories.v[0].align = 16;
	in = buffer(f, BUF_INPUT, x);
	mid = buffer(f, BUF_ARENA, h);
	out = buffer(f, BUF_OUTPUT, y);
	mid->offset = 16;
	call_dense(f, h->producer, mid, in);
	call_dense(f, y->producer, out, mid);
}

/* ---- writing, compiling, running ---- */

static char dir[] = "/tmp/netc-emit-XXXXXX";

static void
run(const char *fmt, ...)
{
	struct arena a = { 0 };
	va_list ap;
	const char *command;
	int status;

	va_start(ap, fmt);
	command = arena_printf(&a, "cd %s && %s", dir, arena_vprintf(&a, fmt, ap));
	va_end(ap);
	status = system(command);
	ck_assert_msg(status == 0, "status %d: %s", status, command);
	arena_free(&a);
}

static bool
have(const char *program)
{
	char command[64];

	snprintf(command, sizeof command, "command -v %s >/dev/null", program);
	return system(command) == 0;
}

static void
write_program(struct fixture *f, struct emit_opts opts)
{
	struct outputs *o = outputs_new(&f->arena);
	const char *why;

	opts.command = "netc build net.net";
	opts.source = "net.net";
	emit_program(o, dir, &f->program, &f->diag, &opts);
	why = outputs_commit(o);
	ck_assert_msg(why == NULL, "%s", why);
}

static void
make_dir(void)
{
	strcpy(dir + sizeof dir - 7, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void
write_input(struct fixture *f)
{
	static const float x[] = { 1, 2, 3 };
	FILE *in = fopen(arena_printf(&f->arena, "%s/x.npy", dir), "wb");

	ck_assert_ptr_nonnull(in);
	ck_assert(npy_write(in, DT_F32, &vec3, x));
	ck_assert_int_eq(fclose(in), 0);
}

static void
check_output(struct fixture *f)
{
	struct npy y;
	const char *why = npy_read(&y, &f->arena, arena_printf(&f->arena, "%s/y.npy", dir));

	ck_assert_msg(why == NULL, "%s", why);
	ck_assert_int_eq(y.dtype, DT_F32);
	ck_assert_int_eq(y.shape.rank, 2); /* [1, 2] */
	ck_assert_int_eq((int)((const float *)y.data)[0], 28);
	ck_assert_int_eq((int)((const float *)y.data)[1], -14);
}

#define STRICT "-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror"
static const char *const compilers[] = {
	"gcc -std=c99 -Wstrict-prototypes " STRICT, "clang -std=c99 -Wstrict-prototypes " STRICT,
	"g++ -x c++ " STRICT, "clang++ -x c++ -Wno-deprecated " STRICT, "arm-none-eabi-gcc -mcpu=cortex-m4 -std=c99 -c -Os " STRICT
};
enum { COMPILERS = sizeof compilers / sizeof *compilers };

/* Each mode of weights with each compiler; hosted ones run. */
static void
try_compiler(struct fixture *f, const char *compiler, enum weights_mode mode)
{
	const char *space = strchr(compiler, ' ');
	bool cross = strncmp(compiler, "arm", 3) == 0;

	if (!have(arena_strndup(&f->arena, compiler, (size_t)(space - compiler))))
		return;
	if (cross) {
		run("%s net.c %s", compiler, mode == WEIGHTS_SPLIT ? "net_weights.c" : "");
		return;
	}
	run("%s -o net net.c net_main.c %s -lm", compiler, mode == WEIGHTS_SPLIT ? "net_weights.c" : "");
	run("./net -o y.npy x.npy --repeat 3 >/dev/null");
	check_output(f);
}

START_TEST(output_compiles_and_runs)
{
	struct fixture f;

	fixture_start(&f);
	make_dir();
	write_input(&f);
	write_program(&f, (struct emit_opts){ .weights = (enum weights_mode)_i, .main = true });
	for (int i = 0; i < COMPILERS; i++)
		try_compiler(&f, compilers[i], (enum weights_mode)_i);
	run("rm -r %s", dir);
	arena_free(&f.arena);
}
END_TEST

START_TEST(same_input_same_bytes)
{
	struct fixture f;

	fixture_start(&f);
	add_test(&f, 28);
	make_dir();
	run("mkdir one");
	write_program(&f, (struct emit_opts){ .weights = (enum weights_mode)_i, .main = true, .selftest = true });
	run("mv net* one && mkdir two");
	write_program(&f, (struct emit_opts){ .weights = (enum weights_mode)_i, .main = true, .selftest = true });
	run("mv net* two && diff -r one two");
	run("rm -r %s", dir);
	arena_free(&f.arena);
}
END_TEST

static const char selftest_main[] =
	"#include <stdio.h>\n#include \"net.h\"\n#include \"net_selftest.h\"\n"
	"static union { unsigned char bytes[NET_SELFTEST_BYTES]; double align; long double more; } memory;\n"
	"int main(void)\n{\n\tstruct net_failure f;\n\tint n = net_selftest(memory.bytes, &f);\n"
	"\tif (n) printf(\"%s: %s[%d] is %g, not %g\\n\", f.test, f.layer, (int)f.index, f.got, f.expected);\n"
	"\treturn n;\n}\n";

static void
try_selftest(struct fixture *f, float y0)
{
	FILE *m;

	fixture_start(f);
	add_test(f, y0);
	make_dir();
	write_program(f, (struct emit_opts){ .selftest = true });
	m = fopen(arena_printf(&f->arena, "%s/m.c", dir), "w");
	ck_assert_ptr_nonnull(m);
	fputs(selftest_main, m);
	ck_assert_int_eq(fclose(m), 0);
	run("gcc -std=c99 -Wstrict-prototypes " STRICT " -DNET_SELFTEST -o m m.c net.c net_selftest.c -lm");
}

START_TEST(selftest_passes)
{
	struct fixture f;

	try_selftest(&f, 28);
	run("./m");
	run("gcc -std=c99 " STRICT " -c net.c");
	run("rm -r %s", dir);
	arena_free(&f.arena);
}
END_TEST

START_TEST(selftest_names_what_is_wrong)
{
	struct fixture f;

	try_selftest(&f, 29);
	run("! ./m >out && echo 'a \"test\": y[0] is 28, not 29' | diff - out");
	/* A layer that computes something else: its first weight is changed. */
	run("sed 's/1.0f, 0.0f, -1.5f/9.0f, 0.0f, -1.5f/' net.c >other.c && ! cmp -s net.c other.c");
	run("gcc -std=c99 -DNET_SELFTEST -o m m.c other.c net_selftest.c -lm");
	run("! ./m >out && echo 'a \"test\": ds[1].pw[0] is 4.5, not 0' | diff - out");
	run("rm -r %s", dir);
	arena_free(&f.arena);
}
END_TEST

START_TEST(profile_hook_is_called)
{
	struct fixture f;
	FILE *m;

	fixture_start(&f);
	make_dir();
	write_program(&f, (struct emit_opts){ .weights = WEIGHTS_INLINE });
	m = fopen(arena_printf(&f.arena, "%s/m.c", dir), "w");
	ck_assert_ptr_nonnull(m);
	fputs("#include <stdio.h>\n#include \"net.h\"\n"
		"void net_profile(int layer, int end) { printf(\"%s %d\\n\", net_layer_names[layer], end); }\n"
		"int main(void)\n{\n\tstatic double arena[NET_ARENA_BYTES];\n\tfloat x[3] = { 1, 2, 3 }, y[2];\n"
		"\treturn net_run(x, y, (char *)arena + 1) == NET_E_ALIGN && net_run(x, y, NULL) == NET_E_ALIGN ? "
		"net_run(x, y, (char *)arena + (16 - (uintptr_t)arena % 16) % 16) : 3;\n}\n", m);
	ck_assert_int_eq(fclose(m), 0);
	run("gcc -std=c99 " STRICT " -DNET_PROFILE -o m m.c net.c -lm && ./m >out");
	run("printf '%%s\\n' 'ds[1].pw 0' 'ds[1].pw 1' 'ds[2].pw 0' 'ds[2].pw 1' | diff - out");
	run("rm -r %s", dir);
	arena_free(&f.arena);
}
END_TEST

/* The hosted program refuses what it was not made for. */
static const struct { const char *command; int status; } refusals[] = {
	{ "./net", 2 }, { "./net x.npy", 2 }, { "./net x.npy -o", 2 }, { "./net x.npy -o y.npy --repeat 0", 2 },
	{ "./net x.npy -o y.npy --unknown", 2 }, { "./net x.npy -o y.npy extra.npy", 2 },
	{ "./net missing.npy -o y.npy", 1 }, { "./net net.c -o y.npy", 1 },
	{ "head -c 135 x.npy >short.npy; ./net short.npy -o y.npy", 1 },
	{ "(cat x.npy; echo) >long.npy; ./net long.npy -o y.npy", 1 },
	{ "sed 's/<f4/|i1/' x.npy >type.npy; ./net type.npy -o y.npy", 1 },
	{ "sed 's/(3,)/(4,)/' x.npy >shape.npy; ./net shape.npy -o y.npy", 1 },
	{ "sed 's/(3,)/3, /' x.npy >shape.npy; ./net shape.npy -o y.npy", 1 },
	{ "./net x.npy -o /dev/full", 1 }, { "./net x.npy -o none/y.npy", 1 },
	{ "./net x.npy -o y.npy --weights x.npy", 1 }, { "rm net.bin; ./net x.npy -o y.npy", 1 },
};

START_TEST(main_refuses)
{
	struct fixture f;

	fixture_start(&f);
	make_dir();
	write_input(&f);
	write_program(&f, (struct emit_opts){ .weights = WEIGHTS_BIN, .main = true });
	run("gcc -std=c99 -fsanitize=address,undefined -o net net.c net_main.c -lm");
	run("(%s) 2>err; test $? = %d && test -s err", refusals[_i].command, refusals[_i].status);
	run("rm -r %s", dir);
	arena_free(&f.arena);
}
END_TEST

/* A binary of other weights with the same size. */
START_TEST(stale_binary_is_refused)
{
	struct fixture f;

	fixture_start(&f);
	make_dir();
	write_input(&f);
	write_program(&f, (struct emit_opts){ .weights = WEIGHTS_BIN, .main = true });
	run("gcc -std=c99 -o net net.c net_main.c -lm");
	((struct buffer *)f.program.consts.v[0])->data = w2; /* at least as long as the bias it replaces */
	write_program(&f, (struct emit_opts){ .weights = WEIGHTS_BIN, .main = true });
	run("./net x.npy -o y.npy 2>err; test $? = 1 && grep -q 'error 2' err");
	run("rm -r %s", dir);
	arena_free(&f.arena);
}
END_TEST

Suite *emit_suite(void);

Suite *
emit_suite(void)
{
	Suite *s = suite_create("emit");
	TCase *text = tcase_create("text"), *files = tcase_create("files");

	tcase_add_test(text, floats_read_back);
	tcase_add_test(text, powers_of_two_read_back);
	tcase_add_loop_test(text, known_float_text, 0, sizeof floats / sizeof *floats);
	tcase_add_test(text, float_specials);
	tcase_add_test(text, integer_text);
	tcase_add_test(text, values_fill_lines);
	tcase_add_test(text, values_of_small_arrays);
	tcase_add_loop_test(text, comment_is_harmless, 0, sizeof comments / sizeof *comments);
	tcase_add_test(text, comment_wraps);
	tcase_add_test(text, list_wraps);
	tcase_add_test(text, string_is_escaped);
	tcase_add_loop_test(text, prefix_text, 0, sizeof prefixes / sizeof *prefixes);
	tcase_add_test(text, names_are_unique);
	tcase_add_test(text, parameters_are_no_keywords);
	tcase_set_timeout(text, 60);
	suite_add_tcase(s, text);
	tcase_set_timeout(files, 60);
	tcase_add_loop_test(files, output_compiles_and_runs, WEIGHTS_INLINE, WEIGHTS_BIN + 1);
	tcase_add_loop_test(files, same_input_same_bytes, WEIGHTS_INLINE, WEIGHTS_BIN + 1);
	tcase_add_test(files, selftest_passes);
	tcase_add_test(files, selftest_names_what_is_wrong);
	tcase_add_test(files, profile_hook_is_called);
	tcase_add_loop_test(files, main_refuses, 0, sizeof refusals / sizeof *refusals);
	tcase_add_test(files, stale_binary_is_refused);
	suite_add_tcase(s, files);
	return s;
}
