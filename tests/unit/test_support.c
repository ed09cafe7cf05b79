#include <config.h>
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "support/array.h"
#include "support/diag.h"
#include "support/file.h"
#include "support/intern.h"

Suite *support_suite(void);

static struct arena arena;
static char dir[] = "test_support.XXXXXX"; /* made by make_dir, removed by remove_dir */

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

/* ---- diagnostics ---- */

static struct diag diag;
static char *printed;
static size_t printed_len;

static void
start_diag(void)
{
	diag_init(&diag, &arena, open_memstream(&printed, &printed_len));
}

static const char *
stop_diag(void)
{
	diag_finish(&diag);
	return printed;
}

static void
end_diag(void)
{
	fclose(diag.out);
	free(printed);
	arena_free(&arena);
}

static struct loc
place(const struct source *s, size_t start, size_t end)
{
	return (struct loc){ s->base + (uint32_t)start, s->base + (uint32_t)end };
}

static const struct {
	const char *text;
	int start, end;
	const char *shown; /* after "t.net:" */
} shown[] = {
	{ "net 1;\n", 4, 5, "1:5: error: bad\n    1 | net 1;\n      |     ^\n" },
	{ "net 1;\n", 0, 3, "1:1: error: bad\n    1 | net 1;\n      | ^~~\n" },
	{ "a;\n\tb = cd();\n", 8, 10, "2:6: error: bad\n    2 | \tb = cd();\n      | \t    ^~\n" },
	{ "a\tb\tc", 4, 5, "1:5: error: bad\n    1 | a\tb\tc\n      |  \t \t^\n" },
	/* the marks end with the line */
	{ "abc\ndef\n", 1, 6, "1:2: error: bad\n    1 | abc\n      |  ^~\n" },
	/* end of line, end of text, empty text */
	{ "abc\ndef", 3, 3, "1:4: error: bad\n    1 | abc\n      |    ^\n" },
	{ "abc\ndef", 7, 7, "2:4: error: bad\n    2 | def\n      |    ^\n" },
	{ "abc\n", 4, 4, "2:1: error: bad\n    2 | \n      | ^\n" },
	{ "", 0, 0, "1:1: error: bad\n    1 | \n      | ^\n" },
	{ "ab\r\ncd\r\n", 5, 6, "2:2: error: bad\n    2 | cd\n      |  ^\n" },
	{ "ab\r\n", 2, 3, "1:3: error: bad\n    1 | ab\n      |   ^\n" },
	/* what a terminal must not see */
	{ "a\033[31m\x7f" "b", 7, 8, "1:8: error: bad\n    1 | a?[31m?b\n      |        ^\n" },
	{ "\xff\xc3(\x80 z", 5, 6, "1:6: error: bad\n    1 | ?" "?(? z\n      |      ^\n" },
	{ "\xc0\x80 \xed\xa0\x80 z", 7, 8, "1:8: error: bad\n    1 | ?? ??? z\n      |        ^\n" },
	{ "\xc2\x9b z", 3, 4, "1:4: error: bad\n    1 | ?? z\n      |    ^\n" },
	{ "\xe2\x80\xae z", 4, 5, "1:5: error: bad\n    1 | ??? z\n      |     ^\n" },
	{ "\xf4\x90\x80\x80 z", 5, 6, "1:6: error: bad\n    1 | ???? z\n      |      ^\n" },
	{ "\xe2\x82", 0, 2, "1:1: error: bad\n    1 | ??\n      | ^~\n" },
	/* one column for a character of several bytes */
	{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 zz", 10, 12,
		"1:11: error: bad\n    1 | \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 zz\n      |     ^~\n" },
	{ "x \xc3\xa9\xc3\xa9 y", 2, 6, "1:3: error: bad\n    1 | x \xc3\xa9\xc3\xa9 y\n      |   ^~\n" },
};

