/* ONNX's protocol buffers as messages of protobuf-c: bounded, and without copies of large tensors. */
#ifndef IMPORT_ONNX_PROTO_H
#define IMPORT_ONNX_PROTO_H
#include <stdbool.h>
#include "import/onnx.pb-c.h"
#include "support/arena.h"

/* The model in DATA, or NULL with the reason in WHY.  The elements of tensors above some size are not in the message:
 * its segment [begin, end) says where in DATA they are (the format's own segments are refused). */
Onnx__ModelProto *onnx_unpack_model(struct arena *, const unsigned char *data, size_t size, const char **why);
/* The same for a tensor in a file of its own. */
Onnx__TensorProto *onnx_unpack_tensor(struct arena *, const unsigned char *data, size_t size, const char **why);
/* Whether DATA begins as a model does: with known fields of their types, the version of the format among them. */
bool onnx_model_plausible(const unsigned char *data, size_t size);
#endif
