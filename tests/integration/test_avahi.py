"""The plugin avahi with a real avahi-daemon, on a network and a bus of its own: what appears there, under which name, and that
nothing stays there which has ended."""
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import uuid

import pytest
from harness.avahi import ADDRESS, HOST, Network
from harness.client import VM, vm_path
from harness.events import command
from harness.processes import dies_with_us, wait_gone, wait_until
from harness.world import BIN

PLUGIN = BIN / "plugins/avahi.so"


@pytest.fixture
def network(world):
    made = Network(world.folder)
    yield made
    made.close()


class Scene:
    """A daemon with the plugin, in the network."""

    def __init__(self, world, network, vms, install=True):
        self.world, self.network = world, network
        self.plugins = world.folder / "plugins"
        self.plugins.mkdir()
        if install:
            self.install()
        text = "".join(world.tiny(vm, **{"graphics": True, **settings}) for vm, settings in vms.items())
        self.daemon = world.daemon(text, options=["--plugin-dir", str(self.plugins)], prefix=network.inside)
        self.start()

    def start(self):
        self.daemon.start()
        self.caller = self.world.follower()

    def install(self):
        shutil.copy(PLUGIN, self.plugins / ".new")
        (self.plugins / ".new").rename(self.plugins / "avahi.so")

    def up(self, *vms):
        for vm in vms:
            assert command(self.caller, vm, "Start")["Result"] == "done"

    def down(self, vm):
        assert command(self.caller, vm, "PowerOff")["Result"] == "done"

    def host(self):
        """The newest process of the plugin."""
        self.daemon.logged("plugin avahi: version", "runs as process")
        lines = [one for one in self.daemon.text().splitlines() if "plugin avahi: version" in one and "runs as" in one]
        return int(lines[-1].rsplit(" ", 1)[1])

    def said(self, *words):
        return [one for one in self.daemon.text().splitlines() if all(word in one for word in words)]


def test_what_runs_and_can_be_reached_appears_under_its_name(world, network):
    network.start()
    network.publish("mail", 1)   # somebody else's
    browser = network.browse()
    s = Scene(world, network, {
        "web": {"graphics_port": 5901},
        "a b.c": {"graphics_port": 5902, "graphics_listen": ADDRESS},
        "mail": {"graphics_port": 5903},
        "near": {"graphics_port": 5904, "graphics_listen": "127.0.0.1"},
        "local": {"graphics_path": world.folder / "screen"},
        "shy": {"graphics_port": 5905, "vnc_publish": False},
        "blind": {"graphics": False}})
    s.up("web", "a b.c", "mail", "near", "local", "shy", "blind")
    found = browser.until("web", "a b.c", "mail", "mail #2")
    web = found["web"]
    assert (web.port, web.address, web.host) == (5901, ADDRESS, f"{HOST}.local")
    host = socket.gethostname()
    assert web.txt == {"vm": "web", "uuid": str(uuid.uuid3(uuid.NAMESPACE_DNS, f"web.{host}")), "host": host}
    assert found["a b.c"].port == 5902 and found["a b.c"].txt["vm"] == "a b.c"
    assert found["mail"].port == 1
    assert found["mail #2"].port == 5903 and found["mail #2"].txt["vm"] == "mail"
    s.daemon.logged("plugin avahi", "mail", "published as mail #2", "taken")
    assert "listens on 127.0.0.1" in s.daemon.logged("VM near", "is not published")
    assert "graphics_path" in s.daemon.logged("VM local", "is not published")
    assert "vnc_publish" in s.daemon.logged("VM shy", "is not published")
    s.caller.vm("near", "Reset", "a{sv}", {})   # a reboot is no other life
    s.down("web")
    os.kill(s.caller.get(vm_path("mail"), VM, "HypervisorPid"), signal.SIGKILL)
    browser.until("a b.c", "mail")
    assert len(s.said("VM near", "is not published")) == 1
    s.up("web")
    browser.until("a b.c", "mail", "web")


def test_avahi_may_come_late_and_go(world, network):
    s = Scene(world, network, {"web": {"graphics_port": 5901}})
    s.up("web")
    s.daemon.logged("plugin avahi", "avahi-daemon does not run")
    network.start()
    network.browse().until("web")
    s.daemon.logged("plugin avahi", "avahi-daemon is there")
    for _ in range(2):
        network.kill()
        network.start()
        network.browse().until("web")
    network.kill()
    s.down("web")
    s.up("web")   # nobody waits for Avahi
    s.down("web")
    network.start()
    other = network.publish("other", 1)
    assert other.poll() is None
    network.browse().until("other")


def test_without_any_bus_vms_live_as_before(world, network):
    network.bus.stop()
    s = Scene(world, network, {"web": {"graphics_port": 5901}})
    s.up("web")
    s.daemon.logged("plugin avahi", "Avahi is out of reach")
    s.down("web")
    network.bus.start()
    network.start()
    s.up("web")
    network.browse().until("web")
    s.down("web")


def test_a_plugin_that_comes_or_dies_publishes_what_runs(world, network):
    network.start()
    s = Scene(world, network, {"web": {"graphics_port": 5901}, "near": {"graphics_listen": "127.0.0.1"},
                               "idle": {"graphics_port": 5902}}, install=False)
    browser = network.browse()
    s.up("web", "near")
    s.install()
    browser.until("web")
    first = s.host()
    os.kill(first, signal.SIGKILL)
    wait_gone(first)
    wait_until(lambda: s.host() != first, "another process of the plugin")
    browser.until("web")
    assert s.said("VM near", "is not published") == []   # it was up before
    s.down("web")
    browser.until()


