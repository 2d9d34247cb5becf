"""A network of its own with an avahi-daemon on it, and a system bus of its own where programs look for one; who publishes and
browses there."""
import os
import re
import subprocess
import threading
from pathlib import Path

from .bus import PrivateBus
from .processes import dies_with_us, wait_until

POLICY = Path("/usr/share/dbus-1/system.d/avahi-dbus.conf")
ADDRESS = "192.0.2.1"   # of the one link that it has; others than this host could reach it
HOST = "apiary-here"    # as Avahi calls this host

# Where nobody lives at the other end of the link, it lies in the same network: it carries, and that is enough for Avahi.
LINK = """set -e
mount -t tmpfs none /run
mkdir /run/avahi-daemon /run/dbus
ln -s "$1" /run/dbus/system_bus_socket
ip link set lo up
if [ "$2" = none ]; then
    ip link add lan0 type veth peer name lan1
    ip link set lan1 up
else
    nsenter --target="$2" --net ip link set lan1 netns $$ name lan0
fi
ip address add "$3"/24 dev lan0
ip link set lan0 up
echo ready
exec cat
"""
SETTINGS = """[server]
host-name=NAME
use-ipv4=yes
use-ipv6=no
allow-interfaces=lan0
enable-dbus=yes
ratelimit-burst=100000
[wide-area]
enable-wide-area=no
[publish]
publish-hinfo=no
publish-workstation=no
"""


class Network:
    """One host on it. Processes are put into it by `inside`; the world's folder is seen there too."""

    def __init__(self, folder, neighbour=None, name=HOST, address=ADDRESS):
        self.folder = Path(folder) / name
        self.folder.mkdir()
        self.folder.chmod(0o755)
        self.bus = PrivateBus(self.folder, POLICY)
        self.config, self.log = self.folder / "avahi-daemon.conf", self.folder / "avahi.log"
        self.config.write_text(SETTINGS.replace("NAME", name))
        beside = str(neighbour.holder.pid) if neighbour else "none"
        self.holder = subprocess.Popen(
            ["unshare", "--net", "--mount", "sh", "-c", LINK, "sh", str(self.bus.socket), beside, address],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=dies_with_us())
        assert self.holder.stdout.readline() == b"ready\n", "there is no network for the test"
        self.inside = ["nsenter", f"--target={self.holder.pid}", "--net", "--mount"]
        self.environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        self.daemon, self.others = None, []
        self.bus.start()

    def run(self, *command, **arguments):
        return subprocess.Popen([*self.inside, *command], env=self.environment, stdin=subprocess.DEVNULL,
                                preexec_fn=dies_with_us(), **arguments)

    def start(self):
        with open(self.log, "ab") as log:
            before = log.tell()
            self.daemon = self.run("avahi-daemon", f"--file={self.config}", "--no-drop-root", "--no-rlimits",
                                   "--no-chroot", "--no-proc-title", stdout=log, stderr=log)
        wait_until(lambda: b"Server startup complete" in self.log.read_bytes()[before:], "avahi-daemon")

    def kill(self):
        self.daemon.kill()
        self.daemon.wait()

    def publish(self, name, port):
        """Somebody else's service; returns when it has its name."""
        other = self.run("avahi-publish-service", name, "_rfb._tcp", str(port), stdout=subprocess.DEVNULL,
                         stderr=subprocess.PIPE, text=True)
        self.others.append(other)
        assert "Established" in other.stderr.readline(), f"{name} is not published"
        return other

    def browse(self, resolve=True):
        found = Browser(self, resolve)
        self.others.append(found.process)
        return found

    def close(self):
        for process in [*self.others, *([self.daemon] if self.daemon else [])]:
            process.kill()
            process.wait()
        self.bus.stop()
        self.holder.stdin.close()
        self.holder.wait()


class Browser:
    """avahi-browse, from now on: what it sees at the moment."""

    def __init__(self, network, resolve):
        self.process = network.run("avahi-browse", "--parsable", "--no-fail", *(["--resolve"] if resolve else []),
                                   "_rfb._tcp", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.seen, self.resolve = {}, resolve
        self.lock = threading.Lock()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            kind, _, _, name, *rest = line.rstrip("\n").split(";")
            name = re.sub(r"\\(\d{3})", lambda m: chr(int(m[1])), name).replace("\\\\", "\\").replace("\\.", ".")
            with self.lock:
                if kind == "-":
                    self.seen.pop(name, None)
                elif kind == "+":
                    self.seen.setdefault(name, None)
                elif kind == "=":
                    self.seen[name] = Service(rest)

    def services(self):
        with self.lock:
            return dict(self.seen)

    def until(self, *names, timeout=30.0):
        """Waits until these services are there, and no others; gives them, resolved if that is wanted."""
        def there():
            found = self.services()
            return set(found) == set(names) and (all(found.values()) or not self.resolve) and (found or True)
        try:
            return wait_until(there, f"{names} on the network, and nothing else", timeout)
        except AssertionError as fault:
            raise AssertionError(f"{fault}; there: {sorted(self.services())}") from None


class Service:
    def __init__(self, fields):
        _, _, host, self.address, port, texts = fields
        self.host, self.port = host, int(port)
        self.txt = dict(text.split("=", 1) for text in re.findall(r'"([^"]*)"', texts))
