/* Text -> graph.  A line at a time: one that has an error is reported once and skipped, and the tensor it would have
 * made stays known as failed, so that its readers don't fail aloud too. */
#include <config.h>

#include <math.h>
#include <string.h>

#include "ir/read.h"
#include "ir/shape.h"

/* "in %7 offset 16 pitch 64": the base may come on a later line. */
struct view {
	struct tensor *tensor;
	name base; /* NULL: storage of its own */
	int64_t offset, pitch;
	struct loc loc;
};

struct reader {
	struct scan s;
	struct graph *g;
	struct map *by_id;     /* "%3" -> the tensor, or &failed */
	struct tensor failed;
	ARRAY(struct tensor *) operands; /* of the node being read */
	bool aliased;
	ARRAY(struct view) views;
};

/* What follows the colon. */
struct type {
	bool is_written;
	enum dtype dtype;
	struct shape shape;
	struct quant quant;
	struct loc loc;
	struct view view;
};

/* ---- types ---- */

static bool
read_scale_list(struct reader *r, struct quant *q)
{
	struct scan *s = &r->s;
	ARRAY(float) list = { 0 };
	float v;
	int64_t axis;
	if (s->kind == SCAN_DOTS) {
		diag_error(s->diag, scan_loc(s), "elided scales cannot be read");
		return false;
	}
	do {
		if (!scan_float(s, &v))
			return false;
		ARRAY_PUSH(s->arena, list, v);
	} while (scan_accept(s, ','));
	if (!scan_need(s, ']'))
		return false;
	if (!scan_accept_word(s, "axis"))
		return scan_expected(s, "'axis'");
	if (!scan_int(s, 0, RANK_MAX - 1, &axis))
		return false;
	*q = (struct quant){ .count = (int)list.n, .scale = list.v, .axis = (int)axis };
	return true;
}

static bool
read_quant(struct reader *r, struct quant *q)
{
	int64_t zero = 0;
	float *scale = ARENA_NEW(r->s.arena, float);
	if (!scan_accept_word(&r->s, "scale"))
		return true;
	if (scan_accept(&r->s, '[')) {
		if (!read_scale_list(r, q))
			return false;
	} else {
		if (!scan_float(&r->s, scale))
			return false;
		*q = (struct quant){ .count = 1, .scale = scale };
	}
	if (scan_accept_word(&r->s, "zero") && !scan_int(&r->s, INT32_MIN, INT32_MAX, &zero))
		return false;
	q->zero = (int32_t)zero;
	return true;
}

static bool
read_view(struct reader *r, struct view *v)
{
	struct scan *s = &r->s;
	v->loc = scan_loc(s);
	if (!scan_accept_word(s, "in"))
		return true;
	if (!r->aliased) {
		diag_error(s->diag, v->loc, "a view in a graph that is not 'aliased'");
		return false;
	}
	if (!scan_id(s, &v->base))
		return false;
	if (!scan_accept_word(s, "offset"))
		return scan_expected(s, "'offset'");
	if (!scan_int(s, 0, INT32_MAX, &v->offset))
		return false;
	if (!scan_accept_word(s, "pitch"))
		return scan_expected(s, "'pitch'");
	return scan_int(s, 1, INT32_MAX, &v->pitch);
}

/* ": i8[49, 10, 1] scale 0.5 zero 3 in %7 offset 0 pitch 1" */
static bool
read_type(struct reader *r, struct type *t)
{
	struct scan *s = &r->s;
	*t = (struct type){ 0 };
	t->loc = scan_loc(s);
	if (!scan_accept(s, ':'))
		return true;
	t->is_written = true;
	t->loc = scan_loc(s);
	if (s->kind != SCAN_WORD || !dtype_lookup(s->text, &t->dtype))
		return scan_expected(s, "an element type");
	scan_next(s);
	if (!scan_ints(s, RANK_MAX, &t->shape.rank, t->shape.dim))
		return false;
	const char *bad = shape_check(&t->shape);
	if (bad) {
		char text[SHAPE_TEXT];
		diag_error(s->diag, t->loc, "no tensor can be %s: %s", shape_text(&t->shape, text, sizeof text), bad);
		return false;
	}
	return read_quant(r, &t->quant) && read_view(r, &t->view);
}

/* ---- inputs and constants ---- */

/* Enter T as ID, its storage as V says. */
static void
define(struct reader *r, name id, struct tensor *t, struct view v)
{
	v.tensor = t;
	ARRAY_PUSH(r->s.arena, r->views, v);
	map_put(r->by_id, id, t);
}

