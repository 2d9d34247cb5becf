"""Plugins on the bus and at the shell: an object for each, who sees it and may command it, what is signalled, and
`apiaryctl plugin`. The plugin is that of test_plugins."""
import os
import shutil
import signal

import pytest
from harness.accounts import ALICE, BOB, OLGA
from harness.cli import Ctl
from harness.cli_fixtures import FAILED, INTERRUPTED, NOT_ALLOWED, NOT_FOUND, begin, ctl
from harness.client import (INTROSPECTABLE, NAME, OBJECT_MANAGER, PROPERTIES, ROOT, BusError, encode_path_element,
                            field, plain)
from harness.events import until_state
from harness.processes import wait_until, waits_and_catches
from harness.session import Session
from test_lost_bus import until_on_the_bus
from test_plugins import STORIES, Scene
from test_private_bus import Host

__all__ = ["begin", "ctl"]   # fixtures

PLUGIN = f"{NAME}.Plugin"


def plugin_path(name):
    return f"{ROOT}/plugin/{encode_path_element(name)}"


def properties(caller, name="story"):
    return caller.get_all(plugin_path(name), PLUGIN)


def call(caller, member, name="story", interface=PLUGIN):
    return caller.call(NAME, plugin_path(name), interface, member, "a{sv}", {})


def listed(caller, **filters):
    """{name: State}"""
    rows, more = caller.manager("ListPlugins", "sua{sv}", "", 0, filters)
    assert not more
    return {row[0]: row[2] for row in rows}


def refused(what, *arguments, **more):
    with pytest.raises(BusError) as refusal:
        what(*arguments, **more)
    return refusal.value


def changed(caller, name="story", **wanted):
    """The next PropertiesChanged of the plugin that says so."""
    def fits(message):
        if field(message, "member") != "PropertiesChanged" or field(message, "path") != plugin_path(name):
            return False
        values = plain(message.body[1])
        return all(values.get(key) == value for key, value in wanted.items())
    return plain(caller.next_signal(fits, what=f"{wanted} of {name}").body[1])


def appears(caller, name):
    def fits(message):
        return field(message, "member") == "InterfacesAdded" and message.body[0] == plugin_path(name)
    return plain(caller.next_signal(fits, what=f"the object of {name}").body[1][PLUGIN])


def goes(caller, name):
    def fits(message):
        return field(message, "member") == "InterfacesRemoved" and message.body[0] == plugin_path(name)
    assert caller.next_signal(fits, what=f"the end of the object of {name}").body[1] == [PLUGIN]


@pytest.fixture
def scene(world):
    return lambda **arguments: Scene(world, **arguments)


@pytest.fixture
def running(scene):
    """A scene with the plugin ready to be called."""
    def made(**arguments):
        s = scene(**arguments).start()
        wait_until(lambda: listed(s.caller).get("story") == "running", "the plugin's process")
        return s
    return made


def test_each_has_an_object(running):
    s = running()
    caller = s.caller
    s.up()
    of_it = properties(caller)
    assert of_it["Name"] == "story" and of_it["Version"] == "1.0" and of_it["State"] == "running"
    assert of_it["Description"] == "writes down what it is called for" and of_it["LastError"] == ""
    assert of_it["Path"] == str(s.plugins / "story.so") and of_it["Phase"] == "hook"
    assert of_it["Keys"] == ["story_file", "story_do", "story_times"] and of_it["Events"] == ["state"]
    assert of_it["Pid"] == s.host() and of_it["Restarts"] == 0
    assert of_it["Calls"] >= 1 and of_it["Failures"] == 0 and of_it["Strikes"] == 0
    assert 0 < of_it["LatencyMean"] <= of_it["LatencyMax"]
    assert caller.manager("GetPlugin", "s", "story") == (plugin_path("story"),)
    assert refused(caller.manager, "GetPlugin", "s", "nobody").short == "NoSuchPlugin"
    (name, path, state, version, error, fields), = caller.manager(
        "ListPlugins", "sua{sv}", "", 0, {"fields": ("as", ["Pid", "Phase"]), "state": ("s", "running")})[0]
    assert (name, path, state, version, error) == ("story", plugin_path("story"), "running", "1.0", "")
    assert plain(fields) == {"Pid": s.host(), "Phase": "hook"}
    assert listed(caller, state=("s", "disabled")) == {} and listed(caller, plugin=("as", ["other"])) == {}
    assert refused(listed, caller, nonsense=("s", "x")).short == "InvalidOption"
    objects = caller.call(NAME, ROOT, OBJECT_MANAGER, "GetManagedObjects")[0]
    assert set(objects[plugin_path("story")]) >= {PLUGIN}
    assert plain(objects[plugin_path("story")][PLUGIN])["Version"] == "1.0"
    text = caller.call(NAME, f"{ROOT}/plugin", INTROSPECTABLE, "Introspect")[0]
    assert '<node name="story"/>' in text
    assert refused(caller.call, NAME, plugin_path("nobody"), PROPERTIES, "GetAll", "s", PLUGIN).short == "UnknownObject"
    assert refused(caller.call, NAME, plugin_path("story"), PLUGIN, "Disable", "a{sv}",
                   {"now": ("b", True)}).short == "InvalidOption"
    s.down()


