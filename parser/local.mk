libnetc_a_SOURCES += \
  %D%/ast.h \
  %D%/ast_chip.h \
  %D%/build.c \
  %D%/build.h \
  %D%/build_chip.c \
  %D%/parse.c \
  %D%/parse.h \
  %D%/parser.y \
  %D%/print.c \
  %D%/print_lines.c \
  %D%/print.h \
  %D%/print_chip.c \
  %D%/print_expr.c
BUILT_SOURCES += %D%/parser.h
%D%/libnetc_a-parse.$(OBJEXT): parser/parser.h
