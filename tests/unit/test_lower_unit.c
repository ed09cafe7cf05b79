/* Calls of a chip's units: random graphs whose nodes run on whatever unit of tests/chips/tile8.chip takes them, written as C, compiled
 * with the units in plain C (tests/chips/tile8.h) under the sanitizers, and compared with the evaluator; on one core, and on
 * several by threads under the thread sanitizer. */
#include <config.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "backend/backend.h"
#include "backend/emit.h"
#include "chips/chip.h"
#include "ir/eval.h"
#include "parser/parse.h"
#include "passes/pass.h"
#include "asserts.h"
#include "random_graph.h"

Suite *lower_unit_suite(void);

struct bench {
	struct arena arena, scratch;
	struct intern *names;
	struct diag diag;
	struct chip *chip;
	struct graph *g;
	struct rng rng;
	char dir[32];
	int units;       /* nodes that run on one */
};

static const char *
top_dir(void)
{
	const char *top = getenv("top_srcdir");

	return top ? top : ".";
}

static struct chip *
read_chip(struct bench *b, const char *path)
{
	struct parse_ctx ctx = { .arena = &b->arena, .names = b->names, .diag = &b->diag };
	const char *text, *why;
	const struct source *source;
	struct chip *chip;
	size_t len;

	why = file_read(&b->arena, path, &text, &len);
	ck_assert_msg(!why, "%s: %s", path, why);
	source = diag_add_source(&b->diag, path, text, len);
	chip = chip_read(&b->arena, b->names, &b->diag, parse_chip(&ctx, source), path);
	ck_assert_ptr_nonnull(chip);
	return chip;
}

static void
bench_init(struct bench *b, uint64_t seed, const char *chip)
{
	*b = (struct bench){ .rng = { seed * 7 + 3 }, .dir = "/tmp/netc-unit-XXXXXX" };
	b->names = intern_new(&b->arena);
	diag_init(&b->diag, &b->arena, stderr);
	b->chip = read_chip(b, arena_printf(&b->arena, "%s/tests/chips/%s", top_dir(), chip));
	ck_assert_ptr_nonnull(mkdtemp(b->dir));
}

static void
bench_free(struct bench *b)
{
	char command[64];

	snprintf(command, sizeof command, "rm -rf %s", b->dir);
	if (!getenv("UNIT_KEEP"))
		ck_assert_int_eq(system(command), 0);
	arena_free(&b->scratch);
	arena_free(&b->arena);
}

/* ---- units ---- */

static bool
rounds_as(const struct node *n, const struct chip_op *op)
{
	bool layer = op_info[n->op].flags & OPF_SUM || n->op == OP_TCONV2D;

	return n->out->dtype != DT_I8 || (!layer && n->op != OP_RESCALE) || n->attr.rounding == op->requant.rounding;
}

static bool
is_dot_layer(const struct node *n, const struct chip_op *op)
{
	return op->kind == KIND_DOT && (n->op == OP_CONV2D || n->op == OP_DWCONV2D || n->op == OP_DENSE)
		&& n->in[0]->dtype == op->types.v[0].x;
}

/* A layer may round in any way before it is evaluated. */
static bool
takes(struct bench *b, struct node *n, const struct chip_op *op)
{
	const struct chip_limit *limit;
	enum rounding before = n->attr.rounding;

	if (is_dot_layer(n, op))
		return true;
	if (n->out->dtype == DT_I8 && op_info[n->op].flags & OPF_SUM)
		n->attr.rounding = op->requant.rounding;
	if (rounds_as(n, op) && chip_misfits(&b->arena, op, n, &limit, 1) == 0)
		return true;
	n->attr.rounding = before;
	return false;
}

static void
place(struct bench *b, int cores)
{
	for (struct node *n = b->g->first; n; n = n->next) {
		int first = rng_below(&b->rng, (int)b->chip->ops.n);

		n->core = rng_below(&b->rng, cores);
		for (size_t i = 0; i < b->chip->ops.n && !n->unit; i++) {
			const struct chip_op *op = &b->chip->ops.v[((size_t)first + i) % b->chip->ops.n];

			if (rng_below(&b->rng, 8) > 0 && takes(b, n, op)) {
				n->unit = op;
				b->units++;
			}
		}
	}
}

