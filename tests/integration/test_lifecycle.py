"""The whole life of real guests on real QEMU, as a caller on the bus sees it."""
import os
import signal
import socket

import pytest
from harness import processes
from harness.client import JOB, VM, BusError, field, plain, vm_path
from harness.events import command, event_of, is_event, job_end, journal, next_event, until_state


@pytest.fixture
def guest(world):
    """One tiny guest that runs and has said so, with who follows it."""
    world.start(world.tiny("web"))
    return booted(world, world.follower(), "web")


def booted(world, caller, name):
    job = command(caller, name, "Start")
    assert (job["Result"], job["Error"]) == ("done", ""), job
    console = world.console(caller, name)
    console.until("MARKER-UP")
    return caller, console


def results_of(caller, *jobs):
    """Waits for the ends of all of them, in whatever order they come."""
    results = {}
    while not results.keys() >= set(jobs):
        ended = caller.next_signal(lambda m: field(m, "member") == "JobEnded").body
        results[ended[1]] = ended[3]
    return [results[job] for job in jobs]


def test_a_start_is_told_step_by_step(world):
    world.start(world.tiny("web"))
    caller = world.follower()
    before = caller.get_all(vm_path("web"), VM)
    assert (before["State"], before["SubState"], before["Target"], before["Incarnation"], before["Job"]) == \
        ("stopped", "", "stopped", 0, "/")
    path, = caller.vm("web", "Start", "a{sv}", {})
    job = job_end(caller, path)
    assert (job["Command"], job["Result"], job["VMName"], job["Requester"], job["VM"]) == \
        ("start", "done", "web", 0, vm_path("web"))
    after = caller.get_all(vm_path("web"), VM)
    assert (after["State"], after["SubState"], after["Target"], after["Incarnation"]) == ("running", "", "running", 1)
    assert os.path.basename(os.readlink(f"/proc/{after['HypervisorPid']}/exe")).startswith("qemu-system")
    states = [(e.state, e.sub_state) for e in journal(caller, vm=("s", "web")) if e.type == "state"]
    assert states == [("starting", "prestart"), ("starting", "launching"), ("running", "")]
    assert command(caller, "web", "PowerOff")["Result"] == "done"


def test_signals_are_the_journal(world):
    world.start(world.tiny("web"))
    caller = world.follower()
    start = caller.vm("web", "Start", "a{sv}", {})[0]
    heard, changed, ended = [], {}, False
    while not ended:
        message = caller.next_signal(lambda m: True)
        if is_event(message):
            heard.append(event_of(message))
        elif field(message, "member") == "PropertiesChanged" and message.body[0] == VM:
            changed.update(plain(message.body[1]))
        ended = field(message, "member") == "JobEnded" and message.body[1] == start
    # A job's end comes after all that belongs to it.
    assert [e.vm_seq for e in heard] == list(range(heard[0].vm_seq, heard[0].vm_seq + len(heard)))
    kept = [e for e in journal(caller, vm=("s", "web")) if e.seq >= heard[0].seq]
    assert heard == kept
    truth = caller.get_all(vm_path("web"), VM)
    assert changed and all(truth[name] == value for name, value in changed.items()), (changed, truth)
    assert changed["State"] == "running" and changed["HypervisorPid"] == truth["HypervisorPid"]
    command(caller, "web", "PowerOff")


def test_the_console_goes_both_ways(guest, world):
    caller, console = guest
    console.write("ehello there\n")
    console.until("MARKER-ECHO hello there\r\n")
    # A late viewer gets what was said before, and cannot write; a second writer is refused, or takes over.
    viewer = world.console(caller, "web", mode="read")
    assert "MARKER-UP" in viewer.until("hello there")
    with pytest.raises(BusError) as refused:
        world.console(caller, "web")
    assert refused.value.short == "ConsoleBusy"
    taker = world.console(caller, "web", force=True)
    taker.write("esecond\n")
    for one in (taker, viewer, console):
        one.until("MARKER-ECHO second")
    command(caller, "web", "PowerOff")
    for one in (taker, viewer, console):
        one.until_end()


