"""UCL files and folders of vmstated, read by the daemon itself through apiary-ucl."""
import os

import pytest
from harness.accounts import ALICE
from harness.events import command
from harness.processes import wait_until
from harness.world import BUILD, STAND_IN

READER = BUILD / "bin" / "apiary-ucl"
pytestmark = pytest.mark.skipif(not READER.exists(), reason="this build has no libucl")

BASE = """acpi_tables=true
memory.size=64M
x86.vmexit_on_hlt=true
cpus=2
pci.0.0.0.device=hostbridge
pci.0.29.0.device=fbuf
pci.0.29.0.password=very-secret
pci.0.31.0.device=lpc
lpc.com1.path=stdio
"""


@pytest.fixture
def folder(world):
    def machine(name, text, base=None, owner=None):
        home = world.folder / "vmstated" / name
        home.mkdir(parents=True)
        (home / "config").write_text(text)
        if base:
            (home / "bhyve_config").write_text(base)
        if owner:
            for path in [home, *home.iterdir()]:
                os.chown(path, owner.uid, owner.gid)
        return home
    (world.folder / "vmstated").mkdir()
    machine.path = world.folder / "vmstated"
    return machine


def test_a_vmstated_vm_lives(world, folder):
    """The example of vmstated(8): a config that names a file of bhyve's, and nothing else."""
    home = folder("bsdvm", f"bsdvm {{\n configfile = {world.folder}/vmstated/bsdvm/bhyve_config;\n}}\n", BASE)
    folder("broken", "broken { memory = ")
    folder("empty", "empty { }")
    daemon = world.start(world.tiny("other"), options=["--bhyve", str(world.program(STAND_IN)),
                                                       "--vmstated", str(folder.path)])
    caller = world.follower()
    assert sorted(caller.list_vms()) == ["bsdvm", "other"]
    wait_until(lambda: f"{folder.path}/broken/config:1:" in daemon.text(), "a message about the broken file")
    assert command(caller, "bsdvm", "Start")["Result"] == "done"
    console = world.console(caller, "bsdvm")
    console.until("MARKER-UP")
    (written,) = daemon.run_dir.glob("vm/*/*/bhyve.conf")
    lines = written.read_text().splitlines()
    assert lines[:9] == BASE.splitlines()
    assert [line.partition("=")[0] for line in lines[9:]] == ["lpc.com1.path"]
    assert written.stat().st_mode & 0o077 == 0
    assert command(caller, "bsdvm", "Stop")["Result"] == "done"
    assert "very-secret" not in daemon.text() and home.exists()


def test_a_ucl_file_with_another(world):
    more = world.folder / "conf.d"
    more.mkdir()
    (more / "b.ucl").write_text("vm b { apply = small }\n")
    main = world.folder / "main.ucl"
    main.write_text('template small { memory = 64M; network = user }\ninclude = ["conf.d/*.ucl"]\nvm a { apply = small }\n')
    world.start("vm c { memory = 64M; network = user; }\n", options=["-f", str(main)])
    assert sorted(world.client().list_vms()) == ["a", "b", "c"]


def test_a_users_error_is_his_alone(world):
    path = world.write_user(ALICE, "vm his { memory = \n", "his.ucl")
    daemon = world.start("vm c { memory = 64M; network = user; }\n")
    assert sorted(world.client().list_vms()) == ["c"]
    wait_until(lambda: f"{path}:2:1: error: " in daemon.text(), "a message about his file")
