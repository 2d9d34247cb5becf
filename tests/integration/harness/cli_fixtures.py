"""What the tests of apiaryctl begin with: the command, a guest that has booted, and short ways to ask."""
import pytest

from .cli import Ctl

# What it ends with.
DONE, FAILED, USAGE, NOT_FOUND, NOT_ALLOWED, UNREACHABLE, CUT_SHORT, INTERRUPTED = 0, 1, 2, 3, 4, 5, 6, 130


@pytest.fixture
def ctl(world):
    return Ctl(world)


@pytest.fixture
def begin(ctl):
    """Commands that run beside the test; none outlives it."""
    started = []

    def begun(*arguments, by=ctl):
        started.append(by.begin(*arguments))
        return started[-1]
    yield begun
    for one in started:
        if one.reader is not None:
            one.close()


@pytest.fixture
def guest(world, ctl, begin):
    """A daemon with one guest that has booted, and its console."""
    world.start(world.tiny("web", stop_timeout=3600, visibility="all"))
    return booted(ctl, begin, "web")


def booted(ctl, begin, name):
    ctl("start", name)
    console = begin("console", name)
    console.until("MARKER-UP")
    return console


def deaf(console):
    """From now on the guest ignores its power button."""
    console.write("i")
    console.until("MARKER-IGNORE on")


def one_vm(ctl, name):
    vm, = ctl.json("status", name)["vms"]
    return vm


def state(ctl, name):
    vm = one_vm(ctl, name)
    return vm["state"], vm["sub_state"], vm["reason"]


def result(document):
    one, = document["results"]
    return one
