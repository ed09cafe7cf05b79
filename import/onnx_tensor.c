/* Constants of a model: tensors inside the file, in fields of their type or as raw bytes, and beside it. */
#include <config.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "import/onnx.h"

static const struct { const char *name, *element; } types[ONNX_TYPE_COUNT] = {
#define TYPE(id, number, name, element, is_float) [number] = { name, element },
#include "import/onnx_types.def"
#undef TYPE
};

bool
onnx_known_type(int32_t type)
{
	return type > 0 && type < ONNX_TYPE_COUNT && types[type].name;
}

const struct element *
onnx_element(enum onnx_type type)
{
	return element_safetensors(types[type].element);
}

const char *
onnx_type_name(struct onnx *x, int32_t type)
{
	return onnx_known_type(type) ? types[type].name : arena_printf(x->arena, "type %d", type);
}

int64_t
onnx_count(const struct onnx_dims *d)
{
	int64_t n = 1;

	for (int i = 0; i < d->rank; i++)
		if (d->dim[i] == 0)
			return 0;
	for (int i = 0; i < d->rank; i++)
		if (__builtin_mul_overflow(n, d->dim[i], &n) || n > INT32_MAX)
			return -1;
	return n;
}

/* ---- where the elements are ---- */

struct bytes { const unsigned char *at; uint64_t n; };

static const char *
entry(const Onnx__TensorProto *p, const char *key)
{
	for (size_t i = 0; i < p->n_external_data; i++)
		if (p->external_data[i]->key && p->external_data[i]->value && strcmp(p->external_data[i]->key, key) == 0)
			return p->external_data[i]->value;
	return NULL;
}

/* A number of an entry, DEF when missing. */
static bool
entry_number(const Onnx__TensorProto *p, const char *key, uint64_t def, uint64_t *v)
{
	const char *text = entry(p, key);
	char *end;

	*v = def;
	if (!text)
		return true;
	errno = 0;
	*v = strtoull(text, &end, 10);
	return errno == 0 && end != text && *end == 0 && *text != '-';
}

/* Whether PATH stays in the directory that it starts from. */
static bool
stays_inside(const char *path)
{
	if (*path == '/' || *path == 0)
		return false;
	for (const char *p = path; *p; p += strcspn(p, "/"), p += *p == '/') {
		if (p[0] == '.' && p[1] == '.' && (p[2] == '/' || p[2] == 0))
			return false;
	}
	return true;
}

/* The bytes of a tensor that is kept in a file beside the model; NULL or why not. */
static const char *
external_bytes(struct import *m, const Onnx__TensorProto *p, struct bytes *b)
{
	const char *location = entry(p, "location");
	const struct mapped *map;
	uint64_t offset, length;

	if (!location || !stays_inside(location))
		return arena_printf(m->arena, "its data is in the file '%s', which is not below the model's directory",
			location ? location : "");
	const char *why = import_map(m, path_join(m->arena, path_dir(m->arena, m->path), location), &map);
	if (why)
		return arena_printf(m->arena, "cannot read its data in '%s': %s", location, why);
	if (!entry_number(p, "offset", 0, &offset) || offset > map->size
	    || !entry_number(p, "length", map->size - offset, &length) || length > map->size - offset)
		return arena_printf(m->arena, "its data goes past the end of '%s', which has %zu bytes", location, map->size);
	*b = (struct bytes){ map->data + offset, length };
	return NULL;
}

/* COUNT numbers at V, each of SIZE bytes, in BYTES bytes each: the machine is little-endian. */
static struct bytes
narrow(struct arena *a, const void *v, size_t count, size_t size, size_t bytes)
{
	unsigned char *out = arena_array(a, count, bytes);

	for (size_t i = 0; i < count; i++)
		memcpy(out + i * bytes, (const char *)v + i * size, bytes);
	return (struct bytes){ out, count * bytes };
}

