"""A machine with Xen and a Linux dom0, emulated by QEMU, and the domains that tests start on it.

    machine = Machine(files=[kernel, ...])       booted, from the bench's snapshot, in a second
    print(machine.run("xl list"))                a shell in dom0
    guest = Domain(machine, "hello", "hello.xen", "pvh", extra="--log=debug")
    guest.create()
    guest.wait_for("ended well")                 on its console
    machine.stop()

Its clock is the host's, or it counts instructions (`counted`): a nanosecond each, whatever the host
does meanwhile. What guests say of their own time is then the same in each run, but for the order in
which things happen.

What fails because the emulated machine failed is not Morgana's fault: a test of class MachineTest is
then tried again from the fresh snapshot, and says so.

The bench (image.py) lies where MORGANA_XEN_BENCH says, else in /var/tmp/morgana-xen-bench, in a folder
named by its recipe; the first who needs it builds it. Everything else is in a private folder, so that several machines run at once.

Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
"""
import atexit
import contextlib
import fcntl
import hashlib
import inspect
import itertools
import json
import os
import pathlib
import re
import selectors
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import xen.image as image  # noqa: E402
from lab import direct  # noqa: E402
from lab.process import Process, catch_signals  # noqa: E402
from lab.wait import wait_for  # noqa: E402

BENCHES = pathlib.Path(os.environ.get("MORGANA_XEN_BENCH", "/var/tmp/morgana-xen-bench"))
PAYLOAD = 64 << 20  # bytes of the disk that brings files into dom0
MEMORY = 768        # MiB of the machine, unless it is told otherwise
DOM0_MEMORY = 320
BOOT_LIMIT = 300    # seconds, as all limits generous: the emulation is slow, and others load the machine
LIMIT = 120         # of a wait or a command in dom0
CALM_LIMIT = 900    # of Linux as a guest: xl has a kernel to unpack, and then it boots
GRACE = 60          # beyond a command's limit until dom0 itself must have ended it
AGAIN = 2           # how often a test is tried again at most

# QEMU's XSAVE and XRSTOR ignore CR0.TS: when Xen switches registers lazily, as on AMD's processors, a
# context switch of dom0's then saves what another domain left in them. So Xen must switch eagerly.
XEN_WORDS = (f"spec-ctrl=eager-fpu bootscrub=0 com1=115200,8n1 console=com1 dom0_mem={DOM0_MEMORY}M,max:{DOM0_MEMORY}M "
             "dom0_max_vcpus=1 loglvl=warning guest_loglvl=warning")
LINUX_WORDS = ("console=hvc0 quiet loglevel=3 cryptomgr.notests "
               "initcall_blacklist=crypto_kdf108_init")
# With SMAP dom0 dies at its first access to a user's page; RDTSCP kills PVH guests: Xen cannot
# emulate the instruction's length on this QEMU's SVM. Where a processor says that it is quick with
# them (ERMS, FSRM), Linux copies and clears by instructions that go byte by byte, and so does QEMU:
# without, a domain is made, and a process, in two thirds of the time.
CPU = "max,-smap,-rdtscp,-erms,-fsrm"


# How dom0's kernel tells that one of its processes, or itself, failed; and how libxl does: domains
# are paused while it makes them, so that none of ours has a part in it.
KERNEL_FAULTS = r"segfault at|general protection|trap invalid opcode|traps:|Oops|BUG:|Out of memory"
TIMED_OUT = 128 + 9  # dom0's status of a command that its time limit killed
LIBXL_FAULTS = ("fatal signal", "timed out")


class BenchFault(AssertionError):
    """The emulated machine failed, or its dom0: nothing of Morgana's."""


# The machine's Ethernet device leads nowhere, or to a tap of a namespace that has this address there:
# on dom0's bridge xenbr0, which is 10.0.0.1.
OUTSIDE = "10.0.0.254"
NO_NETWORK = "hubport,id=net,hubid=0"


CLOCKS = {False: ("-accel", "tcg,thread=multi"),
          True: ("-accel", "tcg,thread=single", "-icount", "shift=0,sleep=on")}


