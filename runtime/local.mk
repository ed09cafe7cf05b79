# Kernels are ordinary C that the tests compile as it is; the compiler carries their text.
RUNTIME_FILES = \
	%D%/nn_add_f32.c \
	%D%/nn_add_i16.c \
	%D%/nn_add_i32.c \
	%D%/nn_add_i8.c \
	%D%/nn_affine_f32.c \
	%D%/nn_avgpool_f32.c \
	%D%/nn_avgpool_i8.c \
	%D%/nn_clamp_f32.c \
	%D%/nn_clamp_i8.c \
	%D%/nn_conv2d_f32.c \
	%D%/nn_conv2d_i8.c \
	%D%/nn_conv2d_i8_i16.c \
	%D%/nn_conv2d_i8_i32.c \
	%D%/nn_conv2d_sum_f32.c \
	%D%/nn_copy_f32.c \
	%D%/nn_copy_i16.c \
	%D%/nn_copy_i32.c \
	%D%/nn_copy_i8.c \
	%D%/nn_dense_f32.c \
	%D%/nn_dense_i8.c \
	%D%/nn_dense_i8_i16.c \
	%D%/nn_dense_i8_i32.c \
	%D%/nn_dense_sum_f32.c \
	%D%/nn_depth_f32.h \
	%D%/nn_depth_i8.h \
	%D%/nn_dequantize_i8_f32.c \
	%D%/nn_dwconv2d_f32.c \
	%D%/nn_dwconv2d_i8.c \
	%D%/nn_dwconv2d_i8_i16.c \
	%D%/nn_dwconv2d_i8_i32.c \
	%D%/nn_dwconv2d_sum_f32.c \
	%D%/nn_even.h \
	%D%/nn_fill_f32.c \
	%D%/nn_fill_i16.c \
	%D%/nn_fill_i32.c \
	%D%/nn_fill_i8.c \
	%D%/nn_fixed.h \
	%D%/nn_gather_f32.c \
	%D%/nn_gather_i16.c \
	%D%/nn_gather_i32.c \
	%D%/nn_gather_i8.c \
	%D%/nn_hard_swish_f32.c \
	%D%/nn_host.c \
	%D%/nn_leaky_relu_f32.c \
	%D%/nn_limit_f32.h \
	%D%/nn_maxpool_f32.c \
	%D%/nn_maxpool_i8.c \
	%D%/nn_mean_f32.c \
	%D%/nn_mean_i8.c \
	%D%/nn_mul_f32.c \
	%D%/nn_mul_i8.c \
	%D%/nn_output_f32.h \
	%D%/nn_output_i8.h \
	%D%/nn_permute_f32.c \
	%D%/nn_permute_i16.c \
	%D%/nn_permute_i32.c \
	%D%/nn_permute_i8.c \
	%D%/nn_pixel_f32.h \
	%D%/nn_pixel_i8.h \
	%D%/nn_pixel_i8_i16.h \
	%D%/nn_pixel_i8_i32.h \
	%D%/nn_quantize_f32_i8.c \
	%D%/nn_reach.h \
	%D%/nn_requant.h \
	%D%/nn_rescale_i16_i8.c \
	%D%/nn_rescale_i16_i8_even.c \
	%D%/nn_rescale_i32_i8.c \
	%D%/nn_rescale_i32_i8_even.c \
	%D%/nn_resize_bilinear_f32.c \
	%D%/nn_resize_bilinear_i8.c \
	%D%/nn_resize_nearest_f32.c \
	%D%/nn_resize_nearest_i8.c \
	%D%/nn_sigmoid_f32.c \
	%D%/nn_softmax_f32.c \
	%D%/nn_softmax_i8.c \
	%D%/nn_span.h \
	%D%/nn_sub_f32.c \
	%D%/nn_sub_i8.c \
	%D%/nn_sums.h \
	%D%/nn_table_i8.c \
	%D%/nn_tanh_f32.c \
	%D%/nn_tconv2d_f32.c \
	%D%/nn_tconv2d_i8.c \
	%D%/nn_widen_i16_i32.c \
	%D%/nn_window.h
EXTRA_DIST += $(RUNTIME_FILES) tools/embed.awk
libnetc_a_SOURCES += %D%/embedded.c
libnetc_a_SOURCES += %D%/embedded.h
nodist_libnetc_a_SOURCES += %D%/embedded_files.c
CLEANFILES += %D%/embedded_files.c
%D%/embedded_files.c: $(RUNTIME_FILES) tools/embed.awk
	$(AM_V_GEN)$(MKDIR_P) %D% && (cd $(srcdir) && LC_ALL=C $(AWK) -f tools/embed.awk $(RUNTIME_FILES)) >$@-t && mv $@-t $@
