/* How far a kernel's result may lie over what it reads.
 *
 * A kernel goes through its result from the first element to the last and through its input alongside, so what it has read
 * for the last time may be written over.  Of each pointer that it reads through this file works out the least distance
 * at which that holds: the result may begin so many bytes before it, or more.  The plan places buffers by it (plan.c).
 *
 * reads.c says in which order each kernel reads; a kernel that is not there keeps its operands apart, and so does the call
 * of a unit whose .chip states no order.  Of register blocks the call says how the loops go.  Kernels whose results may overlap may neither say `restrict` nor use memcpy. */
#include <config.h>
#include <string.h>
#include "backend/reads.h"
#include "chips/chip.h"

/* The distance for the parameter X, from the sizes of an element of the result and of X.  No constraint: INT64_MIN. */
typedef int64_t distance_fn(const struct call *, int64_t y_bytes, int64_t x_bytes, const char *x);

static int64_t
dim(const struct call *c, const char *parameter)
{
	int64_t v = call_dim_or(c, parameter, INT64_MIN);

	if (v == INT64_MIN)
		die("overlap: %s has no dimension '%s'", c->kernel, parameter);
	return v;
}

static int64_t
most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* ---- windows over an image ---- */

/* The windows in one direction. */
struct windows { int64_t count, stride, pad, kernel, dilation, size; };
enum { NOTHING = -1 };

/* The first cell under window I, or NOTHING: it lies in the padding. */
static int64_t
first_cell(const struct windows *w, int64_t i)
{
	int64_t origin = i * w->stride - w->pad;
	int64_t first = origin < 0 ? origin + (-origin + w->dilation - 1) / w->dilation * w->dilation : origin;

	return first < w->size && first <= origin + (w->kernel - 1) * w->dilation ? first : NOTHING;
}

/* A row of windows as its two limits: the most by which the end of a result is ahead of the first cell that its window or a
 * later one of the row reads (AHEAD), and the end of the row's last result (END), from the first cell of all (FIRST). */
struct row { int64_t ahead, end, first; };

static struct row
row_of(const struct windows *cols, int64_t y_step, int64_t y_width, int64_t x_step)
{
	struct row r = { INT64_MIN, (cols->count - 1) * y_step + y_width, INT64_MAX };

	for (int64_t i = cols->count - 1; i >= 0; i--) {
		int64_t cell = first_cell(cols, i);

		if (cell != NOTHING)
			r.first = least(r.first, cell * x_step);
		if (r.first != INT64_MAX)
			r.ahead = most(r.ahead, i * y_step + y_width - r.first);
	}
	return r;
}

static struct windows
rows_under(const struct call *c)
{
	return (struct windows){ dim(c, "y_h"), dim(c, "stride_h"), dim(c, "pad_t"), dim(c, "k_h"), call_dim_or(c, "dilation_h", 1), dim(c, "x_h") };
}

static struct windows
columns_under(const struct call *c)
{
	return (struct windows){ dim(c, "y_w"), dim(c, "stride_w"), dim(c, "pad_l"), dim(c, "k_w"), call_dim_or(c, "dilation_w", 1), dim(c, "x_w") };
}

/* A pixel is computed from its window and then, or channel by channel meanwhile, written. */
static int64_t
window_distance(const struct call *c, int64_t y_bytes, int64_t x_bytes, const char *x)
{
	const struct windows rows = rows_under(c), cols = columns_under(c);
	int64_t y_step = dim(c, "y_pitch") * y_bytes, x_step = dim(c, "x_pitch") * x_bytes;
	int64_t y_width = call_dim_or(c, "y_c", call_dim_or(c, "c_n", 0)) * y_bytes;
	const struct row row = row_of(&cols, y_step, y_width, x_step);
	int64_t distance = INT64_MIN, later = INT64_MAX;

	(void)x;
	for (int64_t i = rows.count - 1; i >= 0; i--) {
		int64_t cell = row.first == INT64_MAX ? NOTHING : first_cell(&rows, i), at = i * cols.count * y_step;

		if (later != INT64_MAX)
			distance = most(distance, at + row.end - later - row.first);
		if (cell == NOTHING)
			continue;
		distance = most(distance, at + row.ahead - cell * cols.size * x_step);
		later = least(later, cell * cols.size * x_step);
	}
	return distance;
}

/* ---- register blocks, units ---- */

