"""Who may know of what, and do what: two users with a VM each, their group, the observers, everybody."""
import os
import subprocess

import pytest
from harness.accounts import ALICE, BOB, CAROL, OLGA, TEAM, Account
from harness.client import (INTROSPECTABLE, JOB, NAME, OBJECT_MANAGER, PROPERTIES, ROOT, VM, BusError,
                            encode_path_element, field, vm_path)
from harness.events import command, journal, job_end

ALL_RIGHTS = ["see", "console-read", "console-write", "operate", "admin"]


@pytest.fixture
def two(world):
    """Alice's and Bob's own VM, from root's file."""
    world.start(world.tiny("hers", owner=ALICE) + world.tiny("his", owner=BOB))
    return world


def names(caller):
    return sorted(caller.list_vms())


def rights(caller, vm):
    return caller.manager("GetPermissions", "s", vm)[0]


def start(world, caller, vm):
    """Started, and its guest is up: it hears the power button."""
    assert command(caller, vm, "Start")["Result"] == "done"
    console = world.console(caller, vm)
    console.until("MARKER-UP")
    return console


def refusal(call, *arguments, **more):
    with pytest.raises(BusError) as refused:
        call(*arguments, **more)
    return refused.value


def test_each_sees_his_own(two):
    assert names(two.client(ALICE)) == ["hers"]
    assert names(two.client(BOB)) == ["his"]
    assert names(two.client(CAROL)) == []
    assert names(two.client()) == ["hers", "his"]


def test_the_owner_needs_no_root(two):
    alice = two.follower(ALICE)
    console = start(two, alice, "hers")
    assert {e.details.get("uid") for e in journal(alice, type=("s", "job-new"))} <= {str(Account(ALICE).uid), None}
    assert rights(alice, "hers") == ALL_RIGHTS[:-1]
    assert command(alice, "hers", "Pause")["Result"] == "done"
    assert command(alice, "hers", "Resume")["Result"] == "done"
    assert command(alice, "hers", "Stop")["Result"] == "done"
    console.until("MARKER-PB")


def test_the_guest_runs_as_its_owner(two):
    alice = two.follower(ALICE)
    start(two, alice, "hers")
    pid = alice.get(vm_path("hers"), VM, "HypervisorPid")
    with open(f"/proc/{pid}/status") as file:
        status = dict(line.split(":\t", 1) for line in file.read().splitlines() if ":\t" in line)
    account = Account(ALICE)
    assert status["Uid"].split() == [str(account.uid)] * 4
    assert status["Gid"].split() == [str(account.gid)] * 4
    assert {int(g) for g in status["Groups"].split()} <= set(account.groups)
    assert int(status["CapEff"], 16) == 0


def test_admin_is_roots(two):
    alice = two.client(ALICE)
    for member, signature, arguments in (("Reload", "a{sv}", [{}]), ("Shutdown", "a{sv}", [{}]), ("Restart", "a{sv}", [{}]),
                                         ("GetDebugInfo", "a{sv}", [{}]), ("GetConfig", "a{sv}", [{}])):
        assert refusal(alice.manager, member, signature, *arguments).short == "AccessDenied"
    assert refusal(alice.vm, "hers", "FailReset", "a{sv}", {"force": ("b", True)}).short == "AccessDenied"
    assert rights(two.client(), "") == ALL_RIGHTS
    assert rights(alice, "") == []
    assert alice.state("hers")[0] == "stopped" and two.daemons[0].process.poll() is None


def test_group_members_hold_what_the_owner_holds(world):
    world.start(world.tiny("shared", owner=f"{ALICE}:{TEAM}"))
    carol = world.follower(CAROL)
    assert rights(carol, "shared") == ALL_RIGHTS[:-1]
    start(world, carol, "shared")
    assert refusal(carol.manager, "Reload", "a{sv}", {}).short == "AccessDenied"
    assert command(carol, "shared", "Stop")["Result"] == "done"
    assert names(world.client(BOB)) == []


