/* Values of files in any of their types -> values of ours.
 *
 * Raw data has no alignment, so it is read through memcpy.  Every float is checked: a NaN in a
 * weight would only show as a wrong result on the device. */
#include <config.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "weights/element.h"

enum element_id {
#define ELEMENT(id, st, npy, bytes, dtype) ELEMENT_##id,
#include "weights/elements.def"
#undef ELEMENT
	ELEMENT_COUNT
};

static const struct element elements[ELEMENT_COUNT] = {
#define ELEMENT(id, st, npy, bytes, dtype) [ELEMENT_##id] = { st, npy, bytes, DT_##dtype },
#include "weights/elements.def"
#undef ELEMENT
};

const struct element *
element_safetensors(const char *type)
{
	for (int i = 0; i < ELEMENT_COUNT; i++) {
		if (strcmp(elements[i].safetensors, type) == 0)
			return &elements[i];
	}
	return NULL;
}

const struct element *
element_npy(const char *descr)
{
	for (int i = 0; i < ELEMENT_COUNT; i++) {
		if (elements[i].npy[0] && strcmp(elements[i].npy, descr) == 0)
			return &elements[i];
	}
	return NULL;
}

int64_t
element_count(const struct shape *s)
{
	int64_t product = 1;
	bool empty = false;

	for (int i = 0; i < s->rank; i++) {
		empty |= s->dim[i] == 0;
		if (__builtin_mul_overflow(product, s->dim[i] ? s->dim[i] : 1, &product))
			return -1;
	}
	return empty ? 0 : product;
}

enum dtype
element_dtype(const struct element *e, const void *raw, int64_t count)
{
	const unsigned char *p = raw;
	unsigned char high = 0;

	if (e == &elements[ELEMENT_U8]) {
		for (int64_t i = 0; i < count; i++)
			high |= p[i];
	} else if (e == &elements[ELEMENT_U16]) {
		for (int64_t i = 0; i < count; i++)
			high |= p[2 * i + 1];
	}
	return high & 0x80 ? DT_I32 : e->dtype;
}

/* ---- floats ---- */

/* sign 1, exponent 5 (bias 15), fraction 10 */
static float
from_half(uint16_t h)
{
	int exponent = h >> 10 & 31, fraction = h & 1023;
	float magnitude;

	if (exponent == 31)
		magnitude = fraction ? NAN : INFINITY;
	else if (exponent == 0)
		magnitude = ldexpf((float)fraction, -24);
	else
		magnitude = ldexpf((float)(fraction | 1024), exponent - 25);
	return h & 0x8000 ? -magnitude : magnitude;
}

static float
from_bfloat(uint16_t h)
{
	uint32_t bits = (uint32_t)h << 16;
	float f;

	memcpy(&f, &bits, sizeof f);
	return f;
}

/* The index of the first NaN or infinity among COUNT floats at RAW, or -1.  Blocks of a fixed size are
 * tested without branches, so that compilers vectorise this. */
static int64_t
find_not_finite(const void *raw, int64_t count)
{
	enum { BLOCK = 1024 };
	const uint32_t exponent = 0x7f800000;
	uint32_t bits[BLOCK];

	for (int64_t done = 0; done < count; done += BLOCK) {
		int64_t n = count - done < BLOCK ? count - done : BLOCK;
		uint32_t bad = 0;

		memcpy(bits, (const char *)raw + done * 4, (size_t)n * 4);
		if (n < BLOCK)
			memset(bits + n, 0, (size_t)(BLOCK - n) * 4);
		for (int i = 0; i < BLOCK; i++)
			bad |= (bits[i] & exponent) == exponent;
		for (int64_t i = 0; bad && i < n; i++) {
			if ((bits[i] & exponent) == exponent)
				return done + i;
		}
	}
	return -1;
}

/* ---- reading one element ---- */

static double
float_at(enum element_id id, const char *raw, int64_t i)
{
	double d;
	float f;
	uint16_t h;

	if (id == ELEMENT_F64) {
		memcpy(&d, raw + i * 8, sizeof d);
		return d;
	}
	if (id == ELEMENT_F32) {
		memcpy(&f, raw + i * 4, sizeof f);
		return (double)f;
	}
	memcpy(&h, raw + i * 2, sizeof h);
	return (double)(id == ELEMENT_F16 ? from_half(h) : from_bfloat(h));
}

