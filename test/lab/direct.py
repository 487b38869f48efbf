"""Programs on Morgana's own TCP/IP, straight on taps whose other end is the kernel of a namespace.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import socket

from .controller import Controller, program
from .wait import wait_for

KERNEL = "10.9.0.1"
OURS = "10.9.0.2"


def tap(namespace, name, address=f"{KERNEL}/24"):
    """A tap in a namespace that outlives who opens it; the kernel's end has an address."""
    namespace.ip("tuntap", "add", name, "mode", "tap")
    namespace.ip("address", "add", address, "dev", name)
    namespace.ip("link", "set", name, "up")
    return f"--net=direct:tap:{name}"


def switch_options(lab):
    """What puts a morgana-switch on a tap of its own, from where the kernel routes to KERNEL's
    network."""
    lab.net.run(["sysctl", "-qw", "net.ipv4.ip_forward=1"])
    return [tap(lab.net, "s0", "10.9.1.1/24"), "--ip=10.9.1.2/24,10.9.1.1"]


def answers(namespace, address, size=56):
    """Whether an address answers a ping of so many bytes."""
    return "1 received" in namespace.run(
        ["ping", "-n", "-c", 1, "-W", 2, "-s", size, address], check=False)


class DirectController(Controller):
    """morgana-controller on a tap in the lab's "net", at OURS."""

    def __init__(self, lab, *options, device="c0"):
        self.direct = [tap(lab.net, device), f"--ip={OURS}/24,{KERNEL}"]
        super().__init__(lab, *options)

    def start(self):
        self.target = f"tcp:{OURS}:6653"
        self.argv = [program("morgana-controller"), *self.direct, "--listen=ptcp:6653",
                     *self.argv[3:]]
        super().start()
        wait_for(lambda: f", {OURS}/24" in self.output(), "the controller to have its address")


class DirectHost:
    """test/interop/host in a namespace: a host that does what it is told. Lines that it says are
    kept in `said`."""

    def __init__(self, lab, where, *options, name="host"):
        self.path = lab.folder / f"{name}.sock"
        self.process = lab.start([program("test/interop/host"), self.path, *options],
                                 f"{name}.log", where=where)
        wait_for(self.path.exists, "the host")
        self.said = []
        self._rest = b""
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(self.path))
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

    def wait_to_say(self, beginning, limit=60):
        try:
            return wait_for(lambda: self.heard(beginning), f'the host to say "{beginning}"', limit)
        except AssertionError as error:
            error.add_note("\n".join(self.said[-20:]) + "\n" + self.process.output())
            raise

    def ask(self, command, beginning, limit=60):
        self.tell(command)
        return self.wait_to_say(beginning, limit)

    def counters(self):
        """{(module, name): value}, of those that are not zero."""
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

    def has_address(self, device, address=OURS):
        """Whether it has told that a device has this address."""
        return f"{device}: up, {address}/" in self.process.output()
