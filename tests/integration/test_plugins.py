"""Plugins in the daemon: a file that is dropped in, replaced, removed; crashes, hangs and vetoes; and that what a plugin
began is undone, whoever dies meanwhile. The plugin (tests/plugins/story) writes down each of its calls."""
import os
import shutil
import signal
from pathlib import Path

import pytest
from harness import processes
from harness.client import BusError
from harness.events import command, journal, next_event, until_state
from harness.processes import wait_gone, wait_until
from harness.world import BUILD

STORIES = BUILD / "story"


class Scene:
    def __init__(self, world, plugin="first", options=(), **settings):
        self.world = world
        self.plugins = world.folder / "plugins"
        self.plugins.mkdir()
        self.file = world.folder / "story"
        self.settings = {"story_file": self.file, **settings}
        if plugin:
            self.install(plugin)
        self.write()
        self.daemon = world.daemon(options=["--plugin-dir", str(self.plugins), *options])

    def start(self):
        self.daemon.start()
        self.caller = self.world.follower()
        return self

    def write(self, vms=("web",), **more):
        self.world.write("".join(self.world.tiny(vm, **{**self.settings, **more}) for vm in vms))

    def install(self, version, name="story"):
        """As a package manager does: never into the old file."""
        fresh = self.plugins / f".{name}.so.new"
        shutil.copy(STORIES / version / "story.so", fresh)
        fresh.rename(self.plugins / f"{name}.so")

    def token(self):
        Path(f"{self.file}.token").touch()

    def go(self):
        Path(f"{self.file}.go").touch()

    def story(self, *kinds):
        """What the plugin wrote: [what, vm, attempt, more]."""
        lines = self.file.read_text().splitlines() if self.file.exists() else []
        split = [line.split(" ", 3) for line in lines]
        return [[*one, ""][:4] for one in split if not kinds or one[0] in kinds]

    def until_told(self, kind, count=1):
        return wait_until(lambda: len(self.story(kind)) >= count and self.story(kind), f"{count} {kind} in the story")

    def host(self):
        """The process of the plugin, once it is there and ready."""
        line = self.daemon.logged("plugin story: version", "runs as process")
        del line
        lines = [one for one in self.daemon.text().splitlines() if "plugin story: version" in one and "runs as" in one]
        return int(lines[-1].rsplit(" ", 1)[1])

    def attempts(self):
        """Each attempt that the plugin began, and whether it was undone."""
        begun = [one[2] for one in self.story("prestart")]
        undone = [one[2] for one in self.story("poststop")]
        return begun, undone

    def up(self, vm="web"):
        assert command(self.caller, vm, "Start")["Result"] == "done"

    def down(self, vm="web"):
        assert command(self.caller, vm, "PowerOff")["Result"] == "done"

    def fails(self, vm="web", result="failed"):
        """A start that comes to nothing: the event of its end."""
        assert command(self.caller, vm, "Start")["Result"] == result
        wait_until(lambda: self.state(vm)[0] in ("stopped", "failed"), f"{vm} at rest")
        return [e for e in journal(self.caller) if e.vm == vm and e.type == "state"][-1]

    def state(self, vm="web"):
        return tuple(self.caller.state(vm)[:2])


@pytest.fixture
def scene(world):
    return lambda **arguments: Scene(world, **arguments)


def test_a_plugin_has_its_part_in_a_life(scene):
    s = scene().start()
    s.up()
    s.down()
    (begun, undone) = s.attempts()
    assert begun == undone and len(begun) == 1
    assert s.story("prestart")[0] == ["prestart", "web", begun[0], "1.0"]
    assert s.story("poststop")[0][3] == "something that is to be given back"
    steps = [e.details for e in journal(s.caller) if e.type == "step" and e.details["step"] == "plugin:story"]
    assert [d["phase"] for d in steps] == ["prestart", "prestart", "poststop", "poststop"]
    s.until_told("event", 4)
    assert [one[3] for one in s.story("event")][:3] == ["starting/prestart", "starting/launching", "running/"]


def test_a_veto_is_told_with_its_reason_and_nothing_is_undone(scene):
    s = scene(story_do="veto").start()
    event = s.fails()
    assert event.reason == "veto" and "not on a Sunday" in event.details["text"]
    assert s.story("poststop") == []


def test_a_prestart_that_fails_is_undone(scene):
    s = scene(story_do="fail").start()
    event = s.fails()
    assert event.reason == "step-failed" and "half of it is there" in event.details["text"]
    assert s.attempts()[0] == s.attempts()[1]
    assert s.story("poststop")[0][3] == "something that is to be given back"


