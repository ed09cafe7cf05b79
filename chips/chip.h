/* A chip as data: what its units take, what that costs, how they are called.  Read from a .chip file (docs/chip.md);
 * nothing in the compiler knows a chip in any other way.
 *
 * Limits are asked for with the numbers of one call (struct chip_vars).  Everything that can be broken or quoted is a struct
 * chip_limit with its place in the .chip, so that diagnostics, the mock, the conformance suite and the manual page
 * come from the same line. */
#ifndef CHIPS_CHIP_H
#define CHIPS_CHIP_H
#include "chips/code.h"
#include "ir/graph.h"
#include "ir/quant.h"
#include "parser/ast_chip.h"

/* ---- the numbers of a call ---- */

enum chip_var {
#define CHIP_VAR(id, text, help) VAR_##id,
#include "chips/vars.def"
#undef CHIP_VAR
	VAR_COUNT
};
extern const struct chip_var_info { const char *name, *help; } chip_var_info[VAR_COUNT];
bool chip_var_lookup(const char *, enum chip_var *);

/* The operands of a call. */
enum chip_operand { OPERAND_X, OPERAND_W, OPERAND_B, OPERAND_SUM, OPERAND_Y, OPERAND_A, OPERAND_COUNT };
/* "x", "w", "b", "sum", "y", "a".  Of an elementwise unit the inputs are a and b. */
extern const char *const chip_operand_names[OPERAND_COUNT];

struct chip_vars {
	int64_t v[VAR_COUNT];            /* what an operation lacks is 1 (sizes) or 0 (padding) */
	enum dtype type[OPERAND_COUNT];  /* DT_COUNT: the call has no such operand */
	int64_t bytes[OPERAND_COUNT];    /* of the whole operand as the call sees it, packed; 0: not there */
	int64_t weight_max, weight_sum;  /* largest |w|; largest sum of |w| of an output channel; 0: no weights */
};

/* ---- expressions, sets, limits ---- */

/* Conditions and formulas are evaluated in double, exact for integers up to 2^53; functions: min, max, ceil, floor, round, abs, log2,
 * bytes(operand), max_abs(w), sum_abs(w).  Comparisons and && || ! give 1 or 0. */
/* False when it has no value (a division by zero): reported at the place, once per expression, when DIAG is not NULL. */
bool chip_eval(const struct ast_expr *, const struct chip_vars *, struct diag *, double *);
void chip_expr_print(FILE *, const struct ast_expr *);

/* A set of integers as written: alternatives of numbers, ranges with steps, expressions over other variables. */
struct chip_range { struct loc loc; const struct ast_expr *lo, *hi, *step; /* hi NULL: the single value lo; step NULL: 1 */ };
struct chip_set { ARRAY(struct chip_range) ranges; };
bool chip_set_has(const struct chip_set *, const struct chip_vars *, int64_t v);
/* The largest member <= V (the smallest >= V); -1: there is none.  With relations, under VARS. */
int64_t chip_set_at_most(const struct chip_set *, const struct chip_vars *, int64_t v);
int64_t chip_set_at_least(const struct chip_set *, const struct chip_vars *, int64_t v);

enum chip_limit_kind {
	LIMIT_SET,     /* var is not in set */
	LIMIT_PAIR,    /* (var, var2) is none of the pairs: kernel = 1x1 | 3x3 */
	LIMIT_WHERE,   /* the condition is false */
	LIMIT_TYPE,    /* no such combination of element types */
	LIMIT_ACTIVATION, LIMIT_ZERO_POINT, LIMIT_PADDING, LIMIT_PER_CHANNEL, LIMIT_ACCUMULATOR, LIMIT_BIAS, LIMIT_PARTIAL,
	LIMIT_REQUANT, LIMIT_LAYOUT
};
struct chip_limit {
	struct chip_limit *next;
	enum chip_limit_kind kind;
	struct loc loc;                 /* the property or clause in the .chip */
	const char *source;             /* its text there on one line: "in = 16..512 step 16" */
	enum chip_var var, var2;        /* SET, PAIR */
	struct chip_set set, set2;      /* SET; PAIR: alternatives pair up, ranges.v[i] of set with that of set2 */
	const struct ast_expr *cond;    /* WHERE */
	const char *message;            /* WHERE: what the file says; of chip_misfits: what breaks it; else NULL */
	unsigned operands;              /* WHERE: bits of those whose bytes or values it speaks of */
	uint64_t vars;                  /* WHERE, SET: bits of the variables that it reads */
};

