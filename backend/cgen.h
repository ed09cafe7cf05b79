/* What the files that write C share: the program, the options and every name chosen for the output. */
#ifndef BACKEND_CGEN_H
#define BACKEND_CGEN_H
#include "backend/backend.h"
#include "backend/emit.h"

/* One kernel with literal dimensions, "kws_conv2d_i8_2": the calls that share them share it. */
struct spec {
	struct spec *next;
	const char *id;
	const struct call *call;  /* the first of them */
	int uses;
	struct text used_by;      /* the first few layers, for its comment */
};

/* An input or output of the network: a parameter of NAME_run unless it lies in the arena, and the stem of its macros. */
struct port {
	const struct tensor *tensor;
	const struct buffer *buf; /* where it lies */
	name name;                /* as the .net has it */
	const char *id;           /* "mfcc" */
	const char *macro;        /* "KWS_IN_MFCC" */
	bool used;                /* by a call */
};

/* A dot product as a function, "kws_npu16_dot_512". */
struct dot_function {
	struct dot_function *next;
	const char *id;
	const struct dot *dot;
};

/* A register block likewise, "kws_mychip_2x2". */
struct block_function {
	struct block_function *next;
	const char *id;
	const struct block *block;
};

/* What a memory of the program is called in the output; an arena has all but maybe the section, which constants may have. */
struct memory_names {
	const char *parameter;    /* of NAME_run: "arena", or "arena_dtcm" where there are several */
	const char *base;         /* the same as bytes, inside: "ram", "ram_dtcm" */
	const char *type;         /* "kws_arena", "kws_arena_dtcm" */
	const char *macro;        /* stem: "KWS_ARENA", "KWS_ARENA_DTCM" */
	const char *section;      /* macro: "KWS_SECTION_DTCM"; NULL: none */
};

struct pieces;
struct chip_text;

struct cgen {
	const struct program *p;
	const struct diag *diag;
	const struct emit_opts *opts;
	struct arena *arena;
	struct intern *names;
	struct map *taken;        /* identifiers in use, file scope and parameters alike */
	struct outputs *outputs;
	const char *dir;
	const char *prefix, *upper; /* "kws", "KWS" */
	struct port *in, *out;
	int nin, nout;
	struct memory_names *memories; /* as the program's */
	int narenas;              /* of them, the first ones */
	const char **const_id;    /* by buffer id: the array's name, or with WEIGHTS_BIN its offset's */
	int64_t *const_offset;    /* by buffer id: in NAME.bin */
	int64_t weights_bytes;    /* of NAME.bin, its head included */
	uint64_t weights_hash;
	int weights_align;        /* of NAME.bin, bytes */
	struct spec *specs;
	struct spec **spec_of;    /* by call index */
	struct dot_function *dots;
	struct block_function *blocks;
	struct pieces *pieces;
	struct chip_text *chip_text;
	struct parts *parts;
	bool math;                /* some literal needs <math.h> */
	struct text text;         /* scratch */
};

/* ident.c: a C identifier made of STEM's letters, digits and single underscores ("ds[2].pw" -> "ds2_pw"),
 * not yet in use and from now on taken. */
const char *ident_make(struct cgen *, const char *stem);
/* The same without a prefix before it: never a keyword of C or C++, nor a reserved name. */
const char *ident_local(struct cgen *, const char *stem);
void ident_reserve(struct cgen *, const char *s, size_t len);
const char *ident_upper(struct arena *, const char *s);
/* The part of PATH that an identifier keeps. */
const char *ident_clean(struct arena *, const char *path);

/* pieces.c: the kernel texts that the calls need, function by function. */
struct pieces *pieces_collect(struct cgen *);
bool pieces_need(const struct pieces *, const char *header); /* "math.h" */
void pieces_emit(const struct pieces *, FILE *);

/* chip_code.c: the text of the chip's own headers that the calls need, and the system headers of these that are not EMITTED yet. */
struct chip_text *chip_text_collect(struct cgen *);
void chip_text_emit(const struct chip_text *, FILE *);
void chip_text_emit_includes(struct cgen *, const struct chip_text *, struct map *emitted, FILE *);

/* spec.c */
void specs_collect(struct cgen *);
void specs_emit(struct cgen *, struct emitter *);
void spec_emit_call(struct cgen *, struct emitter *, const struct call *);
/* What is passed for ARG, as C. */
const char *spec_argument(struct cgen *, const struct arg *);

/* stream_emit.c: a function for each chain of calls, and the call of one. */
void streams_emit(struct cgen *, struct emitter *);
void stream_emit_call(struct cgen *, struct emitter *, const struct call *);
const char *chain_id(struct cgen *, const struct call *); /* that function's name */

/* input_rows_emit.c: with --io=stream the function of the caller's that delivers rows, "kws_read_row *read_row", and its type; a function
 * of NAME.c that asks it for several; calls of that, of a chain's stage or as a layer.  Its parameters as NAME_run passes them. */
