#include <config.h>
#include <string.h>
#include "backend/emit.h"
#include "driver/table.h"

enum { FIRST_WIDTH = 40 /* a longer name pushes its own row only */, GAP = 2, INDENT = 4, COLUMNS = 100 };

struct table
table_new(struct arena *a, const char *const *titles, int columns, unsigned right)
{
	return (struct table){ .arena = a, .columns = columns, .titles = titles, .right = right };
}

const char **
table_row(struct table *t)
{
	struct table_row row = { .cell = ARENA_ARRAY(t->arena, const char *, (size_t)t->columns) };

	ARRAY_PUSH(t->arena, t->rows, row);
	return row.cell;
}

void
table_under(struct table *t, const char *text)
{
	if (t->rows.n)
		ARRAY_PUSH(t->arena, t->rows.v[t->rows.n - 1].under, text);
}

const char *
table_count(struct arena *a, int64_t n)
{
	struct text s = { .arena = a };

	if (n == 0)
		return "-";
	text_count(&s, n);
	return text_get(&s);
}

static void
print_cells(FILE *f, const struct table *t, const char *const *cell, const int *width)
{
	int last = t->columns - 1;

	while (last > 0 && (!cell[last] || !*cell[last]))
		last--;
	for (int i = 0; i <= last; i++) {
		const char *s = cell[i] ? cell[i] : "";

		if (t->right >> i & 1)
			fprintf(f, "%*s", width[i], s);
		else
			fprintf(f, "%-*s", i < last ? width[i] : 0, s);
		if (i < last)
			fprintf(f, "%*s", GAP, "");
	}
	putc('\n', f);
}

void
table_wrap(FILE *f, int indent, const char *text)
{
	int column = 0, margin = indent;

	while (*text) {
		int len = (int)strcspn(text, " ");

		if (column == 0)
			column = fprintf(f, "%*s%.*s", margin, "", len, text);
		else if (column + 1 + len > COLUMNS) {
			putc('\n', f);
			margin = 2 * indent;
			column = fprintf(f, "%*s%.*s", margin, "", len, text);
		} else
			column += fprintf(f, " %.*s", len, text);
		text += len;
		text += strspn(text, " ");
	}
	putc('\n', f);
}

static void
measure(const struct table *t, int *width)
{
	for (int i = 0; i < t->columns; i++) {
		width[i] = (int)strlen(t->titles[i]);
		for (size_t k = 0; k < t->rows.n; k++) {
			int len = t->rows.v[k].cell[i] ? (int)strlen(t->rows.v[k].cell[i]) : 0;

			if (len > width[i] && (i > 0 || len <= FIRST_WIDTH))
				width[i] = len;
		}
	}
}

void
table_print(FILE *f, const struct table *t)
{
	int *width = ARENA_ARRAY(t->arena, int, (size_t)t->columns);

	measure(t, width);
	print_cells(f, t, t->titles, width);
	for (size_t k = 0; k < t->rows.n; k++) {
		print_cells(f, t, t->rows.v[k].cell, width);
		for (size_t i = 0; i < t->rows.v[k].under.n; i++)
			table_wrap(f, INDENT, t->rows.v[k].under.v[i]);
	}
}
