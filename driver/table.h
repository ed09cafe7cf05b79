/* Tables on a terminal: aligned columns, each row perhaps with lines of text under it. */
#ifndef DRIVER_TABLE_H
#define DRIVER_TABLE_H
#include <stdio.h>
#include "support/array.h"
#include <stdint.h>

struct table_row {
	const char **cell;           /* NULL cell: empty */
	ARRAY(const char *) under;   /* lines below the row, indented */
};
struct table {
	struct arena *arena;
	int columns;
	const char *const *titles;
	unsigned right;              /* bits of the columns that are numbers */
	ARRAY(struct table_row) rows;
};
struct table table_new(struct arena *, const char *const *titles, int columns, unsigned right);
/* A row of empty cells to be filled in; valid until the next. */
const char **table_row(struct table *);
/* A line under the last row; broken between words to keep within 100 columns. */
void table_under(struct table *, const char *text);
void table_print(FILE *, const struct table *);
/* Words of TEXT on lines of at most 100 columns that begin with INDENT spaces, with twice as many where TEXT goes on. */
void table_wrap(FILE *, int indent, const char *text);
/* N with commas, "-" for 0. */
const char *table_count(struct arena *, int64_t n);
#endif
