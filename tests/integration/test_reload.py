"""Reading the configuration again while guests run."""
import os
import signal

import pytest
from harness import vms
from harness.accounts import ALICE, BOB, OLGA, Account
from harness.client import MANAGER, NAME, ROOT, VM, BusError, field, plain, vm_path
from harness.events import command, next_event


def reload(caller, **options):
    return plain(caller.manager("Reload", "a{sv}", {k: ("b", v) for k, v in options.items()})[0])


def changes(report):
    return {k: sorted(report[k]) for k in ("added", "changed", "removed")}


def details(report):
    """Of each VM: what is done with it, with what effect, and the keys that differ."""
    return {row[0]: (row[1], row[2], [key[0] for key in row[3]]) for row in report["details"]}


def up(world, caller, vm):
    assert command(caller, vm, "Start")["Result"] == "done"
    console = world.console(caller, vm)
    console.until("MARKER-UP")
    return console


def test_new_changed_and_gone(world):
    world.start(world.tiny("stays") + world.tiny("changes") + world.tiny("goes") + world.tiny("rests"))
    caller = world.follower()
    for name in ("stays", "changes", "goes"):
        up(world, caller, name)
    text = world.tiny("stays") + world.tiny("changes", memory="32M") + world.tiny("new")
    world.write(text)
    would = reload(caller, **{"dry-run": True})
    assert changes(would) == {"added": ["new"], "changed": ["changes"], "removed": ["goes", "rests"]}
    assert details(would) == {"goes": ("removed", "stop-and-remove", []), "rests": ("removed", "remove", []),
                              "changes": ("changed", "next-cold-start", ["memory"]), "new": ("added", "now", [])}
    assert sorted(caller.list_vms()) == ["changes", "goes", "rests", "stays"]
    did = reload(caller)
    assert did == would   # with all details
    next_event(caller, "goes", type="state", state="stopping")
    next_event(caller, "goes", type="vm-removed", state="stopped")
    assert sorted(caller.list_vms()) == ["changes", "new", "stays"]
    changed = caller.get_all(vm_path("changes"), VM)
    assert (changed["State"], changed["ConfigPending"], changed["Memory"]) == ("running", True, 16 << 20)
    assert not caller.get(vm_path("stays"), VM, "ConfigPending")
    # The change takes its effect at the next cold start.
    assert command(caller, "changes", "Stop")["Result"] == "done"
    up(world, caller, "changes")
    changed = caller.get_all(vm_path("changes"), VM)
    assert (changed["ConfigPending"], changed["Memory"]) == (False, 32 << 20)


def test_nothing_changed_says_nothing(world):
    world.start(world.tiny("web"))
    caller = world.follower()
    caller.drain()
    did = reload(caller)
    assert (did["added"], did["changed"], did["removed"]) == ([], [], [])
    assert caller.drain() == []


@pytest.mark.parametrize("broken", [
    "vm web {", "template a { }\ntemplate a { }\n", "vm web { memory = 1G }\n",
    "vm web {\n    backend = qemu; loader = bios;\n}\n", "vm web { .apply nothing; memory = 1G; }\n",
    "global { nonsense = 1; }\n"])
def test_what_cannot_be_read_changes_nothing(world, broken):
    world.start(world.tiny("web"))
    caller = world.follower()
    up(world, caller, "web")
    caller.drain()
    world.write(broken)
    for options in ({"dry-run": True}, {}):
        with pytest.raises(BusError) as refused:
            reload(caller, **options)
        assert refused.value.short == "ConfigInvalid"
        assert f"{world.config}:1:" in refused.value.text or f"{world.config}:2:" in refused.value.text
    world.daemons[0].signal(signal.SIGHUP)
    world.daemons[0].logged("SIGHUP")
    world.daemons[0].logged("error: the configuration is wrong: nothing was changed")
    assert caller.state("web")[0] == "running" and caller.drain() == []


def test_what_holds_for_the_whole_daemon_waits_for_its_next_start(world):
    world.start(world.tiny("hers", owner=ALICE))
    world.write('global { observers = "apiary-observers"; }\n' + world.tiny("hers", owner=ALICE))
    report = reload(world.client())
    assert any("next start" in line for line in report["diagnostics"]), report
    assert list(world.client(OLGA).list_vms()) == []


def test_sighup(world):
    daemon = world.start(world.tiny("web"))
    caller = world.follower()
    world.write(world.tiny("web") + world.tiny("new"))
    daemon.signal(signal.SIGHUP)
    next_event(caller, "new", type="vm-added")
    assert sorted(caller.list_vms()) == ["new", "web"]


