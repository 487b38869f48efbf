"""A controller of the lab: morgana-controller, or a peer's, ovs-testcontroller.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import os
import pathlib

from .wait import wait_for

TOP = pathlib.Path(__file__).resolve().parent.parent.parent


def program(name):
    """A program of ours, where MORGANA_BUILD says or in build/."""
    path = pathlib.Path(os.environ.get("MORGANA_BUILD", TOP / "build")) / name
    if not path.exists():
        raise SystemExit(f"{path} is not built")
    return path


class Controller:
    """morgana-controller, or another `name` with its options, in the lab's "net". There it listens at
    `target`, and for tests that have no use for TCP at `path`. A second one of a lab needs another
    port."""

    where = None  # "net"

    def __init__(self, lab, *options, port=6653, name="morgana-controller"):
        self.lab = lab
        self.name = name
        self.address = ("127.0.0.1", port)
        self.target = "tcp:%s:%d" % self.address
        self.path = lab.folder / f"controller-{port}.sock"
        self.log = f"controller-{port}.log"
        self.argv = [program(name), f"--listen=ptcp:{port}:127.0.0.1",
                     f"--listen=punix:{self.path}", *options]
        self.start()

    def become(self, name):
        """End it, and start another program in its place."""
        self.stop()
        self.name, self.argv[0] = name, program(name)
        self.start()

    def start(self):
        """Start it, once more if it has ended; it listens when this returns."""
        before = len(self.output()) if hasattr(self, "process") else 0
        self.process = self.lab.start(self.argv, self.log, where=self.where)
        listeners = sum(str(word).startswith("--listen=") for word in self.argv)

        def listens():
            if not self.process.is_alive():
                raise AssertionError(f"{self.name} ended:\n{self.output()[before:]}")
            return self.output().count("listening at", before) == listeners

        wait_for(listens, f"{self.name} to listen")

    def output(self):
        return self.process.output()

    def counters(self):
        """{module: {name: value}}, without those that are zero."""
        return self.process.counters()

    def counter(self, module, name):
        return self.counters()[module].get(name, 0)

    def stop(self):
        return self.process.stop()

    def kill(self):
        return self.process.kill()


class TestController:
    """ovs-testcontroller in the lab's "net": the peer's learning switch, or what its options make
    of it."""

    def __init__(self, lab, *options, port=6653):
        self.target = f"tcp:127.0.0.1:{port}"
        self.process = lab.start(
            ["ovs-testcontroller", f"--unixctl={lab.folder}/testcontroller.ctl", *options,
             f"ptcp:{port}:127.0.0.1"], f"testcontroller-{port}.log")
        wait_for(lambda: lab.net.run(["ss", "-Hltn", "sport", "=", f":{port}"]), "it to listen")

    def stop(self):
        return self.process.stop()
