# Unit tests of appctl/: check_PROGRAMS and TESTS, one program per module.

check_PROGRAMS += test/unit/test_appctl
TESTS += test/unit/test_appctl
test_unit_test_appctl_SOURCES = test/unit/test_appctl.c test/unit/appctl_client.h
test_unit_test_appctl_CFLAGS = $(UNIT_CFLAGS) $(JANSSON_CFLAGS)
test_unit_test_appctl_LDADD = libmorgana-appctl.a $(SIM_LIBS) $(JANSSON_LIBS) $(CHECK_LIBS)

# The commands of the switch, and of the controller.
check_PROGRAMS += test/unit/test_switch_commands
TESTS += test/unit/test_switch_commands
test_unit_test_switch_commands_SOURCES = test/unit/test_switch_commands.c \
	test/unit/appctl_client.h $(DP_LAB)
test_unit_test_switch_commands_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_switch_commands_LDADD = libmorgana-switch.a libmorgana-openflow.a \
	libmorgana-appctl.a $(SIM_LIBS) $(JANSSON_LIBS) $(CHECK_LIBS)

check_PROGRAMS += test/unit/test_controller_commands
TESTS += test/unit/test_controller_commands
test_unit_test_controller_commands_SOURCES = test/unit/test_controller_commands.c \
	test/unit/appctl_client.h $(FAKE_SWITCH)
test_unit_test_controller_commands_CFLAGS = $(UNIT_CFLAGS)
test_unit_test_controller_commands_LDADD = $(CONTROLLER_LIBS) $(JANSSON_LIBS)
