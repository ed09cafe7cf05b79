/* Element types of weight files and their conversion to ours; shared by the readers. */
#ifndef WEIGHTS_ELEMENT_H
#define WEIGHTS_ELEMENT_H
#include "ir/ops.h"
#include "support/arena.h"

struct element {
	const char *safetensors; /* "F32" */
	const char *npy;         /* "f4": without the byte order; "": none */
	int bytes;
	enum dtype dtype;
};
/* NULL: unknown. */
const struct element *element_safetensors(const char *type);
const struct element *element_npy(const char *descr);

/* The element count of DIMS (zeros allowed), or -1 when the product overflows.  Products of any
 * of the dimensions then do not overflow either. */
int64_t element_count(const struct shape *);
/* What COUNT elements at RAW become (see elements.def). */
enum dtype element_dtype(const struct element *, const void *raw, int64_t count);
/* The elements at RAW, of any alignment, as DTYPE (from element_dtype): RAW itself where type and
 * alignment allow, else converted into the arena.  NULL with the reason in WHY: an element that is
 * NaN, infinite or beyond DTYPE. */
const void *element_data(struct arena *, const struct element *, enum dtype dtype, const struct shape *,
	const void *raw, char *why, int size);
/* Element I at RAW, of any alignment, as it is: of a float type, of an integer type (U64 beyond INT64_MAX: INT64_MAX). */
double element_real(const struct element *, const void *raw, int64_t i);
int64_t element_int(const struct element *, const void *raw, int64_t i);
#endif
