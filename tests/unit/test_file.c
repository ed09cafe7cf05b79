/* Files of every kind in, sets of files out. */
#include <config.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "support/file.h"
#include "asserts.h"
#include "unit.h"

Suite *file_suite(void);

static struct arena arena;
static char dir[] = "test_file.XXXXXX"; /* made by make_dir, removed by remove_dir */

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

Suite *
file_suite(void)
{
	Suite *s = suite_create("file");
	TCase *tc = tcase_create("file");

	tcase_add_checked_fixture(tc, make_dir, remove_dir);
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
	suite_add_tcase(s, tc);
	return s;
}
