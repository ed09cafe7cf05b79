/* The reader of ONNX models, private to import/onnx*.c.
 *
 *	onnx.c           the model, its nodes in turn
 *	onnx_order.c     nodes in the order of execution
 *	onnx_io.c        inputs, outputs
 *	onnx_name.c      names of layers
 *	onnx_proto.c     bytes -> messages
 *	onnx_tensor.c    constants of the model, inside the file and beside it
 *	onnx_node.c      what translations share: attributes, messages, nodes, results
 *	onnx_value.c     values: how the dimensions of one lie in the graph's tensor
 *	onnx_ops.def     the operators; their translations:
 *	onnx_layers.c    convolutions                    onnx_dense.c  products of matrices
 *	onnx_window.c    windows over images             onnx_pool.c   pools             onnx_resize.c
 *	onnx_math.c      arithmetic, activations         onnx_reduce.c what works along dimensions
 *	onnx_move.c      what moves elements             onnx_shape.c  other dimensions for the same elements
 *	onnx_quant.c     scales, int8 layers             onnx_const.c  arithmetic of constants, done here and now
 *	onnx_fold.c      parts and other dimensions of constants
 *
 * A value of the model has its dimensions in the model's order, an image being [n, c, h, w]; the graph's tensor has them in an
 * order of its own, an image being [h, w, c].  Each value carries its order, so that operators of the model that only
 * reorder dimensions become nothing, and what works on one dimension finds it wherever it is. */
#ifndef IMPORT_ONNX_H
#define IMPORT_ONNX_H
#include "import/import.h"
#include "import/onnx_proto.h"
#include "weights/element.h"

enum {
	DIMS_MAX = 8,          /* of a value of the model */
	LIST_MAX = 2 * DIMS_MAX
};

/* Element types by their number in the format. */
enum onnx_type {
	ONNX_UNKNOWN,
#define TYPE(id, number, name, element, is_float) ONNX_##id = number,
#include "import/onnx_types.def"
#undef TYPE
	ONNX_TYPE_COUNT
};

struct onnx_list { int n; int64_t v[LIST_MAX]; };
struct onnx_dims { int rank; int64_t dim[DIMS_MAX]; };

/* Scales and zero points as the model has them, one each or one for each index of AXIS. */
struct onnx_quant { int64_t count; const float *scale; const int32_t *zero; int axis; };

enum onnx_kind {
	ONNX_ABSENT,           /* an optional input that isn't there */
	ONNX_LOST,             /* its node could not be translated: nothing more is said about it */
	ONNX_CONST,
	ONNX_TENSOR
};
struct onnx_value {
	enum onnx_kind kind;
	const char *name;
	enum onnx_type type;
	struct onnx_dims dims;
	/* CONST */
	const unsigned char *data; /* row-major, of any alignment */
	const struct element *element;
	const struct onnx_quant *quant; /* not NULL: the value is a float, scale * (element - zero) */
	/* TENSOR: dimension i of T is the value's dimension ORDER[i], or a 1 that the value doesn't have if that is -1;
	 * the value's other dimensions are 1. */
	struct tensor *t;
	int order[RANK_MAX];
	bool real;             /* T is i8 but the value a float: what DequantizeLinear gives */
	bool integers;         /* T is f32 but the value are integers: sums of ConvInteger */
	struct tensor *f32;    /* T dequantised, once asked for */
	/* A tensor that is only a reshape of another one to which no order of dimensions leads; T is made when asked for. */
	const struct onnx_value *flat;
};

struct onnx_node {
	const Onnx__NodeProto *proto;
	const struct onnx_op *op;
	const char *where;     /* "node 'conv1' (Conv)" */
	name layer;            /* of its main node, not yet in use */
	struct onnx_value **in;/* never NULL */
	int nin, nout;
	bool waiting, done;    /* while the nodes are put in order */
};

struct onnx {
	struct import *m;
	struct arena *arena;
	const unsigned char *data;
	size_t size;
	const Onnx__GraphProto *graph;
	int64_t opset;
	struct map *values;    /* by name: struct onnx_value */
	struct map *makers;    /* by the name of a value: struct onnx_node */
	struct map *readers;   /* by the name of a value: struct onnx_readers */
	struct onnx_node *nodes;
	size_t foldable;       /* bytes of constants that may still be computed from constants */
};
struct onnx_nodes { struct onnx_node **v; size_t n, cap; };
/* Who reads a value; whether it is an output too. */
struct onnx_readers { struct onnx_nodes nodes; bool output; };

