/* NumPy's .npy format: "\x93NUMPY", a version, the length of the header in 2 bytes (version 1) or 4 (2, 3),
 * the header, which is a Python dictionary
 *
 *	{'descr': '<f4', 'fortran_order': False, 'shape': (49, 10), }
 *
 * padded with spaces to a newline, and the data. */
#include <config.h>
#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include "weights/element.h"
#include "weights/weights.h"

static const char MAGIC[] = "\x93NUMPY";
enum { MAGIC_BYTES = 6, ALIGNMENT = 64 };

/* Reading the dictionary: what is left of it, and the first thing that was wrong. */
struct cursor {
	struct arena *arena;
	const char *p, *end;
	const char *why;
};

struct header {
	const struct element *element;
	bool fortran;
	struct shape shape;
	unsigned seen;     /* bits of enum field */
};

enum field { FIELD_DESCR, FIELD_ORDER, FIELD_SHAPE, FIELD_COUNT };
static const char *const field_names[FIELD_COUNT] = { "descr", "fortran_order", "shape" };

static void
fail(struct cursor *c, const char *why)
{
	if (!c->why)
		c->why = why;
}

static void
skip_space(struct cursor *c)
{
	while (c->p < c->end && isspace((unsigned char)*c->p))
		c->p++;
}

/* Take the character WANT, if it is next. */
static bool
take(struct cursor *c, char want)
{
	skip_space(c);
	if (c->p == c->end || *c->p != want)
		return false;
	c->p++;
	return true;
}

static void
expect(struct cursor *c, char want)
{
	if (!take(c, want))
		fail(c, arena_printf(c->arena, "the header has no '%c' where one is needed", want));
}

/* A word of letters, as True, or "" */
static const char *
take_word(struct cursor *c)
{
	const char *start;

	skip_space(c);
	for (start = c->p; c->p < c->end && isalpha((unsigned char)*c->p); )
		c->p++;
	return arena_strndup(c->arena, start, (size_t)(c->p - start));
}

/* A string in either kind of quotes; none of the strings of a header has escapes. */
static const char *
take_string(struct cursor *c)
{
	const char *start, *quote;

	skip_space(c);
	if (c->p == c->end || (*c->p != '\'' && *c->p != '"')) {
		fail(c, "the header has no string where one is needed");
		return "";
	}
	start = c->p + 1;
	quote = memchr(start, *c->p, (size_t)(c->end - start));
	if (!quote) {
		fail(c, "the header has a string without an end");
		return "";
	}
	c->p = quote + 1;
	return arena_strndup(c->arena, start, (size_t)(quote - start));
}

static void
read_descr(struct cursor *c, struct header *h)
{
	const char *descr;

	if (take(c, '[')) {
		fail(c, "the array has structured elements, which are not supported");
		return;
	}
	descr = take_string(c);
	if (c->why)
		return;
	if (!descr[0] || !strchr("<>|=", descr[0])) {
		fail(c, arena_printf(c->arena, "the element type '%s' has no byte order", descr));
		return;
	}
	h->element = element_npy(descr + 1);
	if (!h->element)
		fail(c, arena_printf(c->arena, "the element type '%s' is not supported", descr));
	else if (descr[0] == '>' && h->element->bytes > 1)
		fail(c, arena_printf(c->arena, "the element type '%s' is big-endian; '<%s' is needed", descr, descr + 1));
}

static void
read_order(struct cursor *c, struct header *h)
{
	const char *word = take_word(c);

	h->fortran = strcmp(word, "True") == 0;
	if (!h->fortran && strcmp(word, "False") != 0)
		fail(c, "'fortran_order' is neither True nor False");
}

static void
read_dim(struct cursor *c, struct shape *s)
{
	int64_t dim = 0;

	skip_space(c);
	if (c->p == c->end || !isdigit((unsigned char)*c->p)) {
		fail(c, "the shape has a dimension that is no number");
		return;
	}
	for (; c->p < c->end && isdigit((unsigned char)*c->p); c->p++) {
		dim = dim * 10 + (*c->p - '0');
		if (dim > INT32_MAX) {
			fail(c, arena_printf(c->arena, "the shape has a dimension of more than %d", INT32_MAX));
			return;
		}
	}
	if (s->rank == RANK_MAX) {
		fail(c, arena_printf(c->arena, "the shape has more than %d dimensions", RANK_MAX));
		return;
	}
	s->dim[s->rank++] = (int32_t)dim;
}

/* (), (3,), (3, 4) */
static void
read_shape(struct cursor *c, struct header *h)
{
	expect(c, '(');
	while (!c->why && !take(c, ')')) {
		read_dim(c, &h->shape);
		if (!c->why && !take(c, ',')) {
			expect(c, ')');
			return;
		}
	}
}

static void
read_field(struct cursor *c, struct header *h)
{
	static void (*const read[FIELD_COUNT])(struct cursor *, struct header *) = {
		[FIELD_DESCR] = read_descr, [FIELD_ORDER] = read_order, [FIELD_SHAPE] = read_shape
	};
	const char *key = take_string(c);

	expect(c, ':');
	for (int i = 0; i < FIELD_COUNT && !c->why; i++) {
		if (strcmp(key, field_names[i]) != 0)
			continue;
		if (h->seen & 1u << i)
			fail(c, arena_printf(c->arena, "the header has '%s' twice", key));
		h->seen |= 1u << i;
		read[i](c, h);
		return;
	}
	fail(c, arena_printf(c->arena, "the header has an unknown field '%s'", key));
}