def test_a_viewer_that_stalls_stalls_nobody(guest, world):
    caller, console = guest
    stalled = world.console(caller, "web", mode="read")
    console.write("f")
    while len(console.all) < 1 << 19:    # far more than a socket and the shim keep
        console.until("MARKER-FLOOD")
    console.write("x")
    console.until("MARKER-FLOOD-END")
    stalled.until("bytes lost]")
    stalled.until("MARKER-FLOOD-END")
    assert command(caller, "web", "Stop")["Result"] == "done"


def test_pause_and_resume(guest):
    caller, console = guest
    assert command(caller, "web", "Pause")["Result"] == "done"
    assert caller.state("web")[:2] == ("paused", "")
    console.write("easleep\n")
    assert command(caller, "web", "Pause")["Result"] == "done"   # again: nothing to do
    assert "MARKER-ECHO" not in console.unread.decode()
    assert command(caller, "web", "Resume")["Result"] == "done"
    console.until("MARKER-ECHO asleep")
    assert caller.state("web")[:2] == ("running", "")
    # A paused guest hears no button: a stop wakes it.
    command(caller, "web", "Pause")
    assert command(caller, "web", "Stop")["Result"] == "done"
    console.until("MARKER-PB")
    assert caller.state("web") == ("stopped", "", "requested")


def test_reset(guest):
    caller, console = guest
    pid = caller.get(vm_path("web"), VM, "HypervisorPid")
    assert command(caller, "web", "Reset")["Result"] == "done"
    console.until("MARKER-UP")
    state = caller.get_all(vm_path("web"), VM)
    assert (state["HypervisorPid"], state["Incarnation"]) == (pid, 1)
    command(caller, "web", "PowerOff")


def test_a_guest_reboot_is_one_reboot(guest):
    caller, console = guest
    for _ in range(3):
        console.write("r")
        console.until("MARKER-UP")
        until_state(caller, "web", "running")   # from running/rebooting
    reboots = [e for e in journal(caller, vm=("s", "web")) if e.type == "reboot"]
    assert [e.reason for e in reboots] == ["guest-reboot"] * 3
    assert caller.get(vm_path("web"), VM, "Incarnation") == 1
    command(caller, "web", "PowerOff")


def test_stop_presses_the_button(guest):
    caller, console = guest
    job = command(caller, "web", "Stop")
    assert job["Result"] == "done"
    console.until("MARKER-PB")
    assert caller.state("web") == ("stopped", "", "requested")
    states = [(e.state, e.sub_state) for e in journal(caller, vm=("s", "web")) if e.type == "state"]
    assert states[-4:] == [("stopping", "acpi"), ("stopping", "killing"), ("stopping", "poststop"), ("stopped", "")]
    assert caller.get(vm_path("web"), VM, "HypervisorPid") == 0


def test_who_ignores_the_button_is_killed_by_the_timer(world):
    world.start(world.tiny("web", stop_timeout=1))
    caller, console = booted(world, world.follower(), "web")
    console.write("i")
    console.until("MARKER-IGNORE on")
    job = command(caller, "web", "Stop")
    console.until("MARKER-PB")
    assert job["Result"] == "timeout" and "stop_timeout" in job["Error"]
    assert caller.state("web") == ("stopped", "", "stop-timeout")
    assert command(caller, "web", "Start")["Result"] == "done"
    assert command(caller, "web", "PowerOff")["Result"] == "done"


def test_the_button_can_be_pressed_again_after_a_cancel(world):
    world.start(world.tiny("web", stop_timeout=60))
    caller, console = booted(world, world.follower(), "web")
    console.write("i")
    console.until("MARKER-IGNORE on")
    path, = caller.vm("web", "Stop", "a{sv}", {})
    console.until("MARKER-PB")
    caller.call("org.apiary.Apiary1", path, JOB, "Cancel", "a{sv}", {})
    assert job_end(caller, path)["Result"] == "canceled"
    assert caller.state("web")[:2] == ("running", "")
    console.write("i")
    console.until("MARKER-IGNORE off")
    assert command(caller, "web", "Stop")["Result"] == "done"


def test_power_off(guest):
    caller, console = guest
    console.write("s")   # it spins, deaf to all
    job = command(caller, "web", "PowerOff")
    assert job["Result"] == "done"
    assert caller.state("web") == ("stopped", "", "requested")
    assert "MARKER-PB" not in console.until_end()


