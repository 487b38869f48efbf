"""Programs on Morgana's own TCP/IP, straight on devices whose other end is the kernel of a namespace.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import socket

from . import namespace
from .controller import Controller, program
from .wait import PATIENCE, wait_for

KERNEL = "10.9.0.1"
OURS = "10.9.0.2"


def tap(where, name, address=f"{KERNEL}/24"):
    """A tap in a namespace that outlives who opens it; the kernel's end has an address."""
    where.ip("tuntap", "add", name, "mode", "tap")
    where.ip("address", "add", address, "dev", name)
    where.ip("link", "set", name, "up")
    return f"--net=direct:tap:{name}"


def ethernet(kind, ours, name, kernel, far_name):
    """A link from an Ethernet device in `ours`, opened by `kind` (eth or xdp), to the namespace
    `kernel`, which has an address at its end."""
    namespace.link(ours, name, kernel, far_name, offloads=kind == "eth")
    kernel.ip("address", "add", f"{KERNEL}/24", "dev", far_name)
    return f"--net=direct:{kind}:{name}"


def switch_options(lab):
    """What puts a morgana-switch on a tap of its own, from where the kernel routes to KERNEL's
    network."""
    lab.net.run(["sysctl", "-qw", "net.ipv4.ip_forward=1"])
    return [tap(lab.net, "s0", "10.9.1.1/24"), "--ip=10.9.1.2/24,10.9.1.1"]


def answers(where, address, size=56):
    """Whether an address answers a ping of so many bytes."""
    return "1 received" in where.run(
        ["ping", "-n", "-c", 1, "-W", 2, "-s", size, address], check=False)


class DirectController(Controller):
    """morgana-controller at OURS, whose peer is the kernel of the lab's "net": on a tap there, or on
    an Ethernet device of another `kind` in a namespace of its own."""

    def __init__(self, lab, *options, kind="tap"):
        if kind == "tap":
            device = tap(lab.net, "c0")
        else:
            self.where = lab.namespace("c")
            device = ethernet(kind, self.where, "e0", lab.net, "c0")
        self.direct = [device, f"--ip={OURS}/24,{KERNEL}"]
        super().__init__(lab, *options)

    def start(self):
        self.target = f"tcp:{OURS}:6653"
        self.argv = [program("morgana-controller"), *self.direct, "--listen=ptcp:6653",
                     *self.argv[3:]]
        super().start()
        wait_for(lambda: f", {OURS}/24" in self.output(), "the controller to have its address")


class DirectHost:
    """test/interop/host in a namespace: a host that does what it is told, in sessions."""

    def __init__(self, lab, where, *options, name="host"):
        self.path = lab.folder / f"{name}.sock"
        self.process = lab.start([program("test/interop/host"), self.path, *options],
                                 f"{name}.log", where=where)
        wait_for(self.path.exists, "the host")

    def session(self):
        return Session(self)

    def has_address(self, device, address=OURS):
        """Whether it has told that a device has this address."""
        return f"{device}: up, {address}/" in self.process.output()


class Session:
    """One stream of a DirectHost's at a time. Lines that are said of it are kept in `said`."""

    def __init__(self, host):
        self.host = host
        self.said = []
        self._rest = b""
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(host.path))
        self._socket.setblocking(False)

    def close(self):
        self._socket.close()

    def tell(self, command):
        self._socket.sendall(command.encode() + b"\n")

    def _listen(self):
        try:
            while data := self._socket.recv(65536):
                *lines, self._rest = (self._rest + data).split(b"\n")
                self.said += [line.decode() for line in lines]
        except BlockingIOError:
            pass

    def heard(self, beginning):
        """The first line that it has said that begins so, taken from those that are kept; or None.
        """
        self._listen()
        for i, line in enumerate(self.said):
            if line.startswith(beginning):
                del self.said[: i + 1]
                return line
        return None

    def wait_to_say(self, beginning, limit=PATIENCE):
        try:
            return wait_for(lambda: self.heard(beginning), f'the host to say "{beginning}"', limit)
        except AssertionError as error:
            error.add_note("\n".join(self.said[-20:]) + "\n" + self.host.process.output())
            raise

    def ask(self, command, beginning, limit=PATIENCE):
        self.tell(command)
        return self.wait_to_say(beginning, limit)

    def counters(self):
        """{(module, name): value} of the whole host, of those that are not zero."""
        self.said.clear()
        self.tell("counters")
        found = {}

        def read():
            self._listen()
            return "counters end" in self.said
        wait_for(read, "the counters")
        for line in self.said:
            if line.startswith("counter "):
                _, module, name, value = line.split()
                found[module, name] = int(value)
        return found
