libnetc_a_SOURCES += \
	%D%/activation.c \
	%D%/flatbuffer.c \
	%D%/flatbuffer.h \
	%D%/import.c \
	%D%/import.h \
	%D%/net.h \
	%D%/net_block.c \
	%D%/net_choose.c \
	%D%/net_form.c \
	%D%/net_local.c \
	%D%/net_loop.c \
	%D%/net_name.c \
	%D%/net_path.c \
	%D%/net_print.c \
	%D%/net_search.c \
	%D%/net_search.h \
	%D%/net_segment.c \
	%D%/net_unify.c \
	%D%/net_vars.c \
	%D%/net_weights.c \
	%D%/net_write.c \
	%D%/onnx.c \
	%D%/onnx.h \
	%D%/onnx_const.c \
	%D%/onnx_dense.c \
	%D%/onnx_fold.c \
	%D%/onnx_io.c \
	%D%/onnx_layers.c \
	%D%/onnx_math.c \
	%D%/onnx_move.c \
	%D%/onnx_name.c \
	%D%/onnx_node.c \
	%D%/onnx_ops.def \
	%D%/onnx_order.c \
	%D%/onnx_pool.c \
	%D%/onnx_proto.c \
	%D%/onnx_proto.h \
	%D%/onnx_quant.c \
	%D%/onnx_reduce.c \
	%D%/onnx_resize.c \
	%D%/onnx_shape.c \
	%D%/onnx_tensor.c \
	%D%/onnx_types.def \
	%D%/onnx_value.c \
	%D%/onnx_window.c \
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

# The messages of ONNX: from its own schema, by protobuf-c.
nodist_libnetc_a_SOURCES += %D%/onnx.pb-c.c %D%/onnx.pb-c.h
BUILT_SOURCES += %D%/onnx.pb-c.h
CLEANFILES += %D%/onnx.pb-c.c %D%/onnx.pb-c.h
%D%/onnx.pb-c.c: $(ONNX_PROTO)
	$(AM_V_GEN)$(MKDIR_P) %D% && proto='$(ONNX_PROTO)' && $(PROTOC_C) --c_out=%D% -I"$${proto%/*}" "$$proto"
%D%/onnx.pb-c.h: %D%/onnx.pb-c.c
ONNX_OBJECTS = \
	%D%/libnetc_a-onnx.$(OBJEXT) \
	%D%/libnetc_a-onnx_const.$(OBJEXT) \
	%D%/libnetc_a-onnx_dense.$(OBJEXT) \
	%D%/libnetc_a-onnx_fold.$(OBJEXT) \
	%D%/libnetc_a-onnx_io.$(OBJEXT) \
	%D%/libnetc_a-onnx_layers.$(OBJEXT) \
	%D%/libnetc_a-onnx_math.$(OBJEXT) \
	%D%/libnetc_a-onnx_move.$(OBJEXT) \
	%D%/libnetc_a-onnx_name.$(OBJEXT) \
	%D%/libnetc_a-onnx_node.$(OBJEXT) \
	%D%/libnetc_a-onnx_order.$(OBJEXT) \
	%D%/libnetc_a-onnx_pool.$(OBJEXT) \
	%D%/libnetc_a-onnx_proto.$(OBJEXT) \
	%D%/libnetc_a-onnx_quant.$(OBJEXT) \
	%D%/libnetc_a-onnx_reduce.$(OBJEXT) \
	%D%/libnetc_a-onnx_resize.$(OBJEXT) \
	%D%/libnetc_a-onnx_shape.$(OBJEXT) \
	%D%/libnetc_a-onnx_tensor.$(OBJEXT) \
	%D%/libnetc_a-onnx_value.$(OBJEXT) \
	%D%/libnetc_a-onnx_window.$(OBJEXT)
$(ONNX_OBJECTS): import/onnx.pb-c.h
