/* The .npy reader and writer. */
#include <config.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "weights/weights.h"
#include "asserts.h"
#include "unit.h"

Suite *npy_suite(void);

static struct arena arena;

static void
free_arena(void)
{
	arena_free(&arena);
}

/* A file of VERSION with HEADER as it is. */
static unsigned char *
make_npy(int version, const char *header, const void *data, size_t bytes, size_t *size)
{
	size_t len = strlen(header), prefix = version == 1 ? 10 : 12;
	unsigned char *p = malloc(prefix + len + bytes);

	memcpy(p, "\x93NUMPY", 6);
	p[6] = (unsigned char)version;
	p[7] = 0;
	for (size_t i = 8; i < prefix; i++)
		p[i] = (unsigned char)(len >> 8 * (i - 8));
	memcpy(p + prefix, header, len);
	if (bytes > 0)
		memcpy(p + prefix + len, data, bytes);
	*size = prefix + len + bytes;
	return p;
}

#define DICT(descr, order, shape) "{'descr': '" descr "', 'fortran_order': " order ", 'shape': " shape ", }"

static const struct {
	int version;
	const char *header;
	int bytes;       /* of data: zeros */
	const char *why;
} npys[] = {
	{ 1, DICT("<f4", "False", "(2,)") "   \n", 8, NULL },
	{ 2, DICT("<f4", "False", "(2,)") "\n", 8, NULL },
	{ 3, DICT("<f4", "False", "(2,)") "\n", 8, NULL },
	{ 1, "{\"shape\":(1,2),\"fortran_order\":False,\"descr\":\"=f4\"}", 8, NULL },
	{ 1, DICT("|i1", "True", "(2, 3)"), 6, NULL },
	{ 1, DICT(">i1", "False", "(2, 3,)"), 6, NULL },
	{ 1, DICT("<f8", "False", "()"), 8, NULL },
	{ 1, DICT("<f4", "False", "(0, 5)"), 0, NULL },
	{ 1, DICT("<f4", "False", "(1, 1, 1, 1, 1, 1)"), 4, NULL },
	{ 0, DICT("<f4", "False", "(2,)"), 8, "version 0 of the .npy format is not supported" },
	{ 4, DICT("<f4", "False", "(2,)"), 8, "version 4 of the .npy format is not supported" },
	{ 1, DICT(">f4", "False", "(2,)"), 8, "the element type '>f4' is big-endian; '<f4' is needed" },
	{ 1, DICT("<c8", "False", "(2,)"), 16, "the element type '<c8' is not supported" },
	{ 1, DICT("|S3", "False", "(2,)"), 6, "the element type '|S3' is not supported" },
	{ 1, DICT("", "False", "(2,)"), 6, "the element type '' has no byte order" },
	{ 1, DICT("f4", "False", "(2,)"), 6, "the element type 'f4' has no byte order" },
	{ 1, DICT("<", "False", "(2,)"), 6, "the element type '<' is not supported" },
	{ 1, "{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (2,), }", 8,
		"the array has structured elements, which are not supported" },
	{ 1, DICT("<f4", "false", "(2,)"), 8, "'fortran_order' is neither True nor False" },
	{ 1, DICT("<f4", "False", "2"), 8, "the header has no '(' where one is needed" },
	{ 1, DICT("<f4", "False", "(2 3)"), 24, "the header has no ')' where one is needed" },
	{ 1, DICT("<f4", "False", "(-2,)"), 8, "the shape has a dimension that is no number" },
	{ 1, DICT("<f4", "False", "(,)"), 4, "the shape has a dimension that is no number" },
	{ 1, DICT("<f4", "False", "(2147483648,)"), 8, "the shape has a dimension of more than 2147483647" },
	{ 1, DICT("<f4", "False", "(99999999999999999999999,)"), 8, "the shape has a dimension of more than 2147483647" },
	{ 1, DICT("<f4", "False", "(1, 1, 1, 1, 1, 1, 1)"), 4, "the shape has more than 6 dimensions" },
	{ 1, DICT("<f4", "False", "(2147483647, 2147483647, 2147483647)"), 8, "the shape's size overflows" },
	{ 1, DICT("<f4", "True", "(2147483647, 2147483647)"), 8, "the shape's size overflows" },
	{ 1, DICT("<f4", "False", "(65536, 65536, 65536, 65536, 0)"), 0, "the shape's size overflows" },
	{ 1, DICT("<f4", "False", "(3,)"), 8, "the file has 8 bytes of data, but 3 elements of 'f4' are 12" },
	{ 1, DICT("<f4", "False", "(1,)"), 8, "the file has 8 bytes of data, but 1 elements of 'f4' are 4" },
	{ 1, "{'descr': '<f4', 'shape': (2,)}", 8, "the header has no 'fortran_order'" },
	{ 1, "{}", 8, "the header has no 'descr'" },
	{ 1, "", 8, "the header has no '{' where one is needed" },
	{ 1, "{'descr': '<f4', 'descr': '<f4'}", 8, "the header has 'descr' twice" },
	{ 1, "{'descr': '<f4', 'other': 1}", 8, "the header has an unknown field 'other'" },
	{ 1, "{'descr': '<f4' 'shape': (2,)}", 8, "the header has no '}' where one is needed" },
	{ 1, "{descr: '<f4'}", 8, "the header has no string where one is needed" },
	{ 1, "{'descr", 8, "the header has a string without an end" },
	{ 1, "{'descr' '<f4'}", 8, "the header has no ':' where one is needed" },
	{ 1, DICT("<f4", "False", "(2,)") " x", 8, "the header goes on after its dictionary" },
};

