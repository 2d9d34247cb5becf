"""A reader of Journal.Open: lines of JSON over a descriptor."""
import json
import select
import time

from .client import JOURNAL, NAME, ROOT, TIMEOUT


class EventStream:
    def __init__(self, client, after=0, stream="", **filters):
        descriptor, = client.call(NAME, ROOT, JOURNAL, "Open", "sta{sv}", stream, after, filters)
        self.sock = descriptor.to_socket()
        self.buffer, self.ended = b"", False

    def _more(self, timeout):
        if not select.select([self.sock], [], [], max(0.0, timeout))[0]:
            return False
        data = self.sock.recv(1 << 18)
        self.ended = not data
        self.buffer += data
        return bool(data)

    def next(self, timeout=TIMEOUT):
        """The next line as an object; None at the end."""
        deadline = time.monotonic() + timeout
        while b"\n" not in self.buffer:
            if not self._more(deadline - time.monotonic()):
                assert self.ended, "no line in time"
                return None
        line, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(line)

    def until(self, wanted, timeout=TIMEOUT):
        """The lines up to the first that is as wanted."""
        found = []
        while not found or not wanted(found[-1]):
            found.append(self.next(timeout))
            assert found[-1] is not None, f"the end before it came: {found[-5:]}"
        return found

    def until_seq(self, seq, timeout=TIMEOUT):
        """The events up to this number, wanted or passed over."""
        return [line for line in self.until(lambda line: line["seq"] >= seq if "seq" in line else False, timeout)
                if "control" not in line]

    def rest(self, timeout=TIMEOUT):
        """All lines up to the end."""
        found = []
        while (line := self.next(timeout)) is not None:
            found.append(line)
        return found

    def close(self):
        self.sock.close()
