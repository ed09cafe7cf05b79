/* The constants of a layer: which tensor each is, whether its shape and type fit the attributes and the input, and
 * its elements in the order that the graph uses (output channel first; depthwise [kh, kw, out]). */
#include <config.h>
#include <math.h>
#include <string.h>
#include "sema/call.h"

/* Where the dimensions of a stored weight are; -1: not there.  Other dimensions are 1. */
struct layout {
	int rank, out, kh, kw, in;
	const char *text;
};
static const struct layout conv_ohwi = { 4, 0, 1, 2, 3, "[out, kh, kw, in]" }, conv_oihw = { 4, 0, 2, 3, 1, "[out, in, kh, kw]" },
	depth_ohwi = { 3, 2, 0, 1, -1, "[kh, kw, out]" }, depth_oihw = { 4, 0, 2, 3, -1, "[out, 1, kh, kw]" },
	transposed_oihw = { 4, 1, 2, 3, 0, "[in, out, kh, kw]" }, dense_layout = { 2, 0, -1, -1, 1, "[out, in]" };

static const struct layout *
layout_of(enum op op, bool oihw)
{
	if (op == OP_DENSE)
		return &dense_layout;
	if (op == OP_DWCONV2D)
		return oihw ? &depth_oihw : &depth_ohwi;
	if (op == OP_TCONV2D && oihw)
		return &transposed_oihw;
	return oihw ? &conv_oihw : &conv_ohwi;
}

/* ---- finding ---- */

void *
bind_random(struct sema *s, const struct call *c, int64_t count, enum dtype dtype)
{
	s->random_bytes += count * dtype_info[dtype].bytes;
	if (s->random_bytes <= RANDOM_MAX)
		return arena_array(s->arena, (size_t)count, (size_t)dtype_info[dtype].bytes);
	sema_error(s, c->loc, "the network needs more than %d bytes of random weights", RANDOM_MAX);
	s->stopped = true;
	return NULL;
}

name
bind_name(struct sema *s, const struct call *c, const char *what)
{
	size_t len = strlen(c->wname);
	const char *dot = len > 0 && c->wname[len - 1] != '.' ? "." : "";

	return intern_printf(s->names, "%s%s%s", c->wname, dot, what);
}

struct tensor *
bind_const(struct sema *s, const struct call *c, const char *what, enum dtype dtype, const struct shape *shape,
	const struct quant *quant, const void *data, struct loc loc)
{
	char text[SHAPE_TEXT];
	bool one = quant && quant->count == 1;
	const void *scales = quant && quant->count > 1 ? quant->scale : NULL;
	name key = intern_printf(s->names, "%p %s %a %d %p", data, shape_text(shape, text, sizeof text),
		one ? (double)*quant->scale : 0, one ? quant->zero : 0, scales);
	struct tensor *t = map_get(s->constants, key);

	if (t)
		return t;
	t = graph_const(s->graph, path_unique(s, arena_printf(s->arena, "%s.%s", c->path, what)), dtype, shape, quant, data, loc);
	map_put(s->constants, key, t);
	return t;
}

enum found
bind_source(struct sema *s, const struct data_source *source, struct blob *b, uint64_t *seed)
{
	*seed = source->kind == SOURCE_RANDOM ? source->seed : s->seed;
	if (source->kind == SOURCE_RANDOM || s->random)
		return FOUND_RANDOM;
	if (source->kind == SOURCE_FILE)
		return source_read_file(s, source->text, source->loc, b) ? FOUND_VALUES : FOUND_FAILED;
	return source_read_tensor(s, source->text, source->loc, b) ? FOUND_VALUES : FOUND_FAILED;
}

static enum found
from_argument(struct sema *s, const struct ast_arg *arg, enum dtype dtype, struct blob *b, uint64_t *seed)
{
	struct value v = eval_const(s, arg->value);

	if (v.kind == VAL_ERROR)
		return FOUND_FAILED;
	if (v.kind == VAL_WORD && strcmp(v.u.word, "none") == 0)
		return FOUND_NONE;
	if (v.kind == VAL_SOURCE)
		return bind_source(s, v.u.source, b, seed);
	if (v.kind == VAL_LIST || value_is_number(v))
		return source_read_list(s, v, dtype, arg->value->loc, b) ? FOUND_VALUES : FOUND_FAILED;
	sema_error(s, arg->value->loc, "'%s' takes a list, file(), tensor() or random(), found %s", arg->key, value_text(s, v));
	return FOUND_FAILED;
}