START_TEST(error_shows_line_and_marks)
{
	const char *text = shown[_i].text;
	const struct source *s;

	start_diag();
	diag_add_source(&diag, "before.net", "x", 1);
	s = diag_add_source(&diag, "t.net", text, strlen(text));
	diag_add_source(&diag, "after.net", "x", 1);
	diag_error(&diag, place(s, (size_t)shown[_i].start, (size_t)shown[_i].end), "%s", "bad");
	ck_assert_str_eq(stop_diag(), arena_printf(&arena, "t.net:%s", shown[_i].shown));
	ck_assert_int_eq(diag.errors, 1);
	end_diag();
}
END_TEST

START_TEST(nul_in_source_is_shown)
{
	const struct source *s;

	start_diag();
	s = diag_add_source(&diag, "t.net", "a\0b\n", 4);
	diag_error(&diag, place(s, 2, 3), "bad");
	ck_assert_str_eq(stop_diag(), "t.net:1:3: error: bad\n    1 | a?b\n      |   ^\n");
	end_diag();
}
END_TEST

/* A line of 1000 letters is cut to 160 around the mark. */
static const struct { int at; int first, last; } long_lines[] = {
	{ 0, 0, 160 }, { 60, 0, 160 }, { 61, 1, 161 }, { 500, 440, 600 }, { 900, 840, 1000 }, { 999, 840, 1000 },
	{ 1000, 840, 1000 },
};

START_TEST(long_lines_are_cut_around_the_mark)
{
	int at = long_lines[_i].at, first = long_lines[_i].first, last = long_lines[_i].last;
	char line[1001], *expected, *window;
	const struct source *s;

	for (int i = 0; i < 1000; i++)
		line[i] = (char)('a' + i % 26);
	line[1000] = '\n';
	start_diag();
	s = diag_add_source(&diag, "t.net", line, sizeof line);
	diag_error(&diag, place(s, (size_t)at, (size_t)at + 1), "bad");
	window = arena_strndup(&arena, line + first, (size_t)(last - first));
	expected = arena_printf(&arena, "t.net:1:%d: error: bad\n    1 | %s%s%s\n      | %*s^\n", at + 1, first ? "..." : "",
		window, last < 1000 ? "..." : "", at - first + (first ? 3 : 0), "");
	ck_assert_str_eq(stop_diag(), expected);
	end_diag();
}
END_TEST

START_TEST(long_lines_are_not_cut_within_characters)
{
	char line[1200];
	const struct source *s;

	for (int i = 0; i < 1200; i += 3)
		memcpy(line + i, "\xe2\x82\xac", 3);
	start_diag();
	s = diag_add_source(&diag, "t.net", line, sizeof line);
	diag.limit = 0;
	for (size_t at = 0; at < sizeof line; at += 3)
		diag_error(&diag, place(s, at, at + 900), "bad");
	ck_assert_ptr_null(strchr(stop_diag(), '?'));
	end_diag();
}
END_TEST

