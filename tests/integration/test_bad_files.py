"""What configurations, disks and a second daemon may get wrong: what is not concerned goes on."""
import errno
import os
import shutil

import pytest
from harness import vms
from harness.accounts import ALICE, Account
from harness.client import MANAGER, NAME, ROOT, VM, BusError, vm_path
from harness.events import command
from harness.processes import wait_until


def test_a_second_daemon_is_refused(world):
    first = world.start(world.tiny("web"))
    second = world.daemon()
    second.run_dir = world.folder / "other-run"
    ended = second.run()
    assert ended.returncode == 1
    assert str(first.pid) in ended.stderr and str(first.state_dir) in ended.stderr, ended
    assert world.client().list_vms()
    world.daemons.remove(second)
    # What a daemon that was killed leaves behind keeps nobody out.
    first.kill()
    assert list(world.start().state_dir.iterdir()) and list(world.client().list_vms()) == ["web"]


@pytest.mark.parametrize("text, line, column, said", [
    ("vm web {\n  memory = 16M\n}\n", 3, 1, "';'"),
    ("vm web {\n  memory = 16M;\n", 3, 1, "'}'"),
    ('vm web { memory = "16M; }\n', 1, 19, "unterminated"),
    (".include \"x.conf\"\nvm web { }\n", 2, 1, "';'"),
    ("vm web { }\n\n  wm web { }\n", 3, 3, "vm, template or global"),
    ("vm web {\r\n", 2, 1, "'}'"),
    ("template a { }\nvm web { }\ntemplate a { }\n", 3, 10, "duplicate template"),
])
def test_a_syntax_error_has_a_place(world, text, line, column, said):
    checker = world.daemon(text)
    for more in (["--check"], []):
        ended = checker.run(*more)
        assert ended.returncode == 1, ended
        messages = [row for row in ended.stderr.splitlines() if f"{world.config}:{line}:{column}: error: " in row]
        assert any(said in row for row in messages), ended
    world.daemons.clear()


@pytest.mark.parametrize("fault", ["gone", "a folder", "everybody's", "not text"])
def test_a_configuration_that_cannot_be_read(world, fault):
    checker = world.daemon(world.tiny("web"))
    if fault in ("gone", "a folder"):
        world.config.unlink()
    if fault == "a folder":
        world.config.mkdir()
    if fault == "everybody's":
        world.config.chmod(0o666)
    if fault == "not text":
        world.config.write_bytes(bytes(range(256)) * 100)
    for more in (["--check"], []):
        ended = checker.run(*more)
        assert ended.returncode == 1 and f"{world.config}:" in ended.stderr, ended
    world.daemons.clear()


@pytest.mark.parametrize("arguments", [["--nonsense"], ["--private-bus", "--bus-address", "unix:path=/x"], ["more"]])
def test_a_wrong_command_line(world, arguments):
    ended = world.daemon("").run(*arguments)
    assert ended.returncode == 2 and ended.stderr, ended
    world.daemons.clear()


def test_folders_that_others_could_write(world):
    """Whoever could write there could have the daemon believe in VMs of his making."""
    daemon = world.daemon("")
    daemon.run_dir.mkdir()
    for mode, owner in ((0o777, 0), (0o755, Account(ALICE).uid)):
        daemon.run_dir.chmod(mode)
        os.chown(daemon.run_dir, owner, 0)
        ended = daemon.run()
        assert ended.returncode == 1 and str(daemon.run_dir) in ended.stderr, ended
    daemon.run_dir.rmdir()
    daemon.run_dir.write_text("")
    ended = daemon.run()
    assert ended.returncode == 1 and str(daemon.run_dir) in ended.stderr, ended
    world.daemons.clear()
    daemon.run_dir.unlink()


def test_other_errors_lose_only_their_vm(world):
    world.start(world.tiny("good") + vms.section("vm", "no-memory", {"backend": "qemu", "loader": "bios"}) +
                world.tiny("../up") + world.tiny("bad-value", memory="lots") +
                world.tiny("plugin", prestart="/bin/true"))
    caller = world.follower()
    seen = caller.list_vms()
    assert "good" in seen and "no-memory" not in seen and "../up" not in seen and "bad-value" not in seen
    for words in (["vm no-memory", "memory: this key is required"], ["vm ../up", "not allowed"],
                  ["vm bad-value", "memory"]):
        world.daemons[0].logged(f"{world.config}:", "error:", *words)
    job = command(caller, "plugin", "Start")
    assert (job["Result"], job["Reason"]) == ("failed", "plugin-unavailable")


def test_check_says_all_is_well(world):
    checker = world.daemon(world.tiny("web"))
    ended = checker.run("--check")
    assert ended.returncode == 0, ended
    assert not (world.folder / "run").exists() or not list((world.folder / "run").iterdir())
    world.daemons.clear()


@pytest.mark.parametrize("name", ["", " web", "web ", "-web", ".web", "a/b", "..", "w\u00e4b", "a\tb", "\x7f",
                                  "x" * 129])
def test_a_name_that_is_not_allowed(world, name):
    named = world.tiny("X").replace('vm "X"', f"vm {vms.value(name)}")
    renamed = world.tiny("renamed").replace("{", f"{{ name = {vms.value(name)};", 1)
    daemon = world.start(world.tiny("good") + named + renamed)
    seen = list(world.client().list_vms())
    assert seen in (["good"], ["good", "renamed"]), seen
    line = world.tiny("good").count("\n") + 1
    daemon.logged(f"{world.config}:{line}:4: error: ", "not allowed")
    daemon.logged(f"{world.config}:", "vm renamed: name:")