def test_power_off_supersedes_a_stop(world):
    world.start(world.tiny("web", stop_timeout=60))
    caller, console = booted(world, world.follower(), "web")
    console.write("i")
    console.until("MARKER-IGNORE on")
    stop, = caller.vm("web", "Stop", "a{sv}", {})
    console.until("MARKER-PB")
    off, = caller.vm("web", "PowerOff", "a{sv}", {})
    assert results_of(caller, stop, off) == ["superseded", "done"]


def mute_hypervisor(world):
    """A program in QEMU's place that never says a word."""
    program = world.folder / "mute"
    program.write_text("#!/bin/sh\nexec sleep 1000000\n")
    program.chmod(0o755)
    return ["--qemu", str(program)]


def test_stop_supersedes_a_start(world):
    world.start(world.tiny("web"), options=mute_hypervisor(world))
    caller = world.follower()
    start, = caller.vm("web", "Start", "a{sv}", {})
    until_state(caller, "web", "starting", "launching")
    again, = caller.vm("web", "Start", "a{sv}", {})
    assert again == start    # it is starting already: the same job
    stop, = caller.vm("web", "Stop", "a{sv}", {})
    assert results_of(caller, start, stop) == ["superseded", "done"]
    assert caller.state("web") == ("stopped", "", "requested")


def test_a_start_is_canceled(world):
    world.start(world.tiny("web"), options=mute_hypervisor(world))
    caller = world.follower()
    start, = caller.vm("web", "Start", "a{sv}", {})
    until_state(caller, "web", "starting", "launching")
    caller.call("org.apiary.Apiary1", start, JOB, "Cancel", "a{sv}", {})
    assert results_of(caller, start) == ["canceled"]
    assert caller.state("web") == ("stopped", "", "requested")


def test_a_hypervisor_that_does_not_come_up(world):
    world.start(world.tiny("web", loader_timeout=1), options=mute_hypervisor(world))
    caller = world.follower()
    job = command(caller, "web", "Start")
    assert (job["Result"], job["Reason"]) == ("timeout", "loader-timeout") and "loader_timeout" in job["Error"]
    assert caller.state("web") == ("failed", "", "loader-timeout")


@pytest.mark.parametrize("byte, state, reason", [("p", "stopped", "guest-poweroff"), ("k", "failed", "guest-panic")])
def test_the_guest_ends_by_itself(guest, byte, state, reason):
    caller, console = guest
    console.write(byte)
    until_state(caller, "web", state)
    console.until_end()
    assert caller.state("web") == (state, "", reason)
    assert caller.get(vm_path("web"), VM, "Target") == "stopped"


def test_the_hypervisor_is_killed(guest):
    caller, _ = guest
    os.kill(caller.get(vm_path("web"), VM, "HypervisorPid"), signal.SIGKILL)
    until_state(caller, "web", "failed")
    state = caller.get_all(vm_path("web"), VM)
    assert (state["State"], state["Reason"]) == ("failed", "killed")
    assert "signal 9" in state["ReasonText"]
    assert command(caller, "web", "Start")["Result"] == "done"
    assert caller.get(vm_path("web"), VM, "Incarnation") == 2
    assert command(caller, "web", "PowerOff")["Result"] == "done"


def test_a_silent_hypervisor_delays_its_own_job_only(world):
    world.start(world.tiny("deaf", stop_timeout=3600) + world.tiny("mute") + world.tiny("well"))
    caller = world.follower()
    pids = {}
    for name in ("deaf", "mute"):
        booted(world, caller, name)
        pids[name] = caller.get(vm_path(name), VM, "HypervisorPid")
        os.kill(pids[name], signal.SIGSTOP)
    stop, = caller.vm("deaf", "Stop", "a{sv}", {})
    pause, = caller.vm("mute", "Pause", "a{sv}", {})
    # While these wait for an answer that does not come, all may be read, and the other VM lives a whole life.
    assert caller.state("deaf")[:2] == ("stopping", "acpi") and caller.state("mute")[:2] == ("running", "")
    _, console = booted(world, caller, "well")
    assert command(caller, "well", "Stop")["Result"] == "done"
    console.until("MARKER-PB")
    assert caller.get(stop, JOB, "Result") == "running"
    # What was only asked of the hypervisor is given up after a while; nothing is assumed to have happened.
    while caller.get(pause, JOB, "Result") == "running":
        caller.next_signal(lambda m: field(m, "member") == "JobEnded", 40)
    assert caller.get(pause, JOB, "Result") == "timeout"
    assert caller.state("mute")[:2] == ("running", "")
    # And power off needs no answer.
    offs = [caller.vm(name, "PowerOff", "a{sv}", {})[0] for name in ("deaf", "mute")]
    assert results_of(caller, stop, *offs) == ["superseded", "done", "done"]
    for name, pid in pids.items():
        assert caller.state(name) == ("stopped", "", "requested")
        assert not processes.alive(pid)


