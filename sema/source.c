/* Where the values of constants come from: tensors of a weights file, .npy files, seeds, and lists in the text. */
#include <config.h>
#include <math.h>
#include <string.h>
#include "sema/call.h"

enum { LIST_MAX = 1 << 24 }; /* values of a list in the text; constants can multiply it */

static const char *const source_names[] = { "file", "tensor", "random" };

bool
source_is_function(name callee)
{
	for (size_t i = 0; i < sizeof source_names / sizeof *source_names; i++)
		if (strcmp(callee, source_names[i]) == 0)
			return true;
	return false;
}

struct value
source_function(struct sema *s, const struct ast_expr *call)
{
	const struct ast_arg *arg = call->u.call.args;
	name callee = call->u.call.callee;
	struct data_source *source = ARENA_NEW(s->arena, struct data_source);
	bool random = callee[0] == 'r';
	int64_t seed;

	source->kind = random ? SOURCE_RANDOM : callee[0] == 'f' ? SOURCE_FILE : SOURCE_TENSOR;
	source->loc = call->loc;
	if (!arg || arg->next || arg->key) {
		sema_error(s, call->loc, "'%s' takes one argument, %s", callee, random ? "the seed" : "a name in quotes");
		return VALUE_ERROR;
	}
	if (random) {
		if (!eval_int(s, arg->value, "a seed", 0, INT64_MAX, &seed))
			return VALUE_ERROR;
		source->seed = (uint64_t)seed;
	} else {
		struct value v = eval_const(s, arg->value);

		if (v.kind == VAL_ERROR)
			return v;
		if (v.kind != VAL_STRING) {
			sema_error(s, arg->value->loc, "'%s' takes a name in quotes, found %s", callee, value_text(s, v));
			return VALUE_ERROR;
		}
		source->text = intern_n(s->names, v.u.str.s, v.u.str.len);
	}
	return (struct value){ .kind = VAL_SOURCE, .u.source = source };
}

bool
eval_prefix(struct sema *s, const struct ast_arg *arg, const char **prefix)
{
	struct value v = eval_const(s, arg->value);

	if (v.kind == VAL_STRING) {
		*prefix = v.u.str.s;
		return true;
	}
	if (v.kind != VAL_ERROR)
		sema_error(s, arg->value->loc, "'weights' takes the prefix of names in quotes, found %s", value_text(s, v));
	return false;
}

/* ---- weights files ---- */

static void
open_file(struct sema *s, const char *text, const struct ast_item *item, bool oihw)
{
	const char *path = load_data_path(s, text, item->loc);
	struct weights_opened *o = ARENA_NEW(s->arena, struct weights_opened);
	const char *why = safetensors_open(&o->file, s->arena, s->names, path);

	if (why) {
		sema_error(s, item->value->loc, "cannot read weights '%s': %s", path, why);
		s->weights_failed = true;
		return;
	}
	o->oihw = oihw;
	o->loc = item->value->loc;
	*s->last_weights = o;
	s->last_weights = &o->next;
}

void
source_open(struct sema *s)
{
	s->random = s->ctx->opts->random_weights;
	s->seed = s->ctx->opts->seed;
	for (size_t i = 0; i < s->weights.n; i++) {
		const struct ast_item *item = s->weights.v[i];
		bool oihw = item->layout && strcmp(item->layout, "oihw") == 0;
		struct value v = eval_const(s, item->value);

		if (item->layout && !oihw && strcmp(item->layout, "ohwi") != 0)
			sema_error(s, item->layout_loc, "layout is ohwi or oihw, not '%s'", item->layout);
		s->oihw = s->oihw || oihw;
		if (s->ctx->opts->random_weights || v.kind == VAL_ERROR) {
			s->weights_failed = s->weights_failed || v.kind == VAL_ERROR;
		} else if (v.kind == VAL_SOURCE && v.u.source->kind == SOURCE_RANDOM) {
			s->random = true;
			s->seed = v.u.source->seed;
		} else if (v.kind == VAL_STRING) {
			open_file(s, v.u.str.s, item, oihw);
		} else {
			sema_error(s, item->value->loc, "weights come from a safetensors file, \"NAME\", or from random(SEED)");
			s->weights_failed = true;
		}
	}
}