static bool
read_values(struct reader *r, enum dtype type, int64_t count, void *data)
{
	struct scan *s = &r->s;
	for (int64_t i = 0; i < count; i++) {
		int64_t v;
		struct loc loc = scan_loc(s);
		if (i > 0 && s->kind == SCAN_PUNCT && *s->start == ']') {
			diag_error(s->diag, loc, "%lld value%s but the constant has %lld elements", (long long)i, plural(i),
				(long long)count);
			return false;
		}
		if (i > 0 && !scan_need(s, ','))
			return false;
		loc = scan_loc(s);
		if (type == DT_F32 ? !scan_float(s, (float *)data + i) : !scan_int(s, dtype_info[type].lo, dtype_info[type].hi, &v))
			return false;
		switch (type) {
		case DT_F32:
			if (!isfinite(((float *)data)[i])) {
				diag_error(s->diag, loc, "value %lld is not finite", (long long)i);
				return false;
			}
			break;
		case DT_I8: ((int8_t *)data)[i] = (int8_t)v; break;
		case DT_I16: ((int16_t *)data)[i] = (int16_t)v; break;
		case DT_I32: ((int32_t *)data)[i] = (int32_t)v; break;
		case DT_COUNT: return false;
		}
	}
	return true;
}

/* "= [1, 2, 3]"; NULL after reporting. */
static const void *
read_data(struct reader *r, const struct type *t)
{
	struct scan *s = &r->s;
	int64_t count = shape_count(&t->shape);
	if (!scan_need(s, '='))
		return NULL;
	if (s->kind == SCAN_DOTS) {
		diag_error(s->diag, scan_loc(s), "an elided constant cannot be read");
		return NULL;
	}
	struct loc loc = scan_loc(s);
	if (!scan_need(s, '['))
		return NULL;
	/* A value takes at least a digit and a comma, so a shape that lies about its data allocates nothing. */
	int64_t room = (s->source->text + s->source->len - s->start + 1) / 2;
	if (count > room) {
		diag_error(s->diag, loc, "fewer values than the constant's %lld elements", (long long)count);
		return NULL;
	}
	void *data = arena_array(s->arena, (size_t)count, (size_t)dtype_info[t->dtype].bytes);
	if (!read_values(r, t->dtype, count, data))
		return NULL;
	if (s->kind == SCAN_PUNCT && *s->start == ',') {
		diag_error(s->diag, scan_loc(s), "more values than the constant's %lld elements", (long long)count);
		return NULL;
	}
	return scan_need(s, ']') ? data : NULL;
}

static bool
is_new(struct reader *r, name text, struct loc loc)
{
	if (!graph_find(r->g, text))
		return true;
	diag_error(r->s.diag, loc, "the name '%s' is used twice", text);
	return false;
}

/* After "input" or "const" and the id. */
static bool
read_leaf(struct reader *r, name id, bool is_const)
{
	struct scan *s = &r->s;
	struct loc loc = scan_loc(s);
	struct type t;
	name text;
	const void *data = NULL;
	char why[WHY_SIZE];
	if (!scan_string(s, &text) || !is_new(r, text, loc) || !read_type(r, &t))
		return false;
	if (!t.is_written)
		return scan_expected(s, "':'");
	if (is_const) {
		data = read_data(r, &t);
		if (!data)
			return false;
		define(r, id, graph_const(r->g, text, t.dtype, &t.shape, &t.quant, data, loc), t.view);
		return true;
	}
	const char *bad = quant_check(&t.quant, t.dtype, why, sizeof why);
	if (bad) {
		diag_error(s->diag, t.loc, "input '%s': %s", text, bad);
		return false;
	}
	define(r, id, graph_input(r->g, text, t.dtype, &t.shape, &t.quant, loc), t.view);
	return true;
}

/* ---- nodes ---- */

/* *T: the tensor ID; false after reporting, or in silence if its own line was wrong. */
static bool
find(struct reader *r, name id, struct loc loc, struct tensor **t)
{
	*t = map_get(r->by_id, id);
	if (!*t)
		diag_error(r->s.diag, loc, "%s is not defined before this", id);
	return *t && *t != &r->failed;
}

static bool
read_operands(struct reader *r)
{
	struct scan *s = &r->s;
	r->operands.n = 0;
	if (!scan_need(s, '('))
		return false;
	do {
		struct loc loc = scan_loc(s);
		struct tensor *t;
		name id;
		if (!scan_id(s, &id) || !find(r, id, loc, &t))
			return false;
		ARRAY_PUSH(s->arena, r->operands, t);
	} while (scan_accept(s, ','));
	return scan_need(s, ')');
}

static bool
type_agrees(struct reader *r, const struct node *n, const struct type *t)
{
	char gives[SHAPE_TEXT], written[SHAPE_TEXT];
	if (!t->is_written || (t->dtype == n->out->dtype && shape_equal(&t->shape, &n->out->shape)))
		return true;
	diag_error(r->s.diag, t->loc, "%s gives %s%s but %s%s is written", op_info[n->op].name,
		dtype_info[n->out->dtype].name, shape_text(&n->out->shape, gives, sizeof gives), dtype_info[t->dtype].name,
		shape_text(&t->shape, written, sizeof written));
	return false;
}