def qemu(folder, state, disk, *more, network=NO_NETWORK, counted=False, memory=MEMORY):
    return [
        "qemu-system-x86_64", *CLOCKS[counted], "-cpu", CPU, "-smp", "1",
        "-m", memory, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
        "-serial", "stdio",
        "-qmp", f"unix:{folder}/qmp,server=on,wait=off",
        "-device", "virtio-serial-pci",
        "-chardev", f"socket,id=shell,path={folder}/shell,server=on,wait=off",
        "-device", "virtserialport,chardev=shell",
        "-drive", f"if=none,id=state,format=qcow2,file={state}",
        "-drive", f"if=none,id=payload,format=raw,readonly=on,file={disk}",
        "-device", "virtio-blk-pci,drive=payload",
        "-netdev", network,
        "-device", "virtio-net-pci,netdev=net,romfile=",
        "-kernel", BENCH / "xen", "-append", XEN_WORDS,
        "-initrd", f"{BENCH}/vmlinux {LINUX_WORDS},{BENCH}/dom0.gz", *more]


def recipe():
    """A name for what the bench is made of: another one is another bench."""
    digest = hashlib.sha256(repr((MEMORY, CPU, XEN_WORDS, LINUX_WORDS, NO_NETWORK, CLOCKS)).encode())
    for path in image.SOURCES:
        digest.update(path.read_bytes())
    digest.update(inspect.getsource(qemu).encode())
    return digest.hexdigest()[:12]


BENCH = BENCHES / recipe()


def connect(path):
    """To a UNIX socket that QEMU will make."""
    def attempt():
        s = socket.socket(socket.AF_UNIX)
        try:
            s.connect(str(path))
            return s
        except OSError:
            s.close()
            return None
    return wait_for(attempt, f"QEMU's {path.name}")


def tell_qemu(folder, command):
    """One command of QEMU's own monitor."""
    with connect(folder / "qmp") as s, s.makefile("rw") as f:
        f.readline()
        for call in ({"execute": "qmp_capabilities"},
                     {"execute": "human-monitor-command", "arguments": {"command-line": command}}):
            f.write(json.dumps(call) + "\n")
            f.flush()
            while not {"return", "error"} & (reply := json.loads(f.readline())).keys():
                pass
        if reply.get("return", "") != "":
            raise AssertionError(f"QEMU: {command}: {reply}")


def snapshot(counted, memory):
    """Where a machine is kept as it is when dom0's shell waits."""
    return BENCH / f"{'counted' if counted else 'state'}-{memory}.qcow2"


