/* Where a network's constants go: arrays in NAME.c, arrays in a unit of their own, or one binary file.
 *
 * NAME.bin begins with 16 bytes by which NAME_run knows that it belongs to this code: the letters "NETC", the
 * number 1 and a hash of the rest, little-endian.  Then come the constants, each at a multiple of 16, or of more where a
 * chip's unit asks for it. */
#include <config.h>
#include <inttypes.h>
#include <string.h>
#include "backend/cgen.h"

enum { BIN_ALIGN = 16, BIN_HEAD = 16, BIN_VERSION = 1 };
static const unsigned char zeros[BIN_ALIGN];

static bool
is_aligned(const struct buffer *b)
{
	return b->align > dtype_info[b->dtype].bytes;
}

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

/* From one constant to the next: the end of B, which begins at AT, rounded up for NEXT. */
static int64_t
bin_end(int64_t at, const struct buffer *b, const struct buffer *next)
{
	int64_t align = next && next->align > BIN_ALIGN ? next->align : BIN_ALIGN;

	return (at + b->bytes + align - 1) / align * align;
}

static const struct buffer *
const_after(const struct program *p, size_t i)
{
	return i + 1 < p->consts.n ? p->consts.v[i + 1] : NULL;
}

static int64_t
bin_start(const struct program *p)
{
	return p->consts.n > 0 && p->consts.v[0]->align > BIN_HEAD ? p->consts.v[0]->align : BIN_HEAD;
}

static void
plan_bin(struct cgen *g)
{
	int64_t at = bin_start(g->p);
	uint64_t h = 0xcbf29ce484222325u;

	g->weights_align = BIN_ALIGN;
	g->const_offset = ARENA_ARRAY(g->arena, int64_t, g->p->buffers.n);
	for (size_t i = 0; i < g->p->consts.n; i++) {
		const struct buffer *b = g->p->consts.v[i];
		g->const_offset[b->id] = at;
		at = bin_end(at, b, const_after(g->p, i));
		h = hash_words(h, b->data, b->bytes);
		if (b->align > g->weights_align)
			g->weights_align = b->align;
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
	if (b->note)
		text_add(&g->text, ", %s", b->note);
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
	const char *section = g->memories[b->memory].section;
	const char *align = is_aligned(b) ? arena_printf(g->arena, "%s_ALIGN_TO(%d) ", g->upper, b->align) : "";

	describe_const(g, b);
	emit_comment(e, text_get(&g->text));
	emit_line(e, "%s%s%s%s%s = {", align, section ? section : "", section ? " " : "", linkage, declaration(g, b));
	data_values(e->out, b->dtype, shape_count(&b->shape), b->data);
	emit_line(e, "};");
	emit_blank(e);
}

void
weights_emit_macros(struct cgen *g, struct emitter *e)
{
	bool any = false;

	if (g->p->consts.n > 0)
		sections_emit(g, e, true);
	for (size_t i = 0; i < g->p->consts.n; i++)
		any |= is_aligned(g->p->consts.v[i]);
	if (!any)
		return;
	emit_comment(e, g->memories[g->p->consts.v[0]->memory].section ? "Constants lie at multiples of what their memory or a unit that reads them asks for."
		: "Constants that a unit reads lie at multiples of its words.");
	emit_line(e, "#if defined __GNUC__");
	emit_line(e, "#define %s_ALIGN_TO(bytes) __attribute__((aligned(bytes)))", g->upper);
	emit_line(e, "#elif defined __cplusplus && __cplusplus >= 201103L");
	emit_line(e, "#define %s_ALIGN_TO(bytes) alignas(bytes)", g->upper);
	emit_line(e, "#elif defined __STDC_VERSION__ && __STDC_VERSION__ >= 201112L");
	emit_line(e, "#define %s_ALIGN_TO(bytes) _Alignas(bytes)", g->upper);
	emit_line(e, "#else");
	emit_line(e, "#define %s_ALIGN_TO(bytes) /* the linker's care */", g->upper);
	emit_line(e, "#endif\n");
}

void
weights_emit_inline(struct cgen *g, struct emitter *e)
{
	weights_emit_macros(g, e);
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
		weights_emit_macros(g, &c);
		for (size_t i = 0; i < g->p->consts.n; i++)
			emit_array(g, &c, g->p->consts.v[i], "");
	}
}

static void
write_zeros(FILE *f, int64_t n)
{
	for (; n > 0; n -= BIN_ALIGN)
		fwrite(zeros, 1, n < BIN_ALIGN ? (size_t)n : BIN_ALIGN, f);
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
	write_zeros(f, bin_start(g->p) - BIN_HEAD);
	/* stdio passes large blocks on as they are: straight from the mapped file to the new one. */
	for (size_t i = 0; i < g->p->consts.n; i++) {
		const struct buffer *b = g->p->consts.v[i];
		int64_t at = g->const_offset[b->id];

		fwrite(b->data, 1, (size_t)b->bytes, f);
		write_zeros(f, bin_end(at, b, const_after(g->p, i)) - at - b->bytes);
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
