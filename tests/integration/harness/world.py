"""The world of one test: a folder, a bus, a daemon, callers; and the proof at its end that nothing is left of it."""
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import processes, vms
from .accounts import Account
from .bus import PrivateBus
from .client import Client
from .console import Console
from .daemon import Daemon

SOURCE = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("APIARY_BUILD_DIR", SOURCE / "build/release"))
BIN = BUILD / "bin"
TINY = BUILD / "guests/tiny.img"
LINUX = Path(os.environ.get("APIARY_LINUX_GUEST", SOURCE / "build/guests/linux"))
STAND_IN = Path(os.environ.get("APIARY_BHYVE", BIN / "stand-in-bhyve"))
SANITIZED = os.environ.get("APIARY_SANITIZED") == "1"


class World:
    def __init__(self):
        # Not pytest's folder: other accounts must get in, and a socket's path has to be short.
        self.folder = Path(tempfile.mkdtemp(prefix="apiary-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.bus = PrivateBus(self.folder, SOURCE / "bus/org.apiary.Apiary1.conf").start()
        self.config = self.folder / "apiary.conf"
        # The project may lie where other accounts cannot look (root's home): what they need is copied out.
        self.image = Path(shutil.copyfile(TINY, self.folder / "tiny.img"))
        self.user_configs = []
        self.clients, self.consoles, self.daemons = [], [], []
        self.strangers = set()   # processes that were there before
        self.expect_empty_run_dir = True

    # --- configuration ---

    def write(self, text, file=None, owner=None, mode=0o644):
        """Writes a configuration file; the main one of root's if none is named."""
        path = self.folder / file if file else self.config
        path.write_text(text)
        path.chmod(mode)
        if owner:
            account = Account(owner)
            os.chown(path, account.uid, account.gid)
        return path

    def write_user(self, owner, text, name=None):
        """A file of a user's own VMs, which the daemon reads beside root's."""
        path = self.write(text, name or f"{owner}.conf", owner)
        if path not in self.user_configs:
            self.user_configs.append(path)
        return path

    def own_folder(self, owner):
        """A folder that only this account can look into, and write to."""
        folder = self.folder / f"home-{owner}"
        folder.mkdir(mode=0o700)
        account = Account(owner)
        os.chown(folder, account.uid, account.gid)
        return folder

    def tiny(self, name, **more):
        return vms.tiny(name, self.image, **more)

    def bhyve(self, name, **more):
        settings = {"backend": "bhyve", "loader": "uefi", "memory": "16M", "com1": "auto", "stop_timeout": 30}
        return vms.section("vm", name, {**settings, **more})

    def linux(self, name, **more):
        return vms.linux(name, LINUX, **more)

    # --- the daemon ---

    def daemon(self, text=None, options=(), **arguments):
        """A daemon that is not started yet."""
        if text is not None:
            self.write(text)
        made = Daemon(BIN / "apiaryd", self.folder, self.bus.address, [self.config, *self.user_configs],
                      options, **arguments)
        self.daemons.append(made)
        return made

    def start(self, text=None, options=(), **arguments):
        return self.daemon(text, options, **arguments).start()

    # --- callers ---

    def client(self, account=None, **more):
        made = Client(self.bus.address, account, **more)
        self.clients.append(made)
        return made

    def follower(self, account=None, **filters):
        """A caller that hears all it may hear, from now on."""
        return self.client(account).follow(**filters)

    def console(self, client, vm, **options):
        made = Console(client, vm, **options)
        self.consoles.append(made)
        return made

    def program(self, path):
        """A program of the project, where every account may execute it."""
        copy = self.folder / "programs" / Path(path).name
        if not copy.exists():
            copy.parent.mkdir(exist_ok=True)
            shutil.copy(path, copy)
        return copy

    def run_as(self, account, *command, timeout=60, **arguments):
        """A program run by an account, on the private bus: CompletedProcess with text."""
        environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/nonexistent",
                       "DBUS_SYSTEM_BUS_ADDRESS": self.bus.address, **arguments.pop("env", {})}
        who = Account(account).popen_arguments() if account else {}
        return subprocess.run([str(c) for c in command], env=environment, capture_output=True, text=True,
                              timeout=timeout, stdin=subprocess.DEVNULL, cwd="/", **who, **arguments)

    # --- its end ---

    def close(self):
        faults = []
        for thing in [*self.consoles, *self.clients]:
            thing.close()
        for daemon in self.daemons:
            try:
                daemon.stop(at_once=True)
            except AssertionError as fault:
                faults.append(str(fault))
        # dbus-daemon is ours until here; whatever else does not end by itself was forgotten by somebody.
        left = processes.left_behind(keep={self.bus.process.pid, *self.strangers})
        processes.kill_all(left)
        faults += [f"left alive: {pid} {line}" for pid, line in left.items()]
        run_dir = self.folder / "run"
        if self.expect_empty_run_dir and run_dir.exists():
            inside = [str(p.relative_to(run_dir)) for p in run_dir.rglob("*") if not p.is_dir() and p.name != "undurable"]
            folders = [str(p.relative_to(run_dir)) for p in run_dir.iterdir() if p.is_dir() and p.name.isdigit()]
            faults += [f"left in the run folder: {name}" for name in inside + folders]
        for daemon in self.daemons:
            try:
                daemon.check_log()
            except AssertionError as fault:
                faults.append(str(fault))
        self.bus.stop()
        return faults

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def story(self):
        """What the daemon logged, for a test that failed."""
        return "\n".join(f"--- {d.log}\n{d.text()[-12000:]}" for d in self.daemons[:1])
