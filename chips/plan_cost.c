/* What a plan costs: its calls by the unit's formulas, and what portable C does around them: copies that padding, fill and layouts force,
 * additions of partial sums, rescaling. */
#include <config.h>
#include "chips/blocks.h"
#include "chips/runs.h"
#include "chips/search.h"

/* ---- work outside of the layer's unit ---- */

struct cost { double cycles, bytes; };

static bool
portable_cost(const struct work *w, const struct chip_vars *v, struct cost *c)
{
	int64_t bytes = 0;

	if (w->chip && chip_portable_cost(w->chip, v, NULL, &c->cycles, &c->bytes))
		return true;
	if (w->chip) {
		if (w->diag && w->diag->errors == 0)
			chip_portable_cost(w->chip, v, w->diag, &c->cycles, &c->bytes);
		return false;
	}
	for (int o = 0; o < OPERAND_COUNT; o++)
		bytes += v->bytes[o];
	c->bytes = (double)bytes;
	c->cycles = v->v[VAR_MACS] ? 8.0 * (double)v->v[VAR_MACS] : (double)bytes;
	return true;
}

/* ROWS vectors of N values from FROM (A is read too when TWO) to TO. */
static struct chip_vars
vector_vars(int64_t rows, int64_t n, enum dtype from, bool two, enum dtype to)
{
	struct chip_vars v;

	chip_vars_clear(&v);
	v.v[VAR_ROWS] = rows;
	v.v[VAR_N] = n;
	v.v[VAR_OUT] = n;
	v.type[two ? OPERAND_A : OPERAND_X] = from;
	if (two)
		v.type[OPERAND_B] = from;
	v.type[OPERAND_Y] = to;
	for (int o = 0; o < OPERAND_COUNT; o++)
		v.bytes[o] = v.type[o] == DT_COUNT ? 0 : rows * n * dtype_info[v.type[o]].bytes;
	return v;
}

static bool
has_type(const struct chip_op *u, enum dtype from, enum dtype to)
{
	for (size_t i = 0; i < u->types.n; i++)
		if (u->types.v[i].x == from && u->types.v[i].y == to)
			return true;
	return false;
}

static bool
is_flat(const struct chip_op *u)
{
	for (int o = 0; o < OPERAND_COUNT; o++)
		if (u->layout[o].pitch)
			return false;
	return u->kind == KIND_ADD;
}

static struct chip_vars
unit_vector_vars(const struct chip_op *u, enum dtype from, enum dtype to, int64_t rows, int64_t n)
{
	struct chip_vars v = vector_vars(is_flat(u) ? 1 : rows, is_flat(u) ? rows * n : n, from, u->kind == KIND_ADD, to);

	if (u->kind == KIND_REQUANTIZE)
		v.v[VAR_N] = 1;
	chip_vars_complete(u, &v);
	return v;
}

const struct chip_op *
sum_unit(const struct work *w, enum chip_kind kind, enum dtype from, enum dtype to, int64_t rows, int64_t n)
{
	for (size_t i = 0; w->chip && i < w->chip->ops.n; i++) {
		const struct chip_op *u = &w->chip->ops.v[i];
		const struct chip_limit *limit;
		struct chip_vars v;

		if (u->kind != kind || !has_type(u, from, to) || (kind == KIND_REQUANTIZE && u->requant.rounding != ROUNDING_DOUBLE))
			continue;
		v = unit_vector_vars(u, from, to, rows, n);
		if (chip_breaks(u, &v, &limit, 1) == 0)
			return u;
	}
	return NULL;
}

/* What the plan has come to so far. */
struct tally {
	const struct work *w;
	struct plan *p;
	double bytes;
	bool ok;
};

static void
add_portable(struct tally *t, const struct chip_vars *v, double times)
{
	struct cost c = { 0 };

	t->ok = t->ok && portable_cost(t->w, v, &c);
	t->p->cycles += c.cycles * times;
	t->p->portable_cycles += c.cycles * times;
	t->bytes += c.bytes * times;
}

