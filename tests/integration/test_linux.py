"""A real Linux on a real QEMU: the guest that people have."""
from harness.events import command, next_event, until_state

BOOT = 150   # seconds, without KVM, on a host that has more to do than it can


def test_linux(world):
    """Boots, has a shell, reboots, hears the button."""
    world.start(world.linux("debian"))
    caller = world.follower()
    assert command(caller, "debian", "Start")["Result"] == "done"
    console = world.console(caller, "debian")
    console.until("APIARY-GUEST-UP", BOOT)
    console.until("guest# ")
    console.write("echo $((6 * 7)) processors: $(nproc)\n")
    console.until("42 processors: 1")
    console.until("guest# ")
    console.write("reboot\n")
    console.until("APIARY-GUEST-UP", BOOT)
    assert next_event(caller, "debian", type="reboot").reason == "guest-reboot"
    assert command(caller, "debian", "Stop", timeout=90)["Result"] == "done"
    console.until("APIARY-GUEST-POWERBUTTON")
    assert caller.state("debian") == ("stopped", "", "requested")


def test_a_panic_and_a_power_off(world):
    """They are told apart, and with boot = always the guest is up again after both."""
    world.start(world.linux("debian", boot="no"))
    caller = world.follower()
    world.write(world.linux("debian", boot="always"))
    caller.manager("Reload", "a{sv}", {})
    for word, reason in (("panic", "guest-panic"), ("poweroff", "guest-poweroff")):
        until_state(caller, "debian", "running")
        console = world.console(caller, "debian")
        console.until("APIARY-GUEST-UP", BOOT)
        console.until("guest# ")
        console.write(f"{word}\n")
        assert until_state(caller, "debian", "stopped", "backoff").reason == reason
        console.close()
    until_state(caller, "debian", "running")
    assert command(caller, "debian", "PowerOff")["Result"] == "done"
    assert caller.state("debian") == ("stopped", "", "requested")
