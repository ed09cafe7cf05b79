/* Tensors from files: safetensors (a whole set by name) and .npy (one).  Files are mapped; data is borrowed from
 * the map where type and alignment allow, else converted into the arena.  Every field of a file is checked
 * before it is used; errors are texts for the caller to locate. */
#ifndef WEIGHTS_WEIGHTS_H
#define WEIGHTS_WEIGHTS_H
#include "ir/ops.h"
#include "support/file.h"
#include "support/intern.h"

struct weight {
	name name;
	const char *type;      /* as the file calls it: "F32", "BF16", "<f4" */
	enum dtype dtype;      /* after conversion: every float F32; BOOL I8; U8, U16 the signed type of their width when
	                        * every value fits, else I32; U32, I64, U64 I32 */
	struct shape shape;    /* as stored; rank 0..RANK_MAX */
	const void *raw;       /* in the map */
	size_t raw_bytes;
	const struct element *element; /* the file's type */
	bool used;             /* some layer read it */
	const void *data;      /* kept by the reader: what weight_data gave, NULL before */
};

struct weight_file {
	struct arena *arena;
	struct mapped map;
	const char *path;
	struct map *by_name;
	struct weight *list;   /* in the file's order */
	int count;
};

/* NULL, or the reason.  Refuses: truncated or oversized headers, JSON that is not an object of
 * {dtype, shape, data_offsets}, duplicate names, unknown dtypes, offsets out of order, overlapping or past the end,
 * byte counts that differ from dtype x shape, products that overflow. */
const char *safetensors_open(struct weight_file *, struct arena *, struct intern *, const char *path);
const char *safetensors_parse(struct weight_file *, struct arena *, struct intern *,
	const unsigned char *data, size_t size); /* from memory: tests and fuzzing */
void weight_file_close(struct weight_file *);
struct weight *weight_find(const struct weight_file *, name);
/* The elements as W->dtype: borrowed or converted.  NULL with the reason in WHY: a NaN or infinity (with its index),
 * an integer that does not fit. */
const void *weight_data(struct arena *, const struct weight *, char *why, int size);

/* One .npy array (version 1 to 3, C order or Fortran order transposed, little-endian or one byte), its values converted
 * and checked as those of safetensors are. */
struct npy {
	enum dtype dtype;
	struct shape shape;
	const void *data;      /* in the arena or the map */
};
const char *npy_parse(struct npy *, struct arena *, const unsigned char *data, size_t size);
const char *npy_read(struct npy *, struct arena *, const char *path);
/* Writes a version 1 header and the elements; false: errno says why. */
bool npy_write(FILE *, enum dtype, const struct shape *, const void *data);
/* "[1, 49, 10, 1]" fits [49, 10, 1]: equal once leading ones are dropped from either. */
bool npy_shape_fits(const struct shape *file, const struct shape *want);

/* Seeded values for nets without weights, the same on every machine.  PATH and SEED decide them, so a layer's
 * weights do not depend on the layers before it.
 *
 *	mix(z): z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9, z = (z ^ z >> 27) * 0x94d049bb133111eb, z ^ z >> 31
 *	key     = mix(seed + 0x9e3779b97f4a7c15) ^ fnv1a64(path)
 *	bits(i) = mix(key + (i + 1) * 0x9e3779b97f4a7c15)               splitmix64, i = 0, 1, ...
 *	r(i)    = (bits(i) >> 40) / 2^24                                 in [0, 1)
 *	n(i, k) = ((bits(i) >> 32) * k) >> 32                            in 0 .. k - 1
 *
 * Weights: f32 (2 r - 1) sqrt(3 / fan_in); i8 n(255) - 127; i16 n(65535) - 32767; i32 (biases) n(2048) - 1024.
 * Scales: sqrt(3 / fan_in) / 127 * (0.5 + r). */
void random_weights(enum dtype, int64_t count, int64_t fan_in, uint64_t seed, const char *path, void *data);
void random_scales(int64_t count, int64_t fan_in, uint64_t seed, const char *path, float *scales);
/* Seeded activations: integers uniform over all values of the type, lo + n(hi - lo + 1); f32 2 r - 1. */
void random_inputs(enum dtype, int64_t count, uint64_t seed, const char *path, void *data);
#endif
