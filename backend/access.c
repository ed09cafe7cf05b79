/* Bytes that an inference reads and writes in each buffer.
 *
 * The model is that of the loops in runtime/, without caches and with everything that a loop names more than once in its innermost body kept in
 * registers:
 *
 *	conv2d, tconv2d, dense  a window's value is read once for every FOUR output channels (nn_pixel_*.h), a weight for every pixel
 *	dwconv2d, pools         the window of every result; a dwconv2d's weights likewise
 *	block_*                 the weights once for every block of rows (nn_block.h); x for every block of channels, or once for every window that
 *	                        holds it into the column, which every block of channels reads; a block that takes all channels reads it once
 *	block_conv2d_f32        the same, x or its copy as it lies; with several chunks of channels the results are sums that each chunk reads and writes
 *	runs_*                  x, or the band where its rows are copied, for every block of channels, the weights once for every block of rows
 *	dot_*                   one result at a time: x, or the gathered window, and the weights for each (nn_dot.h)
 *	elementwise             the operands once for each result, with what is broadcast read again; softmax goes through x three times
 *	per output channel      biases, multipliers, shifts, scales: once for each result; tables: a byte for each result
 *
 * Everything else, and what units of a chip do, which keep values in memories of their own: each operand once.  Results are written once. */
#include <config.h>
#include <string.h>
#include "backend/access.h"
#include "backend/reads.h"

enum { CHANNELS_AT_ONCE = 4, SOFTMAX_READS = 3 };

static double
dim(const struct call *c, const char *parameter)
{
	return (double)call_dim_or(c, parameter, 1);
}

static double
blocks(double n, double of)
{
	int64_t whole = (int64_t)n, size = of < 1 ? 1 : (int64_t)of;

	return (double)((whole + size - 1) / size);
}

/* What is read of the operands of one call, in elements, and how often the weights and the memory that it works in are gone through. */
struct counts {
	double x, column, results, x_passes, weight_passes, scratch_passes, result_passes;
	bool once;               /* each operand is read once */
};

static bool
is_kernel(const struct call *c, const char *stem)
{
	size_t len = strlen(stem);

	return !c->text && strncmp(c->kernel, stem, len) == 0 && c->kernel[len] == '_';
}

/* Whether C works in memory that it is given as PARAMETER. */
static bool
works_in(const struct call *c, const char *parameter)
{
	for (size_t i = 0; i < c->args.n; i++)
		if (strcmp(c->args.v[i].name, parameter) == 0)
			return c->args.v[i].kind == ARG_SCRATCH;
	return false;
}

static struct counts
count_conv(const struct call *c)
{
	const double pixels = dim(c, "y_h") * dim(c, "y_w"), groups = dim(c, "groups"), out = dim(c, "y_c") / groups, in = dim(c, "x_c") / groups;
	const double windows = pixels * dim(c, "k_h") * dim(c, "k_w") * in * groups, panels = blocks(out, dim(c, "channels"));
	struct counts n = { .weight_passes = blocks(pixels, dim(c, "rows")), .results = pixels * out * groups };

	if (strcmp(c->kernel, "block_conv2d_f32") == 0) {
		n.result_passes = blocks(in, dim(c, "chunk"));
		n.x = windows * panels;
		if (works_in(c, "part")) { /* the copy */
			n.column = n.x;
			n.x = dim(c, "x_h") * dim(c, "x_w") * dim(c, "x_c");
		}
	} else if (is_kernel(c, "block_conv2d")) {
		n.x = windows;
		n.column = windows * panels;
	} else if (is_kernel(c, "block_all_conv2d")) {
		n.x = windows;
		n.column = dim(c, "run") > 0 ? 0 : windows;
		n.scratch_passes = n.weight_passes;
	} else if (is_kernel(c, "runs_conv2d")) {
		n.x = windows * panels;
	} else if (is_kernel(c, "runs_band")) {
		n.x = dim(c, "y_h") * dim(c, "k_h") * dim(c, "pitch") * groups;
		n.column = windows * panels;
	} else if (is_kernel(c, "dot_conv2d")) {
		n.x = windows * out;
	} else if (is_kernel(c, "dot_gather")) {
		n.x = windows;
		n.column = windows * out;
	} else {
		n.x = windows * blocks(out, CHANNELS_AT_ONCE);
	}
	return n;
}

static struct counts
count_dense(const struct call *c)
{
	const bool block = is_kernel(c, "block_dense"), all = is_kernel(c, "block_all_dense");
	const double rows = dim(c, block || all ? "windows" : "rows"), in = dim(c, block || all ? "in" : "x_n"), out = dim(c, "y_n");
	const double passes = blocks(rows, block || all ? dim(c, "rows") : 1);

	return (struct counts){ .x = rows * in * (all ? 1 : blocks(out, block ? dim(c, "channels") : CHANNELS_AT_ONCE)), .weight_passes = passes,
		.scratch_passes = passes, .results = rows * out };
}