def test_a_silent_hypervisor_and_a_stop(world):
    world.start(world.tiny("deaf", stop_timeout=1))
    caller, _ = booted(world, world.follower(), "deaf")
    os.kill(caller.get(vm_path("deaf"), VM, "HypervisorPid"), signal.SIGSTOP)
    assert command(caller, "deaf", "Stop", timeout=40)["Result"] == "timeout"
    assert caller.state("deaf") == ("stopped", "", "stop-timeout")


def test_a_hypervisor_that_cannot_be_executed(world):
    world.start(world.tiny("web"), options=["--qemu", "/nonexistent/qemu"])
    caller = world.follower()
    job = command(caller, "web", "Start")
    assert (job["Result"], job["Reason"]) == ("failed", "exec-failed")
    assert "/nonexistent/qemu" in job["Error"]
    assert caller.state("web") == ("failed", "", "exec-failed")


def test_a_hypervisor_that_gives_up(world):
    """Its own words reach the user."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        world.start(world.tiny("web", graphics="yes", graphics_listen="127.0.0.1", graphics_port=port))
        caller = world.follower()
        job = command(caller, "web", "Start")
    assert (job["Result"], job["Reason"]) == ("failed", "exec-failed")
    assert "Address already in use" in job["Error"]
    assert caller.state("web") == ("failed", "", "exec-failed")


def test_jobs_are_listed_and_looked_up(guest):
    caller, _ = guest
    _, jobs, more = caller.manager("ListJobs", "tua{sv}", 0, 0, {"vm": ("s", "web")})
    assert [(j[2], j[3], j[6]) for j in jobs] == [("start", "web", "done")] and not more
    _, running, _ = caller.manager("ListJobs", "tua{sv}", 0, 0, {"running": ("b", True)})
    assert running == []
    with pytest.raises(BusError) as refused:
        caller.call("org.apiary.Apiary1", jobs[0][1], JOB, "Cancel", "a{sv}", {})
    assert refused.value.short == "NotCancelable"
    command(caller, "web", "PowerOff")


def test_what_the_table_does_not_have_is_refused(world):
    world.start(world.tiny("web"))
    caller = world.client()
    for member in ("Reset", "Pause", "Resume", "FailReset"):
        with pytest.raises(BusError) as refused:
            caller.vm("web", member, "a{sv}", {})
        assert refused.value.short == "InvalidState"
        assert "web" in refused.value.text and "stopped" in refused.value.text
    with pytest.raises(BusError) as refused:
        caller.vm("web", "OpenConsole", "a{sv}", {})
    assert refused.value.short == "NoConsole"


def test_sigterm_stops_all_guests_in_order(world):
    daemon = world.start(world.tiny("one") + world.tiny("two") + world.tiny("three"))
    caller = world.follower()
    consoles = [booted(world, caller, name)[1] for name in ("one", "two", "three")]
    daemon.stop()
    for console in consoles:
        console.until("MARKER-PB")
        console.until_end()


def test_a_second_signal_powers_off(world):
    daemon = world.start(world.tiny("web", stop_timeout=3600))
    caller, console = booted(world, world.follower(), "web")
    console.write("i")
    console.until("MARKER-IGNORE on")
    daemon.signal(signal.SIGTERM)
    console.until("MARKER-PB")
    path = caller.get(vm_path("web"), VM, "Job")
    with pytest.raises(BusError) as refused:
        caller.vm("web", "Start", "a{sv}", {})
    assert refused.value.short == "ShuttingDown"
    with pytest.raises(BusError) as refused:
        caller.call("org.apiary.Apiary1", path, JOB, "Cancel", "a{sv}", {})
    assert refused.value.short == "ShuttingDown"
    daemon.stop()
    console.until_end()
