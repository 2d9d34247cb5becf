"""Waiting until the daemon has nothing left to do, and looking at it without touching it."""
import os

from .client import NAME, OBJECT_MANAGER, field, plain
from .processes import descendants


def until_jobs_are_gone(caller, timeout=90.0):
    """A job stays for 60 s after its end. The caller must follow; it is told of the end of each."""
    def left():
        return {row[1] for row in caller.manager("ListJobs", "tua{sv}", 0, 0, {})[1]}
    waiting = left()
    while waiting:
        message = caller.next_signal(lambda m: field(m, "interface") == OBJECT_MANAGER
                                     and field(m, "member") == "InterfacesRemoved"
                                     or field(m, "member") == "SignalsLost", timeout, "the end of the last job")
        if field(message, "member") == "SignalsLost":   # thousands of jobs go at once, and we may be slow to read
            waiting = left()
            continue
        waiting.discard(message.body[0])
        if not waiting:
            waiting = left()


def debug_info(caller):
    return plain(caller.manager("GetDebugInfo", "a{sv}", {})[0])


def descriptors(pid):
    """{number: what it is} of a process."""
    found = {}
    for number in os.listdir(f"/proc/{pid}/fd"):
        try:
            found[int(number)] = os.readlink(f"/proc/{pid}/fd/{number}")
        except FileNotFoundError:
            pass
    return found


def context_switches(pids):
    """{(pid, thread, name): switches so far} of every thread of these processes."""
    found = {}
    for pid in pids:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/status") as file:
                lines = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
            found[pid, int(thread), lines["Name"]] = \
                int(lines["voluntary_ctxt_switches"]) + int(lines["nonvoluntary_ctxt_switches"])
    return found


def children(pid):
    return sorted(descendants(pid))


def bus_names(caller):
    """The names that the daemon has: its own, and what else belongs to the same connection."""
    owner, = caller.bus("GetNameOwner", "s", NAME)
    names, = caller.bus("ListNames")
    return sorted(n for n in names if not n.startswith(":") and n != "org.freedesktop.DBus"
                  and caller.bus("GetNameOwner", "s", n)[0] == owner), owner


def files_below(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))
