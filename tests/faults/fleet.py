"""The VMs of the fault injection, and what is done to them meanwhile: a random workload that waits for nothing."""
import os
import shutil
import signal

from harness import vms
from harness.client import MANAGER, NAME, ROOT, VM, BusError, Client, Disconnected, vm_path
from harness.processes import alive, command_line, descendants, status
from harness.world import BUILD, STAND_IN

QEMU = "/usr/bin/qemu-system-x86_64"
STAND_INS = [f"b{i}" for i in range(6)]
GUESTS = ["q0", "q1"]
CALM = ["calm", "qcalm"]         # nobody does anything to them: their hypervisors must be the same in the end
LATE = "late"                    # its hypervisor never comes up, so it is killed

# What is done, and how often.
USUAL = {"start": 30, "stop": 12, "poweroff": 10, "start-stop": 8, "guest-reboot": 9, "guest-poweroff": 5,
         "guest-dies": 3, "reset": 5, "pause": 4, "failreset": 5, "reload": 4, "shim-dies": 1, "enable": 2}
# … where that is what leads to a kill point.
FOR_POINTS = {"kill.": {**USUAL, "start-late": 40}, "firmware.": {**USUAL, "start-late": 40}, "reload.": {**USUAL, "reload": 40},
              "plugin-enabled.": {**USUAL, "enable": 40},
              "identity.": {**USUAL, "reload": 40}, "renew.": {"start": 20, "guest-reboot": 40},
              "relaunch.": {"start": 20, "guest-reboot": 40}, "qmp.": {"q-start": 30, "q-end": 30, "start": 5},
              "reset.": {"q-start": 20, "reset": 40}, "prestart.canceled": {"start-stop": 40},
              "quit.": {"start": 20, "poweroff": 20}, "button.": {"start": 20, "stop": 20}}


