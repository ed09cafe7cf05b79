libnetc_a_SOURCES += \
	%D%/blocks.c \
	%D%/blocks.h \
	%D%/bounds.h \
	%D%/candidates.h \
	%D%/chip.h \
	%D%/kinds.def \
	%D%/params.def \
	%D%/plan.h \
	%D%/reader.h \
	%D%/vars.def \
	%D%/bounds.c \
	%D%/candidates.c \
	%D%/check.c \
	%D%/cost.c \
	%D%/cuts.c \
	%D%/expr.c \
	%D%/fit.c \
	%D%/layout.c \
	%D%/misfit.c \
	%D%/needs.c \
	%D%/part.c \
	%D%/plan_cost.c \
	%D%/plan_text.c \
	%D%/read.c \
	%D%/read_layout.c \
	%D%/read_memory.c \
	%D%/read_op.c \
	%D%/read_set.c \
	%D%/read_words.c \
	%D%/reader.c \
	%D%/resolve.c \
	%D%/search.c \
	%D%/search.h \
	%D%/set.c \
	%D%/tables.c \
	%D%/template.c
chipsdir = $(pkgdatadir)/chips
dist_chips_DATA = \
	%D%/aarch64-dotprod.chip \
	%D%/aarch64-dotprod.h \
	%D%/cortex-m4.chip \
	%D%/cortex-m4.h \
	%D%/cortex-m55.chip \
	%D%/block-plain.h \
	%D%/cortex-m55.h \
	%D%/ethos-u55.chip \
	%D%/gemmini.chip \
	%D%/k210.chip \
	%D%/max78000.chip \
	%D%/mlu220.chip \
	%D%/npu16.chip \
	%D%/npu16.h \
	%D%/portable32.chip \
	%D%/portable32.h \
	%D%/x86-64-v3.chip \
	%D%/x86-64-v3.h
