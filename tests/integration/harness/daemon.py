"""apiaryd as a test sees it: started, waited for, ended, and its log at hand."""
import os
import select
import signal
import subprocess
import time
from pathlib import Path

from .client import NAME, Client, field
from .processes import dies_with_us, wait_until

SANITIZER_FAULTS = ("AddressSanitizer", "runtime error:", "LeakSanitizer", "UndefinedBehaviorSanitizer")


class Daemon:
    def __init__(self, binary, folder, address, configs, options=(), environment=None, prefix=(),
                 account=None):
        self.binary, self.folder, self.address = Path(binary), Path(folder), address
        self.configs, self.options = list(configs), list(options)
        self.run_dir, self.state_dir, self.log_dir, self.vars_dir = (
            self.folder / name for name in ("run", "state", "log", "vars"))
        self.environment = environment or {}
        self.prefix = list(prefix)   # a program that makes surroundings and then executes the rest
        self.account = account       # who runs it; None: root
        self.log = self.folder / "apiaryd.log"
        self.process = None

    def command(self, *more):
        folders = [("--run-dir", self.run_dir), ("--state-dir", self.state_dir), ("--log-dir", self.log_dir),
                   ("--vars-dir", self.vars_dir)]
        line = [*self.prefix, self.binary, "--foreground"]
        if self.address:
            line += ["--bus-address", self.address]
        for config in self.configs:
            line += ["--config", config]
        for option, folder in folders:
            line += [option, folder]
        if "--plugin-dir" not in self.options:   # those of the build are for tests that say so
            line += ["--plugin-dir", self.folder / "no-plugins"]
        return [str(a) for a in [*line, *self.options, *more]]

    def run(self, *more, timeout=60, **arguments):
        """Runs it to its end, for what is refused or only checked: subprocess's CompletedProcess, with text."""
        return subprocess.run(self.command(*more), env=self._environment(), capture_output=True, text=True,
                              timeout=timeout, stdin=subprocess.DEVNULL, **{**self._who(), **arguments})

    def _who(self):
        return self.account.popen_arguments() if self.account else {}

    def _environment(self):
        # The daemon must need nothing of its starter's environment, and the host's own bus is none of its business.
        kept = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "HOME") or k.startswith(("ASAN_", "UBSAN_",
                                                                                                      "LSAN_"))}
        return {**kept, **self.environment}

    def start(self, timeout=30.0):
        """Starts it and waits until it has its bus name: no sooner may anybody call it."""
        assert self.process is None
        with Client(self.address, self.account) as watcher:
            watcher.match(f"type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='{NAME}'")
            self.launch()
            pidfd = os.pidfd_open(self.process.pid)
            try:
                self._wait_for_name(watcher, pidfd, time.monotonic() + timeout)
            finally:
                os.close(pidfd)
        return self

    def launch(self):
        """Starts it and waits for nothing."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=self._environment(), start_new_session=True,
                                            preexec_fn=dies_with_us(signal.SIGTERM), **self._who())
        return self

    def _wait_for_name(self, watcher, pidfd, deadline):
        while True:
            if self._has_name(watcher):
                return
            ready, _, _ = select.select([pidfd, watcher.sock], [], [], max(0.0, deadline - time.monotonic()))
            if pidfd in ready:
                raise AssertionError(f"apiaryd ended with {self.process.wait()} at its start:\n{self.text()}")
            if not ready:
                raise AssertionError(f"apiaryd has no bus name yet:\n{self.text()}")

    def _has_name(self, watcher):
        while True:
            try:
                message, _ = watcher.receive(0)
            except TimeoutError:
                return False
            if field(message, "member") == "NameOwnerChanged" and message.body[0] == NAME and message.body[2]:
                return True

    @property
    def pid(self):
        return self.process.pid

    def text(self):
        """All that it has logged."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def logged(self, *words):
        """Waits for a line of the log that has all these words in it, and gives it: the log is written by a thread of
        its own, a moment after what it tells of."""
        def line():
            return next((one for one in self.text().splitlines() if all(str(w) in one for w in words)), None)
        return wait_until(line, f"a line of {self.log} with {words}")

    def descriptors(self):
        """How many it has. It may have some more for a moment (a watch for writability, a timer)."""
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, timeout=60.0):
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"apiaryd does not end:\n{self.text()[-4000:]}") from None

    def stop(self, timeout=60.0, at_once=False):
        """SIGTERM: it stops all VMs, then ends. Anything but a clean exit is a fault. At once: powers them off."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
            if at_once:
                self.signal(signal.SIGINT)   # not the same again: two of one kind may arrive as one
        code = self.wait(timeout)
        self.process = None
        assert code == 0, f"apiaryd ended with {code}:\n{self.text()[-4000:]}"

    def kill(self):
        """As a crash would end it: its guests live on."""
        self.process.kill()
        self.process.wait()
        self.process = None

    def check_log(self):
        text = self.text()
        found = [line for line in text.splitlines() if any(fault in line for fault in SANITIZER_FAULTS)]
        assert not found, f"a sanitizer has found something:\n{text[-8000:]}"
