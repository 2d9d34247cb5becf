"""VMs that end of themselves: boot = always, the pauses before each restart, and the limit of restarts."""
import os
import re
import signal
from datetime import datetime

import pytest
from harness import processes
from harness.client import VM, vm_path
from harness.events import command, journal, next_event, until_state
from harness.processes import wait_gone
from harness.world import STAND_IN

CRASHES = "STAND_IN_STATUS=70"   # the stand-in complains and ends at once


def properties(caller):
    return caller.get_all(vm_path("web"), VM)


def start_bhyve(world, **settings):
    """Its events are followed from the beginning."""
    daemon = world.start(world.bhyve("web"), options=["--bhyve", str(world.program(STAND_IN))])
    caller = world.follower()
    world.write(world.bhyve("web", **settings))
    caller.manager("Reload", "a{sv}", {})
    return daemon, caller


def start_qemu(world, **settings):
    """A guest of QEMU that is up."""
    daemon = world.start(world.tiny("web", **settings))
    caller = world.follower()
    command(caller, "web", "Start")
    console = world.console(caller, "web")
    console.until("MARKER-UP")
    return daemon, caller, console


def test_a_crash_loop(world):
    """Three restarts, each later than the one before; then it is failed, and stays so until somebody looks."""
    daemon, caller = start_bhyve(world, boot="always", maxrestarttime=600, bhyve_env=CRASHES)
    until_state(caller, "web", "failed")
    seen = properties(caller)
    assert (seen["Reason"], seen["Incarnation"], seen["Target"]) == ("restart-limit", 4, "stopped")
    text = seen["ReasonText"]
    assert "restarted 3 times within 600 s" in text and "status 70" in text and "this is what went wrong" in text
    waits = [e for e in journal(caller, vm=("s", "web")) if (e.state, e.sub_state) == ("stopped", "backoff")
             and e.type == "state"]
    assert [e.reason for e in waits] == ["error"] * 3
    assert [f"restart {n} of at most 3" in e.details["text"] for n, e in enumerate(waits, 1)] == [True] * 3
    daemon.kill()
    daemon.start()
    caller = world.follower()
    assert properties(caller)["ReasonText"] == text
    assert command(caller, "web", "FailReset")["Result"] == "done"
    assert caller.state("web") == ("stopped", "", "requested")
    command(caller, "web", "Start")     # it counts as up when it was executed
    next_event(caller, "web", type="state", state="stopped", sub_state="backoff")
    assert "restart 1 of at most 3" in properties(caller)["ReasonText"]
    assert command(caller, "web", "Stop")["Result"] == "done"
    assert caller.state("web") == ("stopped", "", "requested")


def test_the_hypervisor_is_killed(world):
    """SIGKILL, and SIGSEGV: another QEMU is there a moment later."""
    _, caller, console = start_qemu(world, boot="always")
    for number in (signal.SIGKILL, signal.SIGSEGV):
        before = properties(caller)
        os.kill(before["HypervisorPid"], number)
        waits = until_state(caller, "web", "stopped", "backoff")
        assert waits.reason == "killed" and f"signal {int(number)}" in waits.details["text"]
        until_state(caller, "web", "running")
        after = properties(caller)
        assert after["Incarnation"] == before["Incarnation"] + 1
        assert after["HypervisorPid"] not in (0, before["HypervisorPid"])
        console.until_end()
        console = world.console(caller, "web")
        console.until("MARKER-UP")
    assert command(caller, "web", "Stop")["Result"] == "done"
    assert caller.state("web") == ("stopped", "", "requested")


@pytest.mark.parametrize("byte, reason", [("p", "guest-poweroff"), ("k", "guest-panic")])
def test_the_guest_ends_by_itself(world, byte, reason):
    _, caller, console = start_qemu(world, boot="always")
    console.write(byte)
    assert until_state(caller, "web", "stopped", "backoff").reason == reason
    until_state(caller, "web", "running")
    assert command(caller, "web", "PowerOff")["Result"] == "done"


def test_a_triple_fault_is_a_reset(world):
    """QEMU does not tell them apart; a guest that does nothing else is ended all the same."""
    _, caller, console = start_qemu(world, maxrestarttime=600)
    pid = properties(caller)["HypervisorPid"]
    for _ in range(3):
        console.write("t")
        assert next_event(caller, "web", type="reboot").reason == "guest-reboot"
        until_state(caller, "web", "running")    # the resets of the firmware are over
        console.until("MARKER-UP")
    console.write("t")
    assert until_state(caller, "web", "failed").reason == "restart-limit"
    seen = properties(caller)
    assert "restarted 3 times" in seen["ReasonText"] and "guest-reboot" in seen["ReasonText"]
    assert seen["Incarnation"] == 1 and not processes.alive(pid)


def test_the_daemon_dies_while_a_vm_waits(world):
    """The wait goes on in the next daemon, neither shorter nor without an end."""
    daemon, caller, _ = start_qemu(world, boot="always")
    os.kill(properties(caller)["HypervisorPid"], signal.SIGKILL)
    waits = until_state(caller, "web", "stopped", "backoff")
    daemon.kill()
    daemon.start()
    caller = world.follower()
    if caller.state("web")[:2] != ("running", ""):
        until_state(caller, "web", "running")
    due = re.search(r"again at (\S+Z) ", waits.details["text"])[1]
    started = next(e for e in journal(caller, waits.seq, vm=("s", "web")) if e.state == "starting")
    assert started.time // 10**6 >= datetime.fromisoformat(due.replace("Z", "+00:00")).timestamp()
    pid = properties(caller)["HypervisorPid"]
    assert command(caller, "web", "PowerOff")["Result"] == "done"
    wait_gone(pid)


def test_the_daemon_ends_while_a_vm_waits(world):
    """That ends the wait; the next daemon starts the VM if boot says so."""
    daemon, caller = start_bhyve(world, boot="always", bhyve_env=CRASHES)
    for _ in range(3):
        until_state(caller, "web", "stopped", "backoff")     # the last one waits for 4 s
    daemon.stop()
    world.write(world.bhyve("web"))
    daemon.start()
    caller = world.follower()
    assert caller.state("web") == ("stopped", "", "host-shutdown")
    assert properties(caller)["Target"] == "stopped"
