# What other build systems find an installed netc by.  Made by make, since its directories may be given to make.
pkgconfigdir = $(datadir)/pkgconfig
cmakedir = $(datadir)/cmake/netc
nodist_pkgconfig_DATA = %D%/netc.pc
nodist_cmake_DATA = %D%/netcConfig.cmake %D%/netcConfigVersion.cmake
installed_files = $(nodist_pkgconfig_DATA) $(nodist_cmake_DATA)
EXTRA_DIST += %D%/netc.pc.in %D%/netcConfig.cmake.in %D%/netcConfigVersion.cmake.in
CLEANFILES += $(installed_files)
$(installed_files): Makefile
	$(AM_V_GEN)$(MKDIR_P) %D% && sed -e 's|@prefix[@]|$(prefix)|' -e 's|@exec_prefix[@]|$(exec_prefix)|' \
	  -e 's|@bindir[@]|$(bindir)|' -e 's|@datadir[@]|$(datadir)|' -e 's|@pkgdatadir[@]|$(pkgdatadir)|' \
	  -e 's|@version[@]|$(PACKAGE_VERSION)|' $(srcdir)/$@.in >$@-t && mv $@-t $@
%D%/netc.pc: %D%/netc.pc.in
%D%/netcConfig.cmake: %D%/netcConfig.cmake.in
%D%/netcConfigVersion.cmake: %D%/netcConfigVersion.cmake.in
