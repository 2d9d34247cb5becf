"""A VM's serial console as a stream of text to wait in."""
import select
import time

from .client import TIMEOUT, vm_path


class Console:
    def __init__(self, client, vm, **options):
        names = {k: ("b" if isinstance(v, bool) else "s", v) for k, v in options.items()}
        descriptor, = client.vm(vm, "OpenConsole", "a{sv}", names)
        self.sock = descriptor.to_socket()
        self.vm, self.path = vm, vm_path(vm)
        self.unread, self.all = b"", b""
        self.ended = False

    def write(self, data):
        self.sock.sendall(data if isinstance(data, bytes) else data.encode())

    def _more(self, timeout):
        if not select.select([self.sock], [], [], max(0.0, timeout))[0]:
            return False
        data = self.sock.recv(1 << 16)
        self.ended = not data
        self.unread += data
        self.all += data
        return bool(data)

    def until(self, text, timeout=TIMEOUT):
        """Everything up to and with `text`."""
        wanted = text if isinstance(text, bytes) else text.encode()
        deadline = time.monotonic() + timeout
        while wanted not in self.unread:
            assert self._more(deadline - time.monotonic()), \
                f"the console of {self.vm} {'ended' if self.ended else 'is silent'} before {wanted!r}; it said " \
                f"{self.all[-2000:]!r}"
        end = self.unread.index(wanted) + len(wanted)
        taken, self.unread = self.unread[:end], self.unread[end:]
        return taken.decode(errors="replace")

    def until_end(self, timeout=TIMEOUT):
        """Everything up to the end of the session."""
        deadline = time.monotonic() + timeout
        while not self.ended:
            assert self._more(deadline - time.monotonic()) or self.ended, f"the console of {self.vm} stays open"
        return self.unread.decode(errors="replace")

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
