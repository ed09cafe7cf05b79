/* What a call costs: the chip's formula, or a default where the file states none. */
#include <config.h>
#include <math.h>
#include "chips/reader.h"

/* Of a unit: cycles a call, multiply-accumulates and bytes a cycle.  Of portable C: cycles a multiply-accumulate and a byte. */
enum { CALL_CYCLES = 100, MACS_A_CYCLE = 64, BYTES_A_CYCLE = 8, CYCLES_A_MAC = 8, CYCLES_A_BYTE = 1 };

const char *
chip_vars_text(struct arena *a, uint64_t vars, const struct chip_vars *values)
{
	const char *text = "";

	for (int i = 0; i < VAR_COUNT; i++)
		if (vars >> i & 1)
			text = arena_printf(a, "%s%s%s = %lld", text, *text ? ", " : "", chip_var_info[i].name, (long long)values->v[i]);
	return text;
}

static void
collect(const struct ast_expr *e, uint64_t *vars)
{
	enum chip_var v;

	if (e->kind == EXPR_NAME && chip_var_lookup(e->u.str.s, &v))
		*vars |= UINT64_C(1) << v;
	if (e->kind == EXPR_UNARY || e->kind == EXPR_BINARY)
		collect(e->u.op.l, vars);
	if (e->kind == EXPR_BINARY)
		collect(e->u.op.r, vars);
	if (e->kind == EXPR_CALL)
		for (const struct ast_arg *a = e->u.call.args; a; a = a->next)
			collect(a->value, vars);
}

bool
cost_eval(const struct ast_expr *e, const struct chip_vars *vars, struct diag *d, double *v)
{
	int errors = d ? d->errors : 0;
	uint64_t read = 0;

	bool ok = chip_eval(e, vars, d, v);
	if (ok && *v < 0) {
		ok = false;
		if (d)
			diag_error(d, e->loc, "the cost is negative: %.10g", *v);
	}
	if (!ok && d && d->errors > errors) {
		collect(e, &read);
		if (read)
			diag_note(d, e->loc, "at %s", chip_vars_text(d->arena, read, vars));
	}
	return ok;
}

static double
operand_bytes(const struct chip_vars *vars)
{
	double sum = 0;

	for (int o = 0; o < OPERAND_COUNT; o++)
		sum += (double)vars->bytes[o];
	return sum;
}

bool
chip_cost(const struct chip_op *op, const struct chip_vars *vars, struct diag *d, double *cycles, double *bytes)
{
	*bytes = operand_bytes(vars);
	if (op->cost_bytes && !cost_eval(op->cost_bytes, vars, d, bytes))
		return false;
	if (op->cycles)
		return cost_eval(op->cycles, vars, d, cycles);
	*cycles = CALL_CYCLES + (double)vars->v[VAR_MACS] / MACS_A_CYCLE + *bytes / BYTES_A_CYCLE;
	return true;
}

int64_t
chip_scratch(const struct chip_op *op, const struct chip_vars *vars)
{
	double bytes;

	if (!op->scratch || !cost_eval(op->scratch, vars, NULL, &bytes) || bytes > INT32_MAX)
		return 0;
	return (int64_t)ceil(bytes);
}

bool
chip_portable_cost(const struct chip *chip, const struct chip_vars *vars, struct diag *d, double *cycles, double *bytes)
{
	*bytes = operand_bytes(vars);
	if (chip && chip->portable_cycles)
		return cost_eval(chip->portable_cycles, vars, d, cycles);
	*cycles = CYCLES_A_MAC * (double)vars->v[VAR_MACS] + CYCLES_A_BYTE * *bytes;
	return true;
}