static void
add_call(struct tally *t, const struct chip_op *u, const struct chip_vars *v, int64_t times)
{
	double cycles = 0, bytes = 0;

	if (!chip_cost(u, v, NULL, &cycles, &bytes)) {
		if (t->w->diag && t->w->diag->errors == 0) /* one message for the many calls that are tried */
			chip_cost(u, v, t->w->diag, &cycles, &bytes);
		t->ok = false;
	}
	t->p->calls += times;
	t->p->cycles += cycles * (double)times;
	t->bytes += bytes * (double)times;
}

/* SIZE bytes copied TIMES over, because a layout, padding or fill wants it. */
static void
add_copy(struct tally *t, int64_t size, int64_t times)
{
	struct chip_vars v = vector_vars(1, size, DT_I8, false, DT_I8);

	if (size <= 0)
		return;
	add_portable(t, &v, (double)times);
	t->p->copies += size * times;
}

static void
add_vectors(struct tally *t, const struct chip_op *u, enum dtype from, enum dtype to, int64_t rows, int64_t n, int64_t times)
{
	struct chip_vars v;

	if (u) {
		v = unit_vector_vars(u, from, to, rows, n);
		add_call(t, u, &v, times);
	} else {
		v = vector_vars(rows, n, from, t->w->manner.tree && from == to, to);
		add_portable(t, &v, (double)times);
	}
}

/* ---- around one part of the result ---- */

static int64_t
result_rows(const struct work *w, const struct chip_vars *v)
{
	return !w->unit || w->unit->kind == KIND_DENSE ? v->v[VAR_ROWS] * v->v[VAR_HO] * v->v[VAR_WO] : v->v[VAR_HO] * v->v[VAR_WO];
}

/* Additions of partial sums and what makes int8 results of them, for one band and part of N output channels: those that fill
 * are cut off before, but lie in memory. */
static void
add_join(struct tally *t, const struct chip_vars *v, int64_t n, int parts, int64_t times)
{
	const struct work *w = t->w;
	int64_t rows = result_rows(w, v), each, bytes;
	enum dtype sum = w->summing == SUM_NONE ? DT_I32 : w->manner.partial, result = w->node->out->dtype;

	if (w->summing == SUM_TREE && parts > 1)
		add_vectors(t, t->p->adder, sum, sum, rows, n, times * (parts - 1));
	if (w->manner.requant_cpu)
		add_vectors(t, sum_unit(w, KIND_REQUANTIZE, sum, result, rows, n), sum, result, rows, n, times);
	each = rows * v->v[VAR_OUT] * dtype_info[sum].bytes;
	bytes = each;
	if (w->summing == SUM_TREE)
		for (int k = 1; k < parts; k *= 2)
			bytes += each;
	if ((w->summing != SUM_NONE || w->manner.requant_cpu) && bytes > t->p->scratch)
		t->p->scratch = bytes;
}

/* What the operands X and Y of one call cost beyond the call. */
static void
add_layout_copies(struct tally *t, const struct chip_vars *v, bool sliced_in, bool sliced_out, int64_t times)
{
	const struct chip_layout *x = &t->w->unit->layout[OPERAND_X], *y = &t->w->unit->layout[OPERAND_Y];
	bool many = result_rows(t->w, v) > 1;

	if (!chip_layout_is_plain(x) || (sliced_in && many && !x->pitch))
		add_copy(t, v->bytes[OPERAND_X], times);
	if (!chip_layout_is_plain(y) || (sliced_out && many && !y->pitch))
		add_copy(t, v->bytes[OPERAND_Y], times);
}

