/* Bounded reading of FlatBuffers.
 *
 *	table    i32 back to its vtable, then its fields
 *	vtable   u16 own size, u16 size of the table, then for each slot the u16 offset of its field in the table; 0: absent
 *	vector   u32 number of elements, then the elements
 *	offsets  of tables, vectors and strings: u32, from where the offset itself stands
 *
 * All numbers are little-endian and, here, of any alignment. */
#include <config.h>
#include <string.h>
#include "import/flatbuffer.h"

static const struct { int bytes; bool is_signed; } kinds[FB_KIND_COUNT] = {
	[FB_I8] = { 1, true }, [FB_U8] = { 1, false }, [FB_I32] = { 4, true }, [FB_U32] = { 4, false },
	[FB_I64] = { 8, true }, [FB_U64] = { 8, false }, [FB_F32] = { 4, false },
};

void
fb_fault(struct flatbuffer *f, size_t at, const char *what)
{
	if (f->fault)
		return;
	f->fault = what;
	f->fault_at = at;
}

/* Whether the file has N bytes from AT on; else a fault. */
static bool
has(struct flatbuffer *f, size_t at, uint64_t n, const char *what)
{
	if (!f->fault && (at > f->size || n > f->size - at))
		fb_fault(f, at, what);
	return !f->fault;
}

/* N bytes at AT as a number. */
static uint64_t
number(const struct flatbuffer *f, size_t at, int n)
{
	uint64_t v = 0;

	for (int i = 0; i < n; i++)
		v |= (uint64_t)f->data[at + (size_t)i] << 8 * i;
	return v;
}

static int64_t
number_of(const struct flatbuffer *f, size_t at, enum fb_kind kind)
{
	int bytes = kinds[kind].bytes;
	uint64_t v = number(f, at, bytes);

	if (kinds[kind].is_signed && bytes < 8 && v >> (8 * bytes - 1))
		return (int64_t)v - (INT64_C(1) << 8 * bytes);
	return (int64_t)v;
}

/* Where the offset at AT leads; 0 after a fault. */
static size_t
follow(struct flatbuffer *f, size_t at)
{
	if (!has(f, at, 4, "an offset reaches past the end"))
		return 0;
	uint64_t offset = number(f, at, 4);
	if (offset == 0 || offset >= f->size - at) {
		fb_fault(f, at, "an offset leads out of the file");
		return 0;
	}
	return at + (size_t)offset;
}

/* ---- tables ---- */

static struct fb_table
read_table(struct flatbuffer *f, size_t at)
{
	struct fb_table none = { 0 };

	if (at == 0 || !has(f, at, 4, "a table reaches past the end"))
		return none;
	int64_t vtable = (int64_t)at - number_of(f, at, FB_I32);
	if (vtable < 0 || (uint64_t)vtable > f->size) {
		fb_fault(f, at, "a table's description lies outside the file");
		return none;
	}
	struct fb_table t = { .at = at, .vtable = (size_t)vtable };
	if (!has(f, t.vtable, 4, "a table's description reaches past the end"))
		return none;
	t.vtable_size = (unsigned)number(f, t.vtable, 2);
	t.size = (unsigned)number(f, t.vtable + 2, 2);
	if (t.vtable_size < 4 || t.vtable_size % 2 || t.size < 4) {
		fb_fault(f, t.vtable, "a table's description has an impossible size");
		return none;
	}
	if (!has(f, t.vtable, t.vtable_size, "a table's description reaches past the end")
	    || !has(f, at, t.size, "a table reaches past the end"))
		return none;
	return t;
}

/* Where field SLOT of BYTES bytes lies; 0: absent. */
static size_t
field(struct flatbuffer *f, const struct fb_table *t, int slot, unsigned bytes)
{
	unsigned entry = 4 + 2 * (unsigned)slot;

	if (f->fault || t->at == 0 || entry + 2 > t->vtable_size)
		return 0;
	unsigned offset = (unsigned)number(f, t->vtable + entry, 2);
	if (offset == 0)
		return 0;
	if (offset < 4 || offset + bytes > t->size) {
		fb_fault(f, t->at, "a field lies outside its table");
		return 0;
	}
	return t->at + offset;
}

struct fb_table
fb_root(struct flatbuffer *f)
{
	return read_table(f, follow(f, 0));
}

int64_t
fb_int(struct flatbuffer *f, const struct fb_table *t, int slot, enum fb_kind kind, int64_t def)
{
	size_t at = field(f, t, slot, (unsigned)kinds[kind].bytes);

	return at ? number_of(f, at, kind) : def;
}

static float
float_of(const struct flatbuffer *f, size_t at)
{
	uint32_t bits = (uint32_t)number(f, at, 4);
	float v;

	memcpy(&v, &bits, sizeof v);
	return v;
}

float
fb_float(struct flatbuffer *f, const struct fb_table *t, int slot, float def)
{
	size_t at = field(f, t, slot, 4);

	return at ? float_of(f, at) : def;
}

struct fb_table
fb_child(struct flatbuffer *f, const struct fb_table *t, int slot)
{
	size_t at = field(f, t, slot, 4);

	return at ? read_table(f, follow(f, at)) : (struct fb_table){ 0 };
}

/* ---- vectors ---- */

struct fb_vector
fb_vector(struct flatbuffer *f, const struct fb_table *t, int slot, size_t bytes)
{
	struct fb_vector none = { 0 };
	size_t at = field(f, t, slot, 4);

	if (!at)
		return none;
	at = follow(f, at);
	if (!has(f, at, 4, "a vector reaches past the end"))
		return none;
	struct fb_vector v = { .at = at + 4, .n = (size_t)number(f, at, 4) };
	return has(f, v.at, (uint64_t)v.n * bytes, "a vector reaches past the end") ? v : none;
}

const char *
fb_string(struct flatbuffer *f, const struct fb_table *t, int slot, size_t *len)
{
	struct fb_vector v = fb_vector(f, t, slot, 1);

	*len = v.n;
	return v.n ? (const char *)f->data + v.at : "";
}

struct fb_table
fb_table_at(struct flatbuffer *f, const struct fb_vector *v, size_t i)
{
	return read_table(f, follow(f, v->at + 4 * i));
}

int64_t
fb_int_at(const struct flatbuffer *f, const struct fb_vector *v, enum fb_kind kind, size_t i)
{
	return number_of(f, v->at + (size_t)kinds[kind].bytes * i, kind);
}

float
fb_float_at(const struct flatbuffer *f, const struct fb_vector *v, size_t i)
{
	return float_of(f, v->at + 4 * i);
}
