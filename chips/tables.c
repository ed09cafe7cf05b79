/* The tables of kinds, variables, operands and dimensions as C.  What a call of a kind has is stated here once: the
 * reader refuses what it has not, layouts are checked against it, and the sizes of operands follow it. */
#include <config.h>
#include <string.h>
#include "chips/reader.h"

const struct chip_var_info chip_var_info[VAR_COUNT] = {
#define CHIP_VAR(id, name, help) [VAR_##id] = { name, help },
#include "chips/vars.def"
#undef CHIP_VAR
};

const struct chip_kind_info chip_kind_info[KIND_COUNT] = {
#define KIND(id, text, op, operands, help) [KIND_##id] = { text, op, operands, help },
#include "chips/kinds.def"
#undef KIND
};

const char *const chip_operand_names[OPERAND_COUNT] = {
	[OPERAND_X] = "x", [OPERAND_W] = "w", [OPERAND_B] = "b", [OPERAND_SUM] = "sum", [OPERAND_Y] = "y", [OPERAND_A] = "a"
};

const char *const chip_dim_names[DIM_COUNT] = {
	[DIM_H] = "h", [DIM_W] = "w", [DIM_IN] = "in", [DIM_OUT] = "out", [DIM_KH] = "kh", [DIM_KW] = "kw",
	[DIM_ROWS] = "rows", [DIM_N] = "n"
};

/* ---- what a call has ---- */

#define V(v) (UINT64_C(1) << VAR_##v)
#define D(d) (1u << DIM_##d)
#define WINDOW (V(IN) | V(OUT) | V(KH) | V(KW) | V(SH) | V(SW) | V(PT) | V(PB) | V(PL) | V(PR) | V(HI) | V(WI) | V(HO) | V(WO))
#define IMAGE_IN (D(H) | D(W) | D(IN))
#define IMAGE_OUT (D(H) | D(W) | D(OUT))

static const struct kind_has {
	uint64_t vars;
	unsigned dims[OPERAND_COUNT];
} kind_has[KIND_COUNT] = {
	[KIND_CONV2D] = { WINDOW | V(DH) | V(DW) | V(GROUPS) | V(MACS),
		{ [OPERAND_X] = IMAGE_IN, [OPERAND_W] = D(OUT) | D(KH) | D(KW) | D(IN), [OPERAND_B] = D(OUT),
		  [OPERAND_SUM] = IMAGE_OUT, [OPERAND_Y] = IMAGE_OUT } },
	[KIND_DWCONV2D] = { WINDOW | V(DH) | V(DW) | V(GROUPS) | V(DEPTH_MULTIPLIER) | V(MACS),
		{ [OPERAND_X] = IMAGE_IN, [OPERAND_W] = D(KH) | D(KW) | D(OUT), [OPERAND_B] = D(OUT),
		  [OPERAND_SUM] = IMAGE_OUT, [OPERAND_Y] = IMAGE_OUT } },
	[KIND_TCONV2D] = { WINDOW | V(MACS),
		{ [OPERAND_X] = IMAGE_IN, [OPERAND_W] = D(OUT) | D(KH) | D(KW) | D(IN), [OPERAND_B] = D(OUT),
		  [OPERAND_Y] = IMAGE_OUT } },
	[KIND_DENSE] = { V(IN) | V(OUT) | V(ROWS) | V(MACS),
		{ [OPERAND_X] = D(ROWS) | D(IN), [OPERAND_W] = D(OUT) | D(IN), [OPERAND_B] = D(OUT),
		  [OPERAND_SUM] = D(ROWS) | D(OUT), [OPERAND_Y] = D(ROWS) | D(OUT) } },
	[KIND_MAXPOOL] = { WINDOW, { [OPERAND_X] = IMAGE_IN, [OPERAND_Y] = IMAGE_OUT } },
	[KIND_AVGPOOL] = { WINDOW, { [OPERAND_X] = IMAGE_IN, [OPERAND_Y] = IMAGE_OUT } },
	[KIND_ADD] = { V(ROWS) | V(N), { [OPERAND_A] = D(ROWS) | D(N), [OPERAND_B] = D(ROWS) | D(N), [OPERAND_Y] = D(ROWS) | D(N) } },
	[KIND_MUL] = { V(ROWS) | V(N), { [OPERAND_A] = D(ROWS) | D(N), [OPERAND_B] = D(ROWS) | D(N), [OPERAND_Y] = D(ROWS) | D(N) } },
	[KIND_RELU] = { V(ROWS) | V(N), { [OPERAND_X] = D(ROWS) | D(N), [OPERAND_Y] = D(ROWS) | D(N) } },
	[KIND_REQUANTIZE] = { V(ROWS) | V(OUT), { [OPERAND_X] = D(ROWS) | D(OUT), [OPERAND_Y] = D(ROWS) | D(OUT) } },
	[KIND_COPY] = { V(ROWS) | V(N), { [OPERAND_X] = D(ROWS) | D(N), [OPERAND_Y] = D(ROWS) | D(N) } },
	[KIND_BLOCK] = { V(IN) | V(OUT) | V(ROWS) | V(MACS),
		{ [OPERAND_X] = D(ROWS) | D(IN), [OPERAND_W] = D(OUT) | D(IN), [OPERAND_B] = D(OUT), [OPERAND_Y] = D(ROWS) | D(OUT) } },
	[KIND_RUNS] = { V(IN) | V(OUT) | V(KH) | V(ROWS) | V(MACS),
		{ [OPERAND_X] = D(ROWS) | D(KH) | D(IN), [OPERAND_W] = D(OUT) | D(KH) | D(IN), [OPERAND_B] = D(OUT), [OPERAND_Y] = D(ROWS) | D(OUT) } },
	[KIND_DOT] = { V(N) | V(MACS), { [OPERAND_X] = D(N), [OPERAND_W] = D(N) } },
};
#undef V
#undef D

uint64_t
chip_kind_vars(enum chip_kind k)
{
	return kind_has[k].vars;
}

unsigned
chip_kind_dims(enum chip_kind k, enum chip_operand o)
{
	return kind_has[k].dims[o];
}

unsigned
chip_kind_operands(enum chip_kind k)
{
	unsigned operands = 0;

	for (int o = 0; o < OPERAND_COUNT; o++) {
		size_t len = strlen(chip_operand_names[o]);

		for (const char *s = chip_kind_info[k].operands; *s; s += strcspn(s, " "), s += *s == ' ')
			if (strcspn(s, " ") == len && strncmp(s, chip_operand_names[o], len) == 0)
				operands |= 1u << o;
	}
	return operands;
}

/* ---- lookups ---- */

bool
chip_var_lookup(const char *text, enum chip_var *v)
{
	for (int i = 0; i < VAR_COUNT; i++)
		if (strcmp(text, chip_var_info[i].name) == 0) {
			*v = (enum chip_var)i;
			return true;
		}
	return false;
}

bool
chip_kind_lookup(const char *text, enum chip_kind *k)
{
	for (int i = 0; i < KIND_COUNT; i++)
		if (strcmp(text, chip_kind_info[i].name) == 0) {
			*k = (enum chip_kind)i;
			return true;
		}
	return false;
}

bool
chip_operand_lookup(const char *text, enum chip_operand *o)
{
	for (int i = 0; i < OPERAND_COUNT; i++)
		if (strcmp(text, chip_operand_names[i]) == 0) {
			*o = (enum chip_operand)i;
			return true;
		}
	return false;
}
