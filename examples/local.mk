# The example networks, installed beside the documentation.
EXAMPLES = \
  %D%/kws/kws.net \
  %D%/resnet8/resnet8.net \
  %D%/resnet8/resnet8_f32.net \
  %D%/vww/vww.net \
  %D%/vww/vww_f32.net \
  %D%/ad/ad.net \
  %D%/ad/ad_f32.net \
  %D%/digits/digits.net \
  %D%/digits/weights.safetensors \
  %D%/digits/heldback_images.npy \
  %D%/digits/heldback_labels.npy \
  %D%/digits/accuracy.txt \
  %D%/digits/show.c \
  %D%/digits/train.py \
  %D%/split_sum_toy/split_sum_toy.net \
  %D%/split_sum_toy/toy.chip \
  %D%/bigconv/conv1x1.net \
  %D%/bigconv/conv3x3.net \
  %D%/bigconv/conv1x1_f32.net \
  %D%/bigconv/conv3x3_f32.net \
  %D%/shufflenet/blocks.net \
  %D%/shufflenet/shufflenet.net \
  %D%/shufflenet/shufflenet32.net \
  %D%/alexnet_groups/alexnet_groups.net \
  %D%/alexnet_groups/npu16x2.chip \
  %D%/alexnet_groups/cores.c \
  %D%/firmware/Makefile \
  %D%/firmware/an547.chip \
  %D%/firmware/main.c \
  %D%/firmware/profile.c \
  %D%/firmware/profile.h \
  %D%/firmware/selftest.c \
  %D%/firmware/startup.c \
  %D%/firmware/sections.ld \
  %D%/firmware/mps2-an386.ld \
  %D%/firmware/mps2-an500.ld \
  %D%/firmware/mps3-an547.ld
EXTRA_DIST += $(EXAMPLES)

# Installed under their own folders: PKGDATADIR/examples/kws/kws.net
install-data-hook:
	@for f in $(EXAMPLES); do \
	  to="$(DESTDIR)$(pkgdatadir)/$$f"; \
	  $(MKDIR_P) "$$(dirname "$$to")" && $(INSTALL_DATA) "$(srcdir)/$$f" "$$to" || exit 1; \
	done
uninstall-hook:
	rm -rf "$(DESTDIR)$(pkgdatadir)/examples"
	rmdir "$(DESTDIR)$(pkgdatadir)" 2>/dev/null || :
