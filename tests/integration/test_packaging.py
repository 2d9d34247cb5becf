"""What `cmake --install` puts where, and that what starts the daemon there is right as far as that can be said without it."""
import os
import re
import subprocess

import pytest
from harness.world import BUILD, SOURCE

# rc.subr is FreeBSD's, and reads variables that the script only sets.
OF_RC_SUBR = "SC1091,SC2034"


def run(*command, **arguments):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=120, **arguments)


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """The root of an installation, as packagers make it."""
    root = tmp_path_factory.mktemp("stage")
    done = run("cmake", "--install", BUILD, env={**os.environ, "DESTDIR": str(root)})
    assert done.returncode == 0, done.stdout + done.stderr
    return root


@pytest.fixture(scope="module")
def prefix(stage):
    found = re.search(r"^CMAKE_INSTALL_PREFIX:PATH=(.+)$", (BUILD / "CMakeCache.txt").read_text(), re.M).group(1)
    return stage / found.lstrip("/")


def test_everything_is_there(prefix):
    for name, mode in {
            "sbin/apiaryd": 0o755, "bin/apiaryctl": 0o755, "libexec/apiary/apiary-shim": 0o755,
            "libexec/apiary/apiary-opener": 0o755, "libexec/apiary/apiary-config": 0o755,
            "libexec/apiary/apiary-ucl": 0o755, "lib/systemd/system/apiaryd.service": 0o644,
            "lib/systemd/user/apiaryd.service": 0o644, "share/dbus-1/services/org.apiary.Apiary1.service": 0o644,
            "share/dbus-1/system.d/org.apiary.Apiary1.conf": 0o644,
            "share/dbus-1/interfaces/org.apiary.Apiary1.Manager.xml": 0o644, "share/man/man8/apiaryd.8": 0o644,
            "libexec/apiary/plugins/hookcmd.so": 0o644, "share/man/man7/apiary-hookcmd.7": 0o644,
            "bin/apiary-plugin-test": 0o755, "share/man/man1/apiary-plugin-test.1": 0o644,
            "share/man/man1/apiaryctl.1": 0o644, "share/man/man5/apiary.conf.5": 0o644,
            "share/bash-completion/completions/apiaryctl": 0o644}.items():
        assert (prefix / name).stat().st_mode & 0o777 == mode, name


def test_the_installed_programs_find_their_helpers(prefix, tmp_path):
    """Wherever the whole of it lies. UCL is read by a helper, and apiaryctl has the daemon's reader run."""
    config = tmp_path / "apiary.conf"
    config.write_text(".include \"more.ucl\";\n")
    (tmp_path / "more.ucl").write_text('vm "web" { memory = "16M"; nonsense = 1 }\n')
    checked = run(prefix / "sbin/apiaryd", "--check", "-f", config)
    assert "nonsense" in checked.stderr and "apiary-ucl" not in checked.stderr, checked
    checked = run(prefix / "bin/apiaryctl", "config", "check", config)
    assert "nonsense" in checked.stdout + checked.stderr, checked


def unit_lines(prefix, whose="system"):
    text = (prefix / f"lib/systemd/{whose}/apiaryd.service").read_text()
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def verified(text, folder):
    """What systemd says of a unit. The programs are others, that are sure to be there."""
    unit = folder / "apiaryd.service"
    unit.write_text(re.sub(r"/\S+/apiary(d|ctl)\b", "/bin/true", text))
    done = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", unit)
    return done.returncode, [line for line in done.stderr.splitlines() if "apiaryd.service" in line]


@pytest.mark.parametrize("whose", ["system", "user"])
def test_systemd_understands_the_unit(prefix, tmp_path, whose):
    text = "\n".join(unit_lines(prefix, whose)) + "\n"
    assert verified(text, tmp_path) == (0, [])
    for right, wrong in (("RestartKillSignal=SIGRTMIN", "RestartKillSignal=SIGNONSENSE"), ("KillMode=process", "Kill=no")):
        assert right in text   # and what it does not understand is seen
        assert verified(text.replace(right, wrong), tmp_path)[1], wrong


