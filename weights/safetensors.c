/* The safetensors format: 8 bytes n (little-endian), n bytes of JSON
 *
 *	{"conv.weight": {"dtype": "F32", "shape": [8, 3, 3, 3], "data_offsets": [0, 864]}, ...}
 *
 * and the data, which the offsets count from and which the tensors fill without holes or
 * overlap.  Nothing in the file is believed before it is checked. */
#include <config.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "weights/element.h"
#include "weights/weights.h"

enum { LENGTH_BYTES = 8 };
static const uint64_t HEADER_LIMIT = 100u << 20; /* the reference implementation's: 100 MB */

struct reader {
	struct weight_file *file;
	struct arena *arena;
	const unsigned char *data; /* behind the header */
	size_t size;
};

/* The reason that FMT gives, about the tensor W. */
__attribute__((format(printf, 3, 4))) static const char *
refuse(struct reader *r, const struct weight *w, const char *fmt, ...)
{
	va_list ap;
	const char *what;

	va_start(ap, fmt);
	what = arena_vprintf(r->arena, fmt, ap);
	va_end(ap);
	return arena_printf(r->arena, "tensor '%s' %s", w->name, what);
}

static const char *
read_shape(struct reader *r, struct weight *w, const json_t *list)
{
	size_t rank = json_array_size(list);

	if (!json_is_array(list))
		return refuse(r, w, "has no list 'shape'");
	if (rank > RANK_MAX)
		return refuse(r, w, "has %zu dimensions, more than %d", rank, RANK_MAX);
	for (size_t i = 0; i < rank; i++) {
		const json_t *dim = json_array_get(list, i);

		if (!json_is_integer(dim))
			return refuse(r, w, "has a dimension %zu that is no integer", i);
		if (json_integer_value(dim) < 0 || json_integer_value(dim) > INT32_MAX)
			return refuse(r, w, "has a dimension %zu of %" JSON_INTEGER_FORMAT ", which is not in 0..%d",
				i, json_integer_value(dim), INT32_MAX);
		w->shape.dim[i] = (int32_t)json_integer_value(dim);
	}
	w->shape.rank = (int)rank;
	return NULL;
}

static const char *
read_offsets(struct reader *r, struct weight *w, const json_t *list)
{
	const json_t *first = json_array_get(list, 0), *last = json_array_get(list, 1);
	json_int_t begin, end;

	if (json_array_size(list) != 2 || !json_is_integer(first) || !json_is_integer(last))
		return refuse(r, w, "has no 'data_offsets' of two integers");
	begin = json_integer_value(first);
	end = json_integer_value(last);
	if (begin < 0 || end < begin)
		return refuse(r, w, "has data offsets %" JSON_INTEGER_FORMAT "..%" JSON_INTEGER_FORMAT
			", which are out of order", begin, end);
	if ((uint64_t)end > r->size)
		return refuse(r, w, "ends at byte %" JSON_INTEGER_FORMAT " of the data, but the file has %zu",
			end, r->size);
	w->raw = r->data + begin;
	w->raw_bytes = (size_t)(end - begin);
	return NULL;
}

static const char *
read_type(struct reader *r, struct weight *w, const json_t *type)
{
	if (!json_is_string(type))
		return refuse(r, w, "has no string 'dtype'");
	w->element = element_safetensors(json_string_value(type));
	if (!w->element)
		return refuse(r, w, "has the element type '%s', which is not supported", json_string_value(type));
	w->type = w->element->safetensors;
	return NULL;
}

static const char *
read_tensor(struct reader *r, struct weight *w, json_t *info)
{
	const char *why = NULL, *key;
	int64_t count, bytes;
	json_t *value;

	if (!json_is_object(info))
		return refuse(r, w, "is not described by an object");
	json_object_foreach(info, key, value) {
		if (strcmp(key, "dtype") != 0 && strcmp(key, "shape") != 0 && strcmp(key, "data_offsets") != 0)
			return refuse(r, w, "has an unknown field '%s'", key);
	}
	if ((why = read_type(r, w, json_object_get(info, "dtype")))
			|| (why = read_shape(r, w, json_object_get(info, "shape")))
			|| (why = read_offsets(r, w, json_object_get(info, "data_offsets"))))
		return why;
	count = element_count(&w->shape);
	if (count < 0 || __builtin_mul_overflow(count, w->element->bytes, &bytes))
		return refuse(r, w, "has a shape whose size overflows");
	if ((uint64_t)bytes != w->raw_bytes)
		return refuse(r, w, "has %zu bytes of data, but %" PRId64 " elements of %s are %" PRId64, w->raw_bytes,
			count, w->type, bytes);
	w->dtype = element_dtype(w->element, w->raw, count);
	return NULL;
}

