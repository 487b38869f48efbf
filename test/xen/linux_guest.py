"""A Linux domU beside ours, with the kernel that image.py takes for dom0, and busybox; and kernel
modules for dom0 that only benches need.

    files = build(BENCH)          vmlinuz, bridge.gz, pktgen.ko: for Machine(files)
    guest = Linux(machine, "linux", vifs=[...]).create()
    guest.wait_for(READY)         its vifs are ports of one bridge

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import pathlib
import shutil

from . import image
from .machine import Domain

READY = "the bridge forwards"
MEMORY = 128  # MiB
FILES = ("vmlinuz", "bridge.gz", "pktgen.ko")
# In the order in which they can be inserted.
MODULES = ("net/llc/llc", "net/802/stp", "net/bridge/bridge", "net/core/failover", "drivers/net/net_failover",
           "drivers/net/xen-netfront")
INIT = f"""#!/bin/sh
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
for module in {' '.join(name.rpartition('/')[2] for name in MODULES)}; do
    insmod /$module.ko || echo "no $module"
done
brctl addbr br0
until [ -e /sys/class/net/eth1 ]; do usleep 50000; done
for port in eth0 eth1; do
    brctl addif br0 $port
    ip link set $port up
done
ip link set br0 up
until [ "$(cat /sys/class/net/br0/brif/*/state)" = "3
3" ]; do usleep 50000; done
echo {READY}
while :; do sleep 1000; done
"""


def build(folder):
    """The files, made in `folder` by who comes first."""
    folder = pathlib.Path(folder)
    files = [folder / name for name in FILES]
    if all(path.exists() for path in files):
        return files
    unpacked, root = folder / "linux-unpacked", folder / "linux-root"
    for old in (unpacked, root):
        shutil.rmtree(old, ignore_errors=True)
    image.unpack(unpacked, next(image.package_names()))
    tree = next((unpacked / "lib/modules").iterdir()) / "kernel"
    make_root(root, tree)
    image.pack(root, folder / "bridge.gz")
    shutil.copy(tree / "net/core/pktgen.ko", folder)
    shutil.copy(next((unpacked / "boot").glob("vmlinuz-*")), folder / "vmlinuz")
    for old in (unpacked, root):
        shutil.rmtree(old)
    return files


def make_root(root, modules):
    for name in ("bin", "dev", "proc", "sys"):
        (root / name).mkdir(parents=True)
    shutil.copy("/bin/busybox", root / "bin")
    for name in image.run("/bin/busybox", "--list").split():
        if name != "busybox":
            (root / "bin" / name).symlink_to("busybox")
    for name in MODULES:
        shutil.copy(modules / f"{name}.ko", root)
    (root / "init").write_text(INIT)
    (root / "init").chmod(0o755)


class Linux(Domain):
    """A PV guest whose first two vifs are bridged."""

    def __init__(self, machine, name, vifs):
        super().__init__(machine, name, "vmlinuz", "pv", "console=hvc0 quiet loglevel=3",
                         memory=MEMORY, vifs=vifs)
        self._config += 'ramdisk = "/guests/bridge.gz"\n'
