libnetc_a_SOURCES += \
	%D%/arena.c \
	%D%/arena.h \
	%D%/array.c \
	%D%/array.h \
	%D%/diag.c \
	%D%/diag.h \
	%D%/diag_show.c \
	%D%/diag_show.h \
	%D%/disjoint.h \
	%D%/file.c \
	%D%/file.h \
	%D%/intern.c \
	%D%/intern.h \
	%D%/outputs.c \
	%D%/suggest.c \
	%D%/warnings.def
