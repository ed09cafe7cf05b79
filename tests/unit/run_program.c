#include <config.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "run_program.h"
#include "chips/blocks.h"
#include "runtime/nn_rows.h"
#include "runtime/embedded.h"
#include "runtime/nn_add_f32.c"
#include "runtime/nn_add_i16.c"
#include "runtime/nn_add_i32.c"
#include "runtime/nn_add_i8.c"
#include "runtime/nn_affine_f32.c"
#include "runtime/nn_avgpool_f32.c"
#include "runtime/nn_avgpool_i8.c"
#include "runtime/nn_avgpool_rows_i8.c"
#include "runtime/nn_clamp_f32.c"
#include "runtime/nn_clamp_i8.c"
#include "runtime/nn_conv2d_f32.c"
#include "runtime/nn_conv2d_i8.c"
#include "runtime/nn_conv2d_i8_i16.c"
#include "runtime/nn_conv2d_i8_i32.c"
#include "runtime/nn_conv2d_sum_f32.c"
#include "runtime/nn_copy_f32.c"
#include "runtime/nn_copy_i16.c"
#include "runtime/nn_copy_i32.c"
#include "runtime/nn_copy_i8.c"
#include "runtime/nn_dense_f32.c"
#include "runtime/nn_dense_i8.c"
#include "runtime/nn_dense_i8_i16.c"
#include "runtime/nn_dense_i8_i32.c"
#include "runtime/nn_dense_sum_f32.c"
#include "runtime/nn_dequantize_i8_f32.c"
#include "runtime/nn_dot_conv2d_f32.c"
#include "runtime/nn_dot_conv2d_i8.c"
#include "runtime/nn_dot_conv2d_i8_i32.c"
#include "runtime/nn_dot_gather_f32.c"
#include "runtime/nn_dot_gather_i8.c"
#include "runtime/nn_dot_gather_i8_i32.c"
#include "runtime/nn_dwconv2d_f32.c"
#include "runtime/nn_dwconv2d_i8.c"
#include "runtime/nn_dwconv2d_i8_i16.c"
#include "runtime/nn_dwconv2d_i8_i32.c"
#include "runtime/nn_dwconv2d_sum_f32.c"
#include "runtime/nn_fill_f32.c"
#include "runtime/nn_fill_i16.c"
#include "runtime/nn_fill_i32.c"
#include "runtime/nn_fill_i8.c"
#include "runtime/nn_gather_f32.c"
#include "runtime/nn_gather_i16.c"
#include "runtime/nn_gather_i32.c"
#include "runtime/nn_gather_i8.c"
#include "runtime/nn_hard_swish_f32.c"
#include "runtime/nn_leaky_relu_f32.c"
#include "runtime/nn_maxpool_f32.c"
#include "runtime/nn_maxpool_i8.c"
#include "runtime/nn_mean_f32.c"
#include "runtime/nn_mean_i8.c"
#include "runtime/nn_move_i8.c"
#include "runtime/nn_mul_f32.c"
#include "runtime/nn_mul_i8.c"
#include "runtime/nn_pack_f32.c"
#include "runtime/nn_pack_i16.c"
#include "runtime/nn_pack_i32.c"
#include "runtime/nn_pack_i8.c"
#include "runtime/nn_permute_f32.c"
#include "runtime/nn_permute_i16.c"
#include "runtime/nn_permute_i32.c"
#include "runtime/nn_permute_i8.c"
#include "runtime/nn_quantize_f32_i8.c"
#include "runtime/nn_rescale_i16_i8.c"
#include "runtime/nn_rescale_i16_i8_even.c"
#include "runtime/nn_rescale_i32_i8.c"
#include "runtime/nn_rescale_i32_i8_even.c"
#include "runtime/nn_resize_bilinear_f32.c"
#include "runtime/nn_resize_bilinear_i8.c"
#include "runtime/nn_resize_nearest_f32.c"
#include "runtime/nn_resize_nearest_i8.c"
#include "runtime/nn_sigmoid_f32.c"
#include "runtime/nn_log_softmax_f32.c"
#include "runtime/nn_lrn_f32.c"
#include "runtime/nn_softmax_f32.c"
#include "runtime/nn_softmax_i8.c"
#include "runtime/nn_sub_f32.c"
#include "runtime/nn_sub_i8.c"
#include "runtime/nn_table_i8.c"
#include "runtime/nn_tanh_f32.c"
#include "runtime/nn_tconv2d_f32.c"
#include "runtime/nn_tconv2d_i8.c"
#include "runtime/nn_tconv2d_i8_i16.c"
#include "runtime/nn_tconv2d_i8_i32.c"
#include "runtime/nn_tconv2d_sum_f32.c"
#include "runtime/nn_widen_i16_i32.c"
#include "runtime/nn_unpack_f32.c"
#include "runtime/nn_unpack_i16.c"
#include "runtime/nn_unpack_i32.c"
#include "runtime/nn_unpack_i8.c"

