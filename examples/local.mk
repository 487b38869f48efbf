# examples/: the exercises. They are not part of `make`: ./try builds the one that it tries, and so may
# what somebody writes there not compile.
EXERCISE_APP = examples/run_app.c examples/run_app.h
EXERCISE_APP_LIBS = libmorgana-controller.a libmorgana-openflow.a libmorgana-appctl.a \
	$(UNIX_PROGRAM_LIBS) $(JANSSON_LIBS)

EXTRA_PROGRAMS += examples/02-hub/hub examples/02-hub/solution
examples_02_hub_hub_SOURCES = examples/02-hub/hub.c $(EXERCISE_APP)
examples_02_hub_hub_LDADD = $(EXERCISE_APP_LIBS)
examples_02_hub_solution_SOURCES = examples/02-hub/solution.c $(EXERCISE_APP)
examples_02_hub_solution_LDADD = $(EXERCISE_APP_LIBS)

EXTRA_PROGRAMS += examples/03-learning/learning examples/03-learning/solution
examples_03_learning_learning_SOURCES = examples/03-learning/learning.c $(EXERCISE_APP)
examples_03_learning_learning_LDADD = $(EXERCISE_APP_LIBS)
examples_03_learning_solution_SOURCES = examples/03-learning/solution.c $(EXERCISE_APP)
examples_03_learning_solution_LDADD = $(EXERCISE_APP_LIBS)

EXTRA_PROGRAMS += examples/04-flows/flows examples/04-flows/solution
examples_04_flows_flows_SOURCES = examples/04-flows/flows.c $(EXERCISE_APP)
examples_04_flows_flows_LDADD = $(EXERCISE_APP_LIBS)
examples_04_flows_solution_SOURCES = examples/04-flows/solution.c $(EXERCISE_APP)
examples_04_flows_solution_LDADD = $(EXERCISE_APP_LIBS)

EXERCISE_5 = examples/05-topology/network.c examples/05-topology/network.h
EXTRA_PROGRAMS += examples/05-topology/topology examples/05-topology/solution
examples_05_topology_topology_SOURCES = examples/05-topology/topology.c $(EXERCISE_5) $(EXERCISE_APP)
examples_05_topology_topology_LDADD = $(EXERCISE_APP_LIBS)
examples_05_topology_solution_SOURCES = examples/05-topology/solution.c $(EXERCISE_5) $(EXERCISE_APP)
examples_05_topology_solution_LDADD = $(EXERCISE_APP_LIBS)
EXTRA_DIST += examples/05-topology/README.md examples/05-topology/check.py

EXERCISE_6 = examples/06-paths/ways.c examples/06-paths/ways.h
EXTRA_PROGRAMS += examples/06-paths/paths examples/06-paths/solution
examples_06_paths_paths_SOURCES = examples/06-paths/paths.c $(EXERCISE_6) $(EXERCISE_APP)
examples_06_paths_paths_LDADD = $(EXERCISE_APP_LIBS)
examples_06_paths_solution_SOURCES = examples/06-paths/solution.c $(EXERCISE_6) $(EXERCISE_APP)
examples_06_paths_solution_LDADD = $(EXERCISE_APP_LIBS)
EXTRA_DIST += examples/06-paths/README.md examples/06-paths/check.py

EXERCISE_7 = examples/07-router/steps.c examples/07-router/steps.h
EXTRA_PROGRAMS += examples/07-router/router examples/07-router/solution
examples_07_router_router_SOURCES = examples/07-router/router.c $(EXERCISE_7) $(EXERCISE_APP)
examples_07_router_router_LDADD = $(EXERCISE_APP_LIBS)
examples_07_router_solution_SOURCES = examples/07-router/solution.c $(EXERCISE_7) $(EXERCISE_APP)
examples_07_router_solution_LDADD = $(EXERCISE_APP_LIBS)
EXTRA_DIST += examples/07-router/README.md examples/07-router/check.py

EXERCISE_8 = examples/08-firewall/filter.c examples/08-firewall/filter.h
EXTRA_PROGRAMS += examples/08-firewall/firewall examples/08-firewall/solution
examples_08_firewall_firewall_SOURCES = examples/08-firewall/firewall.c $(EXERCISE_8) $(EXERCISE_APP)
examples_08_firewall_firewall_LDADD = $(EXERCISE_APP_LIBS)
examples_08_firewall_solution_SOURCES = examples/08-firewall/solution.c $(EXERCISE_8) $(EXERCISE_APP)
examples_08_firewall_solution_LDADD = $(EXERCISE_APP_LIBS)
EXTRA_DIST += examples/08-firewall/README.md examples/08-firewall/check.py examples/08-firewall/net.rules

