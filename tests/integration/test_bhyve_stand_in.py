"""The life of a VM on the bhyve backend. In bhyve's place stands a program of ours (tests/stand-in) that ends in each
of the ways in which bhyve ends, and takes SIGTERM as the ACPI power button."""
import os
import signal

import pytest
from harness import processes
from harness.accounts import ALICE, Account
from harness.client import JOB, VM, BusError, field, vm_path
from harness.events import command, job_end, journal, next_event, until_state
from harness.world import STAND_IN


class Guest:
    def __init__(self, world, **settings):
        assert STAND_IN.exists(), f"{STAND_IN} is missing: build the target stand-ins"
        self.world = world
        self.daemon = world.start(world.bhyve("web", **settings), options=["--bhyve", str(world.program(STAND_IN))])
        self.caller = world.follower()
        self.start()

    def start(self):
        assert self.command("Start")["Result"] == "done"
        self.attach()

    def attach(self):
        self.console = self.world.console(self.caller, "web")
        self.console.until("MARKER-UP")
        return self.console

    def command(self, member, **more):
        return command(self.caller, "web", member, **more)

    def say(self, text, answer):
        self.console.write(text)
        self.console.until(answer)

    @property
    def pid(self):
        return self.caller.get(vm_path("web"), VM, "HypervisorPid")

    @property
    def state(self):
        return self.caller.state("web")

    @property
    def text(self):
        return self.caller.get(vm_path("web"), VM, "ReasonText")

    def events(self, kind, after=0):
        return [e for e in journal(self.caller, vm=("s", "web")) if e.type == kind and e.seq > after]


@pytest.fixture
def guest(world):
    return Guest(world)


def test_start_and_stop(guest):
    """SIGTERM is the power button, and the guest obeys it."""
    assert os.readlink(f"/proc/{guest.pid}/exe") == str(guest.world.program(STAND_IN))
    guest.say("ehello\n", "MARKER-ECHO hello")
    states = [(e.state, e.sub_state) for e in guest.events("state")]
    assert states == [("starting", "prestart"), ("starting", "launching"), ("running", "")]
    last = guest.events("state")[-1].seq
    assert guest.command("Stop")["Result"] == "done"
    guest.console.until("MARKER-PB")
    guest.console.until_end()
    assert guest.state == ("stopped", "", "requested")
    assert [(e.state, e.sub_state) for e in guest.events("state", last)] == \
        [("stopping", "acpi"), ("stopping", "poststop"), ("stopped", "")]
    assert guest.pid == 0
    guest.start()
    assert guest.caller.get(vm_path("web"), VM, "Incarnation") == 2


@pytest.mark.parametrize("byte, state, reason, text", [
    ("1", "stopped", "guest-poweroff", ""),
    ("2", "stopped", "guest-halt", ""),
    ("3", "failed", "triple-fault", "triple fault"),
    ("4", "failed", "error", "status 4"),
    ("9", "failed", "error", "status 9"),
    ("K", "failed", "killed", "signal 9"),
    ("A", "failed", "killed", "signal 6"),
    ("S", "failed", "killed", "signal 11"),
])
def test_each_way_to_end(guest, byte, state, reason, text):
    guest.console.write(byte)
    until_state(guest.caller, "web", state)
    guest.console.until_end()
    assert guest.state == (state, "", reason)
    assert text in guest.text and bool(guest.text) == bool(text)
    assert guest.caller.get(vm_path("web"), VM, "Target") == "stopped"
    guest.start()   # none of them keeps it from starting again
    assert guest.command("PowerOff")["Result"] == "done"


def test_a_reboot_starts_bhyve_again_and_nothing_else(guest):
    """Exit status 0: a new process within the same incarnation. The steps stay done."""
    for _ in range(3):
        pid, last = guest.pid, guest.events("state")[-1].seq
        guest.console.write("0")
        until_state(guest.caller, "web", "running")     # from running/rebooting
        guest.console.until_end()
        guest.attach()
        assert guest.pid not in (0, pid)
        assert [(e.state, e.sub_state, e.reason) for e in guest.events("state", last)] == \
            [("running", "rebooting", "guest-reboot"), ("running", "", "requested")]
        assert not guest.events("step", last)
        assert [e.reason for e in guest.events("reboot", last)] == ["guest-reboot"]
    seen = guest.caller.get_all(vm_path("web"), VM)
    assert (seen["State"], seen["Incarnation"], seen["Target"]) == ("running", 1, "running")
    assert guest.command("Stop")["Result"] == "done"
    guest.console.until("MARKER-PB")


def test_a_reboot_of_a_guest_that_starts_once_only(world):
    guest = Guest(world, boot="oneshot")
    guest.console.write("0")
    until_state(guest.caller, "web", "stopped")
    assert guest.state == ("stopped", "", "guest-reboot")


