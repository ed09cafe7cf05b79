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
	int memory;             /* ARENA, CONST: in which of the program's memories; set by program_plan */
	int64_t offset;         /* ARENA: in that memory's arena; set by program_plan.  CONST: in NAME.bin; set by the backend */
};

/* Where buffers lie: the one arena and the one place for constants of a program, or as a chip states them an arena in each memory of results
 * and places for constants (backend/memories.c). */
struct memory {
	const struct chip_memory *chip; /* NULL: the chip states none of its kind */
	bool constants;         /* it holds CONST buffers, else ARENA ones */
	int64_t size;           /* bytes that there are; INT64_MAX: any number.  What follows is set by program_plan */
	int64_t bytes;          /* of the arena, or of all constants; above SIZE: they do not fit */
	int align;
	int64_t lower_bound;    /* of an arena: the largest sum of live bytes over the slots, of what lies there */
	double reads, writes;   /* bytes an inference reads and writes there, by backend/access.c */
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

struct block_case { int32_t rows; const char *text; };
/* A register block as a C function of its own (runtime/nn_block.h). */
struct block {
	const struct chip_op *unit;
	const char *text;       /* the call, with the parameters by their names */
	int32_t rows, channels; /* windows (at most, of runs), and channels */
	ARRAY(struct block_case) cases; /* of runs: the call for each number of windows; TEXT is all of them */
};

enum arg_kind { ARG_OUT, ARG_IN, ARG_CONST, ARG_SCRATCH, ARG_INT, ARG_FLOAT, ARG_DIM, ARG_DOT, ARG_BLOCK, ARG_BAND };
/* ARG_BAND: what differs from one band of rows to the next, an int32_t: the rows of the input that it reads, the
 * padding above or below, or the first row of the result. */
enum band_arg { BAND_ROWS, BAND_PAD, BAND_PAD_BELOW, BAND_FIRST };
struct arg {
	enum arg_kind kind;
	const char *name;       /* the kernel's parameter */
	struct buffer *buf;     /* OUT, IN, CONST, SCRATCH; NULL prints NULL (no bias) */
	enum dtype dtype;       /* of the elements pointed to */
	int64_t offset;         /* elements from the buffer's start */
	int64_t i;              /* INT, DIM; BAND: enum band_arg */
	float f;                /* FLOAT */
	const struct block *block; /* BLOCK, or NULL; fixed likewise */
	const struct dot *dot;  /* DOT, or NULL: fixed inside the specialised function, as a dimension is */
	const struct tensor *tensor; /* OUT, IN: what lies there, or NULL: anything up to the whole of the buffer */
	/* IN: the call's result may begin DISTANCE bytes before what is pointed to, or more (below 0: up to so many behind): nothing
	 * is written over then that is still to be read.  EXACT: at that distance and no other.  Not YIELDS: the two keep apart.  Set by program_plan. */
	bool yields, exact;
	int64_t distance;
};

/* A chain of calls that compute maps (images, by rows) band by band: runtime/nn_rows.h says how.  Of maps that only they touch a window of some
 * rows is kept. */
struct stream_map {
	struct buffer *buf;     /* one in the arena that holds ROOM rows */
	int32_t height, room;   /* rows; room == height: all of it */
	int64_t row;            /* bytes of a row; 0: every band goes to the same place (the mean of an image) */
	int stage;              /* that computes it; -1: it is there before */
	int shared;             /* 1, 2: what each band holds is read by the next call to run, so all maps of this number lie in one place; 0: a place of its own */
};
struct stream_read { int arg, map; int32_t stride, pad, span; };
struct stream_stage {
	struct call *call;      /* of one band; not in the program's list, but in that of the stream */
	int map;                /* that it computes, by its first argument */
	int32_t band;           /* rows that it computes at once, a divisor of the map's height */
	struct stream_read read[2];
	int reads;
};
struct stream {
	struct call *first;     /* the stages' calls */
	int32_t band;           /* the most rows that a stage computes at once */
	int64_t sums;           /* bytes of the sums that the last stage adds to */
	ARRAY(struct stream_map) maps;
	ARRAY(struct stream_stage) stages;
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
	/* Of register blocks: AT_ONCE windows are taken one after the other, and all channels of them computed before the next are looked at;
	 * COLLECTED: of each group, when the windows have been copied.  Of a unit, that AT_ONCE at most are being read when results of theirs are
	 * written.  0: nothing is stated. */
	int32_t at_once;
	bool collected;
	const struct chip_vars *vars; /* of a unit's call that may be made for some rows of its result at a time: its numbers; else NULL */
	const struct chip_op *unit; /* that it calls, dot products included; NULL: portable C */
	int64_t copied;         /* bytes that it only moves because a unit's layout, pitch or alignment asks for it */
	int64_t moved;          /* bytes that it only moves to make room in the arena */
	bool source;            /* the caller's function fills in rows of the network's input: FROM the one to TO the other, its ints */
	struct stream *stream;  /* of a chain of calls: its arguments are all that those touch; NULL: one kernel */
	const struct call *chain; /* of a stage's call: that chain */
	int core;               /* that runs it */
	int phase;              /* between which barriers it runs; calls of one phase on different cores run at once */
	int slot;               /* when, for the lifetimes of buffers: calls of one slot may run at once */
};

struct program {
	struct arena *arena;
	const struct graph *graph;
	struct call *first, *last;
	int call_count;
	int kernel_count;       /* calls, the stages' included: these have the indices from call_count on */
	bool io_arena;          /* the network's inputs and outputs lie in the arena, not in storage of the caller's */
	bool io_rows;           /* but the input comes by rows, from a function of the caller's */
	ARRAY(struct buffer *) buffers;
	ARRAY(struct buffer *) consts;  /* of buffers, those of kind CONST in order of first use */
	ARRAY(struct memory) memories; /* those of arenas first */
	int64_t arena_bytes;    /* of all arenas; set by program_plan */
	int arena_align;        /* the largest of an arena */
	int64_t lower_bound;    /* the largest sum of live bytes over the slots, in all arenas */
	int64_t missing_bytes;  /* that the memories are too small by */
	double access_cycles;   /* an inference spends on reading and writing memories, by the chip's costs of them; 0: it states none */
	double access_bound;    /* no choice of memories spends fewer */
	bool access_exact;      /* none was found to */
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
/* Where inputs and outputs lie: with the caller; in the arena; outputs in the arena, while the input, one image, comes by rows. */
enum io_mode { IO_CALLER, IO_ARENA, IO_STREAM };
struct program *program_lower(struct arena *, const struct graph *, struct diag *, enum io_mode);

/* For the lower_X functions.  A new call, and its arguments in order. */
struct call *lower_call(struct lower *, const struct node *, const char *kernel);
void call_out(struct lower *, struct call *, const char *name, const struct tensor *);
void call_in(struct lower *, struct call *, const char *name, const struct tensor *); /* constants too; NULL tensor: a NULL pointer of dtype i32 or f32 */
void call_const(struct lower *, struct call *, const char *name, const char *suffix, enum dtype, int count, const void *data);
void call_scratch(struct lower *, struct call *, const char *name, enum dtype, int64_t count);
void call_int(struct lower *, struct call *, const char *name, int64_t);
void call_float(struct lower *, struct call *, const char *name, float);
void call_dim(struct lower *, struct call *, const char *name, int64_t);

/* backend/unit_order.c: the statement of a unit's call, with its dimensions as they are: numbers, or parameters where they differ from band to band. */
const char *call_statement(struct arena *, const struct call *);
/* How many bytes before x (or a) the result of a call with the numbers VARS may begin, all operands lying close, by what the unit states; it states an
 * order. */
int64_t unit_distance(const struct chip_op *, const struct chip_vars *, enum dtype y_type);
/* Whether the unit of C, which has vars, takes each band of BAND of the HEIGHT rows of its result as a call of its own. */
bool call_takes_rows(const struct call *c, int32_t height, int32_t band);
/* Whether the dimension stands in the text of a unit's call. */
bool call_mentions(const struct call *, const char *dimension);

/* backend/cores.c: puts the calls in an order in which phases follow each other, and sets phase and slot.  With one core that
 * is the order they are in, and a slot for each call. */
void program_spread(struct program *);
/* Whether the order matters of two calls that touch one buffer through A and B. */
bool args_conflict(const struct arg *a, const struct arg *b);

/* backend/input_rows.c: how the rows of the input come into the program, with IO_STREAM.  Whether they can, else a message. */
bool input_rows_fit(const struct graph *, struct diag *);
/* The call that fills in all of them; a chain that it becomes part of makes that as many as it needs. */
void input_rows_lower(struct lower *, const struct tensor *);
/* The call of the program that asks for rows, or NULL: none does. */
const struct call *input_rows_call(const struct program *);

/* The calls of kernels in turn, those of chains in place of the chains: the first, and the one after C; NULL at the end. */
const struct call *program_kernels(const struct program *);
const struct call *program_next_kernel(const struct call *);

/* backend/stream.c: makes chains of calls, where the arena is not below TARGET bytes without them, as far as they are needed to get there.
 * Before program_plan.  STREAM_EVERYWHERE: chains of all calls that can be in one, whatever that is good for. */
enum { STREAM_EVERYWHERE = -1 };
void program_stream(struct program *, int64_t target);
/* How many bytes before a map X of the chain, which is there before, its result may begin; as arg.distance. */
int64_t stream_distance(const struct stream *, int x);

/* backend/order.c: puts the calls in the order in which the fewest bytes are live at once, if that is better than the one they
 * are in. */
void program_order(struct program *);

/* backend/overlap.c: sets yields and distance of a call's arguments. */
void call_find_overlap(struct call *);

/* backend/plan.c: lifetimes, memories and arena offsets, arena_bytes, lower_bound.  Adds calls that move buffers where that makes an
 * arena smaller. */
void program_plan(struct program *);
/* backend/memories.c: the memories of the program's chip, whose sizes may be lowered before program_plan, which else begins with this.  Those of
 * arenas come first, at least one, then those of constants, at least one. */
void program_memories(struct program *);
int program_arenas(const struct program *);
/* Numbers the calls anew, in order. */
void program_number(struct program *);
/* How far behind the first arena that of MEMORY begins where all lie one behind the other, at multiples of arena_align. */
int64_t program_base(const struct program *, int memory);
/* Aborts when two live buffers overlap, a call reads what no call wrote, an offset is misaligned ... */
void program_verify(const struct program *);
void program_print(FILE *, const struct program *); /* --dump-program */
#endif
