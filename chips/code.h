/* The C that a chip brings: code "x.h"; of a .chip.  Such a header is read when the .chip is and cut up, so that generated C gets the
 * functions, macros and types that its calls reach and nothing else (backend/chip_code.c). */
#ifndef CHIPS_CODE_H
#define CHIPS_CODE_H
#include "support/array.h"
#include "support/diag.h"
#include "support/intern.h"

enum code_kind {
	CODE_TEXT,     /* a function, a type, macros: what stands between blank lines outside of braces, with the comment over it */
	CODE_SYSTEM,   /* #include <...> */
	CODE_IF, CODE_ELSE, CODE_ENDIF /* around others: #if and its kin, #elif and #else, #endif; with the comment over it */
};

struct code_part {
	struct code_part *next;        /* as in the header */
	int index;                     /* in that order, of all headers of the chip */
	enum code_kind kind;
	const char *text;              /* whole lines */
	size_t len;
	struct code_part *group;       /* the CODE_IF whose lines it is among; of a CODE_ELSE or CODE_ENDIF the one it belongs to; NULL: none */
	int file;                      /* of the headers of the chip, from 1 in the order in which they are read */
	bool heading;                  /* the comment that the header begins with: kept if anything else of it is */
	bool always;                   /* kept whatever the calls are: a pragma, an #error, what seems to define nothing */
	ARRAY(name) defines, refers;
};

struct chip_code {
	const char *file;              /* as the .chip names it */
	struct loc loc;
	struct code_part *first;       /* its parts; those of a header that it includes ("...") stand where it first does */
};

/* What code_read needs, the same for all headers of a chip. */
struct code_reader {
	struct arena *arena;
	struct intern *names;
	struct diag *diag;
	const char *dir;               /* of the .chip: where headers are found */
	struct map *files;             /* read so far */
	int parts, headers;            /* so far */
};

/* Reads the header C->file.  false after reporting: it cannot be read, a brace, a comment or an #if has no end, an #endif no beginning. */
bool code_read(struct code_reader *, struct chip_code *c);
/* Whether FILE may be a header's name: a relative path that stays where it is and needs no quoting: letters, digits and "_-.+/", no "..". */
bool code_is_header(const char *file);
#endif
