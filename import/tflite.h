/* The reader of TensorFlow Lite models, private to import/tflite*.c.
 *
 *	tflite.c         the file, and its operators in turn
 *	tflite_value.c   tensors: constants, inputs, outputs
 *	tflite_op.c      what translations share: options, operands, nodes, results, folding of constants
 *	tflite_name.c    names of layers
 *	tflite_ops.def   the operators; their translations:
 *	tflite_layers.c  layers with weights, and pools
 *	tflite_math.c    arithmetic, activations, reductions, changes of number format
 *	tflite_move.c    what moves elements
 *	tflite_slice.c   parts of values
 *	tflite_ints.c    arithmetic on shapes, which is done here and now
 *
 * A tensor of the model has a batch dimension, one of the graph has none: of a shape of two dimensions or more a
 * first dimension of 1 is left out.  The rule looks at the shape alone, so every tensor has one form in the graph, and
 * it keeps broadcasting (aligned at the last dimension) as it is. */
#ifndef IMPORT_TFLITE_H
#define IMPORT_TFLITE_H
#include "import/flatbuffer.h"
#include "import/import.h"

/* Numbers of element types that are asked for by name. */
enum { TFL_F32 = 0, TFL_F16 = 1, TFL_I32 = 2, TFL_U8 = 3, TFL_I64 = 4, TFL_BOOL = 6, TFL_I8 = 9, TFL_BF16 = 18 };

/* A tensor of the model. */
struct tfl_value {
	const char *name;      /* printable */
	int type;              /* a number of tflite_schema.def */
	struct shape shape;    /* batch and all; as the file has it until it is known, dynamic dimensions -1 */
	bool known;            /* SHAPE can be relied upon: an input, a constant, computed */
	const char *why;       /* NULL, or why nothing can use it: "has 7 dimensions, more than 6" */
	struct quant quant;    /* of integers, as the graph has it: of uint8 the zero point is 128 less; count 0: none */
	const unsigned char *data; /* a constant's bytes; NULL: none */
	size_t bytes;
	const int64_t *ints;   /* the elements of an integer constant, once asked for */
	struct tensor *t;      /* computed, in the graph; with data: folded to a constant.  NULL: not yet */
	struct tensor *made;   /* the graph's constant last made of it */
	bool failed;           /* its operator could not be translated: nothing more is said about it */
};

/* One operator. */
struct tfl_op {
	const struct tfl_row *row;
	int options_member;    /* of the union BuiltinOptions; 0: none */
	struct fb_table options;
	int nin, nout;
	struct tfl_value **in, **out; /* NULL: an optional one that isn't there */
	name layer;            /* unused so far: that of its main node */
	const char *where;     /* "node 'conv1' (CONV_2D)" */
};

struct tfl {
	struct import *m;
	struct flatbuffer f;
	struct tfl_value *values;
	size_t count;
	int prefix;            /* parts of the tensors' names that all have in common */
	bool resized;          /* --shape was given: shapes in the file are not those of this graph */
	size_t foldable;       /* bytes of constants that may still be computed from constants */
	bool noted_hybrid;     /* the note about layers of float32 values and int8 weights was given */
};

/* false after an error was reported or import_unsupported told. */
typedef bool tfl_translate(struct tfl *, struct tfl_op *);

struct tfl_row {
	const char *name;
	int min_in, max_in;    /* max -1: any number */
	int outs;              /* -1: any number from 1 on */
	bool u8;               /* moves or compares elements only, so that uint8 less 128 is int8 */
	const char *hint;      /* what TensorFlow ends the layer's name with, from the best on: "BiasAdd|Conv2D" */
	const char *becomes;   /* "conv2d"; NULL: not supported */
	tfl_translate *translate; /* NULL: not supported */
	tfl_translate *fold;   /* the same for integer constants; NULL: it takes none */
};
#define OP(code, name, in, most, outs, u8, hint, translate, becomes, limits) tfl_translate tfl_##translate;
#define BOTH(code, name, in, most, outs, u8, hint, translate, fold, becomes, limits) tfl_translate tfl_##translate, tfl_##fold;
#define FOLD(code, name, in, most, outs, fold, limits) tfl_translate tfl_##fold;
#include "import/tflite_ops.def"

/* ---- tflite_op.c ---- */

enum tfl_option {
#define OPTION(id, member, slot, kind, def) OPT_##id,
#include "import/tflite_schema.def"
};
int32_t tfl_option(struct tfl *, const struct tfl_op *, enum tfl_option);
float tfl_option_float(struct tfl *, const struct tfl_op *, enum tfl_option);
/* An option that is a list of up to RANK_MAX integers; false: it isn't there.  Longer ones are an error of the file. */
bool tfl_option_list(struct tfl *, const struct tfl_op *, enum tfl_option, struct ints *);

