# Unit tests of netstack/ beside TCP: DHCP, DNS, whole hosts. NETSTACK_LIBS and IP_WORLD: netstack.mk.

check_PROGRAMS += test/unit/test_dhcp
TESTS += test/unit/test_dhcp
test_unit_test_dhcp_SOURCES = test/unit/test_dhcp.c test/unit/dhcp_server.h $(IP_WORLD)
test_unit_test_dhcp_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_dhcp_LDADD = $(NETSTACK_LIBS)

check_PROGRAMS += test/unit/test_dns
TESTS += test/unit/test_dns
test_unit_test_dns_SOURCES = test/unit/test_dns.c $(IP_WORLD)
test_unit_test_dns_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_dns_LDADD = $(NETSTACK_LIBS)

# What every stream must do, over Morgana's own TCP in virtual time.
check_PROGRAMS += test/unit/test_stack_stream
TESTS += test/unit/test_stack_stream
test_unit_test_stack_stream_SOURCES = test/unit/test_stream.c test/unit/ends.h \
	test/unit/ends_stack.h test/unit/stacks.h test/unit/random.h
test_unit_test_stack_stream_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_stack_stream_CPPFLAGS = $(AM_CPPFLAGS) -DENDS_STACK
test_unit_test_stack_stream_LDADD = $(NETSTACK_LIBS)

check_PROGRAMS += test/unit/test_stack
TESTS += test/unit/test_stack
test_unit_test_stack_SOURCES = test/unit/test_stack.c test/unit/dhcp_server.h test/unit/stacks.h
test_unit_test_stack_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_stack_LDADD = $(NETSTACK_LIBS)
