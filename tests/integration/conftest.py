"""Fixtures of the integration tests. See harness/ for what they are made of."""
import os
import signal
import sys

import pytest

sys.dont_write_bytecode = True

from harness import processes  # noqa: E402
from harness.accounts import ALICE, BOB, CAROL, OLGA  # noqa: E402
from harness.world import BIN, TINY, World  # noqa: E402


def pytest_configure(config):
    if os.geteuid() != 0:
        pytest.exit("the integration tests need root: they call the daemon as several accounts", 2)
    import pwd
    for name in (ALICE, BOB, CAROL, OLGA):
        try:
            pwd.getpwnam(name)
        except KeyError:
            pytest.exit(f"there is no account {name}: run tools/setup", 2)
    for path in (BIN / "apiaryd", BIN / "apiary-shim", TINY):
        if not path.exists():
            pytest.exit(f"{path} is missing: build first (APIARY_BUILD_DIR says where)", 2)
    processes.adopt_orphans()
    signal.signal(signal.SIGTERM, interrupted)   # of who stops the tests: what they started must go too


def interrupted(*_):
    raise KeyboardInterrupt


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    world = getattr(item, "apiary_world", None)
    if report.failed and world is not None:
        report.sections.append(("the daemon's log", world.story()))


@pytest.fixture
def world(request):
    """A private bus and all that a test needs around it; nothing of it may be left at the end."""
    made = World()
    request.node.apiary_world = made
    yield made
    faults = made.close()
    try:
        if faults:
            pytest.fail("left behind:\n" + "\n".join(faults) + "\n" + made.story(), pytrace=False)
    finally:
        made.remove()
