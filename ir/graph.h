/* The graph: one flat list of operations in execution order over typed tensors.
 *
 * A tensor is an input of the network, a constant, or the result of one node; a node has one
 * result.  Every shape and type is known from the moment a node is made: graph_add runs the
 * operation's shape rule.  Ids are positions in the graph's lists, so a dump of a graph is the
 * same on every run.  docs/ir.md describes the text form. */
#ifndef IR_GRAPH_H
#define IR_GRAPH_H
#include <stdio.h>
#include "ir/ops.h"
#include "support/array.h"
#include "support/diag.h"
#include "support/intern.h"

struct node;
struct plan;
struct layer_plan;
struct chip;
struct chip_op;

struct tensor {
	int id;                /* position in graph->tensors, renumbered by graph_tidy */
	name name;             /* the layer's path, "ds[2].pw", or PATH.weight; unique in the graph */
	enum dtype dtype;
	struct shape shape;
	struct quant quant;
	const void *data;      /* a constant's elements, row-major, aligned for the type; else NULL */
	struct node *producer; /* NULL for inputs and constants */
	struct tensor *forward;/* set by graph_replace, cleared by graph_tidy */
	int uses;              /* reads by nodes and outputs; valid after graph_tidy */
	struct loc loc;
	/* Storage, set by the pass "alias" and meaningless before: the elements lie in BASE's
	 * storage from element OFFSET on; consecutive vectors of the last dimension lie PITCH
	 * elements apart.  base == the tensor itself for one with storage of its own (offset 0,
	 * pitch = last dimension). */
	struct tensor *base;
	int64_t offset;
	int32_t pitch;
};

/* A checked annotation.  args of annots.def; chip: NULL for one written on the layer, else the
 * chip file of the schedule that it comes from. */
enum annot_kind {
#define ANNOT(id, text, help) ANNOT_##id,
#define ANNOT_ARG(annot, text, kind, words, help)
#include "ir/annots.def"
#undef ANNOT
#undef ANNOT_ARG
	ANNOT_COUNT
};
enum annot_class { CLASS_UNSET, CLASS_EXACT, CLASS_BOUNDED, CLASS_LOSSY, CLASS_DIFFERENT };
struct annot {
	enum annot_kind kind;
	struct annot *next;
	name chip;
	struct loc loc;
	struct { int n; const int32_t *v; } parts; /* n 0: auto; n 1: v[0] parts; else sizes */
	name partial, order, unit;             /* NULL: not written */
	int32_t groups;                            /* 0: not written */
	bool prune, has_seed;
	int64_t seed;
	enum annot_class class;                    /* REQUIRE */
	double class_arg;                          /* lsb or dB */
};

/* annots.def as C (ir/annots.c). */
struct annot_info {
	const char *name, *help;
};
extern const struct annot_info annot_info[ANNOT_COUNT];
enum annot_arg_kind { ANNOT_TAKES_COUNT, ANNOT_TAKES_COUNTS, ANNOT_TAKES_WORD, ANNOT_TAKES_SEED, ANNOT_TAKES_FLAG,
	ANNOT_TAKES_CLASS };
struct annot_arg {
	enum annot_kind annot;
	const char *name;
	enum annot_arg_kind kind;
	const char *words;     /* WORD: the possible ones, separated by '|' */
	const char *help;
};
extern const struct annot_arg annot_args[]; /* ends with a NULL name */
extern const char *const annot_class_names[CLASS_DIFFERENT + 1];
bool annot_lookup(const char *name, enum annot_kind *);
const struct annot_arg *annot_arg_lookup(enum annot_kind, const char *name); /* NULL: it has no such argument */
/* Whether the LEN bytes at WORD are one of ARG's words. */
bool annot_arg_takes(const struct annot_arg *, const char *word, size_t len);
/* The field that holds the argument ARG of kind WORD. */
name *annot_word(struct annot *, const struct annot_arg *);
/* N's annotation of KIND in a build for the chip file CHIP ("npu16.chip"; NULL: none): one written on the layer, else that of a
 * schedule for CHIP, else that of a schedule for no chip; NULL: none. */
struct annot *annot_find(const struct node *n, enum annot_kind, const char *chip);
/* Take all of KIND from N. */
void annot_drop(struct node *n, enum annot_kind);

struct node {
	enum op op;
	name name;             /* the layer's path; the result has the same name */
	struct tensor **in;
	int nin;
	struct tensor *out;
	struct attrs attr;
	struct annot *annots;
	struct loc loc;        /* the call in the .net */
	name label;            /* the path of the layer that it is part of; == name unless passes cut the layer up */
	const struct plan *plan;    /* chips/plan.h: how it is still to be executed; NULL: as it is */
	const struct chip_op *unit; /* the unit of the chip that runs it; NULL: portable C */
	int core;              /* which core runs it */
	int strip;             /* of the strips of columns that the pass strips has made, from 1 on; 0: part of none */
	struct node *prev, *next;
};

/* A test block, resolved against the graph as built (before any pass). */
struct test_value {
	struct test_value *next;
	name target;           /* an input, output or layer path */
	bool expect;
	enum dtype dtype;      /* of data: the target's */
	int64_t count;
	const void *data;
	double within;         /* expect: tolerance in unit */
	enum { WITHIN_LSB, WITHIN_RELATIVE, WITHIN_ABSOLUTE } unit; /* RELATIVE: to the largest expected magnitude */
	struct loc loc;
};
struct test {
	struct test *next;
	name name;
	struct test_value *values;
	struct loc loc;
};

