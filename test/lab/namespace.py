"""Network namespaces: made, entered, joined by veth pairs, and emptied of what runs in them.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import contextlib
import ctypes
import os
import pathlib
import signal
import subprocess

from .wait import wait_for

FOLDER = pathlib.Path("/run/netns")
CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)
_home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def run(argv, **options):
    """Run a command and return what it printed; CalledProcessError with its complaint if it fails."""
    options = {"check": True, "text": True, "stdin": subprocess.DEVNULL,
               "capture_output": True} | options
    try:
        return subprocess.run([str(word) for word in argv], **options).stdout
    except subprocess.CalledProcessError as error:
        error.add_note((error.stdout or "") + (error.stderr or ""))
        raise


def ip(*words):
    return run(["ip", *words])


def _setns(path):
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if _libc.setns(fd, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter {path}")
    finally:
        os.close(fd)


class Namespace:
    """A network namespace with its loopback up and IPv6 only there: links carry what is sent on
    them and nothing that the kernel says by itself."""

    def __init__(self, name):
        self.name = name
        ip("netns", "add", name)
        with self.entered():
            pathlib.Path("/proc/sys/net/ipv6/conf/default/disable_ipv6").write_text("1")
        self.ip("link", "set", "lo", "up")

    def ip(self, *words):
        return ip("-n", self.name, *words)

    def run(self, argv, **options):
        return run(self.command(argv), **options)

    def command(self, argv):
        """The command line that runs `argv` in here."""
        return ["ip", "netns", "exec", self.name, *argv]

    @contextlib.contextmanager
    def entered(self):
        """This thread is in here: a socket that it opens belongs to the namespace."""
        _setns(FOLDER / self.name)
        try:
            yield
        finally:
            _setns(f"/proc/self/fd/{_home}")


def link(a, a_name, b, b_name, offloads=False, mtu=1500):
    """A veth pair between two namespaces. Without offloads what goes over it has real checksums and
    real segments, for a switch in user space that forwards frames as they are."""
    ip("link", "add", a_name, "mtu", mtu, "netns", a.name, "type", "veth", "peer", "name", b_name,
       "mtu", mtu, "netns", b.name)
    for namespace, name in ((a, a_name), (b, b_name)):
        if not offloads:
            no_offloads(namespace, name)
        namespace.ip("link", "set", name, "up")


def no_offloads(namespace, name):
    namespace.run(["ethtool", "-K", name, "tx", "off", "tso", "off", "gso", "off", "gro", "off"])


def names(prefix):
    """The namespaces there are whose names begin so."""
    return sorted(path.name for path in FOLDER.glob(prefix + "*"))


def _pids(name):
    return [int(pid) for pid in ip("netns", "pids", name).split()]


def _empty(name):
    """End whatever runs in a namespace; true once nothing does."""
    pids = _pids(name)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return not pids


def remove(name):
    """End what runs in a namespace, and the namespace; its links go with it. Another process may be
    at the same: what matters is that it is gone."""
    try:
        wait_for(lambda: _empty(name), f"the processes in {name} to end")
        ip("netns", "del", name)
    except subprocess.CalledProcessError:
        if (FOLDER / name).exists():
            raise
