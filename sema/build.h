/* What the files of sema share: the values of constant expressions, scopes, the calls being expanded, and
 * the state of one build.
 *
 *	load.c    imports, the file-level names            scope.c   names in scopes, unused values
 *	const.c   arithmetic, functions                    expand.c  statements, repeats, blocks, pipes
 *	call.c    an operation's arguments -> a node       attr.c    one attribute's value
 *	type.c    written types, scales                    path.c    names of layers
 *	source.c  file(), tensor(), random(), lists        bind.c    the constants of a layer
 *	annot.c   annotations                              schedule.c annotations from schedules
 *	test.c    test blocks                              build.c   the whole */
#ifndef SEMA_BUILD_H
#define SEMA_BUILD_H
#include "sema/sema.h"

enum {
	CALL_DEPTH_MAX = 200,         /* blocks within blocks */
	NEST_MAX = 1500,              /* brackets and blocks within each other */
	IMPORT_DEPTH_MAX = 100,
	STEPS_MAX = 4000000,          /* statements executed, repeats and blocks expanded */
	STEP_BYTES = 16,              /* of a layer's path count as one statement more: deep or long names are memory */
	TRACE_MAX = 5,                /* calls of blocks that an error names */
	PARAMS_MAX = 255,             /* parameters of a block */
	TEXT_MAX = 65536,             /* bytes of an interpolated string */
	NODES_MAX = 1000000,
	RANDOM_MAX = 1 << 30          /* bytes of seeded values */
};

/* ---- values ---- */

enum value_kind {
	VAL_ERROR,   /* already reported; silent wherever it goes */
	VAL_INT, VAL_FLOAT, VAL_STRING,
	VAL_WORD,    /* same, all, none, true ...: u.word */
	VAL_LIST,    /* u.list */
	VAL_DIMS,    /* 3x3: u.list of VAL_INT */
	VAL_TENSOR,  /* u.tensor: a value of the graph */
	VAL_RESULTS, /* u.list: what a block of several results returns */
	VAL_SOURCE   /* u.source: file(), tensor(), random() */
};
enum source_kind { SOURCE_FILE, SOURCE_TENSOR, SOURCE_RANDOM };
struct data_source {
	enum source_kind kind;
	name text;             /* FILE: the path as written; TENSOR: the name in the weights file */
	uint64_t seed;         /* RANDOM */
	struct loc loc;
};
struct value {
	enum value_kind kind;
	union {
		int64_t i;
		double f;
		struct { const char *s; size_t len; } str;
		name word;
		struct { const struct value *v; int64_t n; } list;
		struct tensor *tensor;
		const struct data_source *source;
	} u;
};
#define VALUE_ERROR ((struct value){ .kind = VAL_ERROR })

/* ---- scopes ---- */

/* One statement's assignment to a name, in all turns and calls that execute it. */
struct usage {
	struct usage *next;
	name name;
	struct loc loc;
	bool used;
};
struct binding {
	name name;
	struct value value;
	bool constant;         /* cannot be assigned again */
	bool live;             /* false: a loop variable after its loop */
	struct loc loc;
	struct usage *usage;   /* NULL: not tracked */
};
struct scope {
	const struct scope *up;        /* the file's constants, or NULL */
	ARRAY(struct binding *) list;  /* in order of definition */
	struct map *by_name;           /* once the list is long */
};

/* ---- calls ---- */

/* A block being expanded, or the network itself (block NULL). */
struct frame {
	struct frame *up;
	const struct ast_item *block;
	struct loc call;
	const char *prefix, *wprefix;  /* of layer paths and of weight names; "" or ending in '.' */
	const char *turns;             /* "[2][1]" of the enclosing repeats in this body */
	struct scope scope;
	int depth;
};

