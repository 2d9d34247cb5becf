"""apiaryctl daemon restart: the program as it is installed by now takes the daemon's place, and no guest notices."""
import json
import os
import shutil
import signal
import socket
import sqlite3

import pytest
from harness import vms
from harness.accounts import ALICE, Account
from harness.cli_fixtures import FAILED, NOT_ALLOWED, booted, state
from harness.cli_fixtures import begin, ctl   # noqa: F401 (fixtures)
from harness.client import NAME, VM, field, vm_path
from harness.daemon import Daemon
from harness.processes import alive, descendants, status, wait_gone
from harness.world import BIN

HELPERS = ("apiary-shim", "apiary-opener", "apiary-ucl")


@pytest.fixture
def installed(world):
    """A daemon that is not started yet, of a program that a test may replace."""
    folder = world.folder / "sbin"
    folder.mkdir()
    for helper in HELPERS:
        (folder / helper).symlink_to(BIN / helper)
    shutil.copy(BIN / "apiaryd", folder / "apiaryd")
    daemon = Daemon(folder / "apiaryd", world.folder, world.bus.address, [world.config])
    world.daemons.append(daemon)
    return daemon


def install(daemon, source=BIN / "apiaryd", text=None, mode=0o755):
    """As a package does it: another file under the same name."""
    fresh = daemon.binary.with_name("fresh")
    if text is None:
        shutil.copy(source, fresh)
    else:
        fresh.write_text(text)
    fresh.chmod(mode)
    fresh.rename(daemon.binary)


def runs(daemon):
    """The file that the daemon executes, as (device, inode)."""
    found = os.stat(f"/proc/{daemon.pid}/exe")
    return found.st_dev, found.st_ino


def file_of(path):
    found = os.stat(path)
    return found.st_dev, found.st_ino


def guest_of(world):
    return world.client().get(vm_path("web"), VM, "HypervisorPid")


def test_an_upgrade_that_no_guest_notices(world, installed, ctl, begin):   # noqa: F811
    world.write(world.tiny("web"))
    installed.start()
    console = booted(ctl, begin, "web")
    guest, daemon, before = guest_of(world), installed.pid, runs(installed)
    install(installed)
    told = ctl("daemon", "restart").stdout
    assert told == f"apiaryd {ctl.json('version')['daemon']} is back: it goes on with 1 VM\n"
    assert installed.pid == daemon and installed.process.poll() is None
    assert before != runs(installed) == file_of(installed.binary)
    assert guest_of(world) == guest and alive(guest)
    assert state(ctl, "web") == ("running", "", "requested")
    console.write("estill here\n")
    console.until("MARKER-ECHO still here")
    assert ctl("poweroff", "web").stdout == "web: powered off\n"
    console.end()
    assert ctl.json("daemon", "restart")["vms"] == 0
    assert ctl("daemon", "restart", "--no-wait").stdout == "the daemon starts again\n"


def test_a_downgrade_that_cannot_read_the_database_is_refused(world, ctl):   # noqa: F811
    daemon = world.start(world.tiny("web"))
    with sqlite3.connect(daemon.state_dir / "state.db") as database:
        known, = database.execute("PRAGMA user_version").fetchone()
        database.execute(f"PRAGMA user_version = {known + 1}")   # as a later version would leave it
    refused = ctl("daemon", "restart", code=FAILED).stderr
    assert "state.db: it was written by a later version of apiaryd" in refused and "(status 3)" in refused, refused
    assert daemon.process.poll() is None and state(ctl, "web")[0] == "stopped"
    with sqlite3.connect(daemon.state_dir / "state.db") as database:
        database.execute(f"PRAGMA user_version = {known}")
    assert "is back" in ctl("daemon", "restart").stdout


def test_who_follows_events_misses_nothing(world, ctl, begin):   # noqa: F811
    world.start(world.tiny("web"))
    follower = begin("--json", "events", "--follow", "--since", "0")
    follower.until('"type":"vm-added"')
    for _ in range(3):
        ctl("daemon", "restart")
        ctl("start", "web")
        ctl("poweroff", "web")
    last = ctl.lines("events", "--since", "0")[-1]["seq"]
    follower.until(f'"seq":{last},')
    seen = [json.loads(line)["seq"] for line in follower.said.decode().splitlines() if line.startswith("{")]
    assert seen == list(range(1, last + 1))


def test_what_it_owns_is_not_passed_on(world, ctl):   # noqa: F811
    """Nor its children, which a process keeps when it executes another program: they are ended and reaped before."""
    image = shutil.copy(world.image, world.folder / "hers.img")
    os.chown(image, Account(ALICE).uid, -1)
    world.write_user(ALICE, vms.tiny("hers", image))   # a process that has become her opens it
    daemon = world.start(world.tiny("web"))
    ctl("start", "web", "hers")
    ctl("daemon", "restart")
    with world.client() as caller:
        caller.manager("GetDebugInfo", "a{sv}", {})
        first = daemon.descriptors()
    for _ in range(3):
        ctl("daemon", "restart")
    assert daemon.descriptors() <= first + 3   # a watch or a caller may come and go
    assert [pid for pid in descendants(daemon.pid) if status(pid)[0] == "Z"] == []
    ctl("poweroff", "web", "hers")


