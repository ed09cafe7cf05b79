/* Files in: mapped where the system can, else read into pages of our own, so that unmapping is
 * the same for both. */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "support/file.h"

static const size_t FIRST_BYTES = 256 << 10;
static const size_t TEXT_LIMIT = 64 << 20;    /* of file_read */
static const size_t STREAM_LIMIT = 1u << 30;  /* of file_map on what cannot be mapped */

static char *
new_pages(size_t size)
{
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* Pages of twice the size with the same content, or NULL; the old ones are given back. */
static char *
double_pages(char *old, size_t size)
{
	char *p = new_pages(size * 2);

	if (p)
		memcpy(p, old, size);
	munmap(old, size);
	return p;
}

/* Keep the first N bytes of SIZE: file_unmap will give back the pages of those only. */
static void
keep_pages(char *data, size_t size, size_t n, struct mapped *m)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), kept = (n + page - 1) / page * page;

	if (kept < size)
		munmap(data + kept, size - kept);
	*m = (struct mapped){ n > 0 ? (const unsigned char *)data : (const unsigned char *)"", n };
}

/* Read FD to its end into pages of our own.  NULL, or the reason; then nothing is kept. */
static const char *
slurp(int fd, size_t limit, const char *too_big, struct mapped *m)
{
	size_t size = FIRST_BYTES, n = 0;
	char *data = new_pages(size);

	while (data) {
		ssize_t got = read(fd, data + n, size - n);

		if (got == 0) {
			keep_pages(data, size, n, m);
			return NULL;
		}
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || (size_t)got > limit - n) {
			const char *why = got < 0 ? strerror(errno) : too_big;

			munmap(data, size);
			return why;
		}
		n += (size_t)got;
		if (n == size) {
			data = double_pages(data, size);
			size *= 2;
		}
	}
	return strerror(ENOMEM);
}

static const char *
map_fd(int fd, struct mapped *m)
{
	struct stat st;
	void *data;

	if (fstat(fd, &st) < 0)
		return strerror(errno);
	if (S_ISDIR(st.st_mode))
		return "is a directory";
	/* files of /proc say 0 and are not empty */
	if (!S_ISREG(st.st_mode) || st.st_size == 0)
		return slurp(fd, STREAM_LIMIT, "is larger than 1 GiB and cannot be mapped", m);
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return strerror(errno);
	*m = (struct mapped){ data, (size_t)st.st_size };
	return NULL;
}

const char *
file_map(struct mapped *m, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const char *why;

	*m = (struct mapped){ (const unsigned char *)"", 0 };
	if (fd < 0)
		return strerror(errno);
	why = map_fd(fd, m);
	close(fd);
	return why;
}

void
file_unmap(struct mapped *m)
{
	if (m->size > 0)
		munmap((void *)m->data, m->size);
	*m = (struct mapped){ (const unsigned char *)"", 0 };
}

const char *
file_read(struct arena *a, const char *path, const char **text, size_t *len)
{
	bool standard_input = strcmp(path, "-") == 0;
	int fd = standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	struct mapped m;
	struct stat st;
	const char *why;

	*text = "";
	*len = 0;
	if (fd < 0)
		return strerror(errno);
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		why = "is a directory";
	else
		why = slurp(fd, TEXT_LIMIT, "is larger than 64 MiB", &m);
	if (!standard_input)
		close(fd);
	if (why)
		return why;
	*text = arena_strndup(a, (const char *)m.data, m.size);
	*len = m.size;
	file_unmap(&m);
	return NULL;
}

const char *
path_join(struct arena *a, const char *dir, const char *name)
{
	if (!dir || !*dir || name[0] == '/')
		return arena_strdup(a, name);
	return arena_printf(a, "%s%s%s", dir, dir[strlen(dir) - 1] == '/' ? "" : "/", name);
}

const char *
path_dir(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return ".";
	while (slash > path && slash[-1] == '/')
		slash--;
	return slash == path ? "/" : arena_strndup(a, path, (size_t)(slash - path));
}

const char *
path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}
