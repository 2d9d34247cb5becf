"""The bus goes and comes: the daemon finds it again, and its VMs do not notice."""
from harness.client import JOURNAL, NAME, ROOT, VM, field, vm_path
from harness.events import command, journal
from harness.processes import wait_until


def until_on_the_bus(client, timeout=60):
    """Waits until the daemon has its name. It tries at growing intervals, up to half a minute."""
    client.match(f"type='signal',member='NameOwnerChanged',arg0='{NAME}'")
    if not client.bus("NameHasOwner", "s", NAME)[0]:
        client.next_signal(lambda m: field(m, "member") == "NameOwnerChanged" and m.body[2], timeout, "its name")


def test_a_lost_bus_is_found_again(world):
    """The VMs do not notice; what happened meanwhile is there to be read."""
    daemon = world.start(world.tiny("web") + world.tiny("ends"))
    caller = world.follower()
    consoles = {}
    for name in ("web", "ends"):
        assert command(caller, name, "Start")["Result"] == "done"
        consoles[name] = world.console(caller, name)
        consoles[name].until("MARKER-UP")
    pid = caller.get(vm_path("web"), VM, "HypervisorPid")
    stream, last = caller.get(ROOT, JOURNAL, "Stream"), caller.get(ROOT, JOURNAL, "Last")
    for _ in range(2):
        world.bus.stop()
        consoles["web"].write("ehello\n")
        consoles["web"].until("hello")    # a console is no matter of the bus
        if not consoles["ends"].ended:
            consoles["ends"].write("p")
            consoles["ends"].until_end()
        world.bus.start()
        with world.client() as watcher:
            until_on_the_bus(watcher)
    caller = world.follower()
    assert daemon.process.poll() is None and caller.get(vm_path("web"), VM, "HypervisorPid") == pid
    assert caller.get(ROOT, JOURNAL, "Stream") == stream
    wait_until(lambda: caller.state("ends") == ("stopped", "", "guest-poweroff"), "its end")
    assert [(e.vm, e.state) for e in journal(caller, last) if e.type == "state"][-1] == ("ends", "stopped")
    assert command(caller, "ends", "Start")["Result"] == "done"
    assert command(caller, "ends", "PowerOff")["Result"] == "done"
    assert command(caller, "web", "Stop")["Result"] == "done"


def test_a_bus_that_is_there_later(world):
    """No bus at its start, then one on which another has its name: both are waited for."""
    world.bus.stop()
    daemon = world.daemon(world.tiny("web", boot=True)).launch()
    daemon.logged("no bus:")
    daemon.logged("vm=web", "to=running")
    world.bus.start()
    with world.client() as other:
        until_on_the_bus(other)
        assert other.state("web")[0] == "running"
    world.bus.stop()
    world.bus.start()
    other = world.client()
    if other.bus("RequestName", "su", NAME, 4) == (1,):    # 4: do not queue; it may have been faster
        daemon.logged("another process has the name")
        other.bus("ReleaseName", "s", NAME)
    until_on_the_bus(other)
    world.console(other, "web")
    assert command(world.follower(), "web", "PowerOff")["Result"] == "done"
