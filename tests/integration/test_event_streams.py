"""Journal.Open: what each caller gets, at whose pace, what a reader who stops costs, and what outlives what."""
import signal

import pytest
from harness.accounts import ALICE, BOB, OBSERVERS, OLGA
from harness.cli import Ctl
from harness.cli_fixtures import ctl
from harness.client import JOURNAL, NAME, ROOT, VM, BusError, vm_path
from harness.event_stream import EventStream
from harness.events import command, journal
from harness.processes import memory
from harness.world import SANITIZED

__all__ = ["ctl"]   # a fixture


@pytest.fixture
def stream(world):
    made = []

    def opened(client, *arguments, **filters):
        made.append(EventStream(client, *arguments, **filters))
        return made[-1]
    yield opened
    for one in made:
        one.close()


def happen(client, name, jobs):
    """Two events for each: the VM rests already, so each makes a job that ends at once. Gives the last number."""
    while jobs > 0:
        serials = [client.post(NAME, vm_path(name), VM, "Stop", "a{sv}", {}) for _ in range(min(jobs, 100))]
        for serial in serials:
            client.reply_to(serial)
        jobs -= len(serials)
    return client.get(ROOT, JOURNAL, "Last")


def error_of(client, *arguments):
    with pytest.raises(BusError) as refused:
        client.call(NAME, ROOT, JOURNAL, "Open", "sta{sv}", *arguments)
    return refused.value


def test_what_there_is_and_what_comes(world, stream):
    world.start(world.tiny("web") + world.tiny("db"))
    caller = world.follower()
    reader = stream(caller)
    first = reader.next()
    assert first == {"control": "begin", "after": 0, "stream": caller.get(ROOT, JOURNAL, "Stream")}
    last = happen(caller, "web", 3)
    assert command(caller, "db", "Start")["Result"] == "done"
    assert command(caller, "db", "PowerOff")["Result"] == "done"
    kept = journal(caller)
    told = reader.until_seq(kept[-1].seq)
    assert [tuple(line.values()) for line in told] == [
        (e.seq, e.vm_seq, e.stream, e.time, e.vm, e.type, e.state, e.sub_state, e.reason, e.details) for e in kept]
    assert list(told[0]) == ["seq", "vm_seq", "stream", "time", "vm", "type", "state", "sub_state", "reason", "details"]
    # From a number on, of one VM, of one type, from a time on.
    assert stream(caller, last, first["stream"]).until_seq(kept[-1].seq) == [e for e in told if e["seq"] > last]
    of_web = stream(caller, vm=("s", "WEB"), type=("as", ["job-new"])).until_seq(kept[-1].seq)
    assert of_web == [e for e in told if e["vm"] == "web" and e["type"] == "job-new"] and len(of_web) == 3
    late = stream(caller, since=("t", kept[-2].time)).until_seq(kept[-1].seq)
    assert late == [e for e in told if e["time"] >= kept[-2].time]


def test_what_is_refused(world, stream):
    world.start(world.tiny("web"))
    caller = world.client()
    last, mine = caller.get(ROOT, JOURNAL, "Last"), caller.get(ROOT, JOURNAL, "Stream")
    for arguments in (("other", 0, {}), (mine, last + 1, {}), ("", 2**64 - 1, {})):
        refused = error_of(caller, *arguments)
        assert refused.short == "JournalTruncated" and refused.text.endswith(f"oldest=1 stream={mine}")
    assert error_of(caller, "", 0, {"colour": ("s", "red")}).short == "InvalidOption"
    assert stream(caller, 0, "other", **{"from-oldest": ("b", True)}).next()["stream"] == mine
    alice = world.client(ALICE)
    for _ in range(16):
        stream(alice)
    assert error_of(alice, "", 0, {}).short == "LimitsExceeded"
    stream(world.client(BOB))


def test_everybody_gets_what_he_may_see(world, stream):
    world.start(f"global {{ observers = {OBSERVERS}; }}\n" + world.tiny("hers", owner=ALICE) + world.tiny("roots")
                + world.tiny("open", visibility="all"))
    root = world.client()
    readers = {who: stream(world.client(who)) for who in (None, ALICE, BOB, OLGA)}
    for name in ("hers", "roots", "open", "hers", "roots"):
        last = happen(root, name, 5)
    told = {who: reader.until_seq(last) for who, reader in readers.items()}
    assert [e["seq"] for e in told[None]] == list(range(1, last + 1)) and told[OLGA] == told[None]
    for who, names in ((ALICE, {"hers", "open"}), (BOB, {"open"})):
        assert told[who] == [e for e in told[None] if e["vm"] in names]
        for name in names:
            assert [e["vm_seq"] for e in told[who] if e["vm"] == name][-1] == sum(e["vm"] == name for e in told[None])


