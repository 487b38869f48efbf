# doc/: man pages and pages for people.

dist_man_MANS += doc/morgana-bench.1
EXTRA_DIST += doc/writing-an-app.md doc/mininet.md doc/slicer.md doc/ofp-print-differences.md doc/ofp-text-differences.md
dist_man_MANS += doc/morgana-controller.8
dist_man_MANS += doc/morgana-dump.1
dist_man_MANS += doc/morgana-switch.8

# Completion for bash, of all programs in one file; bash-completion looks for it by a program's name.
EXTRA_DIST += doc/completion/morgana doc/completion/tree
completiondir = $(datadir)/bash-completion/completions
install-data-local: install-xen
	$(MKDIR_P) $(DESTDIR)$(completiondir)
	for program in morgana-controller morgana-switch morgana-bench morgana-dump; do \
		$(INSTALL_DATA) $(srcdir)/doc/completion/morgana $(DESTDIR)$(completiondir)/$$program || exit 1; \
	done
uninstall-local: uninstall-xen
	for program in morgana-controller morgana-switch morgana-bench morgana-dump; do \
		rm -f $(DESTDIR)$(completiondir)/$$program; \
	done

# The headers' documentation, as HTML in doc/html of the build. DOXYGEN_TOO: more settings.
DOCUMENTED = $(openflowinclude_HEADERS) $(openflowruntimeinclude_HEADERS) controller/ctl.h controller/call.h
docs:
	cd $(srcdir) && { cat doc/Doxyfile && \
	    printf '%s\n' 'INPUT=$(DOCUMENTED)' 'OUTPUT_DIRECTORY=$(abs_builddir)/doc' $(DOXYGEN_TOO); } | doxygen -
clean-local: clean-docs
clean-docs:
	rm -rf doc/html
.PHONY: docs clean-docs
EXTRA_DIST += doc/Doxyfile doc/doxygen-filter

# Domains for xl, whose kernels lie beside them once `make xen` has built them.
XEN_EXAMPLES = doc/xen/morgana-controller.cfg doc/xen/morgana-switch.cfg
pkgdata_DATA += $(XEN_EXAMPLES)
EXTRA_DIST += doc/xen.md $(XEN_EXAMPLES:=.in)
CLEANFILES += $(XEN_EXAMPLES)
$(XEN_EXAMPLES): Makefile
	$(AM_V_GEN)$(MKDIR_P) doc/xen && \
	sed 's,@pkgdatadir[@],$(pkgdatadir),' $(srcdir)/$@.in > $@
doc/xen/morgana-controller.cfg: doc/xen/morgana-controller.cfg.in
doc/xen/morgana-switch.cfg: doc/xen/morgana-switch.cfg.in
install-xen:
	$(MKDIR_P) $(DESTDIR)$(pkgdatadir)
	for kernel in $(XEN_KERNELS); do \
		[ ! -e $$kernel ] || $(INSTALL_DATA) $$kernel $(DESTDIR)$(pkgdatadir) || exit 1; \
	done
uninstall-xen:
	cd $(DESTDIR)$(pkgdatadir) && rm -f $(XEN_KERNELS)
.PHONY: install-xen uninstall-xen
