"""apiaryd --private-bus: for hosts without a message bus. It starts one, which outlives it unless all VMs were stopped."""
import os
import signal
import subprocess

import pytest
from harness.accounts import ALICE
from harness.client import NAME, VM, BusError, Client, Disconnected, field, vm_path
from harness.daemon import Daemon
from harness.events import command
from harness.processes import alive, command_line, dies_with_us, kill_all, left_over, status, wait_gone, wait_until
from harness.world import BIN


class Host:
    def __init__(self, world, options=()):
        self.world = world
        world.write(world.tiny("web", owner=ALICE))
        self.daemon = Daemon(BIN / "apiaryd", world.folder / "own", None, [world.config], ["--private-bus", *options])
        self.daemon.folder.mkdir()
        world.daemons.append(self.daemon)
        self.start()

    def start(self):
        with open(self.daemon.log, "ab") as log:
            self.daemon.process = subprocess.Popen(self.daemon.command(), stdin=subprocess.DEVNULL, stdout=log,
                                                   stderr=log, start_new_session=True,
                                                   preexec_fn=dies_with_us(signal.SIGTERM))
        wait_until(self.is_there, f"the daemon is on its bus\n{self.daemon.text()}")

    @property
    def bus(self):
        """The one bus that there is, but for that of the tests."""
        bus, = (pid for pid, line in left_over({self.world.bus.process.pid}).items() if "dbus-daemon" in line)
        return bus

    def is_there(self):
        """Who waits for a daemon without a bus can only look, as apiaryctl does."""
        assert self.daemon.process.poll() is None
        try:
            with self.client() as caller:
                self.world.clients.remove(caller)
                return caller.bus("NameHasOwner", "s", NAME)[0]
        except (OSError, Disconnected):   # not yet
            return False

    def client(self, account=None):
        made = Client((self.daemon.run_dir / "bus-address").read_text().strip(), account)
        self.world.clients.append(made)
        return made

    def boot(self):
        caller = self.client(ALICE).follow()
        assert command(caller, "web", "Start")["Result"] == "done"
        self.world.console(caller, "web").until("MARKER-UP")
        return caller

    def files(self):
        return sorted(p.name for p in self.daemon.run_dir.iterdir() if not p.is_dir())


@pytest.fixture
def host(world):
    made = Host(world)
    yield made
    if made.daemon.process is None:   # a test that failed: nothing else ends the bus
        kill_all(pid for pid, line in left_over({world.bus.process.pid}).items() if "dbus-daemon" in line)


def until_named(caller, owned):
    """Until the daemon's name has an owner, or none any more; gives the owner."""
    def change(message):
        return field(message, "member") == "NameOwnerChanged" and message.body[0] == NAME and bool(message.body[2]) == owned
    return caller.next_signal(change, 40.0, "the name's change of hands").body[2]


def test_it_ends_with_a_daemon_that_has_stopped_all_vms(host):
    caller, bus = host.boot(), host.bus
    assert command(caller, "web", "Stop")["Result"] == "done"
    host.daemon.stop()
    assert not alive(bus)
    assert host.files() == ["undurable"]


def test_it_outlives_a_daemon_that_is_killed(host):
    caller, bus = host.boot(), host.bus
    caller.match(f"type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='{NAME}'")
    guest = caller.get(vm_path("web"), VM, "HypervisorPid")
    host.daemon.kill()
    until_named(caller, False)
    assert alive(bus) and alive(guest)
    host.start()
    owner = until_named(caller, True)   # the same connection hears of the next daemon
    assert host.bus == bus
    assert caller.bus("GetNameOwner", "s", NAME)[0] == owner
    caller.follow()
    assert caller.state("web")[:2] == ("running", "")
    assert command(caller, "web", "PowerOff")["Result"] == "done"   # whose end it is told of by signals
    wait_gone(guest)
    host.daemon.stop()
    assert not alive(bus)
    assert host.files() == ["undurable"]


def test_it_outlives_a_daemon_that_leaves(host):
    caller, bus = host.boot(), host.bus
    guest = caller.get(vm_path("web"), VM, "HypervisorPid")
    host.daemon.signal(signal.SIGRTMIN)
    assert host.daemon.wait() == 0
    host.daemon.process = None
    assert alive(bus) and alive(guest)
    assert {"bus", "bus-address", "private-bus", "private-bus.conf"} <= set(host.files())
    host.start()
    assert host.bus == bus
    host.daemon.logged("private bus: ", "which an earlier daemon started")
    assert command(host.client(ALICE).follow(), "web", "PowerOff")["Result"] == "done"


