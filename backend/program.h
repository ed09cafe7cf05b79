/* The lowered form: a list of kernel calls over buffers.  It knows kernels and storage, not operations; backends read
 * it and only print.
 *
 * A call's arguments come in the order of the C function's parameters.  Those marked as a dimension are the
 * same for every layer of that shape: they become literals in one specialised function per distinct (kernel, dimensions),
 * which the layers share; the rest are passed by each layer. */
#ifndef BACKEND_PROGRAM_H
#define BACKEND_PROGRAM_H
#include "ir/graph.h"

enum buffer_kind { BUF_ARENA, BUF_INPUT, BUF_OUTPUT, BUF_CONST };
/* Whether it is an input or output of the network, which lies in the arena or in storage of the caller's (INPUT, OUTPUT). */
enum buffer_port { PORT_NONE, PORT_IN, PORT_OUT };
struct buffer {
	enum buffer_kind kind;
	enum buffer_port port;
	int id;                 /* position in program->buffers */
	name name;              /* root tensor's name, or CALL.scratch */
	enum dtype dtype;
	struct shape shape;     /* CONST: for the comment over the array */
	int64_t bytes;
	int align;              /* bytes, a power of two */
	const void *data;       /* CONST */
	const char *note;       /* CONST: further words for the comment, or NULL */
	int index;              /* of a port: which of the network's inputs or outputs */
	int first, last;        /* ARENA: the slots during which it is live, inclusive; set by program_plan */
	int64_t offset;         /* ARENA: in the arena; set by program_plan.  CONST: in NAME.bin; set by the backend */
};

/* A dot product of N values as a C function of its own, int32_t f(const int8_t *x, const int8_t *w) or the same of floats: calls of the
 * chip's unit one after the other, and portable C for the values that are left. */
struct dot_part {
	int32_t at, n, count;   /* COUNT calls of N values each, from value AT on */
	const char *text;       /* the call: x, w and &part by these names, x and w moved on by i when there are several */
};
struct dot {
	const struct chip_op *unit;
	enum dtype dtype;       /* I8 or F32 */
	int32_t n;
	ARRAY(struct dot_part) parts;
	int32_t rest;           /* values from here on are left to portable C */
};

/* A register block as a C function of its own (runtime/nn_block.h). */
struct block {
	const struct chip_op *unit;
	const char *text;       /* the call, with the parameters by their names */
};

enum arg_kind { ARG_OUT, ARG_IN, ARG_CONST, ARG_SCRATCH, ARG_INT, ARG_FLOAT, ARG_DIM, ARG_DOT, ARG_BLOCK };
struct arg {
	enum arg_kind kind;
	const char *name;       /* the kernel's parameter */
	struct buffer *buf;     /* OUT, IN, CONST, SCRATCH; NULL prints NULL (no bias) */
	enum dtype dtype;       /* of the elements pointed to */
	int64_t offset;         /* elements from the buffer's start */
	int64_t i;              /* INT, DIM */
	float f;                /* FLOAT */
	const struct block *block; /* BLOCK, or NULL; fixed likewise */
	const struct dot *dot;  /* DOT, or NULL: fixed inside the specialised function, as a dimension is */
	const struct tensor *tensor; /* OUT, IN: what lies there, or NULL: anything up to the whole of the buffer */
	/* IN: the call's result may begin DISTANCE bytes before what is pointed to, or more (below 0: up to so many behind): nothing
	 * is written over then that is still to be read.  Not YIELDS: the two keep apart.  Set by program_plan. */
	bool yields;
	int64_t distance;
};

struct call {
	struct call *next;
	int index;
	const char *kernel;     /* "conv2d_i8": runtime/nn_conv2d_i8.c defines nn_conv2d_i8; of a unit's call "npu16_conv2d" */
	const struct node *node;/* the layer: name, location, shapes for the comment */
	const char *note;       /* further words for the comment, or NULL */
	bool last;              /* the layer is complete after it */
	ARRAY(struct arg) args;
	/* A call of a chip's unit: its template filled in, with the parameters named as the arguments are (which are pointers,
	 * all of them); it becomes the body of a function.  NULL: a kernel. */
	const char *text;
	const struct chip_op *unit; /* that it calls, dot products included; NULL: portable C */
	int64_t copied;         /* bytes that it only moves because a unit's layout, pitch or alignment asks for it */
	int64_t moved;          /* bytes that it only moves to make room in the arena */
	int core;               /* that runs it */
	int phase;              /* between which barriers it runs; calls of one phase on different cores run at once */
	int slot;               /* when, for the lifetimes of buffers: calls of one slot may run at once */
};

struct program {
	struct arena *arena;
	const struct graph *graph;
	struct call *first, *last;
	int call_count;
	bool io_arena;          /* the network's inputs and outputs lie in the arena, not in storage of the caller's */
	ARRAY(struct buffer *) buffers;
	ARRAY(struct buffer *) consts;  /* of buffers, those of kind CONST in order of first use */
	int64_t arena_bytes;    /* set by program_plan */
	int arena_align;
	int64_t lower_bound;    /* the largest sum of live bytes over the slots */
	int cores;              /* that have calls: numbered from 0 */
	int phases, slots;      /* set by program_spread */
};

/* backend/lower.c: a call per operation that is not a view, from the table of lower_X functions. */
struct lower {
	struct program *p;
	struct diag *diag;
	struct buffer **of_tensor; /* by tensor id of the root */
	struct map *constants;     /* those made for units, by contents */
};
typedef bool lower_fn(struct lower *, const struct node *);
extern lower_fn *const lower_table[OP_COUNT];
/* IO_ARENA: inputs and outputs lie in the arena. */
struct program *program_lower(struct arena *, const struct graph *, struct diag *, bool io_arena);

/* For the lower_X functions.  A new call, and its arguments in order. */
struct call *lower_call(struct lower *, const struct node *, const char *kernel);
void call_out(struct lower *, struct call *, const char *name, const struct tensor *);
void call_in(struct lower *, struct call *, const char *name, const struct tensor *); /* constants too; NULL tensor: a NULL pointer of dtype i32 or f32 */
void call_const(struct lower *, struct call *, const char *name, const char *suffix, enum dtype, int count, const void *data);
void call_scratch(struct lower *, struct call *, const char *name, enum dtype, int64_t count);
void call_int(struct lower *, struct call *, const char *name, int64_t);
void call_float(struct lower *, struct call *, const char *name, float);
void call_dim(struct lower *, struct call *, const char *name, int64_t);

/* backend/cores.c: puts the calls in an order in which phases follow each other, and sets phase and slot.  With one core that
 * is the order they are in, and a slot for each call. */
void program_spread(struct program *);
/* Whether the order matters of two calls that touch one buffer through A and B. */
bool args_conflict(const struct arg *a, const struct arg *b);

/* backend/order.c: puts the calls in the order in which the fewest bytes are live at once, if that is better than the one they
 * are in. */
void program_order(struct program *);

/* backend/overlap.c: sets yields and distance of a call's arguments. */
void call_find_overlap(struct call *);

/* backend/plan.c: lifetimes and arena offsets, arena_bytes, lower_bound.  Adds calls that move buffers where that makes the
 * arena smaller. */
void program_plan(struct program *);
/* Aborts when two live buffers overlap, a call reads what no call wrote, an offset is misaligned ... */
void program_verify(const struct program *);
void program_print(FILE *, const struct program *); /* --dump-program */
#endif
