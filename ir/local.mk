libnetc_a_SOURCES += \
	%D%/annots.c \
	%D%/annots.def \
	%D%/attrs.def \
	%D%/dtypes.def \
	%D%/graph.c \
	%D%/graph.h \
	%D%/ops.c \
	%D%/ops.def \
	%D%/ops.h \
	%D%/print.c \
	%D%/read.c \
	%D%/shape.c \
	%D%/shape.h \
	%D%/shape_conv.c \
	%D%/shape_math.c \
	%D%/shape_move.c \
	%D%/verify.c
