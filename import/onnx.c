/* Reads models of the format. */
#include <config.h>
#include "import/import.h"

const struct import_op onnx_supported[] = { { NULL, NULL, NULL } };

bool
onnx_is(const unsigned char *data, size_t size)
{
	(void)data;
	(void)size;
	return false;
}

bool
onnx_read(struct import *m, const unsigned char *data, size_t size)
{
	(void)data;
	(void)size;
	import_error(m, NULL, "not yet read");
	return false;
}
