/* A call of an operation while its arguments are gathered: shared by call.c and bind.c. */
#ifndef SEMA_CALL_H
#define SEMA_CALL_H
#include "sema/build.h"

struct operand {
	bool given;
	struct value value;
	const struct ast_expr *expr;   /* NULL: piped */
	const struct ast_type *type;   /* written on a constant, or NULL */
	struct loc loc;
};
struct call {
	struct call *next;             /* in the list of free ones */
	const struct ast_expr *expr;
	enum op op;
	struct loc loc;                /* of the operation's name: where its errors are */
	const struct place *place;
	struct attrs attr;
	uint64_t written;              /* attributes, by bit */
	const struct ast_arg *attr_arg[ATTR_COUNT]; /* of the written ones */
	bool same;                     /* pad = same */
	ARRAY(struct operand) operands;/* the inputs that are values */
	size_t next_positional;
	const struct ast_arg *bound[INPUTS_MAX]; /* arguments for the constants of the layer */
	const struct ast_arg *scale;   /* weight_scale = ... */
	const char *prefix;            /* weights = ..., or NULL */
	const struct ast_arg *prefix_arg;
	bool failed;
	name path;
	const char *wname;             /* what its weights' names begin with */
	ARRAY(struct tensor *) in;
};
static inline bool
call_wrote(const struct call *c, enum attr a)
{
	return c->written >> a & 1;
}

/* Where the value of A is written, else the operation's name. */
static inline struct loc
call_attr_loc(const struct call *c, enum attr a)
{
	return call_wrote(c, a) ? c->attr_arg[a]->value->loc : c->loc;
}

/* The last dimension. */
static inline int32_t
channels_of(const struct tensor *x)
{
	return x->shape.rank > 0 ? x->shape.dim[x->shape.rank - 1] : 1;
}

/* bind.c: append the constants of C's layer to its inputs; completes out, kernel and multiplier from the weight's
 * shape.  false after an error. */
bool bind_layer(struct sema *, struct call *);
/* The values that SOURCE names; of random ones, *SEED. */
struct blob;
enum found { FOUND_FAILED, FOUND_NONE, FOUND_RANDOM, FOUND_VALUES };
enum found bind_source(struct sema *, const struct data_source *, struct blob *, uint64_t *seed);
/* Room for COUNT seeded values of DTYPE, or NULL after an error. */
void *bind_random(struct sema *, const struct call *, int64_t count, enum dtype);
/* The name in a weights file of the layer's tensor WHAT. */
name bind_name(struct sema *, const struct call *, const char *what);
/* A constant called PATH.WHAT, or an earlier one that has the very same elements, shape and scale: what several layers
 * read is stored once. */
struct tensor *bind_const(struct sema *, const struct call *, const char *what, enum dtype, const struct shape *,
	const struct quant *, const void *data, struct loc);

/* operand.c: the constant operand of C beside the value X as a tensor called PATH.WHAT; NULL after an error. */
struct tensor *bind_operand(struct sema *, struct call *, const struct operand *, const char *what, const struct tensor *x);

/* source.c: values out of files or lists. */
struct blob {
	enum dtype dtype;
	struct shape shape;
	const void *data;
	const char *what;              /* "'conv1.weight' of 'kws.safetensors'", for messages */
	name tensor;                   /* its name in the weights file, or NULL */
	bool oihw;                     /* the layout of the file it comes from */
	bool literal;
};
/* The tensor and the file it is in, or NULL without a message. */
struct weight *source_find(const struct sema *, name tensor, const struct weights_opened **in);
/* Each: false after an error. */
bool source_read_tensor(struct sema *, name tensor, struct loc, struct blob *);
bool source_read_file(struct sema *, name path, struct loc, struct blob *);
/* A number or (nested) list as elements of DTYPE. */
bool source_read_list(struct sema *, struct value, enum dtype, struct loc, struct blob *);
void source_missing(struct sema *, struct loc, name tensor);
#endif
