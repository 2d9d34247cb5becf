"""Shim, daemon and hypervisor are killed in every order; what each leaves behind is known."""
import itertools
import os
import signal

import pytest
from harness import processes
from harness.accounts import ALICE, BOB
from harness.client import VM, BusError, field, vm_path
from harness.events import command, journal, next_event, until_state
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
    assert state(scene.restart()) == ("failed", "", "killed")


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


def adopted(scene):
    """The next daemon, which goes on with the guest of the last one."""
    caller = scene.restart()
    seen = caller.get_all(vm_path("web"), VM)
    assert (seen["State"], seen["SubState"], seen["Target"]) == ("running", "", "running")
    assert (seen["HypervisorPid"], seen["Incarnation"]) == (scene.hypervisor, 1)
    return caller


def test_the_daemon_dies_and_returns(scene):
    """The guest lives on and the next daemon has it as its own; nothing is started a second time."""
    before = [e.seq for e in journal(scene.caller)]
    scene.kill("daemon")
    assert processes.alive(scene.hypervisor) and processes.alive(scene.shim)
    scene.console.write("ein between\n")                # nobody needs the daemon for this
    scene.console.until("MARKER-ECHO in between\r\n")
    scene.world.write(scene.world.tiny("web", boot="yes"))
    caller = adopted(scene)
    assert command(caller, "web", "Start")["Result"] == "done"   # it runs
    assert [e.seq for e in journal(caller)][:len(before)] == before
    scene.console.close()
    console = scene.world.console(caller, "web", force=True)
    console.write("ewho is there\n")
    assert "in between" in console.until("MARKER-ECHO who is there\r\n")
    assert command(caller, "web", "Pause")["Result"] == "done"
    assert command(caller, "web", "Resume")["Result"] == "done"
    assert command(caller, "web", "Stop")["Result"] == "done"
    console.until("MARKER-PB")
    assert not processes.alive(scene.hypervisor)
    wait_gone(scene.shim)
    assert state(caller) == ("stopped", "", "requested")
    seqs = [e.seq for e in journal(caller)]
    assert seqs == list(range(1, len(seqs) + 1))
    booted(scene.world, caller, "web")
    assert caller.get(vm_path("web"), VM, "Incarnation") == 2
    assert command(caller, "web", "Stop")["Result"] == "done"


def test_a_paused_guest_is_adopted(scene):
    assert command(scene.caller, "web", "Pause")["Result"] == "done"
    scene.kill("daemon")
    caller = scene.restart()
    assert state(caller)[:2] == ("paused", "")
    assert command(caller, "web", "Resume")["Result"] == "done"
    assert command(caller, "web", "Stop")["Result"] == "done"


def test_the_hypervisor_of_an_adopted_guest_dies(scene):
    scene.kill("daemon")
    caller = adopted(scene)
    scene.kill("hypervisor")
    until_state(caller, "web", "failed")
    assert state(caller) == ("failed", "", "killed")
    wait_gone(scene.shim)
    assert command(caller, "web", "Start")["Result"] == "done"
    assert command(caller, "web", "PowerOff")["Result"] == "done"


def test_a_guest_powers_off_while_the_daemon_is_away(scene):
    """QEMU stays, paused, so that somebody may still ask it why."""
    scene.kill("daemon")
    scene.console.write("p")
    caller = scene.restart()
    if state(caller)[:2] != ("stopped", ""):   # it may be over before anybody can listen
        until_state(caller, "web", "stopped")
    assert state(caller) == ("stopped", "", "guest-poweroff")
    wait_gone(scene.hypervisor)


def test_the_daemon_ends_and_keeps_the_guest(scene):
    """SIGRTMIN and Shutdown with keep-vms end the daemon alone."""
    scene.daemon.signal(signal.SIGRTMIN)
    assert scene.daemon.wait() == 0
    scene.daemon.process = None
    caller = adopted(scene)
    caller.manager("Shutdown", "a{sv}", {"keep-vms": ("b", True)})
    assert scene.daemon.wait() == 0
    scene.daemon.process = None
    caller = adopted(scene)
    with pytest.raises(BusError) as refused:
        caller.manager("Shutdown", "a{sv}", {"keep-vms": ("b", True), "force": ("b", True)})
    assert refused.value.short == "InvalidOption"
    assert command(caller, "web", "Stop")["Result"] == "done"


def test_the_end_of_the_daemon_ends_an_adopted_guest(scene):
    """After SIGTERM boot policies hold again; after a death they do not."""
    scene.kill("daemon")
    adopted(scene)
    scene.daemon.stop()
    assert not processes.alive(scene.hypervisor)
    scene.world.write(scene.world.tiny("web", boot="yes"))
    caller = scene.restart()
    if state(caller)[:2] != ("running", ""):
        until_state(caller, "web", "running")
    assert command(caller, "web", "PowerOff")["Result"] == "done"
    scene.kill("daemon")
    assert state(scene.restart()) == ("stopped", "", "requested")


def test_a_wrong_configuration_does_not_cost_a_guest_its_daemon(scene):
    scene.kill("daemon")
    scene.world.write("vm { nonsense")
    caller = adopted(scene)
    scene.daemon.logged("the VMs stay as the last daemon had them")
    assert command(caller, "web", "Stop")["Result"] == "done"


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
    if state(caller)[0] != "failed":
        until_state(caller, "web", "failed")
    assert state(caller) == ("failed", "", "unknown")
    assert not [p for p in (scene.daemon.run_dir / "vm").rglob("*") if not p.is_dir()]
    booted(scene.world, caller, "web")
    assert command(caller, "web", "Stop")["Result"] == "done"


def test_the_hypervisor_dies_while_the_daemon_is_away(scene):
    scene.kill("daemon")
    scene.kill("hypervisor")
    wait_gone(scene.shim)
    caller = scene.restart()
    if state(caller)[0] != "failed":
        until_state(caller, "web", "failed")
    assert state(caller) == ("failed", "", "killed")


def test_the_shim_dies_while_the_daemon_is_away(scene):
    """It does run, so it must not be started a second time; it has no console any more, but can be ended."""
    scene.kill("daemon")
    scene.kill("shim")
    caller = adopted(scene)
    assert processes.alive(scene.hypervisor)
    with pytest.raises(BusError) as refused:
        caller.vm("web", "OpenConsole", "a{sv}", {})
    assert refused.value.short == "NoConsole"
    assert command(caller, "web", "Stop")["Result"] == "done"
    assert not processes.alive(scene.hypervisor)


def test_a_guest_whose_definition_is_gone(world):
    """It is stopped as at a reload; until then it is shown to those who could see it."""
    world.write(world.tiny("web", owner=ALICE))
    daemon = world.start()
    alice = world.follower(ALICE)
    console = booted(world, alice, "web")
    console.write("i")                                   # it does not hear the button any more
    console.until("MARKER-IGNORE on")
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
    console.until("MARKER-PB")
    console.close()
    console = world.console(alice, "web", force=True)
    console.write("eit is mine\n")
    console.until("MARKER-ECHO it is mine\r\n")
    assert command(alice, "web", "PowerOff")["Result"] == "done"
    wait_gone(pid)
    assert not alice.list_vms()
    assert not [m for m in bob.drain() if field(m, "interface") == VM]
