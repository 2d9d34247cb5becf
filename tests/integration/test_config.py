"""What a configuration means: shown by the daemon and from files, checked, compared before a reload, and converted."""
import json
import os
import subprocess

import pytest
from harness.accounts import ALICE, BOB, Account
from harness.cli import Ctl
from harness.cli_fixtures import FAILED, NOT_ALLOWED, NOT_FOUND, USAGE, begin, ctl
from harness.client import BusError, plain
from harness.events import command
from harness.world import BIN

__all__ = ["begin", "ctl"]   # fixtures


@pytest.fixture(autouse=True)
def reader(world):
    """apiary-config, beside the copy of apiaryctl."""
    world.program(BIN / "apiary-config")
    if (BIN / "apiary-ucl").exists():
        world.program(BIN / "apiary-ucl")


def template(world, **more):
    return world.tiny("unused", **more).replace('vm "unused"', "template base")


def settings(caller, vm, **options):
    rows = plain(caller.vm(vm, "GetConfig", "a{sv}", {k: ("s", v) for k, v in options.items()})[0])
    return {row[0]: row[1:] for row in rows}


def reload(caller, **options):
    return plain(caller.manager("Reload", "a{sv}", {k: ("b", v) for k, v in options.items()})[0])


# --- the daemon's ---

def test_each_value_with_its_origin(world):
    world.start(template(world, memory="24M") + "vm web {\n    .apply base;\n    boot_delay = 7;\n"
                '    graphics_password = "hunter2";\n    disk += "noexist:/x y";\n}\n')
    told = settings(world.client(), "web")
    values, origins, given, secret = told["boot_delay"]
    line = world.config.read_text().split("\n").index("    boot_delay = 7;") + 1
    assert (values, [list(o) for o in origins], given, secret) == (["7"], [[str(world.config), line, 18, ""]], True, False)
    values, origins, given, secret = told["memory"]
    assert (values, given) == (["24M"], True) and origins[0][0] == str(world.config) and origins[0][3] == "base"
    assert told["disk"][0][1] == "noexist:/x y" and [o[3] for o in told["disk"][1]] == ["base", ""]
    assert (told["utctime"][0], told["utctime"][1], told["utctime"][2]) == (["yes"], [], False)
    assert (told["graphics"][0], told["graphics"][2]) == (["yes"], False)   # implied
    assert told["kernel"][0] == [] and "cores" not in told and "id" not in told
    password = told["graphics_password"]
    assert password[0] == [] and len(password[1]) == 1 and tuple(password[2:]) == (True, True)
    assert "hunter2" not in repr(told)


def test_what_waits_for_the_next_cold_start(world):
    world.start(world.tiny("web"))
    caller = world.follower()
    assert command(caller, "web", "Start")["Result"] == "done"
    world.console(caller, "web").until("MARKER-UP")
    assert plain(caller.vm("web", "GetConfigDiff", "a{sv}", {})[0]) == []
    world.write(world.tiny("web", memory="32M", ncpu="2", boot_delay=3, graphics_password="hunter2",
                           graphics_path=f"{world.folder}/vnc"))
    report = reload(caller)
    assert "hunter2" not in repr(report)
    name, action, effect, keys, why = report["details"][0]
    assert (name, action, effect, why) == ("web", "changed", "next-cold-start", "") and report["details-complete"] is True
    found = {key[0]: tuple(key[1:]) for key in keys}
    assert found["memory"] == (["16M"], ["32M"], "next-cold-start")
    assert found["boot_delay"] == ([], ["3"], "now")
    waiting = {row[0]: (row[1], row[2]) for row in plain(caller.vm("web", "GetConfigDiff", "a{sv}", {})[0])}
    assert waiting["memory"] == (["16M"], ["32M"]) and waiting["ncpu"] == ([], ["2"])
    assert waiting["graphics_password"] == ([], ["(secret)"]) and "boot_delay" not in waiting
    assert settings(caller, "web")["memory"][0] == ["16M"]
    assert settings(caller, "web", which="running")["ncpu"][0] == ["1"]
    assert settings(caller, "web", which="pending")["memory"][0] == ["32M"]
    assert command(caller, "web", "PowerOff")["Result"] == "done"
    assert command(caller, "web", "Start")["Result"] == "done"
    assert plain(caller.vm("web", "GetConfigDiff", "a{sv}", {})[0]) == []
    assert settings(caller, "web")["memory"][0] == ["32M"]


