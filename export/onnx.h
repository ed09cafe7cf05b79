/* What the files that write ONNX share; private to export/. */
#ifndef EXPORT_ONNX_H
#define EXPORT_ONNX_H
#include "export/export.h"
#include "import/onnx.pb-c.h"

/* How a tensor of the graph lies in a value of the model.  Each tensor may be there in several of these ways, made when asked for. */
enum layout {
	PLAIN,                 /* as in the graph, a batch of 1 in front */
	IMAGE,                 /* [h, w, c] as [1, c, h, w] */
	ROWS,                  /* [..., c], of two dimensions and more, as [n, c] */
	LAYOUTS
};
enum { DIMS_MAX = RANK_MAX + 1 };

/* The names of a tensor's values; NULL: not there. */
struct export_value {
	const char *own[LAYOUTS];    /* its elements */
	const char *floats[LAYOUTS]; /* of an i8 tensor: dequantised */
	const char *scale, *zero;    /* of an i8 tensor: constants */
};

struct export {
	struct arena *arena;
	struct diag *diag;
	const struct graph *graph;
	struct map *taken;     /* names of values and nodes */
	struct map *constants; /* values by tensor and order of dimensions */
	struct export_value *values; /* by tensor id */
	bool refused;
	ARRAY(Onnx__NodeProto *) nodes;
	ARRAY(Onnx__TensorProto *) initializers;
	ARRAY(Onnx__ValueInfoProto *) infos;
};

/* ---- onnx.c ---- */

/* N has no form in ONNX, because of WHY. */
void export_refuse(struct export *, const struct node *n, const char *why);
/* An operation is written by one of these; OP: the main operator that it becomes. */
typedef void export_fn(struct export *, const struct node *n, const char *op);

/* ---- onnx_proto.c ---- */

/* BASE, or BASE_2, BASE_3 ...: not yet in use. */
const char *export_name(struct export *, const char *base);
/* "LAYER_WORD", for what belongs to the layer N. */
const char *export_beside(struct export *, const struct node *n, const char *word);
/* A node called NODE that makes OUT. */
Onnx__NodeProto *export_node(struct export *, const char *op, const char *node, const char *const *in, int nin, const char *out);
/* One beside a layer's main node, called after what it makes; returns the name of that, made of BASE. */
const char *export_helper(struct export *, const char *op, const char *const *in, int nin, const char *base, Onnx__NodeProto **);
void export_int(struct export *, Onnx__NodeProto *, const char *key, int64_t v);
void export_ints(struct export *, Onnx__NodeProto *, const char *key, const int64_t *v, int n);
void export_float(struct export *, Onnx__NodeProto *, const char *key, float v);
void export_text(struct export *, Onnx__NodeProto *, const char *key, const char *v);
/* A constant; returns its name, made of BASE.  DATA is borrowed. */
const char *export_constant(struct export *, const char *base, enum dtype, int rank, const int64_t *dim, const void *data);
/* Sizes, axes and the like: a vector of int64. */
const char *export_list(struct export *, const char *base, const int64_t *v, int n);
/* A number of f32. */
const char *export_number(struct export *, const char *base, float v);
/* The type of VALUE, which is T in LAYOUT.  It says which dimensions are batch and channels. */
Onnx__ValueInfoProto *export_info(struct export *, const char *value, const struct tensor *t, enum layout);

/* ---- onnx_value.c ---- */

/* Images are IMAGE, others PLAIN: of inputs, outputs and where nothing speaks for another. */
static inline enum layout export_usual(const struct tensor *t) { return t->shape.rank == 3 ? IMAGE : PLAIN; }
/* The layout in which the channels, the last dimension, are dimension 1: IMAGE of images, else [n, c]. */
static inline enum layout
export_channels(const struct tensor *t)
{
	return t->shape.rank == 3 ? IMAGE : t->shape.rank == 1 ? PLAIN : ROWS;
}
/* [n, c] with the channels last. */
static inline enum layout export_rows(const struct tensor *t) { return t->shape.rank == 1 ? PLAIN : ROWS; }
/* Where dimension D of a tensor is in LAYOUT, which is not ROWS. */
int export_axis(enum layout, int d);
/* The sizes of T in LAYOUT; how many. */
int export_dims(const struct tensor *t, enum layout, int64_t dim[DIMS_MAX]);
/* A layout in which T is there already, IMAGE if it can be. */
enum layout export_at_hand(struct export *, const struct tensor *t);
/* T's elements, and T as floats: dequantised if it is i8. */
const char *export_own(struct export *, const struct tensor *t, enum layout);
const char *export_floats(struct export *, const struct tensor *t, enum layout);
/* T as floats with a batch of 1 in front, in any layout with the elements in the graph's order. */
const char *export_in_order(struct export *, const struct tensor *t);
/* VALUE with the sizes DIM. */
const char *export_reshaped(struct export *, const char *value, const char *base, const int64_t *dim, int n);
/* VALUE with its dimensions in the order PERM. */
const char *export_transposed(struct export *, const char *value, const char *base, const int64_t *perm, int n);
/* The constant T as floats, dimension i of the value being its dimension ORDER[i] (-1: a length of 1).  AXIS: the value's dimension that
 * several scales are for. */
const char *export_weights(struct export *, const struct tensor *t, const int *order, int rank, int axis);
/* The i8 elements or i32 sums VALUE as floats, by COUNT scales along AXIS.  The name is made of BASE. */
const char *export_scaled(struct export *, const char *value, enum dtype, const char *base, const float *scale, int count, int axis);
/* The main node of N, with the result in LAYOUT; quantised behind it if that is i8. */
Onnx__NodeProto *export_layer(struct export *, const struct node *n, const char *op, enum layout, const char *const *in, int nin);

export_fn export_quantize, export_dequantize, export_copy;

/* ---- onnx_layers.c, onnx_math.c, onnx_move.c ---- */

/* An image's kernel, strides and padding as attributes. */
void export_window(struct export *, Onnx__NodeProto *, const struct attrs *, const int32_t pad[4]);

export_fn export_conv2d, export_dwconv2d, export_tconv2d, export_dense, export_batchnorm, export_pool;
export_fn export_unary, export_clip, export_leaky_relu, export_binary, export_softmax, export_lrn, export_mean;
export_fn export_concat, export_pad, export_slice, export_reshape, export_transpose, export_shuffle, export_resize;
#endif
