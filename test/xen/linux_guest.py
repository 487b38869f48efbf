"""Linux domUs beside ours, with the kernel that image.py takes for dom0, and busybox; and kernel
modules for dom0 that only benches need.

    files = build(BENCH)          vmlinuz, bridge.gz, pktgen.ko: for Machine(files)
    guest = Linux(machine, "linux", vifs=[...]).create()
    guest.wait_for(READY)         its vifs are ports of one bridge

    files += [with_programs(folder, files[1], [switch, controller])]
    guest = Linux(machine, "linux", vifs, "pvh", "morgana-switch --dpid=1 ...", "10.0.0.50/24").create()
    guest.wait_for("mode: controlled")

A guest of the second sort runs the UNIX build of a program, over the kernel's sockets,
and each of its lines ends with the seconds of the kernel's own clock (/proc/uptime): it begins to count
a little after the first instruction.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import gzip
import hashlib
import pathlib
import shutil
import tempfile

from . import image
from .machine import Domain

READY = "the bridge forwards"
INTERFACE, FIRST_FRAME = "init: it has its interfaces", "init: the first frame is sent"
MEMORY = 128  # MiB
FILES = ("vmlinuz", "bridge.gz", "pktgen.ko")
# In the order in which they can be inserted.
MODULES = ("net/llc/llc", "net/802/stp", "net/bridge/bridge", "net/core/failover", "drivers/net/net_failover",
           "drivers/net/xen-netfront")
BRIDGE_INIT = f"""
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
"""
# $program, $address and $last, its last interface, are on the kernel's command line.
PROGRAM_INIT = f"""
mount -t devtmpfs dev /dev
mark() {{ read -r now rest < /proc/uptime; echo "$* [$now s]"; }}
until [ -e /sys/class/net/$last ]; do usleep 2000; done
mark {INTERFACE}
(until read -r sent < /sys/class/net/eth0/statistics/tx_packets && [ $sent -gt 0 ]; do usleep 2000; done
mark {FIRST_FRAME}) &
ip addr add $address dev eth0
ip link set eth0 up
ip link set lo up
$program 2>&1 | while read -r line; do mark "$line"; done
"""
INIT = f"""#!/bin/sh
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
for module in {' '.join(name.rpartition('/')[2] for name in MODULES)}; do
    insmod /$module.ko || echo "no $module"
done
if [ "$program" ]; then{PROGRAM_INIT}
else{BRIDGE_INIT}
fi
while :; do sleep 1000; done
"""


def build(folder):
    """The files, made in `folder` by who comes first."""
    folder = pathlib.Path(folder) / f"linux-{hashlib.sha256(INIT.encode()).hexdigest()[:12]}"
    files = [folder / name for name in FILES]
    if all(path.exists() for path in files):
        return files
    folder.mkdir(exist_ok=True)
    unpacked, root = folder / "unpacked", folder / "root"
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


def with_programs(folder, bridge, programs):
    """A file "programs.gz" in `folder`: the ramdisk `bridge` and these programs, with their libraries."""
    with tempfile.TemporaryDirectory() as top:
        root = pathlib.Path(top) / "root"
        for name in ("bin", "lib64", image.LIBRARIES.removeprefix("usr/")):
            (root / name).mkdir(parents=True)
        libraries = image.libraries_of(programs, pathlib.Path(top))
        for name, path in libraries.items():
            where = "lib64" if name.startswith("ld-linux") else image.LIBRARIES.removeprefix("usr/")
            shutil.copy(path, root / where / name)
        for path in programs:
            image.run("strip", "-o", root / "bin" / path.name, path)
        more = pathlib.Path(top) / "more.gz"
        image.pack(root, more)
        # One gzip stream, for xl unpacks no other.
        archives = [gzip.decompress(path.read_bytes()) for path in (bridge, more)]
    both = folder / "programs.gz"
    both.write_bytes(gzip.compress(b"".join(archives), 1))
    return both


class Linux(Domain):
    """A guest whose first two vifs are bridged; or one that runs `program`, a command, with this
    address at its first vif."""

    def __init__(self, machine, name, vifs, kind="pv", program="", address=""):
        words, ramdisk = "console=hvc0 quiet loglevel=3", "bridge.gz"
        if program:
            words += f' address={address} last=eth{len(vifs) - 1} program="{program}"'
            ramdisk = "programs.gz"
        super().__init__(machine, name, "vmlinuz", kind, words, memory=MEMORY, vifs=vifs)
        self._config += f'ramdisk = "/guests/{ramdisk}"\n'
