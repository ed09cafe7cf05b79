/* A chip's description as C: what the mock (netc chip-mock) and the conformance suite (netc chip-test) share.  Both embed
 * runtime/nn_chip_reference.h, which computes what a unit is to compute, and tables made here. */
#ifndef BACKEND_CHIP_C_H
#define BACKEND_CHIP_C_H
#include "backend/emit.h"
#include "chips/chip.h"
#include "support/file.h"

/* One argument of an intrinsic, as its call template has it. */
struct chip_arg {
	enum hole kind;             /* TEXT: a constant that every call passes */
	const char *text;           /* TEXT: the constant; PARAM: which */
	enum chip_operand operand;  /* OPERAND, PITCH */
	const struct ast_expr *expr;/* EXPR */
	enum chip_var var;          /* EXPR: the one variable in it */
	const char *type, *name;    /* the C parameter */
};

/* An intrinsic; several units may share one. */
struct chip_function {
	struct chip_function *next;
	const char *name;
	ARRAY(struct chip_arg) args;
	ARRAY(const struct chip_op *) ops;
};

struct chip_c {
	const struct chip *chip;
	const struct diag *where;   /* for lines of the .chip */
	struct arena *arena;
	struct diag *diag;          /* for errors */
	struct emitter e;
	struct chip_function *functions;
	struct text text;           /* scratch */
};

/* The intrinsics of the chip's call templates.  False after reporting a template that is no plain call, or units that
 * pass different arguments to one function. */
bool chip_c_functions(struct chip_c *);
/* "conv2d_pointwise": what identifiers of the unit end in. */
const char *chip_c_id(struct chip_c *, const struct chip_op *);
/* "npu16.chip:14: in = 16..512 step 16" as a C string literal's contents. */
const char *chip_c_line(struct chip_c *, struct loc, const char *source);
/* An expression over `v` (and `c`, `unit_ID`) in C; of type double. */
const char *chip_c_expr(struct chip_c *, const struct chip_op *, const struct ast_expr *);
/* The text of an embedded runtime file. */
void chip_c_embed(struct chip_c *, const char *file);
/* unit_ID, a table for nn_reference. */
void chip_c_unit(struct chip_c *, const struct chip_op *);
/* Whether results of the unit come in more than one type, so that a call says which. */
bool chip_c_two_results(const struct chip_op *);
/* The single value that a limit leaves VAR, as a C expression; NULL: it may vary.  KNOWN: bits of the variables whose values the
 * expression may use. */
const char *chip_c_fixed(struct chip_c *, const struct chip_op *, enum chip_var, uint64_t known);
/* The variables that make a call of the kind, by bit: all but those that always follow from others. */
uint64_t chip_c_vars(enum chip_kind);
/* "NN_I8"; NN_I32 for DT_COUNT. */
const char *chip_c_type(enum dtype);
/* "v[NN_IN]" */
const char *chip_c_var(struct chip_c *, enum chip_var);
/* Prototypes of all intrinsics, without the header's guards. */
void chip_c_prototype(struct chip_c *, const struct chip_function *, const char *tail);

/* backend/chip_mock.c: DIR/NAME_mock.c, and the header that the chip's `include` names.  False after reporting. */
bool chip_mock_emit(struct chip_c *, struct outputs *, const char *dir, const char *command);
/* backend/chip_suite.c: DIR/NAME_test.c.  False after reporting. */
bool chip_suite_emit(struct chip_c *, struct outputs *, const char *dir, const char *command);
/* backend/chip_doc.c: the chip as a page of Markdown. */
void chip_doc_print(FILE *, const struct chip *, const struct diag *);
#endif
