# MALLOC_...: freed memory stays with the programs (glibc), which else give the kernel pages back that they touch again at once.
AM_TESTS_ENVIRONMENT = \
  NETC='$(abs_top_builddir)/netc$(EXEEXT)'; export NETC; \
  ONNXCASES='$(abs_top_builddir)/%D%/onnxcases$(EXEEXT)'; export ONNXCASES; \
  DAMAGED='$(abs_top_builddir)/%D%/damaged$(EXEEXT)'; export DAMAGED; \
  ONNX_DATA='$(ONNX_DATA)'; export ONNX_DATA; \
  NPYCMP='$(abs_top_builddir)/%D%/npycmp$(EXEEXT)'; export NPYCMP; \
  top_srcdir='$(abs_top_srcdir)'; export top_srcdir; \
  top_builddir='$(abs_top_builddir)'; export top_builddir; \
  CC='$(CC)'; export CC; \
  MALLOC_TRIM_THRESHOLD_=100000000; MALLOC_MMAP_THRESHOLD_=4000000; MALLOC_TOP_PAD_=1000000; \
  export MALLOC_TRIM_THRESHOLD_ MALLOC_MMAP_THRESHOLD_ MALLOC_TOP_PAD_; \
  ASAN_OPTIONS=detect_leaks=1:quarantine_size_mb=8; export ASAN_OPTIONS; \
  CK_TAP_LOG_FILE_NAME=-; CK_VERBOSITY=silent; CK_DEFAULT_TIMEOUT=120; \
  export CK_TAP_LOG_FILE_NAME CK_VERBOSITY CK_DEFAULT_TIMEOUT;
TEST_EXTENSIONS = .test
TAP_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
LOG_DRIVER = $(TAP_DRIVER)
TEST_LOG_DRIVER = $(TAP_DRIVER)

shell_tests = \
  %D%/chips_random.test \
  %D%/chip_models.test \
  %D%/chip_tools.test \
  %D%/blocks_aarch64-dotprod.test \
  %D%/blocks_cortex-m4.test \
  %D%/blocks_cortex-m55.test \
  %D%/blocks_portable-f32.test \
  %D%/blocks_portable32.test \
  %D%/blocks_rv64gcv.test \
  %D%/blocks_x86-64-v3.test \
  %D%/blocks_x86-64-v4.test \
  %D%/blocks_x86-64-v4-vnni.test \
  %D%/chips.test \
  %D%/cores.test \
  %D%/examples.test \
  %D%/export.test \
  %D%/import_models.test \
  %D%/import_tflite.test \
  %D%/models.test \
  %D%/onnx.test \
  %D%/random.test \
  %D%/golden.test \
  %D%/diags.test \
  %D%/docs.test \
  %D%/options.test \
  %D%/packages.test \
  %D%/page.test \
  %D%/profile.test \
  %D%/stack.test \
  %D%/memories.test \
  %D%/streams.test \
  %D%/selftest.test \
  %D%/signals.test \
  %D%/sources.test
# The unit tests are one long program: first, so that the others run beside it.
if HAVE_CHECK
TESTS += %D%/unit/unit
endif
TESTS += $(shell_tests)
check_PROGRAMS += %D%/damaged %D%/npycmp %D%/npyrand %D%/onnxcases %D%/netgen %D%/chipgen
%C%_damaged_SOURCES = %D%/damaged.c
%C%_damaged_LDADD = libnetc.a $(JANSSON_LIBS) $(PROTOBUF_C_LIBS)
%C%_chipgen_SOURCES = %D%/chipgen.c %D%/random.h
%C%_netgen_SOURCES = %D%/netgen.c %D%/random.h
%C%_npycmp_SOURCES = %D%/npycmp.c
%C%_npycmp_LDADD = libnetc.a $(JANSSON_LIBS) $(PROTOBUF_C_LIBS)
%C%_onnxcases_SOURCES = %D%/onnxcases.c
%C%_onnxcases_LDADD = libnetc.a $(JANSSON_LIBS) $(PROTOBUF_C_LIBS)
%C%_npyrand_SOURCES = %D%/npyrand.c
%C%_npyrand_LDADD = libnetc.a $(JANSSON_LIBS) $(PROTOBUF_C_LIBS)
EXTRA_DIST += $(shell_tests) %D%/lib.sh %D%/blocks.sh %D%/together.sh %D%/together.awk %D%/blockties.c %D%/board_arguments.c %D%/onnx-unsupported %D%/stack.awk %D%/golden %D%/models %D%/export %D%/net_write %D%/chips %D%/fuzz tools/check-includes.sh tools/diag-texts.pl tools/plan-check.pl %D%/diag-unshown

