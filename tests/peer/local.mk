# make peer-check: networks and models against their own runtimes; not part of make check.
EXTRA_DIST += %D%/check.sh %D%/builder.js %D%/compare.js %D%/export.js %D%/layers.js %D%/models.js %D%/netc.js %D%/nets.js %D%/npy.js %D%/onnx.js %D%/peer.js \
  %D%/quantise.js %D%/random.js %D%/runtimes.js

.PHONY: peer-check
peer-check: netc$(EXEEXT)
	@$(SHELL) $(top_srcdir)/%D%/check.sh $(abs_top_builddir)/netc$(EXEEXT) '$(CC)' $(abs_top_srcdir)/%D% $(abs_top_builddir)/%D%
