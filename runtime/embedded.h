/* The kernels' sources, carried inside the compiler: every file runtime/nn_*. */
#ifndef RUNTIME_EMBEDDED_H
#define RUNTIME_EMBEDDED_H

struct embedded {
	const char *name;          /* "nn_add_i8.c" */
	const char *const *lines;  /* each ends in a newline; NULL after the last */
};
/* Sorted by name, a NULL name after the last; made by tools/embed.awk. */
extern const struct embedded embedded_files[];

/* NULL: no such file. */
const struct embedded *embedded_find(const char *name);
#endif
