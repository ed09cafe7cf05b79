/* Networks -> models of other tools: ONNX.
 *
 *	onnx.c            the model as a whole: inputs, outputs, each layer by a table, the file
 *	onnx_proto.c      its messages: nodes, attributes, constants, names
 *	onnx_value.c      how the values of the network lie in the model
 *	onnx_layers.c onnx_math.c onnx_move.c   the operations
 *
 * The model is made of the graph as the language's front end has built it, before any pass. */
#ifndef EXPORT_EXPORT_H
#define EXPORT_EXPORT_H
#include <stdio.h>
#include "ir/graph.h"

struct export_model;

/* G, a verified and tidied graph without operations of passes, as an ONNX model (docs/import.md); NULL after reporting every layer that
 * cannot be one.  Constants' data is borrowed. */
const struct export_model *export_onnx(struct arena *, struct diag *, const struct graph *g);
/* A failure shows when the file is closed. */
void export_write(FILE *, const struct export_model *);
#endif
