"""apiaryd --session: a user's own VMs on his session bus, without root, and nobody else's."""
import json
import os
import signal
import stat

import pytest
from harness import devd, processes
from harness.accounts import ALICE, BOB, Account
from harness.cli_fixtures import NOT_ALLOWED, UNREACHABLE
from harness.client import (INTROSPECTABLE, JOURNAL, NAME, ROOT, VM, BusError, Client, Disconnected, vm_path)
from harness.console import Console
from harness.events import command, journal, until_state
from harness.processes import wait_until
from harness.session import Session
from harness.world import BUILD


@pytest.fixture
def session(world):
    """Alice's."""
    made = Session(world, ALICE)
    world.daemons.append(made.daemon)     # its log is the story of a test that fails
    yield made
    made.close()


def booted(session, name="web"):
    caller = session.client().follow()
    assert command(caller, name, "Start")["Result"] == "done"
    console = Console(caller, name)
    session.world.consoles.append(console)
    console.until("MARKER-UP")
    return caller, console


def owner_and_mode(path):
    status = path.stat()
    return status.st_uid, stat.S_IMODE(status.st_mode)


def uids(pid):
    with open(f"/proc/{pid}/status") as lines:
        return next(line.split()[1:] for line in lines if line.startswith("Uid:"))


def test_a_user_runs_a_vm_of_his_own(world, session):
    session.start(world.tiny("web", network="user"))
    assert json.loads(session.ctl("--session", "--json", "list").stdout)["vms"][0]["name"] == "web"
    assert "web" in session.ctl("list", "--user").stdout
    session.ctl("--session", "start", "web")
    caller, console = session.client().follow(), None
    pid = caller.get(vm_path("web"), VM, "HypervisorPid")
    assert uids(pid) == [str(session.account.uid)] * 4 and uids(session.daemon.pid) == uids(pid)
    console = Console(caller, "web")
    world.consoles.append(console)
    console.until("MARKER-UP")
    # He holds all rights, on the VM and everywhere.
    assert "admin" in session.ctl("--session", "status", "web").stdout
    assert caller.manager("GetPermissions", "s", "")[0][-1] == "admin"
    seen = session.ctl("--session", "--json", "events").stdout.splitlines()
    assert [json.loads(line)["seq"] for line in seen] == list(range(1, len(seen) + 1)) and len(seen) > 5
    console.write("ehello\n")
    console.until("hello")
    session.ctl("--session", "stop", "web")
    console.until("MARKER-PB")
    # Where the specification says, and closed to others, as are the folders on the way there that were not there yet.
    for folder in (session.home / ".local", session.daemon.state_dir, session.daemon.state_dir / "log",
                   session.daemon.state_dir / "vars", session.daemon.run_dir):
        assert owner_and_mode(folder) == (session.account.uid, 0o700), folder
    assert (session.daemon.state_dir / "log/web.log").exists()
    session.daemon.stop()
    assert not [p for p in session.daemon.run_dir.rglob("*") if not p.is_dir() and p.name != "undurable"]


def test_its_hooks_are_its_variables(world, session):
    """Other places by the variables; the daemon's own options beat them."""
    elsewhere = session.home / "elsewhere"
    elsewhere.mkdir()
    os.chown(elsewhere, session.account.uid, session.account.gid)
    session.write(world.tiny("web"), elsewhere / "apiary/apiary.conf")
    session.daemon.environment = {**session.environment, "XDG_CONFIG_HOME": str(elsewhere),
                                  "XDG_STATE_HOME": "not/absolute", "DBUS_SESSION_BUS_ADDRESS": session.bus.address}
    session.daemon.options = ["--log-dir", str(elsewhere / "logs")]
    session.daemon.start()
    assert "web" in session.client().list_vms()
    assert (session.daemon.state_dir / "state.db").exists() and (elsewhere / "logs").is_dir()


def test_nobody_else_gets_in(world, session):
    session.start(world.tiny("web", visibility="all"))
    for stranger in (BOB, None):
        with pytest.raises((Disconnected, ConnectionError, PermissionError)):
            Client(session.bus.address, stranger).close()
    # The sockets of devd's records are his too.
    reader = devd.Reader(session.daemon.run_dir, account=ALICE)
    caller = session.client()
    caller.vm("web", "Stop", "a{sv}", {})
    assert {record["subsystem"] for record in reader.until_has(type="JOB_END")} == {"web"}
    reader.close()
    with pytest.raises(PermissionError):
        devd.Reader(session.daemon.run_dir, account=BOB)
    done = session.ctl("--session", "list", account=BOB, code=UNREACHABLE,
                       DBUS_SESSION_BUS_ADDRESS=session.bus.address)
    assert "apiaryd does not answer" in done.stderr