struct weight *
source_find(const struct sema *s, name tensor, const struct weights_opened **in)
{
	for (struct weights_opened *o = s->ctx->files; o; o = o->next) {
		struct weight *w = weight_find(&o->file, tensor);

		if (w) {
			*in = o;
			return w;
		}
	}
	return NULL;
}

void
source_missing(struct sema *s, struct loc loc, name tensor)
{
	ARRAY(const char *) names = { 0 };

	if (s->weights_failed)
		return; /* an unreadable file was reported */
	if (!s->ctx->files) {
		if (!s->no_weights_reported) {
			sema_error(s, loc, "'%s' is needed, but the file names no weights", tensor);
			sema_note(s, loc, "write weights \"FILE.safetensors\"; or use --random-weights");
		}
		s->no_weights_reported = true;
		return;
	}
	sema_error(s, loc, "there is no tensor '%s' in '%s'%s", tensor, path_base(s->ctx->files->file.path),
		s->ctx->files->next ? " or the other weights files" : "");
	if (!sema_explains(s))
		return;
	for (struct weights_opened *o = s->ctx->files; o; o = o->next)
		for (int i = 0; i < o->file.count; i++)
			ARRAY_PUSH(s->arena, names, o->file.list[i].name);
	sema_suggest(s, loc, tensor, names.v, names.n);
}

bool
source_read_tensor(struct sema *s, name tensor, struct loc loc, struct blob *b)
{
	char why[WHY_SIZE];
	const struct weights_opened *in;
	struct weight *w = source_find(s, tensor, &in);

	if (!w) {
		source_missing(s, loc, tensor);
		return false;
	}
	w->used = true;
	if (!w->data)
		w->data = weight_data(s->arena, w, why, sizeof why);
	if (!w->data) {
		sema_error(s, loc, "'%s' of '%s': %s", tensor, path_base(in->file.path), why);
		return false;
	}
	*b = (struct blob){ .dtype = w->dtype, .shape = w->shape, .data = w->data, .tensor = tensor, .oihw = in->oihw,
		.what = arena_printf(s->arena, "'%s' of '%s'", tensor, path_base(in->file.path)) };
	return true;
}

/* Integers that no layer could read, counters and shapes, are no news. */
static bool
is_news(const struct weight *w)
{
	const char *dot = strrchr(w->name, '.');

	return !w->used && (w->dtype != DT_I32 || (dot && strcmp(dot, ".bias") == 0));
}

/* One warning for all: a misspelt bias is no error, so what nothing reads must be told. */
void
source_warn_unused(struct sema *s)
{
	for (struct weights_opened *o = s->ctx->files; o; o = o->next) {
		const struct weight *first = NULL;
		int n = 0;

		for (int i = 0; i < o->file.count; i++)
			if (is_news(&o->file.list[i])) {
				first = first ? first : &o->file.list[i];
				n++;
			}
		if (n == 1)
			diag_warning(s->diag, WARN_UNUSED_WEIGHT, o->loc, "no layer reads '%s'", first->name);
		else if (n > 1)
			diag_warning(s->diag, WARN_UNUSED_WEIGHT, o->loc, "no layer reads '%s', nor %d other tensor%s", first->name,
				n - 1, n == 2 ? "" : "s");
	}
}

/* ---- .npy files ---- */

