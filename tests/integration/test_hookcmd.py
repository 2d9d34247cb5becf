"""The plugin hookcmd: bmd's programs and vmstated's scripts, around VMs that start, reboot, stop, crash and do not start.
What a script is told it writes into one file, in the order of its runs."""
import os
import re
import signal

import pytest
from harness.accounts import ALICE, Account
from harness.client import VM, vm_path
from harness.events import command, journal, next_event, until_state
from harness.processes import wait_gone, wait_until, waits_and_catches
from harness.world import BUILD, STAND_IN

READER = BUILD / "bin" / "apiary-ucl"

START = ["start_network", "start_storage"]
REBOOT = ["prestop_before_restart", "restarting", "restart_stopped", "prestart_after_restart", "start_after_restart"]
STOP = ["stop_storage", "stop_network"]
SCRIPTS = [*START, "running", *REBOOT, "restarted", "stopping", *STOP, "stopped", "failed"]


class Scene:
    def __init__(self, world):
        self.world = world
        self.hooks = world.folder / "hooks"
        self.hooks.mkdir()
        self.told_in = world.folder / "told"
        self.options = ["--bhyve", str(world.program(STAND_IN)), "--plugin-dir", str(BUILD / "bin/plugins")]

    def script(self, name, body="", folder=None, owner=None):
        """A program that says what it was called with, then does what `body` says."""
        path = (folder or self.hooks) / name
        path.write_text(f"#!/bin/sh\necho {name} \"$@\" >> {self.told_in}\n{body}\n")
        path.chmod(0o755)
        if owner:
            os.chown(path, Account(owner).uid, Account(owner).gid)
        return path

    def start(self, text, options=()):
        self.daemon = self.world.start(text, options=[*self.options, *options])
        self.caller = self.world.follower()
        return self

    def told(self):
        return self.told_in.read_text().splitlines() if self.told_in.exists() else []

    def until_told(self, *lines):
        """All that was told so far, which must be this. The last hook of a life runs after the VM is at rest."""
        wanted = list(lines)
        wait_until(lambda: len(self.told()) >= len(wanted), f"{wanted} to be told")
        assert self.told() == wanted
        self.told_in.unlink()

    def up(self, vm="web"):
        assert command(self.caller, vm, "Start")["Result"] == "done"

    def fails(self, vm="web"):
        """A start that comes to nothing: the last event of its state."""
        assert command(self.caller, vm, "Start")["Result"] == "failed"
        wait_until(lambda: self.caller.state(vm)[0] in ("stopped", "failed"), f"{vm} at rest")
        return [e for e in journal(self.caller) if e.vm == vm and e.type == "state"][-1]

    def guest(self, number, vm="web"):
        """The guest's own deed: SIGUSR1 its reboot, SIGUSR2 its power-off. It hears it when it has come so far."""
        pid = self.pid(vm)
        wait_until(lambda: waits_and_catches(pid, number), "the stand-in to listen")
        os.kill(pid, number)

    def reboot(self, vm="web"):
        self.guest(signal.SIGUSR1, vm)
        next_event(self.caller, vm, type="reboot")

    def pid(self, vm="web"):
        return self.caller.get(vm_path(vm), VM, "HypervisorPid")

    def log(self, vm="web"):
        return (self.daemon.log_dir / f"{vm}.log").read_text()

    def until_logged(self, line, vm="web"):
        wait_until(lambda: line in self.log(vm), f"{line!r} in the log of {vm}")

    def bmd(self, **bodies):
        """bmd's three keys."""
        return {key: self.script(key, bodies.get(key, "")) for key in ("prestart", "poststop", "hookcmd")}

    def vmstated(self, **bodies):
        for name in SCRIPTS:
            self.script(name, bodies.get(name, ""))
        return {"scriptpath": self.hooks}


@pytest.fixture
def scene(world):
    return Scene(world)