def test_visible_to_all_is_not_operable_by_all(world):
    world.start(world.tiny("shop", owner=ALICE, visibility="all"))
    bob = world.client(BOB)
    assert names(bob) == ["shop"] and rights(bob, "shop") == ["see"]
    for member in ("Start", "Stop", "PowerOff", "Reset", "Pause", "Resume", "FailReset", "OpenConsole",
                   "GetConfig", "GetConfigDiff"):
        assert refusal(bob.vm, "shop", member, "a{sv}", {}).short == "AccessDenied", member
    assert refusal(bob.vm, "shop", "OpenConsole", "a{sv}", {"mode": ("s", "read")}).short == "AccessDenied"
    # A match rule is enough to follow it.
    bob.follow(subscribe=False)
    alice = world.follower(ALICE)
    job, = alice.vm("shop", "Start", "a{sv}", {})
    assert job_end(alice, job)["Result"] == "done"
    assert job_end(bob, job)["Result"] == "done"
    world.console(alice, "shop").until("MARKER-UP")
    assert refusal(bob.call, NAME, job, JOB, "Cancel", "a{sv}", {}).short == "AccessDenied"


def test_the_configuration_is_for_who_may_operate(world):
    world.start(world.tiny("hers", owner=f"{ALICE}:{TEAM}", visibility="all", graphics_password="hunter2")
                + world.tiny("his", owner=BOB))
    for account in (None, ALICE, CAROL):
        settings = world.client(account).vm("hers", "GetConfig", "a{sv}", {})[0]
        assert ("owner", [f"{ALICE}:{TEAM}"]) in [(row[0], row[1]) for row in settings]
        assert "hunter2" not in repr(settings)   # not even to root
        assert world.client(account).vm("hers", "GetConfigDiff", "a{sv}", {})[0] == []
    assert refusal(world.client(BOB).vm, "hers", "GetConfig", "a{sv}", {}).short == "AccessDenied"
    for member in ("GetConfig", "GetConfigDiff"):   # of what she may not know of
        hidden = refusal(world.client(ALICE).vm, "his", member, "a{sv}", {})
        absent = refusal(world.client(ALICE).vm, "hos", member, "a{sv}", {})
        assert (hidden.short, hidden.text.replace("his", "hos")) == (absent.short, absent.text)
    assert world.client().manager("GetConfig", "a{sv}", {})


def test_observers_see_everything_and_do_nothing(world):
    world.start('global { observers = "apiary-observers"; }\n' + world.tiny("hers", owner=ALICE))
    olga = world.follower(OLGA)
    assert names(olga) == ["hers"] and rights(olga, "hers") == ["see"] and rights(olga, "") == ["see"]
    for member in ("Start", "Stop", "PowerOff", "Reset", "Pause", "Resume", "FailReset", "OpenConsole",
                   "GetConfig", "GetConfigDiff"):
        assert refusal(olga.vm, "hers", member, "a{sv}", {}).short == "AccessDenied", member
    assert refusal(olga.vm, "hers", "OpenConsole", "a{sv}", {"mode": ("s", "read")}).short == "AccessDenied"
    for member in ("Reload", "Shutdown", "Restart", "GetDebugInfo", "GetConfig"):
        assert refusal(olga.manager, member, "a{sv}", {}).short == "AccessDenied"
    alice = world.follower(ALICE)
    job, = alice.vm("hers", "Start", "a{sv}", {})
    assert job_end(olga, job)["Result"] == "done"
    world.console(alice, "hers").until("MARKER-UP")
    assert [e.vm for e in journal(olga) if e.type == "job-end"] == ["hers"]


def test_a_raw_match_rule_of_the_wrong_user_hears_nothing(two):
    """Neither of the VM (Event, PropertiesChanged, InterfacesAdded and Removed) nor of its jobs."""
    bob = two.client(BOB)
    bob.match("type='signal'")
    bob.match(f"type='signal',path_namespace='{ROOT}'")
    bob.match(f"type='signal',sender='{NAME}',path='{vm_path('hers')}'")
    bob.manager("Subscribe", "a{sv}", {"vm": ("as", ["hers", "next"])})
    for rule in ("type='signal',eavesdrop='true'", "eavesdrop='true'"):
        with pytest.raises(BusError):    # eavesdropping is not for users
            bob.match(rule) or bob.call("org.freedesktop.DBus", "/org/freedesktop/DBus",
                                        "org.freedesktop.DBus.Monitoring", "BecomeMonitor", "asu", [], 0)
    alice = two.follower(ALICE)
    for member in ("Start", "Pause", "Resume", "PowerOff"):
        assert command(alice, "hers", member)["Result"] == "done"
    two.write(two.tiny("next", owner=ALICE) + two.tiny("his", owner=BOB))    # one comes, one goes
    two.client().manager("Reload", "a{sv}", {})
    heard = {(field(m, "interface"), field(m, "member")) for m in alice.drain()}
    assert {(VM, "Event"), (OBJECT_MANAGER, "InterfacesAdded"), (OBJECT_MANAGER, "InterfacesRemoved")} <= heard
    of_ours = [m for m in bob.drain() if (field(m, "path") or "").startswith(ROOT)]
    assert of_ours == [], [(field(m, "path"), field(m, "member"), m.body) for m in of_ours]