/* The values of WHAT ("weight"), which are to be of type DTYPE: the argument's, else those of the layer's path. */
static enum found
find(struct sema *s, struct call *c, const char *what, const struct ast_arg *arg, enum dtype dtype, bool optional,
	struct blob *b, uint64_t *seed)
{
	const struct weights_opened *in;
	name tensor = bind_name(s, c, what);
	struct loc loc = c->prefix_arg ? c->prefix_arg->loc : c->loc;

	*seed = s->seed;
	if (arg)
		return from_argument(s, arg, dtype, b, seed);
	if (s->random)
		return FOUND_RANDOM;
	if (optional && !source_find(s, tensor, &in))
		return FOUND_NONE;
	return source_read_tensor(s, tensor, loc, b) ? FOUND_VALUES : FOUND_FAILED;
}

static struct loc
place_of(const struct call *c, const struct ast_arg *arg)
{
	return arg ? arg->value->loc : c->loc;
}

static bool
check_dtype(struct sema *s, struct loc loc, const struct blob *b, enum dtype want, const char *because)
{
	if (b->dtype == want)
		return true;
	sema_error(s, loc, "%s is %s, but %s needs %s", b->what, dtype_info[b->dtype].name, because, dtype_info[want].name);
	return false;
}

/* ---- the weight ---- */

/* Take what the call leaves open from the stored shape SHAPE. */
static void
complete(struct call *c, const struct layout *l, const struct shape *shape)
{
	int32_t in = channels_of(c->in.v[0]);

	if (c->op != OP_DWCONV2D && !call_wrote(c, ATTR_OUT))
		c->attr.out = shape->dim[l->out];
	if (c->op != OP_DENSE && !call_wrote(c, ATTR_KERNEL)) {
		c->attr.kernel[0] = shape->dim[l->kh];
		c->attr.kernel[1] = shape->dim[l->kw];
	}
	if (c->op == OP_DWCONV2D && !call_wrote(c, ATTR_MULTIPLIER) && shape->dim[l->out] % in == 0)
		c->attr.multiplier = shape->dim[l->out] / in;
}

/* The stored shape that the attributes and the input ask for; false after an error. */
static bool
expected_shape(struct sema *s, const struct call *c, const struct layout *l, struct shape *want)
{
	int32_t in = channels_of(c->in.v[0]), groups = c->op == OP_CONV2D ? c->attr.groups : 1;
	int64_t out = c->op == OP_DWCONV2D ? (int64_t)in * c->attr.multiplier : c->attr.out;

	if (in % groups || out % groups) {
		sema_error(s, call_attr_loc(c, ATTR_GROUPS), "%lld %s channels do not divide into %d groups", in % groups ? (long long)in : (long long)out,
			in % groups ? "input" : "output", groups);
		return false;
	}
	*want = (struct shape){ .rank = l->rank };
	for (int i = 0; i < l->rank; i++)
		want->dim[i] = 1;
	want->dim[l->out] = out > INT32_MAX ? INT32_MAX : (int32_t)out;
	if (l->kh >= 0) {
		want->dim[l->kh] = c->attr.kernel[0];
		want->dim[l->kw] = c->attr.kernel[1];
	}
	if (l->in >= 0)
		want->dim[l->in] = in / groups;
	const char *why = shape_check(want);
	if (!why)
		return true;
	char text[SHAPE_TEXT];
	sema_error(s, c->loc, "no weight can be %s: %s", shape_text(want, text, sizeof text), why);
	return false;
}

/* A depthwise weight of TensorFlow has a first dimension of 1. */
static void
drop_leading_one(const struct call *c, const struct layout *l, struct shape *shape)
{
	if (c->op != OP_DWCONV2D || l != &depth_ohwi || shape->rank != 4 || shape->dim[0] != 1)
		return;
	shape->rank = 3;
	memmove(shape->dim, shape->dim + 1, 3 * sizeof *shape->dim);
}

