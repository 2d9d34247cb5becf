"""Where the host has hardly anything left, a start is refused with that reason, and everything else goes on."""
import os
from pathlib import Path

import pytest
from harness.accounts import ALICE, BOB
from harness.client import NAME, VM, BusError, vm_path
from harness.event_stream import EventStream
from harness.events import command, until_state
from harness.processes import wait_until
from harness.world import STAND_IN

DESCRIPTORS = 160   # a quarter of them is kept: room for a few VMs


def limited(world, count=60, descriptors=DESCRIPTORS):
    """A daemon that may have so many descriptors, and more VMs than it can run."""
    names = [f"vm{i:02}" for i in range(count)]
    text = "global { max_starting = 100; }\n" + "".join(world.bhyve(name) for name in names)
    daemon = world.daemon(text, ["--bhyve", str(world.program(STAND_IN))],
                          prefix=["prlimit", f"--nofile={descriptors}:{descriptors}"])
    return daemon.start(), names


def start_as_many_as_fit(caller, names):
    running = []
    for name in names:
        job = command(caller, name, "Start")
        if job["Result"] != "done":
            return running, name, job
        running.append(name)
    pytest.fail("none was refused")


def until_all(caller, states):
    """Asked for, not listened to: whether signals come through a daemon without descriptors is not the question here."""
    wait_until(lambda: {row[2] for row in caller.list_vms().values()} <= set(states), f"all VMs {states}", 60.0)


def test_the_first_that_does_not_fit_is_refused_and_nobody_else_is_disturbed(world):
    daemon, names = limited(world)
    caller = world.follower()
    running, refused, job = start_as_many_as_fit(caller, names)
    assert len(running) >= 30
    assert (job["Result"], job["Reason"]) == ("failed", "no-resources")
    for words in ("step limits", f"of {DESCRIPTORS} file descriptors", "RLIMIT_NOFILE", "LimitNOFILE=", "stop others"):
        assert words in job["Error"]
    assert caller.state(refused) == ("failed", "", "no-resources")
    assert daemon.descriptors() <= DESCRIPTORS * 3 // 4
    # Those that run are as they were, the bus answers, and what is refused once more changes nothing.
    assert all(caller.state(name)[0] == "running" for name in running)
    assert command(caller, refused, "Start")["Reason"] == "no-resources"
    with world.console(caller, running[0]) as console:
        console.until("MARKER-UP")
        console.write("0")   # nor is a guest that reboots kept from it
        until_state(caller, running[0], "running")
        console.until_end()
    assert caller.state(running[0]) == ("running", "", "requested")
    # One that stops makes room for one.
    assert command(caller, running[0], "Stop")["Result"] == "done"
    assert command(caller, refused, "Start")["Result"] == "done"
    assert caller.state(refused)[0] == "running"


def test_all_at_once_are_counted_before_they_have_taken_anything(world):
    """None of them fails for another reason, half-way."""
    daemon, names = limited(world)
    caller = world.follower()
    serials = [caller.post(NAME, vm_path(name), VM, "Start", "a{sv}", {}) for name in names]
    for serial in serials:
        caller.reply_to(serial)
    until_all(caller, ("running", "failed"))
    states = {name: caller.state(name) for name in names}
    assert set(states.values()) == {("running", "", "requested"), ("failed", "", "no-resources")}
    assert [state[0] for state in states.values()].count("running") >= 10
    assert daemon.descriptors() <= DESCRIPTORS * 3 // 4
    for name in [name for name, state in states.items() if state[0] == "running"]:
        assert command(caller, name, "Stop")["Result"] == "done"


def test_clients_do_not_get_what_stops_need(world):
    daemon, names = limited(world)
    caller = world.follower()
    running, _, _ = start_as_many_as_fit(caller, names)
    streams, refused = [], None
    for account in (None, ALICE, BOB):   # each may have 16
        client = world.client(account)
        for _ in range(16):
            try:
                streams.append(EventStream(client))
            except BusError as error:
                refused = refused or error
    assert refused.short == "LimitsExceeded" and "file descriptors" in refused.text
    with pytest.raises(BusError) as console:
        caller.vm(running[0], "OpenConsole", "a{sv}", {})
    assert "file descriptors" in console.value.text
    assert all(command(caller, name, "Stop")["Result"] == "done" for name in running)
    assert streams   # what starts leave to clients
    for stream in streams:
        stream.close()
    assert command(caller, names[0], "Start")["Result"] == "done"


def test_a_daemon_that_may_have_less_than_the_one_before_still_ends_all(world):
    daemon, names = limited(world, descriptors=1024)
    caller = world.follower()
    for name in names:
        assert command(caller, name, "Start")["Result"] == "done"
    daemon.kill()
    daemon.prefix = ["prlimit", "--nofile=80:80"]   # not even one for each shim
    daemon.start()
    caller = world.follower()
    assert all(row[2] == "running" for row in caller.list_vms().values())
    for name in names:
        caller.vm(name, "PowerOff", "a{sv}", {})
    until_all(caller, ("stopped",))


GROUPS = Path("/sys/fs/cgroup/pids"), Path("/sys/fs/cgroup")   # of version 1 and 2


@pytest.fixture
def group():
    """A control group of our own that can have so many processes and threads, where this host lets us make one."""
    made = next((root for root in GROUPS if (root / "cgroup.procs").exists()), GROUPS[0]) / f"apiary-test-{os.getpid()}"
    try:
        made.mkdir()
        (made / "pids.max").write_text("80")
    except OSError as why:
        if made.exists():
            made.rmdir()
        pytest.skip(f"no control group of our own can be had here: {why}")
    yield made
    wait_until(lambda: (made / "pids.current").read_text().strip() == "0", "the end of all in the group")
    made.rmdir()


def test_processes(group, world):
    """The limit of the daemon's control group is its guests' too."""
    names = [f"vm{i:02}" for i in range(40)]
    world.daemon("".join(world.bhyve(name) for name in names), ["--bhyve", str(world.program(STAND_IN))],
                 prefix=["sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "sh"]).start()
    caller = world.follower()
    running, refused, job = start_as_many_as_fit(caller, names)
    assert len(running) >= 20   # two processes each, and a tenth of the 80 are kept
    assert job["Reason"] == "no-resources"
    for words in ("step limits", "of 80 tasks of the control group", group.name, "pids.max", "TasksMax="):
        assert words in job["Error"]
    assert command(caller, running[0], "Stop")["Result"] == "done"
    assert command(caller, refused, "Start")["Result"] in ("done", "failed")
