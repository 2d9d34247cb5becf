"""The daemon's Event signals as records, and waiting for them."""
from dataclasses import dataclass, field as dataclass_field

from .client import JOB, NAME, ROOT, TIMEOUT, VM, field, plain


@dataclass(frozen=True)
class Event:
    seq: int
    vm_seq: int
    stream: str
    time: int
    vm: str
    type: str
    state: str
    sub_state: str
    reason: str
    details: dict = dataclass_field(hash=False)

    def __str__(self):
        sub = f"/{self.sub_state}" if self.sub_state else ""
        return f"{self.seq} {self.vm} {self.type} {self.state}{sub} {self.reason} {self.details}"


def is_event(message, vm=None):
    return (field(message, "interface") == VM and field(message, "member") == "Event"
            and (vm is None or message.body[4] == vm))


def event_of(message):
    return Event(*message.body[:9], plain(message.body[9]))


def next_event(client, vm, timeout=TIMEOUT, **wanted):
    """The next Event of `vm` whose fields are as wanted (a set: one of them); `details` are looked up by name too."""
    def fits(message):
        if not is_event(message, vm):
            return False
        event = event_of(message)
        for key, value in wanted.items():
            got = getattr(event, key) if key in Event.__dataclass_fields__ else event.details.get(key.replace("_", "-"))
            if got not in value if isinstance(value, (set, frozenset)) else got != value:
                return False
        return True
    words = " ".join(f"{k}={v}" for k, v in wanted.items())
    return event_of(client.next_signal(fits, timeout, f"an event of {vm} with {words}"))


def until_state(client, vm, state, sub_state="", timeout=TIMEOUT):
    """Waits for the event that brings the VM into this state. The client must follow since before that."""
    return next_event(client, vm, timeout, type="state", state=state, sub_state=sub_state)


def job_id(path):
    return int(path.rsplit("/", 1)[1])


def job_end(client, path, timeout=TIMEOUT):
    """Waits for the end of a job and gives its properties. The client must follow since before the job was made."""
    client.next_signal(lambda m: field(m, "member") == "JobEnded" and m.body[1] == path, timeout, f"the end of {path}")
    return client.get_all(path, JOB)


def command(client, vm, member, options=None, timeout=TIMEOUT):
    """Gives a command and waits for its job's end: the job's properties."""
    path, = client.vm(vm, member, "a{sv}", options or {})
    return job_end(client, path, timeout)


def journal(client, after=0, stream="", **filters):
    """All events after a number that the journal has for this account."""
    events = []
    while True:
        page, through = client.call(NAME, ROOT, f"{NAME}.Journal", "Read", "stua{sv}", stream, after, 0, filters)
        stream_id = client.get(ROOT, f"{NAME}.Journal", "Stream")
        events += [Event(seq, vm_seq, stream_id, time, vm, kind, state, sub, reason, plain(details))
                   for seq, vm_seq, time, vm, kind, state, sub, reason, details in page]
        if through <= after or not page:
            return events
        after = through
