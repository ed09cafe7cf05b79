/* A node as one call of a unit: its numbers, and which limits they break. */
#include <config.h>
#include <string.h>
#include "chips/reader.h"

/* ---- the numbers of a node ---- */

static void
set_window(const struct node *n, int64_t *v)
{
	const struct attrs *a = &n->attr;
	const int32_t *x = n->in[0]->shape.dim, *y = n->out->shape.dim;

	v[VAR_HI] = x[0], v[VAR_WI] = x[1], v[VAR_IN] = x[2];
	v[VAR_HO] = y[0], v[VAR_WO] = y[1], v[VAR_OUT] = y[2];
	v[VAR_KH] = a->kernel[0], v[VAR_KW] = a->kernel[1];
	v[VAR_SH] = a->stride[0], v[VAR_SW] = a->stride[1];
	v[VAR_PT] = a->pad[0], v[VAR_PB] = a->pad[1], v[VAR_PL] = a->pad[2], v[VAR_PR] = a->pad[3];
}

static void
set_dilation(const struct node *n, int64_t *v)
{
	v[VAR_DH] = n->attr.dilation[0], v[VAR_DW] = n->attr.dilation[1];
}

/* Vectors of the last dimension. */
static int64_t
rows_of(const struct tensor *t)
{
	return t->shape.rank ? tensor_count(t) / t->shape.dim[t->shape.rank - 1] : 1;
}

static int64_t
last_dim(const struct tensor *t)
{
	return t->shape.rank ? t->shape.dim[t->shape.rank - 1] : 1;
}

/* A layer of vectors: rows of IN values to rows of OUT values. */
static void
set_vectors(const struct node *n, int64_t *v)
{
	v[VAR_ROWS] = rows_of(n->out), v[VAR_IN] = last_dim(n->in[0]), v[VAR_OUT] = last_dim(n->out);
}

/* A 1x1 convolution of one row of cells. */
static void
set_dense_as_conv(const struct node *n, int64_t *v)
{
	set_vectors(n, v);
	v[VAR_WI] = v[VAR_WO] = v[VAR_ROWS];
	v[VAR_ROWS] = 1;
}

static bool
is_pointwise(const struct node *n)
{
	const struct attrs *a = &n->attr;

	return a->kernel[0] == 1 && a->kernel[1] == 1 && a->stride[0] == 1 && a->stride[1] == 1 && a->groups == 1
		&& !a->pad[0] && !a->pad[1] && !a->pad[2] && !a->pad[3];
}

/* One call over all values, or where the unit takes a pitch, over vectors. */
static bool
set_elements(const struct node *n, bool flat, int64_t *v)
{
	for (int i = 0; i < n->nin; i++)
		if (!shape_equal(&n->in[i]->shape, &n->out->shape))
			return false;
	v[VAR_ROWS] = flat ? 1 : rows_of(n->out);
	v[VAR_N] = flat ? tensor_count(n->out) : last_dim(n->out);
	return true;
}

/* A convolution or dense layer as the product of two matrices: the windows (of one group), and the filters. */
static bool
set_product(const struct node *n, int64_t *v)
{
	if (n->op == OP_DENSE) {
		set_vectors(n, v);
		return true;
	}
	if (n->op != OP_CONV2D)
		return false;
	v[VAR_ROWS] = rows_of(n->out);
	v[VAR_IN] = tensor_count(n->in[1]) / n->attr.out;
	v[VAR_OUT] = n->attr.out / n->attr.groups;
	return true;
}

/* The numbers of N as a call of the kind K; false: it is none. */
static bool
set_numbers(enum chip_kind k, const struct node *n, bool flat, int64_t *v)
{
	if (k == KIND_CONV2D && n->op == OP_DENSE) {
		set_dense_as_conv(n, v);
		return true;
	}
	if (k == KIND_DENSE && n->op == OP_CONV2D && is_pointwise(n)) {
		set_vectors(n, v);
		return true;
	}
	if (k == KIND_BLOCK || k == KIND_RUNS)
		return set_product(n, v);
	if ((int)n->op != chip_kind_info[k].op)
		return false;
	switch (k) {
	case KIND_CONV2D:
		set_window(n, v);
		set_dilation(n, v);
		v[VAR_GROUPS] = n->attr.groups;
		return true;
	case KIND_DWCONV2D:
		set_window(n, v);
		set_dilation(n, v);
		v[VAR_DEPTH_MULTIPLIER] = n->attr.multiplier;
		return true;
	case KIND_TCONV2D: case KIND_MAXPOOL: case KIND_AVGPOOL:
		set_window(n, v);
		return true;
	case KIND_DENSE: case KIND_REQUANTIZE:
		set_vectors(n, v);
		if (k == KIND_REQUANTIZE)
			v[VAR_IN] = 1;
		return true;
	case KIND_ADD: case KIND_MUL: case KIND_RELU: case KIND_COPY:
		return set_elements(n, flat, v);
	case KIND_BLOCK: case KIND_RUNS: case KIND_DOT: case KIND_COUNT:
		break;
	}
	return false;
}