/* Refuse OP for WHAT ("with dilations"); false. */
bool tfl_refuse(struct tfl *, const struct tfl_op *, const char *what);
/* An error about OP; false. */
bool tfl_error(struct tfl *, const struct tfl_op *, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* SHAPE as the graph has it. */
struct shape tfl_shape(const struct shape *);
/* Whether the graph leaves the first dimension of SHAPE out. */
bool tfl_batched(const struct shape *);
static inline bool tfl_is_const(const struct tfl_value *v) { return v->data || v->ints || (v->t && v->t->data); }
bool tfl_is_i8(const struct tfl_value *);

/* Input K in the graph, a constant under the name LAYER.WHAT; NULL after an error. */
struct tensor *tfl_input(struct tfl *, const struct tfl_op *, int k, const char *what);
/* The same for an operand that is broadcast: a constant has no dimensions of 1 in front, as a person would write it. */
struct tensor *tfl_broadcast(struct tfl *, const struct tfl_op *, int k, const char *what);
/* Input K, a constant, as a constant LAYER.WHAT of SHAPE and DTYPE (f32, i8, i32) with QUANT (NULL: none); elements are borrowed where the file has
 * them so. */
struct tensor *tfl_const(struct tfl *, const struct tfl_op *, int k, const char *what, enum dtype, const struct shape *,
	const struct quant *);
/* The elements of V, a constant, as DTYPE; NULL after an error. */
const void *tfl_elements(struct tfl *, const struct tfl_op *, const struct tfl_value *v, enum dtype);
/* Whether all elements of the constant C are the same; the real value of the first one. */
bool tfl_is_uniform(const struct tensor *c);
float tfl_first(const struct tensor *c);
/* The elements of input K, an integer constant, and their number; NULL after an error. */
const int64_t *tfl_ints_of(struct tfl *, const struct tfl_op *, int k, int64_t *n);
/* The same as a list of up to RANK_MAX integers of 32 bits. */
bool tfl_list_of(struct tfl *, const struct tfl_op *, int k, struct ints *);
/* An axis of a shape of RANK dimensions, from 0; -1 after an error. */
int tfl_axis(struct tfl *, const struct tfl_op *, int64_t axis, int rank);

/* Append a node, the main one (SUFFIX NULL: it has the layer's name) or one beside it.  Of STATED and RESCALE operations the result has the scale
 * of output 0.  Where all inputs are constants, the result is one.  NULL after an error. */
struct tensor *tfl_node(struct tfl *, const struct tfl_op *, enum op, const char *suffix, struct tensor *const *in, int nin,
	const struct attrs *);
/* T with the dimensions of SHAPE: itself, or a reshape of it. */
struct tensor *tfl_view(struct tfl *, const struct tfl_op *, struct tensor *t, const char *suffix, const struct shape *shape);
/* T after the activation that the options name; NULL after an error. */
struct tensor *tfl_activation(struct tfl *, const struct tfl_op *, struct tensor *t, enum tfl_option);
/* Input K, which must be an image [1, h, w, c]; NULL after an error. */
struct tensor *tfl_image(struct tfl *, const struct tfl_op *, int k);
/* X, an image without batch, is output 0; false after an error. */
bool tfl_result_image(struct tfl *, const struct tfl_op *, struct tensor *x);
/* X, elementwise computed of input K, is output 0. */
bool tfl_result_like(struct tfl *, const struct tfl_op *, struct tensor *x, int k);
/* T is output K, whose dimensions are SHAPE with its batch; false after an error. */
bool tfl_result(struct tfl *, const struct tfl_op *, int k, struct tensor *t, const struct shape *shape);
/* Output K is made of the integers V of SHAPE. */
bool tfl_result_ints(struct tfl *, const struct tfl_op *, int k, const int64_t *v, const struct shape *shape);
/* N dimensions as a shape; false after an error (too many, below 1, too large together). */
bool tfl_make_shape(struct tfl *, const struct tfl_op *, const int64_t *dim, int n, struct shape *);

/* ---- tflite_layers.c ---- */

/* The real values of V, an int8 constant with its scales along dimension V->quant.axis of the file; NULL after an error. */
const float *tfl_real_values(struct tfl *, const struct tfl_op *, const struct tfl_value *v);

/* ---- tflite_value.c ---- */

/* The vectors of the file. */
struct tfl_parts { struct fb_vector codes, buffers, tensors, inputs, outputs, operators; };

/* The type's name: "int16", "type 40". */
const char *tfl_type_name(struct tfl *, int type);
/* What weights/elements.def calls it; NULL: not one of ours. */
const char *tfl_type_element(int type);
/* All tensors; what is wrong with one is told where it is used. */
void tfl_read_values(struct tfl *, const struct tfl_parts *);
/* Value I of the list V, or NULL for -1, an optional one; what is no tensor is a fault of the file. */
struct tfl_value *tfl_value_at(struct tfl *, const struct fb_vector *v, size_t i);
/* NULL, or why V cannot be a value of the graph, of which the file or its operator has told the shape. */
const char *tfl_unusable(struct tfl *, const struct tfl_value *v);
/* The graph's inputs; false after an error. */
bool tfl_read_inputs(struct tfl *, const struct tfl_parts *);
/* The graph's outputs, once all operators are translated. */
void tfl_read_outputs(struct tfl *, const struct tfl_parts *);

/* ---- tflite_name.c ---- */

/* TEXT of LEN bytes with everything that does not print replaced. */
const char *tfl_printable(struct arena *, const char *text, size_t len);
/* Sets the number of parts that the names of the OPS' results begin with alike. */
void tfl_name_prefix(struct tfl *, const char *const *results, size_t n);
/* What the layer that computes the tensor RAW should be called; HINT as in struct tfl_row, FALLBACK for names that say nothing. */
const char *tfl_layer_name(struct tfl *, const char *raw, const char *hint, const char *fallback);
/* The same for an input or output of the network. */
const char *tfl_io_name(struct tfl *, const char *raw);
#endif
