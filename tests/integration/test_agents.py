"""Agents: programs on the bus that have a part in the starts and ends of VMs. One is the guide's own example, run as it is;
the others are the test itself, which answers when and how it likes."""
import subprocess

import pytest
from harness.accounts import ALICE, Account
from harness.agent import Agent
from harness.cli_fixtures import NOT_FOUND
from harness.cli_fixtures import ctl   # noqa: F401 (a fixture)
from harness.client import AGENTS, NAME, ROOT, BusError, Client, field, plain
from harness.daemon import Daemon
from harness.events import command, journal
from harness.processes import dies_with_us, wait_until
from harness.session import Session
from harness.world import BIN, SOURCE, STAND_IN
from jeepney import new_error, new_method_return

EXAMPLE = SOURCE / "docs/examples/keeper.py"


class Scene:
    def __init__(self, world, vms=("web",), **settings):
        self.world = world
        self.daemon = world.start("".join(world.bhyve(vm, **settings) for vm in vms),
                                  options=["--bhyve", str(world.program(STAND_IN))])
        self.caller = world.follower()

    def post(self, member, vm="web"):
        """A command that is not waited for: the agent has to answer meanwhile."""
        self.caller.vm(vm, member, "a{sv}", {})

    def state(self, vm="web"):
        return tuple(self.caller.state(vm)[:2])

    def until(self, state, sub_state="", vm="web"):
        wait_until(lambda: self.state(vm) == (state, sub_state), f"{vm} {state} {sub_state}")

    def last(self, vm="web"):
        return [e for e in journal(self.caller) if e.vm == vm and e.type == "state"][-1]

    def again(self):
        """The daemon is killed, and another one goes on."""
        self.daemon.kill()
        self.daemon.start()
        self.caller = self.world.follower()

    def agents(self):
        return {row["name"]: row for row in plain(self.caller.call(NAME, ROOT, AGENTS, "List", "a{sv}", {})[0])}

    def unregister(self, name):
        self.caller.call(NAME, ROOT, AGENTS, "Unregister", "sa{sv}", name, {})

    def until_gone(self, name="clerk"):
        wait_until(lambda: not self.agents().get(name, {"present": False})["present"], f"{name} gone")

    def up(self, agent):
        self.post("Start")
        call = agent.next("Prestart")
        agent.says()
        self.until("running")
        return call


@pytest.fixture
def scene(world):
    return lambda *arguments, **settings: Scene(world, *arguments, **settings)


def test_the_example_of_the_guide(scene, world):
    s = scene()
    hold, notes = world.folder / "hold", world.folder / "notes"
    notes.mkdir()
    keeper = subprocess.Popen(["/usr/bin/python3", EXAMPLE, "--hold", hold, "--notes", notes], stdin=subprocess.DEVNULL,
                              env={"DBUS_SYSTEM_BUS_ADDRESS": world.bus.address}, preexec_fn=dies_with_us())
    try:
        wait_until(lambda: "keeper" in s.agents(), "the agent")
        hold.write_text("the storage is being moved\n")
        assert command(s.caller, "web", "Start")["Result"] == "failed"
        event = s.last()
        assert (event.state, event.reason) == ("stopped", "veto")
        assert event.details["text"] == "step agent:keeper: the storage is being moved"
        assert list(notes.iterdir()) == []
        hold.unlink()
        assert command(s.caller, "web", "Start")["Result"] == "done"
        (note,) = notes.iterdir()
        assert note.read_text().startswith("web ")
        s.again()
        assert s.state() == ("running", "")
        wait_until(lambda: "keeper" in s.agents(), "that it has registered again")
        assert command(s.caller, "web", "PowerOff")["Result"] == "done"
        s.until("stopped")
        assert list(notes.iterdir()) == []
        assert keeper.poll() is None
    finally:
        keeper.kill()
        keeper.wait()


