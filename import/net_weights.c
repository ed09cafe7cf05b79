/* The weights file of an imported network: safetensors, the constants of the graph by the names that the text binds. */
#include <config.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "import/net.h"

enum { ALIGN = 8 };

/* One tensor of the file. */
struct entry {
	name name;
	enum dtype dtype;
	struct shape shape;
	const void *data;
};
struct entries { ARRAY(struct entry) list; };

static void
add(struct arena *a, struct entries *e, name text, enum dtype dtype, const struct shape *shape, const void *data)
{
	ARRAY_PUSH(a, e->list, ((struct entry){ text, dtype, *shape, data }));
}

/* In the order of the layers; what several of them read once.  An operand's scale is in the text. */
static void
collect(struct arena *a, const struct graph *g, struct entries *e)
{
	bool *seen = ARENA_ARRAY(a, bool, g->tensors.n + 1), *seen_scale = ARENA_ARRAY(a, bool, g->tensors.n + 1);

	for (const struct node *n = g->first; n; n = n->next)
		for (int k = 0; k < n->nin; k++) {
			const struct tensor *t = n->in[k];
			bool operand = net_is_operand(n, k);

			if (!t->data || (operand && net_is_literal(t)))
				continue;
			if (!seen[t->id])
				add(a, e, t->name, t->dtype, &t->shape, t->data);
			if (!operand && t->quant.count && !seen_scale[t->id]) {
				struct shape one = { .rank = 1, .dim = { t->quant.count } };

				add(a, e, intern_printf(g->names, "%s_scale", t->name), DT_F32, &one, t->quant.scale);
				seen_scale[t->id] = true;
			}
			seen[t->id] = true;
		}
}

static int64_t
entry_bytes(const struct entry *e)
{
	return shape_count(&e->shape) * dtype_info[e->dtype].bytes;
}

/* Larger elements first, so that each is aligned to its size in the file. */
static int
by_alignment(const void *pa, const void *pb)
{
	const struct entry *a = *(const struct entry *const *)pa, *b = *(const struct entry *const *)pb;
	int d = dtype_info[b->dtype].bytes - dtype_info[a->dtype].bytes;

	return d ? d : a < b ? -1 : a > b;
}

static json_t *
described(const struct entry *e, int64_t begin)
{
	json_t *shape = json_array();

	for (int i = 0; i < e->shape.rank; i++)
		json_array_append_new(shape, json_integer(e->shape.dim[i]));
	return json_pack("{s:s, s:o, s:[I, I]}", "dtype", dtype_info[e->dtype].safetensors, "shape", shape, "data_offsets",
		(json_int_t)begin, (json_int_t)(begin + entry_bytes(e)));
}

/* The header's text, filled up with blanks to a multiple of ALIGN. */
static void
write_header(FILE *f, const struct entry *const *e, size_t n)
{
	json_t *header = json_object();
	int64_t at = 0;

	for (size_t i = 0; i < n; at += entry_bytes(e[i]), i++)
		json_object_set_new(header, e[i]->name, described(e[i], at));
	char *text = json_dumps(header, JSON_COMPACT);
	json_decref(header);
	if (!text)
		die("out of memory");
	uint64_t len = strlen(text), padded = (len + ALIGN - 1) / ALIGN * ALIGN;
	for (int i = 0; i < 8; i++)
		putc((int)(padded >> (8 * i) & 0xff), f);
	fprintf(f, "%s%*s", text, (int)(padded - len), "");
	free(text);
}

void
net_write_weights(FILE *f, struct arena *a, const struct graph *g)
{
	struct entries all = { 0 };

	collect(a, g, &all);
	size_t n = all.list.n;
	const struct entry **sorted = ARENA_ARRAY(a, const struct entry *, n + 1);
	for (size_t i = 0; i < n; i++)
		sorted[i] = &all.list.v[i];
	qsort(sorted, n, sizeof *sorted, by_alignment);
	write_header(f, sorted, n);
	for (size_t i = 0; i < n; i++)
		fwrite(sorted[i]->data, 1, (size_t)entry_bytes(sorted[i]), f);
}
