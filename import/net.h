/* The writer's view of a network, private to net_*.c: the graph's nodes as statements of the language.
 *
 *	net_name.c     names that a .net can write
 *	net_form.c     attributes, scales and constants: the ways in which each can be written
 *	net_segment.c  graph -> statements: what is one pipe
 *	net_vars.c     what each statement assigns
 *	net_path.c     what the language calls each layer, and so its weights
 *	net_print.c    statements -> text
 *	net_weights.c  graph -> weights file
 *	net_write.c    all of these in order */
#ifndef IMPORT_NET_H
#define IMPORT_NET_H
#include "import/import.h"

enum {
	NET_FORMS = 3,    /* ways to write a value, at most */
	NET_LITERAL = 8   /* elements of a constant operand that is written out */
};

/* Something that a statement says about one of its operations.  "" as a form: it is left out. */
struct net_field {
	const char *key;       /* an attribute's name, "scale", "zero", or NULL: a constant operand */
	int stage;             /* the node's place in the pipe */
	int operand;           /* of a constant: which it is */
	const struct tensor *constant; /* likewise; without a form it is read from the weights file */
	name form[NET_FORMS];  /* the best first; NULL: no more */
};

/* A pipe of operations: one value comes out. */
struct net_item {
	struct node **nodes;   /* in the graph's order: NEXTRA requantisations of a concat's inputs, which the text leaves out, then one a stage */
	int nnodes, nextra;
	struct tensor **in;    /* the values that the first stage reads, in their order; NULL: a constant */
	int nin;
	struct net_field *fields;
	int nfields;
	name var;              /* what the statement assigns */
	name as;               /* the segment's name where that is another; NULL: none */
	bool output;           /* it is "output VAR = ..." */
};

/* How an output is written: "output NAME = ..." where its value comes about, unless that would break the order of the outputs: then NAME is an
 * ordinary variable, and "output NAME;" follows at the end.  What has a name already, as an input or another output, is copied there. */
struct net_output { name name; bool last, copied; };

struct net_writer {
	struct arena *arena;
	struct intern *names;
	const struct graph *g;
	name network;                  /* its identifier */
	struct map *taken;             /* identifiers of the network */
	ARRAY(struct net_item *) items;
	/* By the tensor's id: */
	name *label;                   /* the identifier for the layer or input of that name */
	name *path;                    /* the layer's in the language */
	struct tensor **stored;        /* of a constant: the first with the same elements, shape and scale */
	struct node **owner;           /* of a stored constant: the first node that reads it ... */
	int *slot;                     /* ... and as which input */
	name *var;                     /* what the text calls the value at the moment */
	struct net_output *outputs;    /* of the graph, in their order */
	name running;                  /* the variable that carries a value to the next statement: "h" */
};

/* ---- net_name.c ---- */

/* Identifiers for the network's inputs, outputs and layers: sets network, label, outputs and running. */
void net_name_all(struct net_writer *);
/* BASE, or BASE_2, BASE_3 ..., as an identifier that is not taken; takes it. */
name net_take(struct net_writer *, const char *base);
/* Whether the language could take WORD for something else than a name. */
bool net_is_word(const char *word);

/* ---- net_form.c ---- */

/* The fewest digits that the language reads back as V. */
name net_number(struct net_writer *, float v);
/* The ways to write the attribute A of N; false: none is needed. */
bool net_attr_forms(struct net_writer *, const struct node *n, enum attr, struct net_field *);
/* The elements of the operand T as nested lists, with its scale where it has one. */
name net_literal(struct net_writer *, const struct tensor *t);
/* Whether the constant T, an operand, is written out. */
bool net_is_literal(const struct tensor *t);
/* Whether operand K of N is a value that its call writes (else it is bound by the layer's path). */
bool net_is_operand(const struct node *n, int k);

/* ---- net_segment.c ---- */

/* The statements, with their fields. */
void net_segment(struct net_writer *);

/* Whether OP's layers read weights by their path. */
bool net_owns_weights(enum op);
/* The stage that the language gives the segment's name: the first with weights, else the last. */
int net_main_stage(const struct net_item *);

/* ---- net_vars.c ---- */

/* The variables of the network's statements: sets var, as and output, and how outputs are written. */
void net_vars(struct net_writer *);

/* ---- net_path.c ---- */

/* The paths that come of var and as; which constants are stored, and for whom. */
void net_paths(struct net_writer *);
/* The name of the constant T in the weights file. */
name net_stored_name(const struct net_writer *, const struct tensor *t);

/* ---- net_print.c ---- */

/* The network's statements and what is around them; not yet in canonical form. */
struct net_text_of { const char *weights, *head; const struct import_test *tests; int ntests; };
void net_print(FILE *, struct net_writer *, const struct net_text_of *);
#endif