void
chip_vars_clear(struct chip_vars *vars)
{
	memset(vars, 0, sizeof *vars);
	for (int i = 0; i < VAR_COUNT; i++)
		vars->v[i] = i != VAR_PT && i != VAR_PB && i != VAR_PL && i != VAR_PR && i != VAR_MACS;
	for (int o = 0; o < OPERAND_COUNT; o++)
		vars->type[o] = DT_COUNT;
}

/* Which input of an operation is which operand of a call. */
static const enum chip_operand layer_inputs[] = { OPERAND_X, OPERAND_W, OPERAND_B, OPERAND_SUM };
static const enum chip_operand pair_inputs[] = { OPERAND_A, OPERAND_B };

static const enum chip_operand *
inputs_of(const struct node *n)
{
	return n->op == OP_ADD || n->op == OP_MUL || n->op == OP_SUB ? pair_inputs : layer_inputs;
}

static void
set_types(const struct node *n, struct chip_vars *vars)
{
	for (int i = 0; i < n->nin && i < 4; i++)
		vars->type[inputs_of(n)[i]] = n->in[i]->dtype;
	vars->type[OPERAND_Y] = n->out->dtype;
}

/* ---- the weights themselves ---- */

static void
set_weights(const struct node *n, struct chip_vars *vars)
{
	const struct tensor *w = n->in[1];
	int64_t out = last_dim(n->out), per = tensor_count(w) / out;
	const int8_t *v = w->data;

	for (int64_t c = 0; c < out; c++) {
		int64_t sum = 0;

		for (int64_t i = 0; i < per; i++) {
			int64_t m = v[n->op == OP_DWCONV2D ? i * out + c : c * per + i];

			m = m < 0 ? -m : m;
			sum += m;
			vars->weight_max = m > vars->weight_max ? m : vars->weight_max;
		}
		vars->weight_sum = sum > vars->weight_sum ? sum : vars->weight_sum;
	}
}

/* ---- what follows from the numbers ---- */

static int64_t
times(int64_t a, int64_t b)
{
	int64_t product;

	return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}

static int64_t
windows(int64_t in, int64_t pad, int64_t kernel, int64_t dilation, int64_t stride)
{
	int64_t room = in + pad - 1 - times(kernel - 1, dilation);

	return room < 0 ? 0 : room / stride + 1;
}

static void
derive(enum chip_kind k, int64_t *v)
{
	if (k == KIND_DWCONV2D) {
		v[VAR_GROUPS] = v[VAR_IN];
		v[VAR_OUT] = times(v[VAR_IN], v[VAR_DEPTH_MULTIPLIER]);
	}
	if (k == KIND_MAXPOOL || k == KIND_AVGPOOL)
		v[VAR_OUT] = v[VAR_IN];
	if (k == KIND_CONV2D || k == KIND_DWCONV2D || k == KIND_MAXPOOL || k == KIND_AVGPOOL) {
		v[VAR_HO] = windows(v[VAR_HI], v[VAR_PT] + v[VAR_PB], v[VAR_KH], v[VAR_DH], v[VAR_SH]);
		v[VAR_WO] = windows(v[VAR_WI], v[VAR_PL] + v[VAR_PR], v[VAR_KW], v[VAR_DW], v[VAR_SW]);
	}
}

/* Multiply-accumulates, as node_macs counts them. */
static int64_t
macs_of(enum chip_kind k, const int64_t *v)
{
	int64_t kernel = times(v[VAR_KH], v[VAR_KW]);

	switch (k) {
	case KIND_CONV2D:
		return times(times(times(v[VAR_HO], v[VAR_WO]), times(kernel, v[VAR_OUT])), v[VAR_IN] / v[VAR_GROUPS]);
	case KIND_DWCONV2D:
		return times(times(v[VAR_HO], v[VAR_WO]), times(kernel, v[VAR_OUT]));
	case KIND_TCONV2D:
		return times(times(times(v[VAR_HI], v[VAR_WI]), times(kernel, v[VAR_OUT])), v[VAR_IN]);
	case KIND_DENSE: case KIND_BLOCK:
		return times(times(v[VAR_ROWS], v[VAR_IN]), v[VAR_OUT]);
	case KIND_RUNS:
		return times(times(v[VAR_ROWS], v[VAR_KH]), times(v[VAR_IN], v[VAR_OUT]));
	case KIND_DOT:
		return v[VAR_N];
	case KIND_MAXPOOL: case KIND_AVGPOOL: case KIND_ADD: case KIND_MUL: case KIND_RELU: case KIND_REQUANTIZE: case KIND_COPY:
	case KIND_COUNT:
		return 0;
	}
	die("kind %d", k);
}