@pytest.mark.parametrize("whose", ["system", "user"])
def test_the_unit_keeps_guests_alive_where_it_says_so(prefix, whose):
    """Each of these lines is there for guests: see docs/upgrades.md."""
    lines = unit_lines(prefix, whose)
    for line in ("KillMode=process", "KillSignal=SIGTERM", "RestartKillSignal=SIGRTMIN", "OOMPolicy=continue",
                 "Type=notify", "Restart=on-failure"):
        assert line in lines
    assert not [line for line in lines if line.startswith(("Private", "Protect", "Requires=", "DeviceAllow", "BusName",
                                                           "RuntimeDirectory", "SystemCallFilter"))]


@pytest.mark.parametrize("script", [BUILD / "packaging/apiaryd", SOURCE / "ctl/completion/apiaryctl.bash"],
                         ids=["rc.d", "completion"])
def test_scripts_are_sound(script):
    shell = "bash" if script.suffix == ".bash" else "sh"
    assert run(shell, "-n", script).returncode == 0
    found = run("shellcheck", "-s", shell, "-e", OF_RC_SUBR + (",SC2207" if shell == "bash" else ""), script)
    assert found.returncode == 0, found.stdout


RC_SUBR = r"""
load_rc_config() { :; }
checkyesno() { eval "[ \"\$$1\" = YES ]"; }
warn() { echo "warning: $*" >&2; }
check_pidfile() { cat "$STATE/pid" 2>/dev/null; }
wait_for_pids() { echo "wait $*" >> "$STATE/calls"; rm -f "$STATE/pid"; }
kill() { echo "kill $*" >> "$STATE/calls"; }
run_rc_command() {
    _rc_prefix= rc_force=
    case $1 in force*) _rc_prefix=force rc_force=yes; set -- "${1#force}" ;; esac
    eval "own=\${${1}_cmd:-}"
    if [ -n "$own" ]; then $own; return; fi
    [ "$1" != start ] || rc_flags=$apiaryd_flags
    if [ "$1" = start ]; then ${start_precmd:-:}; echo "start $rc_flags $command_args" >> "$STATE/calls"; fi
}
"""


@pytest.fixture
def rc(tmp_path):
    """The script with what it uses of rc.subr, which writes down what it would do; and an apiaryd that is content or not."""
    (tmp_path / "rc.subr").write_text(RC_SUBR)
    program = tmp_path / "apiaryd"
    text = (BUILD / "packaging/apiaryd").read_text()
    script = tmp_path / "rc.d"
    script.write_text(re.sub(r'^program=.*$', f'program="{program}"', text, flags=re.M)
                      .replace("/etc/rc.subr", str(tmp_path / "rc.subr")))

    def called(what, content=True, **environment):
        program.write_text(f"#!/bin/sh\necho \"$@\" >> {tmp_path}/checked\nexit {0 if content else 1}\n")
        program.chmod(0o755)
        (tmp_path / "calls").write_text("")
        done = run("sh", script, what, env={"PATH": os.environ["PATH"], "STATE": str(tmp_path), **environment})
        return done, (tmp_path / "calls").read_text().splitlines()
    called.folder = tmp_path
    called.start = f"start  -f -p /var/run/apiaryd.pid {program} "
    return called


def test_rc_restart_keeps_the_vms(rc):
    (rc.folder / "pid").write_text("77")
    done, calls = rc("restart")
    assert done.returncode == 0 and calls == ["kill -INFO 77", "wait 77", rc.start], (done, calls)
    assert (rc.folder / "checked").read_text().splitlines() == ["--check-restart", "--check-restart"]


def test_rc_restart_is_refused_where_the_configuration_is_wrong(rc):
    (rc.folder / "pid").write_text("77")
    done, calls = rc("restart", content=False)
    assert done.returncode == 1 and calls == [] and "the check has failed" in done.stderr
    done, calls = rc("forcerestart", content=False)
    assert calls == ["kill -INFO 77", "wait 77", rc.start]


def test_rc_without_a_daemon(rc):
    assert rc("restart")[1] == [rc.start]
    done, calls = rc("leave")
    assert done.returncode == 1 and calls == [] and "not running" in done.stdout


def test_rc_stops_vms_at_the_hosts_shutdown():
    text = (BUILD / "packaging/apiaryd").read_text()
    assert "# KEYWORD: shutdown\n" in text and 'sig_stop="TERM"\n' in text and "@" not in text.replace("$@", "")
