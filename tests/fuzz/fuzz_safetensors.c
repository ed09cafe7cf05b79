/* Any bytes as a safetensors file: an error text or tensors whose values can all be read. */
#include <config.h>
#include <stdlib.h>
#include "weights/element.h"
#include "weights/weights.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	struct weight_file f;
	char why[WHY_SIZE];

	if (!safetensors_parse(&f, &arena, intern_new(&arena), data, size)) {
		for (int i = 0; i < f.count; i++) {
			struct weight *w = &f.list[i];
			const unsigned char *values = weight_data(&arena, w, why, sizeof why);

			if (weight_find(&f, w->name) != w)
				abort();
			/* the last byte is there */
			if (values && w->raw_bytes > 0) {
				size_t count = w->raw_bytes / (size_t)w->element->bytes;
				volatile unsigned char last = values[count * (size_t)dtype_info[w->dtype].bytes - 1];

				(void)last;
			}
		}
	}
	weight_file_close(&f);
	arena_free(&arena);
	return 0;
}
