/* A writer of the FlatBuffers that the reader of TensorFlow Lite models reads: tables with a cell of 8 bytes for every slot, parents
 * before children. */
#include <config.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "import/flatbuffer.h"
#include "support/array.h"
#include "tflite_text.h"
#include "unit.h"

enum { LIST_MAX = 64 };

/* ---- bytes ---- */

struct bytes { struct arena *arena; ARRAY(unsigned char) a; };

static void
put(struct bytes *b, size_t at, uint64_t v, int n)
{
	for (int i = 0; i < n; i++)
		b->a.v[at + (size_t)i] = (unsigned char)(v >> 8 * i);
}

/* Room for N bytes, aligned for numbers of 8. */
static size_t
room(struct bytes *b, size_t n)
{
	while (b->a.n % 8)
		ARRAY_PUSH(b->arena, b->a, 0);
	size_t at = b->a.n;
	for (size_t i = 0; i < n; i++)
		ARRAY_PUSH(b->arena, b->a, 0);
	return at;
}

static size_t
table(struct bytes *b, int slots)
{
	size_t vtable = room(b, 4 + 2 * (size_t)slots), at = room(b, 8 + 8 * (size_t)slots);

	put(b, vtable, 4 + 2 * (uint64_t)slots, 2);
	put(b, vtable + 2, 8 + 8 * (uint64_t)slots, 2);
	put(b, at, at - vtable, 4);
	return at;
}

/* The cell of SLOT, from now on there. */
static size_t
cell(struct bytes *b, size_t at, int slot)
{
	size_t vtable = at - (b->a.v[at] | (size_t)b->a.v[at + 1] << 8), offset = 8 + 8 * (size_t)slot;

	put(b, vtable + 4 + 2 * (size_t)slot, offset, 2);
	return at + offset;
}

static void
refer(struct bytes *b, size_t from, size_t to)
{
	put(b, from, to - from, 4);
}

static size_t
vector(struct bytes *b, size_t n, size_t bytes)
{
	size_t at = room(b, 4 + n * bytes + 8);

	at += bytes == 8 ? 4 : 0; /* so that elements of 8 bytes are aligned */
	put(b, at, n, 4);
	return at;
}

static void
set_ints(struct bytes *b, size_t at, int slot, const int64_t *v, size_t n, int bytes)
{
	size_t to = vector(b, n, (size_t)bytes);

	refer(b, cell(b, at, slot), to);
	for (size_t i = 0; i < n; i++)
		put(b, to + 4 + i * (size_t)bytes, (uint64_t)v[i], bytes);
}

static void
set_bytes(struct bytes *b, size_t at, int slot, const void *data, size_t n)
{
	size_t to = vector(b, n, 1);

	refer(b, cell(b, at, slot), to);
	if (n)
		memcpy(b->a.v + to + 4, data, n);
}

/* ---- words ---- */

static const struct { const char *name; int number, bytes; } types[] = {
	{ "f32", 0, 4 }, { "f16", 1, 2 }, { "i32", 2, 4 }, { "u8", 3, 1 }, { "i64", 4, 8 }, { "bool", 6, 1 }, { "i16", 7, 2 },
	{ "i8", 9, 1 }, { "f64", 10, 8 },
};
static const struct { const char *name; int code; } codes[] = {
#define OP(code, name, in, most, outs, u8, hint, translate, becomes, limits) { #name, code },
#define FOLD(code, name, in, most, outs, fold, limits) { #name, code },
#define NO(code, name) { #name, code },
#include "import/tflite_ops.def"
};
static const struct { const char *name; int member, slot; enum fb_kind kind; } options[] = {
#define OPTION(id, member, slot, kind, def) { #id, member, slot, kind },
#include "import/tflite_schema.def"
};

static void
wrong(const char *word)
{
	fprintf(stderr, "tflite_text: '%s'\n", word);
	abort();
}

static uint64_t
float_bits(double v, int type)
{
	float f = (float)v;
	uint32_t bits;
	uint64_t wide;

	memcpy(&bits, &f, 4);
	memcpy(&wide, &v, 8);
	if (type == 10)
		return wide;
	if (type != 1)
		return bits;
	if (bits << 1 == 0)
		return 0;
	return (bits >> 16 & 0x8000) | ((bits >> 23 & 255) - 112) << 10 | (bits >> 13 & 1023); /* a normal number */
}

/* The integers of "2x3" or "2/3" into V. */
static size_t
read_list(const char *s, int64_t v[LIST_MAX])
{
	size_t n = 0;

	if (strcmp(s, "-") == 0)
		return 0;
	for (char *end;; s = end + 1) {
		v[n++] = strtoll(s, &end, 10);
		if (!*end)
			return n;
	}
}

/* ---- the model ---- */

struct model {
	struct bytes b;
	struct arena arena;
	ARRAY(char *) lines;
	char *names[256];
	int tensors;
};

static int
index_of(const struct model *m, const char *name)
{
	for (int i = 0; i < m->tensors; i++)
		if (strcmp(m->names[i], name) == 0)
			return i;
	if (strcmp(name, "-") != 0 && strcmp(name, "99") != 0)
		wrong(name);
	return atoi(name) ? 99 : -1;
}

