/* Shape rules: a row per rule and per reason that a rule can give.  Each row is one operation in the graph's text form,
 * so the rows go through the reader as well. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "ir/graph.h"
#include "asserts.h"

Suite *shape_suite(void);

struct row {
	const char *op;
	const char *inputs; /* types between ';', constants (of ones) after a '!' */
	const char *rest;   /* attributes and the written type, as in the text form */
	const char *want;   /* the line from its attributes on, or "! " and the error */
};

#define Q " scale 0.5 zero 3"
#define W " scale 0.25"

static const struct row rows[] = {
#include "shape_rows.def"
};

/* " const %1 "t1" : f32[2] = [1, 1]" for every type in the row, into F; the number of inputs. */
static int
write_inputs(FILE *f, const char *types)
{
	int n = 0;
	for (const char *p = types; *p; n++) {
		bool is_const = *p == '!';
		p += is_const;
		size_t len = strcspn(p, ";");
		fprintf(f, "%s %%%d \"t%d\" : %.*s", is_const ? "const" : "input", n, n, (int)len, p);
		if (is_const) {
			const char *d = strchr(p, '[');
			long count = 1;
			while (*d != ']')
				count *= strtol(d + 1, (char **)&d, 10);
			fputs(" = [1", f);
			while (--count > 0)
				fputs(", 1", f);
			putc(']', f);
		}
		putc('\n', f);
		p += len + (p[len] == ';');
	}
	return n;
}

/* The line of the node "y", from behind its operands on. */
static char *
node_tail(struct arena *a, const struct graph *g)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	graph_print(f, g, NULL);
	fclose(f);
	char *line = strchr(strstr(text, "\"y\" = "), ')') + 1;
	line += *line == ' ';
	char *tail = arena_strndup(a, line, strcspn(line, "\n"));
	free(text);
	return tail;
}

static char *
run_row(struct arena *a, const struct row *r)
{
	char *text, *errors;
	size_t len, errors_len;
	struct diag diag;
	FILE *f = open_memstream(&text, &len), *err = open_memstream(&errors, &errors_len);
	diag_init(&diag, a, err);
	fputs("graph test\n", f);
	int n = write_inputs(f, r->inputs);
	fprintf(f, "%%%d \"y\" = %s(", n, r->op);
	for (int i = 0; i < n; i++)
		fprintf(f, "%s%%%d", i ? ", " : "", i);
	fprintf(f, ") %s\n", r->rest);
	fclose(f);
	const struct graph *g = graph_read(a, intern_new(a), &diag, diag_add_source(&diag, "t", text, len));
	fclose(err);
	char *got;
	if (g) {
		graph_verify(g, "test"); /* a rule changes nothing when it is run again */
		got = node_tail(a, g);
	} else {
		char *message = strstr(errors, "error: ") + strlen("error: ");
		got = arena_printf(a, "! %.*s", (int)strcspn(message, "\n"), message);
	}
	free(text);
	free(errors);
	return got;
}

START_TEST(rule)
{
	struct arena a = { 0 };
	const struct row *r = &rows[_i];
	const char *got = run_row(&a, r);
	ck_assert_msg(strcmp(got, r->want) == 0, "%s(%s) %s\n got %s\nwant %s", r->op, r->inputs, r->rest, got, r->want);
	arena_free(&a);
}
END_TEST

START_TEST(every_operation_has_a_row_that_works)
{
	for (int op = 0; op < OP_COUNT; op++) {
		bool found = false;
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
			found |= strcmp(rows[i].op, op_info[op].name) == 0 && rows[i].want[0] != '!';
		ck_assert_msg(found, "%s", op_info[op].name);
	}
}
END_TEST

/* ---- padding ---- */

static const struct {
	int32_t in[2], kernel[2], stride[2], dilation[2], pad[4];
} same_rows[] = {
	{ { 49, 10 }, { 10, 4 }, { 2, 2 }, { 1, 1 }, { 4, 5, 1, 1 } }, /* the keyword spotter's first layer */
	{ { 32, 32 }, { 3, 3 }, { 1, 1 }, { 1, 1 }, { 1, 1, 1, 1 } },
	{ { 32, 32 }, { 3, 3 }, { 2, 2 }, { 1, 1 }, { 0, 1, 0, 1 } },
	{ { 33, 33 }, { 3, 3 }, { 2, 2 }, { 1, 1 }, { 1, 1, 1, 1 } },
	{ { 7, 9 }, { 3, 3 }, { 1, 1 }, { 2, 3 }, { 2, 2, 3, 3 } },
	{ { 8, 8 }, { 1, 1 }, { 2, 2 }, { 1, 1 }, { 0, 0, 0, 0 } },    /* the windows skip cells: no padding */
	{ { 5, 5 }, { 2, 4 }, { 1, 1 }, { 1, 1 }, { 0, 1, 1, 2 } },
	{ { 5, 5 }, { 1, 1 }, { 0, -3 }, { 1, 1 }, { 0, 0, 0, 0 } },   /* bad strides are the rule's to report */
	{ { 1, 1 }, { INT32_MAX, 1 }, { 1, 1 }, { INT32_MAX, 1 }, { INT32_MAX / 2, INT32_MAX / 2 + 1, 0, 0 } },
};

START_TEST(same_padding)
{
	struct attrs a;
	int32_t pad[4];
	attrs_init(&a);
	for (int i = 0; i < 2; i++) {
		a.kernel[i] = same_rows[_i].kernel[i];
		a.stride[i] = same_rows[_i].stride[i];
		a.dilation[i] = same_rows[_i].dilation[i];
	}
	pad_same(same_rows[_i].in, &a, pad);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pad[i], same_rows[_i].pad[i]);
}
END_TEST

/* Whatever the kernel and stride, the output has in * stride cells. */
START_TEST(same_padding_of_a_transposed_convolution)
{
	for (int k = 1; k < 8; k++)
		for (int s = 1; s < 8; s++) {
			struct attrs a;
			attrs_init(&a);
			a.kernel[0] = a.kernel[1] = k;
			a.stride[0] = a.stride[1] = s;
			pad_same_transposed(&a, a.pad, a.output_pad);
			for (int i = 0; i < 2; i++) {
				ck_assert_int_eq(4 * s + k - a.pad[2 * i] - a.pad[2 * i + 1] + a.output_pad[i], 5 * s);
				ck_assert_int_le(a.pad[2 * i], a.pad[2 * i + 1]);
				ck_assert_int_le(a.pad[2 * i + 1] - a.pad[2 * i], 1);
			}
		}
}
END_TEST

Suite *
shape_suite(void)
{
	Suite *s = suite_create("shape");
	TCase *t = tcase_create("rules");
	tcase_add_loop_test(t, rule, 0, sizeof rows / sizeof *rows);
	tcase_add_test(t, every_operation_has_a_row_that_works);
	suite_add_tcase(s, t);
	t = tcase_create("padding");
	tcase_add_loop_test(t, same_padding, 0, sizeof same_rows / sizeof *same_rows);
	tcase_add_test(t, same_padding_of_a_transposed_convolution);
	suite_add_tcase(s, t);
	return s;
}