START_TEST(message_text_is_made_safe_and_bounded)
{
	char big[5000];

	memset(big, 'n', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	start_diag();
	diag_error(&diag, LOC_NONE, "unknown name '%s'", "a\033]0;x\007\nb\xff");
	ck_assert_str_eq(stop_diag(), "netc: error: unknown name 'a?]0;x??b?'\n");
	diag_error(&diag, LOC_NONE, "%s", big);
	stop_diag();
	ck_assert_uint_lt(printed_len, 2200);
	ck_assert_str_eq(printed + printed_len - 5, "n...\n");
	end_diag();
}
END_TEST

START_TEST(note_at_the_same_place_repeats_no_line)
{
	const struct source *s;

	start_diag();
	s = diag_add_source(&diag, "t.net", "ab cd\n", 6);
	diag_error(&diag, place(s, 3, 5), "unknown 'cd'");
	diag_note(&diag, place(s, 3, 5), "did you mean 'ab'?");
	diag_note(&diag, place(s, 0, 2), "'ab' is defined here");
	ck_assert_str_eq(stop_diag(),
		"t.net:1:4: error: unknown 'cd'\n    1 | ab cd\n      |    ^~\n"
		"t.net:1:4: note: did you mean 'ab'?\n"
		"t.net:1:1: note: 'ab' is defined here\n    1 | ab cd\n      | ^~\n");
	end_diag();
}
END_TEST

START_TEST(errors_beyond_the_limit_are_counted)
{
	start_diag();
	diag.limit = 2;
	for (int i = 0; i < 5; i++) {
		diag_error(&diag, LOC_NONE, "e%d", i);
		diag_note(&diag, LOC_NONE, "n%d", i);
	}
	ck_assert_str_eq(stop_diag(), "netc: error: e0\nnetc: note: n0\nnetc: error: e1\nnetc: note: n1\n"
		"... and 3 more errors\n");
	ck_assert_int_eq(diag.errors, 5);
	end_diag();
}
END_TEST

START_TEST(one_error_beyond_the_limit)
{
	start_diag();
	diag.limit = 1;
	diag_error(&diag, LOC_NONE, "a");
	diag_error(&diag, LOC_NONE, "b");
	ck_assert_str_eq(stop_diag(), "netc: error: a\n... and 1 more error\n");
	end_diag();
}
END_TEST

START_TEST(warnings_have_switches)
{
	start_diag();
	diag_warning(&diag, WARN_UNUSED_VALUE, LOC_NONE, "w");
	diag_note(&diag, LOC_NONE, "n1");
	diag.off[WARN_UNUSED_VALUE] = 1;
	diag_warning(&diag, WARN_UNUSED_VALUE, LOC_NONE, "off");
	diag_note(&diag, LOC_NONE, "not shown");
	diag.fatal[WARN_UNUSED_CONST] = 1;
	diag_warning(&diag, WARN_UNUSED_CONST, LOC_NONE, "f");
	diag.werror = true;
	diag_warning(&diag, WARN_UNUSED_WEIGHT, LOC_NONE, "g");
	ck_assert_str_eq(stop_diag(), "netc: warning: w [-Wunused-value]\nnetc: note: n1\n"
		"netc: error: f [-Werror=unused-const]\nnetc: error: g [-Werror=unused-weight]\n");
	ck_assert_int_eq(diag.warnings, 1);
	ck_assert_int_eq(diag.errors, 2);
	end_diag();
}
END_TEST

START_TEST(colour_only_when_asked)
{
	const struct source *s;

	start_diag();
	s = diag_add_source(&diag, "t.net", "ab", 2);
	diag.colour = true;
	diag_error(&diag, place(s, 0, 2), "bad");
	ck_assert_str_eq(stop_diag(),
		"t.net:1:1: \033[1;31merror: \033[0mbad\n    1 | ab\n      | \033[1;32m^~\033[0m\n");
	end_diag();
}
END_TEST

/* Every offset of a text with lines of all lengths, against counting from the start. */
START_TEST(positions_agree_with_counting)
{
	enum { LEN = 20000 };
	char *text = arena_alloc(&arena, LEN);
	const struct source *s;
	int line = 1, column = 1, wrong = 0;
	unsigned x = 1;

	for (int i = 0; i < LEN; i++) {
		x = x * 1664525 + 1013904223;
		text[i] = (x >> 24) < (i < 5000 ? 3u : 100u) ? '\n' : 'x';
	}
	start_diag();
	diag_add_source(&diag, "first.net", "abc", 3);
	s = diag_add_source(&diag, "t.net", text, LEN);
	for (int i = 0; i <= LEN; i++) {
		int l, c;

		diag_position(&diag, place(s, (size_t)i, (size_t)i), &l, &c);
		wrong += l != line || c != column;
		column = text[i < LEN ? i : 0] == '\n' ? 1 : column + 1;
		line += i < LEN && text[i] == '\n';
	}
	ck_assert_int_eq(wrong, 0);
	end_diag();
}
END_TEST

START_TEST(places_outside_every_source)
{
	int line, column;
	const struct source *a, *b;

	start_diag();
	ck_assert_ptr_null(diag_source(&diag, (struct loc){ 1, 2 }));
	a = diag_add_source(&diag, "a", "xy", 2);
	b = diag_add_source(&diag, "b", "", 0);
	ck_assert_ptr_eq(diag_source(&diag, place(a, 0, 0)), a);
	ck_assert_ptr_eq(diag_source(&diag, place(a, 2, 2)), a);
	ck_assert_ptr_eq(diag_source(&diag, place(b, 0, 0)), b);
	ck_assert_ptr_null(diag_source(&diag, place(b, 1, 1)));
	ck_assert_ptr_null(diag_source(&diag, LOC_NONE));
	diag_position(&diag, LOC_NONE, &line, &column);
	ck_assert_int_eq(line, 0);
	ck_assert_int_eq(column, 0);
	end_diag();
}
END_TEST

START_TEST(offset_space_is_bounded)
{
	start_diag();
	diag.next_base = INT32_MAX - 10;
	ck_assert_ptr_null(diag_add_source(&diag, "t", "0123456789", 10));
	ck_assert_ptr_nonnull(diag_add_source(&diag, "t", "012345678", 9));
	ck_assert_ptr_null(diag_add_source(&diag, "t", "", 0));
	end_diag();
}
END_TEST

/* Would take minutes if a position cost a walk over the text. */
START_TEST(many_positions_in_a_big_text)
{
	enum { LEN = 2 << 20, STEP = 16 };
	char *text = malloc(LEN);
	const struct source *s;
	int line, column, wrong = 0;

	memset(text, ' ', LEN);
	start_diag();
	s = diag_add_source(&diag, "one-line.net", text, LEN);
	for (size_t i = 0; i < LEN; i += STEP) {
		diag_position(&diag, place(s, i, i), &line, &column);
		wrong += line != 1 || column != (int)i + 1;
	}
	memset(text, '\n', LEN);
	s = diag_add_source(&diag, "lines.net", text, LEN);
	for (size_t i = 0; i < LEN; i += STEP) {
		diag_position(&diag, place(s, i, i), &line, &column);
		wrong += line != (int)i + 1 || column != 1;
	}
	free(text);
	ck_assert_int_eq(wrong, 0);
	end_diag();
}
END_TEST

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

/* ---- files ---- */

static void
make_dir(void)
{
	strcpy(dir + sizeof dir - 7, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void
remove_dir(void)
{
	char command[64];

	snprintf(command, sizeof command, "rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
	arena_free(&arena);
}

static const char *
in_dir(const char *file)
{
	return path_join(&arena, dir, file);
}

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert(fputs(text, f) >= 0);
	ck_assert_int_eq(fclose(f), 0);
}

static void
assert_content(const char *path, const char *want)
{
	const char *text, *why;
	size_t len;

	why = file_read(&arena, path, &text, &len);
	ck_assert_pstr_eq(why, NULL);
	ck_assert_str_eq(text, want);
	ck_assert_uint_eq(len, strlen(want));
}

static int
count_entries(const char *path)
{
	DIR *d = opendir(path);
	int n = 0;

	ck_assert_ptr_nonnull(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

START_TEST(map_files_of_every_kind)
{
	struct mapped m;
	const char *path = in_dir("f"), *pipe = in_dir("pipe");
	pid_t child;
	int wrong = 0;

	write_file(path, "hello");
	ck_assert_pstr_eq(file_map(&m, path), NULL);
	ck_assert_uint_eq(m.size, 5);
	ck_assert_mem_eq(m.data, "hello", 5);
	file_unmap(&m);
	ck_assert_uint_eq(m.size, 0);
	file_unmap(&m);

	write_file(path, "");
	ck_assert_pstr_eq(file_map(&m, path), NULL);
	ck_assert_uint_eq(m.size, 0);
	ck_assert_ptr_nonnull(m.data);
	file_unmap(&m);

	ck_assert_pstr_eq(file_map(&m, dir), "is a directory");
	ck_assert_pstr_eq(file_map(&m, in_dir("missing")), strerror(ENOENT));
	ck_assert_pstr_eq(file_map(&m, "/dev/null"), NULL);
	ck_assert_uint_eq(m.size, 0);

	ck_assert_int_eq(mkfifo(pipe, 0600), 0);
	child = fork();
	if (child == 0) {
		FILE *f = fopen(pipe, "w");

		for (int i = 0; i < 1000000; i++)
			fputc('a' + i % 26, f);
		fclose(f);
		_exit(0);
	}
	ck_assert_pstr_eq(file_map(&m, pipe), NULL);
	ck_assert_uint_eq(m.size, 1000000);
	for (int i = 0; i < 1000000; i++)
		wrong += m.data[i] != 'a' + i % 26;
	ck_assert_int_eq(wrong, 0);
	file_unmap(&m);
	waitpid(child, NULL, 0);
}
END_TEST

START_TEST(read_texts)
{
	const char *text, *path = in_dir("f");
	size_t len;

	write_file(path, "net 1;\n");
	assert_content(path, "net 1;\n");
	write_file(path, "");
	assert_content(path, "");
	ck_assert_pstr_eq(file_read(&arena, dir, &text, &len), "is a directory");
	ck_assert_pstr_eq(file_read(&arena, in_dir("missing"), &text, &len), strerror(ENOENT));
	ck_assert_pstr_eq(file_read(&arena, in_dir("f/g"), &text, &len), strerror(ENOTDIR));
	ck_assert_int_eq(truncate(path, 64 << 20), 0);
	ck_assert_pstr_eq(file_read(&arena, path, &text, &len), NULL);
	ck_assert_uint_eq(len, 64 << 20);
	ck_assert_int_eq(truncate(path, (64 << 20) + 1), 0);
	ck_assert_pstr_eq(file_read(&arena, path, &text, &len), "is larger than 64 MiB");
}
END_TEST

START_TEST(read_standard_input)
{
	write_file(in_dir("f"), "from stdin");
	ck_assert_ptr_nonnull(freopen(in_dir("f"), "r", stdin));
	assert_content("-", "from stdin");
}
END_TEST

static const struct { const char *dir, *name, *joined; } joins[] = {
	{ "a", "b", "a/b" }, { "a/", "b", "a/b" }, { "", "b", "b" }, { NULL, "b", "b" }, { "a", "/b", "/b" },
	{ "/", "b", "/b" }, { "a", "../b", "a/../b" },
};
static const struct { const char *path, *dir, *base; } splits[] = {
	{ "a/b.net", "a", "b.net" }, { "b.net", ".", "b.net" }, { "/b.net", "/", "b.net" }, { "a//b", "a", "b" },
	{ "/a/b/c", "/a/b", "c" }, { "//b", "/", "b" }, { "", ".", "" },
};

START_TEST(join_path)
{
	ck_assert_str_eq(path_join(&arena, joins[_i].dir, joins[_i].name), joins[_i].joined);
}
END_TEST

START_TEST(split_path)
{
	ck_assert_str_eq(path_dir(&arena, splits[_i].path), splits[_i].dir);
	ck_assert_str_eq(path_base(splits[_i].path), splits[_i].base);
}
END_TEST

/* ---- outputs ---- */

static void
put(struct outputs *o, const char *path, const char *text)
{
	FILE *f = outputs_open(o, path);

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
}

START_TEST(outputs_appear_at_commit)
{
	struct outputs *o = outputs_new(&arena);
	struct stat st;
	mode_t mask = umask(027);

	write_file(in_dir("old"), "old");
	ck_assert(outputs_mkdir(o, in_dir("x/y//z/")));
	ck_assert(outputs_mkdir(o, in_dir("x")));
	put(o, in_dir("x/y/z/new"), "new");
	put(o, in_dir("old"), "changed");
	ck_assert_int_ne(access(in_dir("x/y/z/new"), F_OK), 0);
	assert_content(in_dir("old"), "old");
	ck_assert_pstr_eq(outputs_commit(o), NULL);
	umask(mask);
	assert_content(in_dir("x/y/z/new"), "new");
	assert_content(in_dir("old"), "changed");
	ck_assert_int_eq(count_entries(dir), 2);
	ck_assert_int_eq(count_entries(in_dir("x/y/z")), 1);
	ck_assert_int_eq(stat(in_dir("x/y/z/new"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0640);
}
END_TEST

START_TEST(outputs_vanish_when_abandoned)
{
	struct outputs *o = outputs_new(&arena);

	write_file(in_dir("old"), "old");
	ck_assert(outputs_mkdir(o, in_dir("x/y")));
	put(o, in_dir("x/y/new"), "new");
	put(o, in_dir("old"), "changed");
	outputs_abandon(o);
	assert_content(in_dir("old"), "old");
	ck_assert_int_eq(count_entries(dir), 1);
}
END_TEST

/* Without the device these tests would make a file of that name. */
static bool
have_full_device(void)
{
	struct stat st;

	return stat("/dev/full", &st) == 0 && S_ISCHR(st.st_mode);
}

START_TEST(full_disk_leaves_nothing)
{
	struct outputs *o = outputs_new(&arena);

	if (!have_full_device())
		return;
	write_file(in_dir("old"), "old");
	ck_assert(outputs_mkdir(o, in_dir("x")));
	put(o, in_dir("x/new"), "new");
	put(o, in_dir("old"), "changed");
	put(o, "/dev/full", "lost");
	ck_assert_pstr_eq(outputs_commit(o), "cannot write '/dev/full': No space left on device");
	assert_content(in_dir("old"), "old");
	ck_assert_int_eq(count_entries(dir), 1);
}
END_TEST

START_TEST(full_disk_shows_after_a_full_buffer)
{
	struct outputs *o = outputs_new(&arena);
	FILE *f;

	if (!have_full_device())
		return;
	f = outputs_open(o, "/dev/full");
	for (int i = 0; i < 1000000; i++)
		fputc('x', f);
	ck_assert_pstr_eq(outputs_commit(o), "cannot write '/dev/full': No space left on device");
	ck_assert(have_full_device());
}
END_TEST

START_TEST(first_failure_is_reported)
{
	struct outputs *o = outputs_new(&arena);

	put(o, in_dir("a"), "a");
	ck_assert_ptr_null(outputs_open(o, in_dir("missing/b")));
	ck_assert_ptr_null(outputs_open(o, in_dir("c")));
	ck_assert(!outputs_mkdir(o, in_dir("d")));
	ck_assert_pstr_eq(outputs_commit(o),
		arena_printf(&arena, "cannot write '%s': No such file or directory", in_dir("missing/b")));
	ck_assert_int_eq(count_entries(dir), 0);
}
END_TEST

START_TEST(directories_in_the_way)
{
	struct outputs *o = outputs_new(&arena);

	ck_assert_ptr_null(outputs_open(o, dir));
	ck_assert_pstr_eq(outputs_commit(o), arena_printf(&arena, "cannot write '%s': is a directory", dir));
	write_file(in_dir("f"), "f");
	o = outputs_new(&arena);
	ck_assert(!outputs_mkdir(o, in_dir("f/x")));
	ck_assert_pstr_eq(outputs_commit(o),
		arena_printf(&arena, "cannot create directory '%s': Not a directory", in_dir("f")));
	/* made after it was opened: only rename can find it */
	o = outputs_new(&arena);
	put(o, in_dir("a"), "a");
	put(o, in_dir("b"), "b");
	ck_assert_int_eq(mkdir(in_dir("b"), 0700), 0);
	ck_assert_pstr_eq(outputs_commit(o), arena_printf(&arena, "cannot write '%s': Is a directory", in_dir("b")));
	ck_assert_int_eq(count_entries(dir), 2);
}
END_TEST

START_TEST(links_are_followed)
{
	struct outputs *o = outputs_new(&arena);
	struct stat st;

	write_file(in_dir("f"), "f");
	ck_assert_int_eq(symlink("f", in_dir("link")), 0);
	put(o, in_dir("link"), "through");
	ck_assert_pstr_eq(outputs_commit(o), NULL);
	assert_content(in_dir("f"), "through");
	ck_assert_int_eq(lstat(in_dir("link"), &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
}
END_TEST

START_TEST(exit_abandons_open_sets)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		struct outputs *o = outputs_new(&arena);

		outputs_mkdir(o, in_dir("x"));
		fputs("partial", outputs_open(o, in_dir("x/new")));
		exit(3);
	}
	waitpid(child, &status, 0);
	ck_assert_int_eq(WEXITSTATUS(status), 3);
	ck_assert_int_eq(count_entries(dir), 0);
}
END_TEST

#define ROWS(table) (int)(sizeof table / sizeof *table)

static TCase *
add_case(Suite *s, const char *title, void (*before)(void), void (*after)(void))
{
	TCase *tc = tcase_create(title);

	tcase_add_checked_fixture(tc, before, after);
	suite_add_tcase(s, tc);
	return tc;
}

static void
add_diag_tests(TCase *tc)
{
	tcase_add_loop_test(tc, error_shows_line_and_marks, 0, ROWS(shown));
	tcase_add_loop_test(tc, long_lines_are_cut_around_the_mark, 0, ROWS(long_lines));
	tcase_add_loop_test(tc, suggestion, 0, ROWS(suggestions));
	tcase_add_test(tc, long_lines_are_not_cut_within_characters);
	tcase_add_test(tc, nul_in_source_is_shown);
	tcase_add_test(tc, message_text_is_made_safe_and_bounded);
	tcase_add_test(tc, note_at_the_same_place_repeats_no_line);
	tcase_add_test(tc, errors_beyond_the_limit_are_counted);
	tcase_add_test(tc, one_error_beyond_the_limit);
	tcase_add_test(tc, warnings_have_switches);
	tcase_add_test(tc, colour_only_when_asked);
	tcase_add_test(tc, positions_agree_with_counting);
	tcase_add_test(tc, places_outside_every_source);
	tcase_add_test(tc, offset_space_is_bounded);
	tcase_add_test(tc, many_positions_in_a_big_text);
	tcase_add_test_raise_signal(tc, die_aborts, SIGABRT);
}

static void
add_file_tests(TCase *tc)
{
	tcase_add_test(tc, map_files_of_every_kind);
	tcase_add_test(tc, read_texts);
	tcase_add_test(tc, read_standard_input);
	tcase_add_loop_test(tc, join_path, 0, ROWS(joins));
	tcase_add_loop_test(tc, split_path, 0, ROWS(splits));
	tcase_add_test(tc, outputs_appear_at_commit);
	tcase_add_test(tc, outputs_vanish_when_abandoned);
	tcase_add_test(tc, full_disk_leaves_nothing);
	tcase_add_test(tc, full_disk_shows_after_a_full_buffer);
	tcase_add_test(tc, first_failure_is_reported);
	tcase_add_test(tc, directories_in_the_way);
	tcase_add_test(tc, links_are_followed);
	tcase_add_test(tc, exit_abandons_open_sets);
}

Suite *
support_suite(void)
{
	Suite *s = suite_create("support");
	TCase *tc = add_case(s, "memory", NULL, free_arena);

	tcase_add_test(tc, arena_gives_zeroed_aligned_memory);
	tcase_add_test(tc, arena_strings);
	tcase_add_exit_test(tc, arena_overflow_is_out_of_memory, 1);
	tcase_add_exit_test(tc, arena_huge_is_out_of_memory, 1);
	tcase_add_test(tc, array_keeps_what_was_pushed);
	tcase_add_test(tc, equal_names_are_one_pointer);
	tcase_add_test(tc, tables_grow);
	tcase_add_test(tc, hash_is_fnv1a);
	add_diag_tests(add_case(s, "diag", NULL, NULL));
	add_file_tests(add_case(s, "files", make_dir, remove_dir));
	return s;
}
