/* Graph -> program: each operation that is not a view becomes calls of kernels over buffers.
 *
 * Here are the program's storage (a buffer per root tensor, made when first used) and the helpers that the
 * lower_X functions build calls with; those are in lower_*.c, by kind of operation. */
#include <config.h>
#include <inttypes.h>
#include <string.h>
#include "backend/lower.h"

lower_fn *const lower_table[OP_COUNT] = {
#define OP(id, text, inputs, min, max, attrs, flags, quant, fn, help) [OP_##id] = lower_##fn,
#include "ir/ops.def"
#undef OP
};

/* ---- storage ---- */

static struct buffer *
buffer_new(struct program *p, enum buffer_kind kind, name label, enum dtype dtype, const struct shape *shape)
{
	struct buffer *b = ARENA_NEW(p->arena, struct buffer);

	b->kind = kind;
	b->id = (int)p->buffers.n;
	b->name = label;
	b->dtype = dtype;
	b->shape = *shape;
	b->bytes = shape_count(shape) * dtype_info[dtype].bytes;
	b->align = dtype_info[dtype].bytes;
	b->first = b->last = -1;
	ARRAY_PUSH(p->arena, p->buffers, b);
	if (kind == BUF_CONST)
		ARRAY_PUSH(p->arena, p->consts, b);
	return b;
}

static struct buffer *
tensor_buffer(struct program *p, enum buffer_kind kind, const struct tensor *t)
{
	return buffer_new(p, kind, t->name, t->dtype, &t->shape);
}

static struct buffer *
port_buffer(struct lower *l, enum buffer_port port, enum buffer_kind kind, size_t index, const struct tensor *t)
{
	struct buffer *b = tensor_buffer(l->p, l->p->io_arena ? BUF_ARENA : kind, t);

	b->port = port == PORT_IN && l->p->io_rows ? PORT_NONE : port;
	b->index = (int)index;
	return b;
}

/* The network's inputs and outputs exist whether or not a call reads them, and come first. */
static void
make_ports(struct lower *l)
{
	const struct graph *g = l->p->graph;

	for (size_t i = 0; i < g->inputs.n; i++)
		l->of_tensor[g->inputs.v[i]->id] = port_buffer(l, PORT_IN, BUF_INPUT, i, g->inputs.v[i]);
	for (size_t i = 0; i < g->outputs.n; i++) {
		if (l->of_tensor[g->outputs.v[i]->id])
			die("lower: output '%s' has no storage of its own", g->output_names.v[i]);
		l->of_tensor[g->outputs.v[i]->id] = port_buffer(l, PORT_OUT, BUF_OUTPUT, i, g->outputs.v[i]);
	}
}

struct place
lower_place(struct lower *l, const struct tensor *t)
{
	const struct tensor *root = t->base;
	struct buffer **b = &l->of_tensor[root->id];

	if (!*b) {
		*b = tensor_buffer(l->p, root->data ? BUF_CONST : BUF_ARENA, root);
		(*b)->data = root->data;
	}
	return (struct place){ .buf = *b, .dtype = t->dtype, .offset = t->offset, .tensor = t };
}

struct buffer *
lower_buffer(struct lower *l, enum buffer_kind kind, name label, enum dtype dtype, const struct shape *shape)
{
	return buffer_new(l->p, kind, label, dtype, shape);
}

struct buffer *
lower_constant(struct lower *l, name scope, name label, enum dtype dtype, const struct shape *shape, const void *data)
{
	size_t bytes = (size_t)(shape_count(shape) * dtype_info[dtype].bytes);
	name key = intern_printf(l->p->graph->names, "constant %s %d %zu %016llx", scope, (int)dtype, bytes,
		(unsigned long long)hash_bytes(data, bytes));
	struct same { struct same *next; struct buffer *buf; } *s, *first = map_get(l->constants, key);

	for (s = first; s; s = s->next)
		if (shape_equal(&s->buf->shape, shape) && memcmp(s->buf->data, data, bytes) == 0)
			return s->buf;
	s = ARENA_NEW(l->p->arena, struct same);
	s->buf = lower_buffer(l, BUF_CONST, label, dtype, shape);
	s->buf->data = data;
	s->next = first;
	map_put(l->constants, key, s);
	return s->buf;
}

