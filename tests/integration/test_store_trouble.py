"""The disk of the state database is full, or fails: the daemon says so and starts nothing, guests that run are not
touched and can be ended, and when the disk is well again all goes on."""
import pytest
from harness.client import JOURNAL, MANAGER, ROOT, VM, BusError, vm_path
from harness.disks import SickDisk, SmallDisk
from harness.events import command, journal, next_event
from harness.processes import alive, wait_gone, wait_until
from harness.world import SANITIZED, STAND_IN

NAMES = ("runs", "ends", "web")


class Scene:
    """`runs` and `ends` run; `web` does not."""

    def __init__(self, world, **surroundings):
        self.world = world
        world.write("".join(world.bhyve(name) for name in NAMES))
        self.daemon = world.daemon(options=["--bhyve", str(world.program(STAND_IN))], **surroundings)
        self.start()
        for name in ("runs", "ends"):
            assert command(self.caller, name, "Start")["Result"] == "done"
        self.pids = {name: self.pid(name) for name in ("runs", "ends")}

    def start(self):
        self.daemon.start()
        self.caller = self.world.follower()

    def kill_and_start(self):
        self.daemon.kill()
        self.start()

    def pid(self, name):
        return self.caller.get(vm_path(name), VM, "HypervisorPid")

    def state(self, name):
        return self.caller.state(name)[0]

    def degraded(self):
        return self.caller.get(ROOT, MANAGER, "Degraded")

    def nothing_starts(self):
        with pytest.raises(BusError) as refused:
            self.caller.vm("web", "Start", "a{sv}", {})
        assert refused.value.short == "Degraded", refused.value
        return refused.value.text

    def runs_on(self):
        assert self.state("runs") == "running" and self.pid("runs") == self.pids["runs"]
        assert alive(self.pids["runs"])

    def well_again(self):
        """All that there is to be done can be done, and the numbers have no gap."""
        self.runs_on()
        assert command(self.caller, "web", "Start")["Result"] == "done"
        self.kill_and_start()
        self.runs_on()
        assert self.caller.state("web")[:2] == ("running", "")
        for name in ("web", "runs"):
            assert command(self.caller, name, "Stop")["Result"] == "done"
            assert self.caller.state(name) == ("stopped", "", "requested")
        seqs = [event.seq for event in journal(self.caller)]
        assert seqs == list(range(1, len(seqs) + 1))


def ends_in_trouble(scene, words):
    """A commit fails; who wants to end a VM can, and hears of it with a mark that it may be forgotten."""
    path, = scene.caller.vm("ends", "Stop", "a{sv}", {})
    event = next_event(scene.caller, "ends", type="state", state="stopped")
    assert event.details.get("durable") is False, event
    wait_gone(scene.pids["ends"])
    assert scene.state("ends") == "stopped" and scene.degraded()
    assert words in scene.nothing_starts()
    scene.runs_on()


def test_it_is_full_for_a_while(world):
    with SmallDisk(world, "state") as disk:
        scene = Scene(world, prefix=disk.prefix)
        stream = scene.caller.get(ROOT, JOURNAL, "Stream")
        disk.fill()
        ends_in_trouble(scene, "full")
        disk.empty()
        wait_until(lambda: not scene.degraded(), "that it can be written again", 60)
        assert scene.caller.get(ROOT, JOURNAL, "Stream") == stream
        scene.well_again()


def test_a_start_is_the_first_to_notice(world):
    """It is accepted, for nobody knew; nothing of it is begun, so nothing is unknown to the next daemon."""
    with SmallDisk(world, "state") as disk:
        scene = Scene(world, prefix=disk.prefix)
        disk.fill()
        start = command(scene.caller, "web", "Start")
        assert start["Result"] == "failed" and "make room on its disk" in start["Error"], start
        assert scene.state("web") == "failed" and scene.pid("web") == 0 and scene.degraded()
        scene.daemon.kill()
        disk.empty()
        scene.start()
        assert scene.state("web") == "stopped" and not scene.degraded()
        scene.well_again()


