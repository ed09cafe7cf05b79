/* Source texts, locations and diagnostics.
 *
 * All sources of a run share one space of byte offsets: a source covers [base, base + len],
 * so a location is two integers wherever it goes, and the file, line and column are found
 * only when a message is printed:
 *
 *	kws.net:12:9: error: 'conv2d' has no argument 'kernal'
 *	   12 |     h = conv2d(mfcc, out = 64, kernal = 10x4);
 *	      |                                ^~~~~~
 *	kws.net:12:9: note: did you mean 'kernel'?
 *
 * Texts are lower case, without a full stop, names in '...', numbers for found and expected. */
#ifndef SUPPORT_DIAG_H
#define SUPPORT_DIAG_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "support/arena.h"

/* Offsets into the space of all sources, [start, end).  start == 0: no place (offset 0
 * belongs to no source). */
struct loc {
	uint32_t start, end;
};
#define LOC_NONE ((struct loc){ 0, 0 })

struct source {
	const char *path; /* as the user wrote it or as an import resolved it */
	const char *text; /* len bytes and a NUL; may hold NULs */
	size_t len;
	uint32_t base;
	struct source *next;      /* the one added before */
	struct line_mark *marks;  /* of every block of the text; NULL until a position is asked for */
};

/* The warnings that -Wno-NAME turns off and -Werror=NAME makes errors: support/warnings.def. */
enum warning {
#define WARNING(id, text, help) WARN_##id,
#include "support/warnings.def"
#undef WARNING
	WARN_COUNT
};
extern const char *const warning_names[WARN_COUNT];

struct diag {
	struct arena *arena;
	FILE *out;        /* stderr; NULL: messages are only counted */
	bool colour;      /* a terminal */
	int limit;        /* errors printed before the rest are only counted; 0: all */
	int errors;       /* reported so far, printed or not */
	int warnings;
	bool werror;      /* every warning is an error */
	unsigned char off[WARN_COUNT]; /* -Wno-NAME */
	struct source *sources;
	uint32_t next_base;
	unsigned char fatal[WARN_COUNT]; /* -Werror=NAME */
	bool suppress_notes; /* the last error was beyond the limit, or the last warning off */
	struct loc shown;    /* where the last message was: a note there repeats no source line */
};

void diag_init(struct diag *, struct arena *, FILE *out);
/* Add a text (the arena keeps it) to the offset space; NULL when 2 GiB are used up. */
const struct source *diag_add_source(struct diag *, const char *path, const char *text, size_t len);
/* The source that LOC lies in, or NULL. */
const struct source *diag_source(const struct diag *, struct loc);
/* 1-based line and column (bytes) of LOC's start; 0, 0 without a place. */
void diag_position(const struct diag *, struct loc, int *line, int *column);

void diag_error(struct diag *, struct loc, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void diag_note(struct diag *, struct loc, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* About the file PATH as a whole, which is no text: "model.onnx: error: ...". */
void diag_error_in(struct diag *, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void diag_note_in(struct diag *, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void diag_warning(struct diag *, enum warning, struct loc, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* "... and N more errors", when some were not printed.  Call once at the end. */
void diag_finish(struct diag *);

/* The best "did you mean" for WORD among N candidates: the one of the least edit distance
 * when that is at most a third of the word's length (at least 1), else NULL. */
const char *diag_suggest(const char *word, const char *const *candidates, size_t n);

/* A broken invariant of the compiler, never a user's mistake: prints and aborts. */
#define die(...) die_at(__FILE__, __LINE__, __VA_ARGS__)
_Noreturn void die_at(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
#endif
