# doc/: man pages and pages for people.

dist_man_MANS += doc/morgana-bench.1
EXTRA_DIST += doc/mininet.md doc/ofp-print-differences.md doc/ofp-text-differences.md
dist_man_MANS += doc/morgana-controller.8
dist_man_MANS += doc/morgana-dump.1
dist_man_MANS += doc/morgana-switch.8
