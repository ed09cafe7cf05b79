/* Any bytes as a .npy file: an error text, or an array that is the same when written and read again. */
#include <config.h>
#include <stdlib.h>
#include <string.h>
#include "weights/weights.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
write_and_read(struct arena *a, const struct npy *n)
{
	char *file = NULL;
	size_t size, bytes = (size_t)dtype_info[n->dtype].bytes;
	struct npy again;
	FILE *f = open_memstream(&file, &size);

	for (int i = 0; i < n->shape.rank; i++)
		bytes *= (size_t)n->shape.dim[i];
	if (!npy_write(f, n->dtype, &n->shape, n->data) || fclose(f) != 0)
		abort();
	if (npy_parse(&again, a, (const uint8_t *)file, size))
		abort();
	if (again.dtype != n->dtype || memcmp(&again.shape, &n->shape, sizeof again.shape) != 0)
		abort();
	if (bytes > 0 && memcmp(again.data, n->data, bytes) != 0)
		abort();
	free(file);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	struct npy n;

	if (!npy_parse(&n, &arena, data, size))
		write_and_read(&arena, &n);
	arena_free(&arena);
	return 0;
}
