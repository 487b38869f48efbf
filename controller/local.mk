# controller/: the controller library, its apps and morgana-controller.
noinst_LIBRARIES += libmorgana-controller.a
libmorgana_controller_a_SOURCES = \
	controller/call.c \
	controller/call.h \
	controller/chain.c \
	controller/commands.c \
	controller/commands.h \
	controller/counters.c \
	controller/ctl.c \
	controller/ctl.h \
	controller/datapath.c \
	controller/handshake.c \
	controller/request.c \
	controller/send.c \
	controller/session.c \
	controller/session.h \
	controller/apps/apps.c \
	controller/apps/apps.h \
	controller/apps/arp.c \
	controller/apps/arp.h \
	controller/apps/balancer.c \
	controller/apps/balancing.c \
	controller/apps/balancing.h \
	controller/apps/connections.c \
	controller/apps/connections.h \
	controller/apps/discovery.c \
	controller/apps/discovery.h \
	controller/apps/firewall.c \
	controller/apps/flow_file.c \
	controller/apps/flow_file.h \
	controller/apps/flow_sync.c \
	controller/apps/flow_sync.h \
	controller/apps/forwarding.c \
	controller/apps/forwarding.h \
	controller/apps/graph.c \
	controller/apps/graph.h \
	controller/apps/hosts.c \
	controller/apps/hosts.h \
	controller/apps/hub.c \
	controller/apps/learning.c \
	controller/apps/line_file.c \
	controller/apps/line_file.h \
	controller/apps/lldp.c \
	controller/apps/lldp.h \
	controller/apps/monitor.c \
	controller/apps/neighbours.c \
	controller/apps/neighbours.h \
	controller/apps/path.c \
	controller/apps/path.h \
	controller/apps/paths.c \
	controller/apps/router.c \
	controller/apps/router.h \
	controller/apps/router_arp.c \
	controller/apps/router_file.c \
	controller/apps/router_file.h \
	controller/apps/router_flows.c \
	controller/apps/router_ip.c \
	controller/apps/rules.c \
	controller/apps/rules.h \
	controller/apps/servers.c \
	controller/apps/servers.h \
	controller/apps/static_flows.c \
	controller/apps/stp.c \
	controller/apps/stp.h \
	controller/slicer/actions.c \
	controller/slicer/asks.c \
	controller/slicer/edge.c \
	controller/slicer/flows.c \
	controller/slicer/handle.c \
	controller/slicer/label.c \
	controller/slicer/label.h \
	controller/slicer/link.c \
	controller/slicer/link.h \
	controller/slicer/numbers.c \
	controller/slicer/pace.h \
	controller/slicer/packet_out.c \
	controller/slicer/parts.c \
	controller/slicer/place.c \
	controller/slicer/report.c \
	controller/slicer/slicer.c \
	controller/slicer/slicer.h \
	controller/slicer/slices.c \
	controller/slicer/slices.h \
	controller/slicer/space.c \
	controller/slicer/space.h \
	controller/slicer/stats.c \
	controller/slicer/tag.c \
	controller/slicer/tag.h \
	controller/slicer/topology.c \
	controller/slicer/tree.c \
	controller/slicer/tree.h \
	controller/slicer/view.c
libmorgana_controller_a_CFLAGS = $(AM_CFLAGS) $(XXHASH_CFLAGS)

bin_PROGRAMS += morgana-controller
morgana_controller_SOURCES = controller/main.c
morgana_controller_LDADD = libmorgana-controller.a libmorgana-openflow.a libmorgana-appctl.a $(UNIX_PROGRAM_LIBS) $(JANSSON_LIBS)

EXTRA_DIST += controller/README.md
