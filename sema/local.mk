libnetc_a_SOURCES += \
  %D%/annot.c \
  %D%/annot.h \
  %D%/attr.c \
  %D%/bind.c \
  %D%/build.c \
  %D%/build.h \
  %D%/call.c \
  %D%/call.h \
  %D%/const.c \
  %D%/eval.c \
  %D%/expand.c \
  %D%/load.c \
  %D%/operand.c \
  %D%/path.c \
  %D%/schedule.c \
  %D%/scope.c \
  %D%/sema.h \
  %D%/source.c \
  %D%/test.c \
  %D%/type.c \
  %D%/unused.c
