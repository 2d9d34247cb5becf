"""Shim, daemon and hypervisor are killed in every order; what each leaves behind is known."""
import itertools
import os
import signal

import pytest
from harness import processes
from harness.accounts import ALICE, BOB
from harness.client import VM, BusError, field, vm_path
from harness.events import command, next_event, until_state
from harness.processes import status, wait_gone


def booted(world, caller, name):
    assert command(caller, name, "Start")["Result"] == "done"
    console = world.console(caller, name)
    console.until("MARKER-UP")   # before that it does not hear the power button
    return console


class Scene:
    """A guest that runs, with the three processes that it consists of."""

    def __init__(self, world):
        self.world = world
        world.write(world.tiny("web"))
        self.daemon = world.start()
        self.caller = world.follower()
        self.console = booted(world, self.caller, "web")
        self.hypervisor = self.caller.get(vm_path("web"), VM, "HypervisorPid")
        self.shim = int(status(self.hypervisor)[1])
        assert "apiary-shim" in os.readlink(f"/proc/{self.shim}/exe")
        self.daemon_lives = True

    def kill(self, who):
        """Ends one of the three as nothing can prevent, and waits until it has ended."""
        if who == "daemon":
            self.daemon.kill()
            self.daemon_lives = False
            return
        pid = getattr(self, who)
        os.kill(pid, signal.SIGKILL)
        wait_gone(pid)

    def freeze(self, who):
        os.kill(getattr(self, who), signal.SIGSTOP)

    def restart(self):
        self.daemon.start()
        self.daemon_lives = True
        self.caller = self.world.follower()
        return self.caller


@pytest.fixture
def scene(world):
    return Scene(world)


def state(caller):
    return caller.state("web")


def test_the_hypervisor_dies_first(scene):
    scene.kill("hypervisor")
    until_state(scene.caller, "web", "failed")
    assert state(scene.caller) == ("failed", "", "killed")
    wait_gone(scene.shim)
    scene.kill("daemon")
    assert state(scene.restart())[:2] == ("stopped", "")


def test_the_shim_dies_first(scene):
    """The guest runs on: without a console, and its end will be `unknown`. It still can be stopped."""
    scene.kill("shim")
    next_event(scene.caller, "web", type="notice")
    assert state(scene.caller)[:2] == ("running", "")
    assert processes.alive(scene.hypervisor)
    scene.console.until_end()
    with pytest.raises(BusError) as refused:
        scene.caller.vm("web", "OpenConsole", "a{sv}", {})
    assert refused.value.short == "NoConsole"
    assert command(scene.caller, "web", "Pause")["Result"] == "done"
    assert command(scene.caller, "web", "Stop")["Result"] == "done"
    wait_gone(scene.hypervisor)
    assert state(scene.caller) == ("stopped", "", "requested")


def found(scene):
    """The next daemon, which finds the guest of the last one."""
    caller = scene.restart()
    seen = caller.get_all(vm_path("web"), VM)
    assert (seen["State"], seen["SubState"], seen["Reason"]) == ("running", "not-adopted", "recovered")
    assert (seen["HypervisorPid"], seen["Incarnation"]) == (scene.hypervisor, 1)
    return caller


def test_the_daemon_dies_and_returns(scene):
    """The guest lives on; the new daemon shows it, never starts it a second time, and can end it."""
    scene.kill("daemon")
    assert processes.alive(scene.hypervisor) and processes.alive(scene.shim)
    scene.console.write("ein between\n")                # nobody needs the daemon for this
    scene.console.until("MARKER-ECHO in between\r\n")
    scene.world.write(scene.world.tiny("web", boot="yes"))
    caller = found(scene)
    for member in ("Start", "Stop", "Reset", "Pause", "Resume", "FailReset"):
        with pytest.raises(BusError) as refused:
            caller.vm("web", member, "a{sv}", {})
        assert refused.value.short == "InvalidState", member
    scene.console.close()
    console = scene.world.console(caller, "web", force=True)
    console.write("ewho is there\n")
    assert "in between" in console.until("MARKER-ECHO who is there\r\n")
    assert command(caller, "web", "PowerOff")["Result"] == "done"
    assert not processes.alive(scene.hypervisor)
    wait_gone(scene.shim)
    assert state(caller) == ("stopped", "", "requested")
    booted(scene.world, caller, "web")
    assert caller.get(vm_path("web"), VM, "Incarnation") == 2
    assert command(caller, "web", "Stop")["Result"] == "done"