def test_another_bus_takes_the_place_of_one_that_dies(host):
    caller, bus = host.boot(), host.bus
    guest = caller.get(vm_path("web"), VM, "HypervisorPid")
    os.kill(bus, signal.SIGKILL)
    with pytest.raises((Disconnected, OSError)):
        caller.receive()
    host.daemon.logged("private bus: ", "has ended (signal 9)", "the VMs are not touched")
    wait_until(host.is_there, "the daemon is on another bus")
    assert host.bus != bus and alive(guest)
    assert command(host.client(ALICE).follow(), "web", "PowerOff")["Result"] == "done"


def test_another_bus_takes_the_place_of_one_that_died_without_a_daemon(host):
    bus = host.bus
    host.daemon.kill()
    os.kill(bus, signal.SIGKILL)
    wait_gone(bus)
    host.start()
    assert host.bus != bus


def test_a_bus_that_hangs_is_replaced(host):
    """Nobody knows for how long it has been so: the next daemon gives it ten seconds."""
    bus = host.bus
    os.kill(bus, signal.SIGSTOP)
    host.daemon.kill()
    host.daemon.launch()
    wait_until(lambda: not alive(bus), "the end of the bus that hangs", 40)
    host.daemon.logged("private bus: the one of the last daemon does not answer, and is replaced")
    wait_until(host.is_there, "the daemon is on another bus")
    assert host.bus != bus


@pytest.mark.parametrize("name", ["private-bus.conf", "private-bus", "bus-address"])
def test_a_file_that_cannot_be_written_is_tried_again(host, name):
    """As on a full disk: the daemon lives on with its guests, without a bus until there is room again."""
    guest = host.boot().get(vm_path("web"), VM, "HypervisorPid")
    bus = host.bus
    host.daemon.kill()
    os.kill(bus, signal.SIGKILL)
    wait_gone(bus)
    in_the_way = host.daemon.run_dir / f"{name}.new"   # what is written first, beside the file itself
    in_the_way.mkdir()
    host.daemon.launch()
    host.daemon.logged(f"private bus: write {host.daemon.run_dir}/{name}: ", "the VMs are not touched")
    in_the_way.rmdir()
    wait_until(host.is_there, "the daemon is on its bus")
    assert alive(guest)
    assert command(host.client(ALICE).follow(), "web", "PowerOff")["Result"] == "done"
    host.daemon.stop()
    assert host.files() == ["undurable"]


def test_a_found_bus_that_dies_is_replaced(host):
    """Who is no child of this daemon is watched too."""
    bus = host.bus
    host.daemon.kill()
    host.start()
    assert host.bus == bus
    os.kill(bus, signal.SIGKILL)
    host.daemon.logged("private bus: ", "has ended")
    wait_until(lambda: not alive(bus) and host.is_there(), "the daemon is on another bus")
    assert host.bus != bus


def test_a_daemon_that_restarts_keeps_it(host):
    """It is the child of that process still, and is reaped when it dies."""
    caller, bus = host.boot(), host.bus
    root = host.client()
    root.match(f"type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='{NAME}'")
    root.manager("Restart", "a{sv}", {})
    until_named(root, False)
    until_named(root, True)
    assert host.bus == bus and host.daemon.process.poll() is None
    assert caller.state("web")[:2] == ("running", "")
    os.kill(bus, signal.SIGKILL)
    host.daemon.logged("private bus: ", "has ended (signal 9)")
    wait_until(host.is_there, "the daemon is on another bus")
    assert status(bus) is None
    assert command(host.client(ALICE).follow(), "web", "PowerOff")["Result"] == "done"


def test_a_record_that_names_somebody_else_is_not_believed(host):
    """After a boot, or long ago, another process may have that pid: it is let alone."""
    bus = host.bus
    host.daemon.signal(signal.SIGRTMIN)
    assert host.daemon.wait() == 0
    host.daemon.process = None
    os.kill(bus, signal.SIGKILL)
    wait_gone(bus)
    stranger = subprocess.Popen(["sleep", "600"], preexec_fn=dies_with_us())
    try:
        record = host.daemon.run_dir / "private-bus"
        _, start, boot = record.read_text().split()
        record.write_text(f"{stranger.pid} {start} {boot}\n")
        host.start()
        assert alive(stranger.pid) and command_line(host.bus)[0].endswith("dbus-daemon")
        host.daemon.stop()
        assert alive(stranger.pid)
    finally:
        stranger.kill()
        stranger.wait()


def test_only_root_has_the_name_on_it(host):
    host.daemon.signal(signal.SIGRTMIN)
    assert host.daemon.wait() == 0
    host.daemon.process = None
    with pytest.raises(BusError) as refused:   # now that it is free
        host.client(ALICE).bus("RequestName", "su", NAME, 0)
    assert refused.value.short == "AccessDenied"
    host.start()


def test_its_files_are_roots_alone(host):
    for name in ("bus-address", "private-bus", "private-bus.conf"):
        file = (host.daemon.run_dir / name).stat()
        assert file.st_uid == 0 and file.st_mode & 0o777 == 0o644, name
