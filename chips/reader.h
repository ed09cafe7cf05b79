/* What the files that read a .chip share; private to chips/. */
#ifndef CHIPS_READER_H
#define CHIPS_READER_H
#include "chips/chip.h"

bool chip_operand_lookup(const char *, enum chip_operand *);

/* ---- expressions ---- */

enum { EXPR_ARGS_MAX = 8 };
enum expr_of { OF_NUMBERS, OF_OPERAND, OF_WEIGHT }; /* what a function's argument is */
struct expr_function {
	const char *name;
	int least, most;                     /* arguments */
	double (*run)(const double *, int n);
	enum expr_of of;
};
extern const struct expr_function expr_functions[]; /* ends with a NULL name */
const struct expr_function *expr_function_find(const char *); /* NULL: none */

/* ---- layouts ---- */

/* Whether the pieces of a dimension hold each of its indices once.  GAP, NO_REST: from *DIV on indices have no place; TWICE: they have
 * two.  *LAST is the axis to point at. */
enum layout_fault { LAYOUT_WHOLE, LAYOUT_NO_DIM, LAYOUT_NO_REST, LAYOUT_GAP, LAYOUT_TWICE };
enum layout_fault layout_missing(const struct chip_layout *, enum chip_dim, int64_t *div, int *last);

/* ---- costs ---- */

/* "in = 16, out = 32": the variables VARS at their values, for messages. */
const char *chip_vars_text(struct arena *, uint64_t vars, const struct chip_vars *);
/* A cost, which must have a value and not be negative; else false, reported with the numbers if DIAG is not NULL. */
bool cost_eval(const struct ast_expr *, const struct chip_vars *, struct diag *, double *);

/* ---- reading ---- */

struct reader {
	struct arena *arena;
	struct intern *names;
	struct diag *diag;
	struct chip *chip;
	struct chip_op *op;                  /* being read; NULL outside of one */
	struct chip_limit **limit;           /* where its next limit is linked */
	uint64_t vars;                       /* what expressions here may name */
	unsigned operands;
	uint64_t seen_vars;                  /* of the expressions resolved since last cleared */
	unsigned seen_operands;
	bool seen_weights;
	struct code_reader code;
};

/* Notes what of the N names WORD was meant to be. */
void reader_suggest(struct reader *, struct loc, const char *word, const char *const *known, size_t n);
/* A property that stands once: false, after reporting, when one of the same name stands before it in ITEMS. */
bool reader_is_first(struct reader *, const struct ast_chip_item *items, const struct ast_chip_item *);
/* The only value of a property: its one clause with one alternative of one atom; NULL after reporting that WANTED is needed. */
const struct ast_expr *reader_value(struct reader *, const struct ast_chip_item *, const char *wanted);
/* The integer value of a property, in [LO, HI]; false after reporting. */
bool reader_int(struct reader *, const struct ast_chip_item *, int64_t lo, int64_t hi, int64_t *);
/* The alternatives of a property, or its clauses, each one of the N WORDS: a bit for each; 0 after reporting. */
unsigned reader_words(struct reader *, const struct ast_chip_item *, const char *const *words, size_t n);
/* Whether E is the name TEXT. */
bool reader_is_name(const struct ast_expr *, const char *text);
/* The strings of WORDS from FIRST on, joined with line ends; NULL after reporting that WHAT takes text. */
const char *reader_text(struct reader *, const struct ast_chip_item *, const struct ast_expr *first);

/* A copy of E with every name checked and found: variables, sizes of memories.  NULL after reporting; what it reads is added to seen_*. */
const struct ast_expr *expr_resolve(struct reader *, const struct ast_expr *);
/* E, which reads no variables, as an integer; false after reporting. */
bool expr_constant(struct reader *, const struct ast_expr *, int64_t *);

/* read_set.c: a variable's values; kernel, stride, dilation; pad. */
void read_set(struct reader *, const struct ast_chip_item *, enum chip_var);
void read_pair(struct reader *, const struct ast_chip_item *, enum chip_var, enum chip_var);
void read_pad(struct reader *, const struct ast_chip_item *);
/* read_layout.c */
void read_layout(struct reader *, const struct ast_chip_item *);
void layout_defaults(struct chip_op *);
/* read_words.c: how the unit computes. */
const char *type_form(enum chip_kind); /* an example, for messages */
void read_type(struct reader *, const struct ast_chip_item *);
void read_partial(struct reader *, const struct ast_chip_item *);
void read_requant(struct reader *, const struct ast_chip_item *);
void read_multiplier_bits(struct reader *, const struct ast_chip_item *);
void read_shift(struct reader *, const struct ast_chip_item *);
void read_accumulator(struct reader *, const struct ast_chip_item *);
void read_offset(struct reader *, const struct ast_chip_item *);
void read_activation(struct reader *, const struct ast_chip_item *);
void read_zero_points(struct reader *, const struct ast_chip_item *);
void read_padding(struct reader *, const struct ast_chip_item *);
void read_order(struct reader *, const struct ast_chip_item *);
/* template.c */
void read_call(struct reader *, const struct ast_chip_item *);
/* Operands and pitches that the call must be given. */
void check_call(struct reader *);
/* read_memory.c: one memory; what only all of them show. */
void read_memory(struct reader *, const struct ast_chip_item *);
void check_memories(struct reader *);
/* read_op.c: one unit. */
void read_op(struct reader *, const struct ast_chip_item *, struct chip_op *);
/* check.c: what only the whole unit shows. */
void check_op(struct reader *);
#endif
