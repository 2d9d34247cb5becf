"""apiaryctl against the real daemon and real guests: what it prints, in words and in JSON, and what it ends with."""
import re
import signal

from harness.accounts import ALICE, BOB, OBSERVERS, OLGA
from harness.cli import Ctl
from harness.cli_fixtures import (CUT_SHORT, DONE, FAILED, INTERRUPTED, NOT_ALLOWED, NOT_FOUND, UNREACHABLE, USAGE,
                                  begin, booted, ctl, deaf, guest, one_vm, result, state)

__all__ = ["begin", "ctl", "guest"]   # fixtures


# --- what there is ---

def test_a_life_in_words(world, ctl, begin):
    world.start(world.tiny("web") + world.tiny("Mail", owner=ALICE))
    table = ctl("list").stdout.splitlines()
    assert [line.split()[0] for line in table] == ["NAME", "Mail", "web"]
    assert table[0].split()[:3] == ["NAME", "ID", "STATE"] and "16M" in table[1] and ALICE in table[1]
    assert ctl("list", "--names").stdout == "Mail\nweb\n"
    started = ctl("start", "web")
    assert started.stdout == "web: started\n" and "web: start" in started.stderr
    assert ctl("-q", "pause", "web").stderr == ""
    assert ctl("list", "--names", "--state", "paused").stdout == "web\n"
    assert ctl("resume", "web").stdout == "web: runs on\n"
    assert "state         running since " in ctl("status", "web").stdout
    assert ctl("reset", "WEB").stdout == "WEB: reset\n"
    assert ctl("poweroff", "web").stdout == "web: powered off\n"
    assert "requested" in ctl("status", "web").stdout
    console = booted(ctl, begin, "web")
    assert ctl("stop", "web").stdout == "web: stopped\n"
    console.until("MARKER-PB")
    assert "Console closed: web is stopped (requested)." in console.end()
    commands = [line.split()[1] for line in ctl("jobs").stdout.splitlines()]
    assert commands == ["COMMAND", "start", "pause", "resume", "reset", "poweroff", "start", "stop"]
    told = ctl("events", "--vm", "web", "--type", "state").stdout
    assert "stopped" in told and "running" in told and len(told.splitlines()) > 8
    overall = ctl("status").stdout
    assert "2, 2 stopped" in overall and "see,console-read,console-write,operate,admin" in overall


def test_a_life_in_json(world, ctl, begin):
    world.start(world.tiny("web", owner=ALICE, visibility="all"))
    listed = ctl.json("list")
    web, = listed["vms"]
    assert (web["name"], web["state"], web["sub_state"], web["target"], web["incarnation"]) == \
        ("web", "stopped", "", "stopped", 0)
    assert (web["backend"], web["loader"], web["cpus"], web["memory"]) == ("qemu", "bios", 1, 16 << 20)
    assert (web["owner"], web["visibility"], web["console"], web["job"], web["hypervisor_pid"]) == \
        (ALICE, "all", True, None, 0)
    start = result(ctl.json("start", "web"))
    assert (start["vm"], start["command"], start["result"], start["exit_code"]) == ("web", "start", "done", 0)
    running = one_vm(ctl, "web")
    assert (running["state"], running["incarnation"], running["target"]) == ("running", 1, "running")
    assert running["hypervisor_pid"] > 0 and re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", running["since"])
    assert running["rights"] == ["see", "console-read", "console-write", "operate", "admin"]
    for command, after in (("pause", "paused"), ("resume", "running"), ("reset", "running"), ("poweroff", "stopped")):
        assert result(ctl.json(command, "web"))["result"] == "done"
        assert one_vm(ctl, "web")["state"] == after
    jobs = ctl.json("jobs", "web")
    assert [(j["command"], j["result"]) for j in jobs["jobs"]] == \
        [(c, "done") for c in ("start", "pause", "resume", "reset", "poweroff")]
    assert jobs["jobs"][0]["id"] == start["job"] and jobs["seq"] > listed["seq"]
    overall = ctl.json("status")
    assert overall["vms"] == 1 and overall["states"]["stopped"] == 1 and overall["degraded"] is False
    version = ctl.json("version")
    assert version["apiaryctl"] == version["daemon"] == overall["daemon"]
    assert version["api_version"] == overall["api_version"]
    assert f"apiaryctl {version['apiaryctl']}\n" == ctl("--version").stdout
    assert ctl.json("list", "--state", "running") == {"seq": ctl.json("list")["seq"], "vms": []}