def test_what_is_shown_to_nobody_any_more(world):
    """A VM that becomes its owner's alone goes from everybody's sight, and the other way round."""
    world.start(world.tiny("web", owner=ALICE, visibility="all"))
    bob, alice = world.client(BOB).follow(subscribe=False), world.follower(ALICE)
    world.write(world.tiny("web", owner=ALICE))
    world.client().manager("Reload", "a{sv}", {})
    bob.next_signal(lambda m: field(m, "member") == "InterfacesRemoved" and m.body[0] == vm_path("web"))
    assert names(bob) == [] and names(alice) == ["web"]
    bob.drain()
    for member in ("Start", "PowerOff"):
        assert command(alice, "web", member)["Result"] == "done"
    assert [m for m in bob.drain() if (field(m, "path") or "").startswith(ROOT)] == []
    world.write(world.tiny("web", owner=ALICE, visibility="all"))
    world.client().manager("Reload", "a{sv}", {})
    bob.next_signal(lambda m: field(m, "member") == "InterfacesAdded" and m.body[0] == vm_path("web"))
    assert names(bob) == ["web"]


def test_the_journal_keeps_its_mouth_shut(two):
    alice, bob = two.follower(ALICE), two.client(BOB)
    start(two, alice, "hers")
    assert {e.vm for e in journal(alice)} == {"hers"}
    assert {e.vm for e in journal(bob)} == {"his"}
    assert journal(bob, vm=("s", "hers")) == []
    _, jobs, _ = bob.manager("ListJobs", "tua{sv}", 0, 0, {})
    assert jobs == []


def masked(raw, serials, *words):
    """A raw message without what must differ: both serials (and, in the header, the receiver)."""
    data = bytearray(raw)
    data[8:12] = b"\0\0\0\0"
    for word in words:
        data = bytearray(bytes(data).replace(word.encode(), b"#" * len(word)))
    for serial in serials:
        data = bytearray(bytes(data).replace(b"\x05\x01u\0" + serial.to_bytes(4, "little"), b"\x05\x01u\0####"))
    return bytes(data)


# A VM that is there and hidden, and one that is not, with a name of the same length and place in the order.
HIDDEN, MISSING = "hers", "herz"


