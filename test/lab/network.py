"""The lab itself: private names, a private folder, hosts, and removal on every way out.

Everything of a lab has the lab's name in it (mg and the pid of who made it): the namespaces, and
the folder below /run/morgana. Every process of a lab runs in one of its namespaces. So to remove a
lab is to end what runs in its namespaces and to delete them and the folder; no list is kept that an
interruption could make wrong, and what a killed process left behind, the next lab finds and removes.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import atexit
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys

from . import namespace
from .process import ENDING, Process, catch_signals
from .wait import PATIENCE

ROOT = pathlib.Path("/run/morgana")


class Host:
    """A host: a namespace with an address on eth0. `number` gives it its name and addresses, if it is
    not told another one; with a `gateway` it reaches other networks through that."""

    def __init__(self, lab, number, address=None, gateway=None):
        self.lab = lab
        self.name = f"h{number}"
        self.address = address or f"10.0.0.{number}"
        self.gateway = gateway
        self.mac = f"02:00:00:00:00:{number:02x}"
        self.namespace = lab.namespace(self.name)

    def configure(self):
        """Give eth0, which now exists, its addresses."""
        self.namespace.ip("link", "set", "eth0", "address", self.mac)
        self.namespace.ip("address", "add", f"{self.address}/24", "dev", "eth0")
        if self.gateway:
            self.namespace.ip("route", "add", "default", "via", self.gateway)

    def run(self, *argv, **options):
        """Run a command here and return its output."""
        return self.namespace.run(argv, **options)

    def ping(self, other, count=1, wait=2):
        """Ping another host: how many of `count` answers came, each within `wait` seconds. One at a
        time: of several, ping waits for the last no longer than the others took."""
        return sum(" 1 received" in self.run("ping", "-n", "-c", 1, "-W", wait, other.address, check=False)
                   for _ in range(count))

    def always_reaches(self, other, count):
        """Whether each of `count` pings is answered, however slow the machine is."""
        return all(self.ping(other, wait=PATIENCE) for _ in range(count))


class Lab:
    """One lab. With keep=True its processes go on when we end; see kept()."""

    def __init__(self, keep=False):
        if os.geteuid() != 0:
            raise SystemExit("the lab needs root: it makes network namespaces")
        sweep()
        self.name = f"mg{os.getpid()}"
        self.folder = ROOT / self.name
        self.keep = keep
        self.processes = []
        self._namespaces = {}
        os.environ["MORGANA_LAB"] = self.name  # whatever is started from here on can be told by it
        catch_signals()
        atexit.register(self.close)
        # "net": where the switches and their controllers live.
        make_folder(self.folder)
        try:
            self.net = self.namespace("net")
        except (subprocess.CalledProcessError, OSError) as error:
            print(f"no network namespace can be made here: {error}", *getattr(error, "__notes__", []),
                  "Is this a container? Then it has to be one with all rights: docker run --privileged ...",
                  sep="\n  ", file=sys.stderr)
            raise SystemExit(2) from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def namespace(self, short):
        """The lab's namespace of this name, made when first asked for."""
        if short not in self._namespaces:
            self._namespaces[short] = namespace.Namespace(f"{self.name}-{short}")
        return self._namespaces[short]

    def host(self, number, address=None, gateway=None):
        return Host(self, number, address, gateway)

    def cabled_hosts(self, count):
        """Hosts 1 to `count`, the far end of whose links are "net"'s devices h1, h2, ..."""
        hosts = [self.host(number) for number in range(1, count + 1)]
        for host in hosts:
            namespace.link(self.net, host.name, host.namespace, "eth0")
            host.configure()
        return hosts

    def start(self, argv, log, where=None, env=None):
        """Start a program in a namespace ("net" unless told), its output in the lab's folder."""
        process = Process((where or self.net).command(argv), self.folder / log,
                          env=env, outlives_us=self.keep)
        self.processes.append(process)
        return process

    def kept(self):
        """Leave the lab up when we end, until end_kept()."""
        (self.folder / "kept").touch()
        atexit.unregister(self.close)

    def close(self):
        """Remove every trace; again: nothing. A signal meanwhile waits until that is done."""
        atexit.unregister(self.close)
        before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
        try:
            for process in reversed(self.processes):
                process.kill()
            self.processes.clear()
            remove(self.name)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def make_folder(path):
    """Make a lab's folder, below ROOT, which a lab that ends at this moment may remove."""
    while True:
        ROOT.mkdir(mode=0o755, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            return path.mkdir(mode=0o755)


def remove(name):
    """Remove whatever there is of the lab of this name."""
    for full_name in namespace.names(name + "-"):
        namespace.remove(full_name)
    shutil.rmtree(ROOT / name, ignore_errors=True)
    with contextlib.suppress(OSError):
        ROOT.rmdir()  # the last lab turns off the light


def _labs():
    return sorted(path.name for path in ROOT.glob("mg*"))


def end_kept():
    """Remove the labs that were left up; returns their names."""
    ended = [name for name in _labs() if (ROOT / name / "kept").exists()]
    for name in ended:
        remove(name)
    return ended


def sweep():
    """Remove the labs whose makers died without a chance to do so."""
    for name in _labs():
        if not (ROOT / name / "kept").exists() and not os.path.exists(f"/proc/{name[2:]}"):
            remove(name)
