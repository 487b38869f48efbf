# test/: each kind of test adds its own.
EXTRA_DIST += test/unit/random.h test/unit/unit.h
EXTRA_DIST += test/README.md tools/README.md test/check test/lab test/spec
UNIT_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
if HAVE_CHECK
include test/unit/runtime.mk
include test/unit/openflow.mk
include test/unit/appctl.mk
include test/unit/controller.mk
include test/unit/switch.mk
include test/unit/netstack.mk
include test/unit/stack.mk
include test/unit/tcp.mk
include test/unit/tools.mk
if HAVE_XEN
include test/unit/xen.mk
endif
endif
include test/sim/local.mk
include test/script/local.mk
include test/fuzz/local.mk
include test/wire/local.mk
include test/bench/local.mk
include test/interop/local.mk
include test/xen/local.mk