def calls(vm):
    path, element = vm_path(vm), encode_path_element(vm)
    text = {"vm": ("s", vm)}
    yield "GetVM", (ROOT, f"{NAME}.Manager", "GetVM", "s", vm)
    yield "GetPermissions", (ROOT, f"{NAME}.Manager", "GetPermissions", "s", vm)
    yield "ListVMs", (ROOT, f"{NAME}.Manager", "ListVMs", "sua{sv}", "", 0, text)
    yield "ListVMs after it", (ROOT, f"{NAME}.Manager", "ListVMs", "sua{sv}", vm, 0, {})
    yield "ListJobs", (ROOT, f"{NAME}.Manager", "ListJobs", "tua{sv}", 0, 0, text)
    yield "Read", (ROOT, f"{NAME}.Journal", "Read", "stua{sv}", "", 0, 0, text)
    yield "Subscribe", (ROOT, f"{NAME}.Manager", "Subscribe", "a{sv}", text)
    for member in ("Start", "Stop", "PowerOff", "Reset", "Pause", "Resume", "FailReset", "OpenConsole",
                   "GetConfig", "GetConfigDiff"):
        yield member, (path, VM, member, "a{sv}", {})
        yield f"{member} with a wrong option", (path, VM, member, "a{sv}", {"nonsense": ("s", "")})
        yield f"{member} with known options", (path, VM, member, "a{sv}", {"force": ("b", True), "mode": ("s", "read")})
        yield f"{member} without arguments", (path, VM, member, "")
        yield f"{member} with the wrong arguments", (path, VM, member, "su", "x", 1)
        yield f"{member} with too many arguments", (path, VM, member, "a{sv}s", {}, "x")
        yield f"{member} without an interface", (path, None, member, "a{sv}", {})
    yield "GetPermissions of the VM", (path, VM, "GetPermissions", "")
    yield "no such member", (path, VM, "Nonsense", "")
    yield "no such interface", (path, "org.example.None", "Nonsense", "")
    yield "Get", (path, PROPERTIES, "Get", "ss", VM, "State")
    yield "Get of nothing", (path, PROPERTIES, "Get", "ss", VM, "Nonsense")
    yield "Get of a wrong interface", (path, PROPERTIES, "Get", "ss", JOB, "State")
    yield "Get without arguments", (path, PROPERTIES, "Get", "")
    yield "Set", (path, PROPERTIES, "Set", "ssv", VM, "State", ("s", "running"))
    yield "Set of nothing", (path, PROPERTIES, "Set", "ssv", VM, "Nonsense", ("s", "running"))
    yield "Set of the wrong type", (path, PROPERTIES, "Set", "ssv", VM, "State", ("u", 1))
    yield "Set without a value", (path, PROPERTIES, "Set", "ss", VM, "State")
    yield "GetAll", (path, PROPERTIES, "GetAll", "s", VM)
    yield "GetAll of everything", (path, PROPERTIES, "GetAll", "s", "")
    yield "Introspect", (path, INTROSPECTABLE, "Introspect", "")
    yield "Introspect above", (f"{ROOT}/vm", INTROSPECTABLE, "Introspect", "")
    yield "Introspect below", (f"{path}/x", INTROSPECTABLE, "Introspect", "")
    yield "Introspect beside", (f"{path}_", INTROSPECTABLE, "Introspect", "")
    yield "GetManagedObjects", (ROOT, OBJECT_MANAGER, "GetManagedObjects", "")
    yield "GetManagedObjects of the VM", (path, OBJECT_MANAGER, "GetManagedObjects", "")
    yield "GetMachineId", (path, "org.freedesktop.DBus.Peer", "GetMachineId", "")
    yield "Ping", (path, "org.freedesktop.DBus.Peer", "Ping", "")
    yield "upper case", (path.replace(element, element.upper()), VM, "Start", "a{sv}", {})


def ask(caller, call):
    path, interface, member, signature, *arguments = call
    serial = caller.post(NAME, path, interface, member, signature, *arguments)
    _, raw = caller.reply_to(serial)
    return masked(raw, [serial], HIDDEN, MISSING, HIDDEN.upper(), MISSING.upper())


def test_hidden_is_missing_to_the_byte(two):
    """A user cannot find out that a VM exists, by no member of any interface, whether it rests or runs."""
    alice, bob = two.follower(ALICE), two.client(BOB)
    for state in ("stopped", "running"):
        if state == "running":
            start(two, alice, "hers")
        differences = []
        for (what, hidden), (_, missing) in zip(calls(HIDDEN), calls(MISSING)):
            one, other = ask(bob, hidden), ask(bob, missing)
            if one != other:
                differences.append(f"{what} ({state}): {one!r} is not {other!r}")
        assert not differences, "\n".join(differences)
    by_name = dict(calls(HIDDEN)), dict(calls(MISSING))
    for what in ("GetVM", "ListVMs", "Get", "GetAll", "Introspect", "GetPermissions of the VM", "no such member"):
        assert ask(alice, by_name[0][what]) != ask(alice, by_name[1][what]), what    # it would show


def test_a_hidden_job_is_missing_to_the_byte(two):
    alice, bob = two.follower(ALICE), two.client(BOB)
    job, = alice.vm("hers", "Start", "a{sv}", {})
    other = f"{ROOT}/job/" + str(10 ** len(job.rsplit("/", 1)[1]) - 1)
    assert len(other) == len(job) and other != job
    for interface, member, signature, arguments in (
            (JOB, "Cancel", "a{sv}", [{}]), (JOB, "Cancel", "", []), (PROPERTIES, "GetAll", "s", [JOB]),
            (PROPERTIES, "Get", "ss", [JOB, "Result"]), (INTROSPECTABLE, "Introspect", "", []),
            ("org.freedesktop.DBus.Peer", "Ping", "", [])):
        raws = []
        for path in (job, other):
            serial = bob.post(NAME, path, interface, member, signature, *arguments)
            raws.append(masked(bob.reply_to(serial)[1], [serial], job, other, job.rsplit("/", 1)[1],
                               other.rsplit("/", 1)[1]))
        assert raws[0] == raws[1], member
    serial = bob.post(NAME, f"{ROOT}/job", INTROSPECTABLE, "Introspect")
    assert b"<node name" not in bob.reply_to(serial)[1]
    job_end(alice, job)
    two.console(alice, "hers").until("MARKER-UP")