static size_t
split(struct model *m, const char *line, char *words[LIST_MAX])
{
	size_t n = 0;

	for (char *w = strtok(arena_strdup(&m->arena, line), " "); w && n < LIST_MAX; w = strtok(NULL, " "))
		words[n++] = w;
	return n;
}

/* "out", "=" and so on behind the name? */
static bool
is_tensor(char *const *words, size_t n)
{
	bool arrow = false;

	for (size_t i = 0; i < n; i++)
		arrow |= strcmp(words[i], "->") == 0;
	return !arrow && strcmp(words[0], "inputs") != 0 && strcmp(words[0], "outputs") != 0;
}

static int
type_of(const char *word, int *bytes)
{
	*bytes = 1;
	for (int i = 0; i < ROWS(types); i++)
		if (strcmp(types[i].name, word) == 0) {
			*bytes = types[i].bytes;
			return types[i].number;
		}
	return atoi(word);
}

static void
write_floats(struct bytes *b, size_t at, int slot, char *list)
{
	int64_t bits[LIST_MAX];
	size_t n = 0;

	for (char *w = strtok(list, "/"); w; w = strtok(NULL, "/"))
		bits[n++] = (int64_t)float_bits(strtod(w, NULL), 0);
	set_ints(b, at, slot, bits, n, 4);
}

/* The scales and zero points among WORDS into the table TENSOR. */
static void
write_quant(struct bytes *b, char **words, size_t n, size_t tensor)
{
	int64_t list[LIST_MAX];
	size_t quant = table(b, 7);

	refer(b, cell(b, tensor, 4), quant);
	for (size_t k = 3; k + 1 < n; k++)
		if (strcmp(words[k], "scale") == 0)
			write_floats(b, quant, 2, words[k + 1]);
		else if (strcmp(words[k], "zero") == 0)
			set_ints(b, quant, 3, list, read_list(words[k + 1], list), 8);
		else if (strcmp(words[k], "axis") == 0)
			put(b, cell(b, quant, 6), (uint64_t)atoi(words[k + 1]), 4);
	for (size_t k = 3; k < n; k++)
		if (strcmp(words[k], "custom") == 0)
			put(b, cell(b, quant, 4), 1, 1);
}

/* The N values WORDS of TYPE, BYTES each, into the table BUFFER. */
static void
write_data(struct bytes *b, char **words, size_t n, size_t buffer, int type, int bytes)
{
	size_t data = vector(b, n * (size_t)bytes, 1);

	refer(b, cell(b, buffer, 0), data);
	for (size_t k = 0; k < n; k++) {
		double v = strtod(words[k], NULL);
		uint64_t bits = type <= 1 || type == 10 ? float_bits(v, type) : (uint64_t)(int64_t)v;
		put(b, data + 4 + k * (size_t)bytes, bits, bytes);
	}
}

/* Tensor I of WORDS in the table AT; its data go to the table BUFFER. */
static void
write_tensor(struct model *m, char **words, size_t n, size_t at, size_t buffer, int i)
{
	struct bytes *b = &m->b;
	int64_t list[LIST_MAX];
	int bytes, type = type_of(words[1], &bytes);

	set_ints(b, at, 0, list, read_list(words[2], list), 4);
	put(b, cell(b, at, 1), (uint64_t)type, 1);
	put(b, cell(b, at, 2), (uint64_t)i + 1, 4);
	set_bytes(b, at, 3, words[0], strlen(words[0]));
	if (n > 3 && strcmp(words[3], "scale") == 0)
		write_quant(b, words, n, at);
	for (size_t k = 3; k < n; k++)
		if (strcmp(words[k], "sig") == 0)
			set_ints(b, at, 7, list, read_list(words[k + 1], list), 4);
		else if (strcmp(words[k], "variable") == 0)
			put(b, cell(b, at, 5), 1, 1);
		else if (strcmp(words[k], "sparse") == 0)
			refer(b, cell(b, at, 6), table(b, 1));
		else if (strcmp(words[k], "buffer") == 0)
			put(b, cell(b, at, 2), (uint64_t)atoi(words[k + 1]), 4);
		else if (strcmp(words[k], "at") == 0) {
			read_list(words[k + 1], list);
			put(b, cell(b, buffer, 1), (uint64_t)list[0], 8);
			put(b, cell(b, buffer, 2), (uint64_t)list[1], 8);
		}
		else if (strcmp(words[k], "=") == 0)
			write_data(b, words + k + 1, n - k - 1, buffer, type, bytes);
}