def test_bad_questions(world):
    world.start(world.tiny("web"))
    caller = world.client()
    for options, error in (({"which": ("s", "other")}, "InvalidArgument"), ({"what": ("s", "x")}, "InvalidOption"),
                           ({"which": ("b", True)}, "InvalidArgument")):
        with pytest.raises(BusError) as refused:
            caller.vm("web", "GetConfig", "a{sv}", options)
        assert refused.value.short in (error, "InvalidOption"), refused.value.text
    for call in (lambda: caller.vm("web", "GetConfigDiff", "a{sv}", {"x": ("b", True)}),
                 lambda: caller.manager("GetConfig", "a{sv}", {"x": ("b", True)})):
        with pytest.raises(BusError) as refused:
            call()
        assert refused.value.short == "InvalidOption"


def test_the_configuration_as_a_whole(world):
    daemon = world.start('global { observers = "apiary-observers"; nmdm_offset = 300; }\n' + world.tiny("web"))
    caller = world.client()
    told = plain(caller.manager("GetConfig", "a{sv}", {})[0])
    assert told["files"] == [str(world.config)] and told["taken"] is True and told["diagnostics"] == []
    assert told["globals"] == {"observers": "apiary-observers", "nmdm_offset": 300} and told["loaded"] > 1.6e15
    world.write("vm web {")
    with pytest.raises(BusError):
        reload(caller)
    after = plain(caller.manager("GetConfig", "a{sv}", {})[0])
    assert after["taken"] is False and f"{world.config}:1:" in after["diagnostics"][0]
    assert after["globals"] == told["globals"] and after["loaded"] >= told["loaded"]
    assert daemon.process.poll() is None


# --- apiaryctl: show ---

def test_show_from_the_daemon(world, ctl):
    world.start(template(world) + f"vm web {{\n    .apply base;\n    owner = {ALICE};\n}}\n" + world.tiny("his", owner=BOB))
    shown = ctl("config", "show", "web").stdout
    assert shown.startswith("web\n") and f"{world.config}:" in shown and "(template base)" in shown
    row, = [line.split() for line in shown.splitlines() if line.split()[:1] == ["owner"]]
    assert row[:2] == ["owner", ALICE]
    assert [line.split()[-1] for line in shown.splitlines() if line.split()[:1] == ["utctime"]] == ["default"]
    both = ctl("config", "show").stdout
    assert "\nweb\n" in both and both.startswith("his\n")
    alice = Ctl(world, ALICE)
    assert alice("config", "show").stdout.startswith("web\n")
    told = alice.json("config", "show", "web")
    vm, = told["vms"]
    assert told["which"] == "running" and vm["name"] == "web" and vm["texts"]["memory"] == ["16M"]
    assert vm["origins"]["memory"][0]["template"] == "base" and vm["origins"]["memory"][0]["file"] == str(world.config)
    hidden = alice("config", "show", "his", code=NOT_FOUND).stderr
    assert hidden.replace("his", "hos") == alice("config", "show", "hos", code=NOT_FOUND).stderr
    assert "Did you mean 'web'?" in ctl("config", "show", "wbe", code=NOT_FOUND).stderr


