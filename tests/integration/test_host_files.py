"""A user's file is a wish, not an order: nothing of the host that he cannot use himself is used for him."""
import os
import shutil
import stat

import pytest
from harness import vms
from harness.accounts import ALICE, BOB, Account
from harness.client import NAME, OBJECT_MANAGER, ROOT, VM, BusError, vm_path
from harness.events import command, journal
from harness.processes import command_line


@pytest.fixture
def hers(world):
    """Alice's own file, with one VM in it; more settings by keyword. Gives what the daemon made of it."""
    def make(text=None, **more):
        world.write("# root has no VMs\n")
        world.write_user(ALICE, text if text is not None else world.tiny("hers", **more))
        world.start()
        return world.follower(ALICE)
    return make


def give(path, owner, mode=0o600):
    account = Account(owner)
    os.chown(path, account.uid, account.gid)
    os.chmod(path, mode)
    return path


def fails(caller, *said, vm="hers"):
    """The VM is not there for a fault of its definition, or does not start: in no case does a hypervisor run."""
    try:
        job = command(caller, vm, "Start")
    except BusError as error:
        return error.text
    assert job["Result"] == "failed", job
    for word in said:
        assert word in job["Error"], job["Error"]
    assert caller.get(vm_path(vm), VM, "HypervisorPid") == 0
    return job["Error"]


def refused(world, *said):
    """The definition itself was refused: one line of the log says where and why."""
    world.daemons[0].logged(f"{ALICE}.conf:", *said)


def runs(world, caller, vm="hers"):
    """Starts the VM: what the hypervisor was started with, as one text."""
    job = command(caller, vm, "Start")
    assert job["Result"] == "done", job
    world.console(caller, vm).until("MARKER-UP")
    pid = caller.get(vm_path(vm), VM, "HypervisorPid")
    with open(f"/proc/{pid}/environ", errors="replace") as file:
        return "\0".join(command_line(pid)) + file.read()


def test_what_she_may_use_is_used(world, hers):
    disk = give(shutil.copy(world.image, world.own_folder(ALICE) / "disk.img"), ALICE)
    alice = hers(disk=f"virtio-blk:{disk}")
    runs(world, alice)
    pid = alice.get(vm_path("hers"), VM, "HypervisorPid")
    with open(f"/proc/{pid}/status") as file:
        uids = next(line.split()[1:] for line in file if line.startswith("Uid:"))
    assert uids == [str(Account(ALICE).uid)] * 4
    assert disk.stat().st_uid == Account(ALICE).uid
    assert alice.get(vm_path("hers"), VM, "Owner") == Account(ALICE).uid
    assert command(alice, "hers", "Stop")["Result"] == "done"


def test_the_shadow_file_as_a_disk(hers):
    alice = hers(disk="virtio-blk:readonly:/etc/shadow")
    fails(alice, "/etc/shadow", "ermission denied")


def test_the_shadow_file_as_an_iso(world, hers):
    alice = hers(iso="/etc/shadow")
    fails(alice, "/etc/shadow", "ermission denied")


def test_the_shadow_file_as_a_kernel(world, hers):
    alice = hers(vms.section("vm", "hers", {"backend": "qemu", "loader": "kernel", "memory": "16M", "com1": "auto",
                                            "kernel": "/etc/shadow", "cmdline": "quiet"}))
    fails(alice, "/etc/shadow", "ermission denied")


def test_a_root_owned_disk_for_writing(world, hers):
    """She may read it, as everybody may; a disk without `readonly` is opened for writing, and that she may not."""
    alice = hers(disk=f"virtio-blk:{world.image}")
    fails(alice, "tiny.img", "ermission denied")


@pytest.mark.parametrize("key, wish, trace", [
    ("sharefs", "host=/", "virtfs"), ("sharefs", "host=/", "fsdev"), ("bhyve_env", "LD_PRELOAD=/tmp/evil.so", "evil"),
    ("bhyveload_env", "LD_PRELOAD=/tmp/evil.so", "evil"), ("passthru", "1/0/0", "vfio"), ("network", "br0", "br0")])
def test_what_only_root_may_wish(world, hers, key, wish, trace):
    """A folder of the host, an environment, a device, a bridge: the wish is an error, the VM does without."""
    alice = hers(**{key: wish})
    refused(world, "error: vm hers", f"{key}:", "root" if key != "network" else "granted")
    if "hers" in alice.list_vms():
        assert trace not in runs(world, alice)


def test_a_serial_device_of_the_host(world, hers):
    alice = hers(com2="/dev/tty1")
    if "hers" in alice.list_vms():
        job = command(alice, "hers", "Start")
        if job["Result"] == "done":
            refused(world, "com2")
            pid = alice.get(vm_path("hers"), VM, "HypervisorPid")
            assert "tty1" not in str(command_line(pid))
            command(alice, "hers", "PowerOff")
        else:
            assert "/dev/tty1" in job["Error"], job