/* ---- layouts ---- */

/* One dimension of an operand in memory, outermost first: index / div % mod of the named dimension; div 1, mod 0: all of it. */
enum chip_dim { DIM_H, DIM_W, DIM_IN, DIM_OUT, DIM_KH, DIM_KW, DIM_ROWS, DIM_N, DIM_COUNT };
extern const char *const chip_dim_names[DIM_COUNT];
struct chip_axis { enum chip_dim dim; int32_t div, mod; };
struct chip_layout {
	struct loc loc;                /* start 0: not written, the portable layout of the operand */
	int n;
	struct chip_axis axis[8];
	bool pitch;                    /* vectors of the last axis may lie apart (x, y, a, b, sum): {x.pitch} is the distance */
	int32_t align;                 /* bytes, of the operand's start; 1: any */
	/* w only: the values v0, v1, ... of the last axis are one number of FUSED, v0 + v1 * FACTOR + v2 * FACTOR^2 ...  DT_COUNT: each its own. */
	enum dtype fused;
	int64_t factor;
};
/* Whether an activation with this layout is the plain row-major [h, w, c] (or [rows, n]) of the graph. */
bool chip_layout_is_plain(const struct chip_layout *);
/* Elements of the packed operand for dimensions SIZE (by enum chip_dim): blocks that do not come out even are filled up. */
int64_t chip_layout_count(const struct chip_layout *, const int32_t size[DIM_COUNT]);
/* Rearranges: element (i_h, i_w, ...) of FROM, whose steps per dimension are STEP, to its place in TO, of which the
 * filling is zero.  BYTES per element. */
/* What of the packed weights lies in memory as one number: the last axis when it is fused, else one element. */
int chip_layout_fused(const struct chip_layout *);
/* COUNT numbers of L's fused type from the packed int8 weights FROM. */
void chip_layout_fuse(const struct chip_layout *, int64_t count, const int8_t *from, void *to);
void chip_layout_pack(const struct chip_layout *, const int32_t size[DIM_COUNT], const int64_t step[DIM_COUNT],
	const void *from, void *to, int bytes);

/* ---- call templates ---- */

/* A call template cut into text and holes: {x}, {hi}, {in / 16}, {x.pitch}; its lines joined with '\n'.  "{{" is a brace. */
enum hole { HOLE_TEXT, HOLE_OPERAND, HOLE_PITCH, HOLE_EXPR, HOLE_PARAM };
/* HOLE_PARAM: what the call is given besides (chips/params.def): multiplier, shift (pointers per channel, or numbers), scale, x_zero, w_zero, y_zero,
 * act_min, act_max, relu (0 or 1), core, a_zero, b_zero, a_multiplier, a_shift, b_multiplier, b_shift, y_multiplier, y_shift, left_shift,
 * partial (1: y gets sums), first, last, n_sum. */
struct chip_piece {
	enum hole kind;
	const char *text;               /* TEXT, PARAM */
	enum chip_operand operand;      /* OPERAND, PITCH */
	const struct ast_expr *expr;    /* EXPR */
	struct loc loc;
};
struct chip_template { ARRAY(struct chip_piece) pieces; };
/* Whether the call has a hole for just NAME, a parameter or a variable. */
bool chip_template_has(const struct chip_template *, const char *name);

/* ---- units ---- */

enum chip_kind {
#define KIND(id, text, op, operands, help) KIND_##id,
#include "chips/kinds.def"
#undef KIND
	KIND_COUNT
};
extern const struct chip_kind_info { const char *name; int op; const char *operands, *help; } chip_kind_info[KIND_COUNT];
bool chip_kind_lookup(const char *, enum chip_kind *);
/* What a call of the kind has: bits of its variables, of its operands, and of an operand's dimensions. */
uint64_t chip_kind_vars(enum chip_kind);
unsigned chip_kind_operands(enum chip_kind);
unsigned chip_kind_dims(enum chip_kind, enum chip_operand);