def test_a_running_vm_keeps_the_rights_it_was_started_with(world):
    world.start(world.tiny("web", owner=ALICE))
    alice, bob = world.follower(ALICE), world.follower(BOB)
    start(world, alice, "web")
    world.write(world.tiny("web", owner=BOB))
    world.client().manager("Reload", "a{sv}", {})
    assert names(alice) == ["web"] and names(bob) == []
    assert [m for m in bob.drain() if field(m, "interface") == VM] == []
    assert command(alice, "web", "Stop")["Result"] == "done"
    assert names(world.client(ALICE)) == [] and names(world.client(BOB)) == ["web"]


def test_plain_tools_are_enough(world):
    """busctl and gdbus as the unprivileged owner: look, start, follow, stop. As somebody else: not there."""
    world.start(world.tiny("web", owner=ALICE, visibility="all") + world.tiny("mine", owner=ALICE))
    address = f"--address={world.bus.address}"

    def busctl(account, *arguments):
        return world.run_as(account, "busctl", address, *arguments)
    tree = busctl(ALICE, "tree", NAME)
    assert vm_path("web") in tree.stdout and vm_path("mine") in tree.stdout, tree
    shown = busctl(ALICE, "introspect", NAME, vm_path("mine"))
    assert ".Start" in shown.stdout and ".State" in shown.stdout, shown
    tree = busctl(BOB, "tree", NAME)
    assert vm_path("web") in tree.stdout and vm_path("mine") not in tree.stdout, tree
    for arguments in (["introspect", NAME, vm_path("mine")], ["get-property", NAME, vm_path("mine"), VM, "State"],
                      ["call", NAME, vm_path("mine"), VM, "Start", "a{sv}", "0"]):
        refused = busctl(BOB, *arguments)
        assert refused.returncode != 0 and "Unknown object" in refused.stderr, refused
    refused = busctl(BOB, "call", NAME, vm_path("web"), VM, "Start", "a{sv}", "0")
    assert refused.returncode != 0 and "'operate'" in refused.stderr, refused

    # Bob follows by a match rule alone, which is what gdbus does.
    with subprocess.Popen(["stdbuf", "-oL", "gdbus", "monitor", "--address", world.bus.address, "--dest", NAME],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          **Account(BOB).popen_arguments()) as monitor:
        try:
            lines = iter(monitor.stdout.readline, "")
            next(line for line in lines if "is owned by" in line)
            for vm in ("mine", "web"):
                started = world.run_as(ALICE, "gdbus", "call", "--address", world.bus.address, "--dest", NAME,
                                       "--object-path", vm_path(vm), "--method", f"{VM}.Start", "{}")
                assert started.returncode == 0 and "/job/" in started.stdout, started
            heard = []
            for line in lines:
                heard.append(line)
                if f"{VM}.Event" in line and "'running'" in line:
                    break
            listener = world.follower(ALICE)
            for vm in ("mine", "web"):
                stopped = busctl(ALICE, "call", NAME, vm_path(vm), VM, "PowerOff", "a{sv}", "0")
                assert stopped.returncode == 0, stopped
            job_end(listener, vm_job(listener, "mine"))
            for line in lines:
                heard.append(line)
                if f"{VM}.Event" in line and "'stopped', ''" in line:
                    break
            assert any("PropertiesChanged" in line for line in heard)
            assert not [line for line in heard if "/vm/mine" in line or "'mine'" in line]
        finally:
            monitor.kill()


def vm_job(caller, vm):
    """The path of the newest job of a VM."""
    _, rows, _ = caller.manager("ListJobs", "tua{sv}", 0, 0, {"vm": ("s", vm)})
    return rows[-1][1]