/* ---- the generated C and a program around it ---- */

static FILE *
open_in(struct bench *b, const char *file)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", b->dir, file);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	return f;
}

static void
put_array(FILE *f, const char *stem, size_t i, const struct tensor *t, const void *data)
{
	fprintf(f, "static const %s %s%zu[] = {\n", dtype_info[t->dtype].c_type, stem, i);
	data_values(f, t->dtype, tensor_count(t), data);
	fputs("};\n", f);
}

static const char core_functions[] =
	"#include <pthread.h>\n"
	"static pthread_barrier_t all;\n"
	"static int phases[N_CORES];\n"
	"static void wait_for_all(void *context, int phase)\n"
	"{ int *mine = (int *)context; if (phase != (*mine)++) abort(); pthread_barrier_wait(&all); }\n";

static void
put_outputs(FILE *f, const struct graph *g)
{
	for (size_t i = 0; i < g->outputs.n; i++)
		fprintf(f, "static %s out%zu[%d];\n", dtype_info[g->outputs.v[i]->dtype].c_type, i, (int)tensor_count(g->outputs.v[i]));
}

static void
put_arguments(FILE *f, const struct graph *g)
{
	for (size_t i = 0; i < g->inputs.n; i++)
		fprintf(f, "in%zu, ", i);
	for (size_t i = 0; i < g->outputs.n; i++)
		fprintf(f, "out%zu, ", i);
	fputs("&arena", f);
}

/* Exactly, or of f32 to what the order of a sum makes. */
static void
put_comparison(FILE *f, size_t k, const struct tensor *t)
{
	fprintf(f, "\tfor (int i = 0; i < %d; i++) {\n", (int)tensor_count(t));
	fprintf(f, "\t\tdouble got = (double)out%zu[i], want = (double)expected%zu[i], error = got - want;\n", k, k);
	fprintf(f, "\t\tif (!(error * error <= %s)) {\n", t->dtype == DT_F32 ? "1e-8 * (1 + want * want)" : "0");
	fprintf(f, "\t\t\tprintf(\"output %zu [%%d]: %%g, not %%g\\n\", i, got, want);\n\t\t\treturn 1;\n\t\t}\n\t}\n", k);
}

static void
put_main(struct bench *b, const void **inputs, const void **values, int cores)
{
	const struct graph *g = b->g;
	FILE *f = open_in(b, "main.c");

	fprintf(f, "#include <stdio.h>\n#include <stdlib.h>\n#include <math.h>\n#include <string.h>\n#include \"n.h\"\n#define N_CORES %d\n", cores);
	for (size_t i = 0; i < g->inputs.n; i++)
		put_array(f, "in", i, g->inputs.v[i], inputs[i]);
	for (size_t i = 0; i < g->outputs.n; i++)
		put_array(f, "expected", i, g->outputs.v[i], values[g->outputs.v[i]->id]);
	put_outputs(f, g);
	fputs("static n_arena arena;\n", f);
	if (cores > 1) {
		fputs(core_functions, f);
		fputs("static void *start(void *p)\n{\n\tint core = *(int *)p;\n\tif (n_run_core(core, ", f);
		put_arguments(f, g);
		fputs(", wait_for_all, &phases[core]) != N_OK)\n\t\tabort();\n\treturn NULL;\n}\n", f);
	}
	fputs("static int compare(void)\n{\n", f);
	for (size_t i = 0; i < g->outputs.n; i++)
		put_comparison(f, i, g->outputs.v[i]);
	fputs("\treturn 0;\n}\nint main(void)\n{\n\tmemset(&arena, 0x5a, sizeof arena);\n\tif (n_run(", f);
	put_arguments(f, g);
	fputs(") != N_OK || compare())\n\t\treturn 1;\n", f);
	if (cores > 1) {
		for (size_t i = 0; i < g->outputs.n; i++)
			fprintf(f, "\tmemset(out%zu, 0x77, sizeof out%zu);\n", i, i);
		fputs("\tmemset(&arena, 0x5a, sizeof arena);\n\tpthread_t t[N_CORES];\n\tint number[N_CORES];\n"
			"\tpthread_barrier_init(&all, NULL, N_CORES);\n"
			"\tfor (int i = 0; i < N_CORES; i++) {\n\t\tnumber[i] = i;\n\t\tpthread_create(&t[i], NULL, start, &number[i]);\n\t}\n"
			"\tfor (int i = 0; i < N_CORES; i++)\n\t\tpthread_join(t[i], NULL);\n"
			"\tfor (int i = 0; i < N_CORES; i++)\n\t\tif (phases[i] != N_PHASES - 1)\n\t\t\treturn 2;\n\tif (compare())\n\t\treturn 1;\n", f);
	}
	fputs("\treturn 0;\n}\n", f);
	fclose(f);
}

