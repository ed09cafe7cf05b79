/* Models of other tools -> a graph -> a .net that a person would have written, and its weights file.
 *
 *	tflite.c ...   TensorFlow Lite's flatbuffer   -> graph
 *	onnx.c ...     ONNX's protocol buffers        -> graph
 *	net_*.c        graph                          -> .net and .safetensors
 *	import.c       what they share: messages, nodes, what is not supported
 *
 * The readers know nothing of the .net language, the writer nothing of models.  Between them is the graph as the
 * language's own front end would have built it: activations NHWC without batch, weights in the graph's order, no fused activation
 * (a relu after a convolution is a node of its own, with the same scale), every i8 tensor with its scale. */
#ifndef IMPORT_IMPORT_H
#define IMPORT_IMPORT_H
#include "ir/graph.h"
#include "weights/weights.h"

/* --shape NAME=2x3x4: the sizes of an input, or of one named dimension ("batch=1"). */
struct import_dim { const char *name; size_t name_len; struct shape shape; };
struct import_opts {
	ARRAY(struct import_dim) dims;
};

/* How an array of the model lies in the graph's tensor.  Dimension i of the tensor is the array's dimension
 * ORDER[i]; the array's other dimensions are 1. */
struct import_io {
	name name;             /* in the model */
	struct shape shape;    /* in the model, batch and all */
	int order[RANK_MAX];
	bool unsigned8;        /* the model's elements are u8, the graph's i8: 128 less */
	bool integers;         /* the model's elements are integers, the graph's f32 */
};

/* What import_unsupported collects. */
struct import_missing { const char *op, *what; int count; ARRAY(const char *) nodes; };

/* A file that belongs to the model. */
struct import_map { const char *path; struct mapped *map; };

struct import {
	struct arena *arena;
	struct intern *names;
	struct diag *diag;
	const char *path;              /* of the model, for messages and for files beside it */
	const struct import_opts *opts;
	struct graph *graph;
	ARRAY(struct import_io) inputs, outputs; /* as the graph's */
	ARRAY(struct import_missing) missing;
	ARRAY(struct import_map) maps; /* files beside the model, in use as long as its constants */
};

/* Each: whether DATA of SIZE bytes is a model of that format, by its content. */
bool tflite_is(const unsigned char *data, size_t size);
bool onnx_is(const unsigned char *data, size_t size);
/* Each: sets m->graph (named after the model, verified, tidied), inputs and outputs; false after reporting errors.  DATA may be borrowed
 * by constants: it outlives the graph. */
bool tflite_read(struct import *m, const unsigned char *data, size_t size);
bool onnx_read(struct import *m, const unsigned char *data, size_t size);

/* An ONNX tensor in a file of its own ("input_0.pb"), whose bytes DATA are: as npy_parse gives an array.  NULL, or why not. */
const char *onnx_array(struct npy *, struct import *, const unsigned char *data, size_t size);

/* ---- import.c ---- */

/* "MODEL: error: node 'conv1' (Conv): TEXT".  WHERE: "node 'conv1' (Conv)", or NULL. */
void import_error(struct import *, const char *where, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void import_note(struct import *, const char *where, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* An operator, or something about one, that has no translation: collected, so that one run lists all of them, each once with
 * the number and the first names of its nodes.  WHAT: "" or "with dilations in 3 dimensions". */
void import_unsupported(struct import *, const char *op, const char *node, const char *what);
/* Reports what was collected; whether there was anything. */
bool import_refuse(struct import *);

/* The operators of a format, for `netc import --list`. */
struct import_op {
	const char *name;      /* as the format's documentation has it */
	const char *becomes;   /* "conv2d, dwconv2d" */
	const char *limits;    /* what of it is not translated; "": all of it is */
};
extern const struct import_op tflite_supported[], onnx_supported[]; /* end with a NULL name */

/* The file PATH, mapped once; NULL, or why it could not be. */
const char *import_map(struct import *, const char *path, const struct mapped **);
/* Unmap these files: the graph's constants are gone then. */
void import_unmap(struct import *);
/* activation.c: what models spell out of activations that the graph has as one operation.  Ends with import_prune. */
void import_activations(struct graph *);
/* Take out the nodes that no output needs. */
void import_prune(struct graph *);

/* A name for a layer made of RAW, a name of the model: letters, digits and '_' (docs/import.md), not yet in use. */
name import_name(struct import *, const char *raw);

/* The same for an output: it may be called as T, its tensor. */
name import_output_name(struct import *, const char *raw, const struct tensor *t);

/* Append a node, as graph_add; NULL after an error that begins with WHERE. */
struct tensor *import_node(struct import *, const char *where, enum op, const char *layer, struct tensor *const *in, int nin,
	const struct attrs *, const struct quant *);
/* A constant, PATH "conv1.weight"; NULL after an error (no shape, NaN or infinity in f32). */
struct tensor *import_const(struct import *, const char *where, const char *path, enum dtype, const struct shape *,
	const struct quant *, const void *data);

/* ---- net_write.c ---- */

/* A test given with the model: the arrays of its inputs and expected outputs, in the graph's types and layout. */
struct import_test { const char *name; const void **inputs, **outputs; double within; bool lsb; };

struct net_text {
	const char *text;      /* canonical: `netc fmt` leaves it as it is */
	size_t size;
	const struct graph *graph; /* renamed: as the text names its layers and weights */
};
/* G as a .net whose weights lie in WEIGHTS ("NAME.safetensors"), headed by the comment HEAD.  What repeats becomes blocks and
 * repeats.  The graph built from the text computes what G does, layer by layer in the same order, with constants of the same
 * elements.  Inputs and outputs of the tests are the files NAME.TEST.in0.npy, NAME.TEST.out0.npy ... */
struct net_text net_write(struct arena *, struct intern *, const struct graph *g, const char *weights, const char *head,
	const struct import_test *tests, int ntests);
/* The weights that the text names. */
void net_write_weights(FILE *, struct arena *, const struct graph *);
#endif