START_TEST(npy_header)
{
	static const char zeros[64];
	size_t size;
	unsigned char *p = make_npy(npys[_i].version, npys[_i].header, zeros, (size_t)npys[_i].bytes, &size);
	struct npy n;

	ck_assert_pstr_eq(npy_parse(&n, &arena, p, size), npys[_i].why);
	free(p);
}
END_TEST

START_TEST(npy_truncated_anywhere)
{
	for (int version = 1; version <= 3; version++) {
		size_t size;
		unsigned char *p = make_npy(version, DICT("<i2", "True", "(2, 2)") "  \n", "abcdefgh", 8, &size);
		struct npy n;

		ck_assert_pstr_eq(npy_parse(&n, &arena, p, size), NULL);
		for (size_t k = 0; k < size; k++) {
			unsigned char *part = exact(p, k);

			ck_assert_ptr_nonnull(npy_parse(&n, &arena, part, k));
			/* and with a header length that fits */
			if (version == 1 && k >= 10) {
				part[8] = (unsigned char)(k - 10);
				ck_assert_ptr_nonnull(npy_parse(&n, &arena, part, k));
			}
			free(part);
		}
		p[8] = p[9] = 0xff;
		ck_assert_ptr_nonnull(npy_parse(&n, &arena, p, size));
		free(p);
	}
}
END_TEST

START_TEST(npy_values_are_converted_and_checked)
{
	size_t size;
	struct npy n;
	unsigned char *p = make_npy(1, DICT("<f2", "False", "(2, 1)"), "\x00\x3c\x00\xfc", 4, &size);

	ck_assert_pstr_eq(npy_parse(&n, &arena, p, size), "element [1, 0] is infinite");
	p[size - 1] = 0xc1;
	ck_assert_pstr_eq(npy_parse(&n, &arena, p, size), NULL);
	ck_assert_int_eq(n.dtype, DT_F32);
	ck_assert(((const float *)n.data)[1] == -2.5f);
	free(p);
	p = make_npy(1, DICT("<i8", "True", "(1, 2)"), "\5\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0", 16, &size);
	ck_assert_pstr_eq(npy_parse(&n, &arena, p, size), "element [0, 1] is 4294967296, beyond the range of i32");
	free(p);
	p = make_npy(1, DICT("|b1", "False", "(2,)"), "\0\1", 2, &size);
	ck_assert_pstr_eq(npy_parse(&n, &arena, p, size), NULL);
	ck_assert_int_eq(n.dtype, DT_I8);
	free(p);
}
END_TEST

/* a[i][j][k] = 100 i + 10 j + k of shape [2, 3, 4], the first index running fastest */
START_TEST(npy_fortran_order_is_transposed)
{
	int16_t values[24];
	size_t size;
	struct npy n;
	unsigned char *p;

	for (int i = 0; i < 24; i++)
		values[i] = (int16_t)(100 * (i % 2) + 10 * (i / 2 % 3) + i / 6);
	p = make_npy(1, DICT("<i2", "True", "(2, 3, 4)"), values, sizeof values, &size);
	ck_assert_pstr_eq(npy_parse(&n, &arena, p, size), NULL);
	for (int i = 0; i < 24; i++)
		ck_assert_int_eq(((const int16_t *)n.data)[i], 100 * (i / 12) + 10 * (i / 4 % 3) + i % 4);
	free(p);
}
END_TEST

static const struct { enum dtype dtype; struct shape shape; } round_trips[] = {
	{ DT_F32, { 0, { 0 } } }, { DT_I8, { 1, { 5 } } }, { DT_I16, { 2, { 3, 4 } } }, { DT_I32, { 3, { 1, 49, 10 } } },
	{ DT_F32, { 6, { 1, 2, 3, 4, 5, 6 } } }, { DT_I8, { 2, { 0, 4 } } }, { DT_I8, { 2, { 1000000000, 0 } } },
};