def test_the_programs_of_bmd(scene, world):
    """Start, reboot, stop; then a crash, and a start that does not come to a hypervisor."""
    s = scene.start(world.bhyve("web", **scene.bmd(), iso=f"noexist:{world.folder}/disc"))
    s.up()
    s.until_told("prestart web PRESTART", "hookcmd web RUN")
    s.reboot()
    s.until_told("hookcmd web RUN")
    command(s.caller, "web", "Stop")
    s.until_told("poststop web POSTSTOP", "hookcmd web TERMINATE")
    s.up()
    s.until_told("prestart web PRESTART", "hookcmd web RUN")
    os.kill(s.pid(), signal.SIGKILL)
    until_state(s.caller, "web", "failed")
    s.until_told("poststop web POSTSTOP", "hookcmd web TERMINATE")


def test_a_veto_has_the_last_line_as_its_reason(scene, world):
    s = scene.start(world.bhyve("web", **scene.bmd(prestart="echo looking\necho the disk is busy >&2\nexit 3")))
    event = s.fails()
    assert event.reason == "veto"
    assert re.search(r"the disk is busy \(prestart \S+, exit status 3\)", event.details["text"])
    s.until_logged("[hookcmd] looking\n")
    s.until_logged("[hookcmd] the disk is busy\n")
    s.script("prestart")      # it says nothing any more: the next start is a life, and the first was none
    s.up()
    s.until_told("prestart web PRESTART", "prestart web PRESTART", "hookcmd web RUN")
    command(s.caller, "web", "PowerOff")
    s.until_told("poststop web POSTSTOP", "hookcmd web TERMINATE")


def test_a_program_is_called_by_its_name_alone(scene, world):
    """argv[0], which a script does not see; /bin/sleep complains by it of what it is told."""
    s = scene.start(world.bhyve("web", prestart="/bin/sleep"))
    event = s.fails()
    assert event.details["text"].endswith("Try 'sleep --help' for more information. (prestart /bin/sleep, exit status 1)")
    s.until_logged("[hookcmd] sleep: invalid time interval 'PRESTART'\n")


def test_a_hook_that_hangs_is_killed_with_what_it_started(scene, world):
    pids = world.folder / "pids"
    body = f"sh -c 'sleep 1000 & echo $! >> {pids}; sleep 1000' &\necho waiting\necho $$ >> {pids}\nsleep 1000"
    s = scene.start(world.bhyve("web", **scene.bmd(prestart=body), hook_timeout=1))
    event = s.fails()
    assert event.reason == "step-failed"
    assert "took longer than 1 s (hook_timeout) and was killed" in event.details["text"]
    assert "its last line: waiting" in event.details["text"]
    s.until_told("prestart web PRESTART", "poststop web POSTSTOP")     # half of it may have been done
    for pid in map(int, pids.read_text().split()):
        wait_gone(pid)


def test_what_a_poststop_says_changes_nothing(scene, world):
    s = scene.start(world.bhyve("web", **scene.bmd(poststop="echo it is gone already\nexit 1", hookcmd="exit 7")))
    s.up()
    command(s.caller, "web", "PowerOff")
    assert s.caller.state("web")[:2] == ("stopped", "")
    s.until_told("prestart web PRESTART", "hookcmd web RUN", "poststop web POSTSTOP", "hookcmd web TERMINATE")
    def said():
        return [e.details["text"] for e in journal(s.caller) if e.type == "notice" and e.details["plugin"] == "hookcmd"]
    wait_until(lambda: len(said()) == 3, "what the programs said")
    assert ["exit status 7" in said()[0], "it is gone already" in said()[1], "exit status 7" in said()[2]] == [True] * 3


def test_programs_of_others_are_not_run_with_roots_rights(scene, world):
    """Not those that are theirs, not those that they can write to, and not those that they can put in the place of root's."""
    s = scene
    theirs = s.script("theirs", owner=ALICE)
    shared = s.script("shared")
    shared.chmod(0o775)
    home = world.own_folder(ALICE)
    hers = s.script("hers", folder=home)                  # root's file, but in her folder
    link = s.hooks / "link"
    link.symlink_to(hers)
    configs = {"theirs": theirs, "shared": shared, "hers": hers, "link": link}
    s.start("".join(world.bhyve(name, prestart=path) for name, path in configs.items()))
    for name, words in {"theirs": "belongs to uid", "shared": "others than its owner can write to it",
                        "hers": f"the folder {home} belongs to uid", "link": f"the folder {home} belongs to uid"}.items():
        event = s.fails(name)
        assert event.reason == "veto" and words in event.details["text"], event
    assert s.told() == []


