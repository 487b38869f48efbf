# test/sim/: whole networks in virtual time.
SEEDS = test/sim/seeds.c test/sim/seeds.h test/sim/verdict.h

check_PROGRAMS += test/sim/sim_controller
TESTS += test/sim/sim_controller
test_sim_sim_controller_SOURCES = \
	test/sim/emulated.c test/sim/emulated.h test/sim/peace.c test/sim/pipeline.c \
	test/sim/sim_controller.c test/sim/watcher.c test/sim/world.h $(SEEDS)
test_sim_sim_controller_LDADD = libmorgana-controller.a libmorgana-openflow.a libmorgana-appctl.a $(SIM_LIBS)

check_PROGRAMS += test/sim/table_model
TESTS += test/sim/table_model
test_sim_table_model_SOURCES = \
	test/sim/reference_table.c test/sim/reference_table.h test/sim/table_model.c $(SEEDS)
test_sim_table_model_LDADD = libmorgana-switch.a libmorgana-openflow.a $(SIM_LIBS)

check_PROGRAMS += test/sim/tcp_sim
TESTS += test/sim/tcp_sim
test_sim_tcp_sim_SOURCES = \
	test/sim/tcp_sim.c test/sim/tcp_talk.c test/sim/tcp_talk.h $(SEEDS) \
	test/unit/tcp_world.c test/unit/tcp_world.h test/unit/random.h
test_sim_tcp_sim_LDADD = libmorgana-netstack.a $(SIM_LIBS)

check_PROGRAMS += test/sim/sim_topology
TESTS += test/sim/sim_topology
test_sim_sim_topology_SOURCES = \
	test/sim/fabric.c test/sim/fabric.h test/sim/fabric_look.c \
	test/sim/reference_table.c test/sim/reference_table.h test/sim/sim_topology.c $(SEEDS)
test_sim_sim_topology_LDADD = libmorgana-controller.a libmorgana-openflow.a libmorgana-appctl.a $(SIM_LIBS)

check_PROGRAMS += test/sim/tcp_crowd
TESTS += test/sim/tcp_crowd
test_sim_tcp_crowd_SOURCES = test/sim/tcp_crowd.c \
	test/unit/tcp_world.c test/unit/tcp_world.h test/unit/random.h
test_sim_tcp_crowd_LDADD = libmorgana-netstack.a $(SIM_LIBS)

check_PROGRAMS += test/sim/slicer_model
TESTS += test/sim/slicer_model
test_sim_slicer_model_SOURCES = \
	test/sim/reference_table.c test/sim/reference_table.h test/sim/slicer_model.c \
	test/sim/slicer_net.c test/sim/slicer_net.h test/sim/slicer_reference.c test/sim/slicer_reference.h \
	test/unit/watcher.h
test_sim_slicer_model_LDADD = libmorgana-controller.a libmorgana-switch.a libmorgana-openflow.a \
	libmorgana-appctl.a $(SIM_LIBS) $(JANSSON_LIBS)