def test_the_daemon_dies_while_it_is_full(world):
    """Its successor comes up without the database; what it cannot know it does not touch, and it can end it."""
    with SmallDisk(world, "state") as disk:
        scene = Scene(world, prefix=disk.prefix)
        before = [e for e in journal(scene.caller)]
        disk.fill()
        ends_in_trouble(scene, "full")
        scene.kill_and_start()
        assert scene.degraded()
        scene.nothing_starts()
        scene.runs_on()
        scene.daemon.kill()
        disk.empty()
        scene.start()
        assert not scene.degraded()
        after = journal(scene.caller)
        assert [(e.seq, e.vm, e.type) for e in after][:len(before)] == [(e.seq, e.vm, e.type) for e in before]
        scene.well_again()


def test_who_runs_can_be_ended_without_a_database(world):
    with SmallDisk(world, "state") as disk:
        scene = Scene(world, prefix=disk.prefix)
        disk.fill()
        ends_in_trouble(scene, "full")
        scene.kill_and_start()
        assert command(scene.caller, "runs", "PowerOff")["Result"] == "done"
        wait_gone(scene.pids["runs"])
        scene.daemon.kill()
        disk.empty()
        scene.start()
        wait_until(lambda: scene.state("runs") in ("stopped", "failed"), "that its end is known")
        for name in NAMES:
            assert command(scene.caller, name, "Start")["Result"] == "done"
            assert command(scene.caller, name, "PowerOff")["Result"] == "done"


def round_of(log):
    """sqlite.org/fileformat2.html#walformat: the checkpoint sequence number."""
    with open(log, "rb") as file:
        return file.read(16)[12:]


@pytest.mark.skipif(SANITIZED, reason="the sanitizer's runtime has to be the first library of all")
class TestIoErrors:
    def test_at_a_commit(self, world):
        disk = SickDisk(world)
        scene = Scene(world, environment=disk.environment)
        disk.fail("write")
        ends_in_trouble(scene, "I/O error")
        disk.heal()
        wait_until(lambda: not scene.degraded(), "that it can be written again", 60)
        scene.well_again()

    @pytest.mark.parametrize("call", ["open", "read", "write"])
    def test_at_the_start(self, world, call):
        """Opening, reading what was, writing the first of what is new."""
        disk = SickDisk(world)
        scene = Scene(world, environment=disk.environment)
        scene.daemon.kill()
        disk.fail(call)
        scene.start()
        assert scene.degraded()
        scene.nothing_starts()
        scene.runs_on()
        scene.daemon.kill()
        disk.heal()
        scene.start()
        assert not scene.degraded()
        assert scene.caller.state("ends")[:2] == ("running", "")
        assert command(scene.caller, "ends", "PowerOff")["Result"] == "done"
        scene.well_again()

    def test_at_a_checkpoint(self, world):
        """The log of the database grows meanwhile; commits do not need the checkpoint, so nothing is degraded."""
        disk = SickDisk(world)
        scene = Scene(world, environment=disk.environment)
        disk.fail("sync")
        log = world.folder / "state/state.db-wal"
        rounds = 4 * 1024 * 1024      # from there on it is to be carried over
        while log.stat().st_size < rounds * 3 // 2:
            assert command(scene.caller, "runs", "Start")["Result"] == "done"    # it runs: events and no more
        assert not scene.degraded()
        scene.daemon.logged("checkpoint")
        scene.kill_and_start()
        scene.runs_on()
        disk.heal()
        before = round_of(log)

        def is_begun_anew():
            assert command(scene.caller, "runs", "Start")["Result"] == "done"
            return round_of(log) != before
        wait_until(is_begun_anew, "that the log is carried over and written from its beginning again", 60)
        assert command(scene.caller, "ends", "PowerOff")["Result"] == "done"
        scene.well_again()
