/* Operations that move elements without computing: the element type matters by its size only. */
#include <config.h>

#include <string.h>

#include "ir/eval_impl.h"

static int
bytes_of(const struct tensor *t)
{
	return dtype_info[t->dtype].bytes;
}

static void
copy_all(const struct node *n, const void *const *in, void *out)
{
	memcpy(out, in[0], (size_t)tensor_bytes(n->out));
}

void
eval_reshape(const struct node *n, const void *const *in, void *out)
{
	copy_all(n, in, out);
}

void
eval_flatten(const struct node *n, const void *const *in, void *out)
{
	copy_all(n, in, out);
}

void
eval_copy(const struct node *n, const void *const *in, void *out)
{
	copy_all(n, in, out);
}

void
eval_relabel(const struct node *n, const void *const *in, void *out)
{
	copy_all(n, in, out);
}

void
eval_transpose(const struct node *n, const void *const *in, void *out)
{
	struct walk own = walk_over(&n->in[0]->shape), w = walk_over(&n->out->shape);

	for (int d = 0; d < w.rank; d++)
		w.stride[d] = own.stride[n->attr.perm.v[d]];
	walk_gather(&w, in[0], out, tensor_count(n->out), bytes_of(n->out));
}

void
eval_slice(const struct node *n, const void *const *in, void *out)
{
	struct walk own = walk_over(&n->in[0]->shape), w = walk_over(&n->out->shape);
	const struct attrs *at = &n->attr;

	for (int d = 0; d < w.rank; d++) {
		w.stride[d] = own.stride[d] * at->steps.v[d];
		w.offset += own.stride[d] * at->begin.v[d];
	}
	walk_gather(&w, in[0], out, tensor_count(n->out), bytes_of(n->out));
}

/* Channel g * C/G + i goes to i * G + g: the last dimension seen as [G, C/G] and transposed. */
void
eval_shuffle(const struct node *n, const void *const *in, void *out)
{
	const struct shape *s = &n->out->shape;
	int32_t channels = s->dim[s->rank - 1], groups = n->attr.groups, each = channels / groups;
	struct shape split = { 3, { (int32_t)(tensor_count(n->out) / channels), each, groups } };
	struct walk w = walk_over(&split);

	w.stride[1] = 1;
	w.stride[2] = each;
	walk_gather(&w, in[0], out, tensor_count(n->out), bytes_of(n->out));
}

void
eval_gather(const struct node *n, const void *const *in, void *out)
{
	const int32_t *index = in[1];
	int bytes = bytes_of(n->out), rank = n->out->shape.rank;
	int32_t channels = n->out->shape.dim[rank - 1], from = n->in[0]->shape.dim[rank - 1];
	int64_t count = tensor_count(n->out);

	for (int64_t i = 0; i < count; i++)
		memcpy((char *)out + i * bytes, (const char *)in[0] + (i / channels * from + index[i % channels]) * bytes, (size_t)bytes);
}

void
eval_pad(const struct node *n, const void *const *in, void *out)
{
	const struct tensor *x = n->in[0];
	struct walk to = walk_over(&n->out->shape);
	int64_t total = tensor_count(n->out), count = tensor_count(x);
	int bytes = bytes_of(x);
	const char *from = in[0];

	if (x->dtype == DT_F32)
		for (int64_t i = 0; i < total; i++)
			((float *)out)[i] = n->attr.value;
	else /* of sums: 0 */
		memset(out, x->dtype == DT_I8 ? value_quantise(n->attr.value, &x->quant, x->dtype) : 0, (size_t)(total * bytes));
	for (int d = 0; d < to.rank; d++) {
		to.dim[d] = x->shape.dim[d];
		to.offset += to.stride[d] * n->attr.before.v[d];
	}
	for (int64_t i = 0; i < count; i++, walk_next(&to))
		memcpy((char *)out + to.offset * bytes, from + i * bytes, (size_t)bytes);
}

void
eval_concat(const struct node *n, const void *const *in, void *out)
{
	const struct shape *s = &n->out->shape;
	int bytes = bytes_of(n->out);
	int64_t outer = 1, offset = 0;

	for (int d = 0; d < n->attr.axis; d++)
		outer *= s->dim[d];
	int64_t row = tensor_count(n->out) / outer;

	for (int k = 0; k < n->nin; k++) {
		int64_t part = tensor_count(n->in[k]) / outer;

		for (int64_t i = 0; i < outer; i++)
			memcpy((char *)out + (i * row + offset) * bytes, (const char *)in[k] + i * part * bytes,
				(size_t)(part * bytes));
		offset += part;
	}
}
