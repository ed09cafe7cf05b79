AM_TESTS_ENVIRONMENT = \
  NETC='$(abs_top_builddir)/netc$(EXEEXT)'; export NETC; \
  NPYCMP='$(abs_top_builddir)/%D%/npycmp$(EXEEXT)'; export NPYCMP; \
  top_srcdir='$(abs_top_srcdir)'; export top_srcdir; \
  top_builddir='$(abs_top_builddir)'; export top_builddir; \
  CC='$(CC)'; export CC; \
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
  %D%/blocks.test \
  %D%/chips.test \
  %D%/cores.test \
  %D%/examples.test \
  %D%/import_models.test \
  %D%/import_tflite.test \
  %D%/models.test \
  %D%/random.test \
  %D%/golden.test \
  %D%/diags.test \
  %D%/docs.test \
  %D%/options.test \
  %D%/page.test \
  %D%/profile.test \
  %D%/stack.test \
  %D%/selftest.test \
  %D%/signals.test \
  %D%/sources.test
# The unit tests are one long program: first, so that the others run beside it.
if HAVE_CHECK
TESTS += %D%/unit/unit
endif
TESTS += $(shell_tests)
check_PROGRAMS += %D%/npycmp %D%/npyrand %D%/netgen %D%/chipgen
%C%_chipgen_SOURCES = %D%/chipgen.c %D%/random.h
%C%_netgen_SOURCES = %D%/netgen.c %D%/random.h
%C%_npycmp_SOURCES = %D%/npycmp.c
%C%_npycmp_LDADD = libnetc.a $(JANSSON_LIBS) $(PROTOBUF_C_LIBS)
%C%_npyrand_SOURCES = %D%/npyrand.c
