# test/xen/: kernels with one property each, and the tests that boot them on real Xen.
XEN_TEST_KERNELS = test/xen/kernels/hello.xen test/xen/kernels/crash.xen test/xen/kernels/idle.xen \
	test/xen/kernels/tasks.xen
xen-test-kernels: $(XEN_TEST_KERNELS) test/xen/dom0/registers
.PHONY: xen-test-kernels
$(XEN_TEST_KERNELS:.xen=.elf) test/xen/kernels/unix.elf: $(XEN_LIBS)
CLEANFILES += $(XEN_TEST_KERNELS) $(XEN_TEST_KERNELS:.xen=.elf)

# It runs in dom0, which has no libraries of this system's.
EXTRA_PROGRAMS += test/xen/dom0/registers
test_xen_dom0_registers_SOURCES = test/xen/dom0/registers.c
test_xen_dom0_registers_LDFLAGS = -static
test_xen_dom0_registers_LDADD =
CLEANFILES += test/xen/dom0/registers

EXTRA_DIST += \
	test/xen/README.md \
	test/xen/__init__.py \
	test/xen/appliance.py \
	test/xen/appliance_test.py \
	test/xen/bench_test.py \
	test/xen/demo_test.py \
	test/xen/boot_test.py \
	test/xen/dom0/init \
	test/xen/dom0/vif-bridge \
	test/xen/image.py \
	test/xen/kernels/crash.c \
	test/xen/kernels/hello.c \
	test/xen/kernels/idle.c \
	test/xen/kernels/tasks.c \
	test/xen/kernels/unix.c \
	test/xen/machine.py \
	test/xen/timeline_test.py \
	test/xen/vif_test.py
