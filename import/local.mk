libnetc_a_SOURCES += \
	%D%/import.c \
	%D%/import.h \
	%D%/net_write.c \
	%D%/onnx.c \
	%D%/tflite.c
