"""apiaryctl and the daemon itself: reload, stop, and what is told when it does not answer."""
import os
import signal

from harness.cli_fixtures import FAILED, INTERRUPTED, begin, booted, ctl, deaf, guest
from harness.processes import wait_until, waits_and_catches

__all__ = ["begin", "ctl", "guest"]   # fixtures


def test_reload(world, ctl):
    world.start(world.tiny("web") + world.tiny("old"))
    world.write(world.tiny("web", memory="32M") + world.tiny("new"))
    would = ctl("reload", "--dry-run").stdout
    assert would == "would be added:   new\nwould be changed: web\nwould be removed: old\n"
    assert ctl.json("reload", "-n") == {"dry_run": True, "added": ["new"], "changed": ["web"], "removed": ["old"],
                                        "diagnostics": []}
    assert ctl("list", "--names").stdout == "old\nweb\n"
    assert ctl("reload").stdout == "added:   new\nchanged: web\nremoved: old\n"
    assert ctl("list", "--names").stdout == "new\nweb\n"
    assert ctl("reload").stdout == "nothing has changed\n"
    world.write("vm web {\n    memory 16M;\n}\n")
    for wrong in (ctl("reload", code=FAILED), ctl("reload", "-n", code=FAILED)):
        assert f"{world.config}:2:" in wrong.stderr and "apiaryctl config check" in wrong.stderr and wrong.stdout == ""
    assert ctl("list", "--names").stdout == "new\nweb\n"
    world.write(world.tiny("web", memory="32M", memoy="1G") + world.tiny("new"))
    wrong = ctl("reload", code=FAILED)   # of root's files all is taken or nothing
    assert "memoy" in wrong.stderr and f"{world.config}:" in wrong.stderr
    world.write('global { pid_file = "/a"; pid_file = "/b"; }\n' + world.tiny("web", memory="32M") + world.tiny("new"))
    warned = ctl("reload")
    assert "pid_file" in warned.stderr and f"{world.config}:1:" in warned.stderr
    assert any("pid_file" in text for text in ctl.json("reload")["diagnostics"])


def test_daemon_stop(guest, world, ctl, begin):
    daemon, = world.daemons
    deaf(guest)
    waiting = begin("--json", "-q", "daemon", "stop")
    guest.until("MARKER-PB")
    assert "ends" in ctl("start", "web", code=FAILED).stderr
    assert ctl("daemon", "stop", "--force").stdout == "all VMs are stopped, the daemon has ended\n"
    assert daemon.process.poll() == 0     # it has: another one may be started right now
    assert waiting.end() == '{"result":"done"}\n'
    assert "onsole" in guest.end(code=None)   # the daemon may be gone before it could be asked


def test_guests_that_had_to_be_switched_off(world, ctl, begin):
    daemon = world.start(world.tiny("web", stop_timeout=1))
    told = "web: stopped, switched off: its stop_timeout was over\n"
    for command, last in (("shutdown-all",), ""), (("daemon", "stop"), "all VMs are stopped, the daemon has ended\n"):
        deaf(booted(ctl, begin, "web"))
        assert ctl(*command).stdout == told + last
    assert daemon.wait() == 0


def test_ctrl_c_while_the_daemon_is_silent(world, ctl, begin):
    daemon = world.start(world.tiny("web"))
    os.kill(daemon.pid, signal.SIGSTOP)
    waiting = begin("start", "web")
    wait_until(lambda: waits_and_catches(waiting.process.pid, signal.SIGINT), "apiaryctl waits for an answer")
    waiting.signal(signal.SIGINT)
    told = waiting.end(code=INTERRUPTED)
    os.kill(daemon.pid, signal.SIGCONT)
    assert told.startswith("apiaryctl: ") and "Interrupted before apiaryd had answered" in told, told
    assert "apiaryctl status" in told
