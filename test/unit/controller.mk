# Unit tests of controller/: check_PROGRAMS and TESTS, one program per module.

# What they stand on: a scripted switch, and everything below it in virtual time.
FAKE_SWITCH = test/unit/fake_switch.c test/unit/fake_switch.h \
	test/unit/fake_peer.c test/unit/fake_peer.h
CONTROLLER_LIBS = libmorgana-controller.a libmorgana-openflow.a libmorgana-appctl.a $(SIM_LIBS) $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_session
TESTS += test/unit/test_session
test_unit_test_session_SOURCES = test/unit/test_session.c $(FAKE_SWITCH)
test_unit_test_session_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_session_LDADD = $(CONTROLLER_LIBS)

check_PROGRAMS += test/unit/test_request
TESTS += test/unit/test_request
test_unit_test_request_SOURCES = test/unit/test_request.c $(FAKE_SWITCH)
test_unit_test_request_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_request_LDADD = $(CONTROLLER_LIBS)

check_PROGRAMS += test/unit/test_call
TESTS += test/unit/test_call
test_unit_test_call_SOURCES = test/unit/test_call.c $(FAKE_SWITCH)
test_unit_test_call_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_call_LDADD = $(CONTROLLER_LIBS)

check_PROGRAMS += test/unit/test_dial
TESTS += test/unit/test_dial
test_unit_test_dial_SOURCES = test/unit/test_dial.c $(FAKE_SWITCH)
test_unit_test_dial_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_dial_LDADD = $(CONTROLLER_LIBS)

check_PROGRAMS += test/unit/test_learning
TESTS += test/unit/test_learning
test_unit_test_learning_SOURCES = test/unit/test_learning.c $(FAKE_SWITCH)
test_unit_test_learning_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_learning_LDADD = $(CONTROLLER_LIBS)

check_PROGRAMS += test/unit/test_hub
TESTS += test/unit/test_hub
test_unit_test_hub_SOURCES = test/unit/test_hub.c $(FAKE_SWITCH)
test_unit_test_hub_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_hub_LDADD = $(CONTROLLER_LIBS)

check_PROGRAMS += test/unit/test_monitor
TESTS += test/unit/test_monitor
test_unit_test_monitor_SOURCES = test/unit/test_monitor.c $(FAKE_SWITCH)
test_unit_test_monitor_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_monitor_LDADD = $(CONTROLLER_LIBS)

check_PROGRAMS += test/unit/test_steady
TESTS += test/unit/test_steady
test_unit_test_steady_SOURCES = test/unit/test_steady.c test/unit/heap_calls.h $(FAKE_SWITCH)
test_unit_test_steady_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_steady_LDFLAGS = -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc \
	-Wl,--wrap=free
test_unit_test_steady_LDADD = $(CONTROLLER_LIBS)

# The app that README.md shows.
check_PROGRAMS += test/unit/test_example_app
TESTS += test/unit/test_example_app
test_unit_test_example_app_SOURCES = test/unit/test_example_app.c doc/example_app.c $(FAKE_SWITCH)
test_unit_test_example_app_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_example_app_LDADD = $(CONTROLLER_LIBS)

check_PROGRAMS += test/unit/test_mutation
TESTS += test/unit/test_mutation
test_unit_test_mutation_SOURCES = test/unit/test_mutation.c test/unit/mutations.h \
	test/unit/corpus.c test/unit/corpus.h $(FAKE_SWITCH)
test_unit_test_mutation_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_mutation_LDADD = $(CONTROLLER_LIBS)

check_PROGRAMS += test/unit/test_discovery
TESTS += test/unit/test_discovery
test_unit_test_discovery_SOURCES = test/unit/test_discovery.c $(FAKE_SWITCH)
test_unit_test_discovery_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_discovery_LDADD = $(CONTROLLER_LIBS)

check_PROGRAMS += test/unit/test_space
TESTS += test/unit/test_space
test_unit_test_space_SOURCES = test/unit/test_space.c test/unit/random.h $(FAKE_SWITCH)
test_unit_test_space_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_space_LDADD = $(CONTROLLER_LIBS)

check_PROGRAMS += test/unit/test_slicer
TESTS += test/unit/test_slicer
test_unit_test_slicer_SOURCES = test/unit/test_slicer.c $(FAKE_SWITCH)
test_unit_test_slicer_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_slicer_LDADD = $(CONTROLLER_LIBS)

check_PROGRAMS += test/unit/test_big_switch
TESTS += test/unit/test_big_switch
test_unit_test_big_switch_SOURCES = test/unit/test_big_switch.c $(FAKE_SWITCH)
test_unit_test_big_switch_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_big_switch_LDADD = $(CONTROLLER_LIBS)

# Apps that need a topology: fake switches with cables between them.
CABLED = test/unit/cabled.c test/unit/cabled.h $(FAKE_SWITCH)

check_PROGRAMS += test/unit/test_stp
TESTS += test/unit/test_stp
test_unit_test_stp_SOURCES = test/unit/test_stp.c test/unit/appctl_client.h $(CABLED)
test_unit_test_stp_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_stp_LDADD = $(CONTROLLER_LIBS) $(JANSSON_LIBS)

check_PROGRAMS += test/unit/test_paths
TESTS += test/unit/test_paths
test_unit_test_paths_SOURCES = test/unit/test_paths.c test/unit/appctl_client.h $(CABLED)
test_unit_test_paths_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_paths_LDADD = $(CONTROLLER_LIBS) $(JANSSON_LIBS)

check_PROGRAMS += test/unit/test_static
TESTS += test/unit/test_static
test_unit_test_static_SOURCES = test/unit/test_static.c test/unit/app_files.h $(FAKE_SWITCH)
test_unit_test_static_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_static_LDADD = $(CONTROLLER_LIBS)

check_PROGRAMS += test/unit/test_firewall
TESTS += test/unit/test_firewall
test_unit_test_firewall_SOURCES = test/unit/test_firewall.c test/unit/app_files.h \
	test/unit/appctl_client.h test/unit/frames.c test/unit/frames.h test/unit/random.h $(FAKE_SWITCH)
test_unit_test_firewall_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_firewall_LDADD = $(CONTROLLER_LIBS) $(JANSSON_LIBS)

check_PROGRAMS += test/unit/test_balancer
TESTS += test/unit/test_balancer
test_unit_test_balancer_SOURCES = test/unit/test_balancer.c test/unit/app_files.h \
	test/unit/appctl_client.h test/unit/frames.c test/unit/frames.h test/unit/random.h $(FAKE_SWITCH)
test_unit_test_balancer_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_balancer_LDADD = $(CONTROLLER_LIBS) $(JANSSON_LIBS)

check_PROGRAMS += test/unit/test_router
TESTS += test/unit/test_router
test_unit_test_router_SOURCES = test/unit/test_router.c test/unit/app_files.h test/unit/frames.c \
	test/unit/frames.h test/unit/random.h $(FAKE_SWITCH)
test_unit_test_router_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_router_LDADD = $(CONTROLLER_LIBS)