/* A layer that the pass dead-channels has made smaller. */
struct dead_channels {
	struct dead_channels *next;
	name layer;            /* path */
	enum op op;
	int32_t in_before, in, out_before, out; /* channels */
	int64_t macs_before, macs;
};

/* A chain of layers that the pass strips computes in strips of columns. */
struct strip_record {
	struct strip_record *next;
	name first, last;      /* layers */
	int32_t strips;
	int64_t macs_before, macs;
};

struct graph {
	name name;             /* the network's */
	struct arena *arena;
	struct intern *names;
	struct map *by_name;   /* tensors by name; private to graph.c */
	struct map *suffixes;  /* the next number graph_unique tries for a name; private to graph.c */
	struct fault fault;    /* of the last graph_add or graph_insert that failed */
	struct node *first, *last;
	int node_count;
	ARRAY(struct tensor *) tensors;  /* in order of creation; graph_tidy: the inputs, then for each node the
	                                  * constants that it is the first to read and its result */
	ARRAY(struct tensor *) inputs;
	ARRAY(struct tensor *) outputs;  /* the tensor written to each output ... */
	ARRAY(name) output_names;        /* ... and the output's name */
	struct test *tests;
	const struct chip *chip;         /* what it is compiled for; NULL: portable C alone */
	struct layer_plan *plans;        /* chips/plan.h: what became of each layer, in order; NULL without decompositions */
	struct dead_channels *dead;      /* NULL: nothing was dead */
	struct strip_record *strips;     /* NULL: there are none */
	struct loc loc;
};

/* Scales are copied into the graph's arena, constants' data is borrowed.  Names must be unused: see graph_unique. */
struct graph *graph_new(struct arena *, struct intern *, name);
struct tensor *graph_input(struct graph *, name, enum dtype, const struct shape *, const struct quant *, struct loc);
struct tensor *graph_const(struct graph *, name, enum dtype, const struct shape *, const struct quant *,
	const void *data, struct loc);
void graph_output(struct graph *, name, struct tensor *);
/* A copy of a tidied graph with the same names, which changes of the one don't reach; constants' data, annotations, plans and records are shared. */
struct graph *graph_clone(struct arena *, const struct graph *);

/* Append a node.  IN is copied, and of the attributes those that OP takes.  QUANT: the written scale and zero point of the result, or NULL.  NULL
 * on failure, with the reason in WHY (WHY_SIZE bytes). */
struct node *graph_add(struct graph *, enum op, name, struct tensor *const *in, int nin,
	const struct attrs *, const struct quant *, struct loc, char *why);
/* The same, before POS instead of at the end; for passes. */
struct node *graph_insert(struct graph *, struct node *pos, enum op, name, struct tensor *const *in, int nin,
	const struct attrs *, const struct quant *, struct loc, char *why);
/* A name not yet in use: BASE, or BASE_2, BASE_3 ... */
name graph_unique(struct graph *, name base);
struct tensor *graph_find(const struct graph *, name);
/* Give T, and the node that computes it, another name, which must be unused.  The node's label stays. */
void graph_rename(struct graph *, struct tensor *t, name);

/* From now on NEW stands for OLD (outputs too); takes effect at graph_tidy, for every reader, the inputs of NEW's own
 * producer included. */
void graph_replace(struct graph *, struct tensor *old, struct tensor *new);
/* Unlink a node; its result has no producer any more and is dropped by graph_tidy.  node->next stays as it was. */
void graph_remove(struct graph *, struct node *);
/* Apply replacements, drop tensors that nothing owns, renumber, count uses.  Every pass ends with it. */
void graph_tidy(struct graph *);

/* ir/verify.c: the first broken invariant in WHY (WHY_SIZE bytes) with its place, or NULL. */
const char *graph_broken(const struct graph *, char *why, struct loc *);
/* Aborts with the graph's text on a broken invariant, naming STAGE. */
void graph_verify(const struct graph *, const char *stage);

/* ir/print.c, ir/read.c: the text form and back (docs/ir.md).  Printing a graph that graph_tidy has left, reading that
 * text and printing again gives the same bytes. */
struct print_opts { int64_t elide; /* constants of more elements print as "..."; 0: never */ };
void graph_print(FILE *, const struct graph *, const struct print_opts *); /* NULL: never elided */
/* NULL after reporting errors. */
struct graph *graph_read(struct arena *, struct intern *, struct diag *, const struct source *);

/* Work of a node: multiply-accumulates (conv, dense) and, for others, 0.  Parameters: elements of its constants. */
int64_t node_macs(const struct node *);
int64_t node_params(const struct node *);
/* Elements of the graph's constants, each counted once; after graph_tidy. */
int64_t graph_params(const struct graph *);
static inline int64_t tensor_count(const struct tensor *t) { return shape_count(&t->shape); }
static inline int64_t tensor_bytes(const struct tensor *t) { return shape_count(&t->shape) * dtype_info[t->dtype].bytes; }
#endif
