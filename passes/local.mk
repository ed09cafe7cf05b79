libnetc_a_SOURCES += \
	%D%/pass.c \
	%D%/pass.h \
	%D%/passes.def \
	%D%/rewrite.c \
	%D%/rewrite.h \
	%D%/fold_const.c \
	%D%/fold_batchnorm.c \
	%D%/fold_pad.c \
	%D%/fold_act.c \
	%D%/simplify.c \
	%D%/dce.c \
	%D%/alias.c \
	%D%/place.c \
	%D%/alias.h