/* "CONV_PADDING=1" into the table of options AT (0: to be made, for the operator OP). */
static void
write_option(struct model *m, char *word, size_t op, size_t *at)
{
	struct bytes *b = &m->b;
	char *value = strchr(word, '=');
	int64_t list[LIST_MAX];
	int i = 0;

	*value++ = 0;
	while (i < ROWS(options) && strcmp(options[i].name, word) != 0)
		i++;
	if (i == ROWS(options))
		wrong(word);
	if (!*at) {
		*at = table(b, 8);
		put(b, cell(b, op, 3), (uint64_t)options[i].member, 1);
		refer(b, cell(b, op, 4), *at);
	}
	if (strcmp(word, "RESHAPE_SHAPE") == 0 || strcmp(word, "SQUEEZE_DIMS") == 0)
		set_ints(b, *at, options[i].slot, list, read_list(value, list), 4);
	else if (options[i].kind == FB_F32)
		put(b, cell(b, *at, options[i].slot), float_bits(strtod(value, NULL), 0), 4);
	else
		put(b, cell(b, *at, options[i].slot), (uint64_t)strtoll(value, NULL, 10), options[i].kind == FB_I32 ? 4 : 1);
}

/* The operator of WORDS in the table AT, its code in the table CODE. */
static void
write_op(struct model *m, char **words, size_t n, size_t at, size_t code, int number)
{
	struct bytes *b = &m->b;
	int64_t list[2][LIST_MAX];
	size_t count[2] = { 0 }, opts = 0;
	int i = 0, side = 0;

	while (i < ROWS(codes) && strcmp(codes[i].name, words[0]) != 0)
		i++;
	bool custom = strncmp(words[0], "custom:", 7) == 0;
	int value = custom ? 32 : i < ROWS(codes) ? codes[i].code : atoi(words[0]);
	put(b, cell(b, code, 0), value > 127 ? 127 : (uint64_t)value, 1);
	put(b, cell(b, code, 3), (uint64_t)value, 4);
	if (custom)
		set_bytes(b, code, 1, words[0] + 7, strlen(words[0]) - 7);
	put(b, cell(b, at, 0), (uint64_t)number, 4);
	for (size_t k = 1; k < n; k++)
		if (strcmp(words[k], "->") == 0)
			side = 1;
		else if (strchr(words[k], '='))
			write_option(m, words[k], at, &opts);
		else
			list[side][count[side]++] = index_of(m, words[k]);
	set_ints(b, at, 1, list[0], count[0], 4);
	set_ints(b, at, 2, list[1], count[1], 4);
}

static void
write_io(struct model *m, char **words, size_t n, size_t graph)
{
	int64_t list[LIST_MAX];

	for (size_t k = 1; k < n; k++)
		list[k - 1] = index_of(m, words[k]);
	set_ints(&m->b, graph, strcmp(words[0], "inputs") == 0 ? 1 : 2, list, n - 1, 4);
}

/* A vector of N tables of SLOTS slots each at the slot of a table; their places into AT. */
static void
tables(struct bytes *b, size_t owner, int slot, size_t n, int slots, size_t *at)
{
	size_t to = vector(b, n, 4);

	refer(b, cell(b, owner, slot), to);
	for (size_t i = 0; i < n; i++) {
		at[i] = table(b, slots);
		refer(b, to + 4 + 4 * i, at[i]);
	}
}

static void
write_model(struct model *m)
{
	struct bytes *b = &m->b;
	size_t root = room(b, 8), ops = 0;
	size_t model = table(b, 6), graph[1], tensor[256], buffer[257], code[256], op[256];
	char *words[LIST_MAX];

	refer(b, root, model);
	memcpy(b->a.v + 4, "TFL3", 4);
	put(b, cell(b, model, 0), 3, 4);
	for (size_t i = 0; i < m->lines.n; i++) {
		size_t n = split(m, m->lines.v[i], words);
		if (is_tensor(words, n))
			m->names[m->tensors++] = words[0];
		else
			ops += strcmp(words[0], "inputs") != 0 && strcmp(words[0], "outputs") != 0;
	}
	tables(b, model, 1, ops, 4, code);
	tables(b, model, 2, 1, 5, graph);
	tables(b, model, 4, (size_t)m->tensors + 1, 3, buffer);
	tables(b, graph[0], 0, (size_t)m->tensors, 8, tensor);
	tables(b, graph[0], 3, ops, 5, op);
	for (size_t i = 0, t = 0, o = 0; i < m->lines.n; i++) {
		size_t n = split(m, m->lines.v[i], words);
		if (is_tensor(words, n)) {
			write_tensor(m, words, n, tensor[t], buffer[t + 1], (int)t);
			t++;
		} else if (strcmp(words[0], "inputs") == 0 || strcmp(words[0], "outputs") == 0) {
			write_io(m, words, n, graph[0]);
		} else {
			write_op(m, words, n, op[o], code[o], (int)o);
			o++;
		}
	}
}

unsigned char *
tflite_text(const char *text, size_t *size)
{
	struct model m = { 0 };

	m.b.arena = &m.arena;
	for (const char *s = text; *s; s += *s == '\n') {
		size_t n = strcspn(s, "\n");
		char *line = arena_strndup(&m.arena, s, n);
		if (line[strspn(line, " \t")])
			ARRAY_PUSH(&m.arena, m.lines, line);
		s += n;
	}
	write_model(&m);
	*size = m.b.a.n;
	unsigned char *p = exact(m.b.a.v, *size);
	arena_free(&m.arena);
	return p;
}