def test_on_a_bus_for_everybody_it_answers_its_user_alone(world):
    session = Session(world, ALICE, everybody=True)
    world.daemons.append(session.daemon)
    try:
        session.start(world.tiny("web", visibility="all", owner=f"{ALICE}:{ALICE}"))
        bob = session.client(BOB)
        for call in ((NAME, ROOT, f"{NAME}.Manager", "ListVMs", "sua{sv}", "", 0, {}),
                     (NAME, ROOT, f"{NAME}.Manager", "Subscribe", "a{sv}", {}),
                     (NAME, ROOT, JOURNAL, "Open", "sta{sv}", "", 0, {}),
                     (NAME, vm_path("web"), VM, "Start", "a{sv}", {}),
                     (NAME, vm_path("web"), INTROSPECTABLE, "Introspect"),
                     (NAME, ROOT, "org.freedesktop.DBus.Properties", "GetAll", "s", f"{NAME}.Manager")):
            with pytest.raises(BusError) as refused:
                bob.call(*call)
            assert refused.value.short == "AccessDenied" and "one user" in refused.value.text, call
        assert session.ctl("--session", "list", account=BOB, code=NOT_ALLOWED,
                           DBUS_SESSION_BUS_ADDRESS=session.bus.address).stdout == ""
        for friend in (ALICE, None):
            with Client(session.bus.address, friend) as caller:
                assert "web" in caller.list_vms()
                assert caller.manager("GetPermissions", "s", "web")[0][-1] == "admin"
    finally:
        session.close()


def test_vms_of_others_are_an_error(world, session):
    """What is his runs; where it is said wrong, it is said what would be right."""
    session.write(world.tiny("mine", owner=ALICE) + world.tiny("his", owner=BOB))
    checked = session.daemon.run("--check")
    assert checked.returncode == 1
    for words in (f"{session.config}:", f"a VM of {BOB}", "leave `owner` out"):
        assert words in checked.stderr, checked.stderr
    his_file = session.write(world.tiny("brought"), world.folder / "bobs.conf", owner=BOB)
    session.daemon.options = ["--config", str(session.config), "--config", str(his_file)]
    session.daemon.start()
    assert list(session.client().list_vms()) == ["mine"]
    session.daemon.logged("vm his", f"a VM of {BOB}")
    session.daemon.logged("vm brought", f"a VM of {BOB}")
    told = session.ctl("--session", "config", "check", str(session.config), code=1)
    assert f"a VM of {BOB}" in told.stdout + told.stderr


def test_what_is_missing_or_mistyped_is_told(world, session):
    def said(code, *options, as_root=False, **environment):
        session.daemon.environment = {k: v for k, v in {**session.environment, **environment}.items() if v is not None}
        who = {"user": 0, "group": 0, "extra_groups": []} if as_root else {}
        done = session.daemon.run(*options, **who)
        assert done.returncode == code, done
        return done.stderr

    assert f"there is no configuration {session.config}: write one" in said(1)
    session.write(world.tiny("web").replace("memory", "memroy"))
    text = said(1, "--check")
    assert f"{session.config}:" in text and "memroy" in text and "did you mean" in text
    session.write(world.tiny("web"))
    assert said(0, "--check") == "" and said(0, "--check", XDG_RUNTIME_DIR=None) == ""
    assert "XDG_RUNTIME_DIR is not set" in said(1, XDG_RUNTIME_DIR=None)
    assert "owns and nobody else can write to" in said(1, XDG_RUNTIME_DIR="/tmp")
    assert "cannot be used: No such file" in said(1, XDG_RUNTIME_DIR="/nonexistent")
    assert "this is root" in said(1, as_root=True)
    assert "excludes" in said(2, "--private-bus")
    session.daemon.environment = session.environment
    session.daemon.start()
    second = session.daemon.run()
    assert second.returncode == 1 and f"another apiaryd (pid {session.daemon.pid})" in second.stderr


def test_where_the_other_daemon_is(world, session):
    """Who asks on one bus for a daemon that is on the other is told."""
    for arguments, words in (((), "Start it as root"), (("--session",), "apiaryd --session")):
        assert words in session.ctl(*arguments, "list", code=UNREACHABLE).stderr
    session.start(world.tiny("mine"))
    assert "on your session bus: add --session" in session.ctl("list", code=UNREACHABLE).stderr
    session.daemon.stop()
    world.start(world.tiny("roots"))
    assert "leave out --session" in session.ctl("--session", "list", code=UNREACHABLE).stderr
    nowhere = session.ctl("--session", "list", code=UNREACHABLE, XDG_RUNTIME_DIR="")
    assert "neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR is set" in nowhere.stderr