/* Bytes of the input with so many channels, the image's padding included where it is written out. */
static int64_t
image_bytes(const struct work *w, const struct plan *p, int64_t channels)
{
	const int64_t *v = w->base.v;
	int64_t rows = w->unit->kind == KIND_DENSE ? v[VAR_ROWS] : v[VAR_HI], columns = v[VAR_WI];

	if (p->pad_copy) {
		rows += v[VAR_PT] + v[VAR_PB];
		columns += v[VAR_PL] + v[VAR_PR];
	}
	return rows * columns * channels * dtype_info[w->node->in[0]->dtype].bytes;
}

/* The padding of the image, and channels filled up, are written out once. */
static void
add_fill_copies(struct tally *t, int64_t groups)
{
	const struct work *w = t->w;
	const struct plan *p = t->p;
	int64_t size = p->pad_copy ? image_bytes(w, p, (w->channelwise ? w->base.v[VAR_IN] : w->in) * groups) : 0;

	add_copy(t, size, 1);
	t->p->scratch += size;
	if (p->pad_in) {
		size = image_bytes(w, p, p->pad_in);
		add_copy(t, size, groups * (p->pad_each && p->in.n > 1 ? p->in.n : 1));
		t->p->scratch += size;
	}
}

/* An operation on all elements of the result, of one operand or two. */
static void
add_elementwise(struct tally *t, enum dtype type, bool two)
{
	struct chip_vars v = vector_vars(1, tensor_count(t->w->node->out), type, two, type);

	add_portable(t, &v, 1);
}

double
plan_fill_cycles(const struct work *w, const struct plan *p, int32_t channels)
{
	struct plan copy = { 0 };
	struct tally t = { .w = w, .p = &copy, .ok = true };

	add_copy(&t, image_bytes(w, p, channels), p->groups > 1 ? p->groups : 1);
	return copy.cycles;
}

/* The unit that adds the partial sums of every band and part of the output channels; NULL: some are too large for it, or there is none. */
static const struct chip_op *
adder_of(const struct work *w, const struct runs *rows, const struct runs *outs)
{
	const struct run in = { w->in, w->in, 0, 1, PART_FIRST | PART_LAST };
	const struct chip_op *first = NULL;

	for (int r = 0; r < rows->n; r++)
		for (int o = 0; o < outs->n; o++) {
			struct chip_vars v = part_vars(w, &rows->v[r], &outs->v[o], &in);
			const struct chip_op *u = sum_unit(w, KIND_ADD, w->manner.partial, w->manner.partial, result_rows(w, &v), outs->v[o].size);

			if (!u || (first && u != first))
				return NULL;
			first = u;
		}
	return first;
}

bool
plan_cost(const struct work *w, struct plan *p)
{
	struct tally t = { .w = w, .p = p, .ok = true };
	struct runs rows = band_runs(w, p), outs = out_runs(w, p);
	struct runs ins = in_runs(w, p);
	int64_t groups = p->groups > 1 ? p->groups : 1;
	bool sliced_out = p->out.n > 1 || groups > 1, sliced_in = p->in.n > 1 || groups > 1 || (w->channelwise && sliced_out);

	if (!w->unit)
		return plan_cost_portable(w, p);
	p->calls = 0;
	p->cycles = p->portable_cycles = 0;
	p->copies = p->scratch = 0;
	p->adder = w->summing == SUM_TREE && p->in.n > 1 ? adder_of(w, &rows, &outs) : NULL;
	for (int r = 0; r < rows.n; r++)
		for (int o = 0; o < outs.n; o++) {
			int64_t around = groups * rows.v[r].count * outs.v[o].count;
			struct chip_vars v = w->base;

			for (int i = 0; i < ins.n; i++) {
				v = part_vars(w, &rows.v[r], &outs.v[o], &ins.v[i]);
				add_call(&t, w->unit, &v, around * ins.v[i].count);
				add_layout_copies(&t, &v, sliced_in, sliced_out, around * ins.v[i].count);
			}
			add_join(&t, &v, outs.v[o].size, p->in.n, around);
		}
	add_fill_copies(&t, groups);
	if (p->act_after)
		add_elementwise(&t, w->node->out->dtype, false);
	if (p->bias_after)
		add_elementwise(&t, w->node->out->dtype == DT_I8 ? DT_I32 : w->node->out->dtype, true);
	p->bytes = (int64_t)t.bytes;
	if (!t.ok)
		p->why = "its cost formula has no value";
	return t.ok;
}