/* false after an error was reported or import_unsupported told. */
typedef bool onnx_translate(struct onnx *, struct onnx_node *);
struct onnx_op {
	const char *name;
	int min_in, max_in;    /* max -1: any number */
	int outs;              /* results that are translated; -1: any number */
	onnx_translate *translate; /* NULL: of constants only */
	onnx_translate *fold;  /* of constants; NULL: none */
	unsigned flags;
	const char *becomes, *limits; /* as in struct import_op */
};
enum onnx_flag {
	IMAGE = 1,             /* its input 0 is an image [n, c, h, w] */
	KEEPS = 2              /* the dimensions of its result are those of its inputs */
};
#define OP(name, in, most, outs, flags, translate, becomes, limits) onnx_translate onnx_##translate;
#define BOTH(name, in, most, outs, flags, translate, fold, becomes, limits) onnx_translate onnx_##translate, onnx_##fold;
#define FOLD(name, in, most, outs, fold, limits) onnx_translate onnx_##fold;
#include "import/onnx_ops.def"

/* ---- onnx.c ---- */

/* NULL: not supported. */
const struct onnx_op *onnx_find_op(const Onnx__NodeProto *);
/* The value called TEXT; NULL: there is none yet. */
struct onnx_value *onnx_find(struct onnx *, const char *text);
/* Make V known under its name; false after an error: there is one already. */
bool onnx_define(struct onnx *, struct onnx_value *v, const char *where);

/* ---- onnx_order.c ---- */

/* The nodes that outputs need, each after those it needs, else in the file's order; false after an error. */
bool onnx_order(struct onnx *, struct onnx_nodes *order);
/* Who reads the value called TEXT. */
struct onnx_readers *onnx_readers(struct onnx *, const char *text);

/* ---- onnx_io.c ---- */

bool onnx_read_inputs(struct onnx *);
bool onnx_read_outputs(struct onnx *);

/* ---- onnx_name.c ---- */

/* A name for the layer that N becomes, not yet in use. */
name onnx_layer_name(struct onnx *, const struct onnx_node *);

/* ---- onnx_tensor.c ---- */

/* Whether TYPE is one of enum onnx_type; NULL, else how weights/ calls it. */
bool onnx_known_type(int32_t type);
const struct element *onnx_element(enum onnx_type);
/* "float", "type 40". */
const char *onnx_type_name(struct onnx *, int32_t type);
static inline bool onnx_is_float(enum onnx_type t) { return t == ONNX_F32 || t == ONNX_F16 || t == ONNX_F64 || t == ONNX_BF16; }
/* The elements of DIMS; -1: more than any tensor can have. */
int64_t onnx_count(const struct onnx_dims *);
/* P as a constant called NAME; NULL after an error. */
struct onnx_value *onnx_read_tensor(struct onnx *, const Onnx__TensorProto *p, const char *where, const char *name);
/* Element I of a constant, as a float (after its quantisation) or as an integer. */
double onnx_real(const struct onnx_value *, int64_t i);
int64_t onnx_int(const struct onnx_value *, int64_t i);
/* V without its fraction; beyond 64 bits, or no number, the nearest there is or INT64_MIN. */
int64_t onnx_to_int(double v);
/* A constant of TYPE and DIMS whose zeroed elements are to be filled in at *DATA; NULL after an error. */
struct onnx_value *onnx_new_const(struct onnx *, const struct onnx_node *, enum onnx_type, const struct onnx_dims *, unsigned char **data);
/* Put a number at place I of elements of TYPE; a number beyond the type is the nearest there is. */
void onnx_put(enum onnx_type, unsigned char *data, int64_t i, double real, int64_t integer);
/* A constant of integers I64. */
struct onnx_value *onnx_new_ints(struct onnx *, const struct onnx_node *, const int64_t *v, int n);

/* ---- onnx_node.c ---- */

/* Attributes; a missing one is DEF. */
const Onnx__AttributeProto *onnx_attr(const struct onnx_node *, const char *name);
int64_t onnx_attr_int(const struct onnx_node *, const char *name, int64_t def);
float onnx_attr_float(const struct onnx_node *, const char *name, float def);
const char *onnx_attr_text(struct onnx *, const struct onnx_node *, const char *name, const char *def);
/* false: there is none; a longer one than any operator has counts as none after an error. */
bool onnx_attr_list(struct onnx *, const struct onnx_node *, const char *name, struct onnx_list *);

