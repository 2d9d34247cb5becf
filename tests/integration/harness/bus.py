"""A message bus of type `system` of our own, with the limits and the policy of Debian's real one."""
import os
import select
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from .processes import dies_with_us

SYSTEM_CONF = Path("/usr/share/dbus-1/system.conf")


class BusProcess:
    """A dbus-daemon with a socket in `folder`; `which` are the options that choose its configuration."""

    def __init__(self, folder, log):
        self.folder, self.log = Path(folder), Path(log)
        self.socket = self.folder / "bus"
        self.address = f"unix:path={self.socket}"
        self.process = None

    def launch(self, *which, **popen_arguments):
        reader, writer = os.pipe()
        try:
            with open(self.log, "ab") as log:
                self.process = subprocess.Popen(
                    ["dbus-daemon", *which, "--nofork", "--nopidfile", f"--print-address={writer}"], pass_fds=[writer],
                    stdout=log, stderr=log, stdin=subprocess.DEVNULL, preexec_fn=dies_with_us(), **popen_arguments)
            os.close(writer)
            writer = -1
            assert select.select([reader], [], [], 20)[0] and os.read(reader, 4096), \
                "dbus-daemon does not start:\n" + self.log.read_text()
        finally:
            os.close(reader)
            if writer >= 0:
                os.close(writer)
        return self

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None
        self.socket.unlink(missing_ok=True)


class PrivateBus(BusProcess):
    def __init__(self, folder, policy):
        super().__init__(folder, Path(folder) / "bus.log")
        self.policy, self.config = Path(policy), self.folder / "bus.conf"

    def write_config(self):
        """The host's own configuration, without what would tie it to the host, with the project's policy file."""
        root = ElementTree.parse(SYSTEM_CONF).getroot()
        for child in list(root):
            if child.tag in {"user", "fork", "pidfile", "syslog", "servicehelper", "standard_system_servicedirs",
                             "include", "includedir", "listen"}:
                root.remove(child)
        ElementTree.SubElement(root, "listen").text = self.address
        ElementTree.SubElement(root, "include").text = str(self.policy)
        text = ('<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" '
                '"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">\n')
        self.config.write_text(text + ElementTree.tostring(root, encoding="unicode"))

    def start(self):
        self.write_config()
        return self.launch(f"--config-file={self.config}")