def test_it_is_killed_and_goes_on(world, session):
    session.start(world.tiny("web"))
    caller, console = booted(session)
    pid, last = caller.get(vm_path("web"), VM, "HypervisorPid"), journal(caller)[-1].seq
    for _ in range(3):
        session.daemon.kill()
        session.daemon.start()
        caller = session.client().follow()
        assert caller.state("web")[:2] == ("running", "")
        assert caller.get(vm_path("web"), VM, "HypervisorPid") == pid and processes.alive(pid)
    assert "it goes on with 1 VM" in session.ctl("--session", "daemon", "restart").stdout
    assert session.client().get(vm_path("web"), VM, "HypervisorPid") == pid
    console.write("ehello\n")      # the line to the guest never broke
    console.until("hello")
    session.ctl("--session", "daemon", "stop", "--keep-vms")
    assert session.daemon.wait() == 0 and processes.alive(pid)
    session.daemon.process = None
    session.daemon.start()
    caller = session.client().follow()
    assert command(caller, "web", "Stop")["Result"] == "done"
    console.until("MARKER-PB")
    events = journal(caller)
    assert [e.seq for e in events] == list(range(1, len(events) + 1)) and len(events) > last


def test_kvm_that_is_not_for_him_is_told(world, session):
    """Guests would be slow, and nobody would know why. It is looked at anew at each start of the daemon."""
    session.start(world.tiny("web"))
    booted(session)
    theirs = os.path.exists("/dev/kvm") and world.run_as(ALICE, "/usr/bin/test", "-w", "/dev/kvm").returncode != 0
    session.daemon.logged("runs with 1 VM")
    assert ("/dev/kvm cannot be opened" in session.daemon.text()) == theirs
    assert not theirs or not (session.daemon.state_dir / "kvm-probe").exists()


def test_his_bus_goes_and_comes(world, session):
    session.start(world.tiny("web"))
    _, console = booted(session)
    session.bus.stop()
    session.daemon.logged("no bus")
    console.write("ehello\n")
    console.until("hello")
    session.bus.start()
    caller = session.client()
    wait_until(lambda: caller.bus("NameHasOwner", "s", NAME)[0], "its name", 60)
    caller.follow()
    assert caller.state("web")[0] == "running"
    session.daemon.signal(signal.SIGTERM)        # the end of the session: all VMs are stopped
    until_state(caller, "web", "stopped")
    assert session.daemon.wait() == 0
    session.daemon.process = None


def test_a_call_starts_it(world, session):
    """By the service file that is installed, with another place for the program."""
    text = (BUILD / "packaging/session/org.apiary.Apiary1.service").read_text()
    command_line, = [line[5:] for line in text.splitlines() if line.startswith("Exec=")]
    assert command_line.endswith("/sbin/apiaryd --session") and f"Name={NAME}" in text
    text = text.replace(command_line.split()[0], str(session.daemon.binary))
    session.write(text, session.runtime / "dbus-1/services" / f"{NAME}.service")
    session.write(world.tiny("web"))
    caller = session.client()
    caller.bus("ReloadConfig")
    assert list(caller.list_vms()) == ["web"]
    pid, = caller.bus("GetConnectionUnixProcessID", "s", NAME)
    assert uids(pid) == [str(session.account.uid)] * 4
    assert command(caller.follow(), "web", "Start")["Result"] == "done"
    os.kill(pid, signal.SIGTERM)
    os.kill(pid, signal.SIGINT)      # its guest has not come to its power button yet
    processes.wait_gone(pid)


def test_two_users_have_one_each(world, session):
    """Of the same names, and neither hears of the other's."""
    session.start(world.tiny("web"))
    other = Session(world, BOB)
    world.daemons.append(other.daemon)
    try:
        other.start(world.tiny("web"))
        _, console = booted(other)
        assert session.client().state("web")[0] == "stopped" and other.client().state("web")[0] == "running"
        assert uids(other.client().get(vm_path("web"), VM, "HypervisorPid"))[0] == str(Account(BOB).uid)
        with pytest.raises((Disconnected, ConnectionError, PermissionError)):
            Client(other.bus.address, ALICE)
        console.write("p")
        console.until_end()
    finally:
        other.close()