def test_a_crash_costs_that_call_alone(scene):
    s = scene(story_do="crash").start()
    s.write(vms=("web", "other"))
    s.caller.manager("Reload", "a{sv}", {})
    first = s.host()
    s.up("other")
    s.write(vms=("web", "other"), story_do="crash")
    s.caller.manager("Reload", "a{sv}", {})
    s.token()
    event = s.fails()
    assert "signal 11" in event.details["text"] and "plugin:story" in event.details["text"]
    assert s.state("other") == ("running", "")
    begun = [one for one in s.story("prestart") if one[1] == "web"]
    undone = [one for one in s.story("poststop") if one[1] == "web"]
    assert [one[2] for one in begun] == [one[2] for one in undone]
    s.up("web")   # the next process
    assert s.host() != first
    s.down("web")
    s.down("other")


def test_a_hang_is_ended_and_undone(scene):
    s = scene(plugin="hasty", story_do="hang").start()
    s.token()
    event = s.fails(result="timeout")
    assert event.reason == "step-timeout"
    s.daemon.logged("plugin story", "hung")
    begun, undone = s.attempts()
    assert begun == undone
    s.up()
    s.down()


def test_three_strikes_disable_it_until_it_is_there_again(scene):
    s = scene(story_do="always-crash").start()
    for _ in range(3):
        event = s.fails()
    s.daemon.logged("plugin story: it is disabled: 3 deaths")
    assert (event.state, event.sub_state) == ("failed", "undo-pending")
    marker = s.daemon.state_dir / "plugins/story/disabled"
    wait_until(marker.exists, "the disabled file")
    s.daemon.kill()
    s.start()
    assert s.state() == ("failed", "undo-pending")
    with pytest.raises(BusError) as refused:
        s.caller.vm("web", "Start", "a{sv}", {})
    assert refused.value.short == "UndoPending"
    marker.unlink()
    s.daemon.kill()
    s.start()
    wait_until(lambda: s.state() == ("failed", ""), "its undo")
    begun, undone = s.attempts()
    assert set(begun) == set(undone)


def test_a_vm_whose_plugin_is_not_there_does_not_start(scene):
    s = scene().start()
    (s.plugins / "story.so").unlink()
    s.daemon.logged("plugin story", "is gone")
    event = s.fails()
    assert event.reason == "plugin-unavailable" and "story" in event.details["text"]
    s.install("first")
    s.daemon.logged("plugin story: version 1.0 runs as")
    wait_until(lambda: command(s.caller, "web", "Start")["Result"] == "done", "the start of web")
    s.down()


def test_an_undo_waits_for_a_plugin_that_was_removed(scene):
    s = scene().start()
    s.up()
    (s.plugins / "story.so").unlink()
    s.daemon.logged("plugin story", "is gone")
    s.caller.vm("web", "PowerOff", "a{sv}", {})
    event = until_state(s.caller, "web", "failed", "undo-pending")
    assert event.reason == "plugin-unavailable"
    assert s.story("poststop") == []
    s.install("second")
    until_state(s.caller, "web", "failed")
    assert s.attempts()[0] == s.attempts()[1]


def test_a_replaced_file_is_noticed_and_waits_for_calls_under_way(scene):
    s = scene(story_do="wait").start()
    first = s.host()
    path, = s.caller.vm("web", "Start", "a{sv}", {})
    s.until_told("prestart")
    s.install("second")
    s.daemon.logged("its file was replaced: version 2.0")
    assert processes.alive(first)
    s.go()
    s.until_told("prestarted")
    until_state(s.caller, "web", "running")
    wait_gone(first)
    s.daemon.logged("version 2.0 runs as")
    s.down()
    s.up()
    assert [one[3] for one in s.story("prestart")] == ["1.0", "2.0"]
    s.down()
    assert s.attempts()[0] == s.attempts()[1]


def test_the_daemon_dies_between_prestart_and_poststop(scene):
    s = scene().start()
    s.up()
    first = s.host()
    s.daemon.kill()
    wait_gone(first)   # with its channel
    s.start()
    assert s.state() == ("running", "")
    s.down()
    begun, undone = s.attempts()
    assert begun == undone and len(begun) == 1
    assert s.story("poststop")[0][3] == "something that is to be given back"


def test_the_daemon_dies_in_a_prestart(scene):
    s = scene(story_do="wait").start()
    s.caller.vm("web", "Start", "a{sv}", {})
    s.until_told("prestart")
    s.daemon.kill()
    s.go()
    s.start()
    wait_until(lambda: s.state() == ("running", ""), "the second try of the start")
    begun, undone = s.attempts()
    assert undone == begun[:1] and len(begun) == 2
    s.down()


