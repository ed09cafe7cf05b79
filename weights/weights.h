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
	enum dtype dtype;      /* after conversion: F16, BF16, F64 become F32; I64 becomes I32 when every value fits */
	struct shape shape;    /* as stored; rank 0..RANK_MAX */
	const void *raw;       /* in the map */
	size_t raw_bytes;
	bool used;             /* some layer read it */
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
 * an I64 that does not fit. */
const void *weight_data(struct arena *, const struct weight *, char *why, int size);

/* One .npy array (version 1 to 3, C order or Fortran order transposed, little-endian or one byte). */
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

/* Seeded values for nets without weights: a counter-based generator documented in docs/language.md, the same on
 * every machine.  PATH and SEED decide them, so a layer's weights do not depend on the layers before it. */
void random_weights(enum dtype, int64_t count, int64_t fan_in, uint64_t seed, const char *path, void *data);
void random_scales(int64_t count, int64_t fan_in, uint64_t seed, const char *path, float *scales);
/* Seeded activations: i8 uniform over all values, f32 uniform in [-1, 1). */
void random_inputs(enum dtype, int64_t count, uint64_t seed, const char *path, void *data);
#endif