/* ---- running ---- */

struct machine {
	char **memory; /* by buffer id */
	const struct call *call;
	const struct stream *chain; /* that the call is a stage of, or NULL: */
	const struct stream_stage *stage;
	const struct nn_rows *rows; /* its maps */
	struct nn_band band[2];  /* what the stage reads */
	int32_t to_row;          /* and where what it computes goes */
};

/* Bytes from the beginning of argument K's map to the rows of the stage that runs. */
static int64_t
row_offset(const struct machine *m, int k)
{
	if (!m->chain)
		return 0;
	if (k == 0)
		return m->to_row * m->chain->maps.v[m->stage->map].row;
	for (int i = 0; i < m->stage->reads; i++)
		if (m->stage->read[i].arg == k)
			return m->band[i].row * m->chain->maps.v[m->stage->read[i].map].row;
	return 0;
}

static void *
pointer(const struct machine *m, int k)
{
	const struct arg *a = &m->call->args.v[k];

	return a->buf ? m->memory[a->buf->id] + a->offset * dtype_info[a->dtype].bytes + row_offset(m, k) : NULL;
}

static int32_t
integer(const struct machine *m, int k)
{
	const struct arg *a = &m->call->args.v[k];

	if (a->kind == ARG_BAND)
		switch ((enum band_arg)a->i) {
		case BAND_ROWS: return m->band[0].rows;
		case BAND_PAD: return m->band[0].pad;
		case BAND_PAD_BELOW: return m->stage->read[0].span - m->band[0].rows - m->band[0].pad;
		case BAND_FIRST: return m->rows[m->stage->map].end;
		}
	return (int32_t)a->i;
}

static float
real(const struct machine *m, int k)
{
	return m->call->args.v[k].f;
}

/* The dot products of the call that runs: a dot function knows how many values it takes, so here two, over a row and a
 * tap, look it up. */
static int32_t dot_count[2];

static uint32_t
dot_i8(const int8_t *x, const int8_t *w, int32_t n)
{
	uint32_t sum = 0;

	for (int32_t i = 0; i < n; i++)
		sum += (uint32_t)(x[i] * w[i]);
	return sum;
}

static float
dot_f32(const float *x, const float *w, int32_t n)
{
	float sum = 0;

	for (int32_t i = 0; i < n; i++)
		sum += x[i] * w[i];
	return sum;
}

static uint32_t first_i8(const int8_t *x, const int8_t *w) { return dot_i8(x, w, dot_count[0]); }
static uint32_t second_i8(const int8_t *x, const int8_t *w) { return dot_i8(x, w, dot_count[1]); }
static float first_f32(const float *x, const float *w) { return dot_f32(x, w, dot_count[0]); }
static float second_f32(const float *x, const float *w) { return dot_f32(x, w, dot_count[1]); }

static int
dot_number(const struct machine *m, int k, int number)
{
	const struct arg *a = &m->call->args.v[k];

	dot_count[number] = a->dot ? a->dot->n : 0;
	return number;
}

static nn_dot_call_i8 *
dot_call_i8(const struct machine *m, int k, int number)
{
	nn_dot_call_i8 *const calls[] = { first_i8, second_i8 };

	return m->call->args.v[k].dot ? calls[dot_number(m, k, number)] : NULL;
}

static nn_dot_call_f32 *
dot_call_f32(const struct machine *m, int k, int number)
{
	nn_dot_call_f32 *const calls[] = { first_f32, second_f32 };

	return m->call->args.v[k].dot ? calls[dot_number(m, k, number)] : NULL;
}

#define P(k)  pointer(m, k)
#define P2(k) P(k), P((k) + 1)
#define P4(k) P2(k), P2((k) + 2)
#define P8(k) P4(k), P4((k) + 4)
#define F(k)  real(m, k)
#define F2(k) F(k), F((k) + 1)
#define I(k)  integer(m, k)
#define I2(k) I(k), I((k) + 1)
#define I4(k) I2(k), I2((k) + 2)
#define I8(k) I4(k), I4((k) + 4)
#define D_I8(k)   dot_call_i8(m, k, 0)
#define D2_I8(k)  D_I8(k), dot_call_i8(m, (k) + 1, 1)
#define D_F32(k)  dot_call_f32(m, k, 0)
#define D2_F32(k) D_F32(k), dot_call_f32(m, (k) + 1, 1)

#define KERNEL(name, ...) static void run_##name(const struct machine *m) { nn_##name(__VA_ARGS__); }
#include "kernels.def"
#undef KERNEL

