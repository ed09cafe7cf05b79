/* Small ONNX models written as text, for tests. */
#ifndef ONNX_TEXT_H
#define ONNX_TEXT_H
#include <stddef.h>
#include "support/arena.h"

/* The bytes of the model that TEXT describes, a statement a line:
 *
 *	opset 13                                   the version of the operators; 13 when not given
 *	in x f32 1x3xHx4                           an input; a word is a dimension of that name, "-" a scalar
 *	const w i8 2x3 1 2 3 4 5 6                 a constant; values that are missing repeat the last one
 *	extern w f32 2x3 w.bin 8 24                a constant in a file beside the model, from byte 8 on 24 bytes
 *	node Conv x w -> y group=1 pads=[1,1] alpha=0.5f mode=text     attributes: integer, integers, float, text
 *	out y
 */
unsigned char *onnx_text(struct arena *, const char *text, size_t *size);
#endif