START_TEST(npy_round_trip)
{
	const struct shape *s = &round_trips[_i].shape;
	enum dtype t = round_trips[_i].dtype;
	int64_t count = 1;
	char *file = NULL, *values;
	size_t size, bytes;
	struct npy n;
	FILE *f = open_memstream(&file, &size);

	for (int i = 0; i < s->rank; i++)
		count *= s->dim[i];
	bytes = (size_t)count * (size_t)dtype_info[t].bytes;
	values = malloc(bytes + 1);
	random_inputs(t, count, 1, "x", values);
	ck_assert(npy_write(f, t, s, values));
	fclose(f);
	ck_assert_uint_eq((size - bytes) % 64, 0);
	ck_assert_int_eq(file[size - bytes - 1], '\n');
	ck_assert_pstr_eq(npy_parse(&n, &arena, (unsigned char *)file, size), NULL);
	ck_assert_int_eq(n.dtype, t);
	ck_assert_int_eq(n.shape.rank, s->rank);
	ck_assert_mem_eq(n.shape.dim, s->dim, sizeof s->dim);
	ck_assert(bytes == 0 || memcmp(n.data, values, bytes) == 0);
	free(values);
	free(file);
}
END_TEST

/* The bytes that numpy.save writes for array([[1, -2]], dtype='int8'). */
START_TEST(npy_writes_as_numpy_does)
{
	const char *dict = "{'descr': '|i1', 'fortran_order': False, 'shape': (1, 2), }";
	char want[130] = "\x93NUMPY\1\0\x76\0", *file = NULL;
	struct shape s = { 2, { 1, 2 } };
	size_t size;
	FILE *f = open_memstream(&file, &size);

	memset(want + 10, ' ', 117);
	memcpy(want + 10, dict, strlen(dict));
	memcpy(want + 127, "\n\1\xfe", 3);
	ck_assert(npy_write(f, DT_I8, &s, (const int8_t[]){ 1, -2 }));
	fclose(f);
	ck_assert_uint_eq(size, 130);
	ck_assert_mem_eq(file, want, 130);
	free(file);
}
END_TEST

START_TEST(npy_write_says_when_the_disk_is_full)
{
	static const int8_t values[100000];
	struct shape s = { 1, { sizeof values } };
	FILE *f = fopen("/dev/full", "r+");

	if (!f)
		return;
	ck_assert(!npy_write(f, DT_I8, &s, values));
	fclose(f);
}
END_TEST

static const struct { struct shape file, want; bool fits; } fits[] = {
	{ { 4, { 1, 49, 10, 1 } }, { 3, { 49, 10, 1 } }, true },
	{ { 3, { 49, 10, 1 } }, { 4, { 1, 49, 10, 1 } }, true },
	{ { 3, { 49, 10, 1 } }, { 3, { 49, 10, 1 } }, true },
	{ { 2, { 49, 10 } }, { 3, { 49, 10, 1 } }, false },
	{ { 1, { 490 } }, { 2, { 49, 10 } }, false },
	{ { 2, { 1, 1 } }, { 0, { 0 } }, true },
	{ { 2, { 10, 49 } }, { 2, { 49, 10 } }, false },
	{ { 2, { 0, 1 } }, { 1, { 1 } }, false },
};

START_TEST(npy_shape_fit)
{
	ck_assert_int_eq(npy_shape_fits(&fits[_i].file, &fits[_i].want), fits[_i].fits);
}
END_TEST

START_TEST(files_are_opened_and_refused)
{
	char path[] = "test_npy.XXXXXX";
	FILE *f = fdopen(mkstemp(path), "w");
	struct shape s = { 2, { 2, 2 } };
	struct npy n;

	ck_assert_pstr_eq(npy_read(&n, &arena, path), "this is not a .npy file");
	ck_assert(npy_write(f, DT_I32, &s, (const int32_t[]){ 1, 2, 3, -4 }));
	fclose(f);
	ck_assert_pstr_eq(npy_read(&n, &arena, path), NULL);
	ck_assert_int_eq(((const int32_t *)n.data)[3], -4);
	unlink(path);
	ck_assert_pstr_eq(npy_read(&n, &arena, path), "No such file or directory");
}
END_TEST

Suite *
npy_suite(void)
{
	Suite *s = suite_create("npy");
	TCase *tc = tcase_create("npy");

	tcase_add_checked_fixture(tc, NULL, free_arena);
	tcase_add_loop_test(tc, npy_header, 0, ROWS(npys));
	tcase_add_test(tc, npy_truncated_anywhere);
	tcase_add_test(tc, npy_values_are_converted_and_checked);
	tcase_add_test(tc, npy_fortran_order_is_transposed);
	tcase_add_loop_test(tc, npy_round_trip, 0, ROWS(round_trips));
	tcase_add_test(tc, npy_writes_as_numpy_does);
	tcase_add_test(tc, npy_write_says_when_the_disk_is_full);
	tcase_add_loop_test(tc, npy_shape_fit, 0, ROWS(fits));
	tcase_add_test(tc, files_are_opened_and_refused);
	suite_add_tcase(s, tc);
	return s;
}
