"""apiaryd --private-bus: for hosts without a message bus. It starts one, and that ends with it."""
import signal
import subprocess

import pytest
from harness.accounts import ALICE
from harness.client import VM, Client, vm_path
from harness.daemon import Daemon
from harness.events import command
from harness.processes import alive, command_line, descendants, dies_with_us, wait_gone, wait_until
from harness.world import BIN


class Host:
    def __init__(self, world):
        self.world = world
        world.write(world.tiny("web", owner=ALICE))
        self.daemon = Daemon(BIN / "apiaryd", world.folder / "own", None, [world.config], ["--private-bus"])
        self.daemon.folder.mkdir()
        world.daemons.append(self.daemon)
        self.start()

    def start(self):
        with open(self.daemon.log, "ab") as log:
            self.daemon.process = subprocess.Popen(self.daemon.command(), stdin=subprocess.DEVNULL, stdout=log,
                                                   stderr=log, start_new_session=True,
                                                   preexec_fn=dies_with_us(signal.SIGTERM))
        wait_until(self.is_there, f"the daemon is on its bus\n{self.daemon.text()}")
        self.bus, = [p for p in descendants(self.daemon.pid) if "dbus-daemon" in command_line(p)[0]]

    def is_there(self):
        """Who waits for a daemon without a bus can only look, as apiaryctl does."""
        assert self.daemon.process.poll() is None
        try:
            with self.client() as caller:
                self.world.clients.remove(caller)
                return caller.bus("NameHasOwner", "s", "org.apiary.Apiary1")[0]
        except OSError:   # not yet; or what is there is still of a daemon that was killed
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


@pytest.fixture
def host(world):
    return Host(world)


def test_it_ends_with_the_daemon(host):
    caller = host.boot()
    assert command(caller, "web", "Stop")["Result"] == "done"
    host.daemon.stop()
    assert not alive(host.bus)
    assert [p.name for p in host.daemon.run_dir.iterdir() if not p.is_dir()] == ["undurable"]


def test_it_ends_with_a_daemon_that_is_killed(host):
    caller = host.boot()
    guest = caller.get(vm_path("web"), VM, "HypervisorPid")
    host.daemon.kill()
    wait_gone(host.bus)
    assert alive(guest)
    host.start()
    caller = host.client(ALICE).follow()
    assert caller.state("web")[:2] == ("running", "")
    assert command(caller, "web", "PowerOff")["Result"] == "done"
    wait_gone(guest)


def test_its_end_touches_no_guest(host):
    caller = host.boot()
    guest = caller.get(vm_path("web"), VM, "HypervisorPid")
    subprocess.run(["kill", "-KILL", str(host.bus)], check=True)
    wait_until(lambda: "private bus: " in host.daemon.text() and "has ended" in host.daemon.text(), "a word in the log")
    assert alive(guest) and alive(host.daemon.pid)
    host.daemon.stop(at_once=True)   # which still works, and clears up
    wait_gone(guest)