/* A segment of a pipe: how its layers are called.  The path is made when the first layer needs it. */
struct segment {
	const char *base;             /* the variable or the word after `as` */
	bool exact;            /* `as "text"`: no turns appended */
	bool named;            /* by `as`: may not repeat */
	struct loc loc;
	const char *local;     /* the path within the frame; NULL: not made yet */
	bool given;            /* a layer has it */
};
/* Where a call's layer belongs. */
struct place {
	struct segment *seg;
	bool main;             /* takes the segment's name; else appends its operation */
	const struct ast_type *type;  /* written after the stage, or NULL */
	const struct ast_type *reach; /* a scale that reaches back from a later relu, or NULL */
	const struct ast_expr *as; /* a block call's own name, or NULL */
	struct loc loc;        /* of the call */
};

/* ---- state ---- */

struct weights_opened {
	struct weights_opened *next;
	struct weight_file file;
	bool oihw;
	struct loc loc;
};
struct loaded {                /* a file of this run */
	const struct loaded *up;   /* who imports it first; NULL: the main file */
	const struct source *source;
	struct loc import;
	bool done;
};

struct call;
struct sema {
	struct sema_ctx *ctx;
	struct arena *arena;
	struct intern *names;
	struct diag *diag;
	struct graph *graph;
	const struct ast_file *main;
	ARRAY(const struct ast_file *) files;
	struct map *loaded;            /* canonical path -> struct loaded */
	struct scope file;             /* constants of all files */
	struct map *blocks;            /* name -> struct ast_item */
	ARRAY(const char *) block_names;
	ARRAY(const struct ast_item *) networks, schedules, tests, weights;
	const struct ast_item *network;

	struct frame *frame;
	int nest;                      /* depth of evaluation now */
	int64_t steps;
	int max_nodes;
	bool stopped;                  /* a limit was hit: unwind without further messages */

	struct map *paths;             /* path -> struct path_use */
	struct map *usages;            /* "offset" -> struct usage */
	struct usage *first_usage, **last_usage;
	struct map *reported;          /* message with place -> itself: each is said once */
	bool muted;                    /* the last error was said before: so were its notes */
	struct call *free_calls;
	bool import_failed;            /* names that nobody knows are no news */
	bool no_trace;                 /* errors without the chain of calls: it is told otherwise */
	struct map *outputs;           /* "output NAME" -> struct tensor; "seen NAME"; TENSOR: it is an output */
	bool incomplete;               /* the network has errors: what a test names may be missing for it */
	bool has_input, has_output;
	name word_weights;             /* "weights" */
	struct node *last_main;        /* the node that the statement's name went to */

	/* weights */
	bool random;
	int64_t random_bytes;          /* made so far */
	uint64_t seed;
	bool oihw;                     /* some weights have this layout: file() too */
	bool no_weights_reported;
	bool weights_failed;           /* a file could not be read: missing tensors are no news */
	struct weights_opened **last_weights;
	struct map *npy;               /* path -> struct npy */
	struct map *arranged;          /* weights in the graph's order, by their stored elements and layout */
	struct map *constants;         /* tensors by their elements, scale and shape */
};

