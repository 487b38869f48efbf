#!/usr/bin/env python3
"""Builds the Xen bench in a folder: Xen, a dom0's kernel and its userland, from Debian's packages.

    image.py FOLDER

The packages (group dom0 of test/lab/packages.txt) are unpacked in the folder, never installed: a
hypervisor on this machine is not what its owner asked for. What is there already is kept.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import gzip
import lzma
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
PACKAGES = HERE.parent / "lab" / "packages.txt"
SOURCES = (PACKAGES, HERE / "image.py", HERE / "dom0/init", HERE / "dom0/vif-bridge")
LIBRARIES = "usr/lib/x86_64-linux-gnu"
XEN_PROGRAMS = "usr/lib/xen-4.17/bin"

FOLDERS = ("bin", "dev", "etc/xen/scripts", "lib/x86_64-linux-gnu", "lib64", "modules", "proc", "run",
           "sys", "tmp", "usr/lib/xen-4.17", "var/lib/xen", "var/lib/xenstored",
           "var/log/xen/console")
PROGRAMS = ("xl", "libxl-save-helper", "xenstored", "xenconsoled", "xenconsole", "xen-init-dom0")
# In the order in which they can be inserted.
MODULES = (
    "drivers/xen/xen-privcmd", "drivers/xen/xen-evtchn", "drivers/xen/xen-gntdev",
    "drivers/xen/xenfs/xenfs", "net/llc/llc", "net/802/stp", "net/bridge/bridge",
    "drivers/net/xen-netback/xen-netback", "drivers/net/veth", "net/core/failover", "drivers/net/net_failover",
    "net/802/garp", "net/802/mrp", "net/8021q/8021q",
    "drivers/virtio/virtio_ring", "drivers/virtio/virtio", "drivers/virtio/virtio_pci_modern_dev",
    "drivers/virtio/virtio_pci_legacy_dev", "drivers/virtio/virtio_pci", "drivers/net/virtio_net",
    "drivers/block/virtio_blk", "drivers/char/virtio_console")


def run(*argv, **options):
    return subprocess.run([str(word) for word in argv], check=True, text=True,
                          stdout=subprocess.PIPE, **options).stdout


def package_names():
    """The group dom0; a package that only stands for the newest kernel gives that one's name."""
    for line in PACKAGES.read_text().splitlines():
        words = line.split()
        if words[:1] != ["dom0"]:
            continue
        name = words[1]
        if name == "linux-image-amd64":
            name = re.search(r"Depends: (\S+)", run("apt-cache", "depends", name))[1]
        yield name


def unpack(folder, *names):
    """Packages, one over the other, in `folder`: these, or all."""
    debs = folder.with_name("debs")
    shutil.rmtree(debs, ignore_errors=True)
    debs.mkdir()
    # apt's own user must be able to write here, or it warns and goes on as root.
    run("apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", *(names or package_names()), cwd=debs)
    for deb in sorted(debs.glob("*.deb")):
        run("dpkg", "-x", deb, folder)
    shutil.rmtree(debs)


def kernel_from(vmlinuz):
    """The ELF file in a bzImage (Documentation/x86/boot.rst): to unpack it here costs less than in
    an emulated machine."""
    data = vmlinuz.read_bytes()
    offset, length = struct.unpack_from("<II", data, 0x248)
    begin = (data[0x1f1] + 1) * 512 + offset
    return lzma.LZMADecompressor().decompress(data[begin:begin + length])


def libraries_of(programs, unpacked):
    """What the dynamic linker would load: name and file of each."""
    environment = {**os.environ, "LD_LIBRARY_PATH": str(unpacked / LIBRARIES)}
    found = {}
    for program in programs:
        for path in re.findall(r"(/\S+) \(0x", run("ldd", program, env=environment)):
            found[pathlib.Path(path).name] = pathlib.Path(path)
    return found


def copy_userland(unpacked, root):
    for name in FOLDERS:
        (root / name).mkdir(parents=True)
    busybox = root / "bin" / "busybox"
    shutil.copy("/bin/busybox", busybox)
    for name in run(busybox, "--list").split():
        if name != "busybox":
            (root / "bin" / name).symlink_to("busybox")
    programs = [unpacked / XEN_PROGRAMS / name for name in PROGRAMS]
    programs += [path for path in (unpacked / "usr/bin").glob("xenstore*") if path.is_file()]
    for program in programs:
        (root / "bin" / program.name).unlink(missing_ok=True)
        shutil.copy(program, root / "bin")
    for name, path in libraries_of(programs, unpacked).items():
        where = "lib64" if name.startswith("ld-linux") else "lib/x86_64-linux-gnu"
        shutil.copy(path, root / where)
    # xl loads it by name when a thread ends.
    shutil.copy("/lib/x86_64-linux-gnu/libgcc_s.so.1", root / "lib/x86_64-linux-gnu")
    (root / "usr/lib/xen-4.17/bin").symlink_to("/bin")  # where libxl looks for its helpers
    (root / "etc/xen/xl.conf").write_text("")
    (root / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\n")


def copy_modules(unpacked, root):
    tree = next((unpacked / "lib/modules").iterdir()) / "kernel"
    for name in MODULES:
        shutil.copy(tree / f"{name}.ko", root / "modules")
    order = [name.rpartition("/")[2] + ".ko\n" for name in MODULES]
    (root / "modules/order").write_text("".join(order))


def pack(root, to):
    """A tree as an initial ramdisk."""
    names = "\n".join(str(path.relative_to(root)) for path in sorted(root.rglob("*")))
    archive = subprocess.run(["cpio", "-o", "-H", "newc", "-R", "0:0", "--quiet"], cwd=root,
                             input=names.encode(), stdout=subprocess.PIPE, check=True).stdout
    to.write_bytes(gzip.compress(archive, 1))


def build(folder):
    """Make what machine.py boots: xen, vmlinux and dom0.gz in `folder`."""
    folder = pathlib.Path(folder)
    if (folder / "dom0.gz").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    unpacked, root = folder / "unpacked", folder / "root"
    for old in (unpacked, root):
        shutil.rmtree(old, ignore_errors=True)
    unpack(unpacked)
    xen = next((unpacked / "boot").glob("xen-4.*.gz"))
    (folder / "xen").write_bytes(gzip.decompress(xen.read_bytes()))
    vmlinux = folder / "vmlinux"
    vmlinux.write_bytes(kernel_from(next((unpacked / "boot").glob("vmlinuz-*"))))
    run("strip", "--strip-debug", vmlinux)
    copy_userland(unpacked, root)
    copy_modules(unpacked, root)
    shutil.copy(HERE / "dom0" / "init", root / "init")
    shutil.copy(HERE / "dom0" / "vif-bridge", root / "etc/xen/scripts")
    pack(root, folder / "dom0.gz.new")
    (folder / "dom0.gz.new").rename(folder / "dom0.gz")
    shutil.rmtree(unpacked)
    shutil.rmtree(root)


if __name__ == "__main__":
    build(sys.argv[1])
