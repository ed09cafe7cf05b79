/* Constants as operands of add, sub and mul: numbers, lists and files become tensors of the other operand's type, quantised
 * beside an i8 value. */
#include <config.h>
#include <math.h>
#include <string.h>
#include "ir/quant.h"
#include "sema/call.h"

/* The operand's values in f32 (or i8 as a file has them). */
static bool
operand_values(struct sema *s, struct call *c, const struct operand *o, const struct tensor *x, const char *what,
	struct blob *b)
{
	struct value v = o->value;
	uint64_t seed;

	if (v.kind != VAL_SOURCE && v.kind != VAL_LIST && !value_is_number(v)) {
		sema_error(s, o->loc, "'%s' takes values of the network, numbers, lists or files, found %s", op_info[c->op].name,
			value_text(s, v));
		return false;
	}
	if (v.kind != VAL_SOURCE) {
		if (!source_read_list(s, v, DT_F32, o->loc, b))
			return false;
		if (b->shape.rank == 0)
			b->shape = (struct shape){ .rank = 1, .dim = { 1 } };
		return true;
	}
	enum found found = bind_source(s, v.u.source, b, &seed);
	if (found != FOUND_RANDOM)
		return found == FOUND_VALUES;
	*b = (struct blob){ .dtype = DT_F32, .shape = { .rank = 1, .dim = { channels_of(x) } } };
	if (o->type && o->type->has_dims && !type_shape(s, o->type, &b->shape))
		return false;
	float *data = bind_random(s, c, shape_count(&b->shape), DT_F32);
	if (!data)
		return false;
	random_weights(DT_F32, shape_count(&b->shape), 3, seed, bind_name(s, c, what), data);
	b->data = data;
	return true;
}

/* Without a written scale: the largest magnitude becomes 127. */
static struct quant
derive_quant(struct sema *s, const struct blob *b)
{
	float *scale = ARENA_NEW(s->arena, float), most = 0;

	for (int64_t i = 0; i < shape_count(&b->shape); i++)
		most = fmaxf(most, fabsf(((const float *)b->data)[i]));
	*scale = most / 127 > 0 ? most / 127 : 1;
	return (struct quant){ .count = 1, .scale = scale };
}

static const void *
quantise(struct sema *s, const struct blob *b, const struct quant *quant)
{
	int64_t count = shape_count(&b->shape);
	int8_t *data = ARENA_ARRAY(s->arena, int8_t, (size_t)count);

	for (int64_t i = 0; i < count; i++)
		data[i] = (int8_t)value_quantise(((const float *)b->data)[i], quant, DT_I8);
	return data;
}

/* The scale of the operand, written or derived, and its elements in X's type; false after an error. */
static bool
operand_quant(struct sema *s, const struct operand *o, const struct tensor *x, struct blob *b, struct quant *quant)
{
	if (!type_quant(s, o->type, x->dtype, quant))
		return false;
	if (b->dtype != DT_F32 && (x->dtype != DT_I8 || b->dtype != DT_I8)) {
		sema_error(s, o->loc, "%s is %s, but the other operand '%s' is %s", b->what, dtype_info[b->dtype].name, x->name,
			dtype_info[x->dtype].name);
		return false;
	}
	if (b->dtype == DT_I8 && !quant->count) {
		sema_error(s, o->loc, "%s is i8 and needs its scale: file(\"...\") : i8 scale 0.05 zero 0", b->what);
		return false;
	}
	if (x->dtype != DT_I8 || b->dtype == DT_I8)
		return true;
	if (!quant->count)
		*quant = derive_quant(s, b);
	b->data = quantise(s, b, quant);
	return true;
}

struct tensor *
bind_operand(struct sema *s, struct call *c, const struct operand *o, const char *what, const struct tensor *x)
{
	struct blob b;
	struct quant quant;

	if (!operand_values(s, c, o, x, what, &b) || !operand_quant(s, o, x, &b, &quant))
		return NULL;
	struct tensor *t = bind_const(s, c, what, x->dtype, &b.shape, &quant, b.data, o->loc);
	if (o->type)
		type_check(s, o->type, t);
	return t;
}