/* After the id. */
static bool
read_node(struct reader *r, name id)
{
	struct scan *s = &r->s;
	struct loc loc = scan_loc(s);
	name text, label;
	enum op op;
	struct attrs attrs;
	struct annot *annots = NULL;
	struct type t;
	char why[WHY_SIZE];
	if (!scan_string(s, &text) || !scan_need(s, '='))
		return false;
	label = text;
	if (s->kind != SCAN_WORD || !op_lookup(s->text, &op))
		return scan_expected(s, "an operation");
	loc.end = scan_loc(s).end;
	scan_next(s);
	if (!read_operands(r) || !read_attrs(s, op, &attrs) || !read_annots(s, &annots)
	    || (scan_accept_word(s, "label") && !scan_string(s, &label)) || !read_type(r, &t))
		return false;
	struct node *n = graph_add(r->g, op, text, r->operands.v, (int)r->operands.n, &attrs, &t.quant, loc, why);
	if (!n) {
		diag_error(s->diag, loc, "%s", why);
		return false;
	}
	n->annots = annots;
	n->label = label;
	define(r, id, n->out, t.view);
	return type_agrees(r, n, &t);
}

/* ---- lines ---- */

static bool
read_output(struct reader *r)
{
	struct scan *s = &r->s;
	struct tensor *t;
	name text, id;
	if (!scan_string(s, &text) || !scan_need(s, '='))
		return false;
	struct loc loc = scan_loc(s);
	if (!scan_id(s, &id) || !find(r, id, loc, &t))
		return false;
	graph_output(r->g, text, t);
	return true;
}

static bool
read_header(struct reader *r)
{
	struct scan *s = &r->s;
	if (!scan_accept_word(s, "graph"))
		return scan_expected(s, "'graph'");
	if (s->kind != SCAN_WORD && s->kind != SCAN_STRING)
		return scan_expected(s, "the graph's name");
	r->g = graph_new(s->arena, s->names, s->text);
	r->g->loc = scan_loc(s);
	scan_next(s);
	r->aliased = scan_accept_word(s, "aliased");
	return true;
}

/* A line that defines a tensor: "input %0 ...", "const %1 ...", "%2 ...". */
static bool
read_definition(struct reader *r)
{
	struct scan *s = &r->s;
	bool is_const = scan_accept_word(s, "const"), is_leaf = is_const || scan_accept_word(s, "input");
	struct loc loc = scan_loc(s);
	name id;
	if (!is_leaf && s->kind != SCAN_ID)
		return scan_expected(s, "input, const, output or a tensor such as %3");
	if (!scan_id(s, &id))
		return false;
	if (map_get(r->by_id, id)) {
		diag_error(s->diag, loc, "%s is defined twice", id);
		return false;
	}
	map_put(r->by_id, id, &r->failed);
	return is_leaf ? read_leaf(r, id, is_const) : read_node(r, id);
}

static void
read_line(struct reader *r)
{
	struct scan *s = &r->s;
	bool ok = !r->g ? read_header(r) : scan_accept_word(s, "output") ? read_output(r) : read_definition(r);
	if (ok && s->kind != SCAN_LINE && s->kind != SCAN_END)
		scan_expected(s, "the end of the line");
	while (s->kind != SCAN_LINE && s->kind != SCAN_END)
		scan_next(s);
}

/* ---- the whole ---- */

/* Bases are known once every line is read. */
static void
apply_views(struct reader *r)
{
	for (size_t i = 0; r->aliased && i < r->views.n; i++) {
		const struct view *v = &r->views.v[i];
		struct tensor *t = v->tensor, *base = t;
		if (v->base && !find(r, v->base, v->loc, &base))
			continue;
		t->base = base;
		t->offset = v->offset;
		t->pitch = v->base ? (int32_t)v->pitch : t->shape.rank ? t->shape.dim[t->shape.rank - 1] : 1;
	}
}

struct graph *
graph_read(struct arena *arena, struct intern *names, struct diag *diag, const struct source *source)
{
	struct reader r = { .s = { .arena = arena, .names = names, .diag = diag, .source = source, .p = source->text },
		.by_id = map_new(arena) };
	int errors = diag->errors;
	char why[WHY_SIZE];
	struct loc loc;
	for (scan_next(&r.s); r.s.kind != SCAN_END && (r.g || diag->errors == errors); ) {
		if (r.s.kind != SCAN_LINE)
			read_line(&r);
		if (r.s.kind == SCAN_LINE)
			scan_next(&r.s);
	}
	if (!r.g && diag->errors == errors)
		diag_error(diag, (struct loc){ source->base, source->base }, "the text holds no graph");
	if (diag->errors != errors)
		return NULL;
	apply_views(&r);
	graph_tidy(r.g);
	if (diag->errors == errors && graph_broken(r.g, why, &loc))
		diag_error(diag, loc, "%s", why);
	return diag->errors == errors ? r.g : NULL;
}