static bool
fits_other_layout(const struct call *c, const struct blob *b)
{
	const struct layout *other = layout_of(c->op, !b->oihw);
	struct shape stored = b->shape;
	int32_t in = channels_of(c->in.v[0]);

	if (c->op == OP_DENSE || b->literal)
		return false;
	drop_leading_one(c, other, &stored);
	if (stored.rank != other->rank || (other->in >= 0 && stored.dim[other->in] != in / c->attr.groups))
		return false;
	if (call_wrote(c, ATTR_OUT) && stored.dim[other->out] != c->attr.out)
		return false;
	return !call_wrote(c, ATTR_KERNEL)
		|| (stored.dim[other->kh] == c->attr.kernel[0] && stored.dim[other->kw] == c->attr.kernel[1]);
}

static void
wrong_shape(struct sema *s, const struct call *c, struct loc loc, const struct blob *b, const struct shape *want,
	const struct layout *l)
{
	char found[SHAPE_TEXT], wanted[SHAPE_TEXT];

	sema_error(s, loc, "%s is %s, but '%s' needs %s%s%s", b->what, shape_text(&b->shape, found, sizeof found),
		op_info[c->op].name, l->text, want ? " = " : "", want ? shape_text(want, wanted, sizeof wanted) : "");
	if (fits_other_layout(c, b))
		sema_note(s, loc, "in layout %s it would fit: weights \"FILE\" layout %s;", b->oihw ? "ohwi" : "oihw",
			b->oihw ? "ohwi" : "oihw");
}

/* Elements of DATA, of shape FROM, with its dimensions in the order PERM. */
static const void *
permute(struct sema *s, const void *data, const struct shape *from, const int *perm, int rank, size_t bytes)
{
	int64_t count = shape_count(from), stride[RANK_MAX] = { 0 }, step = 1;
	unsigned char *to = arena_array(s->arena, (size_t)count, bytes);
	int32_t at[RANK_MAX] = { 0 };

	for (int i = from->rank; i-- > 0; step *= from->dim[i])
		stride[i] = step;
	int64_t offset = 0;
	for (int64_t k = 0; k < count; k++) {
		memcpy(to + (size_t)k * bytes, (const unsigned char *)data + (size_t)offset * bytes, bytes);
		for (int i = rank; i-- > 0;) {
			offset += stride[perm[i]];
			if (++at[i] < from->dim[perm[i]])
				break;
			offset -= (int64_t)at[i] * stride[perm[i]];
			at[i] = 0;
		}
	}
	return to;
}

/* The weight's elements and shape as the graph has them. */
static const void *
arrange(struct sema *s, const struct call *c, const struct layout *l, const struct blob *b, const struct shape *stored,
	struct shape *shape)
{
	int perm[RANK_MAX], rank = 0;
	bool sorted = true;

	if (c->op == OP_DWCONV2D) {
		perm[rank++] = l->kh;
		perm[rank++] = l->kw;
		perm[rank++] = l->out;
	} else {
		perm[rank++] = l->out;
		if (l->kh >= 0) {
			perm[rank++] = l->kh;
			perm[rank++] = l->kw;
		}
		perm[rank++] = l->in;
	}
	*shape = (struct shape){ .rank = rank };
	for (int i = 0; i < rank; i++) {
		shape->dim[i] = stored->dim[perm[i]];
		sorted = sorted && (i == 0 || perm[i] > perm[i - 1]);
	}
	if (sorted)
		return b->data;
	name key = intern_printf(s->names, "%p %s", b->data, l->text);
	const void *data = map_get(s->arranged, key);
	if (!data) {
		data = permute(s, b->data, stored, perm, rank, (size_t)dtype_info[b->dtype].bytes);
		map_put(s->arranged, key, (void *)data);
	}
	return data;
}

static int64_t
fan_in(const struct call *c, const struct shape *canonical)
{
	int64_t out = c->op == OP_DWCONV2D ? canonical->dim[2] : canonical->dim[0];

	return shape_count(canonical) / out;
}

/* Seeded values of the shape that the call states; what stands in for a weight that was found wanting, too, so that
 * the layers after it can be checked. */
static bool
random_weight(struct sema *s, struct call *c, enum dtype dtype, uint64_t seed, struct shape *shape, const void **data)
{
	if (!expected_shape(s, c, layout_of(c->op, false), shape))
		return false;
	void *values = bind_random(s, c, shape_count(shape), dtype);
	if (!values)
		return false;
	random_weights(dtype, shape_count(shape), fan_in(c, shape), seed, bind_name(s, c, "weight"), values);
	*data = values;
	return true;
}