/* A layer of register blocks or of a unit: its windows, and what lies from one group to the next. */
struct blocked { struct windows rows, cols; int64_t x_step, y_step, y_width, groups, x_group, y_group; };

/* The first byte under window I, counted across the rows of the image; INT64_MAX: it lies in the padding. */
static int64_t
window_first(const struct blocked *b, int64_t i)
{
	int64_t row = first_cell(&b->rows, i / b->cols.count), col = first_cell(&b->cols, i % b->cols.count);

	return row == NOTHING || col == NOTHING ? INT64_MAX : (row * b->cols.size + col) * b->x_step;
}

/* The most by which results of a group, those of the last window from END on, are ahead of what later groups collect from FIRST on. */
static int64_t
ahead_of_groups(const struct blocked *b, int64_t end, int64_t first)
{
	int64_t distance = INT64_MIN;

	for (int64_t g = 1; g < b->groups && first != INT64_MAX; g += most(b->groups - 2, 1)) /* linear in g */
		distance = most(distance, end + g * b->y_group - first - g * b->x_group);
	return distance;
}

/* Of a unit: at any time windows from some step on, at most so many, are being read and written. */
static int64_t
windows_of_unit(const struct call *c, const struct blocked *b)
{
	int64_t windows = b->rows.count * b->cols.count, step = c->unit->order == ORDER_ROWS && c->unit->kind != KIND_DENSE ? b->cols.count : 1;
	int64_t later = INT64_MAX, distance = INT64_MIN;

	for (int64_t i = windows - 1; i >= 0; i--) {
		later = least(later, window_first(b, i));
		if (i % step == 0 && later != INT64_MAX)
			distance = most(distance, (least(i + c->at_once, windows) - 1) * b->y_step + b->y_width - later);
	}
	return distance;
}

/* Some windows at once: their results may not lie over what later ones read, nor over what these read themselves unless it was collected before. */
static int64_t
windows_at_once(const struct call *c, const struct blocked *b)
{
	int64_t windows = b->rows.count * b->cols.count, whole = windows / c->at_once * c->at_once, later = INT64_MAX, distance = INT64_MIN;

	for (int64_t last = windows - 1, count; last >= 0; last -= count) {
		int64_t first = INT64_MAX, at = last * b->y_step;

		count = last >= whole ? 1 : c->at_once;
		for (int64_t k = 0; k < count; k++)
			first = least(first, window_first(b, last - k));
		if (!c->collected)
			later = least(later, first);
		else
			distance = most(distance, ahead_of_groups(b, at, first));
		if (later != INT64_MAX)
			distance = most(distance, at + b->y_width - later);
		later = least(later, first);
	}
	return distance;
}

/* Whether a unit that reads each channel of x whole before it writes that channel of y has it in the same places: the two may only be one. */
static bool
is_in_place(const struct call *c, int64_t y_bytes, int64_t x_bytes)
{
	return y_bytes == x_bytes && dim(c, "y_pitch") == dim(c, "x_pitch");
}

static int64_t
block_window_distance(const struct call *c, int64_t y_bytes, int64_t x_bytes, const char *x)
{
	int64_t groups = call_dim_or(c, "groups", 1), y_c = dim(c, "y_c") * y_bytes;
	const struct blocked b = { rows_under(c), columns_under(c), dim(c, "x_pitch") * x_bytes, dim(c, "y_pitch") * y_bytes, y_c, groups,
		call_dim_or(c, "x_c", 0) / groups * x_bytes, y_c / groups };

	(void)x;
	return c->text ? windows_of_unit(c, &b) : windows_at_once(c, &b);
}

static int64_t
block_vector_distance(const struct call *c, int64_t y_bytes, int64_t x_bytes, const char *x)
{
	int64_t windows = dim(c, "windows");
	const struct blocked b = { { 1, 1, 0, 1, 1, 1 }, { windows, 1, 0, 1, 1, windows }, dim(c, "x_pitch") * x_bytes, dim(c, "y_pitch") * y_bytes,
		dim(c, "y_n") * y_bytes, 1, 0, 0 };

	(void)x;
	return c->text ? windows_of_unit(c, &b) : windows_at_once(c, &b);
}

/* ---- vectors and elements ---- */

/* Each vector of the result is computed from one of the input. */
static int64_t
vector_distance(const struct call *c, int64_t y_bytes, int64_t x_bytes, const char *x)
{
	int64_t last = dim(c, "rows") - 1;
	int64_t width = dim(c, "y_n") * y_bytes, step = dim(c, "y_pitch") * y_bytes - dim(c, "x_pitch") * x_bytes;

	(void)x;
	return most(width, last * step + width);
}

