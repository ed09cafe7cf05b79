/* The writer's view of a network, private to net_*.c: the graph's nodes as statements of the language, and what of them repeats
 * as blocks and loops.
 *
 *	net_name.c     names that a .net can write
 *	net_form.c     attributes, scales and constants: the ways in which each can be written
 *	net_segment.c  graph -> statements: what is one pipe
 *	net_search.c   which statements repeat
 *	net_choose.c   which of them become blocks and loops
 *	net_unify.c    what of them is the same, what becomes a parameter
 *	net_block.c    blocks and their calls
 *	net_loop.c     repeats and their tables
 *	net_local.c    names inside blocks and loops, out of what the layers' names have in common
 *	net_vars.c     what each statement assigns
 *	net_path.c     what the language calls each layer, and so its weights
 *	net_print.c    -> text
 *	net_weights.c  graph -> weights file
 *	net_write.c    all of these in order */
#ifndef IMPORT_NET_H
#define IMPORT_NET_H
#include "import/import.h"

enum {
	NET_FORMS = 3,    /* ways to write a value, at most */
	NET_LITERAL = 8   /* elements of a constant operand that is written out */
};

/* Something that a statement says besides the values it reads.  "" as a form: it is left out. */
struct net_field {
	const char *key;       /* an attribute, "scale", "zero" or a block's parameter; NULL: a constant operand */
	int stage;             /* the node's place in the pipe */
	int operand;           /* of a constant: which it is */
	const struct tensor *constant; /* likewise */
	name form[NET_FORMS];  /* the best first; NULL: no more */
	/* In the body of a block or a loop, in place of the form: */
	struct net_param *param; /* the parameter that gives the value; NULL: none */
	const struct tensor *channels; /* the value whose channels give it; NULL: none */
	int ratio;             /* of the value to the parameter or the channels; -N: 1/N */
};

enum net_kind {
	NET_PIPE,              /* a pipe of operations */
	NET_CALL,              /* of a block */
	NET_LOOP               /* repeat */
};

/* A statement. */
struct net_item {
	enum net_kind kind;
	name token;            /* two with the same are alike but for values, fields and names; NULL: like no other */
	struct tensor **in;    /* the values that it reads, in their order; NULL: a constant */
	int nin;
	struct tensor **out;   /* the values that come out: one, but of a call perhaps several */
	int nout;
	struct net_field *fields;
	int nfields;
	/* PIPE: its nodes in the graph's order: NEXTRA requantisations of a concat's inputs, which the text leaves out, then one a stage */
	struct node **nodes;
	int nnodes, nextra;
	/* CALL: the block, and the statements that the call stands for.  LOOP: the statements of its turns, and the one that is
	 * written for all of them. */
	struct net_block *block;
	struct net_item **parts;
	int nparts;
	struct net_item *turn;
	int first_turn;
	bool *carried;         /* LOOP: which of IN is the result of the turn before */
	/* Names: */
	name *labels;          /* what each result would be called, not yet unique */
	name *vars;            /* what it assigns */
	name as;               /* what follows `as`; NULL: nothing */
	bool *output;          /* of each result: it is an output here */
};

/* The statements of the network or of a block, and the names in them. */
struct net_body {
	ARRAY(struct net_item *) items;
	struct map *taken;     /* identifiers */
	name running;          /* the variable that carries a value to the next statement: "h" */
};

/* A parameter of a block that is a constant. */
struct net_param {
	const char *key;       /* of the fields that it gives */
	int item;              /* the first of them is in this statement of the body */
	name *value;           /* in each call */
	name name;
	name preset;           /* its default; NULL: none */
	bool left_out;         /* some call leaves it out */
};

struct net_block {
	struct net_block *next;
	name name;
	struct net_body body;  /* the statements of the first call, with fields that may be parameters */
	struct tensor **in;    /* the first call's values of the parameters ... */
	int nin;
	name *in_names;        /* ... and their names */
	struct tensor **out;   /* likewise the results */
	int nout;
	name *out_names;
	struct net_param **params;
	int nparams;
};

/* A list of the file: what a loop's turns have in place of one value. */
struct net_table {
	struct net_table *next;
	name name;
	struct net_param *param;   /* whose values it has */
	int n;
	bool spare;            /* the turns do without it */
};

/* How an output is written: "output NAME = ..." where its value comes about, unless that would break the order of the outputs: then NAME is an
 * ordinary variable, and "output NAME;" follows at the end.  What has a name already, as an input or another output, is copied there. */
struct net_output { name name; bool last, copied; };

struct net_writer {
	struct arena *arena;
	struct intern *names;
	const struct graph *g;
	name network;                  /* its identifier */
	name turn;                     /* the variable of loops: "i" */
	struct net_body top;
	struct net_block *blocks, **last_block;
	struct net_table *tables, **last_table;
	struct map *file_names;        /* of blocks and tables */
	struct net_output *outputs;    /* of the graph, in their order */
	/* By the tensor's id: */
	name *label;                   /* the identifier for the layer or input of that name */
	name *path;                    /* the layer's in the language */
	struct tensor **stored;        /* of a constant: the first with the same elements, shape and scale */
	struct node **owner;           /* of a stored constant: the first node that reads it ... */
	int *slot;                     /* ... and as which input */
	name *var;                     /* what the text calls the value at the moment */
};

