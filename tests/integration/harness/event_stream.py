"""A reader of Journal.Open: lines of JSON over a descriptor."""
import json

from .client import JOURNAL, NAME, ROOT, TIMEOUT
from .lines import LineReader


class EventStream(LineReader):
    def __init__(self, client, after=0, stream="", **filters):
        descriptor, = client.call(NAME, ROOT, JOURNAL, "Open", "sta{sv}", stream, after, filters)
        super().__init__(descriptor.to_socket())

    def meaning(self, line):
        return json.loads(line)

    def until_seq(self, seq, timeout=TIMEOUT):
        """The events up to this number, wanted or passed over."""
        return [line for line in self.until(lambda line: line["seq"] >= seq if "seq" in line else False, timeout)
                if "control" not in line]
