"""What callers may get wrong: each has its answer, and nothing else happens."""
import os
import xml.etree.ElementTree as ElementTree

import pytest
from harness.accounts import ALICE
from harness.client import (AGENTS, JOB, JOURNAL, MANAGER, NAME, OBJECT_MANAGER, PROPERTIES, ROOT, VM, BusError,
                            Disconnected, field, plain, vm_path)
from harness.events import journal
from harness.processes import wait_until
from jeepney import new_method_return
from harness.world import SOURCE

INTERFACES = {name: ElementTree.parse(SOURCE / f"introspection/{name}.xml").getroot().find("interface")
              for name in (MANAGER, VM, JOB, JOURNAL, AGENTS)}


def error_of(caller, path, interface, member, signature="", *arguments):
    """The name of the error, or None; that there is an answer at all is the point."""
    serial = caller.post(NAME, path, interface, member, signature, *arguments)
    reply, _ = caller.reply_to(serial)
    return field(reply, "error_name")


def samples():
    """Values of many types, of no use to any method."""
    yield "", ()
    for signature, value in (("s", "x"), ("u", 7), ("t", 2**64 - 1), ("b", True), ("d", 0.5), ("as", ["x"] * 50),
                             ("ay", list(range(256))), ("o", "/"), ("a{sv}", {}), ("v", ("s", "x")),
                             ("a{sv}", {"x": ("s", "y")}), ("a{sv}", {"": ("a(tt)", [(1, 2)])}),
                             ("a{sv}", {"vm": ("u", 1), "state": ("s", "?"), "fields": ("b", True)}),
                             ("a{sv}", {"force": ("s", "yes"), "mode": ("t", 1), "dry-run": ("s", "")}),
                             ("a{sv}", {f"k{i}": ("s", "v" * 1000) for i in range(500)}),
                             ("s", "\x01\x7f \u2028 \U0001f41d"), ("s", "x" * 100000), ("sss", "x")):
        yield signature, ((value,) if len(signature) == 1 or signature[0] in "a(" else ("x",) * len(signature))


def methods(interface):
    return [m.get("name") for m in INTERFACES[interface].findall("method")]


def test_every_method_survives_every_input(world):
    """Every method of every interface, on its own and on foreign objects, with arguments of every kind."""
    daemon = world.start(world.tiny("web"))
    caller = world.client()
    job, = caller.vm("web", "Start", "a{sv}", {})
    world.follower().vm("web", "PowerOff", "a{sv}", {})
    asked = 0
    paths = (ROOT, vm_path("web"), job, f"{ROOT}/vm", f"{ROOT}/vm/_zz", f"{ROOT}/job/0x1", f"{ROOT}/nothing")
    for interface in INTERFACES:
        for member in methods(interface):
            for path in paths:
                for signature, arguments in samples():
                    fits = signature == "a{sv}" and member in ("Shutdown", "Restart", "Start", "Reload", "GetDebugInfo")
                    if fits and arguments == ({},):
                        continue     # that would be right, and do it
                    error_of(caller, path, interface, member, signature, *arguments)
                    asked += 1
    assert asked > 2000 and daemon.process.poll() is None
    assert caller.state("web")[0] == "stopped"


def test_garbage_paths(world):
    """Each is an object that does not exist; none is one of another name."""
    world.start(world.tiny("web") + world.tiny("9"))
    caller = world.client()
    elements = ["_", "_zz", "_2e_2e", "_2E", "_00", "_7f", "WEB", "we_62", "_77eb", "9", "_39_", "_3", "web_",
                "a" * 20000]
    paths = [f"{ROOT}/vm/{e}" for e in elements] + [f"{vm_path('web')}/web", f"{ROOT}/web", "/", "/org/apiary"]
    paths += [f"{ROOT}/job/{e}" for e in ("0", "00", "_1", "1_", "0x1", str(2**64), str(2**64 - 1), "9" * 5000)]
    for path in paths:
        for interface, member in ((VM, "Start"), (JOB, "Cancel")):
            assert error_of(caller, path, interface, member, "a{sv}", {}) in (
                "org.freedesktop.DBus.Error.UnknownObject", "org.freedesktop.DBus.Error.UnknownMethod"), path
        assert error_of(caller, path, PROPERTIES, "GetAll", "s", VM) in (
            "org.freedesktop.DBus.Error.UnknownObject", "org.freedesktop.DBus.Error.UnknownInterface"), path
    assert caller.get(vm_path("9"), VM, "Name") == "9"
    # What is no path at all ends the caller's connection, by the bus; nobody else's.
    for path in ("", "vm", f"{ROOT}/", f"{ROOT}/vm//web", f"{ROOT}/vm/web\n", f"{ROOT}/vm/\u00e4"):
        with world.client() as broken, pytest.raises((Disconnected, TimeoutError, ConnectionError)):
            broken.reply_to(broken.post(NAME, path, VM, "Start", "a{sv}", {}))
    assert sorted(caller.list_vms()) == ["9", "web"]


