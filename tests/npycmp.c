/* npycmp [--tol REL | --onnx] FOUND.npy EXPECTED.npy: equal bytes for integers; for f32 every difference at most REL (default
 * 1e-5) of the largest expected magnitude, or as ONNX's own test runner has it: 1e-3 of the expected value and 1e-7.  Leading dimensions of 1 don't count.  Prints the first difference. */
#include <config.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "weights/weights.h"

static void
load(struct npy *a, struct arena *arena, const char *path)
{
	const char *why = npy_read(a, arena, path);

	if (why) {
		fprintf(stderr, "npycmp: %s: %s\n", path, why);
		exit(2);
	}
}

/* TOLERANCE 0: that of ONNX's runner. */
static int64_t
first_difference(const struct npy *a, const struct npy *b, int64_t n, double tolerance)
{
	size_t size = (size_t)dtype_info[a->dtype].bytes;
	const float *x = a->data, *y = b->data;
	double largest = 0;

	if (a->dtype != DT_F32) {
		for (int64_t i = 0; i < n; i++)
			if (memcmp((const char *)a->data + (size_t)i * size, (const char *)b->data + (size_t)i * size, size) != 0)
				return i;
		return -1;
	}
	for (int64_t i = 0; i < n; i++)
		largest = fmax(largest, fabs((double)y[i]));
	for (int64_t i = 0; i < n; i++)
		if (!(fabs((double)x[i] - (double)y[i]) <= (tolerance ? tolerance * largest : 1e-7 + 1e-3 * fabs((double)y[i]))))
			return i; /* a NaN differs */
	return -1;
}

static double
element(const struct npy *a, int64_t i)
{
	switch (a->dtype) {
	case DT_F32: return ((const float *)a->data)[i];
	case DT_I8: return ((const int8_t *)a->data)[i];
	case DT_I16: return ((const int16_t *)a->data)[i];
	case DT_I32: return ((const int32_t *)a->data)[i];
	case DT_COUNT: break;
	}
	return 0;
}

int
main(int argc, char *argv[])
{
	struct arena arena = { 0 };
	struct npy a, b;
	double tolerance = 1e-5;
	int64_t at;

	if (argc == 5 && strcmp(argv[1], "--tol") == 0) {
		tolerance = atof(argv[2]);
		argv += 2;
		argc -= 2;
	} else if (argc == 4 && strcmp(argv[1], "--onnx") == 0) {
		tolerance = 0;
		argv++;
		argc--;
	}
	if (argc != 3) {
		fputs("usage: npycmp [--tol REL | --onnx] FOUND.npy EXPECTED.npy\n", stderr);
		return 2;
	}
	load(&a, &arena, argv[1]);
	load(&b, &arena, argv[2]);
	if (a.dtype != b.dtype || !npy_shape_fits(&a.shape, &b.shape)) {
		printf("%s: type or shape differs from %s\n", argv[1], argv[2]);
		return 1;
	}
	at = first_difference(&a, &b, shape_count(&a.shape), tolerance);
	if (at >= 0)
		printf("%s: element %lld is %.9g, expected %.9g\n", argv[1], (long long)at, element(&a, at), element(&b, at));
	arena_free(&arena);
	return at >= 0;
}