static void
read_dictionary(struct cursor *c, struct header *h)
{
	expect(c, '{');
	while (!c->why && !take(c, '}')) {
		read_field(c, h);
		if (!c->why && !take(c, ',')) {
			expect(c, '}');
			break;
		}
	}
	skip_space(c);
	if (c->p < c->end)
		fail(c, "the header goes on after its dictionary");
	for (int i = 0; i < FIELD_COUNT; i++) {
		if (!(h->seen & 1u << i))
			fail(c, arena_printf(c->arena, "the header has no '%s'", field_names[i]));
	}
}

/* Find the header in DATA and read it; *DATA and *SIZE: what follows it. */
static const char *
read_header(struct arena *a, struct header *h, const unsigned char **data, size_t *size)
{
	const unsigned char *p = *data;
	size_t prefix = MAGIC_BYTES + 4, len = 0;
	struct cursor c = { .arena = a };

	if (*size < prefix || memcmp(p, MAGIC, MAGIC_BYTES) != 0)
		return "this is not a .npy file";
	if (p[6] < 1 || p[6] > 3)
		return arena_printf(a, "version %d of the .npy format is not supported", p[6]);
	if (p[6] > 1)
		prefix += 2;
	if (*size < prefix)
		return "the file ends within its header";
	for (size_t i = prefix; i-- > MAGIC_BYTES + 2; )
		len = len << 8 | p[i];
	if (len > *size - prefix)
		return arena_printf(a, "the header has %zu bytes, but the file ends after %zu", len, *size - prefix);
	c.p = (const char *)p + prefix;
	c.end = c.p + len;
	read_dictionary(&c, h);
	*data += prefix + len;
	*size -= prefix + len;
	return c.why;
}

/* Elements of BYTES each in Fortran order (the first index runs fastest) -> in C order. */
static const void *
transpose(struct arena *a, const struct shape *s, int64_t count, int bytes, const unsigned char *from)
{
	unsigned char *to = arena_array(a, (size_t)count, (size_t)bytes);
	int64_t stride[RANK_MAX], at = 0;
	int32_t index[RANK_MAX] = { 0 };

	for (int k = 0; k < s->rank; k++)
		stride[k] = k == 0 ? bytes : stride[k - 1] * s->dim[k - 1];
	for (int64_t i = 0; i < count; i++) {
		memcpy(to + i * bytes, from + at, (size_t)bytes);
		for (int k = s->rank - 1; k >= 0; k--) {
			at += stride[k];
			if (++index[k] < s->dim[k])
				break;
			at -= stride[k] * s->dim[k];
			index[k] = 0;
		}
	}
	return to;
}

const char *
npy_parse(struct npy *n, struct arena *a, const unsigned char *data, size_t size)
{
	struct header h = { 0 };
	const char *why = read_header(a, &h, &data, &size);
	const void *raw = data;
	int64_t count, bytes;
	char reason[WHY_SIZE];

	*n = (struct npy){ 0 };
	if (why)
		return why;
	count = element_count(&h.shape);
	if (count < 0 || __builtin_mul_overflow(count, h.element->bytes, &bytes))
		return "the shape's size overflows";
	if ((uint64_t)bytes != size)
		return arena_printf(a, "the file has %zu bytes of data, but %" PRId64 " elements of '%s' are %" PRId64, size,
			count, h.element->npy, bytes);
	if (h.fortran && h.shape.rank > 1)
		raw = transpose(a, &h.shape, count, h.element->bytes, data);
	n->dtype = element_dtype(h.element, raw, count);
	n->shape = h.shape;
	n->data = element_data(a, h.element, n->dtype, &h.shape, raw, reason, sizeof reason);
	return n->data ? NULL : arena_strdup(a, reason);
}

const char *
npy_read(struct npy *n, struct arena *a, const char *path)
{
	struct mapped map;
	const char *why = file_map(&map, path);

	if (why)
		return why;
	why = npy_parse(n, a, map.data, map.size);
	if (!why) {
		const unsigned char *p = n->data;
		size_t bytes = (size_t)element_count(&n->shape) * (size_t)dtype_info[n->dtype].bytes;

		/* borrowed: the array outlives the map */
		if (p >= map.data && p < map.data + map.size)
			n->data = memcpy(arena_alloc(a, bytes), p, bytes);
	}
	file_unmap(&map);
	return why;
}

bool
npy_write(FILE *f, enum dtype dtype, const struct shape *s, const void *data)
{
	char head[256];
	int n = MAGIC_BYTES + 4, len;
	size_t count = (size_t)element_count(s), size = (size_t)dtype_info[dtype].bytes;

	memcpy(head, MAGIC, MAGIC_BYTES);
	memcpy(head + MAGIC_BYTES, "\1", 2);
	n += snprintf(head + n, sizeof head - (size_t)n, "{'descr': '%s', 'fortran_order': False, 'shape': (",
		dtype_info[dtype].npy);
	for (int i = 0; i < s->rank; i++)
		n += snprintf(head + n, sizeof head - (size_t)n, s->rank == 1 ? "%" PRId32 "," : i ? ", %" PRId32 : "%" PRId32,
			s->dim[i]);
	n += snprintf(head + n, sizeof head - (size_t)n, "), }");
	while ((n + 1) % ALIGNMENT != 0)
		head[n++] = ' ';
	head[n++] = '\n';
	len = n - (MAGIC_BYTES + 4);
	head[8] = (char)(len & 255);
	head[9] = (char)(len >> 8);
	return fwrite(head, 1, (size_t)n, f) == (size_t)n && fwrite(data, size, count, f) == count;
}