def test_show_of_a_file_needs_no_daemon(world, ctl):
    path = world.write(template(world) + 'vm web {\n    .apply base;\n    graphics_password = "hunter2";\n'
                       '    cmdline = "\\xff";\n    disk += nvme:noexist:/d;\n}\n' + world.tiny("db", memory="1G"))
    shown = ctl("config", "show", "--file", path).stdout
    assert "\\xff" in shown
    assert shown.startswith("web\n") and "\ndb\n" in shown and "(template base)" in shown
    assert "hunter2" not in shown and "(set, not shown)" in shown
    assert ctl("config", "show", "--file", path, "DB").stdout.startswith("db\n")
    assert "Did you mean 'web'?" in ctl("config", "show", "wbe", "--file", path, code=NOT_FOUND).stderr
    told = json.loads(ctl("--json", "config", "show", "--file", path).stdout)
    assert told["load"] == "ok" and told["vm_count"] == 2 and told["files"] == [str(path)]
    web, db = told["vms"]
    assert (web["name"], web["id"], db["id"], web["owner"], web["group"]) == ("web", 0, 1, "root", None)
    assert web["disk"][1] == {"type": "nvme", "flags": ["noexist"], "path": "/d"}
    assert web["cmdline"] == {"hex": "ff"} and web["graphics"] is True and web["graphics_password"] == "hunter2"
    assert (web["ncpu"], web["sockets"], web["kernel"], web["boot"]) == (1, 1, None, "no")
    assert web["origins"]["disk"][0]["template"] == "base" and web["origins"]["disk"][1]["template"] is None
    assert web["section"][0]["line"] == path.read_text().split("\n").index("vm web {") + 1


def test_what_a_user_cannot_read_he_is_not_shown(world):
    path = world.write(world.tiny("web", graphics_password="hunter2"), "secret.conf", mode=0o600)
    told = Ctl(world, ALICE)("config", "show", "--file", path, code=FAILED)
    assert "hunter2" not in told.stdout + told.stderr and "ermission denied" in told.stderr


def test_a_users_own_file_is_read_as_the_daemon_would(world):
    path = world.write(world.tiny("web", debug_port="1234"), "hers.conf", ALICE)
    alice = Ctl(world, ALICE)
    assert "debug_port" in alice("config", "check", path, code=FAILED).stdout   # root's alone
    assert "that does not belong to root" not in alice("config", "check", "--own-daemon", path, code=None).stdout


# --- apiaryctl: check ---

def test_check(world, ctl):
    good = world.write(world.tiny("web"), "good.conf")
    told = ctl("config", "check", good)
    assert told.stdout == "" and told.stderr == f"{good}: 1 VM, no errors\n"
    assert ctl("-q", "config", "check", good).stderr == ""
    bad = world.write(world.tiny("web") + "vm b {\n    memroy = 1G;\n    memory = 1G;\n    loader = bios;\n}\n"
                      "vm c {\n    memory = lots;\n    boot = maybe;\n}\n", "bad.conf")
    line = bad.read_text().split("\n").index("vm b {") + 1
    told = ctl("config", "check", bad, code=FAILED)
    assert f"{bad}:{line + 1}:5: error: vm b:" in told.stdout and "did you mean 'memory'" in told.stdout
    assert f"{bad}:{line + 6}:" in told.stdout and "warning" in told.stdout and "errors\n" in told.stderr
    document = json.loads(ctl("--json", "config", "check", bad, code=FAILED).stdout)
    first = document["errors"][0]
    assert (first["file"], first["line"], first["column"], first["severity"], first["vm"]) == \
        (str(bad), line + 1, 5, "error", "b")
    syntax = world.write("vm web {\n    memory 16M;\n}\n", "syntax.conf")
    told = ctl("config", "check", syntax, code=FAILED)
    assert f"{syntax}:2:" in told.stdout and "takes nothing of it" in told.stderr
    assert "takes nothing of it" in ctl("config", "show", "--file", syntax, code=FAILED).stderr
    missing = world.folder / "none.conf"
    assert str(missing) in ctl("config", "check", missing, code=FAILED).stdout


def test_plugins_that_are_needed(world, ctl):
    """A start would be refused: that is told at the card, and no error, for nothing is wrong with the file."""
    path = world.write("vm a { memory = 64M; network = user,\n  bridge0, none; }\n"
                       "vm b { memory = 64M; network = user; }\n", "bridges.conf")
    told = ctl("config", "check", path)
    assert f"{path}:2:3: warning: vm a: network: this needs the plugin network, which is not there" in told.stdout
    assert told.stdout.count("plugin network") == 1
    assert told.stdout.count("warning") == 1