def test_anothers_log(world, hers):
    log = world.folder / "bobs.log"
    log.write_text("Bob's own words\n")
    give(log, BOB)
    alice = hers(err_logfile=str(log))
    fails(alice, "bobs.log", "ermission denied")
    assert log.read_text() == "Bob's own words\n"


def test_her_own_log(world, hers):
    log = world.own_folder(ALICE) / "hers.log"
    alice = hers(err_logfile=str(log))
    runs(world, alice)
    assert log.stat().st_uid == Account(ALICE).uid and log.stat().st_mode & 0o137 == 0


def test_a_log_that_is_a_symlink(world, hers):
    """Hers, to a file of hers: still not followed, for what it points to may be another's a moment later."""
    folder = world.own_folder(ALICE)
    target = folder / "target"
    target.write_text("")
    give(target, ALICE)
    os.symlink(target, folder / "log")
    alice = hers(err_logfile=str(folder / "log"))
    fails(alice, "symbolic link")
    assert target.read_text() == ""


def test_a_log_where_she_may_not_write(hers):
    alice = hers(err_logfile="/etc/cron.d/hers")
    fails(alice, "/etc/cron.d/hers", "ermission denied")
    assert not os.path.exists("/etc/cron.d/hers")


def test_a_screen_where_she_may_not_write(world, hers):
    """The socket is made by the hypervisor, which is hers."""
    alice = hers(graphics=True, graphics_path=str(world.own_folder(BOB) / "vnc"))
    fails(alice, "vnc")
    assert list((world.folder / f"home-{BOB}").iterdir()) == []


def test_what_is_there_is_not_told(world):
    """Whether a file exists that she cannot reach shows in no reply."""
    secret = world.folder / "secret"
    secret.mkdir(mode=0o700)
    (secret / "here").write_text("")
    world.write("# root has no VMs\n")
    world.write_user(ALICE, world.tiny("is", disk=f"virtio-blk:noexist:{secret}/here") +
                     world.tiny("no", disk=f"virtio-blk:noexist:{secret}/gone"))
    world.start()
    alice = world.follower(ALICE)
    assert sorted(alice.list_vms()) == ["is", "no"]
    told = [fails(alice, "ermission denied", vm=name).replace("here", "gone") for name in ("is", "no")]
    assert told[0] == told[1]


def test_a_log_that_is_a_fifo_blocks_nobody(world, hers):
    fifo = world.own_folder(ALICE) / "fifo"
    os.mkfifo(fifo)
    give(fifo, ALICE)
    alice = hers(err_logfile=str(fifo))
    fails(alice, "fifo")


def test_a_disk_that_is_a_fifo_blocks_nobody(world, hers):
    fifo = world.own_folder(ALICE) / "fifo"
    os.mkfifo(fifo)
    give(fifo, ALICE)
    alice = hers(disk=f"virtio-blk:{fifo}")
    fails(alice, "fifo")


def test_a_device_of_the_host_as_a_disk(world, hers):
    device = world.folder / "disk-device"
    os.mknod(device, 0o600 | stat.S_IFBLK, os.makedev(7, 0))
    alice = hers(disk=f"virtio-blk:readonly:{device}")
    fails(alice, "disk-device", "ermission denied")


def test_a_symlink_swapped_in_between(world, hers):
    """The file is opened with her credentials at each start, whatever it was at the check of the configuration."""
    folder = world.own_folder(ALICE)
    disk = give(shutil.copy(world.image, folder / "disk.img"), ALICE)
    alice = hers(disk=f"virtio-blk:readonly:{disk}")
    runs(world, alice)
    assert command(alice, "hers", "PowerOff")["Result"] == "done"
    for target in ("/etc/shadow", "/proc/1/mem", "/proc/1/environ"):
        os.unlink(disk)
        os.symlink(target, disk)
        fails(alice, "ermission denied")
    os.unlink(disk)
    os.symlink("/etc", disk)
    fails(alice, "folder")


def test_a_folder_swapped_in_between(world, hers):
    """The same with a folder on the way."""
    folder = world.own_folder(ALICE)
    inner = folder / "disks"
    inner.mkdir()
    give(inner, ALICE, 0o700)
    give(shutil.copy(world.image, inner / "shadow"), ALICE)
    alice = hers(disk=f"virtio-blk:readonly:{inner}/shadow")
    runs(world, alice)
    command(alice, "hers", "PowerOff")
    shutil.rmtree(inner)
    os.symlink("/etc", inner)
    fails(alice, "ermission denied")


def replaced_by_a_link(world, path, target):
    path.unlink(missing_ok=True)
    os.symlink(target, path)
    os.lchown(path, Account(BOB).uid, Account(BOB).gid)


