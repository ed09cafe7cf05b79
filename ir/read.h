/* Reading the graph's text form, private to ir/. */
#ifndef IR_READ_H
#define IR_READ_H
#include "ir/graph.h"

/* ---- read_scan.c: tokens, and the errors they make ---- */

enum scan_kind {
	SCAN_END,      /* of the text */
	SCAN_LINE,     /* the end of a line */
	SCAN_WORD,     /* letters, digits and _, from a letter on */
	SCAN_NUMBER,   /* from a digit or sign on: 12, -0.5, 1e-9, 3x3 */
	SCAN_STRING,   /* "..." with \", \\ and \xNN */
	SCAN_ID,       /* %12 */
	SCAN_DOTS,     /* ... */
	SCAN_PUNCT,    /* one other byte */
	SCAN_BAD       /* reported */
};

struct scan {
	struct arena *arena;
	struct intern *names;
	struct diag *diag;
	const struct source *source;
	const char *p;         /* the first byte after the token */
	/* The token: its kind, bytes in the text, and of words, ids and strings the name. */
	enum scan_kind kind;
	const char *start;
	name text;
};

void scan_next(struct scan *);
struct loc scan_loc(const struct scan *);
/* Report "expected WANTED but found ..." at the token; always false. */
bool scan_expected(struct scan *, const char *wanted);
/* If the token is the punctuation C or the word TEXT, take it. */
bool scan_accept(struct scan *, char c);
bool scan_accept_word(struct scan *, const char *text);
/* Take what must be there; false after reporting. */
bool scan_need(struct scan *, char c);
bool scan_string(struct scan *, name *);
bool scan_id(struct scan *, name *);
bool scan_int(struct scan *, int64_t lo, int64_t hi, int64_t *);
bool scan_float(struct scan *, float *);
bool scan_double(struct scan *, double *);
bool scan_pair(struct scan *, int32_t v[2]);
/* "[a, b, ...]" of at most MAX integers. */
bool scan_ints(struct scan *, int max, int *n, int32_t *v);

/* ---- read_attrs.c: false after reporting ---- */

/* "{stride = 2x2, pad = [4, 5, 1, 1]}", if there; the rest of ATTRS gets its default. */
bool read_attrs(struct scan *, enum op, struct attrs *);
/* "@split_sum(parts = 4) @place(unit = cpu) for "npu16.chip"", as many as there are. */
bool read_annots(struct scan *, struct annot **);
#endif