static const struct { const char *name; void (*run)(const struct machine *); } kernels[] = {
#define KERNEL(name, ...) { #name, run_##name },
#include "kernels.def"
#undef KERNEL
};

static void
run_call(const struct machine *m)
{
	for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++)
		if (!strcmp(kernels[i].name, m->call->kernel)) {
			kernels[i].run(m);
			return;
		}
	die("no kernel '%s'", m->call->kernel);
}

enum { POISON = 0xa5 };

/* ---- chains ---- */

static void
start_chain(const struct stream *s, struct nn_stage *stages, struct nn_rows *rows)
{
	for (size_t i = 0; i < s->maps.n; i++) {
		const struct stream_map *m = &s->maps.v[i];

		rows[i] = (struct nn_rows){ .bytes = (size_t)m->row, .height = m->height, .room = m->room, .stage = m->stage, .end = m->stage < 0 ? m->height : 0 };
	}
	for (size_t i = 0; i < s->stages.n; i++) {
		const struct stream_stage *t = &s->stages.v[i];

		stages[i] = (struct nn_stage){ t->map, t->band, { { -1, 0, 0, 0 }, { -1, 0, 0, 0 } } };
		for (int k = 0; k < t->reads; k++) {
			stages[i].read[k].x = t->read[k].map;
			stages[i].read[k].stride = t->read[k].stride;
			stages[i].read[k].pad = t->read[k].pad;
			stages[i].read[k].span = t->read[k].span;
		}
	}
}

/* Rows of windows that no stage reads any more; those of a place that maps share may be another's. */
static void
poison_rows(const struct machine *m, const struct nn_stage *stages, const struct nn_rows *rows)
{
	const struct stream *s = m->chain;

	for (size_t i = 0; i < s->maps.n; i++) {
		int32_t needed = nn_rows_needed(stages, (int32_t)s->stages.n, rows, (int32_t)i);

		if (s->maps.v[i].stage >= 0 && !s->maps.v[i].shared && s->maps.v[i].room < s->maps.v[i].height)
			memset(m->memory[s->maps.v[i].buf->id], POISON, (size_t)(needed - rows[i].first) * rows[i].bytes);
	}
}

/* As generated code runs it (backend/stream_emit.c). */
static void
run_chain(const struct machine *machine)
{
	const struct stream *s = machine->call->stream;
	struct nn_stage *stages = malloc(s->stages.n * sizeof *stages);
	struct nn_rows *rows = malloc(s->maps.n * sizeof *rows);
	struct machine m = { .memory = machine->memory, .chain = s, .rows = rows };
	int32_t count = (int32_t)s->stages.n;

	start_chain(s, stages, rows);
	for (int32_t at; (at = nn_rows_next(stages, count, rows)) >= 0; rows[stages[at].y].end += stages[at].band) {
		m.stage = &s->stages.v[at];
		m.call = m.stage->call;
		m.to_row = nn_rows_make_room(stages, count, rows, at, (unsigned char *)m.memory[s->maps.v[m.stage->map].buf->id]);
		for (int k = 0; k < 2; k++)
			m.band[k] = nn_rows_read(&stages[at], k, rows);
		run_call(&m);
		poison_rows(&m, stages, rows);
	}
	free(rows);
	free(stages);
}

/* ---- programs ---- */

/* What no buffer of the arena that is live after C holds is poisoned. */
static void
poison_dead(const struct program *p, const struct call *c, char *arena)
{
	int64_t bytes = program_base(p, program_arenas(p));
	char *live = calloc(1, (size_t)bytes + 1);

	for (size_t i = 0; i < p->buffers.n; i++) {
		const struct buffer *b = p->buffers.v[i];

		if (b->kind == BUF_ARENA && b->first <= c->slot && (b->last > c->slot || b->port == PORT_OUT))
			memset(live + program_base(p, b->memory) + b->offset, 1, (size_t)b->bytes);
	}
	for (int64_t i = 0; i < bytes; i++)
		if (!live[i])
			arena[i] = (char)POISON;
	free(live);
}

/* Memory for buffer B: its place in ARENA, where all arenas lie one behind the other, or without one, or for what is not planned, memory of its own. */
static char *
memory_for(const struct program *p, const struct buffer *b, char *arena)
{
	char *memory;

	if (arena && b->kind == BUF_ARENA && b->last >= 0)
		return arena + program_base(p, b->memory) + b->offset;
	memory = malloc((size_t)b->bytes);
	memset(memory, POISON, (size_t)b->bytes);
	return memory;
}

