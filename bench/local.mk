# make bench: times of netc itself; not part of make check.
EXTRA_PROGRAMS += %D%/measure %D%/bigweights
%C%_measure_SOURCES = %D%/measure.c
%C%_bigweights_SOURCES = %D%/bigweights.c
EXTRA_DIST += %D%/cortex_m.c %D%/cortex_m.sh %D%/speed.sh %D%/timing.h %D%/time_net.c %D%/peak.c %D%/peer_dnnl.c %D%/peer_ort.js %D%/compiler.sh %D%/resnet50.net
CLEANFILES += %D%/measure$(EXEEXT) %D%/bigweights$(EXEEXT)

.PHONY: bench bench-speed bench-cortex-m
bench: netc$(EXEEXT) %D%/measure$(EXEEXT) %D%/bigweights$(EXEEXT)
	@top_srcdir="$(abs_top_srcdir)" $(SHELL) $(top_srcdir)/%D%/compiler.sh $(abs_top_builddir)/netc$(EXEEXT) $(abs_top_builddir)/%D%

# Times of the code that netc writes.
bench-speed: netc$(EXEEXT)
	@top_srcdir="$(abs_top_srcdir)" CC="$(CC)" $(SHELL) $(top_srcdir)/%D%/speed.sh $(abs_top_builddir)/netc$(EXEEXT) $(abs_top_builddir)/%D%/peers

# Executed instructions on Cortex-M.  MODELS=DIR: of the trained networks.
bench-cortex-m: netc$(EXEEXT)
	@top_srcdir="$(abs_top_srcdir)" $(SHELL) $(top_srcdir)/%D%/cortex_m.sh $(abs_top_builddir)/netc$(EXEEXT)
