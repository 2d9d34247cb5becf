"""A descriptor that lines come from, read by somebody who waits for the next no longer than he says."""
import select
import time

from .client import TIMEOUT


class LineReader:
    """Whoever inherits says what a line means, and may look at what came at once."""

    def __init__(self, sock):
        self.sock, self.buffer, self.ended = sock, b"", False

    def meaning(self, line):
        raise NotImplementedError

    def came(self, data):
        pass

    def _more(self, timeout):
        if not select.select([self.sock], [], [], max(0.0, timeout))[0]:
            return False
        data = self.sock.recv(1 << 18)
        self.came(data)
        self.ended = not data
        self.buffer += data
        return bool(data)

    def next(self, timeout=TIMEOUT):
        """What the next line means; None at the end."""
        deadline = time.monotonic() + timeout
        while b"\n" not in self.buffer:
            if not self._more(deadline - time.monotonic()):
                assert self.ended, "no line in time"
                return None
        line, self.buffer = self.buffer.split(b"\n", 1)
        return self.meaning(line)

    def until(self, wanted, timeout=TIMEOUT):
        """The lines up to the first that is as wanted."""
        found = []
        while not found or not wanted(found[-1]):
            found.append(self.next(timeout))
            assert found[-1] is not None, f"the end before it came: {found[-5:]}"
        return found

    def rest(self, timeout=TIMEOUT):
        """All lines up to the end."""
        found = []
        while (line := self.next(timeout)) is not None:
            found.append(line)
        return found

    def close(self):
        self.sock.close()