static void
run_in(const struct program *p, const void *const *inputs, void *const *outputs, char *arena)
{
	struct machine m = { .memory = calloc(p->buffers.n, sizeof *m.memory) };

	for (size_t i = 0; i < p->buffers.n; i++) {
		const struct buffer *b = p->buffers.v[i];

		m.memory[i] = memory_for(p, b, arena);
		if (b->kind == BUF_CONST)
			memcpy(m.memory[i], b->data, (size_t)b->bytes);
		else if (b->port == PORT_IN)
			memcpy(m.memory[i], inputs[b->index], (size_t)b->bytes);
	}
	for (m.call = p->first; m.call; m.call = m.call->next) {
		if (m.call->stream)
			run_chain(&m);
		else
			run_call(&m);
		if (arena && p->cores == 1)
			poison_dead(p, m.call, arena);
	}
	for (size_t i = 0; i < p->buffers.n; i++) {
		const struct buffer *b = p->buffers.v[i];

		if (b->port == PORT_OUT)
			memcpy(outputs[b->index], m.memory[i], (size_t)b->bytes);
		if (!(arena && b->kind == BUF_ARENA && b->last >= 0))
			free(m.memory[i]);
	}
	free(m.memory);
}

void
run_program(const struct program *p, const void *const *inputs, void *const *outputs)
{
	run_in(p, inputs, outputs, NULL);
}

void
run_program_in_arena(const struct program *p, const void *const *inputs, void *const *outputs)
{
	size_t bytes = (size_t)program_base(p, program_arenas(p));
	char *arena = aligned_alloc((size_t)p->arena_align, bytes + (size_t)p->arena_align);

	memset(arena, POISON, bytes);
	run_in(p, inputs, outputs, arena);
	free(arena);
}

/* ---- checking calls against the kernels' texts ---- */

/* The parameter list of KERNEL, from after its "(" on, as one line. */
static void
read_parameters(const char *kernel, char *text, size_t size)
{
	char file[80], head[80];
	const struct embedded *e;
	const char *const *line;

	snprintf(file, sizeof file, "nn_%s.c", kernel);
	snprintf(head, sizeof head, "nn_%s(", kernel);
	e = embedded_find(file);
	if (!e)
		die("%s is not embedded", file);
	for (line = e->lines; *line && strncmp(*line, head, strlen(head)); line++)
		;
	text[0] = '\0';
	for (; *line && (*line)[0] != '{'; line++)
		strncat(text, *line + (text[0] ? 0 : strlen(head)), size - strlen(text) - 1);
}

/* The next parameter of *TEXT without blanks around it, or NULL. */
static char *
next_parameter(char **text)
{
	char *p = *text, *end;

	p += strspn(p, " \t\n");
	if (*p == '\0')
		return NULL;
	end = p + strcspn(p, ",)");
	*text = *end ? end + 1 : end;
	*end = '\0';
	return *p ? p : NULL;
}

static void
describe(const struct arg *a, char *text, size_t size)
{
	const char *type = dtype_info[a->dtype].c_type, *type_name = dtype_info[a->dtype].name;

	switch (a->kind) {
	case ARG_OUT: case ARG_SCRATCH:
		snprintf(text, size, "%s *%s", type, a->name);
		break;
	case ARG_IN: case ARG_CONST:
		snprintf(text, size, "const %s *%s", type, a->name);
		break;
	case ARG_INT: case ARG_DIM:
		snprintf(text, size, "int32_t %s", a->name);
		break;
	case ARG_FLOAT:
		snprintf(text, size, "float %s", a->name);
		break;
	case ARG_DOT:
		snprintf(text, size, "nn_dot_call_%s *%s", type_name, a->name);
		break;
	case ARG_BLOCK: case ARG_BAND:
		snprintf(text, size, "%s *%s", a->dtype == DT_F32 ? "nn_block_f32_fn" : a->block && block_takes_all(a->block->unit) ? "nn_block_all_fn" : "nn_block_fn", a->name);
		break;
	}
}

void
check_calls(const struct program *p)
{
	char text[4096], want[128], *rest, *parameter;

	for (const struct call *c = p->first; c; c = c->next) {
		read_parameters(c->kernel, text, sizeof text);
		rest = text;
		for (size_t i = 0; i < c->args.n; i++) {
			describe(&c->args.v[i], want, sizeof want);
			parameter = next_parameter(&rest);
			if (!parameter || strcmp(parameter, want))
				die("%s: argument %zu is '%s' but the parameter is '%s'", c->kernel, i, want,
					parameter ? parameter : "missing");
			if (c->args.v[i].kind != ARG_FLOAT
			    && (c->args.v[i].i < INT32_MIN || c->args.v[i].i > INT32_MAX))
				die("%s: argument %zu is no int32_t", c->kernel, i);
		}
		if (next_parameter(&rest))
			die("%s: %zu arguments are too few", c->kernel, c->args.n);
	}
}
