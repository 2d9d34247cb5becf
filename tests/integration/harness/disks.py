"""Disks that fail the daemon: one that is full, and one that answers with I/O errors."""
import errno
import os
import subprocess

from .processes import dies_with_us
from .world import BIN


class SmallDisk:
    """A folder of the world as a file system of its own, which daemons see one after the other, and nobody else."""

    def __init__(self, world, folder, size="2m"):
        self.path = world.folder / folder
        self.path.mkdir(mode=0o700)
        self.holder = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c",
             f"mount -t tmpfs -o size={size},mode=0700 none {self.path} && echo ready && exec sleep infinity"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, preexec_fn=dies_with_us())
        assert self.holder.stdout.readline() == b"ready\n"
        self.prefix = ["nsenter", f"--mount=/proc/{self.holder.pid}/ns/mnt", "--"]
        self.ballast = f"/proc/{self.holder.pid}/root{self.path}/ballast"

    def fill(self):
        """To the last byte."""
        with open(self.ballast, "ab", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError as full:
                assert full.errno == errno.ENOSPC

    def empty(self):
        os.unlink(self.ballast)

    def close(self):
        """Daemons that run keep it."""
        self.holder.kill()
        self.holder.wait()
        self.holder.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class SickDisk:
    """The state database of daemons with this environment is on a disk that fails (tests/stand-in/sick_disk.c)."""

    def __init__(self, world):
        self.calls = world.folder / "sick"
        self.environment = {"LD_PRELOAD": str(BIN / "sick-disk.so"), "SICK_DISK": str(self.calls)}

    def fail(self, *calls):
        """From now on these fail: open, read, write, sync."""
        self.calls.write_text(" ".join(calls))

    def heal(self):
        self.calls.unlink(missing_ok=True)