def test_several_at_once(world, ctl):
    world.start(world.tiny("one") + world.tiny("two"))
    answers = ctl.json("start", "one", "nowhere", "two", code=NOT_FOUND)["results"]
    assert [(a["vm"], a["result"], a["error_name"], a["exit_code"]) for a in answers] == \
        [("one", "done", "", 0), ("nowhere", "refused", "NoSuchVM", NOT_FOUND), ("two", "done", "", 0)]
    assert ctl("poweroff", "one", "two").stdout == "one: powered off\ntwo: powered off\n"
    asked = result(ctl.json("start", "one", "--no-wait"))
    assert asked["result"] == "running" and asked["exit_code"] == 0
    # Starting a VM that starts already is the same job.
    assert result(ctl.json("start", "one"))["result"] == "done"
    assert ctl("poweroff", "one").returncode == DONE


# --- the console ---

def test_the_console_through_pipes(guest, ctl, begin):
    guest.write("ehello\n")
    guest.until("MARKER-ECHO hello")
    guest.write("e~.\n")   # no terminal, no escapes
    guest.until("MARKER-ECHO ~.")
    viewer = begin("console", "--read-only", "web")
    viewer.until("MARKER-ECHO ~.")
    busy = ctl("console", "web", code=FAILED)
    assert "--read-only" in busy.stderr and "--force" in busy.stderr
    taker = begin("console", "--force", "web")
    taker.until("MARKER-UP")
    taker.write("emine\n")
    viewer.until("MARKER-ECHO mine")
    taker.process.stdin.close()   # the end of the input does not end the session
    ctl("poweroff", "web")
    for one in (guest, viewer, taker):
        assert "Console closed: web is stopped (requested)." in one.end()
    assert "web is stopped" in ctl("console", "web", code=FAILED).stderr


def test_the_console_on_a_terminal(world, ctl, begin):
    world.start(world.tiny("web"))
    # The escape at the very beginning; after Enter; not within a line; and Ctrl-C, which is the guest's, not ours.
    for keys, echo in (("", None), ("eabc\r", "abc"), ("e~~.\r", "~~."), ("\x03\re\x03d\r", "\x03d")):
        console = ctl.on_terminal("console", "web") if echo else ctl.on_terminal("start", "-c", "web")
        console.until("Enter ~. leaves")
        console.until("MARKER-UP")
        console.write(keys)
        if echo:
            console.until("MARKER-ECHO " + echo)
        console.write("~.")
        text = console.end()
        assert "The guest goes on." in text, text
        assert console.after == console.before   # the terminal is as it was
    helped = ctl.on_terminal("console", "--read-only", "web")
    helped.until("to read only")
    helped.until("MARKER-UP")
    helped.write("~?")
    helped.until("Nothing that you type reaches the guest")
    helped.signal(signal.SIGTERM)
    helped.end(128 + signal.SIGTERM)
    assert helped.after == helped.before
    assert state(ctl, "web")[0] == "running"
    ctl("poweroff", "web")


def test_a_table_fits_its_terminal(world, ctl):
    name = "a-vm-with-a-name-that-no-narrow-terminal-can-show-in-one-line"
    world.start(world.tiny(name))
    plain = ctl("list").stdout
    assert name in plain and "\x1b" not in plain
    for columns in (30, 60, 200):
        text = terminal_text(ctl.on_terminal("list", columns=columns))
        lines = re.sub(r"\x1b\[\d*m", "", text).splitlines()
        assert "\x1b[" in text and len(lines) == 2 and all(len(line) <= columns for line in lines), (columns, lines)
        assert (name in text) == (columns == 200)
    assert "\x1b[" not in terminal_text(ctl.on_terminal("list", NO_COLOR="1"))


