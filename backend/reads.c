#include <config.h>
#include <string.h>
#include "backend/reads.h"

enum { APART = 0, OVER = 1, WHOLE = 0, ROWS = 1 };

static const struct reads table[] = {
	{ "conv2d", READS_WINDOWS, { "x", NULL }, OVER, ROWS },
	{ "dwconv2d", READS_WINDOWS, { "x", NULL }, OVER, ROWS },
	{ "dot_conv2d", READS_WINDOWS, { "x", NULL }, OVER, ROWS },
	{ "dot_gather", READS_WINDOWS, { "x", NULL }, OVER, ROWS },
	{ "block_conv2d", READS_WINDOWS, { "x", NULL }, APART, ROWS },
	{ "maxpool", READS_WINDOWS, { "x", NULL }, OVER, ROWS },
	{ "avgpool", READS_WINDOWS, { "x", NULL }, OVER, ROWS },
	{ "dense", READS_VECTORS, { "x", NULL }, OVER, WHOLE },
	{ "block_dense", READS_VECTORS, { "x", NULL }, APART, ROWS },
	{ "add", READS_ELEMENTS, { "a", "b" }, OVER, ROWS },
	{ "sub", READS_ELEMENTS, { "a", "b" }, OVER, ROWS },
	{ "mul", READS_ELEMENTS, { "a", "b" }, OVER, ROWS },
	{ "affine", READS_ELEMENTS, { "x", NULL }, OVER, ROWS },
	{ "clamp", READS_ELEMENTS, { "x", NULL }, OVER, ROWS },
	{ "table", READS_ELEMENTS, { "x", NULL }, OVER, ROWS },
	{ "leaky_relu", READS_ELEMENTS, { "x", NULL }, OVER, ROWS },
	{ "hard_swish", READS_ELEMENTS, { "x", NULL }, OVER, ROWS },
	{ "sigmoid", READS_ELEMENTS, { "x", NULL }, OVER, ROWS },
	{ "tanh", READS_ELEMENTS, { "x", NULL }, OVER, ROWS },
	{ "softmax", READS_ELEMENTS, { "x", NULL }, OVER, WHOLE },
	{ "quantize", READS_ELEMENTS, { "x", NULL }, OVER, ROWS },
	{ "dequantize", READS_ELEMENTS, { "x", NULL }, OVER, ROWS },
	{ "rescale", READS_ELEMENTS, { "x", NULL }, OVER, WHOLE },
	{ "move", READS_FIRST, { "x", NULL }, OVER, WHOLE },
	{ "input", READS_NOTHING, { NULL, NULL }, APART, ROWS },
};

const struct reads *
reads_of(const struct call *c)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		size_t len = strlen(table[i].kernel);

		if (strncmp(c->kernel, table[i].kernel, len) == 0 && c->kernel[len] == '_')
			return &table[i];
	}
	return NULL;
}

bool
reads_operand(const struct reads *r, const struct arg *a)
{
	for (int k = 0; a->kind == ARG_IN && k < 2 && r->operands[k]; k++)
		if (strcmp(a->name, r->operands[k]) == 0)
			return true;
	return false;
}

struct arg *
call_find_dim(const struct call *c, const char *parameter)
{
	for (size_t i = 0; i < c->args.n; i++)
		if (c->args.v[i].kind == ARG_DIM && strcmp(c->args.v[i].name, parameter) == 0)
			return &c->args.v[i];
	return NULL;
}

int64_t
call_dim_or(const struct call *c, const char *parameter, int64_t otherwise)
{
	const struct arg *a = call_find_dim(c, parameter);

	return a ? a->i : otherwise;
}