def test_who_may_see_and_command_them(running, world, ctl):
    s = running()
    s.write(vms=("web",), owner=ALICE)
    world.config.write_text('global { observers = "apiary-observers"; }\n' + world.config.read_text())
    s.daemon.stop()
    s.start()
    alice, bob, olga = s.world.client(ALICE), s.world.client(BOB), s.world.follower(OLGA)
    bob.match("type='signal'")
    alice.follow()
    assert refused(listed, alice).short == "AccessDenied"
    assert refused(alice.manager, "GetPlugin", "s", "story").short == "AccessDenied"
    for name in ("story", "nobody"):
        assert refused(properties, alice, name).short == "UnknownObject"
        for member in ("Enable", "Disable", "Restart"):
            assert refused(call, alice, member, name).short == "AccessDenied"
    assert plugin_path("story") not in alice.call(NAME, ROOT, OBJECT_MANAGER, "GetManagedObjects")[0]
    assert '<node name="story"' not in alice.call(NAME, f"{ROOT}/plugin", INTROSPECTABLE, "Introspect")[0]
    assert "story" in listed(olga) and properties(olga)["Version"] == "1.0"
    for member in ("Enable", "Disable", "Restart"):
        for interface in (PLUGIN, None):   # D-Bus lets a call have none
            assert refused(call, olga, member, interface=interface).short == "AccessDenied"
    as_alice, as_olga = Ctl(world, ALICE), Ctl(world, OLGA)
    assert "root and to the observers" in as_alice("plugin", "list", code=NOT_ALLOWED).stderr
    assert "call as root" in as_olga("plugin", "disable", "story", code=NOT_ALLOWED).stderr
    assert as_alice("plugin", "disable", "story", code=NOT_ALLOWED).stdout == ""
    assert as_olga("plugin", "list", "--names").stdout == "story\n"
    ctl("plugin", "disable", "story")
    changed(olga, State="disabled")
    for other in (alice, bob):
        assert [m for m in other.drain() if "plugin" in str(field(m, "path")) + str(m.body)] == []


def test_what_becomes_of_it_is_signalled(running):
    s = running()
    others = s.world.follower(vm=("s", "web"))
    call(s.caller, "Disable")
    assert changed(s.caller, State="disabled")["LastError"] == "by hand"
    assert properties(s.caller)["Pid"] == 0 and listed(s.caller) == {"story": "disabled"}
    assert "story" in refused(call, s.caller, "Restart").text
    call(s.caller, "Enable")
    assert changed(s.caller, State="starting")["LastError"] == ""
    first = changed(s.caller, State="running").get("Pid") or properties(s.caller)["Pid"]
    call(s.caller, "Restart")
    changed(s.caller, State="running")
    now = properties(s.caller)
    assert now["Pid"] not in (0, first) and now["Restarts"] == 2
    os.kill(now["Pid"], signal.SIGKILL)
    assert "signal 9" in changed(s.caller, State="ended", Pid=0)["LastError"]
    s.install("second")
    changed(s.caller, Version="2.0")
    (s.plugins / "broken.so").write_text("this is no shared object")
    new = appears(s.caller, "broken")
    assert new["State"] == "unusable" and "cannot be loaded" in new["LastError"]
    assert refused(call, s.caller, "Enable", "broken").short == "InvalidState"
    (s.plugins / "broken.so").unlink()
    goes(s.caller, "broken")
    assert listed(s.caller) == {"story": "running"}
    (s.plugins / "story.so").unlink()
    goes(s.caller, "story")
    assert listed(s.caller) == {}
    s.install("first")
    assert appears(s.caller, "story")["Version"] == "1.0"
    # Who asked for one VM's signals gets no others.
    assert [m for m in others.drain() if "plugin" in str(field(m, "path")) + str(m.body)] == []


