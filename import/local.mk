libnetc_a_SOURCES += \
	%D%/flatbuffer.c \
	%D%/flatbuffer.h \
	%D%/import.c \
	%D%/import.h \
	%D%/net.h \
	%D%/net_form.c \
	%D%/net_name.c \
	%D%/net_path.c \
	%D%/net_print.c \
	%D%/net_segment.c \
	%D%/net_vars.c \
	%D%/net_weights.c \
	%D%/net_write.c \
	%D%/onnx.c \
	%D%/tflite.c \
	%D%/tflite.h \
	%D%/tflite_ints.c \
	%D%/tflite_layers.c \
	%D%/tflite_math.c \
	%D%/tflite_move.c \
	%D%/tflite_name.c \
	%D%/tflite_op.c \
	%D%/tflite_ops.def \
	%D%/tflite_schema.def \
	%D%/tflite_slice.c \
	%D%/tflite_value.c
