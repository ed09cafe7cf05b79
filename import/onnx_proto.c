/* From the bytes of a file to messages of protobuf-c.
 *
 * protobuf-c copies whatever it unpacks and follows messages in messages as deep as they go.  So the bytes are first
 * rewritten: the nesting is bounded, fields that the schema does not know are dropped, and the elements of large tensors
 * are cut out, their place in the file being left in the tensor's "segment".  What protobuf-c then sees is small. */
#include <config.h>
#include <string.h>
#include "import/onnx_proto.h"

enum {
	DEPTH_MAX = 64,        /* messages within each other */
	CUT_MIN = 64,          /* bytes of a tensor's elements from which on they are cut out */
	LENGTH_BYTES = 5       /* of a length that is filled in later, as a varint with leading zeros */
};
enum wire { WIRE_VARINT, WIRE_64, WIRE_BYTES, WIRE_32 = 5 };
/* Fields of TensorProto. */
enum { TENSOR_SEGMENT = 3, TENSOR_FLOATS = 4, TENSOR_RAW = 9, TENSOR_DOUBLES = 10 };

struct cutter {
	struct arena *arena;
	const unsigned char *data;
	size_t size;
	unsigned char *out;
	size_t n, cap;
	const char *why;       /* NULL, or what is wrong */
};

/* One field: its key, and its value at [at, end). */
struct field { uint32_t number; enum wire wire; size_t key, at, end; };

static bool
fail(struct cutter *c, size_t at, const char *what)
{
	if (!c->why)
		c->why = arena_printf(c->arena, "the file is damaged at byte %zu: %s", at, what);
	return false;
}

/* ---- reading ---- */

static bool
read_varint(struct cutter *c, size_t *at, size_t end, uint64_t *v)
{
	*v = 0;
	for (int shift = 0; shift < 70 && *at < end; shift += 7) {
		unsigned char byte = c->data[(*at)++];

		if (shift < 64)
			*v |= (uint64_t)(byte & 127) << shift;
		if (byte < 128)
			return true;
	}
	return fail(c, *at, *at < end ? "a number of more than 10 bytes" : "a number is cut off");
}

/* The field at AT of a message that ends at END. */
static bool
read_field(struct cutter *c, size_t at, size_t end, struct field *f)
{
	uint64_t key, length = 0;

	f->key = at;
	if (!read_varint(c, &at, end, &key))
		return false;
	if (key >> 3 == 0 || key >> 3 >= 1 << 29)
		return fail(c, f->key, "a field has an impossible number");
	f->number = (uint32_t)(key >> 3);
	f->wire = (enum wire)(key & 7);
	f->at = at;
	if (f->wire == WIRE_VARINT) {
		if (!read_varint(c, &at, end, &length))
			return false;
		length = 0;
	} else if (f->wire == WIRE_BYTES) {
		if (!read_varint(c, &at, end, &length))
			return false;
		f->at = at;
	} else if (f->wire == WIRE_64 || f->wire == WIRE_32) {
		length = f->wire == WIRE_64 ? 8 : 4;
	} else {
		return fail(c, f->key, "a field has an impossible type");
	}
	if (length > end - at)
		return fail(c, f->key, "a field is longer than the rest of its message");
	f->end = at + (size_t)length;
	return true;
}

/* ---- writing ---- */

static unsigned char *
append(struct cutter *c, const void *bytes, size_t n)
{
	if (n > c->cap - c->n) {
		size_t cap = 2 * c->cap + n + 4096;
		unsigned char *out = arena_alloc(c->arena, cap);

		if (c->n)
			memcpy(out, c->out, c->n);
		c->out = out;
		c->cap = cap;
	}
	if (bytes)
		memcpy(c->out + c->n, bytes, n);
	c->n += n;
	return c->out + c->n - n;
}

static void
append_varint(struct cutter *c, uint64_t v)
{
	for (; v >= 128; v >>= 7)
		append(c, &(unsigned char){ (unsigned char)(v | 128) }, 1);
	append(c, &(unsigned char){ (unsigned char)v }, 1);
}

static void
append_length(struct cutter *c, size_t at, size_t length)
{
	for (int i = 0; i < LENGTH_BYTES; i++)
		c->out[at + (size_t)i] = (unsigned char)((length >> 7 * i & 127) | (i < LENGTH_BYTES - 1 ? 128 : 0));
}

/* The place [begin, end) of F's value as a tensor's segment. */
static void
append_segment(struct cutter *c, const struct field *f)
{
	append_varint(c, TENSOR_SEGMENT << 3 | WIRE_BYTES);
	size_t at = c->n;

	append(c, NULL, LENGTH_BYTES);
	append_varint(c, 1 << 3 | WIRE_VARINT);
	append_varint(c, f->at);
	append_varint(c, 2 << 3 | WIRE_VARINT);
	append_varint(c, f->end);
	append_length(c, at, c->n - at - LENGTH_BYTES);
}

