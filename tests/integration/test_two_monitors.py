"""Two who follow all events while the daemon and the bus are killed and started again under them: what they have written
at the end is the same, byte for byte, and has each event that the journal has once.

APIARY_EVENTS and APIARY_RESTARTS say how many of each; APIARY_FULL=1 takes what the project promises: 10,000 and 20."""
import itertools
import json
import os
import signal
import subprocess
import threading
import time

from jeepney import MessageType

from harness.accounts import OBSERVERS, OLGA, Account
from harness.cli import Ctl
from harness.client import NAME, VM, BusError, Client, Disconnected, field, vm_path
from harness.events import journal
from harness.processes import dies_with_us, wait_until
from harness.world import STAND_IN

FULL = os.environ.get("APIARY_FULL") == "1"
EVENTS = int(os.environ.get("APIARY_EVENTS", "10000" if FULL else "1500"))
RESTARTS = int(os.environ.get("APIARY_RESTARTS", "20" if FULL else "6"))
PATIENCE = 120.0
VMS = [f"web{number}" for number in range(5)]


class Producer(threading.Thread):
    """Makes things happen as fast as the daemon goes, whenever there is one: jobs that end at once, and between them the
    starts and ends of a VM. Who restarts what is none of its business."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.address, self.ended, self.refused = address, threading.Event(), 0
        self.start()

    def run(self):
        while not self.ended.is_set():
            try:
                with Client(self.address) as caller:
                    for number in itertools.count():
                        self.happen(caller, number)
                        if self.ended.is_set():
                            return
            except (BusError, Disconnected, OSError, TimeoutError):
                self.refused += 1
                self.ended.wait(0.02)     # somebody is away: until he is back there is nothing to be told by

    @staticmethod
    def happen(caller, number):
        open_calls = {caller.post(NAME, vm_path(name), VM, "Stop", "a{sv}", {}) for name in VMS * 4}
        if number % 4 == 0:
            open_calls.add(caller.post(NAME, vm_path("life"), VM, "PowerOff" if number % 8 else "Start", "a{sv}", {}))
        while open_calls:      # each VM answers in its own time
            reply, _ = caller.receive()
            if reply.header.message_type is MessageType.error:
                raise BusError(reply)
            open_calls.discard(field(reply, "reply_serial"))

    def stop(self):
        self.ended.set()
        self.join(PATIENCE)
        assert not self.is_alive()


class Monitor:
    def __init__(self, ctl, path, account=None):
        self.path, self.lines, self.read = path, 0, 0
        who = Account(account).popen_arguments() if account else {}
        with open(path, "wb") as file, open(f"{path}.err", "wb") as errors:
            self.process = subprocess.Popen(
                [ctl.binary, "-q", "--json", "events", "--since", "0", "--follow"], stdin=subprocess.DEVNULL, stdout=file,
                stderr=errors, env={"PATH": "/usr/bin:/bin", **ctl.environment}, cwd="/", preexec_fn=dies_with_us(), **who)

    def count(self):
        """How many lines it has written so far."""
        with open(self.path, "rb") as file:
            file.seek(self.read)
            more = file.read()
        self.read += len(more)
        self.lines += more.count(b"\n")
        return self.lines

    def until(self, lines):
        def there():
            assert self.process.poll() is None, f"it ended with {self.process.returncode}: {self.errors()}"
            return self.count() >= lines
        wait_until(there, f"{lines} lines in {self.path}", PATIENCE)

    def errors(self):
        with open(f"{self.path}.err", errors="replace") as file:
            return file.read()

    def close(self):
        self.process.kill()
        self.process.wait()


def kill_daemon(world, daemon):
    daemon.kill()
    daemon.start()


def kill_bus(world, _):
    world.bus.stop()
    world.bus.start()


def kill_both(world, daemon):
    world.bus.stop()
    daemon.kill()
    world.bus.start()
    daemon.start()


def restart_daemon(_, daemon):
    daemon.stop()
    daemon.start()


def test_two_monitors_have_the_same_and_all_of_it(world, record_property):
    daemon = world.start(f"global {{ observers = {OBSERVERS}; }}\n" + world.bhyve("life")
                         + "".join(world.tiny(name) for name in VMS), options=["--bhyve", str(world.program(STAND_IN))])
    ctl, begun = Ctl(world), time.monotonic()
    monitors = [Monitor(ctl, world.folder / "one.json"), Monitor(ctl, world.folder / "two.json", OLGA)]
    producer = Producer(world.bus.address)
    try:
        for number, restart in zip(range(RESTARTS), itertools.cycle((kill_daemon, kill_bus, kill_both, restart_daemon))):
            monitor = monitors[number % 2]      # in the middle of what it is told, whichever it is
            monitor.until(monitor.count() + EVENTS // (RESTARTS + 1))
            restart(world, daemon)
        for monitor in monitors:
            monitor.until(EVENTS)
        producer.stop()
        with Client(world.bus.address) as caller:
            wait_until(lambda: caller.bus("NameHasOwner", "s", NAME)[0], "its name", PATIENCE)
            kept = journal(caller)
            while (more := journal(caller, kept[-1].seq)):      # what the last jobs did after the producer's end
                kept += more
            if caller.state("life")[0] != "stopped":
                caller.vm("life", "PowerOff", "a{sv}", {})
                wait_until(lambda: caller.state("life")[0] == "stopped", "the end of the last life")
                kept = journal(caller)
        for monitor in monitors:
            monitor.until(len(kept))
            monitor.process.send_signal(signal.SIGINT)
            assert monitor.process.wait(PATIENCE) == 130 and monitor.errors() == ""
    finally:
        producer.ended.set()
        for monitor in monitors:
            monitor.close()
    one, two = (monitor.path.read_bytes() for monitor in monitors)
    assert one == two
    told = [json.loads(line) for line in one.splitlines()]
    assert not [line for line in told if "control" in line]
    assert [e["seq"] for e in told] == list(range(1, len(told) + 1)) and len(told) >= EVENTS
    assert [(e["seq"], e["vm_seq"], e["vm"], e["type"], e["state"], e["reason"]) for e in told] == \
        [(e.seq, e.vm_seq, e.vm, e.type, e.state, e.reason) for e in kept]
    assert len({e["stream"] for e in told}) == 1
    for name in {e["vm"] for e in told} - {""}:
        numbers = [e["vm_seq"] for e in told if e["vm"] == name]
        assert numbers == list(range(1, len(numbers) + 1))
    summary = (f"{len(told)} events, {RESTARTS} restarts, {producer.refused} times nobody there, "
               f"{sum(e['type'] == 'state' for e in told)} changes of state, {time.monotonic() - begun:.1f} s")
    record_property("two_monitors", summary)
    print(f"two monitors: {summary}")
