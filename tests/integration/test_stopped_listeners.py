"""A listener to broadcasts who was stopped: what it costs the bus is bounded, it is named, nobody else is affected, and what
was left out is told when there is room again."""
import os
import re
import signal
import subprocess
import sys

import pytest
from jeepney import MessageType
from harness.accounts import ALICE, Account
from harness.client import MANAGER, NAME, PROPERTIES, ROOT, VM, field, plain, vm_path
from harness.events import command, journal
from harness.processes import dies_with_us, memory, wait_until
from harness.world import SANITIZED, SOURCE, STAND_IN

MEGA = 1 << 20
LISTENER = f"""
import sys
sys.path.insert(0, {str(SOURCE / "tests/integration")!r})
from harness.client import Client, NAME
client = Client(sys.argv[1])
client.match(f"type='signal',sender='{{NAME}}'")
print(client.unique, flush=True)
client.sock.settimeout(None)
while client.sock.recv(1 << 20):     # what it is does not matter to it
    pass
"""


class Listener:
    """Another user's process that listens to all broadcasts."""

    def __init__(self, world, account):
        script = world.write(LISTENER, "listener.py")
        self.process = subprocess.Popen([sys.executable, "-B", script, world.bus.address], stdout=subprocess.PIPE,
                                        text=True, preexec_fn=dies_with_us(), cwd="/",
                                        **Account(account).popen_arguments())
        self.unique = self.process.stdout.readline().strip()
        assert self.unique.startswith(":")

    def signal(self, number):
        self.process.send_signal(number)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture
def listener(world):
    made = []

    def begin(account=ALICE):
        made.append(Listener(world, account))
        return made[-1]
    yield begin
    for one in made:
        one.close()


def start(world, text):
    return world.start(text, options=["--bhyve", str(world.program(STAND_IN))])


def happen(client, name, jobs):
    """Five broadcasts for each job, of a VM that rests."""
    for _ in range(jobs // 100):
        serials = [client.post(NAME, vm_path(name), VM, "Stop", "a{sv}", {}) for _ in range(100)]
        for serial in serials:
            reply, _ = client.reply_to(serial)
            assert reply.header.message_type is MessageType.method_return, reply.body


def until_logged(daemon, caller, name, *words):
    """Makes things happen until the daemon says so; it answers all the while."""
    for _ in range(300):
        happen(caller, name, 100)
        if line := next((one for one in daemon.text().splitlines() if all(w in one for w in words)), None):
            return line
    raise AssertionError(f"nothing of {words} in the log:\n{daemon.text()[-4000:]}")


@pytest.mark.parametrize("ends", [False, True], ids=["it reads on", "it goes"])
def test_it_is_bounded_named_and_told(world, listener, ends):
    daemon = start(world, world.bhyve("idle", visibility="all") + world.bhyve("web", visibility="all")
                   + world.bhyve("own"))
    stopped, caller, quick = listener(), world.client(), world.client()
    happen(caller, "idle", 1000)
    before = memory(world.bus.process), memory(daemon.process)
    stopped.signal(signal.SIGSTOP)
    line = until_logged(daemon, caller, "idle", "does not read the signals")
    for words in (stopped.unique, f"user {Account(ALICE).uid}", f"process {stopped.process.pid}", "MiB"):
        assert words in line, line
    assert not re.search(rf"{re.escape(caller.unique)}\b", line)
    # From here on nothing is added to what the bus keeps, however much happens.
    kept = memory(world.bus.process)
    assert kept - before[0] < 128 * MEGA, f"{(kept - before[0]) >> 20} MiB"
    quick.follow(subscribe=False)
    happen(caller, "idle", 3_000)
    assert memory(world.bus.process) - kept < 8 * MEGA, f"{(memory(world.bus.process) - kept) >> 20} MiB"
    assert SANITIZED or memory(daemon.process) - before[1] < 24 * MEGA
    assert not [m for m in quick.drain() if field(m, "path") == vm_path("idle")]
    # Subscribers hear everything all the while.
    subscriber = world.follower()
    for name, what in (("own", "Stop"), ("idle", "Stop"), ("web", "Start")):
        assert command(subscriber, name, what)["Result"] == "done"
    last = caller.get(ROOT, f"{NAME}.Journal", "Last")
    if ends:
        stopped.close()
    else:
        stopped.signal(signal.SIGCONT)
    changed = quick.next_signal(lambda m: field(m, "interface") == PROPERTIES and field(m, "path") == vm_path("web"))
    told = plain(changed.body[1])
    assert told["State"] == "running" and told["Incarnation"] == 1 and "Name" not in told, told
    lost = quick.next_signal(lambda m: field(m, "interface") == MANAGER and field(m, "member") == "SignalsLost")
    assert lost.body[0] > 14_000 and lost.body[1] >= last
    daemon.logged("room for broadcast signals again", str(lost.body[0]))
    assert [e.seq for e in journal(caller, last - 2000)] == list(range(last - 1999, caller.get(
        ROOT, f"{NAME}.Journal", "Last") + 1))
    # … and everything is as before.
    caller.vm("web", "PowerOff", "a{sv}", {})
    quick.next_signal(lambda m: field(m, "interface") == VM and m.body[4] == "web" and m.body[6] == "stopped")
    print(f"the bus kept {(kept - before[0]) / MEGA:.0f} MiB; {lost.body[0]} signals were left out")


def test_who_reads_is_left_alone(world, listener):
    """However much is broadcast: listeners who read hear all of it, and nobody is accused."""
    daemon = start(world, world.bhyve("idle", visibility="all"))
    listener()
    caller, quick = world.client(), world.client()
    quick.match(f"type='signal',sender='{NAME}',interface='{VM}'")
    heard = 0
    for _ in range(80):
        happen(caller, "idle", 100)
        heard += len([m for m in quick.drain() if field(m, "member") == "Event"])
    assert heard == 16_000
    assert "broadcast" not in daemon.text()


@pytest.mark.skipif(os.environ.get("APIARY_FULL") != "1", reason="it takes the half minute that a subscriber has")
def test_a_subscriber_who_was_stopped_ends(world):
    """He is named in the log, and his place is free again."""
    daemon = start(world, world.bhyve("idle"))
    caller, silent = world.client(), world.client()
    silent.answers_pings = False
    silent.follow()
    happen(caller, "idle", 1000)
    wait_until(lambda: f"The subscription of {silent.unique} has ended" in daemon.text(), "its end", 60)
    assert plain(caller.manager("GetDebugInfo", "a{sv}", {})[0])["subscribers"] == 0