def test_a_wrong_configuration_refuses_it(world, ctl, begin):   # noqa: F811
    daemon = world.start(world.tiny("web"))
    console = booted(ctl, begin, "web")
    guest = guest_of(world)
    world.write("vm web { nonsense = 1; }")
    refused = ctl("daemon", "restart", code=FAILED)
    assert "the configuration is wrong, the daemon goes on" in refused.stderr
    assert f"{world.config}:1:" in refused.stderr and "nonsense" in refused.stderr
    assert daemon.process.poll() is None and "starts again" not in daemon.text()
    assert "it goes on with 1 VM" in ctl("daemon", "restart", "--force").stdout
    daemon.logged("the VMs stay as the last daemon had them")
    assert guest_of(world) == guest
    assert ctl("poweroff", "web").stdout == "web: powered off\n"
    console.end()


def test_a_users_wrong_file_does_not_refuse_it(world, ctl):   # noqa: F811
    world.write_user(ALICE, world.tiny("hers"))
    world.start(world.tiny("web"))
    world.write_user(ALICE, "vm hers { nonsense = 1; }")
    assert "it goes on with 0 VMs" in ctl("daemon", "restart").stdout
    assert state(ctl, "web")[0] == "stopped"


@pytest.mark.parametrize("broken, words", [
    ("gone", "cannot be executed (No such file or directory)"),
    ("no program", "cannot be executed (Exec format error)"),
    ("not executable", "cannot be executed (Permission denied)"),
    ("failing", "fails when it is asked to check (status 2)\nwords of its own"),
    ("killed", "fails when it is asked to check (status 137)"),
])
@pytest.mark.parametrize("force", [False, True], ids=["", "force"])
def test_a_broken_program_refuses_it(world, installed, ctl, broken, words, force):   # noqa: F811
    world.write(world.tiny("web"))
    installed.start()
    if broken == "gone":
        installed.binary.unlink()
    elif broken == "no program":
        install(installed, text="nothing that could be executed")
    elif broken == "not executable":
        install(installed, mode=0o644)
    elif broken == "failing":
        install(installed, text="#!/bin/sh\necho words of its own >&2\nexit 2\n")
    else:
        install(installed, text="#!/bin/sh\nkill -KILL $$\n")
    refused = ctl("daemon", "restart", *(["--force"] if force else []), code=FAILED).stderr
    first, _, more = words.partition("\n")
    assert f"{installed.binary} {first}" in refused and more in refused, refused
    assert installed.process.poll() is None and state(ctl, "web")[0] == "stopped"
    install(installed)
    assert "is back" in ctl("daemon", "restart").stdout


def test_only_root_may(world, ctl):   # noqa: F811
    world.start(world.tiny("web", owner=ALICE))
    from harness.cli import Ctl
    assert "Only the admin may do this" in Ctl(world, ALICE)("daemon", "restart", code=NOT_ALLOWED).stderr


def test_a_signal_under_way_is_not_lost(world, ctl, begin):   # noqa: F811
    """Whichever of the two runs hears it: the guest is stopped, and the daemon ends."""
    daemon = world.start(world.tiny("web"))
    console = booted(ctl, begin, "web")
    guest = guest_of(world)
    with world.client() as caller:
        caller.match(f"type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='{NAME}'")
        caller.manager("Restart", "a{sv}", {})
        caller.next_signal(lambda m: field(m, "member") == "NameOwnerChanged" and not m.body[2], what="the name is free")
        daemon.signal(signal.SIGTERM)
    assert daemon.wait() == 0
    daemon.process = None
    assert "all VMs are at rest: the daemon ends" in daemon.text()
    wait_gone(guest)
    console.close()


class ServiceManager:
    """The end of systemd that a service speaks to."""

    def __init__(self, world, name):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.address = f"\0{world.folder.name}" if name == "abstract" else str(world.folder / "notify")
        self.socket.bind(self.address)
        self.socket.settimeout(40)
        self.environment = {"NOTIFY_SOCKET": self.address.replace("\0", "@")}

    def hear(self):
        return dict(line.split("=", 1) for line in self.socket.recv(4096).decode().splitlines())


@pytest.mark.parametrize("name", ["path", "abstract"])
def test_the_service_manager_is_told(world, ctl, begin, name):   # noqa: F811
    manager = ServiceManager(world, name)
    try:
        daemon = world.start(world.tiny("web", stop_timeout=3600), environment=manager.environment)
        assert manager.hear() == {"READY": "1", "STATUS": "1 VM"}
        console = booted(ctl, begin, "web")
        ctl("daemon", "restart")
        assert manager.hear().items() >= {"RELOADING": "1", "STATUS": "starting again, the VMs run on"}.items()
        assert manager.hear() == {"READY": "1", "STATUS": "1 VM"}
        console.write("i")   # the guest ignores its power button
        console.until("MARKER-IGNORE on")
        daemon.signal(signal.SIGTERM)
        assert manager.hear() == {"STOPPING": "1", "EXTEND_TIMEOUT_USEC": "60000000", "STATUS": "stopping all VMs"}
        assert manager.hear() == {"EXTEND_TIMEOUT_USEC": "60000000", "STATUS": "stopping all VMs: 1 VM left"}
        daemon.signal(signal.SIGINT)
        assert daemon.wait() == 0
        daemon.process = None
        console.close()
    finally:
        manager.socket.close()
