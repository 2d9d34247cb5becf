"""The daemon is killed while a VM is somewhere in its life, and the next one brings that to the end that it would have
had. The hypervisor is a program of ours in bhyve's place (tests/stand-in): a reboot of its guest is a new process."""
import os
import time

import pytest
from harness import processes
from harness.client import VM, vm_path
from harness.events import command, journal, until_state
from harness.processes import wait_gone, wait_until
from harness.world import STAND_IN


class Scene:
    def __init__(self, world, **settings):
        self.world = world
        world.write(world.bhyve("web", **settings))
        self.daemon = world.daemon(options=["--bhyve", str(world.program(STAND_IN))]).start()
        self.caller = world.follower()

    def hypervisors(self):
        program = str(self.world.program(STAND_IN))
        return [pid for pid in processes.descendants(os.getpid())
                if processes.alive(pid) and executable(pid) == program]

    def restart(self):
        self.daemon.start()
        self.caller = self.world.follower()
        return self.caller

    def kill_and_restart(self):
        self.daemon.kill()
        return self.restart()

    def state(self):
        return self.caller.state("web")

    def start(self):
        assert command(self.caller, "web", "Start")["Result"] == "done"
        self.console = self.world.console(self.caller, "web")
        self.console.until("MARKER-UP")

    def until(self, state):
        if self.state()[0] != state:
            until_state(self.caller, "web", state)

    def check(self):
        """No event is lost or told twice, and every job has an end."""
        events = journal(self.caller)
        assert [e.seq for e in events] == list(range(1, len(events) + 1))
        of_vm = [e.vm_seq for e in events if e.vm == "web"]
        assert of_vm == list(range(1, len(of_vm) + 1))
        assert sum(e.type == "job-new" for e in events) == sum(e.type == "job-end" for e in events)
        assert not self.hypervisors()


def executable(pid):
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return None


@pytest.fixture
def scene(world):
    return Scene(world)


def test_killed_at_any_moment_of_a_start(scene):
    """Whatever the moment: it comes up once, with the job that was asked for, and there is one hypervisor."""
    for pause in (0.0, 0.002, 0.005, 0.01, 0.02, 0.04, 0.08):
        job, = scene.caller.vm("web", "Start", "a{sv}", {})
        time.sleep(pause)
        scene.kill_and_restart()
        scene.until("running")
        assert len(scene.hypervisors()) == 1
        assert [e.details.get("result") for e in journal(scene.caller) if e.type == "job-end"][-1] == "done"
        assert command(scene.caller, "web", "PowerOff")["Result"] == "done"
    scene.check()


def test_killed_again_and_again_while_it_runs(scene):
    scene.start()
    pid = scene.caller.get(vm_path("web"), VM, "HypervisorPid")
    for _ in range(10):
        scene.kill_and_restart()
        assert scene.daemon.logged("an earlier daemon left 1 VM that is not at rest: going on with it")
        assert scene.state()[:2] == ("running", "")
        assert scene.hypervisors() == [pid]
    assert command(scene.caller, "web", "Stop")["Result"] == "done"
    scene.console.until("MARKER-PB")
    scene.check()


def test_killed_while_it_stops(world):
    """The button is pressed again; the job that was under way ends."""
    scene = Scene(world, stop_timeout=3600)
    scene.start()
    scene.console.write("i")
    scene.console.until("MARKER-IGNORE on")
    scene.caller.vm("web", "Stop", "a{sv}", {})
    scene.console.until("MARKER-PB")
    scene.daemon.kill()
    scene.console.write("i")
    scene.console.until("MARKER-IGNORE off")
    scene.restart()
    scene.console.until("MARKER-PB")
    scene.until("stopped")
    assert scene.state() == ("stopped", "", "requested")
    assert journal(scene.caller)[-1].details["result"] == "done"
    scene.check()


@pytest.mark.parametrize("byte, state, reason", [("1", "stopped", "guest-poweroff"), ("3", "failed", "triple-fault"),
                                                 ("S", "failed", "killed")])
def test_it_ends_while_the_daemon_is_away(scene, byte, state, reason):
    scene.start()
    pid = scene.hypervisors()[0]
    scene.daemon.kill()
    scene.console.write(byte)
    wait_gone(pid)
    scene.restart()
    scene.until(state)
    assert scene.state() == (state, "", reason)
    scene.start()
    assert command(scene.caller, "web", "PowerOff")["Result"] == "done"
    scene.check()


def test_it_reboots_while_the_daemon_is_away(scene):
    """It is launched again with what the steps have opened anew, and nothing is undone."""
    scene.start()
    pid = scene.hypervisors()[0]
    scene.daemon.kill()
    scene.console.write("0")
    wait_gone(pid)
    scene.restart()
    # `running` it is also until the daemon has seen what became of the old process.
    wait_until(lambda: scene.state()[:2] == ("running", "") and scene.hypervisors() not in ([], [pid]),
               "the guest is up again")
    console = scene.world.console(scene.caller, "web")
    console.until("MARKER-UP")
    assert len(scene.hypervisors()) == 1 and scene.hypervisors() != [pid]
    assert [e.reason for e in journal(scene.caller) if e.type == "reboot"] == ["guest-reboot"]
    assert not [e for e in journal(scene.caller) if e.type == "step" and e.details["phase"] == "poststop"]
    assert scene.caller.get(vm_path("web"), VM, "Incarnation") == 1
    scene.kill_and_restart()                                      # … and again, of the second process
    assert command(scene.caller, "web", "Stop")["Result"] == "done"
    console.until("MARKER-PB")
    scene.check()


def test_a_stopped_vm_stays_stopped(world):
    """Its boot policy is followed at the start of the host, and after the daemon has stopped all by itself."""
    scene = Scene(world, boot="yes")
    scene.until("running")
    assert command(scene.caller, "web", "PowerOff")["Result"] == "done"
    scene.kill_and_restart()
    assert scene.state()[0] == "stopped"
    scene.daemon.stop()
    scene.restart()
    scene.until("running")
    assert command(scene.caller, "web", "PowerOff")["Result"] == "done"
    scene.check()
