"""What a reload starts, stops and leaves alone. In bhyve's place stands a program of ours (tests/stand-in)."""
import time

import pytest
from harness.client import VM, plain, vm_path
from harness.events import command, next_event, until_state
from harness.processes import wait_until
from harness.world import STAND_IN


class Guest:
    """One VM, "web", whose definition is written anew for each reload."""

    def __init__(self, world):
        assert STAND_IN.exists(), f"{STAND_IN} is missing: build the target stand-ins"
        self.world = world

    def begin(self, **settings):
        self.world.start(self.world.bhyve("web", **settings), options=["--bhyve", str(self.world.program(STAND_IN))])
        self.caller = self.world.follower()
        return self

    def reload(self, gone=False, **settings):
        self.world.write("" if gone else self.world.bhyve("web", **settings))
        return self.read()

    def read(self):
        report = plain(self.caller.manager("Reload", "a{sv}", {})[0])
        return [(row[1], row[2], {key[0]: key[3] for key in row[3]}) for row in report["details"]]

    def start(self):
        assert command(self.caller, "web", "Start")["Result"] == "done"
        return self.attach()

    def attach(self):
        wait_until(lambda: self.caller.state("web")[0] == "running", "the start")
        self.console = self.world.console(self.caller, "web")
        self.console.until("MARKER-UP")
        return self

    def say(self, text, answer):
        self.console.write(text)
        self.console.until(answer)

    def until(self, state, sub_state=""):
        return until_state(self.caller, "web", state, sub_state)

    def get(self, name):
        return self.caller.get(vm_path("web"), VM, name)

    @property
    def arguments(self):
        with open(f"/proc/{self.get('HypervisorPid')}/cmdline", encoding="utf-8") as file:
            return file.read().split("\0")

    @property
    def memory(self):
        """That it really has."""
        return self.arguments[self.arguments.index("-m") + 1]


@pytest.fixture
def guest(world):
    return Guest(world)


def test_a_reboot_keeps_the_definition_a_cold_start_takes_the_new_one(guest):
    guest.begin().start()
    before = guest.memory
    assert guest.reload(memory="32M") == [("changed", "next-cold-start", {"memory": "next-cold-start"})]
    assert guest.get("ConfigPending") and guest.read() == []
    guest.console.write("0")   # the guest reboots
    next_event(guest.caller, "web", type="reboot")
    guest.until("running")
    guest.attach()
    assert guest.memory == before and guest.get("ConfigPending") and guest.get("Incarnation") == 1
    assert guest.reload() == [("changed", "now", {"memory": "now"})]   # taken back
    assert not guest.get("ConfigPending")
    guest.reload(memory="32M")
    assert command(guest.caller, "web", "Stop")["Result"] == "done"
    assert not guest.get("ConfigPending")
    assert guest.start().memory != before


def test_stop_timeout_holds_at_once(guest):
    guest.begin(stop_timeout=600).start()
    guest.say("i", "MARKER-IGNORE on")
    assert guest.reload(stop_timeout=0) == [("changed", "now", {"stop_timeout": "now"})]
    assert not guest.get("ConfigPending") and guest.caller.state("web")[0] == "running"
    assert command(guest.caller, "web", "Stop")["Result"] in ("done", "timeout")
    assert guest.caller.state("web")[0] == "stopped"


def test_boot_that_becomes_yes_and_no(guest):
    guest.begin()
    assert guest.reload(boot="oneshot") == [("changed", "now", {"boot": "now"})]
    assert guest.get("State") == "stopped"
    assert guest.reload(boot="yes") == [("changed", "start", {"boot": "now"})]
    guest.until("running")
    guest.attach()
    assert guest.reload() == [("changed", "stop", {"boot": "now"})]
    guest.console.until("MARKER-PB")
    assert guest.until("stopped").reason == "requested"
    assert "boot policy" in guest.get("ReasonText")
    # A change that comes with it is taken too.
    assert guest.reload(boot="always", memory="32M")[0][:2] == ("changed", "start")
    guest.until("running")
    assert guest.get("Memory") == 32 << 20


def test_reboot_on_change(guest):
    eager = {"boot": "yes", "reboot_on_change": True}
    guest.begin(**eager)
    guest.caller.drain()
    guest.attach()
    assert guest.reload(**eager, stop_timeout=29) == [("changed", "now", {"stop_timeout": "now"})]
    began = time.monotonic()
    assert guest.reload(**eager, memory="32M")[0][:2] == ("changed", "restart")
    guest.console.until("MARKER-PB")
    guest.until("stopped")
    assert guest.get("Target") == "running"
    guest.until("running")
    assert time.monotonic() - began >= 2.9
    assert (guest.get("Incarnation"), guest.get("Memory"), guest.get("ConfigPending")) == (2, 32 << 20, False)
    # What a person has stopped stays stopped.
    assert command(guest.caller, "web", "Stop")["Result"] == "done"
    assert guest.reload(**eager) == [("changed", "now", {"memory": "now"})]
    assert (guest.get("State"), guest.get("Target")) == ("stopped", "stopped")


def test_back_before_it_is_gone(guest):
    guest.begin(boot="yes")
    wait_until(lambda: guest.get("State") == "running", "it runs")
    guest.attach()
    guest.say("i", "MARKER-IGNORE on")
    assert guest.reload(gone=True) == [("removed", "stop-and-remove", {})]
    guest.console.until("MARKER-PB")
    assert guest.reload(boot="yes") == [("added", "restart", {})]
    guest.console.write("1")
    guest.until("stopped")
    guest.until("running")
    assert guest.get("Incarnation") == 2
    # And at rest: gone at once, then a new one, which starts as its boot says.
    assert command(guest.caller, "web", "PowerOff")["Result"] == "done"
    assert guest.reload(gone=True) == [("removed", "remove", {})]
    next_event(guest.caller, "web", type="vm-removed")
    assert guest.reload(boot="oneshot") == [("added", "start", {})]
    guest.until("running")


def test_a_new_one_waits_for_its_boot_delay(guest):
    guest.begin()
    guest.world.write(guest.world.bhyve("web") + guest.world.bhyve("late", boot="yes", boot_delay=1))
    began = time.monotonic()
    assert guest.read() == [("added", "start", {})]
    until_state(guest.caller, "late", "running")
    assert time.monotonic() - began >= 0.9
