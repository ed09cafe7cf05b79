libnetc_a_SOURCES += \
	%D%/annots.c \
	%D%/annots.def \
	%D%/attrs.def \
	%D%/dtypes.def \
	%D%/eval.c \
	%D%/eval.h \
	%D%/eval_conv.c \
	%D%/eval_impl.h \
	%D%/eval_math.c \
	%D%/eval_move.c \
	%D%/eval_pool.c \
	%D%/fixed.c \
	%D%/graph.c \
	%D%/graph.h \
	%D%/ops.c \
	%D%/ops.def \
	%D%/ops.h \
	%D%/print.c \
	%D%/quant.c \
	%D%/quant.h \
	%D%/read.c \
	%D%/shape.c \
	%D%/shape.h \
	%D%/shape_conv.c \
	%D%/shape_math.c \
	%D%/shape_move.c \
	%D%/verify.c
