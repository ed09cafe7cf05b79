/* Any bytes as an ONNX model: messages, or a graph without a broken invariant (the reader verifies it). */
#include <config.h>
#include <stdlib.h>
#include "import/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *null;
	struct arena arena = { 0 };
	struct diag diag;

	if (!null && !(null = fopen("/dev/null", "w")))
		abort();
	diag_init(&diag, &arena, null);
	struct import m = { .arena = &arena, .names = intern_new(&arena), .diag = &diag, .path = "fuzz.onnx" };
	m.graph = graph_new(&arena, m.names, intern(m.names, "fuzz"));
	if (onnx_read(&m, data, size) == (diag.errors > 0))
		abort();
	diag_finish(&diag);
	arena_free(&arena);
	return 0;
}
