/* The safetensors reader, the conversion of element types, seeded values. */
#include <config.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "weights/weights.h"
#include "asserts.h"
#include "unit.h"

Suite *weights_suite(void);

static struct arena arena;
static struct intern *names;

static void
setup(void)
{
	names = intern_new(&arena);
}

static void
teardown(void)
{
	arena_free(&arena);
}

/* ---- safetensors ---- */

/* A file of JSON and SIZE bytes of data. */
static unsigned char *
make_file(const char *json, size_t len, const void *data, size_t size)
{
	unsigned char *p = malloc(8 + len + size);
	uint64_t header = len;

	memcpy(p, &header, 8);
	memcpy(p + 8, json, len);
	if (size > 0)
		memcpy(p + 8 + len, data, size);
	return p;
}

static const char VALID[] = "{\"__metadata__\":{\"format\":\"pt\"},"
	"\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]},"
	"\"a\":{\"dtype\":\"I8\",\"shape\":[2,2],\"data_offsets\":[0,4]},"
	"\"empty\":{\"dtype\":\"I32\",\"shape\":[0,3],\"data_offsets\":[4,4]},"
	"\"one\":{\"dtype\":\"I32\",\"shape\":[],\"data_offsets\":[12,16]}}   ";
static const unsigned char VALID_DATA[16] = { 1, 2, 0xff, 0x80, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 7, 0, 0, 0 };

START_TEST(safetensors_reads_all)
{
	unsigned char *p = make_file(VALID, sizeof VALID - 1, VALID_DATA, 16);
	struct weight_file f;
	struct weight *w;
	char why[WHY_SIZE];
	const float *b;

	ck_assert_pstr_eq(safetensors_parse(&f, &arena, names, p, 8 + sizeof VALID - 1 + 16), NULL);
	ck_assert_int_eq(f.count, 4);
	ck_assert_str_eq(f.list[0].name, "b");
	ck_assert_ptr_eq(f.list[0].name, intern(names, "b"));
	w = weight_find(&f, intern(names, "a"));
	ck_assert_int_eq(w->dtype, DT_I8);
	ck_assert_str_eq(w->type, "I8");
	ck_assert_int_eq(w->shape.rank, 2);
	ck_assert_int_eq(w->shape.dim[1], 2);
	ck_assert_ptr_eq(weight_data(&arena, w, why, sizeof why), p + 8 + sizeof VALID - 1);
	b = weight_data(&arena, weight_find(&f, intern(names, "b")), why, sizeof why);
	ck_assert(b[0] == 1.0f && b[1] == -2.0f);
	w = weight_find(&f, intern(names, "empty"));
	ck_assert_ptr_nonnull(weight_data(&arena, w, why, sizeof why));
	w = weight_find(&f, intern(names, "one"));
	ck_assert_int_eq(w->shape.rank, 0);
	ck_assert_int_eq(*(const int32_t *)weight_data(&arena, w, why, sizeof why), 7);
	ck_assert_ptr_null(weight_find(&f, intern(names, "c")));
	weight_file_close(&f);
	ck_assert_ptr_null(weight_find(&f, intern(names, "a")));
	free(p);
}
END_TEST

START_TEST(safetensors_truncated_anywhere)
{
	size_t size = 8 + sizeof VALID - 1 + 16;
	unsigned char *p = make_file(VALID, sizeof VALID - 1, VALID_DATA, 16);
	struct weight_file f;

	for (size_t n = 0; n < size; n++) {
		unsigned char *part = exact(p, n);

		ck_assert_ptr_nonnull(safetensors_parse(&f, &arena, names, part, n));
		/* and with a header length that fits */
		if (n >= 8) {
			uint64_t header = n - 8;

			memcpy(part, &header, 8);
			if (n < 8 + sizeof VALID - 1 - 3)
				ck_assert_ptr_nonnull(safetensors_parse(&f, &arena, names, part, n));
			else
				safetensors_parse(&f, &arena, names, part, n);
		}
		free(part);
	}
	free(p);
}
END_TEST