def test_the_button_is_ignored(world):
    guest = Guest(world, stop_timeout=1)
    guest.say("i", "MARKER-IGNORE on")
    pid = guest.pid
    job = guest.command("Stop")
    assert (job["Result"], job["Reason"]) == ("timeout", "stop-timeout")
    assert "MARKER-PB" in guest.console.until_end()
    assert guest.state == ("stopped", "", "stop-timeout")
    assert not processes.alive(pid)


def test_the_button_is_ignored_and_the_stop_canceled(world):
    guest = Guest(world, stop_timeout=3600)
    guest.say("i", "MARKER-IGNORE on")
    stop, = guest.caller.vm("web", "Stop", "a{sv}", {})
    guest.console.until("MARKER-PB")
    guest.caller.call("org.apiary.Apiary1", stop, JOB, "Cancel", "a{sv}", {})
    assert job_end(guest.caller, stop)["Result"] == "canceled"
    assert guest.state[:2] == ("running", "")
    guest.say("i", "MARKER-IGNORE off")
    assert guest.command("Stop")["Result"] == "done"


@pytest.mark.parametrize("byte, state, reason", [("0", "stopped", "requested"), ("2", "stopped", "requested"),
                                                 ("4", "stopped", "requested")])
def test_other_ends_at_the_button(guest, byte, state, reason):
    """Also a guest that reboots when it is to power off has gone down: it is not started again."""
    guest.say(f"b{byte}", "MARKER-BUTTON")
    assert guest.command("Stop")["Result"] == "done"
    assert guest.state == (state, "", reason)


def test_power_off_supersedes_a_stop(world):
    guest = Guest(world, stop_timeout=3600)
    guest.say("i", "MARKER-IGNORE on")
    stop, = guest.caller.vm("web", "Stop", "a{sv}", {})
    guest.console.until("MARKER-PB")
    off, = guest.caller.vm("web", "PowerOff", "a{sv}", {})
    results = {}
    while len(results) < 2:
        ended = guest.caller.next_signal(lambda m: field(m, "member") == "JobEnded").body
        results[ended[1]] = ended[3]
    assert results == {stop: "superseded", off: "done"}
    assert guest.state == ("stopped", "", "requested")


def test_what_bhyve_cannot(guest):
    for member in ("Pause", "Resume"):
        with pytest.raises(BusError) as refused:
            guest.caller.vm("web", member, "a{sv}", {})
        assert refused.value.short == "NotSupported" and "bhyve" in refused.value.text
    job = guest.command("Reset")    # it can, through bhyvectl, which this host does not have
    assert job["Result"] == "failed" and "bhyvectl" in job["Error"]
    assert guest.state[:2] == ("running", "")
    assert guest.command("PowerOff")["Result"] == "done"


def test_it_ends_at_once(world):
    """bhyve counts as up when it was executed; what it says at its end reaches the user."""
    daemon = world.daemon(world.bhyve("web", bhyve_env="STAND_IN_STATUS=64"),
                          options=["--bhyve", str(world.program(STAND_IN))])
    daemon.start()
    caller = world.follower()
    caller.vm("web", "Start", "a{sv}", {})
    until_state(caller, "web", "failed")
    assert caller.state("web") == ("failed", "", "error")
    text = caller.get(vm_path("web"), VM, "ReasonText")
    assert "status 64" in text and "this is what went wrong" in text
    assert "this is what went wrong" in (daemon.log_dir / "web.log").read_text()


def test_it_cannot_be_executed(world):
    world.start(world.bhyve("web"), options=["--bhyve", "/nonexistent/bhyve"])
    caller = world.follower()
    job = command(caller, "web", "Start")
    assert (job["Result"], job["Reason"]) == ("failed", "exec-failed") and "/nonexistent/bhyve" in job["Error"]
    assert caller.state("web") == ("failed", "", "exec-failed")


def test_the_daemon_dies_and_returns(guest):
    pid = guest.pid
    guest.daemon.kill()
    guest.daemon.start()
    guest.caller = guest.world.follower()
    assert guest.state == ("running", "", "requested")
    assert guest.command("Start")["Result"] == "done" and guest.pid == pid
    guest.say("estill here\n", "MARKER-ECHO still here")
    assert guest.command("PowerOff")["Result"] == "done"
    assert not processes.alive(pid)
    guest.start()
    guest.console.write("0")
    assert next_event(guest.caller, "web", type="reboot").reason == "guest-reboot"


def test_sigterm_of_the_daemon_presses_the_button(guest):
    guest.daemon.stop()
    guest.console.until("MARKER-PB")
    guest.console.until_end()


def test_it_runs_as_the_owner(world):
    guest = Guest(world, owner=ALICE)
    owner = Account(ALICE)
    with open(f"/proc/{guest.pid}/status") as file:
        lines = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    assert lines["Uid"].split() == [str(owner.uid)] * 4 and lines["Gid"].split() == [str(owner.gid)] * 4
    os.kill(guest.pid, signal.SIGTERM)      # whoever presses the button
    until_state(guest.caller, "web", "stopped")
    assert guest.state == ("stopped", "", "guest-poweroff")
