# test/interop/: real peers in network namespaces.
noinst_PROGRAMS += test/interop/faults
test_interop_faults_SOURCES = test/interop/faults.c test/unit/faults.c test/unit/faults.h \
	test/unit/corpus.c test/unit/corpus.h
test_interop_faults_LDADD = libmorgana-openflow.a

noinst_PROGRAMS += test/interop/forwarder
test_interop_forwarder_SOURCES = test/interop/forwarder.c test/unit/random.h
test_interop_forwarder_LDADD = $(UNIX_DEVICE_LIBS)

noinst_PROGRAMS += test/interop/host
test_interop_host_SOURCES = test/interop/host.c
test_interop_host_LDADD = $(UNIX_PROGRAM_LIBS)

noinst_PROGRAMS += test/interop/relay
test_interop_relay_SOURCES = test/interop/relay.c
test_interop_relay_LDADD = $(UNIX_PROGRAM_LIBS)

EXTRA_DIST += \
	test/interop/appctl_test.py \
	test/interop/balancer_test.py \
	test/interop/bench_test.py \
	test/interop/conformance_test.py \
	test/interop/connections_test.py \
	test/interop/demo_test.py \
	test/interop/direct_test.py \
	test/interop/errors_test.py \
	test/interop/failover_test.py \
	test/interop/firewall_test.py \
	test/interop/hostile_test.py \
	test/interop/lab_test.py \
	test/interop/mininet_test.py \
	test/interop/netdev_test.py \
	test/interop/names_test.py \
	test/interop/ofctl_peers_test.py \
	test/interop/ofctl_test.py \
	test/interop/peers_test.py \
	test/interop/router_test.py \
	test/interop/signals_test.py \
	test/interop/slicer_test.py \
	test/interop/stack_test.py \
	test/interop/switch_test.py \
	test/interop/switch_bench_test.py \
	test/interop/switching_test.py \
	test/interop/tcp_bench_test.py \
	test/interop/topology_test.py