@pytest.mark.parametrize("target", ["alices.conf", "roots.conf", "nothing", "loop", "/dev/zero", "/etc/shadow", "."])
def test_a_configuration_that_is_a_link_elsewhere(world, target):
    """Bob's own file, which root named, becomes a link: that is his trouble, and no other VM is concerned."""
    world.write(world.tiny("roots"))
    world.write(world.tiny("alices"), "alices.conf", ALICE)
    world.write(world.tiny("another"), "roots.conf")
    link = world.write_user(BOB, world.tiny("bobs"), "loop" if target == "loop" else "bob.conf")
    replaced_by_a_link(world, link, target)
    daemon = world.start()
    assert list(world.client().list_vms()) == ["roots"]
    daemon.logged(f"{link}: error: ")


def test_a_configuration_that_is_gone(world):
    """Taken away by its owner, out of his own folder: his VMs are not there, the daemon starts."""
    world.write(world.tiny("roots"))
    folder = world.own_folder(ALICE)
    for name in ("hers.conf", "no/such/folder.conf"):
        world.user_configs.append(folder / name)
    daemon = world.start()
    assert list(world.client().list_vms()) == ["roots"]
    daemon.logged(f"{folder}/hers.conf: error: cannot open: No such file")


def test_a_configuration_of_roots_that_is_gone(world):
    """Root's own is missed: nothing is started on half a configuration."""
    world.write(world.tiny("roots"))
    world.user_configs.append(world.folder / "more.conf")
    ended = world.daemon().run()
    assert ended.returncode == 1 and f"{world.folder}/more.conf: error: cannot open" in ended.stderr, ended
    world.daemons.clear()


@pytest.mark.parametrize("mode", [0o666, 0o622])
def test_a_configuration_that_all_may_write(world, mode):
    world.write(world.tiny("roots"))
    path = world.write_user(ALICE, world.tiny("hers"))
    path.chmod(mode)
    daemon = world.start()
    assert list(world.client().list_vms()) == ["roots"]
    daemon.logged(f"{path}: error: access denied")


def test_a_global_section_of_hers(world, hers):
    alice = hers('global { vars_directory = "/etc"; }\n' + world.tiny("hers"))
    refused(world, "global")
    assert "hers" in alice.list_vms()


def test_she_cannot_make_bob_an_owner(world, hers):
    alice = hers(owner=BOB)
    assert "hers" not in world.client(BOB).list_vms()
    refused(world, "owner")


def test_of_two_definitions_root_wins(world):
    world.write(world.tiny("web", owner=BOB))
    world.write_user(ALICE, world.tiny("WEB"))
    world.start()
    assert list(world.client(BOB).list_vms()) == ["web"]
    assert list(world.client(ALICE).list_vms()) == []


def test_a_variable_of_hers_in_roots_template(world):
    """Root's template is trusted; what she puts into it is not."""
    world.write(vms.section("template", "base", {"backend": "qemu", "loader": "bios", "memory": "16M"})
                .replace("}", '    disk = "virtio-blk:readonly:${image}";\n}'))
    world.write_user(ALICE, 'vm hers {\n    $image = "/etc/shadow";\n    .apply base;\n}\n')
    world.start()
    fails(world.follower(ALICE), "/etc/shadow", "ermission denied")


def test_a_secret_is_nowhere(world):
    """In no property, job, event, argument, environment and log. (root's own run folder has the whole definition.)"""
    secret = "open-sesame-4711"
    daemon = world.start(world.tiny("web", owner=ALICE, visibility="all", graphics=True,
                                    graphics_path=str(world.folder / "vnc"), graphics_password=secret))
    world.folder.chmod(0o777)    # where her hypervisor makes its socket
    caller = world.follower()
    shown = [runs(world, caller, "web"), caller.get_all(vm_path("web"), VM), journal(caller),
             caller.call(NAME, ROOT, OBJECT_MANAGER, "GetManagedObjects")]
    command(caller, "web", "PowerOff")
    daemon.logged("job-end", "command=poweroff")
    shown += [[m.body for m in caller.drain()], daemon.text()]
    for folder in ("log", "state"):
        shown += [path.read_text(errors="replace") for path in (world.folder / folder).rglob("*") if path.is_file()]
    assert secret not in str(shown)


def test_nobody_but_root_looks_into_the_run_folder(world):
    """What runs, with all that its definition says, is root's, whoever the hypervisor runs as."""
    world.start(world.tiny("web", owner=ALICE))
    alice = world.follower(ALICE)
    runs(world, alice, "web")
    files = [p for p in (world.folder / "run/vm").rglob("*") if p.is_file()]
    assert files
    for path in files:
        assert world.run_as(ALICE, "cat", path).returncode != 0, path
        assert path.stat().st_uid == 0 and path.stat().st_mode & 0o077 == 0, path