def test_a_failed_call_is_signalled(running):
    s = running(story_do="fail")
    listener = s.world.follower()
    s.fails()
    changed(listener, LastError="VM web: half of it is there")
    assert properties(s.caller)["Failures"] == 1


def test_three_strikes_and_the_way_back(running, ctl):
    s = running(story_do="always-crash")
    listener = s.world.follower()
    for _ in range(3):
        s.fails()
    assert "3 deaths or hangs in calls" in changed(listener, State="disabled")["LastError"]
    s.daemon.kill()
    s.start()
    assert listed(s.caller) == {"story": "disabled"}
    assert s.state() == ("failed", "undo-pending")
    status = " ".join(ctl("status", "web").stdout.split())
    assert "the plugin story is disabled: 3 deaths" in status and "apiaryctl plugin enable story" in status
    assert "once what the reason names is mended" in status
    shown = ctl("plugin", "show", "story").stdout
    assert "3 deaths or hangs in calls" in shown and "apiaryctl plugin enable story" in shown
    assert ctl("plugin", "enable", "story").stdout == "story: enabled\n"
    until_state(s.caller, "web", "failed")
    begun, undone = s.attempts()
    assert set(begun) == set(undone)
    wait_until(lambda: listed(s.caller) == {"story": "running"}, "its process")
    assert properties(s.caller)["Strikes"] == 0


def test_disabled_also_without_its_file(running, ctl):
    s = running()
    ctl("plugin", "disable", "story")
    (s.plugins / "story.so").unlink()
    changed(s.caller, LastError="by hand; its file is not there")
    assert listed(s.caller) == {"story": "disabled"}
    said = s.fails().details["text"]
    assert "is disabled: by hand, and its file is not there" in said and "apiaryctl plugin enable story" in said
    enabled = ctl("plugin", "enable", "story", code=FAILED)
    assert "It is enabled, but the plugin story is not there: install it" in enabled.stderr
    goes(s.caller, "story")
    assert listed(s.caller) == {}
    s.install("first")
    assert appears(s.caller, "story")["State"] != "disabled"


def test_absent_as_long_as_something_is_to_be_undone(running):
    s = running()
    s.up()
    (s.plugins / "story.so").unlink()
    assert "is not there" in changed(s.caller, State="absent")["LastError"]
    s.daemon.kill()
    s.world.write(s.world.tiny("web"))   # its keys are not known any more
    s.start()
    # The next daemon has never seen it, and knows that it is missing all the same.
    assert listed(s.caller) == {"story": "absent"} and properties(s.caller)["Path"] == ""
    for member in ("Disable", "Restart", "Enable"):
        assert refused(call, s.caller, member).short == "InvalidState"
    s.caller.vm("web", "PowerOff", "a{sv}", {})
    until_state(s.caller, "web", "failed", "undo-pending")
    assert listed(s.caller) == {"story": "absent"}
    s.caller.vm("web", "FailReset", "a{sv}", {"force": ("b", True)})
    goes(s.caller, "story")
    assert listed(s.caller) == {}


def test_waiting_for_calls_can_be_cut_short(running, ctl, begin):
    s = running(story_do="wait")
    s.caller.vm("web", "Start", "a{sv}", {})
    s.until_told("prestart")
    waiting = begin("plugin", "disable", "story")
    changed(s.caller, State="disabled")
    wait_until(lambda: waits_and_catches(waiting.process.pid, signal.SIGINT), "apiaryctl waits for the call")
    waiting.signal(signal.SIGINT)
    assert "The daemon goes on with it" in waiting.end(code=INTERRUPTED)
    other = begin("--json", "plugin", "disable", "story")
    wait_until(lambda: waits_and_catches(other.process.pid, signal.SIGINT), "apiaryctl waits for the call")
    assert properties(s.caller)["UnderWay"] == 1
    s.go()
    assert '"result":"done","state":"disabled"' in other.end()
    until_state(s.caller, "web", "running")
    assert properties(s.caller)["Pid"] == 0