START_TEST(safetensors_damaged_anywhere)
{
	static const unsigned char values[] = { 0, '0', '9', '-', ',', ']', '}', '"', 'F', 0x7f, 0xff };
	size_t size = 8 + sizeof VALID - 1 + 16;
	unsigned char *p = make_file(VALID, sizeof VALID - 1, VALID_DATA, 16);
	struct weight_file f;
	char why[WHY_SIZE];

	for (size_t i = 0; i < size; i++) {
		unsigned char was = p[i];

		for (size_t k = 0; k < sizeof values; k++) {
			p[i] = values[k];
			if (!safetensors_parse(&f, &arena, names, p, size)) {
				for (int w = 0; w < f.count; w++)
					weight_data(&arena, &f.list[w], why, sizeof why);
			}
		}
		p[i] = was;
	}
	free(p);
}
END_TEST

/* The reason for one tensor 'w' with these fields and SIZE bytes of data; NULL: it is good. */
static const struct {
	const char *fields;
	int size;
	const char *why;
} tensors[] = {
	{ "\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]", 12, NULL },
	{ "\"data_offsets\":[0,12],\"shape\":[1,3],\"dtype\":\"F32\"", 12, NULL },
	{ "\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1],\"data_offsets\":[0,4]", 4, NULL },
	{ "\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1],\"data_offsets\":[0,4]", 4,
		"tensor 'w' has 7 dimensions, more than 6" },
	{ "\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]", 8,
		"tensor 'w' has 8 bytes of data, but 3 elements of F32 are 12" },
	{ "\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]", 11,
		"tensor 'w' ends at byte 12 of the data, but the file has 11" },
	{ "\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[4,3]", 8,
		"tensor 'w' has data offsets 4..3, which are out of order" },
	{ "\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[-1,0]", 8,
		"tensor 'w' has data offsets -1..0, which are out of order" },
	{ "\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,9223372036854775807]", 8,
		"tensor 'w' ends at byte 9223372036854775807 of the data, but the file has 8" },
	{ "\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0]", 8, "tensor 'w' has no 'data_offsets' of two integers" },
	{ "\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1,2]", 8, "tensor 'w' has no 'data_offsets' of two integers" },
	{ "\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1.0]", 8, "tensor 'w' has no 'data_offsets' of two integers" },
	{ "\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":{}", 8, "tensor 'w' has no 'data_offsets' of two integers" },
	{ "\"dtype\":\"I8\",\"shape\":[1]", 8, "tensor 'w' has no 'data_offsets' of two integers" },
	{ "\"dtype\":\"I8\",\"shape\":3,\"data_offsets\":[0,3]", 3, "tensor 'w' has no list 'shape'" },
	{ "\"dtype\":\"I8\",\"data_offsets\":[0,3]", 3, "tensor 'w' has no list 'shape'" },
	{ "\"dtype\":\"I8\",\"shape\":[3.5],\"data_offsets\":[0,3]", 3, "tensor 'w' has a dimension 0 that is no integer" },
	{ "\"dtype\":\"I8\",\"shape\":[1,-3],\"data_offsets\":[0,3]", 3,
		"tensor 'w' has a dimension 1 of -3, which is not in 0..2147483647" },
	{ "\"dtype\":\"I8\",\"shape\":[4294967299],\"data_offsets\":[0,3]", 3,
		"tensor 'w' has a dimension 0 of 4294967299, which is not in 0..2147483647" },
	{ "\"dtype\":\"I8\",\"shape\":[2147483647,2147483647,2147483647],\"data_offsets\":[0,3]", 3,
		"tensor 'w' has a shape whose size overflows" },
	{ "\"dtype\":\"F64\",\"shape\":[2147483647,2147483647],\"data_offsets\":[0,0]", 0,
		"tensor 'w' has a shape whose size overflows" },
	{ "\"dtype\":\"I8\",\"shape\":[65536,65536,65536,65536,0],\"data_offsets\":[0,0]", 0,
		"tensor 'w' has a shape whose size overflows" },
	{ "\"dtype\":\"F8_E4M3\",\"shape\":[3],\"data_offsets\":[0,3]", 3,
		"tensor 'w' has the element type 'F8_E4M3', which is not supported" },
	{ "\"dtype\":8,\"shape\":[3],\"data_offsets\":[0,3]", 3, "tensor 'w' has no string 'dtype'" },
	{ "\"shape\":[3],\"data_offsets\":[0,3]", 3, "tensor 'w' has no string 'dtype'" },
	{ "\"dtype\":\"I8\",\"shape\":[3],\"data_offsets\":[0,3],\"x\":1", 3, "tensor 'w' has an unknown field 'x'" },
	{ "\"dtype\":\"I8\",\"shape\":[3],\"data_offsets\":[1,4]", 4,
		"tensor 'w' begins at byte 1 of the data, leaving a hole from byte 0" },
	{ "\"dtype\":\"I8\",\"shape\":[3],\"data_offsets\":[0,3]", 5,
		"the file has 5 bytes of data, but its tensors end at 3" },
};

START_TEST(safetensors_tensor)
{
	const char *json = arena_printf(&arena, "{\"w\":{%s}}", tensors[_i].fields);
	char zeros[16] = { 0 };
	unsigned char *p = make_file(json, strlen(json), zeros, (size_t)tensors[_i].size);
	struct weight_file f;

	ck_assert_pstr_eq(safetensors_parse(&f, &arena, names, p, 8 + strlen(json) + (size_t)tensors[_i].size),
		tensors[_i].why);
	free(p);
}
END_TEST

#define I8_TENSOR(name, n, from, to) \
	"\"" name "\":{\"dtype\":\"I8\",\"shape\":[" #n "],\"data_offsets\":[" #from "," #to "]}"

/* Whole headers over 4 bytes of data; the reason's beginning. */
static const struct { const char *json, *why; } headers[] = {
	{ "{" I8_TENSOR("a", 2, 0, 2) "," I8_TENSOR("b", 2, 2, 4) "}", NULL },
	{ "{" I8_TENSOR("b", 2, 2, 4) "," I8_TENSOR("a", 2, 0, 2) "}", NULL },
	{ "{" I8_TENSOR("a", 3, 0, 3) "," I8_TENSOR("b", 2, 2, 4) "}",
		"tensor 'b' begins at byte 2 of the data, inside of 'a', which ends at 3" },
	{ "{" I8_TENSOR("a", 4, 0, 4) "," I8_TENSOR("b", 4, 0, 4) "}",
		"tensor 'b' begins at byte 0 of the data, inside of 'a', which ends at 4" },
	{ "{" I8_TENSOR("a", 1, 0, 1) "," I8_TENSOR("b", 2, 2, 4) "}",
		"tensor 'b' begins at byte 2 of the data, leaving a hole from byte 1" },
	{ "{" I8_TENSOR("a", 4, 0, 4) "," I8_TENSOR("a", 4, 0, 4) "}", "the header is not valid JSON: duplicate object key" },
	{ "{\"a\":{\"dtype\":\"I8\",\"dtype\":\"I8\"}}", "the header is not valid JSON: duplicate object key" },
	{ "{\"a\":[]}", "tensor 'a' is not described by an object" },
	{ "{\"__metadata__\":{\"a\":1}}", "'__metadata__' is not an object of strings" },
	{ "{\"__metadata__\":\"a\"}", "'__metadata__' is not an object of strings" },
	{ "[]", "the header is not a JSON object" },
	{ "{}", "the file has 4 bytes of data, but its tensors end at 0" },
	{ "", "the header is not valid JSON: " },
	{ "{} x", "the header is not valid JSON: end of file expected near 'x'" },
	{ "{\"a", "the header is not valid JSON: " },
	{ "{\"\\u0000\":{}}", "the header is not valid JSON: " },
	{ "{\"\xff\":{}}", "the header is not valid JSON: unable to decode byte 0xff" },
	{ "{\"a\":{\"shape\":[99999999999999999999]}}", "the header is not valid JSON: too big integer" },
};

START_TEST(safetensors_header)
{
	const char *json = headers[_i].json, *why;
	unsigned char *p = make_file(json, strlen(json), "\1\2\3\4", 4);
	struct weight_file f;

	why = safetensors_parse(&f, &arena, names, p, 8 + strlen(json) + 4);
	if (headers[_i].why) {
		ck_assert_ptr_nonnull(why);
		ck_assert_str_eq(arena_strndup(&arena, why, strlen(headers[_i].why)), headers[_i].why);
	} else {
		ck_assert_pstr_eq(why, NULL);
	}
	free(p);
}
END_TEST

static const struct { uint64_t length; const char *why; } lengths[] = {
	{ UINT64_MAX, "the header has 18446744073709551615 bytes, more than 104857600 (is this a safetensors file?)" },
	{ UINT64_MAX - 7, "the header has 18446744073709551608 bytes, more than 104857600 (is this a safetensors file?)" },
	{ 104857601, "the header has 104857601 bytes, more than 104857600 (is this a safetensors file?)" },
	{ 104857600, "the header has 104857600 bytes, but the file ends after 2" },
	{ 3, "the header has 3 bytes, but the file ends after 2" },
	{ 2, NULL },
};

START_TEST(safetensors_header_length)
{
	unsigned char *p = make_file("{}", 2, "", 0);
	struct weight_file f;

	memcpy(p, &lengths[_i].length, 8);
	ck_assert_pstr_eq(safetensors_parse(&f, &arena, names, p, 10), lengths[_i].why);
	free(p);
}
END_TEST

START_TEST(safetensors_depth_bomb)
{
	enum { DEPTH = 200000 };
	static const char *const openings[] = { "[", "{\"a\":" };

	for (int i = 0; i < ROWS(openings); i++) {
		size_t unit = strlen(openings[i]), len = unit * DEPTH;
		char *json = malloc(len);
		struct weight_file f;
		unsigned char *p;
		const char *why;

		for (size_t k = 0; k < DEPTH; k++)
			memcpy(json + k * unit, openings[i], unit);
		p = make_file(json, len, "", 0);
		why = safetensors_parse(&f, &arena, names, p, 8 + len);
		ck_assert_ptr_nonnull(why);
		ck_assert_ptr_nonnull(strstr(why, "maximum parsing depth"));
		free(p);
		free(json);
	}
}
END_TEST

START_TEST(safetensors_many_tensors)
{
	enum { N = 20000 };
	char *json = malloc(100 * N), *p = json, path[32], *data;
	struct weight_file f;
	unsigned char *file;
	int wrong = 0;

	/* last in the header, first in the data */
	for (int i = 0; i < N; i++)
		p += sprintf(p, "%s\"layer[%d].w\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[%d,%d]}", i ? "," : "{", i,
			N - 1 - i, N - i);
	*p++ = '}';
	data = memset(malloc(N), 3, N);
	file = make_file(json, (size_t)(p - json), data, N);
	ck_assert_pstr_eq(safetensors_parse(&f, &arena, names, file, 8 + (size_t)(p - json) + N), NULL);
	for (int i = 0; i < N; i++) {
		sprintf(path, "layer[%d].w", i);
		wrong += weight_find(&f, intern(names, path)) != &f.list[i];
	}
	ck_assert_int_eq(f.count, N);
	ck_assert_int_eq(wrong, 0);
	free(file);
	free(data);
	free(json);
}
END_TEST

/* ---- conversion ---- */

static const struct {
	const char *type;
	const void *raw;
	int count, bytes;
	enum dtype dtype;
	double values[4];
	const char *why; /* when it is refused */
} conversions[] = {
	{ "F32", (const float[]){ 1, -2.5f, 0, FLT_MAX }, 4, 16, DT_F32, { 1, -2.5, 0, FLT_MAX }, NULL },
	{ "F32", (const uint32_t[]){ 0x3f800000, 0x7fc00001 }, 2, 8, DT_F32, { 0 }, "element [1] is NaN" },
	{ "F32", (const uint32_t[]){ 0x3f800000, 0, 0xff800000 }, 3, 12, DT_F32, { 0 }, "element [2] is infinite" },
	{ "F64", (const double[]){ 1, -2.5, 1e-300, 1e38 }, 4, 32, DT_F32, { 1, -2.5, 0, 1e38f }, NULL },
	{ "F64", (const double[]){ 1, -1e39 }, 2, 16, DT_F32, { 0 }, "element [1] is -1e+39, beyond the range of f32" },
	{ "F64", (const uint64_t[]){ 0x7ff0000000000000 }, 1, 8, DT_F32, { 0 }, "element [0] is infinite" },
	{ "F64", (const uint64_t[]){ 0x7ff0000000000001 }, 1, 8, DT_F32, { 0 }, "element [0] is NaN" },
	{ "F16", (const uint16_t[]){ 0x3c00, 0xc100, 0x7bff, 0x0001 }, 4, 8, DT_F32, { 1, -2.5, 65504, 0x1p-24 }, NULL },
	{ "F16", (const uint16_t[]){ 0x7c00 }, 1, 2, DT_F32, { 0 }, "element [0] is infinite" },
	{ "F16", (const uint16_t[]){ 0x7e00 }, 1, 2, DT_F32, { 0 }, "element [0] is NaN" },
	{ "BF16", (const uint16_t[]){ 0x3f80, 0xc020, 0 }, 3, 6, DT_F32, { 1, -2.5, 0 }, NULL },
	{ "BF16", (const uint16_t[]){ 0xff80 }, 1, 2, DT_F32, { 0 }, "element [0] is infinite" },
	{ "I8", (const int8_t[]){ -128, 127, 0 }, 3, 3, DT_I8, { -128, 127, 0 }, NULL },
	{ "BOOL", (const uint8_t[]){ 0, 1, 2, 255 }, 4, 4, DT_I8, { 0, 1, 1, 1 }, NULL },
	{ "U8", (const uint8_t[]){ 0, 127 }, 2, 2, DT_I8, { 0, 127 }, NULL },
	{ "U8", (const uint8_t[]){ 0, 128, 255 }, 3, 3, DT_I32, { 0, 128, 255 }, NULL },
	{ "I16", (const int16_t[]){ -32768, 32767 }, 2, 4, DT_I16, { -32768, 32767 }, NULL },
	{ "U16", (const uint16_t[]){ 32767, 128 }, 2, 4, DT_I16, { 32767, 128 }, NULL },
	{ "U16", (const uint16_t[]){ 32768, 65535 }, 2, 4, DT_I32, { 32768, 65535 }, NULL },
	{ "I32", (const int32_t[]){ INT32_MIN, INT32_MAX }, 2, 8, DT_I32, { INT32_MIN, INT32_MAX }, NULL },
	{ "U32", (const uint32_t[]){ INT32_MAX }, 1, 4, DT_I32, { INT32_MAX }, NULL },
	{ "U32", (const uint32_t[]){ 0, 0x80000000 }, 2, 8, DT_I32, { 0 },
		"element [1] is 2147483648, beyond the range of i32" },
	{ "I64", (const int64_t[]){ INT32_MIN, INT32_MAX, -1 }, 3, 24, DT_I32, { INT32_MIN, INT32_MAX, -1 }, NULL },
	{ "I64", (const int64_t[]){ -2147483649 }, 1, 8, DT_I32, { 0 },
		"element [0] is -2147483649, beyond the range of i32" },
	{ "U64", (const uint64_t[]){ 5 }, 1, 8, DT_I32, { 5 }, NULL },
	{ "U64", (const uint64_t[]){ UINT64_MAX }, 1, 8, DT_I32, { 0 },
		"element [0] is at least 9223372036854775807, beyond the range of i32" },
};

static double
value_at(enum dtype dtype, const void *data, int i)
{
	switch (dtype) {
	case DT_F32: return (double)((const float *)data)[i];
	case DT_I8: return ((const int8_t *)data)[i];
	case DT_I16: return ((const int16_t *)data)[i];
	case DT_I32: return ((const int32_t *)data)[i];
	case DT_COUNT: break;
	}
	return NAN;
}

/* Each at every alignment. */
START_TEST(conversion)
{
	char why[WHY_SIZE] = "";
	struct weight_file f;

	for (int pad = 0; pad < 8; pad++) {
		char *json = arena_printf(&arena, "{\"w\":{\"dtype\":\"%s\",\"shape\":[%d],\"data_offsets\":[0,%d]}}%*s",
			conversions[_i].type, conversions[_i].count, conversions[_i].bytes, pad, "");
		size_t len = strlen(json);
		unsigned char *p = make_file(json, len, conversions[_i].raw, (size_t)conversions[_i].bytes);
		const void *data;

		ck_assert_pstr_eq(safetensors_parse(&f, &arena, names, p, 8 + len + (size_t)conversions[_i].bytes), NULL);
		ck_assert_int_eq(f.list[0].dtype, conversions[_i].dtype);
		data = weight_data(&arena, &f.list[0], why, sizeof why);
		if (conversions[_i].why) {
			ck_assert_ptr_null(data);
			ck_assert_str_eq(why, conversions[_i].why);
		} else {
			ck_assert_ptr_nonnull(data);
			ck_assert_uint_eq((uintptr_t)data % (uintptr_t)dtype_info[f.list[0].dtype].bytes, 0);
			for (int i = 0; i < conversions[_i].count; i++)
				ck_assert(value_at(f.list[0].dtype, data, i) == conversions[_i].values[i]);
		}
		free(p);
	}
}
END_TEST

START_TEST(not_finite_is_found_anywhere)
{
	enum { N = 3 * 1024 + 5 };
	char json[] = "{\"w\":{\"dtype\":\"F32\",\"shape\":[17,181],\"data_offsets\":[0,12308]}}";
	float *values = calloc(N, sizeof *values);
	unsigned char *p = make_file(json, sizeof json - 1, values, N * 4);
	char why[WHY_SIZE], want[WHY_SIZE];
	struct weight_file f;

	ck_assert_pstr_eq(safetensors_parse(&f, &arena, names, p, 8 + sizeof json - 1 + N * 4), NULL);
	ck_assert_ptr_nonnull(weight_data(&arena, &f.list[0], why, sizeof why));
	for (int i = 0; i < N; i += 7) {
		unsigned char *at = p + 8 + sizeof json - 1 + i * 4;

		memcpy(at, "\0\0\x80\x7f", 4);
		ck_assert_ptr_null(weight_data(&arena, &f.list[0], why, sizeof why));
		snprintf(want, sizeof want, "element [%d, %d] is infinite", i / 181, i % 181);
		ck_assert_str_eq(why, want);
		memset(at, 0, 4);
	}
	free(values);
	free(p);
}
END_TEST

START_TEST(reason_fits_any_buffer)
{
	const char *json = "{\"w\":{\"dtype\":\"F64\",\"shape\":[1,1,1,1,1,1],\"data_offsets\":[0,8]}}";
	double huge = -1e300;
	unsigned char *p = make_file(json, strlen(json), &huge, 8);
	struct weight_file f;

	ck_assert_pstr_eq(safetensors_parse(&f, &arena, names, p, 8 + strlen(json) + 8), NULL);
	for (int size = 1; size < 80; size++) {
		char *why = malloc((size_t)size);

		ck_assert_ptr_null(weight_data(&arena, &f.list[0], why, size));
		ck_assert_int_lt((int)strlen(why), size);
		free(why);
	}
	free(p);
}
END_TEST

START_TEST(files_are_opened_and_refused)
{
	char path[] = "test_weights.XXXXXX";
	FILE *f = fdopen(mkstemp(path), "w");
	unsigned char *p = make_file(VALID, sizeof VALID - 1, VALID_DATA, 16);
	struct weight_file w;

	ck_assert_pstr_eq(safetensors_open(&w, &arena, names, path),
		"the file has 0 bytes, too few for a safetensors file");
	fwrite(p, 1, 8 + sizeof VALID - 1 + 16, f);
	fclose(f);
	ck_assert_pstr_eq(safetensors_open(&w, &arena, names, path), NULL);
	ck_assert_int_eq(w.count, 4);
	ck_assert_str_eq(w.path, path);
	weight_file_close(&w);
	unlink(path);
	ck_assert_pstr_eq(safetensors_open(&w, &arena, names, path), "No such file or directory");
	ck_assert_pstr_eq(safetensors_open(&w, &arena, names, "."), "is a directory");
	free(p);
}
END_TEST

/* ---- seeded values ---- */

/* Computed from the formulas of weights.h by a separate program. */
START_TEST(random_values_follow_the_formulas)
{
	static const int8_t i8[] = { 3, -17, 19, 81, -101, -109, 14, 18 }, in8[] = { 2, -17, 19, 81 };
	static const int16_t i16[] = { 659, -4348, 4974, 20767 };
	static const int32_t i32[] = { 20, -136, 155, 648 }, in32[] = { 43206323, -284955470 };
	static const float f32[] = { 0x1.b784p-8f, -0x1.6a57p-5f, 0x1.9e8496p-5f, 0x1.b0a4e6p-3f },
		in_f32[] = { 0x1.49a3p-6f, -0x1.0fc14p-3f },
		scales[] = { 0x1.5b7b54p-9f, 0x1.41324ap-9f, 0x1.7221e2p-9f, 0x1.c508a0p-9f };
	int64_t space[8];

#define CHECK_BYTES(call, want) do { \
		call; \
		ck_assert_mem_eq(space, want, sizeof want); \
	} while (0)
	CHECK_BYTES(random_weights(DT_I8, 8, 27, 7, "conv1.weight", space), i8);
	CHECK_BYTES(random_weights(DT_I16, 4, 27, 7, "conv1.weight", space), i16);
	CHECK_BYTES(random_weights(DT_I32, 4, 27, 7, "conv1.weight", space), i32);
	CHECK_BYTES(random_weights(DT_F32, 4, 27, 7, "conv1.weight", space), f32);
	CHECK_BYTES(random_scales(4, 27, 7, "conv1.weight", (float *)space), scales);
	CHECK_BYTES(random_inputs(DT_I8, 4, 7, "conv1.weight", space), in8);
	CHECK_BYTES(random_inputs(DT_I32, 2, 7, "conv1.weight", space), in32);
	CHECK_BYTES(random_inputs(DT_F32, 2, 7, "conv1.weight", space), in_f32);
}
END_TEST

