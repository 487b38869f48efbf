# test/bench/: figures beside a peer's; never a pass or a fail.
EXTRA_DIST += test/bench/controller_bench.py test/bench/peers.py test/bench/switch_bench.py \
	test/bench/switches.py test/bench/tables.py test/bench/flood.py test/bench/topology_bench.py
CLEANFILES += controller-bench.json controller-bench.png

bench: bench-controller bench-slicer bench-table bench-task bench-tcp-sim
bench-controller: morgana-controller morgana-bench
	MORGANA_BUILD=$(abs_builddir) python3 $(srcdir)/test/bench/controller_bench.py $(BENCHFLAGS)
EXTRA_DIST += test/bench/slicer_bench.py
CLEANFILES += slicer-bench.json
bench-slicer: morgana-controller morgana-bench
	MORGANA_BUILD=$(abs_builddir) python3 $(srcdir)/test/bench/slicer_bench.py $(BENCHFLAGS)
.PHONY: bench-slicer
# Needs root: it makes network namespaces.
bench-switch: morgana-switch morgana-bench test/bench/flood
	MORGANA_BUILD=$(abs_builddir) python3 $(srcdir)/test/bench/switch_bench.py $(BENCHFLAGS)
# This one, too.
bench-topology: morgana-controller morgana-switch test/interop/forwarder
	MORGANA_BUILD=$(abs_builddir) python3 $(srcdir)/test/bench/topology_bench.py $(BENCHFLAGS)
.PHONY: bench bench-controller bench-switch bench-topology

noinst_PROGRAMS += test/bench/flood
test_bench_flood_SOURCES = test/bench/flood.c
test_bench_flood_CPPFLAGS = $(AM_CPPFLAGS) $(XDP_CFLAGS)
test_bench_flood_LDADD = $(XDP_LIBS)

check_PROGRAMS += test/bench/table_bench
test_bench_table_bench_SOURCES = test/bench/table_bench.c
test_bench_table_bench_LDADD = libmorgana-switch.a libmorgana-openflow.a $(UNIX_LIBS) $(XXHASH_LIBS)
bench-table: test/bench/table_bench
	$(abs_builddir)/test/bench/table_bench $(TABLEBENCHFLAGS)
.PHONY: bench-table

check_PROGRAMS += test/bench/task_bench
test_bench_task_bench_SOURCES = test/bench/task_bench.c
test_bench_task_bench_LDADD = $(SIM_LIBS)
bench-task: test/bench/task_bench
	$(abs_builddir)/test/bench/task_bench
.PHONY: bench-task

# The switch domU beside a Linux guest. Needs root, as it unpacks packages, and QEMU.
EXTRA_DIST += test/bench/xen_switch_bench.py test/xen/linux_guest.py
CLEANFILES += xen-switch-bench.json
bench-xen: bench-xen-switch
bench-xen-switch: xen
	MORGANA_BUILD=$(abs_builddir) python3 $(srcdir)/test/bench/xen_switch_bench.py $(BENCHFLAGS)
.PHONY: bench-xen bench-xen-switch

# TCP beside lwIP's and the kernel's. Needs root: it makes network namespaces.
EXTRA_DIST += test/bench/tcp_bench.py test/bench/tcp_peers.py
CLEANFILES += tcp-bench.json
noinst_PROGRAMS += test/bench/tcp_morgana test/bench/tcp_kernel test/bench/tcp_relay
TCP_JOB = test/bench/tcp_job.c test/bench/tcp_job.h
test_bench_tcp_morgana_SOURCES = test/bench/tcp_morgana.c $(TCP_JOB)
test_bench_tcp_morgana_LDADD = $(UNIX_PROGRAM_LIBS)
test_bench_tcp_kernel_SOURCES = test/bench/tcp_kernel.c $(TCP_JOB)
test_bench_tcp_relay_SOURCES = test/bench/tcp_relay.c
if HAVE_LWIP
noinst_PROGRAMS += test/bench/tcp_lwip
test_bench_tcp_lwip_SOURCES = test/bench/tcp_lwip.c $(TCP_JOB)
test_bench_tcp_lwip_CPPFLAGS = $(AM_CPPFLAGS) $(LWIP_CFLAGS)
test_bench_tcp_lwip_LDADD = $(LWIP_LIBS)
endif
bench-tcp: $(noinst_PROGRAMS)
	MORGANA_BUILD=$(abs_builddir) python3 $(srcdir)/test/bench/tcp_bench.py $(BENCHFLAGS)
.PHONY: bench-tcp

check_PROGRAMS += test/bench/tcp_path
test_bench_tcp_path_SOURCES = \
	test/bench/tcp_path.c test/unit/tcp_world.c test/unit/tcp_world.h test/unit/random.h
test_bench_tcp_path_LDADD = libmorgana-netstack.a $(SIM_LIBS)

# TCP in virtual time: the figures are the same in each run and on each machine.
EXTRA_DIST += test/bench/tcp_sim_bench.py
CLEANFILES += tcp-sim-bench.json tcp-sim-bench.png
bench-tcp-sim: test/bench/tcp_path
	MORGANA_BUILD=$(abs_builddir) python3 $(srcdir)/test/bench/tcp_sim_bench.py $(BENCHFLAGS)
.PHONY: bench-tcp-sim

# How soon a domain works, and packet-ins of the controller's. Needs root and QEMU.
EXTRA_DIST += test/bench/xen_boot_bench.py
CLEANFILES += xen-boot-bench.json
bench-xen: bench-xen-boot
bench-xen-boot: morgana-bench morgana-switch morgana-controller xen $(XEN_EXAMPLES)
	MORGANA_BUILD=$(abs_builddir) python3 $(srcdir)/test/bench/xen_boot_bench.py $(BENCHFLAGS)
.PHONY: bench-xen bench-xen-boot
