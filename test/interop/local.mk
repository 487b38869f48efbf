# test/interop/: real peers in network namespaces.
EXTRA_DIST += \
	test/interop/connections_test.py \
	test/interop/demo_test.py \
	test/interop/peers_test.py \
	test/interop/switching_test.py