START_TEST(random_values_cover_their_range)
{
	enum { N = 100000 };
	int8_t *v = malloc(N), *other = malloc(N);
	float *f = malloc(N * sizeof *f), least = 1, most = -1;
	int seen[256] = { 0 }, same = 0, missing = 0;
	double sum = 0;

	random_weights(DT_I8, N, 9, 1, "a", v);
	random_weights(DT_I8, N, 9, 1, "b", other);
	for (int i = 0; i < N; i++) {
		seen[v[i] + 128]++;
		same += v[i] == other[i];
	}
	ck_assert_int_eq(seen[0], 0); /* -128 */
	for (int i = 1; i < 256; i++)
		missing += seen[i] < 250;
	ck_assert_int_eq(missing, 0);
	ck_assert_int_lt(same, 600);
	random_inputs(DT_F32, N, 1, "a", f);
	for (int i = 0; i < N; i++) {
		least = f[i] < least ? f[i] : least;
		most = f[i] > most ? f[i] : most;
		sum += (double)f[i];
	}
	ck_assert(least >= -1 && least < -0.999f && most < 1 && most > 0.999f && fabs(sum / N) < 0.01);
	random_weights(DT_F32, 10, 0, 1, "a", f);
	ck_assert(isfinite(f[0]));
	free(v);
	free(other);
	free(f);
}
END_TEST

Suite *
weights_suite(void)
{
	Suite *s = suite_create("weights");
	TCase *tc = tcase_create("weights");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, safetensors_reads_all);
	tcase_add_test(tc, safetensors_truncated_anywhere);
	tcase_add_test(tc, safetensors_damaged_anywhere);
	tcase_add_loop_test(tc, safetensors_tensor, 0, ROWS(tensors));
	tcase_add_loop_test(tc, safetensors_header, 0, ROWS(headers));
	tcase_add_loop_test(tc, safetensors_header_length, 0, ROWS(lengths));
	tcase_add_test(tc, safetensors_depth_bomb);
	tcase_add_test(tc, safetensors_many_tensors);
	tcase_add_loop_test(tc, conversion, 0, ROWS(conversions));
	tcase_add_test(tc, not_finite_is_found_anywhere);
	tcase_add_test(tc, reason_fits_any_buffer);
	tcase_add_test(tc, files_are_opened_and_refused);
	tcase_add_test(tc, random_values_follow_the_formulas);
	tcase_add_test(tc, random_values_cover_their_range);
	suite_add_tcase(s, tc);
	return s;
}
