# test/bench/: figures beside a peer's; never a pass or a fail.
EXTRA_DIST += test/bench/controller_bench.py test/bench/peers.py
CLEANFILES += controller-bench.json controller-bench.png

bench: bench-controller
bench-controller: morgana-controller morgana-bench
	MORGANA_BUILD=$(abs_builddir) python3 $(srcdir)/test/bench/controller_bench.py $(BENCHFLAGS)
.PHONY: bench bench-controller