def terminal_text(command):
    return command.end().replace("\r\n", "\n")


# --- events ---

def test_events_are_gapless(world, ctl, begin):
    daemon = world.start(world.tiny("web") + world.tiny("db"))
    follower = begin("-q", "--json", "events", "--follow", "--since", "0")
    first, = follower.until_json(lambda e: e["seq"] == 1)
    ctl("start", "web", "db")
    ctl("poweroff", "web", "db")
    kept = ctl.lines("events")
    last = kept[-1]["seq"]
    heard = [first, *follower.until_json(lambda e: e["seq"] == last)]
    assert heard == kept and [e["seq"] for e in kept] == list(range(1, last + 1))
    assert {e["stream"] for e in kept} == {first["stream"]}
    for name in ("web", "db"):
        mine = [e for e in kept if e["vm"] == name]
        assert [e["vm_seq"] for e in mine] == list(range(1, len(mine) + 1))
        assert [e for e in ctl.lines("events", "--vm", name)] == mine
        assert one_vm(ctl, name)["last_event"] == len(mine)
    jobs = ctl.lines("events", "--type", "job-end", "--vm", "WEB")
    assert [(e["details"]["command"], e["details"]["result"]) for e in jobs] == \
        [("start", "done"), ("poweroff", "done")]
    half = kept[len(kept) // 2]["seq"]
    assert ctl.lines("events", "--since", half) == kept[half - 1:]
    assert ctl.lines("events", "--since", half, "--stream", first["stream"]) == kept[half - 1:]
    assert ctl.lines("events", "--since", last + 1) == []
    # A restart of the daemon: it goes on, in the same numbering or, told, in another one.
    daemon.stop()
    daemon.start()
    ctl("stop", "web")
    kept = ctl.lines("events")
    stream, newest = kept[-1]["stream"], kept[-1]["seq"]
    back = follower.until_json(lambda e: (e["stream"], e.get("seq")) == (stream, newest))
    resumed = ctl.lines("events", "--since", last + 1, "--stream", first["stream"])
    expected = [e for e in kept if stream != first["stream"] or e["seq"] > last]
    for lines in (back, resumed):
        assert [e for e in lines if "seq" in e and e["stream"] == stream] == expected
        assert ("stream-changed" in [e.get("control") for e in lines]) == (stream != first["stream"])
    follower.signal(signal.SIGINT)
    follower.end(INTERRUPTED)


def test_events_of_no_vm(world, ctl):
    world.start(world.tiny("web"))
    assert "Did you mean 'web'?" in ctl("events", "--vm", "wbe").stderr
    assert ctl("events", "--stream", "x", code=USAGE).stdout == ""


# --- what is refused, and what fails ---

def test_typing_mistakes(world, ctl):
    world.start(world.tiny("web") + world.tiny("mail"))
    for command in (["start", "wbe"], ["status", "wbe"], ["console", "wbe"], ["list", "wbe"], ["jobs", "wbe"]):
        told = ctl(*command, code=NOT_FOUND).stderr
        assert "wbe" in told and "Did you mean 'web'?" in told, told
    assert "apiaryctl list" in ctl("stop", "something-else", code=NOT_FOUND).stderr
    assert "Did you mean 'start'?" in ctl("strat", "web", code=USAGE).stderr
    assert "--wiat" in ctl("start", "web", "--wiat", code=USAGE).stderr
    assert "apiaryctl start --help" in ctl("start", code=USAGE).stderr
    assert "Usage" in ctl(code=USAGE).stderr and "Usage" in ctl("--help").stdout and "--no-wait" in \
        ctl("start", "--help").stdout
    assert "apiaryctl jobs" in ctl("cancel", "987654321", code=NOT_FOUND).stderr
    ctl("cancel", "one", code=USAGE)
    assert "did you mean 'running'?" in ctl("list", "--state", "runing", code=USAGE).stderr


def test_a_start_that_fails(world, ctl):
    missing = world.folder / "missing.img"
    missing.write_bytes(b"")
    world.start(world.tiny("web", disk=f"virtio-blk:{missing}"))
    missing.unlink()
    failed = ctl("start", "web", code=FAILED)
    assert str(missing) in failed.stderr and "apiaryctl events --vm web" in failed.stderr and failed.stdout == ""
    document = result(ctl.json("start", "web", code=FAILED))
    assert document["result"] == "failed" and str(missing) in document["error"] and document["exit_code"] == FAILED
    shown = ctl("status", "web").stdout
    assert str(missing) in shown
    assert state(ctl, "web") == ("failed", "", "step-failed")
    assert ctl("failreset", "web").stdout == "web: no longer failed\n"
    assert state(ctl, "web")[0] == "stopped"
    told = ctl("pause", "web", code=FAILED).stderr
    assert "web" in told and "stopped" in told and "apiaryctl status web" in told
    assert result(ctl.json("pause", "web", code=FAILED))["error_name"] == "InvalidState"


def test_a_stop_that_runs_out_of_time(world, ctl, begin):
    world.start(world.tiny("web", stop_timeout=1))
    deaf(booted(ctl, begin, "web"))
    told = ctl("stop", "web", code=CUT_SHORT)
    assert "stop_timeout" in told.stderr and told.stdout == ""
    assert state(ctl, "web") == ("stopped", "", "stop-timeout")


def test_a_stop_that_is_superseded_or_canceled(guest, ctl, begin):
    deaf(guest)
    waiting = begin("stop", "web")
    guest.until("MARKER-PB")
    job, = ctl("jobs", "--ids").stdout.split()
    assert f"apiaryctl cancel {job}" in ctl("status", "web").stdout
    assert ctl("cancel", job).stdout == f"job {job}: asked to end\n"
    assert "stop was canceled" in waiting.end(CUT_SHORT)
    assert result_of_cancel(ctl, job)["error_name"] == "NotCancelable"
    waiting = begin("--json", "-q", "stop", "web")
    guest.until("MARKER-PB")
    ctl("poweroff", "web")
    ended = waiting.end(CUT_SHORT)
    assert '"result":"superseded"' in ended


def result_of_cancel(ctl, job):
    return result(ctl.json("cancel", job, code=FAILED))


# --- interrupted ---

def test_ctrl_c_while_it_waits(guest, ctl, begin):
    deaf(guest)
    waiting = begin("stop", "web")
    guest.until("MARKER-PB")
    waiting.until("web: stop: ")
    waiting.signal(signal.SIGINT)
    told = waiting.end(INTERRUPTED)
    job, = ctl("jobs", "--ids").stdout.split()
    assert "goes on in the daemon" in told and f"apiaryctl cancel {job}" in told
    ctl("cancel", job)
    # The same on a terminal, with the key.
    waiting = ctl.on_terminal("stop", "web")
    waiting.until("web: stop: ")
    waiting.write(b"\x03")
    assert "goes on in the daemon" in waiting.end(INTERRUPTED)
    ctl("poweroff", "web")


def test_the_daemon_is_killed_while_it_waits(world, ctl, begin):
    daemon = world.start(world.tiny("web", stop_timeout=3600))
    console = booted(ctl, begin, "web")
    deaf(console)
    waiting = begin("--json", "stop", "web")
    waiting.until("web: stop: ")
    console.until("MARKER-PB")
    daemon.kill()
    told = waiting.end(UNREACHABLE)
    assert '"result":"unknown"' in told and "apiaryd went away" in told and "apiaryctl status web" in told
    console.write("estill here\n")
    console.until("MARKER-ECHO still here")   # a console does not end with the daemon
    daemon.start()
    assert state(ctl, "web")[:2] == ("stopping", "acpi")   # the next one goes on with it
    assert ctl("poweroff", "web").stdout == "web: powered off\n"
    console.end()


def test_the_daemon_ends_and_the_vms_do_not(world, ctl, begin):
    daemon = world.start(world.tiny("web"))
    console = booted(ctl, begin, "web")
    assert ctl("daemon", "stop", "--keep-vms").stdout == "the VMs are left alone, the daemon has ended\n"
    daemon.stop()
    daemon.start()
    assert state(ctl, "web")[:2] == ("running", "")
    assert ctl("poweroff", "web").stdout == "web: powered off\n"
    console.end()


# --- no daemon ---

def test_no_daemon(world, ctl):
    for command in (["list"], ["status"], ["start", "web"], ["events", "-f"], ["console", "web"], ["shutdown-all"]):
        told = ctl(*command, code=UNREACHABLE)
        assert told.stdout == "" and "the bus answers, but apiaryd is not on it" in told.stderr, told
        assert world.bus.address in told.stderr and "apiaryd --private-bus" in told.stderr
    assert "apiaryd does not answer" in ctl("version").stdout
    assert ctl.json("version")["daemon"] is None
    away = ctl("--address", f"unix:path={world.folder}/nobody", "list", code=UNREACHABLE).stderr
    assert f"{world.folder}/nobody" in away and "No such file" in away
    nowhere = ctl("list", code=UNREACHABLE, APIARY_BUS_ADDRESS="", APIARY_RUN_DIR=str(world.folder / "none"),
                  DBUS_SYSTEM_BUS_ADDRESS=world.bus.address).stderr
    assert f"{world.folder}/none/bus-address: No such file" in nowhere and "system bus" in nowhere


# --- other users ---

def test_everybody_sees_his_own(world, ctl):
    world.write_user(ALICE, world.tiny("hers"))
    daemon = world.start(f"global {{ observers = {OBSERVERS}; }}\n" + world.tiny("his", owner=BOB)
                         + world.tiny("roots", visibility="all"))
    alice, olga = Ctl(world, ALICE), Ctl(world, OLGA)
    assert alice("list", "--names").stdout == "hers\nroots\n"
    assert [v["name"] for v in alice.json("list")["vms"]] == ["hers", "roots"]
    assert olga("list", "--names").stdout == ctl("list", "--names").stdout == "hers\nhis\nroots\n"
    assert one_vm(alice, "hers")["rights"] == ["see", "console-read", "console-write", "operate"]
    assert one_vm(alice, "roots")["rights"] == ["see"]
    assert alice.json("status")["vms"] == 2 and alice.json("status")["rights"] == []
    assert alice("start", "hers").stdout == "hers: started\n"
    assert "root" in alice("start", "roots", code=NOT_ALLOWED).stderr
    assert result(olga.json("stop", "hers", code=NOT_ALLOWED))["error_name"] == "AccessDenied"
    # What one may not see and what is not there are told alike, and nothing is suggested that is not seen.
    hidden, absent = (alice("start", name, code=NOT_FOUND).stderr for name in ("his", "hos"))
    assert hidden.replace("his", "hos") == absent
    for command in (["reload"], ["reload", "--dry-run"], ["daemon", "stop"], ["failreset", "--force", "roots"],
                    ["console", "roots"]):
        assert alice(*command, code=NOT_ALLOWED).stdout == ""
    ctl("start", "his")
    assert {e["vm"] for e in alice.lines("events") if "vm" in e} <= {"hers", "roots", ""}
    mine = [e["vm_seq"] for e in alice.lines("events", "--vm", "hers")]
    assert mine == list(range(1, len(mine) + 1))
    assert [j["vm"] for j in alice.json("jobs")["jobs"]] == ["hers"]
    job, = (str(j["id"]) for j in ctl.json("jobs", "his")["jobs"])
    alice("cancel", job, code=NOT_FOUND)
    assert alice("poweroff", "hers").stdout == "hers: powered off\n"
    assert ctl("poweroff", "his").returncode == DONE
    assert daemon.process.poll() is None