double
plan_addition_cycles(const struct work *w, const struct plan *p)
{
	struct plan copy = *p;
	struct tally t = { .w = w, .p = &copy, .ok = true };
	struct runs rows = band_runs(w, p), outs = out_runs(w, p);
	struct run in = { w->in, w->in, 0, 1, PART_FIRST | PART_LAST };
	struct work one = *w;

	if (w->summing != SUM_TREE)
		return 0;
	one.diag = NULL;
	t.w = &one;
	copy.cycles = 0;
	for (int r = 0; r < rows.n; r++)
		for (int o = 0; o < outs.n; o++) {
			struct chip_vars v = part_vars(w, &rows.v[r], &outs.v[o], &in);

			add_vectors(&t, copy.adder, w->manner.partial, w->manner.partial, result_rows(w, &v), outs.v[o].size,
				rows.v[r].count * outs.v[o].count);
		}
	return copy.cycles * (p->groups > 1 ? p->groups : 1);
}

/* ---- loops around a dot product ---- */

/* VAR_N of the dot product becomes LENGTH; what the unit gives is a sum. */
static struct chip_vars
dot_vars(const struct work *w, int64_t length)
{
	struct chip_vars v = w->base;

	v.v[VAR_N] = length;
	chip_vars_complete(w->unit, &v);
	return v;
}

/* Each result is ceil(k / length) calls: k values of the window, copied together unless they lie together. */
bool
plan_cost_dot(const struct work *w, struct plan *p, int32_t length)
{
	struct tally t = { .w = w, .p = p, .ok = true };
	const struct node *n = w->node;
	struct chip_vars whole, v;
	int64_t k, results = tensor_count(n->out), outs = n->out->shape.dim[n->out->shape.rank - 1], calls, last;
	bool window = n->op == OP_CONV2D && (n->attr.kernel[0] > 1 || n->attr.kernel[1] > 1);
	enum dtype result = n->out->dtype;

	chip_vars_portable(n, &whole);
	k = whole.v[VAR_MACS] / results;
	calls = (k + length - 1) / length;
	last = size_at_least(w, VAR_N, (int32_t)(k - (calls - 1) * length));
	v = dot_vars(w, length);
	add_call(&t, w->unit, &v, results * (calls - 1));
	v = dot_vars(w, last);
	add_call(&t, w->unit, &v, results);
	if (window || last != k - (calls - 1) * length)
		add_copy(&t, (k - (k - (calls - 1) * length) + last) * dtype_info[n->in[0]->dtype].bytes, results / outs);
	p->scratch = window ? k * dtype_info[n->in[0]->dtype].bytes : 0;
	if (calls > 1) {
		v = vector_vars(results / outs, outs, v.type[OPERAND_Y], true, v.type[OPERAND_Y]);
		add_portable(&t, &v, (double)(calls - 1));
	}
	if (result == DT_I8) {
		v = vector_vars(results / outs, outs, DT_I32, false, DT_I8);
		add_portable(&t, &v, 1);
	}
	p->bytes = (int64_t)t.bytes;
	if (!t.ok)
		p->why = "its cost formula has no value";
	return t.ok;
}

/* ---- register blocks ---- */