def test_its_process_is_killed_in_a_prestart(scene):
    s = scene(story_do="wait").start()
    first = s.host()
    s.caller.vm("web", "Start", "a{sv}", {})
    s.until_told("prestart")
    os.kill(first, signal.SIGKILL)
    event = until_state(s.caller, "web", "failed")
    assert "signal 9" in event.details["text"]
    begun, undone = s.attempts()
    assert begun == undone
    s.go()
    s.up()
    s.down()


def test_a_kill_between_calls_is_no_strike(scene):
    s = scene().start()
    for _ in range(4):
        before = s.host()
        os.kill(before, signal.SIGKILL)
        wait_gone(before)
        s.up()
        wait_until(lambda: s.host() != before, "another process")
        s.down()
    assert "disabled" not in s.daemon.text()
    assert s.attempts()[0] == s.attempts()[1]


def test_an_undo_does_not_overtake_a_prestart_that_was_called_off(scene):
    s = scene(story_do="wait").start()
    s.caller.vm("web", "Start", "a{sv}", {})
    s.until_told("prestart")
    s.caller.vm("web", "PowerOff", "a{sv}", {})
    until_state(s.caller, "web", "stopped")
    # It was canceled, and ended well all the same: what it made is given to the undo.
    assert [one[0] for one in s.story() if one[0] != "event"] == ["prestart", "prestarted", "poststop"]
    assert s.story("poststop")[0][3] == "something that is to be given back"


def test_its_keys_are_checked_and_known(scene):
    s = scene(story_do="doubted").start()
    s.daemon.logged("warning", "this is doubtful")
    s.write(story_times="12")
    with pytest.raises(BusError) as refused:
        s.caller.manager("Reload", "a{sv}", {})
    assert "story_times" in refused.value.text
    s.write(story_do="refused")
    with pytest.raises(BusError) as refused:
        s.caller.manager("Reload", "a{sv}", {})
    assert "nobody may say this" in refused.value.text and "story_do" in refused.value.text


def test_a_plugin_tells_events_and_writes_into_the_vms_log(scene):
    s = scene(story_do=["emit", "line"]).start()
    s.up()
    event = next_event(s.caller, "web", type="notice", plugin="story")
    assert event.details["text"] == "it runs" and event.details["colour"] == "blue"
    log = s.daemon.log_dir / "web.log"
    wait_until(lambda: "[story] a line of a child" in log.read_text(), "the line in the VM's log")
    s.down()


def test_a_file_of_others_is_not_loaded(scene, world):
    s = scene(plugin=None)
    s.install("first")
    (s.plugins / "story.so").chmod(0o666)
    world.write(world.tiny("web"))
    s.start()
    s.daemon.logged("plugin story", "can be written to by others")
    (s.plugins / "story.so").chmod(0o755)
    s.daemon.logged("plugin story: version 1.0 runs as")


def test_a_bad_file_beside_it_changes_nothing(scene):
    s = scene()
    (s.plugins / "broken.so").write_text("this is no shared object")
    os.symlink("story.so", s.plugins / "link.so")
    s.install("first", "other")   # calls itself story
    s.start()
    s.daemon.logged("plugin broken", "cannot be loaded")
    s.daemon.logged("plugin link", "symbolic link")
    s.daemon.logged("plugin other", "story")
    s.up()
    s.down()


def test_the_daemon_leaves_and_is_restarted(scene):
    s = scene().start()
    s.up()
    first = s.host()
    s.daemon.signal(signal.SIGRTMIN)
    assert s.daemon.wait() == 0
    s.daemon.process = None
    wait_gone(first)
    s.start()
    s.down()
    assert s.attempts()[0] == s.attempts()[1]


def test_a_second_plugin_that_comes_brings_its_keys(scene):
    s = scene()
    s.start()
    s.host()
    shutil.copy(STORIES / "fragile/fragile.so", s.plugins / "fragile.so")
    s.daemon.logged("plugin fragile: version 1.0 runs as")
    told = "the plugin fragile has brought other keys"
    s.daemon.logged(told)
    # They go with its file, and come back with it.
    for times in (2, 3):
        if times == 2:
            (s.plugins / "fragile.so").unlink()
        else:
            shutil.copy(STORIES / "fragile/fragile.so", s.plugins / "fragile.so")
        wait_until(lambda n=times: s.daemon.text().count(told) == n, f"that its keys have changed {times} times")


def test_one_that_dies_of_events_costs_nobody_else_anything(scene):
    s = scene()
    shutil.copy(STORIES / "fragile/fragile.so", s.plugins / "fragile.so")
    s.start()
    s.up()
    s.down()
    s.up()
    s.daemon.logged("plugin fragile: it is disabled")
    s.down()
    assert s.attempts()[0] == s.attempts()[1] and len(s.attempts()[0]) == 2