def test_programs_that_would_not_be_run(world):
    """The plugin hookcmd is asked, in a process without rights; a start would be refused for the same."""
    world.folder.chmod(0o755)             # or it could look at nothing
    hooks = {name: world.folder / name for name in ("fine", "theirs", "shared")}
    for path in hooks.values():
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    os.chown(hooks["theirs"], Account(ALICE).uid, Account(ALICE).gid)
    hooks["shared"].chmod(0o775)
    path = world.write("".join(world.tiny(name, prestart=hook) for name, hook in hooks.items()), "hooks.conf")
    checked = subprocess.run([BIN / "apiaryd", "--check", "-f", path, "--plugin-dir", BIN / "plugins"], timeout=60,
                             capture_output=True, text=True, check=True)
    told = checked.stderr.splitlines()
    assert len(told) == 2 and all("warning: " in line for line in told), told
    for line, name in zip(told, ("theirs", "shared"), strict=True):
        assert f"vm {name}: prestart: plugin hookcmd: {hooks[name]} will not be run: " in line


def test_typing_mistakes(world, ctl):
    assert "Did you mean 'show'?" in ctl("config", "shwo", code=USAGE).stderr
    assert "show, check or diff" in ctl("config", code=USAGE).stderr
    assert "did you mean 'vm-bhyve'?" in ctl("import", "vmbhyve", "/", code=USAGE).stderr
    assert "apiaryctl config show --help" in ctl("config", "show", "--fiel", "x", code=USAGE).stderr
    assert "--pending" in ctl("config", "show", "--help").stdout


# --- apiaryctl: diff ---

def test_diff(world, ctl):
    world.start(world.tiny("web") + world.tiny("old"))
    assert ctl("config", "diff").stdout == "a reload would change nothing\n"
    ctl("start", "web")
    world.write(world.tiny("web", memory="32M", boot_delay=3) + world.tiny("new"))
    told = ctl("config", "diff").stdout
    told = told.replace("\u2192", "->")   # as the locale has it
    assert "changed web: takes effect at its next cold start\n" in told and "memory: 16M -> 32M\n" in told
    assert "boot_delay: (not set) -> 3; takes effect at once\n" in told
    assert "added new: it is there at once, and not started\n" in told and "removed old: it is removed\n" in told
    document = ctl.json("config", "diff")
    plans = {plan["name"]: plan for plan in document["vms"]}
    assert {n: p["action"] for n, p in plans.items()} == {"web": "changed", "new": "added", "old": "removed"}
    assert {"key": "memory", "before": ["16M"], "after": ["32M"], "effect": "next-cold-start"} in plans["web"]["keys"]
    assert document["complete"] is True
    assert ctl("list", "--names").stdout == "old\nweb\n"   # nothing was changed by asking
    ctl("reload")
    assert "32M" in ctl("config", "show", "--pending", "web").stdout
    assert "32M" not in ctl("config", "show", "web").stdout
    world.write("vm web {")
    assert f"{world.config}:1:" in ctl("config", "diff", code=FAILED).stderr
    Ctl(world, ALICE)("config", "diff", code=NOT_ALLOWED)
    ctl("poweroff", "web")


# --- apiaryctl: import ---

def test_import(world, ctl):
    folder = world.folder / "easy"
    folder.mkdir()
    trap = f"$(touch {world.folder}/executed)"
    (folder / "easy-bhyve.conf").write_text(
        f'bridge=bridge0\nnetif=igb0\nvolroot=zroot/vm\nweb_id=3\nweb_description="{trap}"\n')
    out = world.folder / "new.conf"
    told = ctl("import", "easy-bhyve", folder / "easy-bhyve.conf")
    assert "vm web {" in told.stdout and not (world.folder / "executed").exists()
    ctl("import", "easy-bhyve", folder / "easy-bhyve.conf", "--output", out)
    assert out.read_text() == told.stdout
    assert "File exists" in ctl("import", "easy-bhyve", folder / "easy-bhyve.conf", "-o", out, code=FAILED).stderr
    nothing = ctl("import", "vm-bhyve", world.folder / "nothing", code=FAILED)
    assert nothing.stdout == "" and str(world.folder / "nothing") in nothing.stderr
    assert os.listdir(folder) == ["easy-bhyve.conf"]
