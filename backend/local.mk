libnetc_a_SOURCES += %D%/backend.h
libnetc_a_SOURCES += %D%/program.h
libnetc_a_SOURCES += %D%/cfile.c
libnetc_a_SOURCES += %D%/chip_code.c
libnetc_a_SOURCES += %D%/cores.c
libnetc_a_SOURCES += %D%/cgen.c
libnetc_a_SOURCES += %D%/cgen.h
libnetc_a_SOURCES += %D%/data.c
libnetc_a_SOURCES += %D%/describe.c
libnetc_a_SOURCES += %D%/emit.c
libnetc_a_SOURCES += %D%/emit.h
libnetc_a_SOURCES += %D%/hfile.c
libnetc_a_SOURCES += %D%/ident.c
libnetc_a_SOURCES += %D%/mainfile.c
libnetc_a_SOURCES += %D%/package.c
libnetc_a_SOURCES += %D%/parts.c
libnetc_a_SOURCES += %D%/pieces.c
libnetc_a_SOURCES += %D%/selftest.c
libnetc_a_SOURCES += %D%/spec.c
libnetc_a_SOURCES += %D%/weights.c
libnetc_a_SOURCES += %D%/lower.c
libnetc_a_SOURCES += %D%/lower.h
libnetc_a_SOURCES += %D%/lower_layer.c
libnetc_a_SOURCES += %D%/lower_math.c
libnetc_a_SOURCES += %D%/lower_move.c
libnetc_a_SOURCES += %D%/moves.c
libnetc_a_SOURCES += %D%/order.c
libnetc_a_SOURCES += %D%/overlap.c
libnetc_a_SOURCES += %D%/reads.c %D%/reads.h
libnetc_a_SOURCES += %D%/access.c
libnetc_a_SOURCES += %D%/access.h
libnetc_a_SOURCES += %D%/arenas.c
libnetc_a_SOURCES += %D%/assign.c
libnetc_a_SOURCES += %D%/assign.h
libnetc_a_SOURCES += %D%/memories.c
libnetc_a_SOURCES += %D%/memories.h
libnetc_a_SOURCES += %D%/place.c
libnetc_a_SOURCES += %D%/plan.c
libnetc_a_SOURCES += %D%/plan.h
libnetc_a_SOURCES += %D%/program_print.c
libnetc_a_SOURCES += %D%/stream.c
libnetc_a_SOURCES += %D%/stream_alias.c
libnetc_a_SOURCES += %D%/stream.h
libnetc_a_SOURCES += %D%/stream_choose.c
libnetc_a_SOURCES += %D%/input_rows.c
libnetc_a_SOURCES += %D%/input_rows_emit.c
libnetc_a_SOURCES += %D%/stream_emit.c
libnetc_a_SOURCES += %D%/stream_strips.c
libnetc_a_SOURCES += %D%/chip_c.c
libnetc_a_SOURCES += %D%/chip_c.h
libnetc_a_SOURCES += %D%/chip_call.c
libnetc_a_SOURCES += %D%/chip_doc.c
libnetc_a_SOURCES += %D%/chip_mock.c
libnetc_a_SOURCES += %D%/chip_suite.c
libnetc_a_SOURCES += %D%/lower_block.c
libnetc_a_SOURCES += %D%/lower_runs.c
libnetc_a_SOURCES += %D%/lower_block_f32.c
libnetc_a_SOURCES += %D%/lower_dot.c
libnetc_a_SOURCES += %D%/lower_unit.c
libnetc_a_SOURCES += %D%/lower_unit.h
libnetc_a_SOURCES += %D%/unit_numbers.c
libnetc_a_SOURCES += %D%/unit_order.c
libnetc_a_SOURCES += %D%/unit_text.c
# The files of packages are templates, which netc carries.
PACKAGE_FILES = \
	%D%/package/arduino_keywords.txt \
	%D%/package/arduino_library.properties \
	%D%/package/cmake.txt \
	%D%/package/zephyr.txt \
	%D%/package/zephyr_Kconfig \
	%D%/package/zephyr_module.yml
EXTRA_DIST += $(PACKAGE_FILES)
nodist_libnetc_a_SOURCES += %D%/package_files.c
CLEANFILES += %D%/package_files.c
%D%/package_files.c: $(PACKAGE_FILES) tools/embed.awk
	$(AM_V_GEN)$(MKDIR_P) %D% && (cd $(srcdir) && LC_ALL=C $(AWK) -v table=package_files -f tools/embed.awk $(PACKAGE_FILES)) >$@-t && mv $@-t $@
