# test/interop/: real peers in network namespaces.
noinst_PROGRAMS += test/interop/faults
test_interop_faults_SOURCES = test/interop/faults.c test/unit/faults.c test/unit/faults.h \
	test/unit/corpus.c test/unit/corpus.h
test_interop_faults_LDADD = libmorgana-openflow.a

EXTRA_DIST += \
	test/interop/bench_test.py \
	test/interop/connections_test.py \
	test/interop/demo_test.py \
	test/interop/errors_test.py \
	test/interop/names_test.py \
	test/interop/peers_test.py \
	test/interop/switching_test.py
