/* damaged MODEL...: reads every beginning of each model, and the model without each one of its bytes, as netc import would.  The reader
 * either reports an error or makes a graph, and reads nothing beyond the bytes (to be seen under the sanitizers).  Prints how many were
 * tried and how many of them were still models. */
#include <config.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "import/import.h"
#include "support/file.h"

static long tried, accepted;
static FILE *null;

static int
read_model(const char *path, const unsigned char *data, size_t size)
{
	struct arena arena = { 0 };
	struct diag diag;
	bool read;

	diag_init(&diag, &arena, null);
	struct import m = { .arena = &arena, .names = intern_new(&arena), .diag = &diag, .path = path };
	m.graph = graph_new(&arena, m.names, intern(m.names, "damaged"));
	read = tflite_is(data, size) ? tflite_read(&m, data, size) : onnx_read(&m, data, size);
	tried++;
	accepted += read;
	if (read == (diag.errors > 0)) {
		fprintf(stderr, "%s: %s\n", path, read ? "read in spite of errors" : "refused without a message");
		return 1;
	}
	diag_finish(&diag);
	import_unmap(&m);
	arena_free(&arena);
	return 0;
}

/* DATA without the bytes [AT, AT + N), in memory of just that size. */
static int
without(const char *path, const char *data, size_t size, size_t at, size_t n)
{
	unsigned char *copy = malloc(size - n ? size - n : 1);
	int bad;

	if (!copy)
		exit(2);
	memcpy(copy, data, at);
	memcpy(copy + at, data + at + n, size - at - n);
	bad = read_model(path, copy, size - n);
	free(copy);
	return bad;
}

int
main(int argc, char **argv)
{
	int bad = 0;

	if (!(null = fopen("/dev/null", "w")))
		return 2;
	for (int i = 1; i < argc; i++) {
		struct arena arena = { 0 };
		const char *data;
		size_t size;

		if (file_read(&arena, argv[i], &data, &size)) {
			fprintf(stderr, "damaged: cannot read %s\n", argv[i]);
			return 2;
		}
		for (size_t at = 0; at < size && !bad; at++)
			bad = without(argv[i], data, size, at, size - at) || without(argv[i], data, size, at, 1);
		arena_free(&arena);
	}
	fclose(null);
	printf("%ld damaged models, %ld of them are still models\n", tried, accepted);
	return bad;
}