def test_what_runs_is_published_again_after_the_daemon_died(world, network):
    network.start()
    s = Scene(world, network, {"web": {"graphics_port": 5901}, "near": {"graphics_listen": "127.0.0.1"}})
    s.up("web", "near")
    browser = network.browse()
    browser.until("web")
    plugin = s.host()
    s.daemon.kill()
    wait_gone(plugin)
    browser.until()
    s.start()
    assert s.caller.state("web")[0] == "running"
    browser.until("web")
    assert len(s.said("VM near", "is not published")) == 1
    s.down("web")
    browser.until()


class Driver:
    """The plugin alone in its host, told what the daemon would tell it."""

    def __init__(self, network):
        ours, theirs = socket.socketpair()
        folder = network.folder / "state"
        folder.mkdir()
        self.log = []
        self.answered = threading.Semaphore(0)
        self.process = subprocess.Popen([*network.inside, BIN / "apiary-plugin-host", "--serve", str(PLUGIN)], stdin=theirs,
                                        env=network.environment, preexec_fn=dies_with_us())
        theirs.close()
        self.channel, self.calls = ours, 0
        with open(PLUGIN, "rb") as file:
            self.send({"t": "hello", "protocol": 1, "version": "test", "state": str(folder), "capabilities": [],
                       "no_network": False, "descriptors": 1}, [file.fileno()])
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def send(self, frame, descriptors=()):
        text = json.dumps(frame).encode()
        data = len(text).to_bytes(4, "little") + text
        sent = socket.send_fds(self.channel, [data], descriptors) if descriptors else 0
        self.channel.sendall(data[sent:])

    def _read(self):
        stream = self.channel.makefile("rb")
        while len(size := stream.read(4)) == 4:
            frame = json.loads(stream.read(int.from_bytes(size, "little")))
            if frame["t"] == "log":
                self.log.append(frame["text"])
            elif frame["t"] == "end":
                assert frame["result"] == "ok"
                self.answered.release()

    def tell(self, vms, state):
        """Each VM is in this state; returns when the plugin has heard of all."""
        for vm, port in vms.items():
            self.calls += 1
            settings = {"graphics": "yes", "graphics_listen": "0.0.0.0", "graphics_port": str(port), "vnc_publish": "yes"}
            self.send({"t": "call", "id": self.calls, "what": "event", "timeout": 60000,
                       "vm": {"name": vm, "id": 1, "incarnation": 1, "run_folder": "",
                              "settings": [[key, [value]] for key, value in settings.items()]},
                       "event": {"seq": self.calls, "type": "state", "fields": {"state": state, "sub-state": ""}}})
        for _ in vms:
            assert self.answered.acquire(timeout=60)

    def close(self):
        """Once, or more often."""
        if self.process.poll() is None:
            self.send({"t": "quit"})
            assert self.process.wait(60) == 0
            self.reader.join()
            self.channel.close()


@pytest.fixture
def driver(network):
    made = []
    yield lambda: made.append(Driver(network)) or made[-1]
    for one in made:
        one.close()


def test_more_vms_than_one_connection_may_have(network, driver):
    vms = {f"vm{i}": 5900 + i for i in range(1040)}
    network.start()
    plugin = driver()
    plugin.tell(vms, "running")
    browser = network.browse(resolve=False)
    browser.until(*vms, timeout=120)
    some = {vm: port for vm, port in vms.items() if port % 2}
    plugin.tell(some, "stopped")
    browser.until(*(set(vms) - set(some)), timeout=60)
    assert plugin.log == []


def test_limits_of_avahi_are_found_out(network, driver):
    network.config.write_text(network.config.read_text().replace("[server]", "[server]\nobjects-per-client-max=3"))
    network.start()
    vms = {f"vm{i}": 5900 + i for i in range(10)}
    plugin = driver()
    plugin.tell(vms, "running")
    browser = network.browse(resolve=False)   # which has the same limit
    browser.until(*vms)
    plugin.tell(vms, "failed")
    browser.until()
    plugin.tell(vms, "paused")
    browser.until(*vms)
    plugin.close()
    browser.until()
    assert plugin.log == []


def test_a_name_that_another_host_has(world, network, driver):
    there = Network(world.folder, neighbour=network, name="apiary-there", address="192.0.2.2")
    try:
        there.start()
        there.publish("web", 1)
        network.start()
        plugin = driver()
        plugin.tell({"web": 5901}, "running")
        browser = there.browse()
        found = browser.until("web", "web #2")
        assert (found["web"].port, found["web #2"].port) == (1, 5901)
        assert found["web #2"].host == f"{HOST}.local" and found["web #2"].txt["vm"] == "web"
        told = "VM web: its screen is published as web #2: its own name is taken on this network"
        wait_until(lambda: plugin.log, "the plugin's word that it is renamed")    # others may hear before it does
        assert plugin.log == [told]
        network.kill()
        network.start()   # its own name is tried first again
        wait_until(lambda: plugin.log.count(told) == 2, "the plugin's word that it is renamed again")
        browser.until("web", "web #2")
    finally:
        there.close()


def test_an_avahi_that_hangs_is_nobodys_trouble(network, driver):
    network.start()
    plugin = driver()
    network.daemon.send_signal(signal.SIGSTOP)
    try:
        for state in ("running", "stopped", "running"):
            plugin.tell({"web": 5901, "mail": 5902}, state)
        plugin.tell({"mail": 5902}, "stopped")
    finally:
        network.daemon.send_signal(signal.SIGCONT)
    network.browse().until("web")


def test_the_bus_may_go_and_come(network, driver):
    network.start()
    plugin = driver()
    plugin.tell({"web": 5901}, "running")
    network.browse().until("web")
    network.kill()
    network.bus.stop()
    wait_until(lambda: any("out of reach" in one for one in plugin.log), "the plugin's word of it")
    network.bus.start()
    network.start()
    network.browse().until("web")
