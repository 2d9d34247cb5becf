"""VMs start after those that they are after, and stop before them: with the daemon, and by `apiaryctl shutdown-all`."""
import signal

from harness.accounts import ALICE, BOB
from harness.cli import Ctl
from harness.cli_fixtures import CUT_SHORT, DONE, FAILED, INTERRUPTED, begin, ctl
from harness.events import journal, until_state
from harness.processes import wait_until
from harness.world import BIN, STAND_IN

__all__ = ["begin", "ctl"]   # fixtures


STACK = ("db", "app", "web", "mail")


def bhyve(world):
    return ["--bhyve", str(world.program(STAND_IN))]


def begun(world, ctl, *names):
    for name in names:
        ctl("start", name)
    hear(world, world.client(), *names)


def stack(world, **more):
    """web is after app is after db; mail stands alone. They are read in another order."""
    return "".join(world.bhyve(name, **{"after": after} if after else {}, **more)
                   for name, after in (("web", ["app", "db"]), ("mail", None), ("app", ["db"]), ("db", None)))


def states(caller, after=0):
    return [(e.vm, f"{e.state}/{e.sub_state}".strip("/")) for e in journal(caller, after) if e.type == "state"]


def place(events, vm, state):
    return events.index((vm, state))


def last_of(caller):
    events = journal(caller)
    return events[-1].seq if events else 0


def hear(world, caller, *names):
    """All these guests are there, and hear their power buttons."""
    for name in names:
        with world.console(caller, name) as console:
            console.until("MARKER-UP")


def test_start_and_sigterm(world, ctl):
    daemon = world.start("global { max_starting = 1; }\n" + stack(world, boot=True), bhyve(world))
    wait_until(lambda: all(v["state"] == "running" for v in ctl.json("list")["vms"]), "all VMs that run")
    hear(world, world.client(), *STACK)
    seen = states(world.client())
    assert place(seen, "db", "running") < place(seen, "app", "starting/prestart")
    assert place(seen, "app", "running") < place(seen, "web", "starting/prestart")
    assert ("web", "starting/waiting") in seen and ("app", "starting/waiting") in seen
    starting = 0
    for _, state in seen:   # never two at once
        starting += {"starting/prestart": 1, "running": -1}.get(state, 0)
        assert starting in (0, 1), seen
    assert ("db", "starting/queued") in seen   # mail was read before it

    before = last_of(world.client())
    daemon.stop()
    assert daemon.logged("stopping: 0 of 4 VMs are at rest; waiting for", "mail (acpi", "web (acpi", "and 2 more")
    assert daemon.logged("stopping: ", " of 4 VMs are at rest; waiting for ", "db (")
    world.write(stack(world))   # boot = no: the next daemon is only asked what happened
    daemon.start()
    seen = states(world.client(), before)
    assert place(seen, "web", "stopped") < place(seen, "app", "stopping/acpi")
    assert place(seen, "app", "stopped") < place(seen, "db", "stopping/acpi")
    assert place(seen, "mail", "stopping/acpi") < place(seen, "web", "stopped")   # it waits for nobody


def deaf(world, caller, name):
    console = world.console(caller, name)
    console.until("MARKER-UP")
    console.write("i")
    console.until("MARKER-IGNORE on")
    return console


def test_a_second_signal_waits_for_nobody(world, ctl):
    daemon = world.start(stack(world, stop_timeout=3600), bhyve(world))
    caller = world.follower()
    begun(world, ctl, "db", "app", "web")
    deaf(world, caller, "web")
    daemon.signal(signal.SIGTERM)
    until_state(caller, "web", "stopping", "acpi")
    daemon.signal(signal.SIGINT)
    assert daemon.wait() == 0
    daemon.process = None


def test_who_is_not_wanted_up_holds_up_nobody(world, ctl):
    world.start(stack(world), bhyve(world))
    assert ctl("start", "web").stdout == "web: started\n"
    assert [v["name"] for v in ctl.json("list")["vms"] if v["state"] == "running"] == ["web"]


