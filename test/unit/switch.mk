# Unit tests of switch/: check_PROGRAMS and TESTS, one program per module.

# Frames to order, with checksums computed in full.
FRAMES = test/unit/frames.c test/unit/frames.h test/unit/random.h

check_PROGRAMS += test/unit/test_packet
TESTS += test/unit/test_packet
test_unit_test_packet_SOURCES = test/unit/test_packet.c $(FRAMES)
test_unit_test_packet_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_packet_LDADD = libmorgana-switch.a libmorgana-openflow.a libruntime.a $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_buffer
TESTS += test/unit/test_buffer
test_unit_test_buffer_SOURCES = test/unit/test_buffer.c test/unit/random.h
test_unit_test_buffer_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_buffer_LDADD = libmorgana-switch.a libruntime.a $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_normal
TESTS += test/unit/test_normal
test_unit_test_normal_SOURCES = test/unit/test_normal.c
test_unit_test_normal_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_normal_LDADD = libmorgana-switch.a $(SIM_LIBS) $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_queue
TESTS += test/unit/test_queue
test_unit_test_queue_SOURCES = test/unit/test_queue.c
test_unit_test_queue_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_queue_LDADD = libmorgana-switch.a $(SIM_LIBS) $(CHECK_LIBS)

SWITCH_LIBS = libmorgana-switch.a libmorgana-openflow.a $(SIM_LIBS) $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_table
TESTS += test/unit/test_table
test_unit_test_table_SOURCES = test/unit/test_table.c test/unit/flow_text.h
test_unit_test_table_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_table_LDFLAGS = -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc \
	-Wl,--wrap=aligned_alloc
test_unit_test_table_LDADD = $(SWITCH_LIBS)

check_PROGRAMS += test/unit/test_flow_mod
TESTS += test/unit/test_flow_mod
test_unit_test_flow_mod_SOURCES = test/unit/test_flow_mod.c test/unit/flow_text.h
test_unit_test_flow_mod_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_flow_mod_LDADD = $(SWITCH_LIBS)

# The agent, over a fake datapath that is linked in dp.c's place.
AGENT_WORLD = test/unit/agent_world.h test/unit/fake_dp.c test/unit/fake_dp.h \
	test/unit/fake_peer.c test/unit/fake_peer.h test/unit/patient.h

check_PROGRAMS += test/unit/test_agent
TESTS += test/unit/test_agent
test_unit_test_agent_SOURCES = test/unit/test_agent.c \
	test/unit/corpus.c test/unit/corpus.h $(AGENT_WORLD)
test_unit_test_agent_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_agent_LDADD = $(SWITCH_LIBS)

check_PROGRAMS += test/unit/test_handle
TESTS += test/unit/test_handle
test_unit_test_handle_SOURCES = test/unit/test_handle.c test/unit/faults.c test/unit/faults.h \
	test/unit/corpus.c test/unit/corpus.h $(AGENT_WORLD)
test_unit_test_handle_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_handle_LDADD = $(SWITCH_LIBS)

check_PROGRAMS += test/unit/test_agent_mutation
TESTS += test/unit/test_agent_mutation
test_unit_test_agent_mutation_SOURCES = test/unit/test_agent_mutation.c test/unit/mutations.h \
	test/unit/corpus.c test/unit/corpus.h $(AGENT_WORLD)
test_unit_test_agent_mutation_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_agent_mutation_LDADD = $(SWITCH_LIBS)

# A datapath between hosts on simulated links.
DP_LAB = test/unit/dp_lab.c test/unit/dp_lab.h test/unit/watcher.h $(FRAMES)

check_PROGRAMS += test/unit/test_execute
TESTS += test/unit/test_execute
test_unit_test_execute_SOURCES = test/unit/test_execute.c $(DP_LAB)
test_unit_test_execute_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_execute_LDADD = $(SWITCH_LIBS)

check_PROGRAMS += test/unit/test_dp
TESTS += test/unit/test_dp
test_unit_test_dp_SOURCES = test/unit/test_dp.c $(DP_LAB)
test_unit_test_dp_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_dp_LDADD = $(SWITCH_LIBS)

# The whole switch, with a scripted controller.
SWITCH_WORLD = test/unit/switch_world.h test/unit/flow_text.h test/unit/fake_peer.c \
	test/unit/fake_peer.h test/unit/patient.h $(DP_LAB)

check_PROGRAMS += test/unit/test_switch
TESTS += test/unit/test_switch
test_unit_test_switch_SOURCES = test/unit/test_switch.c $(SWITCH_WORLD)
test_unit_test_switch_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_switch_LDADD = $(SWITCH_LIBS)

check_PROGRAMS += test/unit/test_switch_flows
TESTS += test/unit/test_switch_flows
test_unit_test_switch_flows_SOURCES = test/unit/test_switch_flows.c $(SWITCH_WORLD)
test_unit_test_switch_flows_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_switch_flows_LDADD = $(SWITCH_LIBS)

check_PROGRAMS += test/unit/test_hostile
TESTS += test/unit/test_hostile
test_unit_test_hostile_SOURCES = test/unit/test_hostile.c test/unit/patient.h \
	$(DP_LAB)
test_unit_test_hostile_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_hostile_LDADD = $(SWITCH_LIBS)

check_PROGRAMS += test/unit/test_fragments
TESTS += test/unit/test_fragments
test_unit_test_fragments_SOURCES = test/unit/test_fragments.c test/unit/pieces.h $(DP_LAB)
test_unit_test_fragments_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_fragments_LDADD = $(SWITCH_LIBS)

check_PROGRAMS += test/unit/test_one_process
TESTS += test/unit/test_one_process
test_unit_test_one_process_SOURCES = test/unit/test_one_process.c $(DP_LAB)
test_unit_test_one_process_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_one_process_LDADD = libmorgana-controller.a libmorgana-appctl.a $(SWITCH_LIBS)

# The example of an application around the datapath.
check_PROGRAMS += test/unit/test_example_switch
TESTS += test/unit/test_example_switch
test_unit_test_example_switch_SOURCES = test/unit/test_example_switch.c \
	doc/example_switch.c doc/example_switch.h test/unit/watcher.h $(FRAMES)
test_unit_test_example_switch_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_example_switch_LDADD = libmorgana-controller.a libmorgana-appctl.a $(SWITCH_LIBS)

check_PROGRAMS += test/unit/test_forward_steady
TESTS += test/unit/test_forward_steady
test_unit_test_forward_steady_SOURCES = test/unit/test_forward_steady.c test/unit/heap_calls.h $(FRAMES)
test_unit_test_forward_steady_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_forward_steady_LDFLAGS = -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc \
	-Wl,--wrap=free
test_unit_test_forward_steady_LDADD = $(SWITCH_LIBS)
