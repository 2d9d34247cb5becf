"""A hundred lives of a real guest leave nothing behind in the daemon."""
import pytest
from harness.client import JOURNAL, NAME, ROOT, VM, vm_path
from harness.events import command, job_end
from harness.rest import bus_names, children, debug_info, descriptors, files_below, until_jobs_are_gone
from harness.world import SANITIZED

GROWTH = 64 * 1024
LIVES = 25 if SANITIZED else 100   # what is left behind there the sanitizer tells too, at the end


def live(world, caller, name):
    assert command(caller, name, "Start")["Result"] == "done"
    with world.console(caller, name) as console:
        world.consoles.remove(console)
        console.until("MARKER-UP")
        assert command(caller, name, "Stop")["Result"] == "done"
        console.until("MARKER-PB")
        console.until_end()


def live_often(world, name, times):
    with world.client().follow() as caller:
        world.clients.remove(caller)
        for _ in range(times):
            live(world, caller, name)


def fill_journal(world, name):
    """Pushes everything else out of the bounded journal, so that it is as full, and of the same, each time, in the file
    and in memory. The jobs that have ended reach their bound too."""
    with world.client() as caller:   # who does not follow: that would be many signals
        world.clients.remove(caller)
        before = caller.get(ROOT, JOURNAL, "Last")
        for _ in range(200):
            # It rests already: each makes a job that ends at once.
            serials = [caller.post(NAME, vm_path(name), VM, "Stop", "a{sv}", {}) for _ in range(100)]
            for serial in serials:
                caller.reply_to(serial)
            if caller.get(ROOT, JOURNAL, "Oldest") > before:
                return
    pytest.fail("the journal has no bound")


def look(world, daemon):
    """All that the daemon holds, once it has nothing to do any more and the last job is over and gone. The heap is told
    without the database's pages, which depend on how full its file happens to be."""
    with world.follower() as caller:
        world.clients.remove(caller)
        until_jobs_are_gone(caller)
        info = debug_info(caller)
        counts = {name: info[name] for name in ("vms", "jobs", "subscribers", "parked-messages")}
        return {"descriptors": descriptors(daemon.pid), "run folder": files_below(daemon.run_dir),
                "children": children(daemon.pid), "names": bus_names(caller), **counts}, \
            info["heap-used"] - info["database-heap"]


def test_a_hundred_lives_leave_nothing(world):
    # What each thread keeps aside of what was freed counts as used, and fills up slowly: not here.
    daemon = world.start('global { journal_max_size = 1M; }\n' + world.tiny("web"),
                         environment={"GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"})
    live_often(world, "web", LIVES // 5)
    fill_journal(world, "web")
    before, heap_before = look(world, daemon)
    live_often(world, "web", LIVES)
    fill_journal(world, "web")
    after, heap_after = look(world, daemon)
    assert after == before
    assert before["jobs"] == 0 and before["children"] == []
    if not SANITIZED:   # there malloc is the sanitizer's
        print(f"heap: {heap_before} bytes, then {heap_after}")
        assert heap_after - heap_before < GROWTH, f"the heap grew from {heap_before} to {heap_after} bytes"


def test_callers_leave_nothing(world):
    """Connections, subscriptions and console viewers that just vanish."""
    daemon = world.start(world.tiny("web"))
    caller = world.follower()
    assert command(caller, "web", "Start")["Result"] == "done"

    def vanish(count):
        for _ in range(count):
            guest = world.client().follow(vm=("s", "web"))
            world.console(guest, "web", mode="read").close()
            guest.close()
            world.clients.remove(guest)
        # The daemon has taken note of all when the bus has told it, and it has answered this.
        caller.manager("Subscribe", "a{sv}", {})

    vanish(20)
    before = descriptors(daemon.pid), debug_info(caller)["subscribers"]
    vanish(200)
    assert (descriptors(daemon.pid), debug_info(caller)["subscribers"]) == before
    job, = caller.vm("web", "PowerOff", "a{sv}", {})
    assert job_end(caller, job)["Result"] == "done"
