/* Where a network's constants go: arrays in NAME.c, arrays in a unit of their own, or one binary file.
 *
 * NAME.bin begins with 16 bytes by which NAME_run knows that it belongs to this code: the letters "NETC", the
 * number 1 and a hash of the rest, little-endian.  Then come the constants, each at a multiple of 16. */
#include <config.h>
#include <inttypes.h>
#include <string.h>
#include "backend/cgen.h"

enum { BIN_ALIGN = 16, BIN_HEAD = 16, BIN_VERSION = 1 };
static const unsigned char zeros[BIN_ALIGN];

/* FNV-1a over 64-bit words, the last filled with zeros: one multiplication for eight bytes. */
static uint64_t
hash_words(uint64_t h, const unsigned char *p, int64_t n)
{
	uint64_t word;

	for (; n > 0; p += sizeof word, n -= (int64_t)sizeof word) {
		word = 0;
		memcpy(&word, p, n < (int64_t)sizeof word ? (size_t)n : sizeof word);
		h = (h ^ word) * 0x100000001b3u;
	}
	return h;
}

static void
plan_bin(struct cgen *g)
{
	int64_t at = BIN_HEAD;
	uint64_t h = 0xcbf29ce484222325u;

	g->const_offset = ARENA_ARRAY(g->arena, int64_t, g->p->buffers.n);
	for (size_t i = 0; i < g->p->consts.n; i++) {
		const struct buffer *b = g->p->consts.v[i];
		g->const_offset[b->id] = at;
		at += (b->bytes + BIN_ALIGN - 1) / BIN_ALIGN * BIN_ALIGN;
		h = hash_words(h, b->data, b->bytes);
	}
	g->weights_bytes = at;
	g->weights_hash = h;
}

void
weights_plan(struct cgen *g)
{
	bool bin = g->opts->weights == WEIGHTS_BIN;

	g->const_id = ARENA_ARRAY(g->arena, const char *, g->p->buffers.n);
	for (size_t i = 0; i < g->p->consts.n; i++) {
		const struct buffer *b = g->p->consts.v[i];
		const char *stem = bin ? ident_upper(g->arena, ident_clean(g->arena, b->name)) : b->name;
		g->const_id[b->id] = ident_make(g,
			arena_printf(g->arena, bin ? "%s_AT_%s" : "%s_%s", bin ? g->upper : g->prefix, stem));
		g->weights_bytes += b->bytes;
	}
	if (bin)
		plan_bin(g);
}

/* "stem.weight: i8[64, 10, 4, 1], scale 0.0123" */
static void
describe_const(struct cgen *g, const struct buffer *b)
{
	const struct tensor *t = graph_find(g->p->graph, b->name);

	text_reset(&g->text);
	text_add(&g->text, "%s: ", b->name);
	describe_type(&g->text, b->dtype, &b->shape);
	if (t && t->data == b->data && t->quant.count == 1)
		text_add(&g->text, ", scale %.9g", (double)t->quant.scale[0]);
	else if (t && t->data == b->data && t->quant.count > 1)
		text_add(&g->text, ", a scale for each output channel");
}

/* "const int8_t kws_stem_weight[64 * 10 * 4 * 1]" */
static const char *
declaration(struct cgen *g, const struct buffer *b)
{
	text_reset(&g->text);
	text_add(&g->text, "const %s %s[", dtype_info[b->dtype].c_type, g->const_id[b->id]);
	for (int i = 0; i < b->shape.rank; i++)
		text_add(&g->text, "%s%d", i ? " * " : "", (int)b->shape.dim[i]);
	text_add(&g->text, "%s]", b->shape.rank ? "" : "1");
	return text_get(&g->text);
}

static void
emit_array(struct cgen *g, struct emitter *e, const struct buffer *b, const char *linkage)
{
	describe_const(g, b);
	emit_comment(e, text_get(&g->text));
	emit_line(e, "%s%s = {", linkage, declaration(g, b));
	data_values(e->out, b->dtype, shape_count(&b->shape), b->data);
	emit_line(e, "};");
	emit_blank(e);
}

void
weights_emit_inline(struct cgen *g, struct emitter *e)
{
	for (size_t i = 0; i < g->p->consts.n; i++)
		emit_array(g, e, g->p->consts.v[i], "static ");
}

bool
weights_need_math(const struct program *p)
{
	for (size_t i = 0; i < p->consts.n; i++)
		if (data_needs_math(p->consts.v[i]->dtype, shape_count(&p->consts.v[i]->shape), p->consts.v[i]->data))
			return true;
	return false;
}

void
weights_emit_unit(struct cgen *g)
{
	struct emitter h, c;

	if (cgen_open(g, &h, "_weights.h", "the constants of NAME.c, defined in NAME_weights.c")) {
		emit_line(&h, "#ifndef %s_WEIGHTS_H", g->upper);
		emit_line(&h, "#define %s_WEIGHTS_H", g->upper);
		emit_line(&h, "#include <stdint.h>\n");
		emit_line(&h, "#ifdef __cplusplus\nextern \"C\" {\n#endif\n");
		for (size_t i = 0; i < g->p->consts.n; i++)
			emit_line(&h, "extern %s;", declaration(g, g->p->consts.v[i]));
		emit_line(&h, "\n#ifdef __cplusplus\n}\n#endif\n#endif");
	}
	if (cgen_open(g, &c, "_weights.c", "the constants of NAME.c")) {
		if (weights_need_math(g->p))
			emit_line(&c, "#include <math.h>");
		emit_line(&c, "#include \"%s_weights.h\"\n", g->prefix);
		for (size_t i = 0; i < g->p->consts.n; i++)
			emit_array(g, &c, g->p->consts.v[i], "");
	}
}

void
weights_emit_bin(struct cgen *g)
{
	const struct { uint32_t magic, version; uint64_t hash; } head = {
		0x4354454e /* "NETC" */, BIN_VERSION, g->weights_hash
	};
	FILE *f = outputs_open(g->outputs, path_join(g->arena, g->dir, arena_printf(g->arena, "%s.bin", g->prefix)));

	if (!f)
		return;
	fwrite(&head, sizeof head, 1, f);
	/* stdio passes large blocks on as they are: straight from the mapped file to the new one. */
	for (size_t i = 0; i < g->p->consts.n; i++) {
		const struct buffer *b = g->p->consts.v[i];
		fwrite(b->data, 1, (size_t)b->bytes, f);
		fwrite(zeros, 1, (size_t)(-b->bytes & (BIN_ALIGN - 1)), f);
	}
}

void
weights_emit_offsets(struct cgen *g, struct emitter *e)
{
	emit_comment(e, arena_printf(g->arena, "Where the constants lie in %s.bin, in bytes.", g->prefix));
	for (size_t i = 0; i < g->p->consts.n; i++) {
		const struct buffer *b = g->p->consts.v[i];
		emit_line(e, "#define %s %" PRId64, g->const_id[b->id], g->const_offset[b->id]);
	}
	emit_blank(e);
}
