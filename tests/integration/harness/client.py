"""A caller on the bus: raw messages, so that nothing that the daemon says is hidden by a library."""
import array
import itertools
import os
import select
import socket
import struct
import time

from jeepney import DBusAddress, HeaderFields, Message, MessageType, new_error, new_method_call, new_method_return
from jeepney.fds import FileDescriptor

from .accounts import Account

NAME = "org.apiary.Apiary1"
ROOT = "/org/apiary/Apiary1"
MANAGER, VM, JOB, JOURNAL = (f"{NAME}.{i}" for i in ("Manager", "VM", "Job", "Journal"))
AGENTS = f"{NAME}.Agents"
PROPERTIES = "org.freedesktop.DBus.Properties"
OBJECT_MANAGER = "org.freedesktop.DBus.ObjectManager"
INTROSPECTABLE = "org.freedesktop.DBus.Introspectable"
TIMEOUT = 40.0  # generous: no test waits for it to pass unless something is broken


class BusError(Exception):
    def __init__(self, reply):
        self.name = reply.header.fields[HeaderFields.error_name]
        self.text = reply.body[0] if reply.body and isinstance(reply.body[0], str) else ""
        self.reply = reply
        super().__init__(f"{self.name}: {self.text}")

    @property
    def short(self):
        """The last word of the error's name."""
        return self.name.rsplit(".", 1)[1]


class Disconnected(Exception):
    pass


def field(message, name):
    return message.header.fields.get(getattr(HeaderFields, name))


def plain(value):
    """A value without its variants: {'a': ('s', 'x')} becomes {'a': 'x'}."""
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str) and _is_signature(value[0], value[1]):
        return plain(value[1])
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value


def _is_signature(text, value):
    kinds = {str: "sog", bool: "b", int: "ynqiuxth", float: "d", list: "a", dict: "a", tuple: "("}
    return bool(text) and next((s for t, s in kinds.items() if isinstance(value, t)), "").find(text[0]) >= 0


def encode_path_element(name):
    """The rule of sd_bus_path_encode(3)."""
    if not name:
        return "_"
    return "".join(c if c.isascii() and c.isalnum() and not (i == 0 and c.isdigit()) else "".join(
        f"_{b:02x}" for b in c.encode()) for i, c in enumerate(name))


def vm_path(name):
    return f"{ROOT}/vm/{encode_path_element(name)}"