struct buffer *
lower_scratch(struct lower *l, const struct node *n, enum dtype dtype, int64_t count)
{
	struct shape shape = { 1, { (int32_t)count } };

	return buffer_new(l->p, BUF_ARENA, arena_printf(l->p->arena, "%s.scratch", n->name), dtype, &shape);
}

/* ---- calls ---- */

struct call *
lower_call(struct lower *l, const struct node *n, const char *kernel)
{
	struct program *p = l->p;
	struct call *c = ARENA_NEW(p->arena, struct call);

	c->index = p->call_count++;
	c->kernel = kernel;
	c->node = n;
	c->core = n->core;
	if (p->last)
		p->last->next = c;
	else
		p->first = c;
	p->last = c;
	return c;
}

static void
push(struct lower *l, struct call *c, struct arg a)
{
	ARRAY_PUSH(l->p->arena, c->args, a);
}

void
call_place(struct lower *l, struct call *c, enum arg_kind kind, const char *param, struct place p)
{
	if (kind == ARG_IN && p.buf->kind == BUF_CONST)
		kind = ARG_CONST;
	push(l, c, (struct arg){ .kind = kind, .name = param, .buf = p.buf, .dtype = p.dtype, .offset = p.offset,
		.tensor = p.tensor });
}

void
call_out(struct lower *l, struct call *c, const char *param, const struct tensor *t)
{
	call_place(l, c, ARG_OUT, param, lower_place(l, t));
}

void
call_in(struct lower *l, struct call *c, const char *param, const struct tensor *t)
{
	enum dtype none = c->node->out->dtype == DT_F32 ? DT_F32 : DT_I32;

	if (t)
		call_place(l, c, ARG_IN, param, lower_place(l, t));
	else
		call_null(l, c, param, none);
}

void
call_null(struct lower *l, struct call *c, const char *param, enum dtype dtype)
{
	push(l, c, (struct arg){ .kind = ARG_CONST, .name = param, .dtype = dtype });
}

void
call_const(struct lower *l, struct call *c, const char *param, const char *suffix, enum dtype dtype, int count,
	const void *data)
{
	struct shape shape = { 1, { count } };
	struct buffer *b = lower_constant(l, c->node->label, arena_printf(l->p->arena, "%s.%s", c->node->name, suffix), dtype, &shape, data);

	push(l, c, (struct arg){ .kind = ARG_CONST, .name = param, .buf = b, .dtype = dtype });
}

void
call_scratch(struct lower *l, struct call *c, const char *param, enum dtype dtype, int64_t count)
{
	struct buffer *b = lower_scratch(l, c->node, dtype, count);

	push(l, c, (struct arg){ .kind = ARG_SCRATCH, .name = param, .buf = b, .dtype = dtype });
}

void
call_int(struct lower *l, struct call *c, const char *param, int64_t v)
{
	push(l, c, (struct arg){ .kind = ARG_INT, .name = param, .i = v });
}

void
call_float(struct lower *l, struct call *c, const char *param, float v)
{
	push(l, c, (struct arg){ .kind = ARG_FLOAT, .name = param, .f = v });
}

void
call_dim(struct lower *l, struct call *c, const char *param, int64_t v)
{
	push(l, c, (struct arg){ .kind = ARG_DIM, .name = param, .i = v });
}

void
call_act(struct lower *l, struct call *c, const struct node *n, struct clamp act)
{
	int32_t lo, hi;

	if (n->out->dtype == DT_F32) {
		call_float(l, c, "lo", act.lo);
		call_float(l, c, "hi", act.hi);
		return;
	}
	clamp_quantise(act, &n->out->quant, n->out->dtype, &lo, &hi);
	call_int(l, c, "lo", lo);
	call_int(l, c, "hi", hi);
}

const char *
lower_kernel(struct lower *l, const struct node *n, const char *stem)
{
	return arena_printf(l->p->arena, "%s_%s", stem, dtype_info[n->out->dtype].name);
}

