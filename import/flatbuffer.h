/* FlatBuffers, read in place: https://flatbuffers.dev/internals.  Every offset is checked against the file's size before it is
 * followed.  The first violation is kept in the reader, and from then on everything reads as absent: callers check for a
 * fault once, after a group of reads.  Nothing here recurses. */
#ifndef IMPORT_FLATBUFFER_H
#define IMPORT_FLATBUFFER_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flatbuffer {
	const unsigned char *data;
	size_t size;
	const char *fault;     /* NULL, or what is wrong: "a table reaches past the end" */
	size_t fault_at;       /* the byte where */
};

/* AT 0: absent (byte 0 belongs to the root offset). */
struct fb_table { size_t at, vtable; unsigned vtable_size, size; };
struct fb_vector { size_t at, n; /* of elements */ };

enum fb_kind { FB_I8, FB_U8, FB_I32, FB_U32, FB_I64, FB_U64, FB_F32, FB_KIND_COUNT };

/* A fault at byte AT, unless there was one before. */
void fb_fault(struct flatbuffer *, size_t at, const char *what);

struct fb_table fb_root(struct flatbuffer *);
/* Field SLOT of a table, in the order of the schema; DEF where it is absent. */
int64_t fb_int(struct flatbuffer *, const struct fb_table *, int slot, enum fb_kind, int64_t def);
float fb_float(struct flatbuffer *, const struct fb_table *, int slot, float def);
struct fb_table fb_child(struct flatbuffer *, const struct fb_table *, int slot);
/* A vector of elements of BYTES bytes each (of tables and strings: 4); n 0 where it is absent. */
struct fb_vector fb_vector(struct flatbuffer *, const struct fb_table *, int slot, size_t bytes);
/* A string, not NUL-terminated and of any bytes; "" where it is absent. */
const char *fb_string(struct flatbuffer *, const struct fb_table *, int slot, size_t *len);

/* Element I, which must be below v.n. */
struct fb_table fb_table_at(struct flatbuffer *, const struct fb_vector *, size_t i);
int64_t fb_int_at(const struct flatbuffer *, const struct fb_vector *, enum fb_kind, size_t i);
float fb_float_at(const struct flatbuffer *, const struct fb_vector *, size_t i);
#endif