const char *input_rows_parameter(struct cgen *);
void input_rows_emit_type(struct cgen *, struct emitter *);
void input_rows_emit(struct cgen *, struct emitter *);
void input_rows_emit_call(struct cgen *, struct emitter *, const struct call *, const char *to, const char *row);
void input_rows_emit_layer(struct cgen *, struct emitter *, const struct call *);
/* What ends the inference where that went wrong. */
void input_rows_emit_check(struct cgen *, struct emitter *);
/* A function that delivers rows of the image that BODY's statements know. */
void input_rows_emit_reader(struct cgen *, struct emitter *, const char *body);

/* Is ARG fixed inside the specialised function? */
bool arg_is_fixed(const struct arg *);
/* The pointer that ARG passes, as an expression in NAME_run. */
const char *arg_pointer(struct cgen *, const struct arg *);

/* arenas.c: names, before those of ports; NAME.h's sizes and types, and which section arenas or constants lie in. */
void arenas_name(struct cgen *);
void arenas_emit_sizes(struct cgen *, struct emitter *);
void arenas_emit_types(struct cgen *, struct emitter *);
void sections_emit(struct cgen *, struct emitter *, bool constants);
/* "static KWS_SECTION_DTCM kws_arena_dtcm ID;" */
const char *arena_definition(struct cgen *, int memory, const char *id);
int64_t cgen_arena_bytes(const struct cgen *, int memory); /* at least 1, so that an array can have the size */
bool arena_is_used(const struct cgen *, int memory);
/* What NAME.c has of them: checks of sizes at compile time; in NAME_run their bytes, checks of addresses, and what keeps an empty one from being a
 * warning. */
void arenas_emit_checks(struct cgen *, struct emitter *);
void arenas_emit_start(struct cgen *, struct emitter *);
void arenas_emit_align_check(struct cgen *, struct emitter *);
void arenas_emit_unused(struct cgen *, struct emitter *);

/* describe.c: words about layers and tensors. */
void describe_location(struct text *, const struct diag *, struct loc);  /* "kws.net:12" or nothing */
void describe_type(struct text *, enum dtype, const struct shape *);     /* "i8[49, 10, 1]" */
void describe_attrs(struct text *, const struct node *);                 /* ", kernel 3x3, stride 2x2, relu" */
void describe_layer(struct text *, const struct node *);                 /* "conv2d i8[..] -> i8[..], kernel ..." */
void describe_storage(struct text *, const struct program *, const struct call *); /* "arena [0, 8,000)" of its result */

/* parts.c: of layers that passes have cut up. */
struct parts *parts_find(struct arena *, const struct graph *);
bool part_is_one(const struct parts *, const struct node *);             /* does part of its layer's work */
int part_number(const struct parts *, const struct node *);              /* from 1 */
int part_count(const struct parts *, const struct node *);
void describe_part(const struct parts *, struct text *, const struct node *); /* "part 2 of 4: ...", or nothing */

/* weights.c */
void weights_plan(struct cgen *);                    /* offsets and hash, before anything is written */
bool weights_need_math(const struct program *);      /* an infinity among them */
void weights_emit_macros(struct cgen *, struct emitter *); /* what declares alignments, where some constant has one */
void weights_emit_inline(struct cgen *, struct emitter *);
void weights_emit_unit(struct cgen *);               /* NAME_weights.c and .h */
void weights_emit_bin(struct cgen *);                /* NAME.bin */
void weights_emit_offsets(struct cgen *, struct emitter *);

/* cfile.c: what NAME.c includes besides the headers of every compiler. */
bool cfile_needs_math(const struct cgen *);          /* <math.h>, and so maybe libm */
bool cfile_calls_chip(const struct cgen *);          /* some unit is called */
bool cfile_needs_chip(const struct cgen *);          /* the header of the chip */

/* "kws.net:12: stem: conv2d i8[49, 10, 1] -> i8[25, 5, 64], ..." */
void cfile_layer_comment(struct cgen *, struct emitter *, const struct call *);

/* package.c: the files of --package in the directory ROOT, and where in it the C lies. */
void package_emit(struct cgen *, const char *root);
const char *package_c_dir(struct arena *, enum package, const char *root);

/* hfile.c, cfile.c, mainfile.c, selftest.c: one output file each (selftest two). */
void hfile_emit(struct cgen *);
void cfile_emit(struct cgen *);
void mainfile_emit(struct cgen *);
void selftest_emit(struct cgen *);

/* Opens DIR/PREFIX SUFFIX for writing and begins it with the head comment: WHAT it is, the version and the command
 * line.  false when it cannot be opened (outputs_commit says why). */
bool cgen_open(struct cgen *, struct emitter *, const char *suffix, const char *what);
/* The same in a directory of its own. */
bool cgen_open_in(struct cgen *, struct emitter *, const char *dir, const char *suffix, const char *what);
void cgen_signature(struct cgen *, struct emitter *, const char *type, const char *verb, const char *extra, const char *tail);
/* The same with a parameter before the inputs. */
void cgen_signature_from(struct cgen *, struct emitter *, const char *type, const char *verb, const char *before, const char *extra,
	const char *tail);
int cgen_stack_bytes(const struct cgen *);
#endif