def test_who_is_not_admin_is_refused(scene, world):
    s = scene(owner=ALICE)
    with pytest.raises(BusError) as refused:
        Agent(world, ALICE)
    assert refused.value.short == "AccessDenied"
    alice = world.client(ALICE)
    for member, signature, arguments in (("Unregister", "sa{sv}", ["clerk", {}]), ("List", "a{sv}", [{}])):
        with pytest.raises(BusError) as refused:
            alice.call(NAME, ROOT, AGENTS, member, signature, *arguments)
        assert refused.value.short == "AccessDenied"
    assert s.agents() == {}
    root = Agent(world)      # and nobody else can call what an agent offers
    with pytest.raises(BusError) as refused:
        alice.call(root.unique, "/agent", f"{NAME}.Agent", "Prestart", "a{sv}", {})
    assert refused.value.short == "AccessDenied"


def test_wrong_options_are_refused(scene, world):
    scene()
    for name, more in (("", {}), ("Clerk", {}), ("a" * 33, {}), ("clerk", {"vms": ("as", [])}), ("clerk", {"order": ("u", 101)}),
                       ("clerk", {"calls": ("as", ["launch"])}), ("clerk", {"parallel": ("u", 0)}),
                       ("clerk", {"prestart-timeout": ("u", 0)}), ("clerk", {"events": ("as", ["x"] * 33)})):
        with pytest.raises(BusError) as refused:
            Agent(world, name=name, **more)
        assert refused.value.short == "InvalidArgument", (name, more)
    with pytest.raises(BusError) as refused:
        Agent(world, nonsense=("b", True))
    assert refused.value.short == "InvalidOption"
    first = Agent(world)
    with pytest.raises(BusError) as refused:
        Agent(world)
    assert refused.value.short == "InvalidState" and first.unique in refused.value.text
    for i in range(7):
        Agent(world, name=f"clerk-{i}")
    with pytest.raises(BusError) as refused:
        Agent(world, name="one-more")
    assert refused.value.short == "LimitsExceeded"


def test_its_part_in_a_life(scene, world):
    s = scene(vms=("web", "other"))
    agent = Agent(world, vms=("as", ["WEB"]))
    assert command(s.caller, "other", "Start")["Result"] == "done"      # no affair of its
    s.post("Start")
    call = agent.next("Prestart")
    assert call["vm"] == "web" and call["path"] == f"{ROOT}/vm/web" and call["timeout"] == 60000
    assert s.caller.get(call["path"], f"{NAME}.VM", "Step") == "agent:clerk"
    assert s.agents()["clerk"]["under-way"] == 1
    agent.says()
    s.until("running")
    s.post("PowerOff")
    undo = agent.next("Poststop")
    assert (undo["attempt"], undo["id"], undo["incarnation"]) == (call["attempt"], call["id"], call["incarnation"])
    agent.says()
    s.until("stopped")
    steps = [e.details for e in journal(s.caller) if e.type == "step" and e.details["step"] == "agent:clerk"]
    assert [(d["phase"], d.get("result")) for d in steps] == [("prestart", None), ("prestart", "ok"), ("poststop", None),
                                                              ("poststop", "ok")]
    assert s.agents()["clerk"]["answered"] == 2


def test_events(scene, world):
    s = scene(vms=("web", "other"))
    agent = Agent(world, vms=("s", "web"), events=("s", "state"), calls=("as", []))
    for vm in ("other", "web"):
        assert command(s.caller, vm, "Start")["Result"] == "done"
    heard = []
    while not heard or heard[-1]["state"] != "running":
        heard.append(agent.hears())
    told = [e for e in journal(s.caller) if e.vm == "web" and e.type == "state"]
    assert [e["seq"] for e in heard] == [e.seq for e in told]
    assert {e["vm"] for e in heard} == {"web"} and heard[0]["details"]["old-state"] == "stopped"


@pytest.mark.parametrize("answer, text", [
    (("ss", ("failed", "no space")), "no space"), (("ss", ("maybe", "x")), "none of ok, veto, failed"), (None, "Broken"),
    (("s", ("ok",)), "signature 's'"), (("", ()), "signature ''"), (("ss", ("failed", "long " * 200_000)), "long long")])
