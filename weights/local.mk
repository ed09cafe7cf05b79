libnetc_a_SOURCES += \
	%D%/element.c \
	%D%/element.h \
	%D%/elements.def \
	%D%/npy.c \
	%D%/random.c \
	%D%/safetensors.c \
	%D%/weights.c \
	%D%/weights.h