/* Like diag_error, but says the same thing about the same place once, and adds the chain of block calls. */
void sema_error(struct sema *, struct loc, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void sema_note(struct sema *, struct loc, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The note "did you mean 'X'?", when one of the N candidates is near. */
bool sema_explains(const struct sema *); /* false: the last error is not printed, nor would its notes be */
void sema_suggest(struct sema *, struct loc, const char *word, const char *const *candidates, size_t n);

/* load.c */
void load_file(struct sema *, const struct ast_file *, const char *real, struct loaded *up, struct loc import);
/* Where a data file named at LOC lies. */
const char *load_data_path(struct sema *, const char *name, struct loc);

/* scope.c */
struct binding *scope_find(const struct scope *, name);      /* here or further up */
struct binding *scope_find_here(const struct scope *, name); /* live or not */
struct binding *scope_define(struct sema *, struct scope *, name, struct value, struct loc);
/* Assign in the frame's scope; false after reporting that NAME is a constant. */
bool scope_assign(struct sema *, name, struct value, struct loc, bool constant);
bool is_tensor_name(const struct sema *, name);
void scope_unknown(struct sema *, name, struct loc);
struct usage *scope_usage(struct sema *, name, struct loc);
void scope_warn_unused(struct sema *);

/* unused.c */
void unused_items(struct sema *);

/* const.c */
struct value const_binary(struct sema *, char oper, struct loc, struct value, struct value);
struct value const_unary(struct sema *, char oper, struct loc, struct value);
struct value const_index(struct sema *, struct loc, struct value, struct value);
bool const_is_function(name);
struct value const_function(struct sema *, const struct ast_expr *call);
const char *const_function_name(size_t i); /* NULL past the last */
/* "an integer", "the list [1, 2]": for messages. */
const char *value_text(struct sema *, struct value);
bool value_is_number(struct value);
double value_number(struct value);
bool word_is_known(name);

/* eval.c */
struct value eval(struct sema *, const struct ast_expr *, const struct place *);
/* A constant; the name of a tensor is allowed (for dim and channels), a call that makes layers is an error. */
struct value eval_const(struct sema *, const struct ast_expr *);
/* A constant for WHAT ("the first turn"), reported when it is of another kind or outside [LO, HI]. */
bool eval_int(struct sema *, const struct ast_expr *, const char *what, int64_t lo, int64_t hi, int64_t *);
bool eval_float(struct sema *, const struct ast_expr *, const char *what, float *);
struct value interpolate(struct sema *, const struct ast_expr *);
/* The depth of evaluation: false when the limit is reached, else leave after it. */
bool eval_enter(struct sema *, struct loc);
void eval_leave(struct sema *);

/* expand.c */
struct value call_block(struct sema *, const struct ast_expr *, const struct ast_item *block, const struct value *piped,
	const struct place *);
void expand_network(struct sema *, const struct ast_item *);

/* path.c */
const char *path_of_name(struct sema *, const struct ast_expr *as, bool *exact); /* NULL after an error */
/* The path of the next layer of PLACE, and the name that its weights' names begin with (PREFIX replaces its own
 * part of it unless NULL). */
name path_layer(struct sema *, const struct place *, const char *op, const char *prefix, const char **weights);
/* Sets the prefixes of INNER, a call of BLOCK; WEIGHTS: what was written, or NULL. */
bool path_block(struct sema *, struct frame *inner, const struct ast_item *block, const struct place *,
	const char *weights);
name path_unique(struct sema *, const char *base);
bool path_take(struct sema *, name path, struct loc, bool named);

/* call.c */
struct value call_op(struct sema *, const struct ast_expr *, enum op, const struct value *piped, const struct place *);
bool op_owns_weights(enum op);

/* attr.c: false after an error. */
bool attr_set(struct sema *, struct attrs *, enum attr, struct value, struct loc, bool *same);

/* source.c */
void source_open(struct sema *); /* the files of the `weights` items */
void source_warn_unused(struct sema *);
bool source_is_function(name);
/* The text of a `weights = "prefix"` argument. */
bool eval_prefix(struct sema *, const struct ast_arg *, const char **prefix);
struct value source_function(struct sema *, const struct ast_expr *call);

/* type.c */
bool type_quant(struct sema *, const struct ast_type *, enum dtype, struct quant *);
void type_check(struct sema *, const struct ast_type *, const struct tensor *);
bool type_shape(struct sema *, const struct ast_type *, struct shape *);
bool type_dtype(struct sema *, const struct ast_type *, enum dtype *);
struct tensor *type_requantize(struct sema *, struct tensor *, const struct quant *, name path, struct loc);

/* schedule.c, test.c */
void schedule_all(struct sema *);
void test_all(struct sema *);

/* annot.c: a statement's annotations, given to its main layer (NULL: it has none). */
void annot_statement(struct sema *, const struct ast_annot *, struct node *main);
#endif