def build_bench(counted=False, memory=MEMORY):
    """The image and the snapshot, once for all who come at a time."""
    BENCH.mkdir(parents=True, exist_ok=True)
    with open(BENCH / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        image.build(BENCH)
        if not snapshot(counted, memory).exists():
            save_snapshot(counted, memory)


def save_snapshot(counted, memory):
    """Boot to where dom0's shell waits, and keep the machine as it is then."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="morgana-xen."))
    state, disk = folder / "state.qcow2", folder / "disk"
    disk.touch()
    os.truncate(disk, PAYLOAD)
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", state, "64M"], check=True)
    process = Process(qemu(folder, state, disk, counted=counted, memory=memory), folder / "serial")
    try:
        wait_for(lambda: "BENCH-READY" in process.output() or not process.is_alive(),
                 "dom0 on the bench", BOOT_LIMIT)
        if "BENCH-READY" not in process.output() or "BENCH-FAILED" in process.output():
            raise BenchFault("dom0 did not come up:\n" + process.output())
        tell_qemu(folder, "savevm ready")
        shutil.move(state, BENCH / "new.qcow2")
        (BENCH / "new.qcow2").rename(snapshot(counted, memory))
    finally:
        process.stop()
        shutil.rmtree(folder)


class Machine:
    """A running machine. `files` lie in dom0's folder /guests, by their names alone or by their paths
    from `top` on. In the namespace `where`, if there is one, its network is the tap "bench", where we
    are OUTSIDE. `counted`: its clock counts. `memory`: in MiB."""

    def __init__(self, files=(), where=None, top=None, counted=False, memory=MEMORY):
        catch_signals()
        build_bench(counted, memory)
        self.where, self.counted, self.memory = where, counted, memory
        if where:
            direct.tap(where, "bench", f"{OUTSIDE}/24")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="morgana-xen."))
        with tarfile.open(self.folder / "disk", "w", dereference=True) as tar:
            for path in files:
                path = pathlib.Path(path)
                tar.add(path, arcname=path.relative_to(top or path.parent))
        os.truncate(self.folder / "disk", PAYLOAD)
        self._process = self._shell = None
        atexit.register(self.stop)
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self):
        """From the snapshot. A layer of our own on the common state: nothing is written to that."""
        self._calls = self._faults_seen = 0
        for name in ("shell", "qmp", "serial"):
            (self.folder / name).unlink(missing_ok=True)
        state = self.folder / "state.qcow2"
        shutil.copy(snapshot(self.counted, self.memory), state)
        self._process = Process(self._command(state), self.folder / "serial")
        self._shell = connect(self.folder / "shell")
        self.run("mkdir -p /guests && tar -x -f /dev/vda -C /guests")

    def _command(self, state):
        words = [self.folder, state, self.folder / "disk", "-loadvm", "ready"]
        kind = {"counted": self.counted, "memory": self.memory}
        if self.where is None:
            return qemu(*words, **kind)
        return self.where.command(qemu(*words, network="tap,id=net,ifname=bench,script=no,downscript=no", **kind))

    def _halt(self):
        if self._shell:
            self._shell.close()
        if self._process:
            self._process.stop()
        self._shell = self._process = None

    def restart(self):
        """As it was in the beginning."""
        self._halt()
        self._start()

    def stop(self):
        atexit.unregister(self.stop)
        self._halt()
        shutil.rmtree(self.folder)

    @property
    def pid(self):
        """QEMU's."""
        return self._process.pid

    def serial(self):
        """What Xen and dom0's kernel have said."""
        return self._process.output()

    def new_faults(self):
        """What dom0's kernel has said of failing processes since this was asked last."""
        try:
            lines = self.run(f"dmesg | grep -E '{KERNEL_FAULTS}'", check=False).splitlines()
        except BenchFault as fault:
            return str(fault).partition("\n")[0]
        new, self._faults_seen = lines[self._faults_seen:], len(lines)
        return "; ".join(new)

    def run(self, command, limit=LIMIT, check=True):
        """Run shell commands in dom0 and return what they print. AssertionError if they fail (with
        `check`) or take longer than `limit` seconds; BenchFault if dom0 does not answer at all."""
        self._calls += 1
        marker = f"MARKER-{self._calls}"
        try:
            self._shell.sendall(f"{marker} {limit}\n{command}\n{marker}\n".encode())
            output, status = self._answer(marker, command, limit + GRACE)
        except OSError as error:
            raise BenchFault(f"dom0: {command}: {error}\n{self.serial()[-4000:]}") from error
        if status == TIMED_OUT:
            raise AssertionError(f"dom0: {command}: longer than {limit} s\n{output}")
        if check and status != 0:
            raise AssertionError(f"dom0: {command}: status {status}\n{output}")
        return output

    def wait_until(self, condition, limit=LIMIT):
        """Until a shell command of dom0's succeeds; whether it did within `limit` seconds."""
        return "true" in self.run(
            f"end=$(($(date +%s) + {limit}))\nuntil {condition}; do\n"
            "[ $(date +%s) -lt $end ] || exit 0\nusleep 50000\ndone > /dev/null\necho true",
            limit + GRACE)

    def _answer(self, marker, command, limit):
        end, data = time.monotonic() + limit, b""
        with selectors.DefaultSelector() as selector:
            selector.register(self._shell, selectors.EVENT_READ)
            while True:
                head, found, tail = data.rpartition(f"\n{marker} ".encode())
                if found and tail.endswith(b"\n"):
                    return head.decode(errors="replace"), int(tail)
                left = end - time.monotonic()
                if left <= 0 or not selector.select(left):
                    raise BenchFault(f"dom0: no answer in {limit} s to {command}\n"
                                     f"{data.decode(errors='replace')}\n{self.serial()[-4000:]}")
                piece = self._shell.recv(65536)
                if not piece:
                    raise BenchFault(f"QEMU has ended: {command}\n{self.serial()[-4000:]}")
                data += piece


# What ends no answer of its own.
ENDS_OF_ANSWERS = itertools.count()

# How xl list shows a domain that has ended.
ENDS = {"---s--": "poweroff", "---sr-": "reboot", "---sc-": "crash"}


class Domain:
    """A guest of ours: `kernel` is the name of one of the machine's files, `kind` pv or pvh, `vifs`
    are words such as "mac=...,bridge=xenbr0"; `ramdisk` is a path in dom0."""

    def __init__(self, machine, name, kernel, kind, extra="", memory=16, vifs=(), on_reboot="preserve",
                 ramdisk="", maxmem=None):
        self.machine, self.name, self.kind = machine, name, kind
        # Only to do something when the domain ends need xl stay.
        self._how = "-e" if on_reboot == "preserve" else ""
        vif = ", ".join(f'"{words}"' for words in vifs)
        extra = extra.replace('"', '\\"')
        self._config = f"""name = "{name}"
type = "{kind}"
kernel = "/guests/{kernel}"
extra = "{extra}"
memory = {memory}
vcpus = 1
vif = [{vif}]
on_crash = "preserve"
on_poweroff = "preserve"
on_reboot = "{on_reboot}"
"""
        if ramdisk:
            self._config += f'ramdisk = "{ramdisk}"\n'
        if maxmem:
            self._config += f"maxmem = {maxmem}\n"

    def __str__(self):
        return f"{self.name} ({self.kind})"

    def resize(self, memory):
        """With so many MiB, before it is created."""
        self._config = re.sub(r"^memory = .*", f"memory = {memory}", self._config, flags=re.M)

    def create(self, calm=0):
        """With `calm` it begins when all that xl does to make it is over, and dom0 is then left alone
        for so many seconds: what it says of its own time is not spoilt by us."""
        self.machine.run(f"cat > /run/{self.name}.cfg <<'END'\n{self._config}END")
        pause, begin = ("-p", f"&& sleep 1 && xl unpause {self.name} && sleep {calm}") if calm else ("", "")
        try:
            self.machine.run(f"cd /guests && xl create {pause} {self._how} /run/{self.name}.cfg {begin}",
                             CALM_LIMIT if calm else LIMIT)
        except BenchFault:
            raise
        except AssertionError as error:
            if any(words in str(error) for words in LIBXL_FAULTS):
                raise BenchFault(str(error)) from error
            raise
        return self

    def save(self, goes_on=False):
        """Write it to a file, which ends it unless it `goes_on`."""
        self.machine.run(f"xl save {'-c' if goes_on else ''} {self.name} {self._saved}")

    def restore(self):
        """As another domain, from the file."""
        self.machine.run(f"xl restore {self._how} {self._saved} && rm {self._saved}")

    def migrate(self):
        """To the machine where it is, while it runs."""
        self.machine.run(f"xl migrate -s '' {self.name} 'xl migrate-receive {self._how}'")

    def destroy(self):
        """And forget its console. Nothing if there is none."""
        self.machine.run(f"xl destroy {self.name}; rm -f {self._log} {self._saved}", check=False)

    @property
    def _log(self):
        return f"/var/log/xen/guest-{self.name}.log"

    @property
    def _saved(self):
        return f"/run/{self.name}.saved"

    def console(self):
        """What it has said so far."""
        return self.machine.run(f"cat {self._log}", check=False)

    def type(self, line):
        """On its console, as a person does after `xl console`."""
        self.machine.run(f"echo '{line}' > $(xenstore-read /local/domain/$(xl domid {self.name})/console/tty)")

    def ask(self, command):
        """What it answers to a command that is typed on its console, in lines; and what it logs meanwhile."""
        end = f"end-{next(ENDS_OF_ANSWERS)}"
        self.type(f"{command}\n{end}")
        lines = self.wait_for(f'"{end}" is not a command').splitlines()
        answer = lines[:lines.index(end)]
        return answer[len(answer) - answer[::-1].index(command):]

    def wait_for(self, text, limit=LIMIT):
        """Until its console shows `text`; returns the console."""
        self.machine.wait_until(f"grep -qF -- '{text}' {self._log}", limit)
        found = self.console()
        if text not in found:
            raise AssertionError(f"{self} never said {text!r}. Its console:\n{found}\n"
                                 f"Xen:\n{self.machine.serial()[-2000:]}")
        return found

    def state(self):
        """As xl list shows it: "r-----", "-b----"; "" if there is none."""
        words = self.machine.run(f"xl list {self.name} 2> /dev/null | tail -n 1", check=False).split()
        return words[4] if words[:1] == [self.name] else ""

    def wait_for_end(self, limit=LIMIT):
        """Until it has ended, and how: "poweroff", "reboot" or "crash"."""
        self.machine.wait_until(f"xl list {self.name} | grep -q -- '---s'", limit)
        state = self.state()
        if state not in ENDS:
            raise AssertionError(f"{self} has not ended ({state}); its console:\n{self.console()}")
        return ENDS[state]


def configured(text, key):
    """The string that a configuration for xl has under this key; "" if none."""
    found = re.search(rf'^{key} *= *"(.*?)"', text, re.M)
    return found[1] if found else ""


class Configured(Domain):
    """The domain of a configuration, `text`, as it is. A path in it counts from /guests on."""

    def __init__(self, machine, text):
        self.machine, self._config, self._how = machine, text, ""
        self.name, self.kind = configured(text, "name"), configured(text, "type")
        self.kernel = pathlib.PurePath(configured(text, "kernel"))


class Example(Configured):
    """The domain of an example configuration, `text`, as an operator has it; but of this kind."""

    def __init__(self, machine, text, kind):
        super().__init__(machine, re.sub(r'^type = "\w+"', f'type = "{kind}"', text, count=1, flags=re.M))

    def create(self, calm=0):
        """With the kernel where `make install` puts it."""
        self.machine.run(f"mkdir -p {self.kernel.parent}; "
                         f"ln -sf /guests/{self.kernel.name} {self.kernel}")
        return super().create(calm)


class HeldResult:
    """What a test tells its result, held back until it is known whether that counts."""
    HELD = ("startTest", "stopTest", "addSuccess", "addFailure", "addError", "addSubTest", "addSkip")

    def __init__(self, result):
        self._result, self._calls, self.errors = result, [], []

    def __getattr__(self, name):
        method = getattr(self._result, name)
        if name not in self.HELD:
            return method

        def hold(*words):
            self._calls.append((method, words))
            if name in ("addFailure", "addError", "addSubTest") and words[-1]:
                self.errors.append(words[-1][1])
        return hold

    def tell(self):
        for method, words in self._calls:
            method(*words)


class MachineTest(unittest.TestCase):
    """A test on `machine`, which its module sets up. It is tried again when the bench was at fault:
    AGAIN times at most, each on the fresh snapshot. What Morgana did wrong never is."""
    machine = None
    log = sys.stderr

    def run(self, result=None):
        for left in range(AGAIN, -1, -1):
            held = HeldResult(result)
            super().run(held)
            fault = self._bench_fault(held.errors)
            if not fault:
                break
            again = held.errors and left > 0
            print(f"bench fault: {fault}{'; again' if again else ''}", file=self.log, flush=True)
            with contextlib.suppress(BenchFault):  # the next command will say it
                self.machine.restart()
            if not again:
                break
        held.tell()
        return result

    def _bench_fault(self, errors):
        """What went wrong with the bench in one line; "" if nothing did."""
        own = [str(error).partition("\n")[0] for error in errors if isinstance(error, BenchFault)]
        return self.machine.new_faults() or "; ".join(own)