def test_hookcmd_runs_as_the_owner_with_this_environment(scene, world):
    s, alice = scene, Account(ALICE)
    home = world.own_folder(ALICE)
    seen = home / "seen"
    hook = s.script("hook", f"tr '\\0' '\\n' < /proc/$$/environ > {seen}.new\nid -u >> {seen}.new\nid -G >> {seen}.new\n"
                            f"pwd >> {seen}.new\nls /proc/self/fd | wc -l >> {seen}.new\nmv {seen}.new {seen}",
                    folder=home, owner=ALICE)
    s.told_in.touch()
    os.chown(s.told_in, alice.uid, alice.gid)
    s.start(world.bhyve("web", owner=ALICE, hookcmd=hook, visibility="all"))
    s.up()
    wait_until(seen.exists, "what the hook saw")
    lines = seen.read_text().splitlines()
    assert lines[-4:-1] == [str(alice.uid), " ".join(map(str, [alice.gid, *[g for g in alice.groups if g != alice.gid]])), "/"]
    assert lines[:-4] == [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "VM_ID=0", "VM_NAME=web",
        f"VM_OWNER={alice.uid}", "VM_GROUP=-1", "VM_NCPU=1", "VM_NCPU_PINS=0", "VM_MEMORY=16M", "VM_WIRED_MEMORY=false",
        "VM_UTCTIME=true", "VM_REBOOT_ON_CHANGE=false", "VM_SINGLE_USER=false", "VM_INSTALL=false",
        "VM_VIRT_RANDOM=false", "VM_X2APIC=false", "VM_COM1=auto", "VM_BOOT=no", "VM_BOOT_DELAY=0",
        "VM_LOADER_TIMEOUT=15", "VM_STOP_TIMEOUT=30", "VM_LOADER=uefi", "VM_NBHYVELOAD_ENVS=0", "VM_NBHYVE_ENVS=0",
        "VM_HOSTBRIDGE=intel", "VM_NPASSTHRUES=0", "VM_NDISKS=0", "VM_NSHAREFSS=0", "VM_NISOES=0", "VM_NNETWORKS=0",
        "VM_NHDAS=0",
        "VM_VIRT_CONSOLE_NCONTROLLERS=0", "VM_VIRT_CONSOLE_NPORTS=0", "VM_GRAPHICS=false"]
    assert int(lines[-1]) <= 5     # ls's own, and that by which the script was opened
    command(s.caller, "web", "PowerOff")


def test_a_users_own_file_names_no_programs(scene, world):
    hook = scene.script("hook", folder=world.own_folder(ALICE), owner=ALICE)
    world.write_user(ALICE, "".join(world.tiny(key, **{key: hook}) for key in ("prestart", "poststop", "hookcmd")))
    s = scene.start(world.tiny("web"))
    for key in ("prestart", "poststop", "hookcmd"):
        s.daemon.logged(f"vm {key}: {key}: access denied")
        s.up(key)
        command(s.caller, key, "PowerOff")
    assert s.told() == []


def test_the_scripts_of_vmstated(scene, world):
    """Their names and their order: start, reboot, stop; the guest's own end; a crash."""
    s = scene.start(world.bhyve("web", **scene.vmstated()))
    s.up()
    s.until_told(*START, "running")
    s.reboot()
    s.until_told(*REBOOT, "restarted", "running")
    command(s.caller, "web", "Stop")
    s.until_told("stopping", *STOP, "stopped")
    s.up()
    s.until_told(*START, "running")
    s.guest(signal.SIGUSR2)
    until_state(s.caller, "web", "stopped")
    s.until_told(*STOP, "stopped")
    s.up()
    s.until_told(*START, "running")
    os.kill(s.pid(), signal.SIGKILL)
    until_state(s.caller, "web", "failed")
    s.until_told(*STOP, "stopped", "failed")