def test_a_name_that_comes_back_while_it_is_stopped(world):
    """Gone and back before its guest has ended: one VM, never two hypervisors."""
    world.start(world.tiny("web", stop_timeout=60))
    caller = world.follower()
    console = up(world, caller, "web")
    console.write("i")
    console.until("MARKER-IGNORE on")
    world.write("")
    reload(caller)
    console.until("MARKER-PB")
    world.write(world.tiny("web"))
    reload(caller)
    console.write("p")
    next_event(caller, "web", type="state", state="stopped")
    caller.drain()
    assert list(caller.list_vms()) == ["web"]
    up(world, caller, "web")


@pytest.fixture(params=["syntax", "duplicate", "mode", "gone", "link", "not a file"])
def spoil(request, world):
    """Makes Alice's file, in her own folder, one that cannot be read: in each way that there is."""
    folder = world.own_folder(ALICE)

    def make(path):
        if request.param == "syntax":
            path.write_text(world.tiny("runs") + "vm hers {\n    memory = 16M\n}\n")
        elif request.param == "duplicate":
            path.write_text(world.tiny("hers") + "template a { }\ntemplate a { }\n")
        elif request.param == "mode":
            path.chmod(0o666)
        elif request.param == "gone":
            path.unlink()
        elif request.param == "link":
            path.unlink()
            path.symlink_to("/etc/shadow")
            os.lchown(path, Account(ALICE).uid, -1)
        else:
            path.unlink()
            path.mkdir()
            os.chown(path, Account(ALICE).uid, -1)
    return folder, make


def hers(world, folder, text):
    path = folder / "own.conf"
    return world.write_user(ALICE, text, path.relative_to(world.folder))


def test_a_users_broken_file_is_his_trouble_alone(world, spoil):
    """At the start: her VMs are not there, the others are."""
    folder, make = spoil
    path = hers(world, folder, world.tiny("hers"))
    make(path)
    daemon = world.start(world.tiny("roots"))
    daemon.logged(f"{path}:", "error")
    assert sorted(world.client().list_vms()) == ["roots"]
    checked = daemon.run("--check")
    assert checked.returncode == 1 and f"{path}:" in checked.stderr and "1 VM;" in checked.stdout, checked


def test_a_users_file_that_has_become_wrong(world, spoil):
    """At a reload: what she has stays as it is, running or not, until she has mended it; others' changes are made."""
    folder, make = spoil
    text = world.tiny("runs") + world.tiny("rests")
    path = hers(world, folder, text)
    world.start(world.tiny("roots"))
    caller, alice = world.follower(), world.follower(ALICE)
    up(world, alice, "runs")
    alice.drain()

    make(path)
    world.write(world.tiny("roots", memory="32M") + world.tiny("new"))
    for options in ({"dry-run": True}, {}):
        report = reload(caller, **options)
        assert changes(report) == {"added": ["new"], "changed": ["roots"], "removed": []}
        assert any(f"{path}:" in line for line in report["diagnostics"]), report
        assert any("nothing is taken" in line and "runs" in line for line in report["diagnostics"]), report
    assert alice.drain() == []
    assert sorted(alice.list_vms()) == ["rests", "runs"] and alice.state("runs")[0] == "running"
    assert changes(reload(caller)) == {"added": [], "changed": [], "removed": []}
    up(world, alice, "rests")
    assert command(alice, "rests", "Stop")["Result"] == "done"

    if path.is_dir():
        path.rmdir()
    path.unlink(missing_ok=True)
    hers(world, folder, world.tiny("runs"))
    assert changes(reload(caller)) == {"added": [], "changed": [], "removed": ["rests"]}
    assert sorted(alice.list_vms()) == ["runs"] and alice.state("runs")[0] == "running"


def test_roots_files_are_taken_as_a_whole_or_not(world):
    """One VM of root's is wrong: nothing changes, neither that VM nor another, nor anything of users; it is told why."""
    hers = world.write_user(ALICE, world.tiny("hers"))
    world.start(world.tiny("web") + world.tiny("other"))
    caller = world.follower()
    up(world, caller, "web")
    caller.drain()
    hers.write_text("")
    world.write(world.tiny("web", disk="virtio-blk:/nowhere/disk.img", memory="32M") + world.tiny("other", memory="32M")
                + world.tiny("new"))
    for options in ({"dry-run": True}, {}):
        with pytest.raises(BusError) as refused:
            reload(caller, **options)
        assert refused.value.short == "ConfigInvalid" and "nothing was changed" in refused.value.text
        assert f"{world.config}:" in refused.value.text and "error: vm web: disk: " in refused.value.text
    assert caller.drain() == [] and sorted(caller.list_vms()) == ["hers", "other", "web"]
    assert caller.get(vm_path("other"), VM, "Memory") == 16 << 20 and caller.state("web")[0] == "running"
    world.write(world.tiny("other", memory="32M"))
    assert changes(reload(caller)) == {"added": [], "changed": ["other"], "removed": ["hers", "web"]}
    next_event(caller, "web", type="vm-removed")