/* The elements of a tensor inside FILE, as raw bytes. */
static struct bytes
inner_bytes(struct arena *a, const Onnx__TensorProto *p, const unsigned char *file, size_t bytes)
{
	if (p->segment)
		return (struct bytes){ file + p->segment->begin, (uint64_t)(p->segment->end - p->segment->begin) };
	if (p->has_raw_data)
		return (struct bytes){ p->raw_data.data, p->raw_data.len };
	if (p->n_int32_data)
		return narrow(a, p->int32_data, p->n_int32_data, sizeof *p->int32_data, bytes < 4 ? bytes : 4);
	if (p->n_int64_data)
		return narrow(a, p->int64_data, p->n_int64_data, sizeof *p->int64_data, 8);
	if (p->n_uint64_data)
		return narrow(a, p->uint64_data, p->n_uint64_data, sizeof *p->uint64_data, bytes < 8 ? bytes : 8);
	if (p->n_double_data)
		return (struct bytes){ (const unsigned char *)p->double_data, p->n_double_data * sizeof *p->double_data };
	return (struct bytes){ (const unsigned char *)p->float_data, p->n_float_data * sizeof *p->float_data };
}

static const char *
read_dims(struct arena *a, const Onnx__TensorProto *p, struct onnx_dims *d)
{
	if (p->n_dims > DIMS_MAX)
		return arena_printf(a, "it has %zu dimensions, more than %d", p->n_dims, DIMS_MAX);
	d->rank = (int)p->n_dims;
	for (int i = 0; i < d->rank; i++) {
		d->dim[i] = p->dims[i];
		if (d->dim[i] < 0)
			return arena_printf(a, "dimension %d is %lld", i, (long long)d->dim[i]);
	}
	return onnx_count(d) < 0 ? arena_printf(a, "it has more than %d elements", INT32_MAX) : NULL;
}

/* Type, dimensions and elements of P, whose file is FILE; NULL or why not. */
static const char *
read_tensor(struct import *m, const Onnx__TensorProto *p, const unsigned char *file, struct onnx_value *v)
{
	struct bytes b;
	const char *why;

	if (!onnx_known_type(p->data_type))
		return arena_printf(m->arena, "its elements are of type %d, which is not supported", p->data_type);
	if ((why = read_dims(m->arena, p, &v->dims)))
		return why;
	v->kind = ONNX_CONST;
	v->type = (enum onnx_type)p->data_type;
	v->element = onnx_element(v->type);
	size_t size = (size_t)v->element->bytes;
	int64_t count = onnx_count(&v->dims);
	if (!(p->has_data_location && p->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL))
		b = inner_bytes(m->arena, p, file, size);
	else if ((why = external_bytes(m, p, &b)))
		return why;
	v->data = b.at;
	if (b.n == (uint64_t)count * size)
		return NULL;
	return arena_printf(m->arena, "it has %llu bytes of data but its %lld elements take %llu", (unsigned long long)b.n,
		(long long)count, (unsigned long long)count * size);
}

struct onnx_value *
onnx_read_tensor(struct onnx *x, const Onnx__TensorProto *p, const char *where, const char *text)
{
	struct onnx_value *v = ARENA_NEW(x->arena, struct onnx_value);
	const char *why = read_tensor(x->m, p, x->data, v);

	v->name = text;
	if (why)
		import_error(x->m, where, "%s", why);
	return why ? NULL : v;
}

/* ---- a tensor in a file of its own ---- */

const char *
onnx_array(struct npy *a, struct import *m, const unsigned char *data, size_t size)
{
	char why[WHY_SIZE];
	const char *bad;
	Onnx__TensorProto *p = onnx_unpack_tensor(m->arena, data, size, &bad);
	struct onnx_value v = { 0 };

	if (!p)
		return bad;
	if (p->n_dims > RANK_MAX)
		return arena_printf(m->arena, "it has %zu dimensions, more than %d", p->n_dims, RANK_MAX);
	if ((bad = read_tensor(m, p, data, &v)))
		return bad;
	const struct element *e = v.element;
	a->shape.rank = v.dims.rank;
	for (int i = 0; i < v.dims.rank; i++)
		a->shape.dim[i] = (int32_t)v.dims.dim[i];
	a->dtype = element_dtype(e, v.data, onnx_count(&v.dims));
	a->data = element_data(m->arena, e, a->dtype, &a->shape, v.data, why, sizeof why);
	return a->data ? NULL : arena_strdup(m->arena, why);
}

