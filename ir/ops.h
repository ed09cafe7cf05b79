/* The tables of operations, attributes and element types, as C.  Made from ops.def, attrs.def and
 * dtypes.def; see there for the meaning of the columns. */
#ifndef IR_OPS_H
#define IR_OPS_H
#include <stdbool.h>
#include <stdint.h>

enum { RANK_MAX = 6, INPUTS_MAX = 5 /* of an operation that is not VARIADIC */ };

enum dtype {
#define DTYPE(id, text, bytes, c, npy, st, lo, hi) DT_##id,
#include "ir/dtypes.def"
#undef DTYPE
	DT_COUNT
};
struct dtype_info {
	const char *name, *c_type, *npy, *safetensors;
	int bytes;
	int32_t lo, hi; /* integer types */
};
extern const struct dtype_info dtype_info[DT_COUNT];
bool dtype_lookup(const char *name, enum dtype *);
static inline bool dtype_is_int(enum dtype t) { return t != DT_F32; }

/* Activations are NHWC with batch 1 left out: an image is [h, w, c], a vector [n].  rank 0: a scalar. */
struct shape {
	int rank;
	int32_t dim[RANK_MAX];
};
/* The product of the dimensions; at most INT32_MAX for every tensor of a graph (shape_check). */
int64_t shape_count(const struct shape *);
bool shape_equal(const struct shape *, const struct shape *);
/* NULL, or why no tensor can have it (a dimension below 1, more than INT32_MAX elements). */
const char *shape_check(const struct shape *);
/* "[49, 10, 1]" into BUF, which is returned; never overflows SIZE. */
const char *shape_text(const struct shape *, char *buf, int size);
enum { SHAPE_TEXT = 96 }; /* room for any shape */

/* Real value = scale * (q - zero).  Activations: count 1.  Weights: zero 0, count 1 or one scale per
 * output channel (the dimension axis).  count 0: not quantised. */
struct quant {
	int count;
	const float *scale;
	int32_t zero;
	int axis;
};
bool quant_equal(const struct quant *, const struct quant *);
/* "scale 0.5 zero 3", for messages; of several scales their number. */
const char *quant_text(const struct quant *, char *buf, int size);
enum { QUANT_TEXT = 64 };

/* V with the fewest digits that read back as the same float. */
const char *float_text(float v, char *buf, int size);
enum { FLOAT_TEXT = 32 };

enum mode { MODE_NONE, MODE_NEAREST, MODE_BILINEAR, MODE_COUNT };
extern const char *const mode_names[MODE_COUNT];

/* How a sum becomes an int8 value: the network's own arithmetic, or that of a chip whose form is another (docs/numerics.md).
 *	DOUBLE  divide_pot(high_mul(x << left, m), right): TensorFlow Lite's, two roundings
 *	SINGLE  (x * m + 2^(30 - shift)) >> (31 - shift), in 64 bits: one rounding, half up
 *	EVEN    f32(x) * f32(scale), rounded to the nearest integer, ties to even
 *	SHIFT   SINGLE with the scale rounded to the nearest power of two: (x + half) >> n */
enum rounding { ROUNDING_DOUBLE, ROUNDING_SINGLE, ROUNDING_EVEN, ROUNDING_SHIFT, ROUNDING_COUNT };
extern const char *const rounding_names[ROUNDING_COUNT]; /* "double", "single", "even", "shift" */

struct ints { int n; int32_t v[RANK_MAX]; };
/* A fused activation in real values; lo = -INFINITY and hi = INFINITY: none. */
struct clamp { float lo, hi; };
bool clamp_is_none(struct clamp);

/* The attributes of all operations; an operation reads those of its row and no others. */
struct attrs {
	int32_t out, kernel[2], stride[2], dilation[2], pad[4], output_pad[2], groups, multiplier, axis, window;
	struct ints axes, perm, begin, size, steps, shape, before, after;
	float value, lo, hi, alpha, beta, epsilon, offset;
	enum mode mode;
	bool align_corners, half_pixel, keep, count_pad;
	struct clamp act;
	enum dtype result;     /* DT_COUNT: unset */
	int32_t shift;
	enum rounding rounding;
	int32_t multiplier_bits; /* 0: 32 */
};

