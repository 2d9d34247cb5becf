"""The sockets that speak devd's records, with the real daemon, and the rules of the documentation."""
import os
import re
import select
import signal
import socket
import stat

import pytest
from harness import devd
from harness.accounts import ALICE, BOB, OBSERVERS, OLGA
from harness.client import JOURNAL, NAME, ROOT, VM, vm_path
from harness.events import command, journal, until_state
from harness.processes import memory, wait_until
from harness.world import SANITIZED, SOURCE, STAND_IN

DOCUMENT = SOURCE / "docs/devd.md"


@pytest.fixture
def reader(world):
    made = []

    def begin(account=None, packets=False):
        made.append(devd.Reader(world.daemons[-1].run_dir, packets, account))
        return made[-1]
    yield begin
    for one in made:
        one.close()


def hung_up(sleeper):
    """Told without reading: he would not be stopped any more."""
    poll = select.poll()
    poll.register(sleeper.sock, 0)
    return any(events & select.POLLHUP for _, events in poll.poll(0))


def start(world, text, **more):
    return world.start(text, options=["--bhyve", str(world.program(STAND_IN))], **more)


def test_a_life(world, reader):
    """Both sockets tell what the journal has, and the words for it."""
    daemon = start(world, world.bhyve("web"))
    for name in ("devd.pipe", "devd.seqpacket.pipe"):
        assert stat.S_IMODE((daemon.run_dir / name).stat().st_mode) == 0o666
    caller = world.follower()
    last = journal(caller)[-1].seq
    stream, packets = reader(), reader(packets=True)
    assert command(caller, "web", "Start")["Result"] == "done"
    assert command(caller, "web", "PowerOff")["Result"] == "done"
    kept = journal(caller, last)
    told = stream.until_has(seq=str(kept[-1].seq))
    assert packets.until_has(seq=str(kept[-1].seq)) == told
    assert [(int(r["seq"]), int(r["vm-seq"]), r["subsystem"]) for r in told] == [(e.seq, e.vm_seq, e.vm) for e in kept]
    assert [r.get("state", "") for r in told] == [e.state for e in kept]
    words = [r["type"] for r in told if r["type"] not in ("SUBSTATE", "STEP")]
    assert words == ["JOB", "START", "RUNNING", "JOB_END", "JOB", "STOPPING", "STOPPED", "JOB_END"], words
    for record in told:
        assert record["system"] == "VMM" and re.fullmatch(r"\d+\.\d{6}", record["time"])
    daemon.stop()
    while stream.next() is not None:
        pass
    assert not (daemon.run_dir / "devd.pipe").exists()


def test_everybody_hears_what_he_may_see(world, reader):
    start(world, f"global {{ observers = {OBSERVERS}; }}\n" + world.bhyve("hers", owner=ALICE)
          + world.bhyve("roots") + world.bhyve("open", visibility="all"))
    readers = {who: reader(who, packets=who == OLGA) for who in (None, ALICE, BOB, OLGA)}
    caller = world.follower()
    for name in ("hers", "roots", "open"):     # they rest: each makes a job that ends at once
        assert command(caller, name, "Stop")["Result"] == "done"
    seen = {who: {r["subsystem"] for r in one.until_has(subsystem="open", type="JOB_END")}
            for who, one in readers.items()}
    assert seen == {None: {"hers", "roots", "open"}, OLGA: {"hers", "roots", "open"}, ALICE: {"hers", "open"},
                    BOB: {"open"}}


