#include <config.h>
#include <string.h>
#include "backend/reads.h"
#include "chips/chip.h"

enum { WHOLE = 0, ROWS = 1 };

static const struct reads table[] = {
	{ "conv2d", READS_WINDOWS, { "x", NULL }, LIES_OVER, ROWS },
	{ "dwconv2d", READS_WINDOWS, { "x", NULL }, LIES_OVER, ROWS },
	{ "dot_conv2d", READS_WINDOWS, { "x", NULL }, LIES_OVER, ROWS },
	{ "dot_gather", READS_WINDOWS, { "x", NULL }, LIES_OVER, ROWS },
	{ "block_all_conv2d", READS_WINDOWS, { "x", NULL }, AS_STATED, ROWS },
	{ "block_all_dense", READS_VECTORS, { "x", NULL }, AS_STATED, ROWS },
	{ "block_conv2d", READS_WINDOWS, { "x", NULL }, AS_STATED, ROWS },
	{ "maxpool", READS_WINDOWS, { "x", NULL }, LIES_OVER, ROWS },
	{ "avgpool", READS_WINDOWS, { "x", NULL }, LIES_OVER, ROWS },
	{ "dense", READS_VECTORS, { "x", NULL }, LIES_OVER, WHOLE },
	{ "runs_conv2d", READS_WINDOWS, { "x", NULL }, LIES_APART, WHOLE },
	{ "runs_band", READS_WINDOWS, { "x", NULL }, LIES_APART, WHOLE },
	{ "block_dense", READS_VECTORS, { "x", NULL }, AS_STATED, ROWS },
	{ "add", READS_ELEMENTS, { "a", "b" }, LIES_OVER, ROWS },
	{ "sub", READS_ELEMENTS, { "a", "b" }, LIES_OVER, ROWS },
	{ "mul", READS_ELEMENTS, { "a", "b" }, LIES_OVER, ROWS },
	{ "affine", READS_ELEMENTS, { "x", NULL }, LIES_OVER, ROWS },
	{ "clamp", READS_ELEMENTS, { "x", NULL }, LIES_OVER, ROWS },
	{ "table", READS_ELEMENTS, { "x", NULL }, LIES_OVER, ROWS },
	{ "leaky_relu", READS_ELEMENTS, { "x", NULL }, LIES_OVER, ROWS },
	{ "hard_swish", READS_ELEMENTS, { "x", NULL }, LIES_OVER, ROWS },
	{ "sigmoid", READS_ELEMENTS, { "x", NULL }, LIES_OVER, ROWS },
	{ "tanh", READS_ELEMENTS, { "x", NULL }, LIES_OVER, ROWS },
	{ "softmax", READS_ELEMENTS, { "x", NULL }, LIES_OVER, WHOLE },
	{ "quantize", READS_ELEMENTS, { "x", NULL }, LIES_OVER, ROWS },
	{ "dequantize", READS_ELEMENTS, { "x", NULL }, LIES_OVER, ROWS },
	{ "rescale", READS_ELEMENTS, { "x", NULL }, LIES_OVER, WHOLE },
	{ "copy", READS_PARTS, { "x", NULL }, LIES_APART, ROWS },
	{ "permute", READS_PARTS, { "x", NULL }, LIES_APART, ROWS },
	{ "move", READS_FIRST, { "x", NULL }, LIES_OVER, WHOLE },
	{ "input", READS_NOTHING, { NULL, NULL }, LIES_APART, ROWS },
};

/* Calls of units. */
static const struct reads of_unit[] = {
	{ "", READS_WINDOWS, { "x", NULL }, AS_STATED, ROWS },
	{ "", READS_VECTORS, { "x", NULL }, AS_STATED, ROWS },
	{ "", READS_ELEMENTS, { "a", "b" }, AS_STATED, ROWS },
	{ "", READS_ELEMENTS, { "x", NULL }, AS_STATED, ROWS },
};

static const struct reads *
reads_of_unit(const struct call *c)
{
	enum chip_kind k = c->unit->kind;

	if (c->at_once == 0)
		return NULL;
	if (c->unit->order == ORDER_ELEMENTS)
		return &of_unit[k == KIND_ADD || k == KIND_MUL ? 2 : 3];
	return &of_unit[k == KIND_DENSE];
}

const struct reads *
reads_of(const struct call *c)
{
	if (c->text)
		return reads_of_unit(c);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		size_t len = strlen(table[i].kernel);

		if (strncmp(c->kernel, table[i].kernel, len) == 0 && c->kernel[len] == '_')
			return &table[i];
	}
	return NULL;
}

bool
reads_may_overlap(const struct reads *r, const struct call *c)
{
	switch (r->over) {
	case LIES_APART: return false;
	case LIES_OVER: return true;
	case AS_STATED: return c->at_once > 0;
	}
	return false;
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

bool
call_is_weight(const char *parameter)
{
	return strcmp(parameter, "weight") == 0 || strcmp(parameter, "narrow_weight") == 0 || strcmp(parameter, "rest_weight") == 0;
}