def test_what_is_too_large(world):
    """More than any call needs: refused, and neither the daemon nor others are any the worse for it."""
    daemon = world.start(world.tiny("web"))
    caller, other = world.client(), world.client(ALICE)
    heap = plain(caller.manager("GetDebugInfo", "a{sv}", {})[0])["heap-used"]
    limit = f"{NAME}.Error.LimitsExceeded"
    for _ in range(3):
        for who in (caller, other):
            for signature, value in (("s", "x" * (20 << 20)), ("a{sv}", {"vm": ("s", "x" * (1 << 20))}),
                                     ("a{sv}", {"vm": ("as", ["x"] * 100000)}), ("ay", b"x" * (10 << 20))):
                assert error_of(who, ROOT, MANAGER, "Subscribe", signature, value) == limit, signature
            deep = ("s", "x")
            for _ in range(30):
                deep = ("v", deep)
            assert error_of(who, ROOT, MANAGER, "Subscribe", "a{sv}", {"vm": deep}) in (
                limit, f"{NAME}.Error.InvalidArgument"), "deep"
            assert error_of(who, ROOT, MANAGER, "GetVM", "s", "x" * 100000) == f"{NAME}.Error.NoSuchVM"
            assert error_of(who, ROOT, MANAGER, "ListVMs", "sua{sv}", "x" * 100000, 0, {}) is None
            assert error_of(who, ROOT, MANAGER, "Subscribe", "a{sv}", {"vm": ("as", ["x"] * 257)}) == limit
    grown = plain(caller.manager("GetDebugInfo", "a{sv}", {})[0])["heap-used"] - heap
    assert grown < 1 << 20 and daemon.process.poll() is None


def test_a_subscriber_that_falls_behind(world):
    """It is sent no more than it can be trusted to read; when it answers again it is told how much it missed."""
    count, part = 600, 60
    world.start("")
    slow, quick, root = world.client(), world.follower(), world.client()
    slow.answers_pings = False
    slow.follow()
    sent = 0
    for upto in range(part, count + 1, part):    # what comes in one turn alone must fit
        world.write("".join(world.tiny(f"vm{i:03}") for i in range(upto)))
        root.manager("Reload", "a{sv}", {})
        sent += len([m for m in quick.drain() if field(m, "interface") in (VM, OBJECT_MANAGER)])
    assert sent == 2 * count    # InterfacesAdded and Event
    pings = []
    heard = 0
    while not pings:
        message, _ = slow.receive()
        heard += field(message, "interface") in (VM, OBJECT_MANAGER)
        if field(message, "member") == "Ping":
            pings.append(message)
    heard += len([m for m in slow.drain() if field(m, "interface") in (VM, OBJECT_MANAGER)])
    assert 0 < heard < 2 * count
    assert plain(root.manager("GetDebugInfo", "a{sv}", {})[0])["subscribers"] == 2
    slow.answers_pings = True
    slow.send(new_method_return(pings[0]))
    lost = slow.next_signal(lambda m: field(m, "member") == "SignalsLost")
    assert lost.body[0] == 2 * count - heard and lost.body[1] == slow.get(ROOT, JOURNAL, "Last")
    world.write("")
    root.manager("Reload", "a{sv}", {})
    slow.next_signal(lambda m: field(m, "member") == "InterfacesRemoved")
    assert len(journal(slow, type=("s", "vm-added"))) == count