# The learner's file takes the place of the library's balancing.c.
EXTRA_PROGRAMS += examples/09-balancer/balancer examples/09-balancer/solution
examples_09_balancer_balancer_SOURCES = examples/09-balancer/balancer.c $(EXERCISE_APP)
examples_09_balancer_balancer_LDADD = $(EXERCISE_APP_LIBS)
examples_09_balancer_solution_SOURCES = examples/09-balancer/solution.c $(EXERCISE_APP)
examples_09_balancer_solution_LDADD = $(EXERCISE_APP_LIBS)
EXTRA_DIST += examples/09-balancer/README.md examples/09-balancer/check.py

EXTRA_DIST += examples/README.md examples/course test/course \
	examples/01-look examples/02-hub/README.md examples/02-hub/check.py \
	examples/03-learning/README.md examples/03-learning/check.py \
	examples/04-flows/README.md examples/04-flows/check.py examples/04-flows/comparison.png
CLEANFILES += comparison.png

EXTRA_DIST += examples/10-slicing

EXERCISE_SWITCH = examples/run_switch.c examples/run_switch.h
EXERCISE_SWITCH_LIBS = libmorgana-switch.a libmorgana-openflow.a libmorgana-appctl.a \
	$(UNIX_PROGRAM_LIBS) $(JANSSON_LIBS)
EXTRA_PROGRAMS += examples/11-own-switch/switch examples/11-own-switch/solution
examples_11_own_switch_switch_SOURCES = examples/11-own-switch/switch.c $(EXERCISE_SWITCH)
examples_11_own_switch_switch_LDADD = $(EXERCISE_SWITCH_LIBS)
examples_11_own_switch_solution_SOURCES = examples/11-own-switch/solution.c $(EXERCISE_SWITCH)
examples_11_own_switch_solution_LDADD = $(EXERCISE_SWITCH_LIBS)
EXTRA_DIST += examples/11-own-switch/README.md examples/11-own-switch/check.py

# Any of these programs is a kernel as well, made of the same files: see xen/local.mk.
EXTRA_LIBRARIES += libexercises-xen.a
libexercises_xen_a_SOURCES = $(EXERCISE_APP) $(EXERCISE_5) $(EXERCISE_6) $(EXERCISE_7) $(EXERCISE_8) $(EXERCISE_SWITCH) $(EXERCISE_TASK)
libexercises_xen_a_CPPFLAGS = $(XEN_CPPFLAGS)
libexercises_xen_a_CFLAGS = $(XEN_CFLAGS)
EXERCISE_KERNELS = \
	examples/02-hub/hub.elf examples/02-hub/solution.elf \
	examples/03-learning/learning.elf examples/03-learning/solution.elf \
	examples/04-flows/flows.elf examples/04-flows/solution.elf \
	examples/05-topology/topology.elf examples/05-topology/solution.elf \
	examples/06-paths/paths.elf examples/06-paths/solution.elf \
	examples/07-router/router.elf examples/07-router/solution.elf \
	examples/08-firewall/firewall.elf examples/08-firewall/solution.elf \
	examples/09-balancer/balancer.elf examples/09-balancer/solution.elf \
	examples/11-own-switch/switch.elf examples/11-own-switch/solution.elf \
	examples/13-tasks/tasks.elf examples/13-tasks/solution.elf
$(EXERCISE_KERNELS): libexercises-xen.a $(XEN_LIBS)
CLEANFILES += libexercises-xen.a $(EXERCISE_KERNELS) $(EXERCISE_KERNELS:.elf=.xen)
EXTRA_DIST += examples/12-domu

EXERCISE_TASK = examples/run_task.c examples/run_task.h
EXTRA_PROGRAMS += examples/13-tasks/tasks examples/13-tasks/solution
examples_13_tasks_tasks_SOURCES = examples/13-tasks/tasks.c $(EXERCISE_TASK)
examples_13_tasks_tasks_LDADD = $(UNIX_PROGRAM_LIBS)
examples_13_tasks_solution_SOURCES = examples/13-tasks/solution.c $(EXERCISE_TASK)
examples_13_tasks_solution_LDADD = $(UNIX_PROGRAM_LIBS)
EXTRA_DIST += examples/13-tasks/README.md examples/13-tasks/check.py
