"""devd's side of its sockets: records read as devd reads them, and the rules of devd.conf(5)."""
import re
import socket

from .accounts import Account
from .client import TIMEOUT
from .lines import LineReader

NAME = re.compile(r"[A-Za-z0-9_-]+")
MAX_RECORD = 1016


def parse(record):
    """The variables of a notification. A name, '=', and a value: in quotes up to one without a backslash right before
    it, else up to white space; it ends at the first thing that has not this form."""
    assert record.startswith("!"), record
    variables = {"*": record, "_": record[1:]}
    rest = record[1:]
    while rest:
        name = NAME.match(rest)
        if not name or rest[name.end():name.end() + 1] != "=":
            break
        after = rest[name.end() + 1:]
        if after.startswith('"'):
            quoted = re.match(r'"((?:\\"|[^"])*)"', after)
            if not quoted:
                break
            value, rest = quoted[1], after[quoted.end():]
        else:
            value = re.match(r"\S*", after)[0]
            rest = after[len(value):]
        variables[name[0]] = value
        rest = rest.lstrip()
    variables["left"] = rest
    return variables


class Rule:
    """One `notify N { … };`"""

    def __init__(self, priority, body):
        self.priority = int(priority)
        self.matches = re.findall(r'match\s+"([^"]*)"\s+"([^"]*)"\s*;', body)
        self.action, = re.findall(r'action\s+"([^"]*)"\s*;', body)
        left = re.sub(r'(match\s+"[^"]*"\s+"[^"]*"|action\s+"[^"]*")\s*;', "", body)
        assert not left.strip(), f"not understood: {left!r}"

    def fits(self, variables):
        def one(name, pattern):
            wanted = not pattern.startswith("!")
            found = re.fullmatch(pattern.removeprefix("!"), variables.get(name, ""), re.IGNORECASE | re.ASCII)
            return bool(found) == wanted
        return all(one(*match) for match in self.matches)

    def command(self, variables):
        def value(match):
            return "'" + variables.get(match[1], "").replace("'", "'\\''") + "'"
        return re.sub(r"\$([A-Za-z_*][A-Za-z0-9_-]*)", value, self.action)


def rules(text):
    """All rules of a devd.conf, the most important first."""
    text = re.sub(r"^\s*#.*$", "", text, flags=re.M)
    found = re.findall(r"notify\s+(\d+)\s*\{(.*?)\}\s*;", text, re.S)
    left = re.sub(r"notify\s+\d+\s*\{.*?\}\s*;", "", text, flags=re.S)
    assert not left.strip(), f"not understood: {left!r}"
    return sorted((Rule(*one) for one in found), key=lambda rule: -rule.priority)


def command_for(all_rules, variables):
    """What devd would run: the action of the first rule that fits, or None."""
    return next((rule.command(variables) for rule in all_rules if rule.fits(variables)), None)


class Reader(LineReader):
    """One end of a socket of records: their variables."""

    def __init__(self, run_dir, packets=False, account=None):
        self.packets = packets
        super().__init__(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET if packets else socket.SOCK_STREAM))
        path = str(run_dir / ("devd.seqpacket.pipe" if packets else "devd.pipe"))
        if account:
            with Account(account).effective():
                self.sock.connect(path)
        else:
            self.sock.connect(path)

    def came(self, data):
        if self.packets and data:
            assert data.endswith(b"\n") and data.count(b"\n") == 1 and len(data) <= MAX_RECORD, data

    def meaning(self, line):
        assert len(line) < MAX_RECORD
        variables = parse(line.decode())
        assert variables["left"] == "", line
        return variables

    def until_has(self, timeout=TIMEOUT, **wanted):
        """The records up to the first that has these variables."""
        return self.until(lambda record: all(record.get(k) == v for k, v in wanted.items()), timeout)