static int32_t
clamp32(int64_t v)
{
	return v < 0 ? 0 : v > INT32_MAX ? INT32_MAX : (int32_t)v;
}

void
chip_operand_size(enum chip_kind k, enum chip_operand o, const struct chip_vars *vars, int32_t size[DIM_COUNT])
{
	const int64_t *v = vars->v;
	bool result = o == OPERAND_Y || o == OPERAND_SUM;

	(void)k;
	size[DIM_H] = clamp32(v[result ? VAR_HO : VAR_HI]);
	size[DIM_W] = clamp32(v[result ? VAR_WO : VAR_WI]);
	size[DIM_IN] = clamp32(o == OPERAND_W ? v[VAR_IN] / v[VAR_GROUPS] : v[VAR_IN]);
	size[DIM_OUT] = clamp32(v[VAR_OUT]);
	size[DIM_KH] = clamp32(v[VAR_KH]);
	size[DIM_KW] = clamp32(v[VAR_KW]);
	size[DIM_ROWS] = clamp32(v[VAR_ROWS]);
	size[DIM_N] = clamp32(v[VAR_N]);
}

void
chip_vars_complete(const struct chip_op *op, struct chip_vars *vars)
{
	unsigned operands = chip_kind_operands(op->kind);
	int32_t size[DIM_COUNT];

	derive(op->kind, vars->v);
	vars->v[VAR_MACS] = macs_of(op->kind, vars->v);
	for (int o = 0; o < OPERAND_COUNT; o++) {
		int64_t bytes = 0;

		if (operands & 1u << o && vars->type[o] != DT_COUNT) {
			chip_operand_size(op->kind, (enum chip_operand)o, vars, size);
			if (__builtin_mul_overflow(chip_layout_count(&op->layout[o], size), dtype_info[vars->type[o]].bytes, &bytes))
				bytes = INT64_MAX;
		}
		vars->bytes[o] = bytes;
	}
}

static bool
takes_pitch(const struct chip_op *op)
{
	for (int o = 0; o < OPERAND_COUNT; o++)
		if (op->layout[o].pitch)
			return true;
	return false;
}

bool
chip_vars_of(const struct chip_op *op, const struct node *n, struct chip_vars *vars)
{
	chip_vars_clear(vars);
	if (!set_numbers(op->kind, n, !takes_pitch(op), vars->v))
		return false;
	set_types(n, vars);
	if (op->reads_weights && n->nin > 1 && n->in[1]->dtype == DT_I8 && n->in[1]->data)
		set_weights(n, vars);
	chip_vars_complete(op, vars);
	return true;
}

void
chip_vars_portable(const struct node *n, struct chip_vars *vars)
{
	chip_vars_clear(vars);
	set_types(n, vars);
	int k = 0;
	while (k < KIND_COUNT && chip_kind_info[k].op != (int)n->op)
		k++;
	if (k == KIND_COUNT || !set_numbers((enum chip_kind)k, n, false, vars->v)) {
		vars->v[VAR_ROWS] = rows_of(n->out);
		vars->v[VAR_N] = last_dim(n->out);
	} else
		derive((enum chip_kind)k, vars->v);
	vars->v[VAR_MACS] = node_macs(n);
	for (int i = 0; i < n->nin; i++) /* of a concat all that it reads counts as x */
		vars->bytes[op_info[n->op].flags & OPF_VARIADIC || i > 3 ? OPERAND_X : inputs_of(n)[i]] += tensor_bytes(n->in[i]);
	vars->bytes[OPERAND_Y] = tensor_bytes(n->out);
}

/* ---- limits ---- */

static bool
pair_has(const struct chip_limit *l, const struct chip_vars *vars)
{
	for (size_t i = 0; i < l->set.ranges.n; i++) {
		struct chip_set a = { .ranges = { &l->set.ranges.v[i], 1, 1 } }, b = { .ranges = { &l->set2.ranges.v[i], 1, 1 } };

		if (chip_set_has(&a, vars, vars->v[l->var]) && chip_set_has(&b, vars, vars->v[l->var2]))
			return true;
	}
	return false;
}

bool
chip_limit_holds(const struct chip_limit *l, const struct chip_vars *vars)
{
	double v;

	if (l->kind == LIMIT_SET)
		return chip_set_has(&l->set, vars, vars->v[l->var]);
	if (l->kind == LIMIT_PAIR)
		return pair_has(l, vars);
	return l->kind != LIMIT_WHERE || (chip_eval(l->cond, vars, NULL, &v) && v != 0);
}

int
chip_breaks(const struct chip_op *op, const struct chip_vars *vars, const struct chip_limit **limits, int max)
{
	int n = 0;

	for (const struct chip_limit *l = op->limits; l; l = l->next) {
		if (chip_limit_holds(l, vars))
			continue;
		if (n < max)
			limits[n] = l;
		n++;
	}
	return n;
}
