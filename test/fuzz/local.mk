# test/fuzz/: libFuzzer targets, built with clang by --enable-fuzzers.
if FUZZERS
LIBFUZZER = -fsanitize=fuzzer

noinst_PROGRAMS += test/fuzz/fuzz_msg test/fuzz/seed
test_fuzz_fuzz_msg_SOURCES = test/fuzz/fuzz_msg.c test/unit/walk.h
test_fuzz_fuzz_msg_LDFLAGS = $(LIBFUZZER)
test_fuzz_fuzz_msg_LDADD = libmorgana-openflow.a
test_fuzz_seed_SOURCES = test/fuzz/seed.c test/unit/corpus.c test/unit/corpus.h
test_fuzz_seed_LDADD = libmorgana-openflow.a

noinst_PROGRAMS += test/fuzz/fuzz_key
test_fuzz_fuzz_key_SOURCES = test/fuzz/fuzz_key.c test/unit/reference_key.h
test_fuzz_fuzz_key_LDFLAGS = $(LIBFUZZER)
test_fuzz_fuzz_key_LDADD = libmorgana-openflow.a

noinst_PROGRAMS += test/fuzz/fuzz_reassembly
test_fuzz_fuzz_reassembly_SOURCES = test/fuzz/fuzz_reassembly.c
test_fuzz_fuzz_reassembly_LDFLAGS = $(LIBFUZZER)
test_fuzz_fuzz_reassembly_LDADD = libruntime.a

noinst_PROGRAMS += test/fuzz/fuzz_stack
test_fuzz_fuzz_stack_SOURCES = test/fuzz/fuzz_stack.c test/unit/watcher.h
test_fuzz_fuzz_stack_LDFLAGS = $(LIBFUZZER)
test_fuzz_fuzz_stack_LDADD = libmorgana-netstack.a $(SIM_LIBS)

noinst_PROGRAMS += test/fuzz/fuzz_dhcp
test_fuzz_fuzz_dhcp_SOURCES = test/fuzz/fuzz_dhcp.c
test_fuzz_fuzz_dhcp_LDFLAGS = $(LIBFUZZER)
test_fuzz_fuzz_dhcp_LDADD = libmorgana-netstack.a $(SIM_LIBS)

noinst_PROGRAMS += test/fuzz/fuzz_dns
test_fuzz_fuzz_dns_SOURCES = test/fuzz/fuzz_dns.c
test_fuzz_fuzz_dns_LDFLAGS = $(LIBFUZZER)
test_fuzz_fuzz_dns_LDADD = libmorgana-netstack.a $(SIM_LIBS)

noinst_PROGRAMS += test/fuzz/fuzz_parse
test_fuzz_fuzz_parse_SOURCES = test/fuzz/fuzz_parse.c
test_fuzz_fuzz_parse_LDFLAGS = $(LIBFUZZER)
test_fuzz_fuzz_parse_LDADD = libmorgana-openflow.a

# A datapath between simulated links.
FUZZ_WORLD = test/fuzz/fuzz_world.c test/fuzz/fuzz_world.h test/unit/watcher.h

noinst_PROGRAMS += test/fuzz/fuzz_dp
test_fuzz_fuzz_dp_SOURCES = test/fuzz/fuzz_dp.c $(FUZZ_WORLD)
test_fuzz_fuzz_dp_LDFLAGS = $(LIBFUZZER)
test_fuzz_fuzz_dp_LDADD = libmorgana-switch.a libmorgana-openflow.a $(SIM_LIBS)

noinst_PROGRAMS += test/fuzz/fuzz_agent
test_fuzz_fuzz_agent_SOURCES = test/fuzz/fuzz_agent.c $(FUZZ_WORLD)
test_fuzz_fuzz_agent_LDFLAGS = $(LIBFUZZER)
test_fuzz_fuzz_agent_LDADD = libmorgana-switch.a libmorgana-openflow.a $(SIM_LIBS)

noinst_PROGRAMS += test/fuzz/fuzz_slicer
test_fuzz_fuzz_slicer_SOURCES = test/fuzz/fuzz_slicer.c $(FUZZ_WORLD)
test_fuzz_fuzz_slicer_LDFLAGS = $(LIBFUZZER)
test_fuzz_fuzz_slicer_LDADD = libmorgana-controller.a libmorgana-switch.a libmorgana-openflow.a \
	libmorgana-appctl.a $(SIM_LIBS) $(JANSSON_LIBS)

