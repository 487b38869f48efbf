# Unit tests of netstack/: one program per module.
NETSTACK_LIBS = libmorgana-netstack.a $(SIM_LIBS) $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_cc
TESTS += test/unit/test_cc
test_unit_test_cc_SOURCES = test/unit/test_cc.c
test_unit_test_cc_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_cc_LDADD = $(NETSTACK_LIBS)

check_PROGRAMS += test/unit/test_address
TESTS += test/unit/test_address
test_unit_test_address_SOURCES = test/unit/test_address.c
test_unit_test_address_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_address_LDADD = $(NETSTACK_LIBS)

# A host whose device is the test.
IP_WORLD = test/unit/ip_world.h test/unit/random.h

check_PROGRAMS += test/unit/test_arp
TESTS += test/unit/test_arp
test_unit_test_arp_SOURCES = test/unit/test_arp.c $(IP_WORLD)
test_unit_test_arp_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_arp_LDADD = $(NETSTACK_LIBS)

check_PROGRAMS += test/unit/test_acd
TESTS += test/unit/test_acd
test_unit_test_acd_SOURCES = test/unit/test_acd.c $(IP_WORLD)
test_unit_test_acd_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_acd_LDADD = $(NETSTACK_LIBS)

check_PROGRAMS += test/unit/test_ip
TESTS += test/unit/test_ip
test_unit_test_ip_SOURCES = test/unit/test_ip.c $(IP_WORLD)
test_unit_test_ip_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_ip_LDADD = $(NETSTACK_LIBS)

check_PROGRAMS += test/unit/test_tcp_secret
TESTS += test/unit/test_tcp_secret
test_unit_test_tcp_secret_SOURCES = test/unit/test_tcp_secret.c
test_unit_test_tcp_secret_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_tcp_secret_LDADD = $(NETSTACK_LIBS)