static struct program *
lower(struct bench *b)
{
	struct pass_ctx ctx = { .diag = &b->diag, .scratch = &b->scratch };
	struct program *p;

	graph_tidy(b->g);
	ck_assert(passes[PASS_alias].run(b->g, &ctx));
	p = program_lower(&b->arena, b->g, &b->diag, false);
	ck_assert_ptr_nonnull(p);
	program_plan(p);
	program_verify(p);
	return p;
}

static void
emit(struct bench *b, const struct program *p, enum weights_mode mode)
{
	struct emit_opts opts = { .weights = mode, .prefix = "n", .command = "test", .source = "n.net" };
	struct outputs *out = outputs_new(&b->arena);

	emit_program(out, b->dir, p, &b->diag, &opts);
	ck_assert_ptr_null(outputs_commit(out));
}

#define CONTRACT "-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Werror"

static void
run(struct bench *b, const char *sanitizer, uint64_t seed)
{
	char command[700];

	snprintf(command, sizeof command, "cd %s && cc -std=c99 " CONTRACT " -O0 -fsanitize=%s -fno-sanitize-recover=all"
		" -I%s/tests/chips -c n*.c >log 2>&1 && cc -std=gnu99 -Wall -O0 -fsanitize=%s -fno-sanitize-recover=all main.c n*.o -o m"
		" -lm -lpthread >>log 2>&1 && ./m >>log 2>&1 || { head -c 3000 log; exit 1; }", b->dir, sanitizer, top_dir(), sanitizer);
	ck_assert_msg(system(command) == 0, "seed %d", (int)seed);
}

/* One graph from seed to result. */
static void
try_graph(uint64_t seed, enum dtype t, int nodes, int cores, const char *sanitizer)
{
	struct bench b;
	struct program *p;
	const void **inputs, **values;

	bench_init(&b, seed, "tile8.chip");
	b.g = random_graph(&b.arena, b.names, seed, t, nodes);
	b.g->chip = b.chip;
	graph_tidy(b.g);
	place(&b, cores);
	p = lower(&b);
	inputs = random_values(&b.arena, b.g, seed);
	values = eval_graph(&b.arena, b.g, inputs);
	emit(&b, p, seed % 2 ? WEIGHTS_INLINE : WEIGHTS_SPLIT);
	put_main(&b, inputs, values, p->cores);
	ck_assert_int_gt(b.units, 0);
	run(&b, sanitizer, seed);
	bench_free(&b);
}

enum { RANDOM = 12 };

START_TEST(random_graphs_of_int8)
{
	try_graph((uint64_t)_i, DT_I8, 20 + _i % 30, 1, "address,undefined");
}
END_TEST

START_TEST(random_graphs_of_f32)
{
	try_graph((uint64_t)_i + 500, DT_F32, 20, 1, "address,undefined");
}
END_TEST

START_TEST(random_graphs_on_cores)
{
	try_graph((uint64_t)_i + 1000, DT_I8, 20 + _i % 30, 2 + _i % 3, "thread");
}
END_TEST

Suite *
lower_unit_suite(void)
{
	Suite *s = suite_create("lower_unit");
	TCase *tc = tcase_create("random");
	int count = getenv("UNIT_GRAPHS") ? atoi(getenv("UNIT_GRAPHS")) : RANDOM;

	tcase_set_timeout(tc, 600);
	tcase_add_loop_test(tc, random_graphs_of_int8, 0, count);
	tcase_add_loop_test(tc, random_graphs_of_f32, 0, count / 3);
	tcase_add_loop_test(tc, random_graphs_on_cores, 0, count / 2);
	suite_add_tcase(s, tc);
	return s;
}
