"""The session of one user: his bus, his folders where the XDG variables say, and his own daemon (apiaryd --session)."""
import os

from .accounts import Account
from .bus import BusProcess
from .client import Client
from .daemon import Daemon
from .world import BIN

PROGRAMS = ("apiaryd", "apiaryctl", "apiary-shim", "apiary-opener", "apiary-config", "apiary-ucl", "apiary-plugin-host")
# A bus that lets everybody in, where that of a session admits its user alone.
OPEN_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <policy context="default">
    <allow user="*"/> <allow own="*"/> <allow send_destination="*" eavesdrop="true"/> <allow eavesdrop="true"/>
  </policy>
</busconfig>
"""


class SessionBus(BusProcess):
    def __init__(self, account, folder, log, environment, everybody=False):
        super().__init__(folder, log)
        self.account, self.everybody = account, everybody
        self.environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **environment}

    def start(self):
        which = ["--session", f"--address={self.address}"]
        if self.everybody:
            config = self.folder / "bus.conf"
            config.write_text(OPEN_BUS.format(socket=self.socket))
            which = [f"--config-file={config}"]
        return self.launch(*which, cwd="/", env=self.environment, **self.account.popen_arguments())


class Session:
    def __init__(self, world, account, everybody=False):
        self.world, self.account = world, Account(account)
        self.home = world.own_folder(account)
        self.runtime = world.folder / f"r-{account}"
        self.runtime.mkdir(mode=0o755 if everybody else 0o700)
        os.chown(self.runtime, self.account.uid, self.account.gid)
        self.environment = {"HOME": str(self.home), "XDG_RUNTIME_DIR": str(self.runtime)}
        self.bus = SessionBus(self.account, self.runtime, world.folder / f"bus-{account}.log", self.environment,
                              everybody).start()
        for name in PROGRAMS:
            world.program(BIN / name)
        self.daemon = SessionDaemon(world, self)
        self.clients = []

    @property
    def config(self):
        return self.home / ".config/apiary/apiary.conf"

    def write(self, text, path=None, owner=None):
        """His configuration, as he would write it; or another file of somebody."""
        path = path or self.config
        for folder in reversed([f for f in path.parents if self.home in f.parents or f == self.home]):
            if not folder.exists():
                folder.mkdir(mode=0o755)
                os.chown(folder, self.account.uid, self.account.gid)
        path.write_text(text)
        who = Account(owner) if owner else self.account
        os.chown(path, who.uid, who.gid)
        return path

    def start(self, text=None):
        if text is not None:
            self.write(text)
        self.daemon.start()
        return self

    def client(self, account=None):
        made = Client(self.bus.address, account or self.account)
        self.clients.append(made)
        return made

    def ctl(self, *arguments, code=0, account=None, **environment):
        """apiaryctl as he uses it in his session, run to its end."""
        done = self.world.run_as(account or self.account.name, self.world.program(BIN / "apiaryctl"), *arguments,
                                 env={**self.environment, "APIARY_RUN_DIR": "/nonexistent", "TZ": "UTC", **environment})
        assert code in (done.returncode, None), f"it ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done

    def close(self):
        for client in self.clients:
            client.close()
        self.daemon.stop(at_once=True)
        self.bus.stop()


class SessionDaemon(Daemon):
    def __init__(self, world, session):
        super().__init__(world.program(BIN / "apiaryd"), world.folder, session.bus.address, [],
                         environment=session.environment, account=session.account)
        self.log = world.folder / f"apiaryd-{session.account.name}.log"
        self.run_dir, self.state_dir = session.runtime / "apiary", session.home / ".local/state/apiary"

    def command(self, *more):
        return [str(a) for a in [self.binary, "--foreground", "--session", *self.options, *more]]