/* ---- elements ---- */

int64_t
onnx_to_int(double v)
{
	return v >= 0x1p63 ? INT64_MAX : v >= -0x1p63 ? (int64_t)v : INT64_MIN;
}

int64_t
onnx_int(const struct onnx_value *v, int64_t i)
{
	if (!onnx_is_float(v->type))
		return element_int(v->element, v->data, i);
	return onnx_to_int(element_real(v->element, v->data, i));
}

/* The index of element I along the axis of V's scales. */
static int64_t
channel_of(const struct onnx_value *v, int64_t i)
{
	if (v->quant->count == 1)
		return 0;
	for (int k = v->dims.rank - 1; k > v->quant->axis; k--)
		i /= v->dims.dim[k];
	return i % v->dims.dim[v->quant->axis];
}

double
onnx_real(const struct onnx_value *v, int64_t i)
{
	float f;

	if (v->type == ONNX_F32) { /* nearly all there are */
		memcpy(&f, v->data + 4 * i, sizeof f);
		return (double)f;
	}
	if (v->quant) {
		int64_t c = channel_of(v, i);

		return (double)(v->quant->scale[c] * (float)(element_int(v->element, v->data, i) - v->quant->zero[c]));
	}
	return onnx_is_float(v->type) ? element_real(v->element, v->data, i) : (double)element_int(v->element, v->data, i);
}

void
onnx_put(enum onnx_type type, unsigned char *data, int64_t i, double real, int64_t integer)
{
	const struct element *e = onnx_element(type);
	float f = (float)real;

	if (type == ONNX_F64) {
		memcpy(data + 8 * i, &real, 8);
	} else if (onnx_is_float(type)) {
		memcpy(data + 4 * i, &f, 4);
	} else if (type == ONNX_BOOL) {
		data[i] = integer != 0;
	} else {
		bool is_signed = e->safetensors[0] == 'I';
		int bits = 8 * e->bytes - is_signed;
		int64_t hi = bits >= 63 ? INT64_MAX : ((int64_t)1 << bits) - 1, lo = is_signed ? -hi - 1 : 0;

		integer = integer < lo ? lo : integer > hi ? hi : integer;
		memcpy(data + i * e->bytes, &integer, (size_t)e->bytes);
	}
}

struct onnx_value *
onnx_new_const(struct onnx *x, const struct onnx_node *n, enum onnx_type type, const struct onnx_dims *d, unsigned char **data)
{
	struct onnx_value *v = ARENA_NEW(x->arena, struct onnx_value);
	int64_t count = onnx_count(d);

	/* What is computed of narrow floats is kept as f32. */
	v->kind = ONNX_CONST;
	v->type = type == ONNX_F16 || type == ONNX_BF16 ? ONNX_F32 : type;
	v->dims = *d;
	v->element = onnx_element(v->type);
	size_t bytes = (size_t)count * (size_t)v->element->bytes;
	if (count < 0 || bytes > x->foldable) {
		onnx_error(x, n, "computes a constant of %s", count < 0 ? "more elements than a tensor can have"
			: "more bytes than a model of this size should need");
		return NULL;
	}
	x->foldable -= bytes;
	*data = arena_alloc(x->arena, bytes);
	v->data = *data;
	return v;
}

struct onnx_value *
onnx_new_ints(struct onnx *x, const struct onnx_node *n, const int64_t *v, int count)
{
	unsigned char *data;
	struct onnx_value *c = onnx_new_const(x, n, ONNX_I64, &(struct onnx_dims){ 1, { count } }, &data);

	if (c)
		memcpy(data, v, (size_t)count * sizeof *v);
	return c;
}