def test_the_hypervisor_of_a_found_guest_dies(scene):
    scene.kill("daemon")
    caller = found(scene)
    scene.kill("hypervisor")
    until_state(caller, "web", "failed")
    assert state(caller) == ("failed", "", "killed")
    wait_gone(scene.shim)
    assert command(caller, "web", "Start")["Result"] == "done"
    assert command(caller, "web", "PowerOff")["Result"] == "done"


def test_a_found_guest_powers_off(scene):
    """QEMU stays, paused, so that somebody may still ask it why: a daemon that adopts. This one can only end it."""
    scene.kill("daemon")
    caller = found(scene)
    scene.console.write("p")
    assert command(caller, "web", "PowerOff")["Result"] == "done"
    assert state(caller) == ("stopped", "", "requested")
    wait_gone(scene.hypervisor)


def test_a_found_guest_outlives_the_daemon_that_found_it(scene):
    """Killing what one does not understand loses data: not even SIGTERM ends it."""
    scene.kill("daemon")
    found(scene)
    scene.daemon.stop()
    assert processes.alive(scene.hypervisor) and processes.alive(scene.shim)
    caller = found(scene)
    assert command(caller, "web", "PowerOff")["Result"] == "done"


# What the daemon says of the guest after each death, while it lives ...
SEEN = {("shim",): ("running", "requested"),
        ("shim", "hypervisor"): ("failed", "unknown"), ("hypervisor", "shim"): ("failed", "unknown")}


@pytest.mark.parametrize("order", list(itertools.permutations(("daemon", "shim", "hypervisor"))), ids="-".join)
def test_all_three_die(scene, order):
    """... and whatever the order: the next daemon finds nothing alive, cleans up, and can start the guest again.

    A shim that is to die has not noticed what died before it (it would have written that down and ended by itself, see
    test_the_hypervisor_dies_first): so nobody knows how the hypervisor ended.
    """
    dead = ()
    for who in order:
        if who == "hypervisor" and "shim" not in dead:
            scene.freeze("shim")
        scene.kill(who)
        dead += (who,)
        if scene.daemon_lives and "shim" in dead:
            expected, reason = SEEN[dead]
            if expected == "failed":
                until_state(scene.caller, "web", "failed")
            else:
                next_event(scene.caller, "web", type="notice")
            assert state(scene.caller) == (expected, "", reason)
    assert not processes.alive(scene.shim) and not processes.alive(scene.hypervisor)
    caller = scene.restart()
    assert state(caller) == ("stopped", "", "")
    assert not [p for p in scene.daemon.run_dir.rglob("*") if not p.is_dir()]
    booted(scene.world, caller, "web")
    assert command(caller, "web", "Stop")["Result"] == "done"


def test_the_hypervisor_dies_while_the_daemon_is_away(scene):
    scene.kill("daemon")
    scene.kill("hypervisor")
    wait_gone(scene.shim)
    assert state(scene.restart()) == ("stopped", "", "")


def test_the_shim_dies_while_the_daemon_is_away(scene):
    """It does run, so it must not be started a second time; it has no console any more, but can be ended."""
    scene.kill("daemon")
    scene.kill("shim")
    caller = found(scene)
    assert processes.alive(scene.hypervisor)
    with pytest.raises(BusError) as refused:
        caller.vm("web", "OpenConsole", "a{sv}", {})
    assert refused.value.short == "NoConsole"
    assert command(caller, "web", "PowerOff")["Result"] == "done"
    assert not processes.alive(scene.hypervisor)


def test_a_found_guest_keeps_its_rights(world):
    """Its definition is gone from the configuration: it is shown all the same, to those who could see it."""
    world.write(world.tiny("web", owner=ALICE))
    daemon = world.start()
    alice = world.follower(ALICE)
    booted(world, alice, "web").close()
    pid = alice.get(vm_path("web"), VM, "HypervisorPid")
    daemon.kill()
    world.write("# nothing\n")
    daemon.start()
    alice, bob = world.follower(ALICE), world.follower(BOB)
    assert list(alice.list_vms()) == ["web"] and not bob.list_vms()
    for call in ("OpenConsole", "PowerOff"):
        with pytest.raises(BusError) as refused:
            bob.vm("web", call, "a{sv}", {})
        assert refused.value.short == "UnknownObject"
    console = world.console(alice, "web")
    console.write("eit is mine\n")
    console.until("MARKER-ECHO it is mine\r\n")
    assert command(alice, "web", "PowerOff")["Result"] == "done"
    wait_gone(pid)
    assert not alice.list_vms()
    assert not [m for m in bob.drain() if field(m, "interface") == VM]