bool
source_read_file(struct sema *s, name text, struct loc loc, struct blob *b)
{
	const char *path = load_data_path(s, text, loc);
	name key = intern(s->names, path);
	struct npy *npy = map_get(s->npy, key);

	if (!npy) {
		npy = ARENA_NEW(s->arena, struct npy);
		const char *why = npy_read(npy, s->arena, path);

		if (why) {
			sema_error(s, loc, "cannot read '%s': %s", path, why);
			return false;
		}
		map_put(s->npy, key, npy);
	}
	*b = (struct blob){ .dtype = npy->dtype, .shape = npy->shape, .data = npy->data, .oihw = s->oihw,
		.what = arena_printf(s->arena, "'%s'", text) };
	return true;
}

/* ---- lists ---- */

/* The shape of a nested list: that of its first items; false when it is deeper than a tensor can be. */
static bool
list_shape(struct sema *s, struct value v, struct loc loc, struct shape *shape)
{
	shape->rank = 0;
	while (v.kind == VAL_LIST) {
		if (shape->rank == RANK_MAX) {
			sema_error(s, loc, "lists nest deeper than %d", RANK_MAX);
			return false;
		}
		if (v.u.list.n == 0 || v.u.list.n > INT32_MAX) {
			sema_error(s, loc, "an empty list has no values");
			return false;
		}
		shape->dim[shape->rank++] = (int32_t)v.u.list.n;
		v = v.u.list.v[0];
	}
	const char *why = shape_check(shape);
	if (!why && shape_count(shape) <= LIST_MAX)
		return true;
	sema_error(s, loc, "the list has more than %d values", LIST_MAX);
	return false;
}

struct fill {
	struct sema *s;
	struct loc loc;
	const struct shape *shape;
	enum dtype dtype;
	unsigned char *data;
	int64_t at;
};

static bool
store(struct fill *f, struct value v)
{
	const struct dtype_info *info = &dtype_info[f->dtype];

	if (f->dtype == DT_F32 && value_is_number(v)) {
		float x = (float)value_number(v);

		if (!isfinite(x)) {
			sema_error(f->s, f->loc, "%.9g does not fit a 32-bit float", value_number(v));
			return false;
		}
		((float *)f->data)[f->at++] = x;
		return true;
	}
	if (v.kind != VAL_INT) {
		if (v.kind != VAL_ERROR)
			sema_error(f->s, f->loc, "%s values are %s, found %s", info->name,
				f->dtype == DT_F32 ? "numbers" : "integers", value_text(f->s, v));
		return false;
	}
	if (v.u.i < info->lo || v.u.i > info->hi) {
		sema_error(f->s, f->loc, "%s values are from %d to %d, found %lld", info->name, info->lo, info->hi,
			(long long)v.u.i);
		return false;
	}
	if (f->dtype == DT_I8)
		((int8_t *)f->data)[f->at++] = (int8_t)v.u.i;
	else if (f->dtype == DT_I32)
		((int32_t *)f->data)[f->at++] = (int32_t)v.u.i;
	else
		die("list of %s", info->name);
	return true;
}

static bool
fill(struct fill *f, struct value v, int depth)
{
	if (depth == f->shape->rank)
		return store(f, v);
	if (v.kind != VAL_LIST || v.u.list.n != f->shape->dim[depth]) {
		if (v.kind != VAL_ERROR)
			sema_error(f->s, f->loc, "the lists have unequal lengths: %d and then %s", f->shape->dim[depth],
				value_text(f->s, v));
		return false;
	}
	for (int64_t i = 0; i < v.u.list.n; i++)
		if (!fill(f, v.u.list.v[i], depth + 1))
			return false;
	return true;
}

bool
source_read_list(struct sema *s, struct value v, enum dtype dtype, struct loc loc, struct blob *b)
{
	*b = (struct blob){ .dtype = dtype, .what = "the list", .literal = true };
	if (!list_shape(s, v, loc, &b->shape))
		return false;
	struct fill f = { .s = s, .loc = loc, .shape = &b->shape, .dtype = dtype };
	f.data = arena_array(s->arena, (size_t)shape_count(&b->shape), (size_t)dtype_info[dtype].bytes);
	b->data = f.data;
	return fill(&f, v, 0);
}
