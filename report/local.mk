# The page's style and script are files of their own, which netc carries.
PAGE_FILES = \
	%D%/graph.css \
	%D%/page.css \
	%D%/page.js
EXTRA_DIST += $(PAGE_FILES)
libnetc_a_SOURCES += \
  %D%/dot.c \
  %D%/drawing.c \
  %D%/drawing.h \
  %D%/layers.c \
  %D%/layout.c \
  %D%/layout.h \
  %D%/markup.c \
  %D%/markup.h \
  %D%/memory.c \
  %D%/page.c \
  %D%/page.h \
  %D%/profile.c \
  %D%/profile.h \
  %D%/report.h \
  %D%/svg.c \
  %D%/tables.c
nodist_libnetc_a_SOURCES += %D%/page_files.c
CLEANFILES += %D%/page_files.c
%D%/page_files.c: $(PAGE_FILES) tools/embed.awk
	$(AM_V_GEN)$(MKDIR_P) %D% && (cd $(srcdir) && LC_ALL=C $(AWK) -v table=page_files -f tools/embed.awk $(PAGE_FILES)) >$@-t && mv $@-t $@