noinst_PROGRAMS += test/fuzz/fuzz_appctl
test_fuzz_fuzz_appctl_SOURCES = test/fuzz/fuzz_appctl.c $(FUZZ_WORLD)
test_fuzz_fuzz_appctl_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
test_fuzz_fuzz_appctl_LDFLAGS = $(LIBFUZZER)
test_fuzz_fuzz_appctl_LDADD = libmorgana-switch.a libmorgana-openflow.a libmorgana-appctl.a \
	$(SIM_LIBS) $(JANSSON_LIBS)

noinst_PROGRAMS += test/fuzz/fuzz_router
test_fuzz_fuzz_router_SOURCES = test/fuzz/fuzz_router.c
test_fuzz_fuzz_router_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
test_fuzz_fuzz_router_LDFLAGS = $(LIBFUZZER)
test_fuzz_fuzz_router_LDADD = libmorgana-controller.a libmorgana-openflow.a libmorgana-appctl.a \
	$(SIM_LIBS) $(JANSSON_LIBS)

noinst_PROGRAMS += test/fuzz/fuzz_rules
test_fuzz_fuzz_rules_SOURCES = test/fuzz/fuzz_rules.c
test_fuzz_fuzz_rules_LDFLAGS = $(LIBFUZZER)
test_fuzz_fuzz_rules_LDADD = libmorgana-controller.a libmorgana-openflow.a libmorgana-appctl.a \
	$(SIM_LIBS) $(JANSSON_LIBS)

noinst_PROGRAMS += test/fuzz/fuzz_tcp
test_fuzz_fuzz_tcp_SOURCES = test/fuzz/fuzz_tcp.c test/unit/tcp_lab.c test/unit/tcp_lab.h
test_fuzz_fuzz_tcp_LDFLAGS = $(LIBFUZZER)
test_fuzz_fuzz_tcp_LDADD = libmorgana-netstack.a $(SIM_LIBS)

if HAVE_XEN
noinst_LIBRARIES += libxen-fake.a libappctl-console.a
noinst_PROGRAMS += test/fuzz/fuzz_xenstore
test_fuzz_fuzz_xenstore_SOURCES = test/fuzz/fuzz_xenstore.c
test_fuzz_fuzz_xenstore_LDFLAGS = $(LIBFUZZER)
test_fuzz_fuzz_xenstore_LDADD = $(XEN_FAKE_LIBS)

noinst_PROGRAMS += test/fuzz/fuzz_netfront
test_fuzz_fuzz_netfront_SOURCES = test/fuzz/fuzz_netfront.c
test_fuzz_fuzz_netfront_LDFLAGS = $(LIBFUZZER)
test_fuzz_fuzz_netfront_LDADD = $(XEN_FAKE_LIBS)

noinst_PROGRAMS += test/fuzz/fuzz_vif
test_fuzz_fuzz_vif_SOURCES = test/fuzz/fuzz_vif.c
test_fuzz_fuzz_vif_LDFLAGS = $(LIBFUZZER)
test_fuzz_fuzz_vif_LDADD = $(XEN_FAKE_LIBS)

noinst_PROGRAMS += test/fuzz/fuzz_console
test_fuzz_fuzz_console_SOURCES = test/fuzz/fuzz_console.c $(FUZZ_WORLD)
test_fuzz_fuzz_console_LDFLAGS = $(LIBFUZZER)
test_fuzz_fuzz_console_LDADD = libmorgana-switch.a libmorgana-openflow.a libappctl-console.a \
	$(XEN_FAKE_LIBS)

noinst_PROGRAMS += test/fuzz/fuzz_tar
test_fuzz_fuzz_tar_SOURCES = test/fuzz/fuzz_tar.c
test_fuzz_fuzz_tar_LDFLAGS = $(LIBFUZZER)
test_fuzz_fuzz_tar_LDADD = $(XEN_FAKE_LIBS)
endif
endif
EXTRA_DIST += test/fuzz/corpus
