libnetc_a_SOURCES += \
  %D%/lexer.h \
  %D%/lexer.l
# BUILT_SOURCES orders only "make all" and "make check"; this orders "make netc".
%D%/libnetc_a-lexer.$(OBJEXT): parser/parser.h