/* Whether the call itself says the weight's shape; if not, which attribute is missing. */
static bool
states_shape(const struct call *c, const char **missing)
{
	*missing = c->op != OP_DWCONV2D && !call_wrote(c, ATTR_OUT) ? "out"
		: c->op != OP_DENSE && !call_wrote(c, ATTR_KERNEL) ? "kernel" : NULL;
	return !*missing;
}

static bool
stored_weight(struct sema *s, struct call *c, const struct blob *b, enum dtype dtype, struct shape *shape, const void **data)
{
	const struct layout *l = layout_of(c->op, b->oihw);
	struct loc loc = place_of(c, c->bound[1]);
	struct shape stored = b->shape, want;

	drop_leading_one(c, l, &stored);
	if (stored.rank != l->rank) {
		wrong_shape(s, c, loc, b, NULL, l);
		return false;
	}
	complete(c, l, &stored);
	if (c->attr.kernel[0] == KERNEL_ALL)
		memcpy(c->attr.kernel, c->in.v[0]->shape.dim, sizeof c->attr.kernel);
	if (!expected_shape(s, c, l, &want))
		return false;
	if (!shape_equal(&want, &stored)) {
		wrong_shape(s, c, loc, b, &want, l);
		return false;
	}
	if (!check_dtype(s, loc, b, dtype, dtype == DT_I8 ? "a layer of an i8 value" : "a layer of an f32 value"))
		return false;
	*data = arrange(s, c, l, b, &stored, shape);
	return true;
}

/* ---- the weight's scales ---- */

static bool
check_scales(struct sema *s, struct loc loc, const struct blob *b, int32_t out)
{
	char text[SHAPE_TEXT];
	int64_t count = shape_count(&b->shape);
	const float *scale = b->data;

	if (!check_dtype(s, loc, b, DT_F32, "'weight_scale'"))
		return false;
	if (b->shape.rank > 1 || (count != 1 && count != out)) {
		sema_error(s, loc, "%s is %s, but 'weight_scale' has 1 value or one for each of the %d output channels", b->what,
			shape_text(&b->shape, text, sizeof text), out);
		return false;
	}
	for (int64_t i = 0; i < count; i++)
		if (!(scale[i] > 0)) {
			sema_error(s, loc, "%s has the scale %.9g for output channel %lld; scales are above 0", b->what,
				(double)scale[i], (long long)i);
			return false;
		}
	return true;
}

/* The scales of the weight WEIGHT: those of its own tensor's name, else of the layer's path.  After an error random ones
 * stand in; false when there is no room for them. */
static bool
weight_scales(struct sema *s, struct call *c, const struct blob *weight, int32_t out, int64_t fan, struct quant *quant)
{
	struct blob b;
	uint64_t seed = s->seed;
	enum found found;

	if (weight->tensor && !c->scale)
		found = source_read_tensor(s, intern_printf(s->names, "%s_scale", weight->tensor), place_of(c, c->bound[1]), &b)
			? FOUND_VALUES : FOUND_FAILED;
	else
		found = find(s, c, "weight_scale", c->scale, DT_F32, false, &b, &seed);
	if (found == FOUND_NONE)
		sema_error(s, c->scale->value->loc, "an i8 weight needs a scale");
	if (found == FOUND_VALUES && check_scales(s, place_of(c, c->scale), &b, out)) {
		*quant = (struct quant){ .count = (int)shape_count(&b.shape), .scale = b.data };
		return true;
	}
	float *scale = bind_random(s, c, out, DT_F32);
	if (!scale)
		return false;
	random_scales(out, fan, seed, bind_name(s, c, "weight_scale"), scale);
	*quant = (struct quant){ .count = out, .scale = scale };
	return true;
}