def test_of_a_user_all_is_taken_or_nothing(world):
    """One VM of hers is wrong: none of hers is new, changed or gone. Losing a name to another is not such an error."""
    path = world.write_user(ALICE, world.tiny("a1") + world.tiny("a2") + world.tiny("goes"))
    bobs = world.write_user(BOB, world.tiny("bobs"))
    daemon = world.start("")
    caller = world.follower()
    path.write_text(world.tiny("a1", memory="lots") + world.tiny("a2", memory="32M") + world.tiny("new"))
    bobs.write_text(world.tiny("bobs", memory="32M") + world.tiny("a1"))
    would, did = reload(caller, **{"dry-run": True}), reload(caller)
    assert would == did and changes(did) == {"added": [], "changed": ["bobs"], "removed": []}
    assert details(did) == {"bobs": ("changed", "now", ["memory"]),
                            **{vm: ("kept", "none", []) for vm in ("a1", "a2", "goes")}}
    why = {row[0]: row[4] for row in did["details"]}
    assert why["goes"].startswith(f"{path}:") and "memory" in why["goes"]
    assert sorted(caller.list_vms()) == ["a1", "a2", "bobs", "goes"]
    assert caller.get(vm_path("a2"), VM, "Memory") == 16 << 20
    path.write_text(world.tiny("a1") + world.tiny("a2", memory="32M") + world.tiny("new"))
    daemon.signal(signal.SIGHUP)
    next_event(caller, "goes", type="vm-removed")
    assert sorted(caller.list_vms()) == ["a1", "a2", "bobs", "new"]
    assert caller.get(vm_path("a2"), VM, "Memory") == 32 << 20


def test_a_file_that_nothing_leads_to_any_more_is_gone(world):
    """What an .include names must be there; of a pattern, or without the .include, it is simply gone."""
    (world.folder / "conf.d").mkdir()
    for name in ("a", "b"):
        world.write(world.tiny(name), f"conf.d/{name}.conf")
    world.start('.include "conf.d/*.conf";\n')
    caller = world.client()
    (world.folder / "conf.d/a.conf").unlink()
    assert changes(reload(caller)) == {"added": [], "changed": [], "removed": ["a"]}
    world.write('.include "conf.d/a.conf";\n.include "conf.d/b.conf";\n')
    with pytest.raises(BusError) as refused:
        reload(caller)
    assert refused.value.short == "ConfigInvalid" and "a.conf" in refused.value.text
    world.write("")
    assert changes(reload(caller)) == {"added": [], "changed": [], "removed": ["b"]}


def test_a_name_is_not_taken_over_while_its_file_is_wrong(world):
    """Bob names a VM as Alice's, whose file cannot be read just now: hers it stays. Root may take it."""
    folder = world.own_folder(ALICE)
    path = hers(world, folder, world.tiny("web"))
    bobs = world.write_user(BOB, "")
    world.start("")
    caller = world.client()
    path.write_text("vm {")
    bobs.write_text(world.tiny("WEB") + world.tiny("bobs"))
    report = reload(caller)
    assert changes(report) == {"added": ["bobs"], "changed": [], "removed": []}
    assert any(f"{bobs}:1:1:" in line and "already" in line for line in report["diagnostics"]), report
    assert list(world.client(ALICE).list_vms()) == ["web"] and list(world.client(BOB).list_vms()) == ["bobs"]
    world.write(world.tiny("web", owner=BOB))
    assert changes(reload(caller))["changed"] == ["web"]
    assert sorted(world.client(BOB).list_vms()) == ["bobs", "web"] and list(world.client(ALICE).list_vms()) == []


def test_many_reloads_at_once(world):
    """They are made one after the other, in the order of the calls: the last one's reading is what holds."""
    world.start(world.tiny("web"))
    caller, other = world.client(), world.client()
    serials = [caller.post(NAME, ROOT, MANAGER, "Reload", "a{sv}", {}) for _ in range(8)]
    errors = [field(caller.reply_to(serial)[0], "error_name") for serial in serials]
    assert set(errors) <= {None, f"{NAME}.Error.LimitsExceeded"} and errors[0] is None
    for memory in range(17, 27):
        world.write(world.tiny("web", memory=f"{memory}M"))
        world.daemons[0].signal(signal.SIGHUP)
    reload(other)
    assert other.get(vm_path("web"), VM, "Memory") == 26 << 20


def test_no_reload_while_the_daemon_ends(world):
    daemon = world.start(world.tiny("web", stop_timeout=600))
    caller = world.follower()
    console = up(world, caller, "web")
    console.write("i")
    console.until("MARKER-IGNORE on")
    caller.manager("Shutdown", "a{sv}", {})
    console.until("MARKER-PB")
    for call in (lambda: reload(caller), lambda: reload(caller, **{"dry-run": True})):
        with pytest.raises(BusError) as refused:
            call()
        assert refused.value.short == "ShuttingDown"
    daemon.signal(signal.SIGHUP)
    caller.manager("Shutdown", "a{sv}", {"force": ("b", True)})
    assert daemon.wait() == 0