def test_wrong_orders_are_told(world, ctl):
    world.program(BIN / "apiary-config")   # beside the copy of apiaryctl
    world.write(world.tiny("a", after=["b"]) + world.tiny("b", after=["a"]) + world.tiny("c", after=["d"]))
    told = ctl("config", "check", str(world.config), code=FAILED)
    text = told.stdout + told.stderr
    assert "vm a: after: VMs that wait for one another: a -> b -> a" in text
    assert "vm b: after: VMs that wait for one another: b -> a -> b" in text
    assert f"{world.config}:26:13: error: vm c: after: there is no VM 'd'" in text, text


def test_shutdown_all(world, ctl, begin):
    daemon = world.start(stack(world), bhyve(world))
    begun(world, ctl, *STACK)
    before = last_of(world.client())
    told = ctl("shutdown-all")
    assert sorted(told.stdout.splitlines()) == [f"{name}: stopped" for name in ("app", "db", "mail", "web")]
    seen = states(world.client(), before)
    assert place(seen, "web", "stopped") < place(seen, "app", "stopping/acpi")
    assert place(seen, "app", "stopped") < place(seen, "db", "stopping/acpi")
    assert daemon.process.poll() is None
    assert ctl("shutdown-all").stdout == "no VM that you may operate runs\n"
    assert ctl.json("shutdown-all") == {"result": "done", "vms": []}
    begun(world, ctl, "db")   # the daemon goes on as before
    assert [v["name"] for v in ctl.json("shutdown-all")["vms"]] == ["db"]


def test_ctrl_c_ends_the_watching_alone(world, ctl, begin):
    world.start(stack(world, stop_timeout=3600), bhyve(world))
    caller = world.follower()
    begun(world, ctl, "db", "app", "web")
    deaf(world, caller, "web")
    watching = begin("shutdown-all")
    watching.until("db is running")   # it watches
    until_state(caller, "web", "stopping", "acpi")
    watching.signal(signal.SIGINT)
    told = watching.end(code=INTERRUPTED)
    assert "The daemon goes on with stopping 3 VMs" in told
    job, = (str(j["id"]) for j in ctl.json("jobs", "web")["jobs"] if j["result"] == "running")
    ctl("cancel", job)
    until_state(caller, "web", "running")
    again = begin("shutdown-all")
    again.until("db is running")   # it watches
    wait_until(lambda: caller.state("web")[:2] == ("stopping", "acpi"), "web is told to stop")
    job, = (str(j["id"]) for j in ctl.json("jobs", "web")["jobs"] if j["result"] == "running")
    ctl("cancel", job)
    told = again.end(code=CUT_SHORT)
    assert "web: is running: its stop was canceled" in told and "db: is running: web stays up, and needs it" in told
    assert [v["state"] for v in ctl.json("list")["vms"] if v["name"] != "mail"] == ["running"] * 3
    ctl("shutdown-all", "--force")


def test_everybody_stops_his_own(world, ctl):
    world.write_user(ALICE, world.bhyve("hers", after=["roots"]))
    world.start(world.bhyve("roots", visibility="all") + world.bhyve("his", owner=BOB), bhyve(world))
    begun(world, ctl, "roots", "his", "hers")
    alice = Ctl(world, ALICE)
    assert alice("shutdown-all").stdout == "hers: stopped\n"
    assert {v["name"]: v["state"] for v in ctl.json("list")["vms"]} == {
        "hers": "stopped", "his": "running", "roots": "running"}


def test_on_a_terminal(world, ctl):
    """The list is drawn over itself, and nothing of it stays."""
    world.start(stack(world), bhyve(world))
    begun(world, ctl, "db", "app")
    console = deaf(world, world.client(), "app")
    watching = ctl.on_terminal("shutdown-all")
    text = watching.until("0 of 2 at rest")
    assert "NAME" in text and "after app" in text
    console.write("1")   # it powers off
    text = watching.end(code=DONE)
    assert text.rsplit("\x1b[J", 1)[1].split() == ["app:", "stopped", "db:", "stopped"]