static bool
is_metadata(const json_t *object)
{
	json_t *value;
	const char *key;

	json_object_foreach((json_t *)object, key, value) {
		if (!json_is_string(value))
			return false;
	}
	return json_is_object(object);
}

static const char *
read_tensors(struct reader *r, struct intern *names, json_t *header)
{
	struct weight_file *f = r->file;
	const char *key, *why;
	json_t *value;

	f->list = ARENA_ARRAY(r->arena, struct weight, json_object_size(header));
	json_object_foreach(header, key, value) {
		struct weight *w = &f->list[f->count];

		if (strcmp(key, "__metadata__") == 0) {
			if (!is_metadata(value))
				return "'__metadata__' is not an object of strings";
			continue;
		}
		w->name = intern(names, key);
		why = read_tensor(r, w, value);
		if (why)
			return why;
		map_put(f->by_name, w->name, w);
		f->count++;
	}
	return NULL;
}

static int
by_place(const void *a, const void *b)
{
	const struct weight *x = *(struct weight *const *)a, *y = *(struct weight *const *)b;
	const unsigned char *p = x->raw, *q = y->raw;

	if (p != q)
		return p < q ? -1 : 1;
	return (x->raw_bytes > y->raw_bytes) - (x->raw_bytes < y->raw_bytes);
}

/* In the order of their places each tensor begins where the one before it ends. */
static const char *
check_places(struct reader *r)
{
	struct weight_file *f = r->file;
	struct weight **sorted = ARENA_ARRAY(r->arena, struct weight *, (size_t)f->count);
	size_t end = 0;

	for (int i = 0; i < f->count; i++)
		sorted[i] = &f->list[i];
	if (f->count > 0)
		qsort(sorted, (size_t)f->count, sizeof *sorted, by_place);
	for (int i = 0; i < f->count; i++) {
		size_t begin = (size_t)((const unsigned char *)sorted[i]->raw - r->data);

		if (begin < end)
			return refuse(r, sorted[i], "begins at byte %zu of the data, inside of '%s', which ends at %zu",
				begin, sorted[i - 1]->name, end);
		if (begin > end)
			return refuse(r, sorted[i], "begins at byte %zu of the data, leaving a hole from byte %zu",
				begin, end);
		end += sorted[i]->raw_bytes;
	}
	if (end < r->size)
		return arena_printf(r->arena, "the file has %zu bytes of data, but its tensors end at %zu", r->size, end);
	return NULL;
}

static const char *
read_header(struct reader *r, struct intern *names, const char *text, size_t len)
{
	json_error_t error;
	json_t *header = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	const char *why = NULL;

	if (!header)
		return arena_printf(r->arena, "the header is not valid JSON: %s (line %d, column %d)", error.text,
			error.line, error.column);
	if (json_is_object(header))
		why = read_tensors(r, names, header);
	else
		why = "the header is not a JSON object";
	json_decref(header);
	return why ? why : check_places(r);
}

const char *
safetensors_parse(struct weight_file *f, struct arena *a, struct intern *names, const unsigned char *data, size_t size)
{
	struct reader r = { .file = f, .arena = a };
	uint64_t header;

	*f = (struct weight_file){ .arena = a, .by_name = map_new(a) };
	if (size < LENGTH_BYTES)
		return arena_printf(a, "the file has %zu bytes, too few for a safetensors file", size);
	memcpy(&header, data, sizeof header);
	if (header > HEADER_LIMIT)
		return arena_printf(a, "the header has %" PRIu64 " bytes, more than %" PRIu64
			" (is this a safetensors file?)", header, HEADER_LIMIT);
	if (header > size - LENGTH_BYTES)
		return arena_printf(a, "the header has %" PRIu64 " bytes, but the file ends after %zu", header,
			size - LENGTH_BYTES);
	r.data = data + LENGTH_BYTES + header;
	r.size = size - LENGTH_BYTES - (size_t)header;
	return read_header(&r, names, (const char *)data + LENGTH_BYTES, (size_t)header);
}

const char *
safetensors_open(struct weight_file *f, struct arena *a, struct intern *names, const char *path)
{
	struct mapped map;
	const char *why = file_map(&map, path);

	if (why) {
		*f = (struct weight_file){ .arena = a };
		return why;
	}
	why = safetensors_parse(f, a, names, map.data, map.size);
	f->map = map;
	f->path = arena_strdup(a, path);
	if (why)
		weight_file_close(f);
	return why;
}