enum chip_activation { CHIP_ACT_NONE = 1, CHIP_ACT_RELU = 2, CHIP_ACT_RELU6 = 4, CHIP_ACT_CLAMP = 8 }; /* bits */
enum chip_partial { PARTIAL_NONE, PARTIAL_OUT, PARTIAL_IN_OUT };

/* In which order a unit writes results and reads what it is given.  ROWS, PIXELS: those of row (pixel, vector of a dense layer) R are written when the
 * windows of all rows up to R - N have been read; ELEMENTS: value I when those of the operands up to I have been. */
enum chip_order { ORDER_UNKNOWN, ORDER_ROWS, ORDER_PIXELS, ORDER_CHANNELS, ORDER_ELEMENTS };

/* type = x * w + b -> y | y: one for each y; several `type` lines: several combinations.  DT_COUNT: no such operand.  Of two-operand
 * kinds, type = a + b -> y, X is the type of a. */
struct chip_type { struct loc loc; enum dtype x, w, b, y; };

/* How an int8 result is made of a sum. */
struct chip_requant {
	struct loc loc;                 /* start 0: the unit gives sums only, or f32 */
	enum rounding rounding;         /* ir/quant.h */
	bool per_channel;
	int32_t shift_lo, shift_hi;     /* of multiplier_shift and shift forms: [-31, 30] unless written */
	int32_t multiplier_bits;        /* 32: the whole of it (31 significant); fewer: rounded to so many */
};

struct chip_op {
	struct chip *chip;
	int index;                      /* in chip->ops */
	enum chip_kind kind;
	name title;                     /* "conv2d", or "conv2d pointwise" of `op conv2d "pointwise"` */
	struct loc loc;                 /* its `op KIND` */
	const char *doc;                /* NULL: none */
	ARRAY(struct chip_type) types;
	struct chip_limit *limits;      /* sets, pairs, wheres in order of the file */
	struct chip_layout layout[OPERAND_COUNT]; /* of the kind's operands; where none is written, the portable one */
	enum chip_partial partial;
	enum dtype partial_type;        /* i32, i16, i8 or f32 */
	struct loc partial_loc;
	struct chip_requant requant;
	int accumulator_bits;           /* 32 unless written; a sum that may need more is split or refused */
	struct loc accumulator_loc;
	int offset;                     /* RUNS: what the unit adds to each value of x; netc takes it out of the bias */
	unsigned activations;           /* bits; CLAMP: any bounds */
	struct loc activation_loc;
	bool x_zero, y_zero;            /* takes zero points of x and y; else they must be 0 or be folded away */
	struct loc zero_loc;
	bool pads_zero_point;           /* cells outside count as the operation wants it: as x's zero point, of pools not at all; else
	                                 * as the number 0 */
	struct loc padding_loc;
	enum chip_order order;
	int32_t order_count;            /* N; 1 unless written */
	struct loc order_loc;
	bool has_bias;                  /* some type has a b */
	bool reads_weights;             /* some condition asks for max_abs(w) or sum_abs(w) */
	const struct ast_expr *cycles, *cost_bytes; /* NULL: not stated */
	const struct ast_expr *scratch; /* of a block: bytes that a call works in; NULL: none */
	struct loc cycles_loc;
	struct chip_template call;
	struct loc call_loc;
	bool wrapper;                   /* the call is a function that the user supplies around the vendor's interface */
};

/* A memory is a unit's own, whose size conditions and costs may name, or has a section of the C program: then buffers are placed there.  Those hold
 * either what is computed or constants. */
enum { ROLE_ACTIVATION = 1, ROLE_WEIGHT = 2, ROLE_BIAS = 4, ROLE_ACCUMULATOR = 8, ROLE_SCRATCH = 16, ROLE_COUNT = 5 };
enum { ROLES_RAM = ROLE_ACTIVATION | ROLE_ACCUMULATOR | ROLE_SCRATCH, ROLES_CONSTANT = ROLE_WEIGHT | ROLE_BIAS };
extern const char *const chip_roles[ROLE_COUNT]; /* by number of the bit */
struct chip_memory {
	name name;
	struct loc loc;
	int64_t size;                   /* bytes */
	int32_t align;
	unsigned roles;                 /* bits */
	const char *section;            /* NULL: a unit's own */
	double read, write;             /* cycles a byte */
};