def test_a_descriptor_that_nobody_asked_for(world):
    daemon = world.start(world.tiny("web"))
    caller = world.client()
    before = daemon.descriptors()
    with open("/dev/null", "rb") as file:
        for _ in range(50):
            error = error_of(caller, ROOT, MANAGER, "Subscribe", "a{sv}", {"vm": ("h", file.fileno())})
            assert error == f"{NAME}.Error.LimitsExceeded"
    wait_until(lambda: daemon.descriptors() <= before, "the descriptors' closing")


def test_wrong_signatures_are_refused_by_name(world):
    world.start(world.tiny("web"))
    caller = world.client()
    for interface, path in ((MANAGER, ROOT), (JOURNAL, ROOT), (VM, vm_path("web"))):
        for member in methods(interface):
            assert error_of(caller, path, interface, member, "ayd", [1], 0.5) == \
                "org.freedesktop.DBus.Error.InvalidArgs", member
    assert error_of(caller, ROOT, MANAGER, "Nonsense") == "org.freedesktop.DBus.Error.UnknownMethod"
    assert error_of(caller, vm_path("web"), VM, "Nonsense") == "org.freedesktop.DBus.Error.UnknownMethod"


def test_unknown_options_are_refused(world):
    world.start(world.tiny("web"))
    caller = world.client()
    option = {"nonsense": ("b", True)}
    calls = [(vm_path("web"), VM, m, "a{sv}", option) for m in methods(VM) if m != "GetPermissions"]
    calls += [(ROOT, MANAGER, m, "a{sv}", option) for m in ("Reload", "Shutdown", "Restart", "GetDebugInfo", "Subscribe")]
    calls += [(ROOT, MANAGER, "ListVMs", "sua{sv}", "", 0, option),
              (ROOT, MANAGER, "ListJobs", "tua{sv}", 0, 0, option),
              (ROOT, JOURNAL, "Read", "stua{sv}", "", 0, 0, option)]
    for call in calls:
        assert error_of(caller, *call) == f"{NAME}.Error.InvalidOption", call
    # A known one with the wrong type is no better.
    assert error_of(caller, vm_path("web"), VM, "FailReset", "a{sv}", {"force": ("s", "yes")}) in (
        f"{NAME}.Error.InvalidOption", f"{NAME}.Error.InvalidArgument")
    assert error_of(caller, vm_path("web"), VM, "OpenConsole", "a{sv}", {"mode": ("s", "sideways")}) == \
        f"{NAME}.Error.InvalidArgument"


def test_limits_are_kept(world):
    world.start("".join(world.tiny(f"vm{i:03}") for i in range(30)))
    caller = world.client()
    assert error_of(caller, ROOT, MANAGER, "ListVMs", "sua{sv}", "", 100000, {}) in (
        None, f"{NAME}.Error.InvalidArgument")
    _, page, more = caller.manager("ListVMs", "sua{sv}", "", 7, {})
    assert [r[0] for r in page] == [f"vm{i:03}" for i in range(7)] and more
    assert len(caller.list_vms()) == 30


def replies_of(caller, count):
    """The next replies in the order in which they come."""
    replies = []
    while len(replies) < count:
        message, _ = caller.receive()
        if field(message, "reply_serial"):
            replies.append(message)
    return replies


@pytest.mark.parametrize("account", [None, ALICE])
def test_many_calls_in_flight(world, account):
    """More at once than the bus keeps replies for, and from callers of whom nothing is known yet: all are answered, in
    order, or refused for their number; who is known already is served meanwhile."""
    daemon = world.start("".join(world.tiny(f"vm{i:03}", owner=ALICE) for i in range(30)))
    known = world.client(account)
    assert len(known.list_vms()) == 30
    callers = [world.client(account) for _ in range(8)]
    serials = [[c.post(NAME, ROOT, MANAGER, "GetVM", "s", f"vm{i % 30:03}") for i in range(200)] for c in callers]
    assert len(known.list_vms()) == 30
    for caller, sent in zip(callers, serials):
        assert sorted(field(reply, "reply_serial") for reply in replies_of(caller, len(sent))) == sent
    caller = world.client(account)
    sent = [caller.post(NAME, ROOT, MANAGER, "GetVM", "s", f"vm{i % 30:03}") for i in range(100)]
    replies = replies_of(caller, 100)
    assert [field(r, "reply_serial") for r in replies] == sent
    assert [r.body[0] for r in replies] == [vm_path(f"vm{i % 30:03}") for i in range(100)]
    info = plain(world.client().manager("GetDebugInfo", "a{sv}", {})[0])
    assert info["parked-messages"] == 0 and daemon.process.poll() is None


