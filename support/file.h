/* Files: read or map whole, write atomically.  Errors come back as text; the caller has the
 * location. */
#ifndef SUPPORT_FILE_H
#define SUPPORT_FILE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "support/arena.h"

/* A file's bytes mapped read-only.  Released by file_unmap; empty files have data "". */
struct mapped {
	const unsigned char *data;
	size_t size;
};
/* NULL, or why it could not be opened ("No such file or directory", "is a directory"). */
const char *file_map(struct mapped *, const char *path);
void file_unmap(struct mapped *);

/* The whole text of PATH ("-": standard input) in the arena, NUL-terminated. */
const char *file_read(struct arena *, const char *path, const char **text, size_t *len);

/* DIR/NAME unless NAME is absolute or DIR is NULL or ""; the directory part of PATH ("." if none). */
const char *path_join(struct arena *, const char *dir, const char *name);
const char *path_dir(struct arena *, const char *path);
const char *path_base(const char *path);

/* A set of output files that appear together or not at all.  Each is written to a temporary
 * name in its directory; outputs_commit flushes, closes and renames them all.  An error
 * (a full disk shows at close) is remembered, and removes every temporary file. */
struct outputs;
struct outputs *outputs_new(struct arena *);
/* NULL on failure, which outputs_commit reports too. */
FILE *outputs_open(struct outputs *, const char *path);
/* Creates DIR and its parents where they are missing; false on failure, reported by commit. */
bool outputs_mkdir(struct outputs *, const char *dir);
/* NULL when every file is in place, else the reason with the path in it. */
const char *outputs_commit(struct outputs *);
/* "wrote PATH PATH ...", of a set that was committed. */
void outputs_list(const struct outputs *, FILE *);
void outputs_abandon(struct outputs *);
/* Remove the temporary files and new directories of every set, from a signal handler: the program ends then. */
void outputs_unlink(void);
#endif
