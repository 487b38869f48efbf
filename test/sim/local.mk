# test/sim/: whole networks in virtual time.
check_PROGRAMS += test/sim/sim_controller
TESTS += test/sim/sim_controller
test_sim_sim_controller_SOURCES = \
	test/sim/emulated.c test/sim/emulated.h test/sim/peace.c test/sim/pipeline.c \
	test/sim/sim_controller.c test/sim/watcher.c test/sim/world.h
test_sim_sim_controller_LDADD = libmorgana-controller.a libmorgana-openflow.a $(SIM_LIBS)