struct chip {
	const struct source *source;    /* its text */
	name name;                      /* "npu16" */
	const char *file;               /* as schedules may name it: the last part of its path, "npu16.chip" */
	int version;
	const char *doc;
	struct loc loc;
	ARRAY(const char *) includes;   /* headers that generated code includes */
	ARRAY(struct chip_code) codes;  /* headers that it gets the text of */
	int code_parts;                 /* of all of these */
	int cores;
	int32_t calls;                  /* of its units that one inference may make; 0: any number */
	struct loc calls_loc;
	int32_t cache;                  /* bytes that stay near: loops around register blocks keep what they reuse within */
	int32_t far_cache;              /* bytes that stay within reach behind those */
	ARRAY(struct chip_memory) memories;
	ARRAY(struct chip_op) ops;
	bool portable;                  /* fallback portable: what no unit takes runs as portable C */
	const struct ast_expr *portable_cycles; /* over the same variables; NULL: 8 a MAC, 1 a byte otherwise */
	struct loc fallback_loc;
};

/* The text at LOC in the .chip, on one line, without what ends it. */
const char *chip_source_text(struct arena *, const struct chip *, struct loc);

/* chips/read.c: NULL after reporting errors.  PATH: where the file was found. */
struct chip *chip_read(struct arena *, struct intern *, struct diag *, const struct ast_chip_file *, const char *path);

/* The set that OP states for V; NULL: any value. */
const struct chip_limit *chip_op_limit(const struct chip_op *, enum chip_var);
/* The greatest value that OP states for V, if it takes all from 1 up to that one ("rows = 1..14"); 0: it does not, or states none, or
 * more than 4096. */
int32_t chip_op_all(const struct chip_op *, enum chip_var);

/* chips/fit.c.  The numbers of N as one call of OP's kind; false: N is not an operation of that kind (a dense layer and a 1x1 convolution
 * are of both kinds, in either direction). */
bool chip_vars_of(const struct chip_op *, const struct node *, struct chip_vars *);
/* No call: sizes 1, padding 0, no operands. */
void chip_vars_clear(struct chip_vars *);
/* Fills in what follows from the other numbers and the operands' types: ho and wo (not of a tconv2d), macs, bytes; of pools and dwconv2d out
 * too.  For the parts of a call: change in, out, hi, ... and call this.  The sizes of an operand's dimensions, for chip_layout_count and _pack. */
void chip_vars_complete(const struct chip_op *, struct chip_vars *);
void chip_operand_size(enum chip_kind, enum chip_operand, const struct chip_vars *, int32_t size[DIM_COUNT]);
bool chip_limit_holds(const struct chip_limit *, const struct chip_vars *);
/* What of OP the call breaks, the first MAX of them into LIMITS; returns how many.  Only sets, pairs and conditions. */
int chip_breaks(const struct chip_op *, const struct chip_vars *, const struct chip_limit **limits, int max);
/* The same with all that is known of the node: element types, activation, zero points, per-channel scales, accumulator.  In LIMITS
 * may be limits made for the purpose (in the arena). 0: the unit takes it as it is; -1: N is no operation of OP's kind.  An input `sum` whose size
 * nobody knows is not part of the accumulator's proof. */
int chip_misfits(struct arena *, const struct chip_op *, const struct node *, const struct chip_limit **limits, int max);
/* Cycles (stated or, for portable C, the default) and bytes moved (stated, or the operands' sum). A unit that states no
 * cycles counts as 100 a call, 64 multiply-accumulates and 8 bytes a cycle.  False: no value, reported. */
bool chip_cost(const struct chip_op *, const struct chip_vars *, struct diag *, double *cycles, double *bytes);
/* Bytes that a call of the block OP works in besides its operands; 0: none, or no value. */
int64_t chip_scratch(const struct chip_op *, const struct chip_vars *);
bool chip_portable_cost(const struct chip *, const struct chip_vars *, struct diag *, double *cycles, double *bytes);
/* What the numbers of a portable node are: like chip_vars_of of the kind that fits it, or rows, n. */
void chip_vars_portable(const struct node *, struct chip_vars *);
#endif