/* Element I of row R is written when those before and it have been read.  Positions are linear in R and in I, so the most lies
 * at the ends of both. */
static int64_t
element_distance(const struct call *c, int64_t y_bytes, int64_t x_bytes, const char *x)
{
	char pitch_name[16], step_name[16];
	int64_t rows = dim(c, "rows"), n = dim(c, "n"), y_pitch = dim(c, "y_pitch") * y_bytes, distance = INT64_MIN;
	int64_t pitch, step;

	snprintf(pitch_name, sizeof pitch_name, "%s_pitch", x);
	snprintf(step_name, sizeof step_name, "%s_step", x);
	pitch = dim(c, pitch_name) * x_bytes;
	step = call_dim_or(c, step_name, 1) * x_bytes;
	for (int64_t r = 0; r < rows; r += most(rows - 1, 1)) {
		int64_t written = r * y_pitch, read = r * pitch;

		if (n > 1) /* what follows in the row */
			distance = most(distance, written - read + most(y_bytes - step, (n - 1) * (y_bytes - step)));
		distance = most(distance, written + n * y_bytes - read - (n - 1) * step - x_bytes);
	}
	for (int64_t r = 0; r < rows - 1; r += most(rows - 2, 1)) /* the next row */
		distance = most(distance, r * y_pitch + n * y_bytes - (r + 1) * pitch);
	return distance;
}

/* It reads everything first, in effect. */
static int64_t
any_distance(const struct call *c, int64_t y_bytes, int64_t x_bytes, const char *x)
{
	(void)c;
	(void)y_bytes;
	(void)x_bytes;
	(void)x;
	return INT64_MIN;
}

static distance_fn *const distances[] = {
	[READS_WINDOWS] = window_distance, [READS_VECTORS] = vector_distance, [READS_ELEMENTS] = element_distance, [READS_FIRST] = any_distance,
};
static distance_fn *const stated_distances[] = {
	[READS_WINDOWS] = block_window_distance, [READS_VECTORS] = block_vector_distance, [READS_ELEMENTS] = element_distance
};

static const struct arg *
result_of(const struct call *c)
{
	for (size_t i = 0; i < c->args.n; i++)
		if (c->args.v[i].kind == ARG_OUT)
			return &c->args.v[i];
	return NULL;
}

/* A compiler may take it that writes of one type leave what is read as another alone, except that bytes may be anything. */
static bool
may_alias(enum dtype a, enum dtype b)
{
	return a == b || a == DT_I8 || b == DT_I8;
}

/* The maps that a chain reads and that are there before it. */
static void
find_chain_overlap(struct call *c, const struct arg *y)
{
	for (size_t m = 0; m < c->stream->maps.n; m++) {
		const struct stream_map *map = &c->stream->maps.v[m];

		for (size_t i = 0; map->stage < 0 && i < c->args.n; i++)
			if (c->args.v[i].buf == map->buf) {
				c->args.v[i].yields = may_alias(c->args.v[i].dtype, y->dtype);
				c->args.v[i].distance = most(-map->buf->bytes, stream_distance(c->stream, (int)m))
					+ c->args.v[i].offset * dtype_info[c->args.v[i].dtype].bytes;
			}
	}
}

void
call_find_overlap(struct call *c)
{
	const struct reads *r = reads_of(c);
	const struct arg *y = result_of(c);

	if (c->stream) {
		find_chain_overlap(c, y);
		return;
	}
	for (size_t i = 0; i < c->args.n && r && reads_may_overlap(r, c) && y; i++) {
		distance_fn *distance = r->over == AS_STATED ? stated_distances[r->order] : distances[r->order];
		struct arg *x = &c->args.v[i];

		x->yields = reads_operand(r, x) && x->buf && may_alias(x->dtype, y->dtype);
		x->exact = x->yields && c->text && c->unit->order == ORDER_CHANNELS;
		if (x->exact) {
			x->yields = is_in_place(c, dtype_info[y->dtype].bytes, dtype_info[x->dtype].bytes);
			x->distance = 0;
		} else if (x->yields)
			x->distance = most(-x->buf->bytes, distance(c, dtype_info[y->dtype].bytes, dtype_info[x->dtype].bytes, x->name));
	}
}
