# Unit tests of runtime/: check_PROGRAMS and TESTS, one program per module.

check_PROGRAMS += test/unit/test_timer
TESTS += test/unit/test_timer
test_unit_test_timer_SOURCES = test/unit/test_timer.c
test_unit_test_timer_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_timer_LDADD = libruntime.a $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_config
TESTS += test/unit/test_config
test_unit_test_config_SOURCES = test/unit/test_config.c
test_unit_test_config_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_config_LDADD = libruntime.a $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_counter
TESTS += test/unit/test_counter
test_unit_test_counter_SOURCES = test/unit/test_counter.c
test_unit_test_counter_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_counter_LDADD = $(SIM_LIBS) $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_log
TESTS += test/unit/test_log
test_unit_test_log_SOURCES = test/unit/test_log.c
test_unit_test_log_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_log_LDADD = $(SIM_LIBS) $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_pkt
TESTS += test/unit/test_pkt
test_unit_test_pkt_SOURCES = test/unit/test_pkt.c
test_unit_test_pkt_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_pkt_LDADD = libruntime.a $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_reassembly
TESTS += test/unit/test_reassembly
test_unit_test_reassembly_SOURCES = test/unit/test_reassembly.c test/unit/pieces.h
test_unit_test_reassembly_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_reassembly_LDADD = libruntime.a $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_endpoint
TESTS += test/unit/test_endpoint
test_unit_test_endpoint_SOURCES = test/unit/test_endpoint.c
test_unit_test_endpoint_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_endpoint_LDADD = libruntime.a $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_loop
TESTS += test/unit/test_loop
test_unit_test_loop_SOURCES = test/unit/test_loop.c
test_unit_test_loop_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_loop_LDADD = $(UNIX_LIBS) $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_stream
TESTS += test/unit/test_stream
test_unit_test_stream_SOURCES = test/unit/test_stream.c test/unit/ends.h test/unit/ends_sim.h \
	test/unit/ends_unix.h test/unit/random.h
test_unit_test_stream_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_stream_LDADD = $(UNIX_LIBS) $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_stream_sim
TESTS += test/unit/test_stream_sim
test_unit_test_stream_sim_SOURCES = $(test_unit_test_stream_SOURCES)
test_unit_test_stream_sim_CPPFLAGS = $(AM_CPPFLAGS) -DENDS_SIM
test_unit_test_stream_sim_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_stream_sim_LDADD = $(SIM_LIBS) $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_unix_net
TESTS += test/unit/test_unix_net
test_unit_test_unix_net_SOURCES = test/unit/test_unix_net.c test/unit/ends.h \
	test/unit/ends_unix.h
test_unit_test_unix_net_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_unix_net_LDADD = $(UNIX_LIBS) $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_vnet
TESTS += test/unit/test_vnet
test_unit_test_vnet_SOURCES = test/unit/test_vnet.c
test_unit_test_vnet_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_vnet_LDADD = $(UNIX_LIBS) $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_sim
TESTS += test/unit/test_sim
test_unit_test_sim_SOURCES = test/unit/test_sim.c
test_unit_test_sim_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_sim_LDADD = $(SIM_LIBS) $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_mac_table
TESTS += test/unit/test_mac_table
test_unit_test_mac_table_SOURCES = test/unit/test_mac_table.c test/unit/random.h
test_unit_test_mac_table_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_mac_table_LDADD = libruntime.a $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_netdev
TESTS += test/unit/test_netdev
test_unit_test_netdev_SOURCES = test/unit/test_netdev.c test/unit/random.h
test_unit_test_netdev_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_netdev_LDADD = $(SIM_LIBS) $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_device
TESTS += test/unit/test_device
test_unit_test_device_SOURCES = test/unit/test_device.c test/unit/watcher.h
test_unit_test_device_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_device_LDADD = $(SIM_LIBS) $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_link
TESTS += test/unit/test_link
test_unit_test_link_SOURCES = test/unit/test_link.c test/unit/watcher.h
test_unit_test_link_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_link_LDADD = $(SIM_LIBS) $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_task
TESTS += test/unit/test_task
test_unit_test_task_SOURCES = test/unit/test_task.c
test_unit_test_task_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_task_LDADD = $(SIM_LIBS) $(CHECK_LIBS)
