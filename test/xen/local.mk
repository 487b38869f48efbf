# test/xen/: kernels with one property each, and the tests that boot them on real Xen.
XEN_TEST_KERNELS = test/xen/kernels/hello.xen test/xen/kernels/crash.xen test/xen/kernels/idle.xen
xen-test-kernels: $(XEN_TEST_KERNELS) test/xen/dom0/registers
.PHONY: xen-test-kernels
CLEANFILES += $(XEN_TEST_KERNELS) $(XEN_TEST_KERNELS:.xen=.elf)

EXTRA_PROGRAMS += test/xen/kernels/hello.elf
test_xen_kernels_hello_elf_SOURCES = test/xen/kernels/hello.c
test_xen_kernels_hello_elf_CPPFLAGS = $(XEN_CPPFLAGS)
test_xen_kernels_hello_elf_CFLAGS = $(XEN_CFLAGS)
test_xen_kernels_hello_elf_LDADD = $(XEN_LIBS)
test_xen_kernels_hello_elf_LINK = $(XEN_LINK)

EXTRA_PROGRAMS += test/xen/kernels/crash.elf
test_xen_kernels_crash_elf_SOURCES = test/xen/kernels/crash.c
test_xen_kernels_crash_elf_CPPFLAGS = $(XEN_CPPFLAGS)
test_xen_kernels_crash_elf_CFLAGS = $(XEN_CFLAGS)
test_xen_kernels_crash_elf_LDADD = $(XEN_LIBS)
test_xen_kernels_crash_elf_LINK = $(XEN_LINK)

EXTRA_PROGRAMS += test/xen/kernels/idle.elf
test_xen_kernels_idle_elf_SOURCES = test/xen/kernels/idle.c
test_xen_kernels_idle_elf_CPPFLAGS = $(XEN_CPPFLAGS)
test_xen_kernels_idle_elf_CFLAGS = $(XEN_CFLAGS)
test_xen_kernels_idle_elf_LDADD = $(XEN_LIBS)
test_xen_kernels_idle_elf_LINK = $(XEN_LINK)

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
	test/xen/machine.py \
	test/xen/vif_test.py