enum attr_kind { ATTR_KIND_INT, ATTR_KIND_PAIR, ATTR_KIND_PAD, ATTR_KIND_FLOAT, ATTR_KIND_INTS,
	ATTR_KIND_MODE, ATTR_KIND_BOOL, ATTR_KIND_ACT, ATTR_KIND_DTYPE, ATTR_KIND_ROUNDING };
enum attr {
#define ATTR(id, text, kind, field, def, help) ATTR_##id,
#include "ir/attrs.def"
#undef ATTR
	ATTR_COUNT
};
struct attr_info {
	const char *name;
	enum attr_kind kind;
	int offset;           /* of the field in struct attrs */
	const char *def;      /* default as text; "": none, it must be written or derived */
	bool internal;        /* no .net can write it */
	const char *help;
};
extern const struct attr_info attr_info[ATTR_COUNT];
/* The defaults of every attribute (unset ones 0, act none). */
void attrs_init(struct attrs *);
bool attr_lookup(const char *name, enum attr *);
bool attr_equal(const struct attrs *, const struct attrs *, enum attr);
void attr_copy(struct attrs *to, const struct attrs *from, enum attr);
/* A kernel of KERNEL_ALL x KERNEL_ALL covers the whole input; the shape rule puts its size there.  One of 0 x 0
 * is that of the weight. */
enum { KERNEL_ALL = -1 };

/* The padding that TensorFlow calls SAME, from the kernel, stride and dilation in ATTRS and the input's height and width: the
 * output has ceil(in / stride) cells, and an odd cell of padding goes to the bottom or right. */
void pad_same(const int32_t in[2], const struct attrs *, int32_t pad[4]);
/* The same for a transposed convolution, whose output has in * stride cells; a kernel smaller than the stride
 * needs OUTPUT_PAD for that. */
void pad_same_transposed(const struct attrs *, int32_t pad[4], int32_t output_pad[2]);

enum op {
#define OP(id, text, inputs, min, max, attrs, flags, quant, fn, help) OP_##id,
#include "ir/ops.def"
#undef OP
	OP_COUNT
};
enum op_flag {
	OPF_ELEMENTWISE = 1, OPF_VIEW = 2, OPF_ACT = 4, OPF_VARIADIC = 8, OPF_ROWS_IN = 16, OPF_ROWS_OUT = 32,
	OPF_RESCALE = 64, OPF_SUMS = 128, OPF_SUM = 256, OPF_INTERNAL = 512
};
enum quant_rule { QUANT_SAME, QUANT_STATED, QUANT_FIXED, QUANT_NONE };

struct tensor;
struct node;
/* Fills in the output's dtype, shape and, for FIXED, quant from the inputs and attributes of N (its
 * out is set, with name and a written quant only); completes attributes (kernel = all, a shape's -1,
 * negative axes), so that later readers find plain numbers; on completed ones it changes nothing.
 * NULL, or the reason, which is FAULT's text: "weight has 3 input channels but the input has
 * 4".  Called through shape_infer (ir/shape.h), which does what all operations share. */
struct fault;
typedef const char *shape_rule(struct node *n, struct fault *);

/* Why an operation is refused, and what of it is to blame: where a message about it points. */
enum { WHY_SIZE = 256 };
enum blame { BLAME_OP, BLAME_ATTR, BLAME_INPUT, BLAME_SCALE /* of the result */ };
struct fault {
	enum blame blame;
	int which;            /* ATTR: the enum attr; INPUT: its place */
	char text[WHY_SIZE];
};

struct op_info {
	const char *name;
	const char *inputs;   /* space-separated names; see ops.def */
	int min_inputs, max_inputs;
	uint64_t attrs;       /* bit 1 << ATTR_X */
	unsigned flags;
	enum quant_rule quant;
	shape_rule *shape;
	const char *help;
};
extern const struct op_info op_info[OP_COUNT];
bool op_lookup(const char *name, enum op *);
/* The same among those that a .net can call. */
bool op_lookup_callable(const char *name, enum op *);
/* The place of the input "sum" of operations with the flag SUM. */
enum { INPUT_SUM = 3 };
/* The name of input K of OP in lower case ("weight") and whether it is bound by the layer's path. */
const char *op_input_name(enum op, int k, bool *bound);
#endif