static bool
is_conv(const struct call *c)
{
	static const char *const stems[] = { "conv2d", "block_conv2d", "block_all_conv2d", "runs_conv2d", "runs_band", "dot_conv2d", "dot_gather", NULL };

	for (int i = 0; stems[i]; i++)
		if (is_kernel(c, stems[i]))
			return true;
	return false;
}

static struct counts
count_call(const struct call *c)
{
	const double taps = dim(c, "k_h") * dim(c, "k_w"), pixels = dim(c, "y_h") * dim(c, "y_w"), inside = dim(c, "x_h") * dim(c, "x_w");

	if (is_conv(c))
		return count_conv(c);
	if (is_kernel(c, "dense") || is_kernel(c, "block_dense") || is_kernel(c, "block_all_dense"))
		return count_dense(c);
	if (is_kernel(c, "dwconv2d"))
		return (struct counts){ .x = pixels * taps * dim(c, "y_c"), .weight_passes = pixels, .results = pixels * dim(c, "y_c") };
	if (is_kernel(c, "tconv2d"))
		return (struct counts){ .x = inside * dim(c, "x_c") * taps * dim(c, "y_c") / CHANNELS_AT_ONCE, .weight_passes = inside,
			.results = pixels * dim(c, "y_c") };
	if (is_kernel(c, "maxpool") || is_kernel(c, "avgpool"))
		return (struct counts){ .x = pixels * taps * dim(c, "c_n"), .results = pixels * dim(c, "c_n") };
	if (is_kernel(c, "softmax"))
		return (struct counts){ .once = true, .x_passes = SOFTMAX_READS };
	if (call_find_dim(c, "a_step"))
		return (struct counts){ .x = dim(c, "rows") * dim(c, "n"), .results = dim(c, "rows") * dim(c, "n") };
	return (struct counts){ .once = true };
}

/* ---- of one argument ---- */

static double
bytes_of(const struct arg *a)
{
	return (double)(a->tensor ? tensor_bytes(a->tensor) : a->buf->bytes);
}

static bool
is_one_of(const char *parameter, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(parameter, *words) == 0)
			return true;
	return false;
}

static double
bytes_read(const struct arg *a, const struct counts *n, double times)
{
	static const char *const inputs[] = { "x", "a", "b", NULL };
	static const char *const channels[] = { "bias", "multiplier", "shift", "scale", "float_scaling", "offset", NULL };
	const double size = dtype_info[a->dtype].bytes;

	if (n->once)
		return bytes_of(a) * (n->x_passes > 0 && a->kind == ARG_IN ? n->x_passes : 1);
	if (call_is_weight(a->name))
		return bytes_of(a) * n->weight_passes * times;
	if (is_one_of(a->name, inputs))
		return n->x * size * times;
	if (is_one_of(a->name, channels))
		return n->results * size * times;
	return bytes_of(a);
}

static void
add(struct access *of, const struct arg *a, const struct counts *n, double times)
{
	const double size = dtype_info[a->dtype].bytes, passes = n->scratch_passes > 0 ? n->scratch_passes : 1;

	switch (a->kind) {
	case ARG_OUT:
		of->writes += bytes_of(a) * (n->result_passes > 1 ? n->result_passes : 1);
		of->reads += bytes_of(a) * (n->result_passes > 1 ? n->result_passes - 1 : 0);
		break;
	case ARG_SCRATCH:
		of->writes += n->column > 0 ? n->x * size * times : bytes_of(a) * passes * times;
		of->reads += n->column > 0 ? n->column * size * times : bytes_of(a) * passes * times;
		break;
	case ARG_IN:
	case ARG_CONST:
		of->reads += bytes_read(a, n, times);
		break;
	case ARG_INT:
	case ARG_FLOAT:
	case ARG_DIM:
	case ARG_DOT:
	case ARG_BLOCK:
	case ARG_BAND:
		break;
	}
}

/* A band of rows is computed TIMES times; what is counted by whole tensors is not. */
static void
add_call(struct access *of, const struct call *c, double times)
{
	struct counts n = c->text ? (struct counts){ .once = true } : count_call(c);

	for (size_t i = 0; i < c->args.n; i++)
		if (c->args.v[i].kind <= ARG_SCRATCH && c->args.v[i].buf)
			add(&of[c->args.v[i].buf->id], &c->args.v[i], &n, times);
}

struct access *
access_count(const struct program *p, struct arena *arena)
{
	struct access *of = ARENA_ARRAY(arena, struct access, p->buffers.n + 1);

	for (const struct call *c = p->first; c; c = c->next) {
		if (!c->stream)
			add_call(of, c, 1);
		for (size_t i = 0; c->stream && i < c->stream->stages.n; i++) {
			const struct stream_stage *s = &c->stream->stages.v[i];

			add_call(of, s->call, blocks(c->stream->maps.v[s->map].height, s->band));
		}
	}
	return of;
}