def test_the_rules_of_the_documentation(world, reader):
    rules = devd.rules("\n".join(re.findall(r"```devd\.conf\n(.*?)```", DOCUMENT.read_text(), re.S)))
    assert len(rules) == 4
    missing = world.folder / "missing.img"
    missing.write_bytes(b"")
    start(world, world.bhyve("web1") + world.bhyve("web2", disk=f"virtio-blk:{missing}") + world.bhyve("web99"))
    missing.unlink()   # now the second cannot run
    hears, caller = reader(), world.follower()
    for name in ("web1", "web99"):
        assert command(caller, name, "Start")["Result"] == "done"
    assert command(caller, "web2", "Start")["Result"] == "failed"
    console = world.console(caller, "web1")
    console.until("MARKER-UP")
    console.write("1")   # it ends as after a power-off
    console.until_end()
    until_state(caller, "web1", "stopped")   # all of it is told before the end of the other
    os.kill(caller.get(vm_path("web99"), VM, "HypervisorPid"), signal.SIGKILL)
    until_state(caller, "web99", "failed")
    commands = [devd.command_for(rules, record) for record in hears.until_has(subsystem="web99", type="FAILED")]
    ran = [one for one in commands if one]
    assert "/usr/local/sbin/balancer 'web1' 'running'" in ran
    assert "/usr/local/sbin/after-work 'web1'" in ran
    assert any(one.startswith("logger -p daemon.warning 'start' of 'web2': 'failed' '") for one in ran), ran
    assert any(one.startswith("logger -p daemon.err VM 'web99' has failed: 'killed' ") for one in ran), ran
    assert not any("web99" in one and "balancer" in one for one in ran), ran


def test_what_the_documentation_lists_is_what_there_is():
    """The words for what happens, in the text and in the code."""
    text = DOCUMENT.read_text()
    table = text[text.index("## What happens"):text.index("## Rules")]
    listed = set(re.findall(r"`([A-Z_]+)`", table))
    code = (SOURCE / "bus/devd_record.cpp").read_text()
    assert listed == set(re.findall(r'"([A-Z_]{3,})"', code[code.index("auto devd_type"):])), listed


def test_who_does_not_read_is_dropped(world, reader):
    """Beside one who reads; and the daemon goes on answering all the while."""
    daemon = start(world, world.bhyve("web"))
    sleepers = [reader(packets=number % 2 == 0) for number in range(9)]    # with the quick one as many as a user may have
    quick, caller = reader(), world.client()
    before, records = memory(daemon), []
    for _ in range(60):
        serials = [caller.post(NAME, vm_path("web"), VM, "Stop", "a{sv}", {}) for _ in range(100)]
        for serial in serials:
            caller.reply_to(serial)
        records += quick.until_has(seq=str(caller.get(ROOT, JOURNAL, "Last")))   # as it comes: who waits for long is slow
    assert [int(r["seq"]) for r in records] == list(range(int(records[0]["seq"]), int(records[-1]["seq"]) + 1))
    assert len(records) >= 12_000
    assert SANITIZED or memory(daemon) - before < 24 << 20
    daemon.logged("a reader of devd's records was dropped")
    # As soon as one of them read again he would not be stopped any more.
    wait_until(lambda: all(hung_up(sleeper) for sleeper in sleepers), "all of them are dropped")
    for sleeper in sleepers:
        while sleeper.next() is not None:
            pass
    reader(packets=True).close()     # their places are free again


def test_who_closes_his_direction_or_speaks_goes_on_hearing(world, reader):
    """As devd's own readers may: `socat - UNIX-CONNECT:… </dev/null`, `nc` at the end of its input, one who greets."""
    start(world, world.bhyve("web"))
    caller = world.follower()

    def ten():
        return [reader(packets=number % 2 == 0) for number in range(10)]    # as many as a user may have
    first = ten()
    for number, one in enumerate(first):
        if number % 3 == 0:
            one.sock.send(b"hello\n")
        else:
            one.sock.shutdown(socket.SHUT_WR)
    assert command(caller, "web", "Start")["Result"] == "done"
    told = first[0].until_has(type="JOB_END")
    for one in first[1:]:
        assert one.until_has(type="JOB_END") == told
    # They go, and nothing happens that would tell of it: their places are free all the same.
    for one in first:
        one.close()
    second = ten()
    assert command(caller, "web", "PowerOff")["Result"] == "done"
    for one in second:
        one.until_has(type="STOPPED")


def test_none_where_none_are_wanted(world):
    daemon = world.start(world.bhyve("web"), options=["--no-devd"])
    assert not (daemon.run_dir / "devd.pipe").exists()