bool
lower_fits(struct lower *l, const struct node *n, const char *what, int64_t v)
{
	if (v >= INT32_MIN && v <= INT32_MAX)
		return true;
	diag_error(l->diag, n->loc, "%s of '%s' is %" PRId64 ", but kernels count with 32 bits", what, n->name, v);
	return false;
}

/* ---- rows and boxes ---- */

struct rows
rows_of(const struct tensor *t)
{
	int64_t n = t->shape.rank ? t->shape.dim[t->shape.rank - 1] : 1;
	struct rows r = { tensor_count(t) / n, n, t->pitch };

	return r;
}

void
call_rows(struct lower *l, struct call *c, const struct tensor *x, const struct tensor *y)
{
	struct rows from = rows_of(x), to = rows_of(y);

	if (from.pitch == from.n && to.pitch == to.n) {
		from.n = from.pitch = to.pitch = from.n * from.rows;
		from.rows = 1;
	}
	call_dim(l, c, "rows", from.rows);
	call_dim(l, c, "n", from.n);
	call_dim(l, c, "x_pitch", from.pitch);
	call_dim(l, c, "y_pitch", to.pitch);
}

void
tensor_steps(const struct tensor *t, int64_t step[RANK_MAX])
{
	int64_t s = t->pitch;

	for (int d = t->shape.rank - 2; d >= 0; d--) {
		step[d] = s;
		s *= t->shape.dim[d];
	}
	if (t->shape.rank)
		step[t->shape.rank - 1] = 1;
}

static bool
joins(const struct box *b, int d, int64_t next_n, int next)
{
	for (int k = 0; k < b->operands; k++)
		if (b->step[k][d] != b->step[k][next] * next_n)
			return false;
	return true;
}

static void
take(struct box *b, int to, int from)
{
	for (int k = 0; k < b->operands; k++)
		b->step[k][to] = b->step[k][from];
}

void
box_reduce(struct box *b)
{
	int kept = 0;

	for (int d = 0; d < b->rank; d++) {
		if (b->n[d] == 1)
			continue;
		if (kept > 0 && joins(b, kept - 1, b->n[d], d)) {
			b->n[kept - 1] *= b->n[d];
			take(b, kept - 1, d);
			continue;
		}
		b->n[kept] = b->n[d];
		take(b, kept++, d);
	}
	b->rank = kept;
}

/* ---- the program ---- */

struct program *
program_lower(struct arena *a, const struct graph *g, struct diag *diag, enum io_mode io)
{
	struct program *p = ARENA_NEW(a, struct program);
	struct lower l = { .p = p, .diag = diag };
	bool ok = true;

	p->arena = a;
	p->graph = g;
	p->io_arena = io != IO_CALLER;
	p->io_rows = io == IO_STREAM;
	if (p->io_rows && !input_rows_fit(g, diag))
		return NULL;
	l.constants = map_new(a);
	l.of_tensor = ARENA_ARRAY(a, struct buffer *, g->tensors.n);
	make_ports(&l);
	if (p->io_rows)
		input_rows_lower(&l, g->inputs.v[0]);
	for (const struct node *n = g->first; n; n = n->next) {
		ok &= n->unit ? lower_unit(&l, n) : lower_table[n->op](&l, n);
		if (p->last && p->last->node == n)
			p->last->last = true;
	}
	return ok ? p : NULL;
}

/* ---- the calls ---- */

void
program_number(struct program *p)
{
	int index = 0;

	for (struct call *c = p->first; c; c = c->next)
		c->index = index++;
	p->call_count = index;
	for (struct call *c = p->first; c; c = c->next)
		for (struct call *stage = c->stream ? c->stream->first : NULL; stage; stage = stage->next)
			stage->index = index++;
	p->kernel_count = index;
}

static const struct call *
kernel_of(const struct call *c)
{
	return c && c->stream ? c->stream->first : c;
}

const struct call *
program_kernels(const struct program *p)
{
	return kernel_of(p->first);
}

const struct call *
program_next_kernel(const struct call *c)
{
	return kernel_of(c->next ? c->next : c->chain ? c->chain->next : NULL);
}