static bool
bind_weight(struct sema *s, struct call *c)
{
	const struct ast_arg *arg = c->bound[1];
	enum dtype dtype = c->in.v[0]->dtype;
	struct blob b = { 0 };
	struct quant quant = { 0 };
	struct shape shape;
	const void *data;
	const char *missing;
	uint64_t seed;
	enum found found = find(s, c, "weight", arg, dtype, false, &b, &seed);
	bool stored = found == FOUND_VALUES && stored_weight(s, c, &b, dtype, &shape, &data);

	if (found == FOUND_NONE)
		sema_error(s, arg->value->loc, "'%s' cannot do without a weight", op_info[c->op].name);
	if (!stored && !states_shape(c, &missing)) {
		if (found == FOUND_RANDOM)
			sema_error(s, c->loc, "'%s' needs '%s': random weights have no shape of their own", op_info[c->op].name, missing);
		return false;
	}
	if (!stored && !random_weight(s, c, dtype, seed, &shape, &data))
		return false;
	int axis = c->op == OP_DWCONV2D ? 2 : 0;
	if (dtype == DT_I8 && !weight_scales(s, c, &b, shape.dim[axis], fan_in(c, &shape), &quant))
		return false;
	quant.axis = axis;
	if (dtype != DT_I8 && c->scale)
		sema_error(s, c->scale->loc, "'weight_scale' is for i8, and '%s' is f32", c->in.v[0]->name);
	ARRAY_PUSH(s->arena, c->in, bind_const(s, c, "weight", dtype, &shape, &quant, data, c->expr->loc));
	return true;
}

/* ---- vectors ---- */

static const void *
random_vector(struct sema *s, const struct call *c, const char *what, enum dtype dtype, int32_t count, uint64_t seed)
{
	void *data = bind_random(s, c, count, dtype);

	if (!data)
		return NULL;
	random_weights(dtype, count, 1, seed, bind_name(s, c, what), data);
	if (strcmp(what, "running_var") == 0)
		for (int32_t i = 0; i < count; i++)
			((float *)data)[i] = 0.5f + fabsf(((float *)data)[i]);
	return data;
}

static bool
check_vector(struct sema *s, const struct call *c, const struct ast_arg *arg, const char *what, const struct blob *b,
	enum dtype dtype, int32_t count)
{
	char text[SHAPE_TEXT];

	if (!check_dtype(s, place_of(c, arg), b, dtype, dtype == DT_I32 ? "a layer of an i8 value" : "a layer of an f32 value"))
		return false;
	if (b->shape.rank == 1 && b->shape.dim[0] == count)
		return true;
	sema_error(s, place_of(c, arg), "%s is %s, but '%s' has a value for each of the %d channels", b->what,
		shape_text(&b->shape, text, sizeof text), what, count);
	return false;
}

/* Input K of the layer, [COUNT]; one that is `none` or missing where it may be is left out, unless NEUTRAL, the value
 * that stands for it.  false when there is no room. */
static bool
bind_vector(struct sema *s, struct call *c, int k, enum dtype dtype, int32_t count, const float *neutral)
{
	bool bound;
	const char *what = op_input_name(c->op, k, &bound);
	const struct ast_arg *arg = c->bound[k];
	struct shape shape = { .rank = 1, .dim = { count } };
	struct blob b = { 0 };
	uint64_t seed;
	enum found found = find(s, c, what, arg, dtype, !neutral, &b, &seed);

	if (found == FOUND_NONE && !neutral)
		return true;
	if (found == FOUND_NONE) {
		float *data = ARENA_ARRAY(s->arena, float, (size_t)count);

		for (int32_t i = 0; i < count; i++)
			data[i] = *neutral;
		b.data = data;
	} else if (found != FOUND_VALUES || !check_vector(s, c, arg, what, &b, dtype, count)) {
		b.data = random_vector(s, c, what, dtype, count, seed);
		if (!b.data)
			return false;
	}
	ARRAY_PUSH(s->arena, c->in, bind_const(s, c, what, dtype, &shape, NULL, b.data, c->expr->loc));
	return true;
}

bool
bind_layer(struct sema *s, struct call *c)
{
	static const float neutral[INPUTS_MAX] = { 0, 1, 0, 0, 1 };
	const struct tensor *x = c->in.v[0];

	if (c->op == OP_BATCHNORM && x->dtype != DT_F32) {
		sema_error(s, c->operands.v[0].loc, "'batchnorm' takes f32, and '%s' is %s", x->name, dtype_info[x->dtype].name);
		return false;
	}
	if (c->op == OP_BATCHNORM) {
		for (int k = 1; k < op_info[c->op].max_inputs; k++)
			if (!bind_vector(s, c, k, DT_F32, channels_of(x), &neutral[k]))
				return false;
		return true;
	}
	if (!bind_weight(s, c))
		return false;
	const struct shape *w = &c->in.v[1]->shape;
	return bind_vector(s, c, 2, x->dtype == DT_F32 ? DT_F32 : DT_I32, c->op == OP_DWCONV2D ? w->dim[2] : w->dim[0], NULL);
}