def test_names_at_the_edge(world):
    names = ["x" * 128, "9", "a b", "%s%n", "$(id)", "{}", "a'b", 'a"b', "#;=", "_", "\\"]
    world.start("".join(world.tiny(name) for name in names))
    caller = world.follower()
    assert sorted(caller.list_vms()) == sorted(names)
    for name in names:
        assert caller.manager("GetVM", "s", name) == (vm_path(name),)
        assert caller.get(vm_path(name), VM, "Name") == name
    odd = "a'b"
    assert command(caller, odd, "Start")["Result"] == "done"
    world.console(caller, odd).until("MARKER-UP")


def test_a_disk_that_is_missing(world):
    """At the definition: that VM is not there. At the start: that start fails, with what to do."""
    disk = world.folder / "disk.img"
    shutil.copyfile(world.image, disk)
    daemon = world.start(world.tiny("never", disk="virtio-blk:readonly:/nowhere/disk.img") +
                         world.tiny("web", disk=f"virtio-blk:readonly:{disk}") +
                         world.tiny("may", disk=[f"virtio-blk:readonly:{world.image}",
                                                 "virtio-blk:noexist:/nowhere/x"]))
    daemon.logged(f"{world.config}:", "vm never: disk:", "/nowhere/disk.img")
    caller = world.follower()
    assert sorted(caller.list_vms()) == ["may", "web"]
    disk.unlink()
    for _ in range(2):
        job = command(caller, "web", "Start")
        assert (job["Result"], job["Reason"]) == ("failed", "step-failed"), job
        assert f"{disk} does not exist" in job["Error"], job
    assert caller.state("web") == ("failed", "", "step-failed")
    shutil.copyfile(world.image, disk)
    for name in ("web", "may"):
        assert command(caller, name, "Start")["Result"] == "done"
        world.console(caller, name).until("MARKER-UP")


def test_an_unwritable_log_fails_that_start_only(world):
    logs = ["/proc/version/x", "/nowhere/x.log", str(world.folder), "/dev/null", "/dev/full"]
    world.start("".join(world.tiny(f"web{i}", err_logfile=log) for i, log in enumerate(logs)) + world.tiny("well"))
    caller = world.follower()
    for i, log in enumerate(logs):
        job = command(caller, f"web{i}", "Start")
        assert (job["Result"], job["Reason"]) == ("failed", "step-failed") and log in job["Error"], job
        assert caller.state(f"web{i}") == ("failed", "", "step-failed")
    assert command(caller, "well", "Start")["Result"] == "done"
    world.console(caller, "well").until("MARKER-UP")


def on_a_small_disk(world, *folders):
    """For a daemon in a mount namespace of its own: these folders of it are a file system of 256 KiB each."""
    mounts = "; ".join(f"mkdir -p {world.folder / f} && mount -t tmpfs -o size=256k,mode=0755 none {world.folder / f}"
                       for f in folders)
    return ["unshare", "--mount", "sh", "-c", f'set -e; {mounts}; exec "$@"', "sh"]


class Ballast:
    """Fills a file system that only the daemon sees, to the last byte."""

    def __init__(self, daemon, folder):
        self.path = f"/proc/{daemon.pid}/root{daemon.folder}/{folder}/ballast"
        with open(self.path, "wb", buffering=0) as file:
            with pytest.raises(OSError) as full:
                while True:
                    file.write(b"x" * 4096)
            assert full.value.errno == errno.ENOSPC

    def remove(self):
        os.unlink(self.path)


@pytest.mark.parametrize("folder, what", [("log", "log"), ("run", "run")])
def test_a_full_disk_fails_that_start_only(world, folder, what):
    """The start fails and says why, again and again; with room again it is done. A guest that runs can be ended."""
    daemon = world.start(world.tiny("web") + world.tiny("runs"), prefix=on_a_small_disk(world, folder))
    caller = world.follower()
    assert command(caller, "runs", "Start")["Result"] == "done"
    world.console(caller, "runs").until("MARKER-UP")
    before = daemon.descriptors()
    ballast = Ballast(daemon, folder)
    for _ in range(3):
        job = command(caller, "web", "Start")
        assert (job["Result"], job["Reason"]) == ("failed", "step-failed"), job
        assert "No space left on device" in job["Error"] and str(world.folder / folder) in job["Error"], job
        assert caller.state("web") == ("failed", "", "step-failed")
    wait_until(lambda: daemon.descriptors() <= before, "the closing of what the failed starts opened")
    assert command(caller, "runs", "Pause")["Result"] == "done"
    assert command(caller, "runs", "Resume")["Result"] == "done"
    stopped = command(caller, "runs", "Stop")
    assert stopped["Result"] == "done" and caller.state("runs") == ("stopped", "", "requested"), stopped
    ballast.remove()
    assert command(caller, "web", "Start")["Result"] == "done"
    world.console(caller, "web").until("MARKER-UP")
    assert command(caller, "web", "Stop")["Result"] == "done"
    left = os.listdir(f"/proc/{daemon.pid}/root{daemon.run_dir}/vm")
    assert left == [], left


def test_a_disk_that_is_full_when_the_daemon_starts(world):
    """There may be guests that run: they are not left without a daemon. But nothing starts."""
    prefix = on_a_small_disk(world, "state")
    prefix[-2] = prefix[-2].replace("exec", f"dd if=/dev/zero of={world.folder}/state/ballast status=none || :; exec")
    daemon = world.start(world.tiny("web"), prefix=prefix)
    daemon.logged("state database", "full", "nothing new starts")
    caller = world.follower()
    assert caller.get(ROOT, MANAGER, "Degraded")
    with pytest.raises(BusError) as refused:
        caller.vm("web", "Start", "a{sv}", {})
    assert refused.value.short == "Degraded"
