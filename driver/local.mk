bin_PROGRAMS += netc
netc_SOURCES = \
  %D%/cmd_build.c \
  %D%/cmd_check.c \
  %D%/cmd_chip.c \
  %D%/cmd_compare.c \
  %D%/cmd_explain.c \
  %D%/cmd_export.c \
  %D%/cmd_fmt.c \
  %D%/cmd_import.c \
  %D%/cmd_report.c \
  %D%/cmd_report.h \
  %D%/cmd_run.c \
  %D%/cmd_test.c \
  %D%/compile.h \
  %D%/dead.c \
  %D%/dead.h \
  %D%/main.c \
  %D%/memories.c \
  %D%/memories.h \
  %D%/options.c \
  %D%/options.def \
  %D%/options.h \
  %D%/plans.c \
  %D%/plans.h \
  %D%/report_json.c \
  %D%/signals.c \
  %D%/signals.h \
  %D%/sweep.c \
  %D%/strips.c \
  %D%/strips.h \
  %D%/table.c \
  %D%/table.h
netc_LDADD = libnetc.a $(JANSSON_LIBS) $(PROTOBUF_C_LIBS) -lm
# The pipeline is in the library, where tests and fuzzers find it.
libnetc_a_SOURCES += \
  %D%/compile.c \
  %D%/recompute.c \
  %D%/ram.c \
  %D%/ram.h \
  %D%/progress.c \
  %D%/progress.h