def test_not_too_many_wait(running):
    s = running(story_do="wait")
    s.caller.vm("web", "Start", "a{sv}", {})
    s.until_told("prestart")
    serials = [s.caller.post(NAME, plugin_path("story"), PLUGIN, "Restart", "a{sv}", {}) for _ in range(33)]
    reply, _ = s.caller.reply_to(serials[-1])
    assert reply.header.fields[4].endswith("LimitsExceeded")
    s.go()
    with s.world.client() as other:
        wait_until(lambda: properties(other)["UnderWay"] == 0, "the end of the call")
    until_state(s.caller, "web", "running")
    with s.world.client() as other:
        wait_until(lambda: listed(other)["story"] == "running", "its process")
        call(other, "Restart")


def test_the_bus_goes_and_comes(running):
    s = running()
    (s.plugins / "broken.so").write_text("this is no shared object")
    appears(s.caller, "broken")
    s.world.bus.stop()
    (s.plugins / "broken.so").unlink()
    s.install("second")
    (s.plugins / "worse.so").write_text("nor is this")
    s.daemon.logged("version 2.0 runs as")
    s.daemon.logged("plugin worse")
    s.world.bus.start()
    with s.world.client() as watcher:
        until_on_the_bus(watcher)
    caller = s.world.follower()
    assert listed(caller) == {"story": "running", "worse": "unusable"}
    objects = caller.call(NAME, ROOT, OBJECT_MANAGER, "GetManagedObjects")[0]
    assert {p for p in objects if "/plugin/" in p} == {plugin_path("story"), plugin_path("worse")}
    assert properties(caller)["Version"] == "2.0"
    (s.plugins / "worse.so").unlink()
    goes(caller, "worse")
    call(caller, "Disable")
    changed(caller, State="disabled")


def test_at_the_shell(running, ctl):
    s = running(story_do="fail")
    (s.plugins / "broken.so").write_text("this is no shared object")
    appears(s.caller, "broken")
    s.fails()
    table = ctl("plugin", "list").stdout.splitlines()
    assert table[0].split() == ["NAME", "VERSION", "STATE", "CALLS", "FAILURES", "MEAN", "LAST", "ERROR"]
    assert table[1].split()[:3] == ["broken", "-", "unusable"]
    assert table[2].split()[:3] == ["story", "1.0", "running"] and "VM web: half of it is there" in table[2]
    assert ctl("plugin", "list", "--names", "--state", "running").stdout == "story\n"
    story = ctl.json("plugin", "list")["plugins"][1]
    assert story["name"] == "story" and story["failures"] == 1 and story["pid"] == s.host()
    assert story["last_error"] == "VM web: half of it is there" and story["latency_max_us"] > 0
    assert "writes down what it is called for" in ctl("plugin", "show", "story").stdout
    assert "Did you mean 'story'?" in ctl("plugin", "show", "stroy", code=NOT_FOUND).stderr
    assert "Did you mean 'story'?" in ctl("plugin", "disable", "stor", code=NOT_FOUND).stderr
    assert ctl("plugin", "disable", "story", "broken").stdout == "story: disabled\nbroken: disabled\n"
    said = ctl("plugin", "restart", "story", code=FAILED)
    assert "is disabled: by hand" in said.stderr and "apiaryctl plugin enable story" in said.stderr
    enabled = ctl("plugin", "enable", "broken", "story", code=FAILED)
    assert enabled.stdout == "story: enabled\n" and "broken cannot be used" in enabled.stderr
    result, = ctl.json("plugin", "restart", "story")["results"]
    assert (result["plugin"], result["command"], result["result"]) == ("story", "restart", "done")
    assert result["state"] in ("starting", "running")


def folder_of_plugins(world):
    folder = world.folder / "plugins"
    folder.mkdir()
    shutil.copy(STORIES / "first" / "story.so", folder / "story.so")
    return ["--plugin-dir", str(folder)]


def test_on_a_private_bus(world):
    host = Host(world, folder_of_plugins(world))
    caller = host.client().follow()
    call(caller, "Disable")
    changed(caller, State="disabled")
    assert listed(caller) == {"story": "disabled"}
    assert refused(call, host.client(ALICE), "Enable").short == "AccessDenied"
    host.daemon.stop()


def test_in_a_session(world):
    session = Session(world, ALICE)
    world.daemons.append(session.daemon)
    try:
        session.daemon.options += folder_of_plugins(world)
        session.start(world.tiny("web", network="user"))
        assert session.ctl("--session", "plugin", "list", "--names").stdout == "story\n"
        assert session.ctl("--session", "plugin", "disable", "story").stdout == "story: disabled\n"
        caller = session.client().follow()
        assert listed(caller) == {"story": "disabled"}
        call(caller, "Enable")
        changed(caller, State="running")
    finally:
        session.close()
