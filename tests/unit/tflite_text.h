/* Small TensorFlow Lite models from text, for tests.  A line is one of
 *
 *	NAME TYPE DIMS [scale S/S... [zero Z/Z...] [axis A] [custom]] [sig DIMS] [variable] [sparse] [buffer N] [at OFFSET/BYTES]
 *		[= VALUE ...]                                                          a tensor
 *	inputs NAME ...    outputs NAME ...
 *	OPERATOR INPUT ... -> OUTPUT ... [OPTION=VALUE ...]
 *
 * TYPE is f32, f16, i8, u8, i16, i32, i64, bool or a number; DIMS 1x4x4x3, "-" for none.  An operator is one of tflite_ops.def, a number, or
 * custom:NAME; its input "-" is a missing one.  Options are those of tflite_schema.def; a list is 2/3. */
#ifndef TFLITE_TEXT_H
#define TFLITE_TEXT_H
#include "support/arena.h"

/* The file's bytes in memory of exactly their size; free() them.  Aborts on what it cannot read. */
unsigned char *tflite_text(const char *text, size_t *size);
#endif