def test_readers_who_stop_cost_next_to_nothing(world, stream):
    """31 of them, over 10,000 events; beside them one who reads has all at once, and afterwards they go on."""
    daemon = world.start(world.tiny("web", visibility="all"))
    root = world.client()
    happen(root, "web", 1000)   # jobs that have ended reach their bound, and what is made at the first use is made
    last = root.get(ROOT, JOURNAL, "Last")
    alice = world.client(ALICE)
    quick = stream(root, last)
    stopped = [stream(root, last) for _ in range(15)] + [stream(alice, last) for _ in range(16)]
    before = memory(daemon)
    for _ in range(50):
        newest = happen(root, "web", 100)
        told = quick.until_seq(newest)
        assert [e["seq"] for e in told] == list(range(last + 1, newest + 1))
        last = newest
    grown = memory(daemon) - before
    # All that they did not read would be some 100 MiB.
    assert SANITIZED or grown < 24 << 20, f"{grown >> 20} MiB"
    begun = newest - 10_000 + 1
    happen(root, "web", 1)
    for reader in (stopped[0], stopped[-1]):
        lines = reader.until(lambda line: line.get("seq", 0) >= newest or line.get("control") == "truncated")
        seqs = [line["seq"] for line in lines if "control" not in line]
        assert seqs == list(range(begun, begun + len(seqs))) and len(seqs) > 100
        if lines[-1].get("control") == "truncated":     # a journal so small that it has lost some of them
            assert lines[-1]["oldest"] > seqs[-1] + 1 and reader.next() is None
        else:
            assert seqs[-1] == newest


def test_a_lost_bus_ends_no_stream(world, stream):
    daemon = world.start(world.tiny("web"))
    reader = stream(world.client())
    begun = reader.until(lambda line: line.get("control") == "through")[-1]["seq"]
    world.bus.stop()
    daemon.logged("no bus")
    world.write(world.tiny("web") + world.tiny("new"))
    daemon.signal(signal.SIGHUP)
    told = reader.until(lambda line: line.get("type") == "vm-added")
    assert told[-1]["vm"] == "new" and told[-1]["seq"] > begun
    world.bus.start()


def test_the_end_of_the_daemon_is_the_end_of_the_stream(world, stream):
    daemon = world.start(world.tiny("web"))
    caller = world.client()
    reader = stream(caller)
    last = happen(caller, "web", 50)
    daemon.stop()
    told = [line["seq"] for line in reader.rest() if "control" not in line]
    assert told == list(range(1, told[-1] + 1)) and told[-1] >= last


# --- apiaryctl events: see test_two_monitors.py too ---

def test_since_a_time(world, ctl):
    world.start(world.tiny("web"))
    caller = world.client()
    last = happen(caller, "web", 10)
    kept = ctl.lines("events")
    assert [e["seq"] for e in kept] == list(range(1, last + 1))
    moment = kept[len(kept) // 2]
    wanted = [e for e in kept if e["time_us"] >= moment["time_us"]]
    assert ctl.lines("events", "--since", moment["time"]) == wanted
    assert ctl.lines("events", "--since", f"@{moment['time_us'] / 1e6:.6f}") == wanted
    assert ctl.lines("events", "--since", "10 min ago") == kept
    assert ctl.lines("events", "--since", "now") == []
    assert "neither an event's number nor a time" in ctl("events", "--since", "soon", code=2).stderr
    beyond = ctl("--json", "events", "--since", last + 100)
    assert f"has no event {last + 100} (yet, or any more): the newest is {last}." in beyond.stderr and "stream-changed" in beyond.stdout


def test_who_does_not_listen_any_more_ends_it_quietly(world):
    world.start(world.tiny("web"))
    caller = world.client()
    happen(caller, "web", 500)
    done = world.run_as(None, "/bin/sh", "-c", f"{Ctl(world).binary} events | head -n 2",
                        env={"APIARY_BUS_ADDRESS": world.bus.address})
    assert len(done.stdout.splitlines()) == 2 and done.stderr == ""