def test_callers_who_do_not_wait_for_their_answer(world):
    daemon = world.start(world.tiny("web"))
    for _ in range(30):
        with world.client() as caller:
            for _ in range(20):
                caller.post(NAME, ROOT, MANAGER, "ListVMs", "sua{sv}", "", 0, {})
            caller.post(NAME, ROOT, MANAGER, "Subscribe", "a{sv}", {})
            caller.post(NAME, ROOT, MANAGER, "Reload", "a{sv}", {})
    caller = world.client()

    def no_subscriber():
        try:
            return plain(caller.manager("GetDebugInfo", "a{sv}", {})[0])["subscribers"] == 0
        except BusError as refused:   # of root's calls there are too many for a moment
            assert refused.short == "LimitsExceeded"
            return False
    wait_until(no_subscriber, "no subscriber")
    assert daemon.process.poll() is None


def test_the_journal_refuses_what_it_does_not_have(world):
    world.start(world.tiny("web"))
    caller = world.client()
    stream, last = caller.get(ROOT, JOURNAL, "Stream"), caller.get(ROOT, JOURNAL, "Last")
    with pytest.raises(BusError) as refused:
        caller.call(NAME, ROOT, JOURNAL, "Read", "stua{sv}", "another", 1, 0, {})
    assert refused.value.short == "JournalTruncated" and f"stream={stream}" in refused.value.text
    events, through = caller.call(NAME, ROOT, JOURNAL, "Read", "stua{sv}", stream, last, 0, {})
    assert (events, through) == ([], last)
    assert error_of(caller, ROOT, JOURNAL, "Read", "stua{sv}", stream, 2**64 - 1, 0, {}) in (
        None, f"{NAME}.Error.InvalidArgument", f"{NAME}.Error.JournalTruncated")


def test_properties_cannot_be_set(world):
    world.start(world.tiny("web"))
    caller = world.client()
    for path, interface, name in ((vm_path("web"), VM, "State"), (ROOT, MANAGER, "Version")):
        assert error_of(caller, path, PROPERTIES, "Set", "ssv", interface, name, ("s", "x")) in (
            "org.freedesktop.DBus.Error.PropertyReadOnly", "org.freedesktop.DBus.Error.AccessDenied")


def test_the_contract_is_what_is_published(world):
    """Introspection of the live objects has every member of the XML files, and no other of our interfaces."""
    world.start(world.tiny("web"))
    caller = world.client()
    job, = caller.vm("web", "Start", "a{sv}", {})
    for path, interfaces in ((ROOT, (MANAGER, JOURNAL, AGENTS)), (vm_path("web"), (VM,)), (job, (JOB,))):
        text, = caller.call(NAME, path, "org.freedesktop.DBus.Introspectable", "Introspect")
        live = {i.get("name"): i for i in ElementTree.fromstring(text).findall("interface")}
        assert {n for n in live if n.startswith(NAME)} == set(interfaces), path
        for name in interfaces:
            assert shape(live[name]) == shape(INTERFACES[name])
    world.follower().vm("web", "PowerOff", "a{sv}", {})


def shape(interface):
    members = {}
    for kind in ("method", "signal", "property"):
        for member in interface.findall(kind):
            arguments = [(a.get("type"), a.get("direction", "out" if kind == "signal" else "in"))
                         for a in member.findall("arg")]
            emits = [a.get("value") for a in member.findall("annotation")
                     if a.get("name") == "org.freedesktop.DBus.Property.EmitsChangedSignal"] or ["true"]
            members[kind, member.get("name")] = (arguments, member.get("type"), emits if kind == "property" else None)
    return members
