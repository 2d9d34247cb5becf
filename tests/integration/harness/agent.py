"""A program on the bus that has a part in the starts and ends of VMs, played by a test."""
from jeepney import new_method_return

from .client import AGENTS, NAME, ROOT, Client, field, plain


class Agent(Client):
    """A connection that keeps the calls of it until the test answers them."""

    def __init__(self, world, account=None, name="clerk", address=None, **options):
        self.calls = []
        super().__init__(address or world.bus.address, account)
        world.clients.append(self)
        self.call(NAME, ROOT, AGENTS, "Register", "oa{sv}", "/agent", {"name": ("s", name), **options})

    def _serve(self, message):
        if field(message, "interface") == f"{NAME}.Agent":
            self.calls.append(message)
        else:
            super()._serve(message)

    def next(self, member):
        """The arguments of the next call, which must be of this member."""
        while not self.calls:
            self.receive()
        self.last = self.calls.pop(0)
        assert field(self.last, "member") == member and field(self.last, "path") == "/agent"
        return plain(self.last.body[0])

    def says(self, result="ok", reason=""):
        self.send(new_method_return(self.last, "ss", (result, reason)))

    def hears(self):
        event = self.next("Event")
        self.send(new_method_return(self.last))
        return event