class Client:
    """One connection. Not for several threads. Signals that arrive while it waits for something else are kept."""

    def __init__(self, address, account=None, hello=True):
        self.account = Account(account) if isinstance(account, str) else account
        path = dict(part.split("=", 1) for part in address.partition(":")[2].split(","))["path"]
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        if self.account:
            with self.account.effective():
                self.sock.connect(path)
                self._authenticate(self.account.uid)
        else:
            self.sock.connect(path)
            self._authenticate(os.geteuid())
        self.buffer, self.fds = b"", []
        self.serials = itertools.count(1)
        self.signals = []     # (message, raw bytes) not yet asked for
        self.answers_pings = True
        self.unique = None
        if hello:
            self.unique = self.call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello")[0]

    def _authenticate(self, uid):
        self.sock.settimeout(TIMEOUT)
        self.sock.sendall(b"\0AUTH EXTERNAL " + str(uid).encode().hex().encode() + b"\r\n")
        self._expect(b"OK ")
        self.sock.sendall(b"NEGOTIATE_UNIX_FD\r\n")
        self._expect(b"AGREE_UNIX_FD")
        self.sock.sendall(b"BEGIN\r\n")

    def _expect(self, beginning):
        line = b""
        while not line.endswith(b"\r\n"):
            more = self.sock.recv(1)
            if not more:
                raise Disconnected("the bus ended the connection while authenticating")
            line += more
        if not line.startswith(beginning):
            raise Disconnected(f"the bus said {line!r} while authenticating")

    def close(self):
        self.sock.close()
        for fd in self.fds:
            fd.close()
        self.fds = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # --- messages ---

    def send(self, message):
        serial = next(self.serials)
        fds = array.array("i")
        data = message.serialise(serial=serial, fds=fds)
        self.send_raw(data, fds)
        return serial

    def send_raw(self, data, fds=()):
        if len(fds):
            sent = self.sock.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))])
            data = data[sent:]
        if data:
            self.sock.sendall(data)

    def _complete(self):
        """The raw bytes of the next message, if all of it is there."""
        if len(self.buffer) < 16:
            return None
        order = "<" if self.buffer[:1] == b"l" else ">"
        body, _, fields = struct.unpack_from(order + "III", self.buffer, 4)
        length = 16 + (fields + 7) // 8 * 8 + body
        if len(self.buffer) < length:
            return None
        raw, self.buffer = self.buffer[:length], self.buffer[length:]
        return raw

    def receive(self, timeout=TIMEOUT):
        """The next message of any kind, with its raw bytes. TimeoutError when there is none in time."""
        deadline = time.monotonic() + timeout
        while (raw := self._complete()) is None:
            if not select.select([self.sock], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise TimeoutError(f"no message in {timeout} s")
            data, ancillary, _, _ = self.sock.recvmsg(1 << 18, socket.CMSG_SPACE(16 * 4), socket.MSG_CMSG_CLOEXEC)
            if not data:
                raise Disconnected("the bus ended the connection")
            self.buffer += data
            self.fds += FileDescriptor.from_ancdata(ancillary)
        order = "<" if raw[:1] == b"l" else ">"
        assert order == "<"
        message = Message.from_buffer(raw, self.fds)
        count = field(message, "unix_fds") or 0
        self.fds = self.fds[count:]
        if message.header.message_type is MessageType.method_call:
            self._serve(message)
        return message, raw

    def _serve(self, message):
        """The daemon pings its subscribers."""
        if field(message, "member") == "Ping":
            if self.answers_pings:
                self.send(new_method_return(message))
        else:
            self.send(new_error(message, "org.freedesktop.DBus.Error.UnknownMethod"))

    def reply_to(self, serial, timeout=TIMEOUT):
        """The reply to a message that was sent, whatever it says, with its raw bytes."""
        deadline = time.monotonic() + timeout
        while True:
            message, raw = self.receive(max(0.0, deadline - time.monotonic()))
            if field(message, "reply_serial") == serial:
                return message, raw
            if message.header.message_type is MessageType.signal:
                self.signals.append((message, raw))

    # --- calls ---

    def post(self, destination, path, interface, member, signature="", *arguments):
        """Sends a call and does not wait."""
        return self.send(new_method_call(DBusAddress(path, destination, interface), member, signature or None,
                                         arguments))

    def call(self, destination, path, interface, member, signature="", *arguments, timeout=TIMEOUT):
        """The values of the reply, as they came. BusError when the reply is an error."""
        reply, _ = self.reply_to(self.post(destination, path, interface, member, signature, *arguments), timeout)
        if reply.header.message_type is MessageType.error:
            raise BusError(reply)
        return reply.body

    def bus(self, member, signature="", *arguments):
        return self.call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", member, signature,
                         *arguments)

    def manager(self, member, signature="", *arguments, **kw):
        return self.call(NAME, ROOT, MANAGER, member, signature, *arguments, **kw)

    def vm(self, name, member, signature="", *arguments, **kw):
        return self.call(NAME, vm_path(name), VM, member, signature, *arguments, **kw)

    def get(self, path, interface, name):
        return plain(self.call(NAME, path, PROPERTIES, "Get", "ss", interface, name)[0])

    def get_all(self, path, interface):
        return plain(self.call(NAME, path, PROPERTIES, "GetAll", "s", interface)[0])

    def state(self, name):
        """(State, SubState, Reason) of a VM."""
        all_of_it = self.get_all(vm_path(name), VM)
        return all_of_it["State"], all_of_it["SubState"], all_of_it["Reason"]

    def list_vms(self, **filters):
        """{name: row} of all VMs that this account may see."""
        rows, after, more = {}, "", True
        while more:
            _, page, more = self.manager("ListVMs", "sua{sv}", after, 0, filters)
            rows.update({row[0]: row for row in page})
            after = page[-1][0] if page else ""
        return rows

    # --- signals ---

    def match(self, rule):
        self.bus("AddMatch", "s", rule)

    def follow(self, subscribe=True, **filters):
        """Hears all signals of the daemon that this account may hear, from now on."""
        self.match(f"type='signal',sender='{NAME}'")
        if subscribe:
            self.manager("Subscribe", "a{sv}", filters)
        return self

    def next_signal(self, wanted, timeout=TIMEOUT, what="a signal"):
        """The first signal for which `wanted(message)` is true; those before it are dropped."""
        deadline = time.monotonic() + timeout
        seen = []
        while True:
            while self.signals:
                message, _ = self.signals.pop(0)
                if wanted(message):
                    return message
                seen.append(message)
            try:
                message, raw = self.receive(max(0.0, deadline - time.monotonic()))
            except TimeoutError:
                heard = "\n".join(f"  {field(m, 'path')} {field(m, 'member')} {plain(list(m.body))}" for m in seen[-30:])
                raise AssertionError(f"{what} did not come in {timeout} s; the last heard were:\n{heard}") from None
            if message.header.message_type is MessageType.signal:
                self.signals.append((message, raw))

    def drain(self):
        """All signals that were sent before now. Asks the daemon something, so that nothing is under way any more."""
        self.manager("ListVMs", "sua{sv}", "", 1, {})
        taken, self.signals = [m for m, _ in self.signals], []
        return taken