if HAVE_CHECK
check_PROGRAMS += %D%/unit/unit
%C%_unit_unit_SOURCES = \
  %D%/unit/unit.c \
  %D%/unit/unit.h \
  %D%/unit/asserts.h \
  %D%/unit/test_support.c \
  %D%/unit/test_parser.c \
  %D%/unit/test_fmt.c \
  %D%/unit/test_chip_parser.c \
  %D%/unit/test_chip_fmt.c \
  %D%/unit/test_chip_reference.c \
  %D%/unit/dump_ast.c \
  %D%/unit/dump_ast.h \
  %D%/unit/texts.c \
  %D%/unit/texts.h \
  %D%/unit/parser_errors.def \
  %D%/unit/chip_errors.def \
  %D%/unit/test_diag.c \
  %D%/unit/test_file.c \
  %D%/unit/test_weights.c \
  %D%/unit/test_npy.c \
  %D%/unit/test_quant.c \
  %D%/unit/test_eval.c \
  %D%/unit/test_ir.c \
  %D%/unit/test_shape.c \
  %D%/unit/test_emit.c \
  %D%/unit/test_runtime.c \
  %D%/unit/test_lower.c \
  %D%/unit/test_lower_unit.c \
  %D%/unit/test_sums.c \
  %D%/unit/test_passes.c \
  %D%/unit/test_dead.c \
  %D%/unit/test_shuffle.c \
  %D%/unit/shuffle_rows.def \
  %D%/unit/test_split.c \
  %D%/unit/test_strips.c \
  %D%/unit/test_verify.c \
  %D%/unit/test_storage.c \
  %D%/unit/test_plan.c \
  %D%/unit/test_memories.c \
  %D%/unit/test_overlap.c \
  %D%/unit/test_stream.c \
  %D%/unit/test_report.c \
  %D%/unit/test_sema.c \
  %D%/unit/pass_bench.c \
  %D%/unit/pass_bench.h \
  %D%/unit/random_graph.c \
  %D%/unit/random_graph.h \
  %D%/unit/run_program.c \
  %D%/unit/run_program.h \
  %D%/unit/kernels.def \
  %D%/unit/passes_rows.def \
  %D%/unit/split_rows.def \
  %D%/unit/shape_rows.def \
  %D%/unit/eval_rows.h \
  %D%/unit/test_chip_set.c \
  %D%/unit/test_chip_layout.c \
  %D%/unit/test_candidates.c \
  %D%/unit/test_net_write.c \
  %D%/unit/test_chip_fit.c \
  %D%/unit/chip_text.h \
  %D%/unit/test_onnx.c \
  %D%/unit/onnx_text.c \
  %D%/unit/onnx_text.h \
  %D%/unit/onnx_rows.def \
  %D%/unit/onnx_errors.def \
  %D%/unit/test_tflite.c \
  %D%/unit/tflite_text.c \
  %D%/unit/tflite_text.h \
  %D%/unit/tflite_rows.def \
  %D%/unit/tflite_errors.def \
  %D%/unit/suites.def
%C%_unit_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/%D%/unit $(CHECK_CFLAGS)
%C%_unit_unit_LDADD = libnetc.a $(CHECK_LIBS) $(JANSSON_LIBS) $(PROTOBUF_C_LIBS)
endif

.PHONY: update-golden
update-golden: all
	@$(AM_TESTS_ENVIRONMENT) UPDATE=1 $(SHELL) $(top_srcdir)/%D%/golden.test