bool
plan_cost_blocks(const struct work *w, struct plan *p, const struct blocks *b)
{
	struct tally t = { .w = w, .p = p, .ok = true };
	const struct node *n = w->node;
	int64_t calls[4], column = (int64_t)b->k * dtype_info[b->full->types.v[0].x].bytes;

	p->calls = 0;
	p->cycles = p->portable_cycles = 0;
	blocks_calls(b, n, calls);
	for (int i = 0; i < 4; i++)
		if (calls[i] > 0) {
			struct chip_vars v;

			const struct chip_op *op = blocks_call(b, i, n, &v);

			add_call(&t, op, &v, calls[i]);
		}
	if (block_is_flexible(b->full)) {
		const struct block_order order = blocks_order_f32(b, n);
		const int64_t c = n->in[0]->shape.dim[n->in[0]->shape.rank - 1], pixels = tensor_count(n->in[0]) / c;

		if (order.copied) {
			add_copy(&t, c * dtype_info[DT_F32].bytes, pixels);
			p->scratch = pixels * order.chunk * dtype_info[DT_F32].bytes;
		}
	} else if (!blocks_in_place(b, n)) {
		if (!blocks_run(b, n) || !block_takes_all(b->full))
			add_copy(&t, column, b->windows * (n->op == OP_CONV2D ? n->attr.groups : 1));
		p->scratch = (int64_t)blocks_column_pitch(b) * dtype_info[b->full->types.v[0].x].bytes * b->rows;
	}
	if (b->full->scratch) {
		struct chip_vars v;

		blocks_vars(b, b->full, n, &v);
		p->scratch += chip_scratch(b->full, &v);
	}
	p->bytes = (int64_t)t.bytes;
	if (!t.ok)
		p->why = "its cost formula has no value";
	return t.ok;
}

bool
plan_cost_runs(const struct work *w, struct plan *p, const struct run_blocks *r)
{
	struct tally t = { .w = w, .p = p, .ok = true };
	const struct node *n = w->node;
	struct arena scratch = { 0 };
	struct runs_window window;
	struct runs_calls list = { 0 };
	struct chip_vars v;

	p->calls = 0;
	p->cycles = p->portable_cycles = 0;
	runs_window(n, &window);
	runs_list(&scratch, r, &window, &list);
	for (size_t i = 0; i < list.v.n; i++) {
		const struct runs_call *c = &list.v.v[i];

		runs_vars(r->full, n, c->rows, r->channels, c->h, c->n, &v);
		if (r->filters >= r->channels)
			add_call(&t, r->full, &v, c->count * window.groups * (r->filters / r->channels));
		if (!r->rest)
			continue;
		runs_vars(r->rest, n, c->rows, r->left, c->h, c->n, &v);
		add_call(&t, r->rest, &v, c->count * window.groups);
	}
	if (r->band) {
		p->scratch = runs_band_pitch(r, &window) * window.k_h;
		add_copy(&t, p->scratch, (int64_t)window.y_h * window.groups);
	}
	arena_free(&scratch);
	p->bytes = (int64_t)t.bytes;
	if (!t.ok)
		p->why = "its cost formula has no value";
	return t.ok;
}

/* ---- portable C ---- */

bool
plan_cost_portable(const struct work *w, struct plan *p)
{
	struct tally t = { .w = w, .p = p, .ok = true };
	struct chip_vars v;
	const struct shape *y = &w->node->out->shape;
	int64_t n = y->rank ? y->dim[y->rank - 1] : 1, rows = tensor_count(w->node->out) / n;

	p->calls = 0;
	p->cycles = p->portable_cycles = 0;
	chip_vars_portable(w->node, &v);
	add_portable(&t, &v, 1);
	if (p->in.n > 1) { /* each part after the first reads and writes the sums once more */
		int64_t bytes = rows * n * dtype_info[p->partial].bytes;

		v = vector_vars(rows, n, p->partial, p->tree, p->partial);
		add_portable(&t, &v, p->in.n - 1);
		p->scratch = bytes;
		for (int k = 1; p->tree && k < p->in.n; k *= 2)
			p->scratch += bytes;
	}
	p->bytes = (int64_t)t.bytes;
	if (!t.ok)
		p->why = "the cost formula of portable C has no value";
	return t.ok;
}
