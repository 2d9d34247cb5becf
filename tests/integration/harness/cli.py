"""apiaryctl as somebody uses it: run to its end, or talked to while it runs, on pipes or on a terminal."""
import fcntl
import json
import os
import select
import signal
import struct
import subprocess
import termios
import time

from .accounts import Account
from .client import TIMEOUT
from .processes import dies_with_us
from .world import BIN

SIZE = struct.Struct("HHHH")


class Ctl:
    """The command for one account."""

    def __init__(self, world, account=None):
        self.world, self.account = world, account
        self.binary = world.program(BIN / "apiaryctl")
        self.environment = {"APIARY_BUS_ADDRESS": world.bus.address, "TZ": "UTC"}

    def __call__(self, *arguments, code=0, **environment):
        """Runs it to its end, which must be `code` unless that is None: subprocess's CompletedProcess."""
        done = self.world.run_as(self.account, self.binary, *arguments, env={**self.environment, **environment})
        assert code in (done.returncode, None), \
            f"apiaryctl {arguments} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done

    def json(self, *arguments, code=0):
        """The one document that it prints."""
        text = self("--json", *arguments, code=code).stdout
        assert text.endswith("\n") and text.count("\n") == 1, text
        return json.loads(text)

    def lines(self, *arguments):
        """The objects that it prints, one on a line."""
        return [json.loads(line) for line in self("--json", *arguments).stdout.splitlines()]

    def begin(self, *arguments):
        return Running([self.binary, *arguments], self._environment(), self.account, terminal=None)

    def on_terminal(self, *arguments, columns=80, **environment):
        return Running([self.binary, *arguments], {**self._environment(), "TERM": "xterm", **environment}, self.account,
                       terminal=columns)

    def _environment(self):
        return {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/nonexistent", **self.environment}


class Running:
    """One that runs. `said` is all that it wrote, to both outputs."""

    def __init__(self, command, environment, account, terminal):
        self.said, self.unread, self.ended = b"", b"", False
        who = Account(account).popen_arguments() if account else {}
        if terminal is None:
            self.slave = None
            self.reader, output = os.pipe()
            self.process = self._start(command, environment, who, subprocess.PIPE, output, dies_with_us())
            os.close(output)
            self.writer = self.process.stdin.fileno()
        else:
            self.reader, self.slave = os.openpty()
            self.writer = self.reader
            fcntl.ioctl(self.slave, termios.TIOCSWINSZ, SIZE.pack(24, terminal, 0, 0))
            if account:
                os.fchown(self.slave, Account(account).uid, -1)
            self.before = termios.tcgetattr(self.slave)
            self.process = self._start(command, environment, who, self.slave, self.slave, self._owns_terminal)

    @staticmethod
    def _start(command, environment, who, source, sink, prepare):
        return subprocess.Popen([str(c) for c in command], env=environment, cwd="/", stdin=source, stdout=sink,
                                stderr=sink, preexec_fn=prepare, start_new_session=True, **who)

    @staticmethod
    def _owns_terminal():
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        dies_with_us()()

    def write(self, data):
        os.write(self.writer, data if isinstance(data, bytes) else data.encode())

    def signal(self, number):
        self.process.send_signal(number)

    def _more(self, deadline):
        """Some more of what it says. False: nothing in time, or its end."""
        ready, _, _ = select.select([self.reader], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return False
        try:
            data = os.read(self.reader, 1 << 16)
        except OSError:   # a terminal that nobody has open any more
            data = b""
        self.ended = not data
        self.said += data
        self.unread += data
        return bool(data)

    def until(self, text, timeout=TIMEOUT):
        """Everything up to and with `text`."""
        wanted = text.encode()
        deadline = time.monotonic() + timeout
        while wanted not in self.unread:
            assert self._more(deadline), f"no {text!r}; it said:\n{self.said.decode(errors='replace')}"
        end = self.unread.index(wanted) + len(wanted)
        taken, self.unread = self.unread[:end], self.unread[end:]
        return taken.decode(errors="replace")

    def until_json(self, wanted):
        """The objects that it writes, up to and with the first that is as wanted."""
        found = []
        while not found or not wanted(found[-1]):
            found.append(json.loads(self.until("\n")))
        return found

    def end(self, code=0, timeout=TIMEOUT):
        """Waits for its end, which must be `code` unless that is None: all that it said since it was last heard."""
        if self.slave is not None:
            assert self.process.wait(timeout) is not None   # what it writes fits a terminal's buffer
            self.after = termios.tcgetattr(self.slave)
            os.close(self.slave)
            self.slave = None
        deadline = time.monotonic() + timeout
        while not self.ended:
            assert self._more(deadline) or self.ended, \
                f"it does not end; it said:\n{self.said.decode(errors='replace')}"
        got = self.process.wait(timeout)
        self.close()
        assert code in (got, None), f"it ended with {got}; it said:\n{self.said.decode(errors='replace')}"
        text, self.unread = self.unread.decode(errors="replace"), b""
        return text

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()
        for fd in (self.reader, self.slave):
            if fd is not None:
                os.close(fd)
        self.reader = self.slave = None
