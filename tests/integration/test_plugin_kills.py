"""The processes of all plugins are killed again and again while a hundred VMs start and stop. What each plugin was told is
judged by what it wrote down, and by the programs that hookcmd ran."""
import os
import shutil
import signal

from harness.client import NAME, ROOT, BusError
from harness.processes import wait_until
from harness.world import BUILD, STAND_IN
from test_plugins import STORIES

VMS = [f"b{i}" for i in range(100)]
KILLS = 7     # of each plugin: the pause before the next process doubles each time, and this is to end


class Killer:
    def __init__(self, caller):
        self.caller, self.killed = caller, set()

    def strike(self):
        """Kills all that live now."""
        for name, *_ in self.caller.manager("ListPlugins", "sua{sv}", "", 0, {})[0]:
            pid = self.caller.get(f"{ROOT}/plugin/{name}", f"{NAME}.Plugin", "Pid")
            if pid and (name, pid) not in self.killed and len(self.of(name)) < KILLS:
                os.kill(pid, signal.SIGKILL)
                self.killed.add((name, pid))

    def of(self, plugin):
        return [pid for name, pid in self.killed if name == plugin]


def rows(client):
    return [(row[2], row[3]) for row in client.list_vms().values()]


def judge(calls, begins, undoes):
    """`calls` are (what, of whom): all that was begun was undone before it was begun again, and in the end."""
    open_ones, begun = set(), 0
    for what, whose in calls:
        if what == begins:
            assert whose not in open_ones, f"{whose} was begun twice and not undone between"
            open_ones.add(whose)
            begun += 1
        elif what == undoes:
            open_ones.discard(whose)
    assert not open_ones, f"never undone: {open_ones}"
    return begun


def test_kills_of_all_plugins_lose_no_vm_and_no_undo(world):
    plugins, story, told = world.folder / "plugins", world.folder / "story", world.folder / "told"
    plugins.mkdir()
    for file in (STORIES / "first/story.so", *(BUILD / "bin/plugins").glob("*.so")):
        shutil.copy(file, plugins)
    program = world.folder / "hook"
    program.write_text(f"#!/bin/sh\necho $2 $1 >> {told}\n")
    program.chmod(0o755)
    world.write("".join(world.bhyve(name, story_file=story, prestart=program, poststop=program) for name in VMS))
    daemon = world.daemon(options=["--plugin-dir", str(plugins), "--plugin-strikes", "0",
                                   "--bhyve", str(world.program(STAND_IN))])
    daemon.start()
    caller = world.follower()
    killer = Killer(caller)

    def settled():
        if not any(state in ("starting", "stopping") for state, _ in rows(caller)):
            return True
        killer.strike()
        return False

    for member in ("Start", "PowerOff", "Start", "PowerOff"):
        for number, name in enumerate(VMS):
            try:
                caller.vm(name, member, "a{sv}", {})
            except BusError as refused:      # it did not start, or is still to be undone
                assert refused.short in ("InvalidState", "UndoPending"), refused
            if number % 10 == 0:
                killer.strike()
        wait_until(settled, "all VMs to settle", 120)
    wait_until(lambda: all(state in ("stopped", "failed") and not sub for state, sub in rows(caller)), "all at rest", 60)
    assert len(rows(caller)) == len(VMS)
    assert len(killer.of("story")) >= KILLS // 2 and len(killer.of("hookcmd")) >= KILLS // 2, killer.killed
    assert "disabled" not in daemon.text()
    # An attempt that did not come to its process any more is undone, too: so some have an undo alone.
    calls = [line.split(" ", 3) for line in story.read_text().splitlines()]
    assert judge([(call[0], (call[1], call[2])) for call in calls], "prestart", "poststop") > 0
    assert judge([tuple(line.split()) for line in told.read_text().splitlines()], "PRESTART", "POSTSTOP") > 0