def test_bhyve_is_launched_after_the_scripts_of_a_reboot(scene, world):
    gate = world.folder / "gate"
    s = scene.start(world.bhyve("web", **scene.vmstated(restart_stopped=f"while [ ! -e {gate} ]; do sleep 0.05; done")))
    s.up()
    s.until_told(*START, "running")
    s.reboot()
    wait_until(lambda: len(s.told()) == 3, "restart_stopped")
    assert s.caller.state("web")[:2] == ("running", "rebooting")
    gate.touch()
    s.until_told(*REBOOT, "restarted", "running")
    s.script("prestart_after_restart", "echo no address is left\nexit 1")
    s.reboot()
    until_state(s.caller, "web", "failed")
    assert "no address is left" in s.caller.get(vm_path("web"), VM, "ReasonText")
    s.until_told(*REBOOT[:4], *STOP, "stopped", "failed")


def test_a_start_script_that_fails(scene, world):
    s = scene.start(world.bhyve("web", **scene.vmstated(start_storage="echo no such volume\nexit 1")))
    event = s.fails()
    assert event.reason == "step-failed" and "no such volume (start_storage " in event.details["text"]
    s.until_told(*START, *STOP, "stopped", "failed")
    s.script("start_network", "echo no such bridge\nexit 1")
    event = s.fails()
    assert event.reason == "veto" and "no such bridge (start_network " in event.details["text"]
    s.until_told("start_network")


def test_a_stop_script_that_fails_keeps_nothing_from_starting(scene, world):
    s = scene.start(world.bhyve("web", **scene.vmstated(stop_storage="exit 1")))
    for _ in range(2):
        s.up()
        command(s.caller, "web", "PowerOff")
        s.until_told(*START, "running", "stopping", *STOP, "stopped", "failed")


@pytest.mark.skipif(not READER.exists(), reason="this build has no libucl")
def test_a_folder_of_vmstated(scene, world):
    """As it lies there; scripts that are not executable, or missing, are none."""
    home = world.folder / "vmstated" / "web"
    home.mkdir(parents=True)
    (home / "config").write_text("web { memory = 16; bootrom = /rom; }\n")
    scene.script("start_network", "echo a word of it", folder=home)
    scene.script("stop_network", folder=home)
    scene.script("running", folder=home).chmod(0o644)
    s = scene.start("", options=["--vmstated", str(home.parent)])
    s.up()
    s.until_logged("[hookcmd] a word of it\n")
    command(s.caller, "web", "PowerOff")
    s.until_told("start_network", "stop_network")


def test_a_guest_of_qemu(scene, world):
    """It reboots within its process; all hooks of both families, side by side."""
    s = scene.start(world.tiny("web", **scene.vmstated(), **scene.bmd()))
    s.up()
    console = world.console(s.caller, "web")
    console.until("MARKER-UP")
    s.until_told("prestart web PRESTART", *START, "running", "hookcmd web RUN")
    console.write("r")
    console.until("MARKER-UP")
    s.until_told(*REBOOT, "restarted", "running", "hookcmd web RUN")
    assert command(s.caller, "web", "Stop")["Result"] == "done"
    s.until_told("stopping", *STOP, "poststop web POSTSTOP", "stopped", "hookcmd web TERMINATE")


def test_the_daemon_dies_in_the_middle_of_a_hook(scene, world):
    gate, pid = world.folder / "gate", world.folder / "pid"
    waits = f"echo $$ > {pid}\nwhile [ ! -e {gate} ]; do sleep 0.05; done"
    s = scene.start(world.bhyve("web", **scene.bmd(prestart=waits)))
    s.caller.vm("web", "Start", "a{sv}", {})
    wait_until(lambda: pid.exists() and pid.read_text().endswith("\n"), "the hook")
    s.daemon.kill()
    wait_gone(int(pid.read_text()))    # it goes with the daemon
    gate.touch()
    s.daemon.start()
    s.caller = world.follower()
    wait_until(lambda: s.caller.state("web")[0] == "running", "the second try")
    s.until_told("prestart web PRESTART", "poststop web POSTSTOP", "prestart web PRESTART", "hookcmd web RUN")


