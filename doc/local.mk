# doc/: man pages and pages for people.

dist_man_MANS += doc/morgana-bench.1
EXTRA_DIST += doc/writing-an-app.md doc/mininet.md doc/slicer.md doc/ofp-print-differences.md doc/ofp-text-differences.md
dist_man_MANS += doc/morgana-controller.8
dist_man_MANS += doc/morgana-dump.1
dist_man_MANS += doc/morgana-switch.8

# Completion for bash, of all programs in one file; bash-completion looks for it by a program's name.
EXTRA_DIST += doc/completion/morgana
completiondir = $(datadir)/bash-completion/completions
install-data-local:
	$(MKDIR_P) $(DESTDIR)$(completiondir)
	for program in morgana-controller morgana-switch morgana-bench morgana-dump; do \
		$(INSTALL_DATA) $(srcdir)/doc/completion/morgana $(DESTDIR)$(completiondir)/$$program || exit 1; \
	done
uninstall-local:
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
