/* Files out: all of a set or none.  Each is written under a name of its own beside its place
 * and renamed when all of them are complete.  A path that exists and is no plain file
 * (/dev/stdout, a pipe) is written where it is; a link is followed.
 *
 * Sets still open when the program exits (out of memory) are abandoned then. */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "support/array.h"
#include "support/file.h"

enum { BUFFER_BYTES = 128 * 1024 };

struct output {
	const char *path;   /* as the caller named it */
	const char *place;  /* where it goes */
	const char *temp;   /* NULL: written in place */
	FILE *file;         /* NULL: closed */
};

struct outputs {
	struct arena *arena;
	ARRAY(struct output) files;
	ARRAY(const char *) dirs;  /* created by us, parents first */
	const char *error;         /* the first */
	struct outputs *next;      /* in the list of open sets */
};

static struct outputs *open_sets;

static void
abandon_all(void)
{
	while (open_sets)
		outputs_abandon(open_sets);
}

struct outputs *
outputs_new(struct arena *a)
{
	static bool registered;
	struct outputs *o = ARENA_NEW(a, struct outputs);

	if (!registered)
		registered = atexit(abandon_all) == 0;
	o->arena = a;
	o->next = open_sets;
	open_sets = o;
	return o;
}

static void
fail(struct outputs *o, const char *verb, const char *path, const char *why)
{
	if (!o->error)
		o->error = arena_printf(o->arena, "cannot %s '%s': %s", verb, path, why);
}

static int
open_temp(struct outputs *o, const char *dir, const char **temp)
{
	int fd;

	for (unsigned k = 0; ; k++) {
		*temp = arena_printf(o->arena, "%s/.netc-%ld-%zu-%u", dir, (long)getpid(), o->files.n, k);
		fd = open(*temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd >= 0 || errno != EEXIST || k == 1000)
			return fd;
	}
}

FILE *
outputs_open(struct outputs *o, const char *path)
{
	struct output out = { .path = arena_strdup(o->arena, path) };
	char real[PATH_MAX];
	struct stat st;
	int fd;

	if (o->error)
		return NULL;
	out.place = realpath(path, real) ? arena_strdup(o->arena, real) : out.path;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		fail(o, "write", path, "is a directory");
		return NULL;
	}
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		fd = open(path, O_WRONLY | O_CLOEXEC);
	else
		fd = open_temp(o, path_dir(o->arena, out.place), &out.temp);
	if (fd < 0) {
		fail(o, "write", path, strerror(errno));
		return NULL;
	}
	out.file = fdopen(fd, "w");
	if (!out.file) {
		fail(o, "write", path, strerror(errno));
		close(fd);
		if (out.temp)
			unlink(out.temp);
		return NULL;
	}
	setvbuf(out.file, arena_alloc(o->arena, BUFFER_BYTES), _IOFBF, BUFFER_BYTES);
	ARRAY_PUSH(o->arena, o->files, out);
	return out.file;
}

/* mkdir that is content with a directory already there. */
static bool
make_dir(struct outputs *o, const char *dir)
{
	struct stat st;
	int error;

	if (mkdir(dir, 0777) == 0) {
		ARRAY_PUSH(o->arena, o->dirs, arena_strdup(o->arena, dir));
		return true;
	}
	error = errno;
	if (stat(dir, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			return true;
		error = ENOTDIR;
	}
	fail(o, "create directory", dir, strerror(error));
	return false;
}

bool
outputs_mkdir(struct outputs *o, const char *dir)
{
	char *path = arena_strdup(o->arena, dir);

	if (o->error)
		return false;
	for (char *p = path; *p; p++) {
		if (*p != '/' || p == path || p[-1] == '/')
			continue;
		*p = '\0';
		if (!make_dir(o, path))
			return false;
		*p = '/';
	}
	return make_dir(o, path);
}

static void
close_output(struct outputs *o, struct output *out)
{
	bool bad = ferror(out->file);
	int error;

	errno = 0;
	/* what a failed write left in the buffer is tried again here and fails for the same reason */
	if (fclose(out->file) != 0 || bad) {
		error = errno;
		fail(o, "write", out->path, error ? strerror(error) : "write error");
	}
	out->file = NULL;
}

static void
leave_open_sets(const struct outputs *o)
{
	struct outputs **p = &open_sets;

	while (*p && *p != o)
		p = &(*p)->next;
	if (*p)
		*p = o->next;
}

const char *
outputs_commit(struct outputs *o)
{
	size_t placed = 0;

	for (size_t i = 0; i < o->files.n; i++)
		close_output(o, &o->files.v[i]);
	for (; placed < o->files.n && !o->error; placed++) {
		struct output *out = &o->files.v[placed];

		if (out->temp && rename(out->temp, out->place) < 0) {
			fail(o, "write", out->path, strerror(errno));
			break;
		}
	}
	if (o->error) {
		for (size_t i = 0; i < placed; i++) {
			if (o->files.v[i].temp)
				unlink(o->files.v[i].place);
		}
		outputs_abandon(o);
		return o->error;
	}
	leave_open_sets(o);
	return NULL;
}

void
outputs_list(const struct outputs *o, FILE *out)
{
	fputs("wrote", out);
	for (size_t i = 0; i < o->files.n; i++)
		fprintf(out, " %s", o->files.v[i].path);
	putc('\n', out);
}

void
outputs_abandon(struct outputs *o)
{
	for (size_t i = 0; i < o->files.n; i++) {
		struct output *out = &o->files.v[i];

		if (out->file)
			fclose(out->file);
		if (out->temp)
			unlink(out->temp);
	}
	o->files.n = 0;
	/* fails, as it should, where something else has been put into it */
	while (o->dirs.n > 0)
		rmdir(o->dirs.v[--o->dirs.n]);
	leave_open_sets(o);
}

void
outputs_unlink(void)
{
	for (const struct outputs *o = open_sets; o; o = o->next) {
		for (size_t i = 0; i < o->files.n; i++)
			if (o->files.v[i].temp)
				unlink(o->files.v[i].temp);
		for (size_t i = o->dirs.n; i > 0; i--)
			rmdir(o->dirs.v[i - 1]);
	}
}