def test_the_daemon_dies_in_the_middle_of_an_undo(scene, world):
    gate, pid = world.folder / "gate", world.folder / "pid"
    waits = f"echo $$ > {pid}\nwhile [ ! -e {gate} ]; do sleep 0.05; done"
    s = scene.start(world.bhyve("web", **scene.bmd(poststop=waits)))
    s.up()
    s.until_told("prestart web PRESTART", "hookcmd web RUN")
    s.caller.vm("web", "PowerOff", "a{sv}", {})
    wait_until(lambda: pid.exists() and pid.read_text().endswith("\n"), "the hook")
    s.daemon.kill()
    wait_gone(int(pid.read_text()))
    gate.touch()
    s.daemon.start()
    s.caller = world.follower()
    wait_until(lambda: s.caller.state("web")[:2] == ("stopped", ""), "the second try")
    s.until_told("poststop web POSTSTOP", "poststop web POSTSTOP", "hookcmd web TERMINATE")


def test_a_vm_that_was_taken_over_has_its_poststop_and_its_log(scene, world):
    s = scene.start(world.bhyve("web", **scene.bmd(poststop="echo the last word")))
    s.up()
    s.until_told("prestart web PRESTART", "hookcmd web RUN")
    s.daemon.kill()
    s.daemon.start()
    s.caller = world.follower()
    command(s.caller, "web", "PowerOff")
    s.until_told("poststop web POSTSTOP", "hookcmd web TERMINATE")
    s.until_logged("[hookcmd] the last word\n")


def test_a_crash_while_no_daemon_is_there(scene, world):
    """It is found, and has all hooks of an end."""
    s = scene.start(world.bhyve("web", **scene.vmstated(), **scene.bmd()))
    s.up()
    s.until_told("prestart web PRESTART", *START, "running", "hookcmd web RUN")
    pid = s.pid()
    s.daemon.kill()
    os.kill(pid, signal.SIGKILL)
    wait_gone(pid)
    s.daemon.start()
    s.caller = world.follower()
    s.until_told(*STOP, "poststop web POSTSTOP", "stopped", "failed", "hookcmd web TERMINATE")
    assert s.caller.state("web")[:2] == ("failed", "")


def test_the_plugin_dies_between_start_and_end(scene, world):
    s = scene.start(world.bhyve("web", **scene.vmstated()))
    s.up()
    s.until_told(*START, "running")
    host = int(re.search(r"plugin hookcmd: version \S+ runs as process (\d+)", s.daemon.text())[1])
    os.kill(host, signal.SIGKILL)
    wait_gone(host)
    command(s.caller, "web", "PowerOff")
    s.until_told("stopping", *STOP, "stopped")


def test_one_hook_that_hangs_is_nobody_elses_affair(scene, world):
    """Of a VM that does not start for it, and of one that has much to tell meanwhile."""
    gate = world.folder / "gate"
    waits = scene.script("waits", f"while [ ! -e {gate} ]; do sleep 0.2; done")
    quick = scene.script("quick")
    names = [f"b{i}" for i in range(20)]
    s = scene.start("global { max_starting = 100; }\n" + world.bhyve("stuck", prestart=waits) +
                    world.tiny("busy", hookcmd=waits) +
                    "".join(world.bhyve(name, prestart=quick, poststop=quick, hookcmd=quick) for name in names))
    s.caller.vm("stuck", "Start", "a{sv}", {})
    s.up("busy")
    for _ in range(4):
        assert command(s.caller, "busy", "Pause")["Result"] == "done"
        assert command(s.caller, "busy", "Resume")["Result"] == "done"
    wait_until(lambda: sorted(s.told()) == ["waits busy RUN", "waits stuck PRESTART"], "both hooks that hang")
    jobs = [s.caller.vm(name, "Start", "a{sv}", {})[0] for name in names]
    assert len(jobs) == len(names)
    wait_until(lambda: all(s.caller.state(name)[0] == "running" for name in names), "the others to run")
    wait_until(lambda: sum(line.endswith("RUN") for line in s.told()) == 1 + len(names), "their hooks")
    assert s.caller.state("stuck")[:2] == ("starting", "prestart")
    for name in names:
        assert command(s.caller, name, "PowerOff")["Result"] == "done"
    s.caller.vm("stuck", "PowerOff", "a{sv}", {})     # the hook is killed for it
    until_state(s.caller, "stuck", "stopped")
    gate.touch()
    assert command(s.caller, "busy", "PowerOff")["Result"] == "done"