/* A name with a NUL in it would end there for protobuf-c, and not be told from another. */
static void
append_string(struct cutter *c, const struct field *f)
{
	unsigned char *text = append(c, c->data + f->key, f->end - f->key) + (f->at - f->key);

	for (size_t i = 0; i < f->end - f->at; i++)
		if (text[i] == 0)
			text[i] = 1;
}

/* ---- messages ---- */

static bool
is_cut(const ProtobufCMessageDescriptor *of, const struct field *f)
{
	return of == &onnx__tensor_proto__descriptor && f->wire == WIRE_BYTES && f->end - f->at >= CUT_MIN
		&& (f->number == TENSOR_RAW || f->number == TENSOR_FLOATS || f->number == TENSOR_DOUBLES);
}

static bool
copy_message(struct cutter *c, const ProtobufCMessageDescriptor *of, size_t at, size_t end, int depth)
{
	struct field f;

	if (depth > DEPTH_MAX)
		return fail(c, at, "messages are nested too deeply");
	for (; at < end; at = f.end) {
		if (!read_field(c, at, end, &f))
			return false;
		const ProtobufCFieldDescriptor *known = protobuf_c_message_descriptor_get_field(of, f.number);

		if (!known)
			continue;
		if (of == &onnx__tensor_proto__descriptor && f.number == TENSOR_SEGMENT)
			return fail(c, f.key, "tensors in segments are not supported");
		if (known->type == PROTOBUF_C_TYPE_MESSAGE && f.wire == WIRE_BYTES) {
			append_varint(c, f.number << 3 | WIRE_BYTES);
			size_t length = c->n;

			append(c, NULL, LENGTH_BYTES);
			if (!copy_message(c, known->descriptor, f.at, f.end, depth + 1))
				return false;
			append_length(c, length, c->n - length - LENGTH_BYTES);
		} else if (is_cut(of, &f)) {
			append_segment(c, &f);
		} else if (known->type == PROTOBUF_C_TYPE_STRING && f.wire == WIRE_BYTES) {
			append_string(c, &f);
		} else {
			append(c, c->data + f.key, f.end - f.key);
		}
	}
	return true;
}

static void *
arena_new(void *arena, size_t size)
{
	return arena_alloc(arena, size);
}

static void
arena_keep(void *arena, void *block)
{
	(void)arena;
	(void)block;
}

static void *
unpack(struct arena *a, const ProtobufCMessageDescriptor *of, const unsigned char *data, size_t size, const char **why)
{
	struct cutter c = { .arena = a, .data = data, .size = size };
	ProtobufCAllocator allocator = { arena_new, arena_keep, a };
	void *message = NULL;

	if (size > INT32_MAX)
		fail(&c, 0, "it is larger than 2 GiB, the most that the format allows");
	else if (copy_message(&c, of, 0, size, 0) && !(message = protobuf_c_message_unpack(of, &allocator, c.n, c.out)))
		c.why = "the file is damaged: a field has another type than the format says";
	*why = c.why;
	return message;
}

Onnx__ModelProto *
onnx_unpack_model(struct arena *a, const unsigned char *data, size_t size, const char **why)
{
	return unpack(a, &onnx__model_proto__descriptor, data, size, why);
}

Onnx__TensorProto *
onnx_unpack_tensor(struct arena *a, const unsigned char *data, size_t size, const char **why)
{
	return unpack(a, &onnx__tensor_proto__descriptor, data, size, why);
}

/* The wire type that a field of the model has. */
static enum wire
model_wire(const ProtobufCFieldDescriptor *f)
{
	return f->type == PROTOBUF_C_TYPE_INT64 ? WIRE_VARINT : WIRE_BYTES;
}

bool
onnx_model_plausible(const unsigned char *data, size_t size)
{
	enum { IR_VERSION = 1, IR_VERSION_MAX = 1000 };
	struct arena a = { 0 };
	struct cutter c = { .arena = &a, .data = data, .size = size };
	struct field f;
	bool versioned = false, good = true;

	for (size_t at = 0; at < size && good && read_field(&c, at, size, &f); at = f.end) {
		const ProtobufCFieldDescriptor *known = protobuf_c_message_descriptor_get_field(&onnx__model_proto__descriptor, f.number);
		uint64_t v = 0;

		good = known && f.wire == model_wire(known);
		if (good && f.number == IR_VERSION) {
			at = f.at;
			good = read_varint(&c, &at, size, &v) && v >= 1 && v <= IR_VERSION_MAX;
			versioned = good;
		}
	}
	arena_free(&a);
	return good && versioned;
}
