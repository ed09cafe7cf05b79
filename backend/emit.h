/* Printing C: indentation, comments and argument lists wrapped at 100 columns.  Callers never
 * write a tab, count a column or break a line. */
#ifndef BACKEND_EMIT_H
#define BACKEND_EMIT_H
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "ir/ops.h"
#include "support/array.h"

enum { EMIT_COLUMNS = 100, EMIT_TAB = 8 };

struct emitter {
	FILE *out;
	int depth; /* tabs before each line */
};

/* A text that grows piece by piece, for comments and lists; always NUL-terminated. */
struct text {
	struct arena *arena;
	ARRAY(char) c;
};
void text_reset(struct text *);
void text_add(struct text *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* N with a comma between groups of three digits. */
void text_count(struct text *, int64_t n);
const char *text_get(struct text *);

/* One line, indented unless it is a directive. */
void emit_line(struct emitter *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void emit_blank(struct emitter *);
void emit_begin(struct emitter *); /* "{" */
void emit_open(struct emitter *, const char *fmt, ...) __attribute__((format(printf, 2, 3))); /* "... {" */
void emit_close(struct emitter *, const char *after); /* "}" and AFTER */
/* A comment broken between words; a newline in TEXT starts a new line.  TEXT is any bytes: what
 * could end the comment, start another or trouble a compiler is replaced. */
void emit_comment(struct emitter *, const char *text);
/* "HEAD(a, b, c)TAIL" broken after commas. */
void emit_list(struct emitter *, const char *head, const char *const *items, int n, const char *tail);
/* Statements as somebody else wrote them: lines at '\n', but what stands between round brackets is one line that is broken
 * after commas.  Nothing within quotes or comments is touched. */
void emit_statements(struct emitter *, const char *text);
/* S as a C string literal with its quotes. */
void emit_string(FILE *, const char *s);

/* backend/data.c.  The values of a constant between braces, a block of lines. */
void data_values(FILE *, enum dtype, int64_t count, const void *data);
enum { DATA_VALUE = 24 }; /* room for any value and a NUL */
/* One value; returns its length.  A float reads back to the same bits (NaNs: to a NaN) and has
 * as few as seven digits where they do; infinities and NaNs need <math.h>. */
int data_float(char *buf, float);
int data_int(char *buf, int32_t);
bool data_needs_math(enum dtype, int64_t count, const void *data);
#endif
