/* npyrand TYPE DIM,DIM,... SEED OUT.npy: seeded activations, for tests. */
#include <config.h>
#include <stdio.h>
#include <stdlib.h>
#include "weights/weights.h"

int
main(int argc, char *argv[])
{
	struct arena arena = { 0 };
	struct shape shape = { 0 };
	enum dtype dtype;
	FILE *f;
	void *data;

	if (argc != 5 || !dtype_lookup(argv[1], &dtype)) {
		fputs("usage: npyrand TYPE DIM,DIM,... SEED OUT.npy\n", stderr);
		return 2;
	}
	for (char *p = argv[2]; *p && shape.rank < RANK_MAX; p += *p == ',')
		shape.dim[shape.rank++] = (int32_t)strtol(p, &p, 10);
	data = arena_array(&arena, (size_t)shape_count(&shape), (size_t)dtype_info[dtype].bytes);
	random_inputs(dtype, shape_count(&shape), strtoull(argv[3], NULL, 10), "input", data);
	f = fopen(argv[4], "wb");
	if (!f || !npy_write(f, dtype, &shape, data) || fclose(f) != 0) {
		perror(argv[4]);
		return 1;
	}
	arena_free(&arena);
	return 0;
}
