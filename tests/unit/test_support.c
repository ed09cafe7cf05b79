/* Arenas, arrays, names, maps, suggestions. */
#include <config.h>
#include <signal.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include "support/array.h"
#include "support/diag.h"
#include "support/intern.h"
#include "asserts.h"
#include "unit.h"

Suite *support_suite(void);

static struct arena arena;

static void
free_arena(void)
{
	arena_free(&arena);
}

/* ---- arenas, arrays ---- */

START_TEST(arena_gives_zeroed_aligned_memory)
{
	static const size_t sizes[] = { 0, 1, 3, 17, 64, 1000, 65536, 65537, 300000, 5 };
	bool nonzero = false;

	for (int round = 0; round < 200; round++) {
		for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
			unsigned char *p = arena_alloc(&arena, sizes[i]);

			ck_assert_ptr_nonnull(p);
			ck_assert_uint_eq((uintptr_t)p % alignof(max_align_t), 0);
			for (size_t k = 0; k < sizes[i]; k++)
				nonzero |= p[k] != 0;
			memset(p, 0xa5, sizes[i]);
		}
	}
	ck_assert(!nonzero);
	ck_assert_uint_eq(arena.bytes, 200 * (0 + 1 + 3 + 17 + 64 + 1000 + 65536 + 65537 + 300000 + 5));
	arena_free(&arena);
	ck_assert_uint_eq(arena.bytes, 0);
}
END_TEST

START_TEST(arena_strings)
{
	char *s = arena_strndup(&arena, "a\0b", 3);

	ck_assert_mem_eq(s, "a\0b", 4);
	ck_assert_str_eq(arena_strdup(&arena, "text"), "text");
	ck_assert_str_eq(arena_printf(&arena, "%d %s", 7, "x"), "7 x");
	for (int width = 250; width < 260; width++)
		ck_assert_uint_eq(strlen(arena_printf(&arena, "%*d", width, 1)), (size_t)width);
}
END_TEST

START_TEST(arena_overflow_is_out_of_memory)
{
	arena_array(&arena, SIZE_MAX / 2, 4);
}
END_TEST

START_TEST(arena_huge_is_out_of_memory)
{
	arena_alloc(&arena, SIZE_MAX - 8);
}
END_TEST

START_TEST(array_keeps_what_was_pushed)
{
	ARRAY(int) a = { 0 };
	int wrong = 0;

	for (int i = 0; i < 100000; i++)
		ARRAY_PUSH(&arena, a, i);
	ck_assert_uint_eq(a.n, 100000);
	for (int i = 0; i < 100000; i++)
		wrong += a.v[i] != i;
	ck_assert_int_eq(wrong, 0);
}
END_TEST

/* ---- names and maps ---- */

START_TEST(equal_names_are_one_pointer)
{
	struct intern *t = intern_new(&arena);
	name empty = intern(t, ""), nul = intern_n(t, "a\0b", 3);

	ck_assert_ptr_eq(intern(t, "abc"), intern_n(t, "abcd", 3));
	ck_assert_ptr_eq(empty, intern_n(t, "x", 0));
	ck_assert_ptr_ne(nul, intern(t, "a"));
	ck_assert_ptr_eq(nul, intern_n(t, "a\0b", 3));
	ck_assert_ptr_eq(intern_printf(t, "%s[%d].%s", "ds", 2, "pw"), intern(t, "ds[2].pw"));
	ck_assert_ptr_eq(intern_printf(t, "%0400d", 7), intern_printf(t, "%0400d", 7));
	ck_assert_uint_eq(strlen(intern_printf(t, "%0400d", 7)), 400);
}
END_TEST

START_TEST(tables_grow)
{
	enum { N = 50000 };
	struct intern *t = intern_new(&arena);
	struct map *m = map_new(&arena);
	name *names = ARENA_ARRAY(&arena, name, N);
	int wrong = 0;

	for (int i = 0; i < N; i++) {
		names[i] = intern_printf(t, "layer[%d]", i);
		wrong += map_get(m, names[i]) != NULL;
		map_put(m, names[i], &names[i]);
	}
	for (int i = 0; i < N; i++) {
		wrong += names[i] != intern_printf(t, "layer[%d]", i);
		wrong += map_get(m, names[i]) != &names[i];
	}
	ck_assert_int_eq(wrong, 0);
	map_put(m, names[7], &names[8]);
	ck_assert_ptr_eq(map_get(m, names[7]), &names[8]);
	ck_assert_ptr_null(map_get(m, intern(t, "other")));
}
END_TEST

START_TEST(hash_is_fnv1a)
{
	/* from the test suite of FNV's authors */
	ck_assert_uint_eq(hash_bytes("", 0), 0xcbf29ce484222325);
	ck_assert_uint_eq(hash_bytes("a", 1), 0xaf63dc4c8601ec8c);
	ck_assert_uint_eq(hash_bytes("foobar", 6), 0x85944171f73967e8);
}
END_TEST

/* ---- suggestions, broken invariants ---- */

static const struct { const char *word, *found; } suggestions[] = {
	{ "kernal", "kernel" }, { "kernle", "kernel" }, { "kerne", "kernel" }, { "kkernel", "kernel" },
	{ "Kernel", "kernel" }, { "RELU", "relu" }, { "relu5", "relu6" }, { "conv2", "conv2d" }, { "cnov2d", "conv2d" },
	{ "dw_conv2d", "dwconv2d" }, { "dence", "dense" }, { "softmaxx", "softmax" },
	{ "q", NULL }, { "", NULL }, { "zzz", NULL }, { "kxrnxlx", NULL }, { "n", "in" }, { "i", "in" },
	{ "0123456789012345678901234567890123456789012345678901234567890123456789", NULL },
};

START_TEST(suggestion)
{
	static const char *const words[] = { "kernel", "relu6", "relu", "conv2d", "dwconv2d", "dense", "softmax", "in", "x",
		"0123456789012345678901234567890123456789012345678901234567890123456788" };
	const char *found = diag_suggest(suggestions[_i].word, words, sizeof words / sizeof *words);

	ck_assert_pstr_eq(found, suggestions[_i].found);
}
END_TEST

START_TEST(die_aborts)
{
	fclose(stderr);
	die("%d is odd", 3);
}
END_TEST

Suite *
support_suite(void)
{
	Suite *s = suite_create("support");
	TCase *tc = tcase_create("support");

	tcase_add_checked_fixture(tc, NULL, free_arena);
	tcase_add_test(tc, arena_gives_zeroed_aligned_memory);
	tcase_add_test(tc, arena_strings);
	tcase_add_exit_test(tc, arena_overflow_is_out_of_memory, 1);
	tcase_add_exit_test(tc, arena_huge_is_out_of_memory, 1);
	tcase_add_test(tc, array_keeps_what_was_pushed);
	tcase_add_test(tc, equal_names_are_one_pointer);
	tcase_add_test(tc, tables_grow);
	tcase_add_test(tc, hash_is_fnv1a);
	tcase_add_loop_test(tc, suggestion, 0, ROWS(suggestions));
	tcase_add_test_raise_signal(tc, die_aborts, SIGABRT);
	suite_add_tcase(s, tc);
	return s;
}