/* ---- net_name.c ---- */

/* Identifiers for the network's inputs, outputs and layers: sets network, label, outputs, and what the body needs. */
void net_name_all(struct net_writer *);
/* BASE as an identifier that is not in TAKEN, perhaps with _2, _3 ... behind it; takes it. */
name net_take(struct net_writer *, struct map *taken, const char *base);

/* ---- net_form.c ---- */

/* The fewest digits that the language reads back as V. */
name net_number(struct net_writer *, float v);
/* The same of a scale: a number with a point. */
name net_scale(struct net_writer *, float v);
/* The ways to write the attribute A of N; false: none is needed. */
bool net_attr_forms(struct net_writer *, const struct node *n, enum attr, struct net_field *);
/* The operand T: its elements as nested lists, or, if those are too many, a mark in place of tensor("NAME"). */
name net_operand(struct net_writer *, const struct tensor *t);
/* The constant that TEXT is a mark of; NULL: it is none. */
const struct tensor *net_marked(const struct net_writer *, name text);
/* Whether the constant T, an operand, is written out. */
bool net_is_literal(const struct tensor *t);
/* Whether operand K of N is a value that its call writes (else it is bound by the layer's path). */
bool net_is_operand(const struct node *n, int k);

/* ---- net_segment.c ---- */

/* Which constants are stored, and for whom: sets stored, owner and slot. */
void net_find_constants(struct net_writer *);
/* The statements, with their fields. */
void net_segment(struct net_writer *);
/* Whether OP's layers read weights by their path. */
bool net_owns_weights(enum op);
/* The stage that the language gives the segment's name: the first with weights, else the last. */
int net_main_stage(const struct net_item *);
/* Whether F is part of the type behind the stage. */
bool net_is_scale(const struct net_field *f);

/* ---- net_choose.c ---- */

/* Blocks and loops in place of the statements that repeat. */
void net_find_repeats(struct net_writer *);

/* ---- net_unify.c ---- */

/* What N statements (or runs of LENGTH statements) that are alike say: for each field of the first run's statements in order one that
 * stands for all.  Where they have no form in common it is a parameter. */
struct net_unified {
	ARRAY(struct net_field) fields;
	ARRAY(struct net_param *) params;
};
void net_unify(struct arena *, struct net_item *const *const *runs, size_t n, size_t length, struct net_unified *);
/* The best way to write F's value in full. */
name net_spelled(const struct net_field *f);
/* About how many columns of text the statement takes. */
int64_t net_width(const struct net_item *);

/* ---- net_block.c ---- */

/* A block for runs of LENGTH statements of the network, which begin at START; each becomes a call.  IN and OUT: the values that the first
 * run reads from outside and gives, as places: see struct net_port. */
struct net_port { int item, k; };       /* value K that statement ITEM of the run reads, or gives */
struct net_ports { ARRAY(struct net_port) in, out; };
void net_make_block(struct net_writer *, const size_t *starts, size_t n, size_t length, const struct net_ports *);

/* The defaults that no call makes use of are none. */
void net_drop_defaults(struct net_writer *);

/* ---- net_loop.c ---- */

/* How many statements from START on are the turns of a loop: each reads the result of the one before, which nothing else reads. */
size_t net_loop_length(const struct net_writer *, size_t start, const size_t *last_read);
/* The loop in place of N statements from START on. */
void net_make_loop(struct net_writer *, size_t start, size_t n);

/* Lists of tensors of the weights file become one name, with the turn in it.  After net_paths. */
void net_spare_tables(struct net_writer *);

/* ---- net_local.c ---- */

/* Names for the statements of BLOCK, its parameters and itself; of CALLS, its first calls, what the labels have in common is kept. */
void net_name_block(struct net_writer *, struct net_block *, struct net_item *const *calls, size_t n);
/* What the labels of N statements have in common, else what they do. */
name net_common_label(struct net_writer *, struct net_item *const *items, size_t n);

/* ---- net_vars.c ---- */

/* The variables of the statements of BODY, whose values OUT are called OUT_NAMES: sets vars and as. */
void net_vars(struct net_writer *, struct net_body *, struct tensor *const *out, const name *out_names, int nout);
/* The same of the network, and how outputs are written. */
void net_network_vars(struct net_writer *);

/* ---- net_path.c ---- */

/* The paths that come of the names. */
void net_paths(struct net_writer *);
/* The name of the constant T in the weights file. */
name net_stored_name(const struct net_writer *, const struct tensor *t);

/* ---- net_print.c ---- */

/* The whole file, not yet in canonical form. */
struct net_text_of { const char *weights, *head; const struct import_test *tests; int ntests; };
void net_print(FILE *, struct net_writer *, const struct net_text_of *);
#endif
