# Unit tests of TCP in netstack/.

# Two ends of TCP, and a wire.
TCP_WORLD = test/unit/tcp_world.c test/unit/tcp_world.h test/unit/random.h

check_PROGRAMS += test/unit/test_tcp
TESTS += test/unit/test_tcp
test_unit_test_tcp_SOURCES = test/unit/test_tcp.c $(TCP_WORLD)
test_unit_test_tcp_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_tcp_LDADD = $(NETSTACK_LIBS)

# One instance of TCP, and a peer that is written by hand.
TCP_LAB = test/unit/tcp_lab.c test/unit/tcp_lab.h

check_PROGRAMS += test/unit/test_tcp_states
TESTS += test/unit/test_tcp_states
test_unit_test_tcp_states_SOURCES = test/unit/test_tcp_states.c $(TCP_LAB)
test_unit_test_tcp_states_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_tcp_states_LDADD = $(NETSTACK_LIBS)

check_PROGRAMS += test/unit/test_tcp_rules
TESTS += test/unit/test_tcp_rules
test_unit_test_tcp_rules_SOURCES = test/unit/test_tcp_rules.c $(TCP_LAB)
test_unit_test_tcp_rules_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_tcp_rules_LDADD = $(NETSTACK_LIBS)

check_PROGRAMS += test/unit/test_tcp_loss
TESTS += test/unit/test_tcp_loss
test_unit_test_tcp_loss_SOURCES = test/unit/test_tcp_loss.c $(TCP_LAB)
test_unit_test_tcp_loss_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_tcp_loss_LDADD = $(NETSTACK_LIBS)

check_PROGRAMS += test/unit/test_tcp_segment
TESTS += test/unit/test_tcp_segment
test_unit_test_tcp_segment_SOURCES = test/unit/test_tcp_segment.c
test_unit_test_tcp_segment_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_tcp_segment_LDADD = $(NETSTACK_LIBS)
