"""Who has nothing to do does nothing: no thread of the daemon or of a shim wakes up."""
import os
import time

from harness.client import VM, vm_path
from harness.events import command
from harness.processes import status
from harness.rest import context_switches, until_jobs_are_gone

QUIET = 30.0


def test_no_context_switch_in_half_a_minute(world):
    running = ["vm000", "vm050", "vm099"]
    daemon = world.start("".join(world.tiny(f"vm{i:03}") for i in range(100)))
    caller = world.follower()
    for name in running:
        assert command(caller, name, "Start")["Result"] == "done"
        world.console(caller, name, mode="read").until("MARKER-UP")
    shims = {int(status(caller.get(vm_path(name), VM, "HypervisorPid"))[1]) for name in running}
    assert len(shims) == 3 and all("shim" in os.readlink(f"/proc/{pid}/exe") for pid in shims)
    until_jobs_are_gone(caller)   # the last is 60 s old
    watched = [daemon.pid, *shims]
    settle(watched)
    # The measurement itself: half a minute in which nobody calls. It is looked at often, to be able to say when.
    seen, woke, begin = context_switches(watched), [], time.monotonic()
    while (now := time.monotonic() - begin) < QUIET:
        time.sleep(0.1)
        before, seen = seen, context_switches(watched)
        woke += [(f"after {now:.1f} s", thread) for thread in seen if seen[thread] != before.get(thread)]
    assert woke == []
    assert all(caller.state(name)[0] == "running" for name in running)


def settle(watched):
    """Waits until the daemon has gone to sleep: we may have its last reply before that."""
    for _ in range(30):
        before = context_switches(watched)
        time.sleep(1)
        if context_switches(watched) == before:
            return
    raise AssertionError("it does not come to rest")
