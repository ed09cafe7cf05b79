libnetc_a_SOURCES += \
	%D%/export.h \
	%D%/onnx.c \
	%D%/onnx.h \
	%D%/onnx_layers.c \
	%D%/onnx_math.c \
	%D%/onnx_move.c \
	%D%/onnx_ops.def \
	%D%/onnx_proto.c \
	%D%/onnx_value.c

EXPORT_OBJECTS = \
	%D%/libnetc_a-onnx.$(OBJEXT) \
	%D%/libnetc_a-onnx_layers.$(OBJEXT) \
	%D%/libnetc_a-onnx_math.$(OBJEXT) \
	%D%/libnetc_a-onnx_move.$(OBJEXT) \
	%D%/libnetc_a-onnx_proto.$(OBJEXT) \
	%D%/libnetc_a-onnx_value.$(OBJEXT)
$(EXPORT_OBJECTS): import/onnx.pb-c.h