def test_what_goes_wrong_half_way_is_undone(scene, world, answer, text):
    s = scene()
    agent = Agent(world)
    s.post("Start")
    begun = agent.next("Prestart")
    if answer:
        agent.send(new_method_return(agent.last, answer[0] or None, answer[1]))
    else:
        agent.send(new_error(agent.last, "com.example.Broken", "s", ("it broke",)))
    assert agent.next("Poststop")["attempt"] == begun["attempt"]
    agent.says("failed", "not yet")
    s.until("failed", "undo-pending")
    assert agent.next("Poststop")["attempt"] == begun["attempt"]
    agent.says()
    s.until("failed")
    texts = [e.details.get("text", "") for e in journal(s.caller) if e.vm == "web"]
    assert any(text in one for one in texts) and max(map(len, texts)) < 3000


def test_one_that_never_answers_costs_its_call_only(scene, world):
    s = scene(vms=("web", "other"))
    agent = Agent(world, vms=("s", "web"), **{"prestart-timeout": ("u", 300)})
    quick = Agent(world, name="quick", vms=("s", "other"))
    s.post("Start")
    begun = agent.next("Prestart")
    prestart = agent.last
    s.post("Start", "other")
    quick.next("Prestart")
    quick.says()
    s.until("running", vm="other")
    assert agent.next("Poststop")["attempt"] == begun["attempt"]      # after its deadline
    agent.send(new_method_return(prestart, "ss", ("veto", "too late")))     # nobody hears that
    agent.says()
    s.until("failed")
    event = s.last()
    assert event.reason == "step-timeout" and "300 ms" in event.details["text"]
    assert s.agents()["clerk"]["failures"] == 1


def test_a_stop_cuts_its_call_short(scene, world):
    s = scene()
    agent = Agent(world)
    s.post("Start")
    begun = agent.next("Prestart")
    prestart = agent.last
    s.post("PowerOff")
    while not agent.calls:
        agent.receive()
    cancel = agent.calls.pop(0)
    assert field(cancel, "member") == "Cancel" and cancel.body[0] == begun["attempt"]
    s.caller.list_vms()
    agent.bus("GetId")      # whatever was sent to it before is here
    assert agent.calls == []     # the undo waits for the answer
    agent.last = prestart
    agent.says()
    assert agent.next("Poststop")["attempt"] == begun["attempt"]
    agent.says()
    s.until("stopped")


def test_what_one_that_died_had_begun_is_undone_when_it_is_back(scene, world):
    s = scene()
    agent = Agent(world)
    s.post("Start")
    begun = agent.next("Prestart")
    agent.close()
    s.until("failed", "undo-pending")
    assert s.last().reason == "plugin-unavailable"
    assert s.agents() == {}
    with pytest.raises(BusError) as refused:
        s.post("Start")
    assert refused.value.short == "UndoPending"
    agent = Agent(world)
    assert agent.next("Poststop")["attempt"] == begun["attempt"]
    agent.says()
    s.until("failed")
    s.up(agent)


def test_an_attempt_of_an_earlier_daemon_is_undone(scene, world):
    s = scene()
    agent = Agent(world)
    begun = s.up(agent)
    s.again()
    assert s.agents() == {}
    s.post("PowerOff")
    s.until("failed", "undo-pending")
    agent = Agent(world)
    assert agent.next("Poststop")["attempt"] == begun["attempt"]
    s.daemon.kill()      # in the undo
    s.daemon.start()
    s.caller = world.follower()
    agent = Agent(world)
    assert agent.next("Poststop")["attempt"] == begun["attempt"]
    agent.says()
    wait_until(lambda: s.state()[1] == "", "its undo")