/* Refuse N for WHAT ("with dilations"); false. */
bool onnx_refuse(struct onnx *, const struct onnx_node *, const char *what);
/* An error about N; false. */
bool onnx_error(struct onnx *, const struct onnx_node *, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Sets what messages call N. */
void onnx_locate(struct onnx *, struct onnx_node *n);

/* Input K; ONNX_ABSENT where there is none. */
struct onnx_value *onnx_in(const struct onnx_node *, int k);
static inline bool onnx_has(const struct onnx_node *n, int k) { return onnx_in(n, k)->kind != ONNX_ABSENT; }
/* Input K, which must be a constant; NULL after it was refused.  WHAT: what it is to the operator, "weights". */
const struct onnx_value *onnx_const_in(struct onnx *, const struct onnx_node *, int k, const char *what);
/* The integers of input K, a constant; false after it was refused. */
bool onnx_list_in(struct onnx *, const struct onnx_node *, int k, const char *what, struct onnx_list *);
/* What newer versions of an operator have as input K and older ones as the attribute NAME.  *GIVEN: whether there is one. */
bool onnx_list_of(struct onnx *, const struct onnx_node *, int k, const char *name, struct onnx_list *, bool *given);
/* AXIS of a value of RANK dimensions counted from the front; false after an error. */
bool onnx_axis(struct onnx *, const struct onnx_node *, int64_t axis, int rank, int *out);

/* Append a node, the main one (SUFFIX NULL: it has the layer's name) or one beside it; NULL after an error. */
struct tensor *onnx_emit(struct onnx *, const struct onnx_node *, enum op, const char *suffix, struct tensor *const *in, int nin,
	const struct attrs *, const struct quant *);
/* The same for one input and the default of every attribute. */
struct tensor *onnx_emit1(struct onnx *, const struct onnx_node *, enum op, const char *suffix, struct tensor *x);
/* A constant f32 tensor "LAYER.WHAT"; NULL after an error. */
struct tensor *onnx_floats(struct onnx *, const struct onnx_node *, const char *what, int rank, const int64_t *dim, const float *v);

/* Result K is the value V, as it is. */
bool onnx_result(struct onnx *, const struct onnx_node *, int k, const struct onnx_value *v);
/* Result K is T, whose dimensions are ORDER of DIMS; its type is that of LIKE, of which it was computed. */
bool onnx_result_tensor(struct onnx *, const struct onnx_node *, int k, struct tensor *t, const struct onnx_value *like,
	const struct onnx_dims *dims, const int *order);
/* The same with the dimensions and the order of LIKE. */
bool onnx_result_like(struct onnx *, const struct onnx_node *, int k, struct tensor *t, const struct onnx_value *like);

/* ---- onnx_value.c ---- */

/* The tensor of V as it lies, i8 if it is (quantised values); NULL after an error.  V is no constant. */
struct tensor *onnx_tensor(struct onnx *, const struct onnx_node *, struct onnx_value *v);
/* The same in f32: dequantised where needed. */
struct tensor *onnx_tensor_f32(struct onnx *, const struct onnx_node *, struct onnx_value *v);
/* T, a tensor with ORDER of a value of DIMS, with exactly the RANK dimensions WANT, by a transpose and reshapes where needed. */
struct tensor *onnx_arrange(struct onnx *, const struct onnx_node *, struct tensor *t, const struct onnx_dims *, const int *order,
	int rank, const int *want);
/* The elements of a value of DIMS with its dimensions in the order WANT: AT is the place of each in the value's own order. */
struct onnx_walk { int rank; int64_t dim[DIMS_MAX], step[DIMS_MAX], index[DIMS_MAX], at; };
struct onnx_walk onnx_walk(const struct onnx_dims *, int rank, const int *want);
void onnx_walk_next(struct onnx_walk *);
/* A constant as a tensor of the dimensions WANT, "LAYER.WHAT": f32, or with QUANT the raw elements as i8. */
struct tensor *onnx_arrange_const(struct onnx *, const struct onnx_node *, const struct onnx_value *v, const char *what, int rank,
	const int *want, const struct quant *quant);
/* The order of dimensions that V's tensor would have by itself: as the model has them, without a batch of 1. */
int onnx_plain_order(const struct onnx_dims *, int *order);
/* Put dimension D into ORDER of *RANK dimensions, unless it is there, where it stands in the model's own; false: there are too many. */
bool onnx_order_add(int *order, int *rank, int d);
/* The sizes of the RANK dimensions ORDER. */
struct shape onnx_shape_of(const struct onnx_dims *, int rank, const int *order);
/* T with the dimensions SHAPE: itself, or a reshape of it. */
struct tensor *onnx_reshape_to(struct onnx *, const struct onnx_node *, struct tensor *t, const struct shape *shape);
/* V, a tensor, in the model's own order without a batch of 1. */
struct tensor *onnx_plain(struct onnx *, const struct onnx_node *, struct onnx_value *v);

/* ---- onnx_window.c ---- */

/* Kernel (of the node, else KERNEL, which may be NULL), stride, dilation and padding of a window over an image of D, or a signal of one
 * dimension; false after an error or a refusal. */
bool onnx_window(struct onnx *, const struct onnx_node *, const struct onnx_dims *d, const struct onnx_list *kernel, struct attrs *);
/* F makes of IMAGE [h, w, c] another; NULL after an error. */
typedef struct tensor *onnx_image_fn(struct onnx *, const struct onnx_node *, struct tensor *image, void *context);
/* F of T, the tensor of V in one of its types, or where V is a batch of some images of each of them: *OUT. */
bool onnx_each_image(struct onnx *, const struct onnx_node *, struct tensor *t, const struct onnx_value *v, onnx_image_fn *f, void *context,
	struct onnx_value *out);

/* ---- onnx_layers.c ---- */

/* A layer with weights. */
struct onnx_layer {
	struct onnx_value *in;                  /* a tensor */
	const struct onnx_value *weight, *bias; /* constants; bias NULL: none */
	int out_dim;           /* the weight's dimension of output channels */
	float beta;            /* the bias's factor */
	bool has_target;       /* the result is only ever quantised, with the scale TARGET */
	struct quant target;
	bool i8;               /* set by onnx_layer_open: the layer is int8, its weights have the scales QUANT */
	struct quant quant;
	struct tensor *w, *b;  /* in the graph; b NULL: none */
};
/* Decides on int8 or f32; AXIS: the dimension of output channels in the graph's weight. */
void onnx_layer_open(struct onnx_layer *, int axis);
struct tensor *onnx_layer_input(struct onnx *, const struct onnx_node *, struct onnx_layer *);
/* *T: the bias for OUT channels, NULL if there is none; false after an error. */
bool onnx_layer_bias(struct onnx *, const struct onnx_node *, const struct onnx_layer *, int64_t out, struct tensor **t);
/* The convolution that L is by N's attributes: *OUT, of the target's scale if it is int8. */
bool onnx_convolution(struct onnx *, struct onnx_node *, struct onnx_layer *l, struct onnx_value *out);

/* ---- onnx_dense.c ---- */

/* L's input times its weights [.., k, n], or [n, k] if TRANSPOSED: *OUT. */
bool onnx_product(struct onnx *, struct onnx_node *, struct onnx_layer *l, bool transposed, float alpha, struct onnx_value *out);

/* L's input times its weights [.., k, n] or [k], as MatMul has it: *OUT. */
bool onnx_matrices(struct onnx *, struct onnx_node *, struct onnx_layer *l, struct onnx_value *out);

/* ---- onnx_math.c ---- */

/* A + B as the node's result. */
bool onnx_sum(struct onnx *, struct onnx_node *, const struct onnx_value *a, const struct onnx_value *b);

/* The node is OP of its input 0, element by element. */
bool onnx_unary(struct onnx *, struct onnx_node *, enum op, const struct attrs *);

/* ---- onnx_shape.c ---- */

/* The sizes that a node of these names gives its input of sizes D; false after an error. */
typedef bool onnx_sizes(struct onnx *, const struct onnx_node *, const struct onnx_dims *d, struct onnx_dims *out);
onnx_sizes onnx_reshape_sizes, onnx_flatten_sizes, onnx_squeeze_sizes, onnx_unsqueeze_sizes;
/* *OUT: the elements of V with the dimensions TO. */
bool onnx_view(struct onnx *, const struct onnx_node *, struct onnx_value *v, const struct onnx_dims *to, struct onnx_value *out);
/* The order of dimensions of a Transpose. */
bool onnx_permutation(struct onnx *, const struct onnx_node *, int rank, int *perm);

/* ---- onnx_move.c ---- */

/* A Slice of dimensions D: what it takes of each. */
struct onnx_box { int64_t begin[DIMS_MAX], size[DIMS_MAX], step[DIMS_MAX]; };
bool onnx_slice_box(struct onnx *, const struct onnx_node *, const struct onnx_dims *d, struct onnx_box *);
/* The sizes of the parts of a Split along AXIS of D. */
bool onnx_split_sizes(struct onnx *, const struct onnx_node *, const struct onnx_dims *d, int *axis, struct onnx_list *parts);

/* ---- onnx_reduce.c ---- */

/* Which dimensions of D the node reduces: its attribute "axes" or input 1. */
bool onnx_reduce_axes(struct onnx *, const struct onnx_node *, const struct onnx_dims *d, bool *reduced);

/* ---- onnx_quant.c ---- */

/* Whether N's result is only ever quantised, maybe behind a relu, and so with which scale. */
bool onnx_target(struct onnx *, const struct onnx_node *, struct quant *);
/* The scale of a constant that is quantised, with one scale; false: it isn't. */
bool onnx_const_quant(struct onnx *, const struct onnx_value *, struct quant *);

/* The scale that an integer input is read with. */
struct quant onnx_input_quant(struct onnx *, const struct onnx_value *);
#endif
