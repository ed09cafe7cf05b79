/* Texts carried inside the compiler. */
#ifndef RUNTIME_EMBEDDED_H
#define RUNTIME_EMBEDDED_H

struct embedded {
	const char *name;          /* "nn_add_i8.c" */
	const char *const *lines;  /* each ends in a newline; NULL after the last */
};
/* The kernels' sources, every file runtime/nn_*; what netc report --html is made of, the .css and .js files of report/; the
 * templates of backend/package/.  Each sorted by name, a NULL name after the last; made by tools/embed.awk. */
extern const struct embedded embedded_files[], page_files[], package_files[];

/* NULL: no such file. */
const struct embedded *embedded_find(const char *name); /* among the kernels */
const struct embedded *embedded_find_in(const struct embedded *files, const char *name);
#endif