class Fleet:
    def __init__(self, world, witness, random):
        self.world, self.witness, self.random = world, witness, random
        self.extra, self.extras_made, self.client = None, 0, None
        self.counts = {"shim-dies": 0, "guest-dies": 0}
        witness.late(LATE)
        # One plugin that has its part in VMs and writes down its calls, and one that dies of each event it hears.
        self.plugins, self.story = world.folder / "plugins", witness.folder / "story"
        self.plugins.mkdir()
        for name, build in (("story", "first"), ("fragile", "fragile")):
            shutil.copy(BUILD / f"story/{build}/{name}.so", self.plugins)
        self.write()
        self.options = ["--plugin-dir", str(self.plugins), "--bhyve", str(witness.before("bhyve", STAND_IN)), "--qemu", str(witness.before("qemu", QEMU))]

    def names(self):
        return [*STAND_INS, *GUESTS, *CALM, LATE, *([self.extra] if self.extra else [])]

    def write(self):
        def bhyve(name, **more):      # its guests reboot and die more often than a failure policy would bear
            return self.world.bhyve(name, maxrestart=1000, maxrestarttime=1, story_file=self.story, **more)

        def tiny(name, **more):
            return self.world.tiny(name, story_file=self.story, **more)

        text = vms.section("global", "", {"max_starting": 3})
        text += "".join(bhyve(name) for name in STAND_INS) + "".join(tiny(name) for name in GUESTS)
        text += bhyve(CALM[0], boot="yes") + tiny(CALM[1], boot="yes") + tiny(LATE, loader="uefi", loader_timeout=1)
        if self.extra:
            text += bhyve(self.extra)
        # At once: a daemon that starts or reads just now must not find half of it.
        os.replace(self.world.write(text, "apiary.conf.new"), self.world.config)

    def enable_plugins(self):
        """As an admin does while no daemon lives: what it has disabled is there again."""
        (self.world.folder / "state/plugins/fragile/disabled").unlink(missing_ok=True)

    # --- the bus ---

    def connect(self):
        """A caller for as long as the bus lives; None: there is no bus just now."""
        if self.client is None:
            try:
                self.client = Client(self.world.bus.address)
            except (OSError, Disconnected, BusError):
                return None
        return self.client

    def disconnect(self):
        if self.client is not None:
            self.client.close()
            self.client = None

    def post(self, name, member, signature="a{sv}", *arguments, manager=False, plugin=False):
        client = self.connect()
        if client is None:
            return
        try:
            if plugin:
                client.post(NAME, f"{ROOT}/plugin/{name}", f"{NAME}.Plugin", member, signature, *arguments)
            elif manager:
                client.post(NAME, ROOT, MANAGER, member, signature, *arguments)
            else:
                client.post(NAME, vm_path(name), VM, member, signature, *(arguments or ({},)))
            while True:
                client.receive(0)    # replies: whether it was refused, or the daemon died, is not asked
        except TimeoutError:
            pass
        except (OSError, Disconnected):
            self.disconnect()

    # --- what is done ---

    def act(self, weights):
        what = self.random.choices(list(weights), list(weights.values()))[0]
        name = self.random.choice([*STAND_INS, *GUESTS, *([self.extra] if self.extra else [])])
        if what in ("q-start", "q-end", "reset", "pause"):
            name = self.random.choice(GUESTS)
        if what in ("start", "q-start"):
            self.post(name, "Start")
        elif what == "stop":
            self.post(name, "Stop")
        elif what == "poweroff":
            self.post(name, "PowerOff")
        elif what == "start-stop":
            self.post(name, "Start")
            self.post(name, self.random.choice(["Stop", "PowerOff"]))
        elif what == "q-end":
            self.post(name, self.random.choice(["Stop", "PowerOff"]))
        elif what == "reset":
            self.post(name, "Reset")
        elif what == "pause":
            self.post(name, self.random.choice(["Pause", "Resume"]))
        elif what == "failreset":
            self.post(name, "FailReset")
        elif what == "start-late":
            (self.world.folder / "vars" / f"{LATE}.vars").unlink(missing_ok=True)   # so they are copied again
            self.post(LATE, "Start")
        elif what == "reload":
            self.reload()
        elif what == "enable":
            self.post("fragile", "Enable", "a{sv}", {}, plugin=True)
        else:
            self.befall(what)

    def befall(self, what):
        """What happens to a guest without anybody asking the daemon."""
        name = self.random.choice(STAND_INS)
        if what == "guest-reboot":
            self.witness.signal(name, signal.SIGUSR1)
        elif what == "guest-poweroff":
            self.witness.signal(name, signal.SIGUSR2)
        elif what == "guest-dies":
            self.witness.signal(self.random.choice([*STAND_INS, *GUESTS]), signal.SIGKILL)
            self.counts[what] += 1
        elif what == "shim-dies":
            self.kill_a_shim()

    def kill_a_shim(self):
        """Of any VM but the calm ones, wherever in its life that shim is."""
        def is_one(pid):
            line = command_line(pid)  # each time anew: it may have ended since
            return len(line) > 1 and line[0] == "apiary-shim" and line[1] not in CALM

        shims = [pid for pid in descendants(os.getpid()) if alive(pid) and is_one(pid)]
        if shims and is_one(pid := self.random.choice(shims)):
            os.kill(pid, signal.SIGKILL)
            self.counts["shim-dies"] += 1

    def reload(self):
        if self.extra:
            self.extra = None
        else:
            self.extras_made += 1
            self.extra = f"extra{self.extras_made}"
        self.write()
        self.post(None, "Reload", "a{sv}", {}, manager=True)

    # --- how it should be ---

    def faults(self, rows):
        """What is wrong where nothing is under way. `rows`: of ListVMs."""
        found = [f"VM {name} is lost" for name in self.names() if name not in rows]
        for name, row in rows.items():
            state, sub_state = row["State"], row["SubState"]
            pid = self.witness.living(name)
            if state in ("running", "paused"):
                if pid is None:
                    found.append(f"VM {name} is {state}, and has no hypervisor")
                elif row["HypervisorPid"] != pid:
                    found.append(f"VM {name} is {state} with pid {row['HypervisorPid']}, and its hypervisor is {pid}")
            elif pid is not None:
                found.append(f"VM {name} is {state}, and its hypervisor {pid} lives: "
                             f"{' '.join(command_line(pid))[:60]} {status(pid) and status(pid)[0]}")
            if sub_state:
                found.append(f"VM {name} stays {state} ({sub_state})")
        return found


def rows_of(client):
    """{name: properties} of all VMs."""
    return {name: client.get_all(vm_path(name), VM) for name in client.list_vms()}


def is_still(rows):
    return all(row["State"] in ("stopped", "failed", "running", "paused") and not row["SubState"] and
               row["Job"] in ("/", 0, "") for row in rows.values())

