/* Sources, positions, and the exact text of messages. */
#include <config.h>
#include <stdlib.h>
#include <string.h>
#include "support/diag.h"
#include "asserts.h"
#include "unit.h"

Suite *diag_suite(void);

static struct arena arena;
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

	diag_add_source(&diag, "before.net", "x", 1);
	s = diag_add_source(&diag, "t.net", text, strlen(text));
	diag_add_source(&diag, "after.net", "x", 1);
	diag_error(&diag, place(s, (size_t)shown[_i].start, (size_t)shown[_i].end), "%s", "bad");
	ck_assert_str_eq(stop_diag(), arena_printf(&arena, "t.net:%s", shown[_i].shown));
	ck_assert_int_eq(diag.errors, 1);
}
END_TEST

START_TEST(nul_in_source_is_shown)
{
	const struct source *s;

	s = diag_add_source(&diag, "t.net", "a\0b\n", 4);
	diag_error(&diag, place(s, 2, 3), "bad");
	ck_assert_str_eq(stop_diag(), "t.net:1:3: error: bad\n    1 | a?b\n      |   ^\n");
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
	s = diag_add_source(&diag, "t.net", line, sizeof line);
	diag_error(&diag, place(s, (size_t)at, (size_t)at + 1), "bad");
	window = arena_strndup(&arena, line + first, (size_t)(last - first));
	expected = arena_printf(&arena, "t.net:1:%d: error: bad\n    1 | %s%s%s\n      | %*s^\n", at + 1, first ? "..." : "",
		window, last < 1000 ? "..." : "", at - first + (first ? 3 : 0), "");
	ck_assert_str_eq(stop_diag(), expected);
}
END_TEST

START_TEST(long_lines_are_not_cut_within_characters)
{
	char line[1200];
	const struct source *s;

	for (int i = 0; i < 1200; i += 3)
		memcpy(line + i, "\xe2\x82\xac", 3);
	s = diag_add_source(&diag, "t.net", line, sizeof line);
	diag.limit = 0;
	for (size_t at = 0; at < sizeof line; at += 3)
		diag_error(&diag, place(s, at, at + 900), "bad");
	ck_assert_ptr_null(strchr(stop_diag(), '?'));
}
END_TEST

START_TEST(message_text_is_made_safe_and_bounded)
{
	char big[5000];

	memset(big, 'n', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	diag_error(&diag, LOC_NONE, "unknown name '%s'", "a\033]0;x\007\nb\xff");
	ck_assert_str_eq(stop_diag(), "netc: error: unknown name 'a?]0;x??b?'\n");
	diag_error(&diag, LOC_NONE, "%s", big);
	stop_diag();
	ck_assert_uint_lt(printed_len, 2200);
	ck_assert_str_eq(printed + printed_len - 5, "n...\n");
}
END_TEST

START_TEST(note_at_the_same_place_repeats_no_line)
{
	const struct source *s;

	s = diag_add_source(&diag, "t.net", "ab cd\n", 6);
	diag_error(&diag, place(s, 3, 5), "unknown 'cd'");
	diag_note(&diag, place(s, 3, 5), "did you mean 'ab'?");
	diag_note(&diag, place(s, 0, 2), "'ab' is defined here");
	ck_assert_str_eq(stop_diag(),
		"t.net:1:4: error: unknown 'cd'\n    1 | ab cd\n      |    ^~\n"
		"t.net:1:4: note: did you mean 'ab'?\n"
		"t.net:1:1: note: 'ab' is defined here\n    1 | ab cd\n      | ^~\n");
}
END_TEST

START_TEST(errors_beyond_the_limit_are_counted)
{
	diag.limit = 2;
	for (int i = 0; i < 5; i++) {
		diag_error(&diag, LOC_NONE, "e%d", i);
		diag_note(&diag, LOC_NONE, "n%d", i);
	}
	ck_assert_str_eq(stop_diag(), "netc: error: e0\nnetc: note: n0\nnetc: error: e1\nnetc: note: n1\n"
		"... and 3 more errors\n");
	ck_assert_int_eq(diag.errors, 5);
}
END_TEST

START_TEST(one_error_beyond_the_limit)
{
	diag.limit = 1;
	diag_error(&diag, LOC_NONE, "a");
	diag_error(&diag, LOC_NONE, "b");
	ck_assert_str_eq(stop_diag(), "netc: error: a\n... and 1 more error\n");
}
END_TEST

START_TEST(warnings_have_switches)
{
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
}
END_TEST

START_TEST(colour_only_when_asked)
{
	const struct source *s;

	s = diag_add_source(&diag, "t.net", "ab", 2);
	diag.colour = true;
	diag_error(&diag, place(s, 0, 2), "bad");
	ck_assert_str_eq(stop_diag(),
		"t.net:1:1: \033[1;31merror: \033[0mbad\n    1 | ab\n      | \033[1;32m^~\033[0m\n");
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
}
END_TEST

START_TEST(places_outside_every_source)
{
	int line, column;
	const struct source *a, *b;

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
}
END_TEST

START_TEST(offset_space_is_bounded)
{
	diag.next_base = INT32_MAX - 10;
	ck_assert_ptr_null(diag_add_source(&diag, "t", "0123456789", 10));
	ck_assert_ptr_nonnull(diag_add_source(&diag, "t", "012345678", 9));
	ck_assert_ptr_null(diag_add_source(&diag, "t", "", 0));
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
}
END_TEST

Suite *
diag_suite(void)
{
	Suite *s = suite_create("diag");
	TCase *tc = tcase_create("diag");

	tcase_add_checked_fixture(tc, start_diag, end_diag);
	tcase_add_loop_test(tc, error_shows_line_and_marks, 0, ROWS(shown));
	tcase_add_loop_test(tc, long_lines_are_cut_around_the_mark, 0, ROWS(long_lines));
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
	suite_add_tcase(s, tc);
	return s;
}