def test_one_that_undoes_nothing_leaves_nothing_behind(scene, world):
    s = scene()
    agent = Agent(world, calls=("as", ["prestart"]))
    s.up(agent)
    agent.close()
    s.until_gone()
    assert command(s.caller, "web", "PowerOff")["Result"] == "done"
    s.until("stopped")
    agent = Agent(world, calls=("as", ["prestart"]))
    s.post("Start")
    agent.next("Prestart")
    agent.says("veto", "not now")
    s.until("stopped")
    assert s.last().details["text"] == "step agents: agent clerk: not now"


def test_vms_that_need_one_that_is_gone_do_not_start(scene, world, ctl):
    s = scene(vms=("web", "other"))
    agent = Agent(world, vms=("s", "web"), needed=("b", True))
    agent.close()
    s.until_gone()
    assert s.agents()["clerk"]["needed"]
    assert command(s.caller, "web", "Start")["Result"] == "failed"
    assert s.last().reason == "plugin-unavailable" and "clerk" in s.last().details["text"]
    assert command(s.caller, "other", "Start")["Result"] == "done"
    shown, = ctl.json("agent", "list")["agents"]
    assert (shown["name"], shown["present"], shown["needed"], shown["vms"]) == ("clerk", False, True, ["web"])
    assert "clerk  gone   yes" in ctl("agent", "list").stdout
    assert "mean 'clerk'?" in ctl("agent", "unregister", "clrk", code=NOT_FOUND).stderr
    assert ctl("agent", "unregister", "clerk").stdout == "clerk: unregistered\n"
    assert "There are no agents" in ctl("agent", "list").stderr
    assert command(s.caller, "web", "Start")["Result"] == "done"
    with pytest.raises(BusError) as refused:
        s.unregister("clerk")
    assert refused.value.short == "InvalidArgument"


def test_they_are_asked_in_their_order(scene, world):
    s = scene()
    second = Agent(world, name="a", order=("u", 60))
    first = Agent(world, name="z", order=("u", 10))
    s.post("Start")
    first.next("Prestart")
    second.bus("GetId")
    assert second.calls == []
    first.says()
    second.next("Prestart")
    second.says("veto", "no")
    first.next("Poststop")
    first.says()
    s.until("stopped")


def refuses(agent, caller):
    """A start that the agent has heard of, and refused."""
    caller.vm("web", "Start", "a{sv}", {})
    agent.next("Prestart")
    agent.says("veto", "not now")
    wait_until(lambda: caller.state("web") == ("stopped", "", "veto"), "the veto")


def test_on_a_session_bus_its_user_may(world):
    session = Session(world, ALICE)
    try:
        session.start(world.tiny("web", network="user"))
        agent = Agent(world, Account(ALICE), address=session.bus.address)
        refuses(agent, session.client())
    finally:
        session.close()


def test_on_a_private_bus(world):
    world.write(world.tiny("web"))
    daemon = Daemon(BIN / "apiaryd", world.folder / "own", None, [world.config], ["--private-bus"])
    world.daemons.append(daemon)
    daemon.folder.mkdir()
    daemon.launch()
    address = daemon.run_dir / "bus-address"
    wait_until(lambda: address.exists() and "on the bus as" in daemon.text(), "its bus")
    with Client(address.read_text().strip()) as caller:
        refuses(Agent(world, address=address.read_text().strip()), caller)


def test_that_agents_go_as_the_daemon_ends_is_no_news(scene, world):
    s = scene()
    agent = Agent(world, needed=("b", True))
    s.daemon.stop(at_once=True)
    said = s.daemon.text()
    assert f"agent clerk: {agent.unique}" in said and "is gone" not in said


def test_a_bus_that_ends_takes_its_agents_with_it(scene, world):
    s = scene()
    agent = Agent(world)
    s.up(agent)
    world.bus.stop()
    world.bus.start()
    wait_until(lambda: "no bus" in s.daemon.text() and s.daemon.text().count("on the bus as") == 2, "the bus again")
    s.caller = world.follower()
    assert s.agents() == {} and s.state() == ("running", "")
    agent = Agent(world)
    s.post("PowerOff")
    agent.next("Poststop")
    agent.says()
    s.until("stopped")
