# Unit tests of xen/: what needs no Xen, compiled for UNIX, over a Xen that fake_xen.c plays.
check_LIBRARIES += libxen-fake.a
libxen_fake_a_SOURCES = \
	xen/clock.c xen/console.c xen/control.c xen/counters.c xen/evtchn.c xen/files.c xen/grant.c xen/heap.c xen/line.c \
	xen/netfront.c xen/netfront_rx.c xen/netfront_tx.c xen/offload.c xen/page.c xen/rx_pages.c xen/suspend.c \
	xen/tar.c xen/vif.c xen/xenbus.c xen/xenstore.c \
	test/unit/fake_backend.c test/unit/fake_backend.h test/unit/fake_store.c test/unit/fake_store.h test/unit/fake_xen.c test/unit/fake_xen.h
libxen_fake_a_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(XXHASH_CFLAGS)
XEN_FAKE_LIBS = libxen-fake.a libruntime.a libxen-fake.a $(SIM_LIBS) $(CHECK_LIBS)

# The commands of a program whose way in is the console.
check_LIBRARIES += libappctl-console.a
libappctl_console_a_SOURCES = $(APPCTL_COMMANDS) appctl/console.c
check_PROGRAMS += test/unit/test_xen_console
TESTS += test/unit/test_xen_console
test_unit_test_xen_console_SOURCES = test/unit/test_xen_console.c
test_unit_test_xen_console_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_xen_console_LDADD = libappctl-console.a $(XEN_FAKE_LIBS)

check_PROGRAMS += test/unit/test_xen_evtchn
TESTS += test/unit/test_xen_evtchn
test_unit_test_xen_evtchn_SOURCES = test/unit/test_xen_evtchn.c
test_unit_test_xen_evtchn_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_xen_evtchn_LDADD = $(XEN_FAKE_LIBS)

check_PROGRAMS += test/unit/test_xen_memory
TESTS += test/unit/test_xen_memory
test_unit_test_xen_memory_SOURCES = test/unit/test_xen_memory.c test/unit/random.h
test_unit_test_xen_memory_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_xen_memory_LDADD = $(XEN_FAKE_LIBS)

check_PROGRAMS += test/unit/test_xen_xenstore
TESTS += test/unit/test_xen_xenstore
test_unit_test_xen_xenstore_SOURCES = test/unit/test_xen_xenstore.c test/unit/random.h
test_unit_test_xen_xenstore_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_xen_xenstore_LDADD = $(XEN_FAKE_LIBS)

check_PROGRAMS += test/unit/test_xen_lending
TESTS += test/unit/test_xen_lending
test_unit_test_xen_lending_SOURCES = test/unit/test_xen_lending.c test/unit/netfront_fixture.h
test_unit_test_xen_lending_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_xen_lending_LDADD = $(XEN_FAKE_LIBS)

check_PROGRAMS += test/unit/test_xen_netfront
TESTS += test/unit/test_xen_netfront
test_unit_test_xen_netfront_SOURCES = test/unit/test_xen_netfront.c test/unit/netfront_fixture.h test/unit/random.h
test_unit_test_xen_netfront_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_xen_netfront_LDADD = $(XEN_FAKE_LIBS)

check_PROGRAMS += test/unit/test_xen_vif
TESTS += test/unit/test_xen_vif
test_unit_test_xen_vif_SOURCES = test/unit/test_xen_vif.c test/unit/random.h
test_unit_test_xen_vif_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_xen_vif_LDADD = $(XEN_FAKE_LIBS)

check_PROGRAMS += test/unit/test_xen_suspend
TESTS += test/unit/test_xen_suspend
test_unit_test_xen_suspend_SOURCES = test/unit/test_xen_suspend.c test/unit/random.h
test_unit_test_xen_suspend_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_xen_suspend_LDADD = $(XEN_FAKE_LIBS)

check_PROGRAMS += test/unit/test_xen_files
TESTS += test/unit/test_xen_files
test_unit_test_xen_files_SOURCES = test/unit/test_xen_files.c
test_unit_test_xen_files_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_xen_files_LDADD = $(XEN_FAKE_LIBS)