/* U64 values beyond INT64_MAX come back as INT64_MAX: neither fits i32. */
static int64_t
int_at(const struct element *e, const char *raw, int64_t i)
{
	bool is_signed = e->safetensors[0] == 'I';
	uint64_t bits = 0;
	int spare = 64 - 8 * e->bytes;

	memcpy(&bits, raw + i * e->bytes, (size_t)e->bytes);
	if (e == &elements[ELEMENT_BOOL])
		return bits != 0;
	if (is_signed)
		return (int64_t)(bits << spare) >> spare;
	return bits > INT64_MAX ? INT64_MAX : (int64_t)bits;
}

double
element_real(const struct element *e, const void *raw, int64_t i)
{
	return float_at((enum element_id)(e - elements), raw, i);
}

int64_t
element_int(const struct element *e, const void *raw, int64_t i)
{
	return int_at(e, raw, i);
}

/* ---- whole tensors ---- */

/* "element [3, 0, 1] is " into WHY; the rest of it is for the value. */
static int
say_where(const struct shape *s, int64_t at, char *why, int size)
{
	struct shape index = *s;
	int n;

	for (int i = s->rank - 1; i >= 0; i--) {
		index.dim[i] = (int32_t)(at % s->dim[i]);
		at /= s->dim[i];
	}
	n = snprintf(why, (size_t)size, "element [");
	for (int i = 0; i < s->rank && n < size; i++)
		n += snprintf(why + n, (size_t)(size - n), "%s%" PRId32, i ? ", " : "", index.dim[i]);
	if (n < size)
		n += snprintf(why + n, (size_t)(size - n), "] is ");
	return n < size ? n : size - 1;
}

static const void *
refuse_float(const struct shape *s, int64_t at, double v, char *why, int size)
{
	int n = say_where(s, at, why, size);

	if (isnan(v))
		snprintf(why + n, (size_t)(size - n), "NaN");
	else if (isinf(v))
		snprintf(why + n, (size_t)(size - n), "infinite");
	else
		snprintf(why + n, (size_t)(size - n), "%g, beyond the range of f32", v);
	return NULL;
}

static const void *
to_floats(struct arena *a, enum element_id id, const struct shape *s, int64_t count, const char *raw,
	char *why, int size)
{
	const float *floats = (const void *)raw;
	int64_t bad;

	if (id != ELEMENT_F32) {
		float *v = ARENA_ARRAY(a, float, (size_t)count);

		for (int64_t i = 0; i < count; i++)
			v[i] = (float)float_at(id, raw, i);
		floats = v;
	}
	bad = find_not_finite(floats, count);
	if (bad >= 0)
		return refuse_float(s, bad, float_at(id, raw, bad), why, size);
	return floats;
}

static const void *
to_i32(struct arena *a, const struct element *e, const struct shape *s, int64_t count, const char *raw,
	char *why, int size)
{
	int32_t *v = ARENA_ARRAY(a, int32_t, (size_t)count);

	for (int64_t i = 0; i < count; i++) {
		int64_t x = int_at(e, raw, i);

		if (x < INT32_MIN || x > INT32_MAX) {
			int n = say_where(s, i, why, size);

			snprintf(why + n, (size_t)(size - n), "%s%" PRId64 ", beyond the range of i32",
				x == INT64_MAX ? "at least " : "", x);
			return NULL;
		}
		v[i] = (int32_t)x;
	}
	return v;
}

static const void *
to_bools(struct arena *a, int64_t count, const char *raw)
{
	int8_t *v = ARENA_ARRAY(a, int8_t, (size_t)count);

	for (int64_t i = 0; i < count; i++)
		v[i] = raw[i] != 0;
	return v;
}

const void *
element_data(struct arena *a, const struct element *e, enum dtype dtype, const struct shape *s,
	const void *raw, char *why, int size)
{
	int64_t count = element_count(s);
	enum element_id id = (enum element_id)(e - elements);
	const void *data = raw;

	if (count == 0)
		return arena_alloc(a, 0);
	if (dtype == DT_F32)
		data = to_floats(a, id, s, count, raw, why, size);
	else if (id == ELEMENT_BOOL)
		data = to_bools(a, count, raw);
	else if (dtype == DT_I32 && id != ELEMENT_I32)
		data = to_i32(a, e, s, count, raw, why, size);
	/* else the bits are right as they are */
	if (data == raw && (uintptr_t)raw % (uintptr_t)e->bytes != 0) {
		void *copy = arena_array(a, (size_t)count, (size_t)e->bytes);

		data = memcpy(copy, raw, (size_t)count * (size_t)e->bytes);
	}
	return data;
}
