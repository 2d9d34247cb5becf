"""What was seen outside the daemon: step runs, hypervisors, events. None of it asks the daemon."""
import fcntl
import json
import os
import shutil
import signal
import subprocess
from collections import Counter

from harness.processes import alive, dies_with_us, wait_until
from harness.world import BIN


class Witness:
    """Programs that stand before the hypervisors (tests/stand-in/witness.cpp), and the file of the daemon's own witness
    step."""

    def __init__(self, folder):
        self.programs = folder / "programs"
        self.folder = self.programs / "witness"
        self.folder.mkdir(parents=True)
        self.steps, self.hypervisors = self.folder / "steps", self.folder / "hypervisors"

    def before(self, name, real):
        """A program that becomes `real`."""
        program = self.programs / name
        shutil.copy(BIN / "stand-in-witness", program)
        (self.programs / f"{name}.real").symlink_to(real)
        return program

    def late(self, vm):
        """The hypervisor of this VM never comes up from now on."""
        (self.folder / f"{vm}.late").touch()

    def spawned(self):
        """[(word, pid, vm)] in order; the word is DOUBLE where there were two at once."""
        if not self.hypervisors.exists():
            return []
        return [(word, int(pid), vm) for word, pid, vm in
                (line.split(" ", 2) for line in self.hypervisors.read_text().splitlines())]

    def living(self, vm):
        """The pid of the VM's hypervisor, which has its lock. None: there is none."""
        path = self.folder / f"{vm}.lock"
        if not path.exists():
            return None
        with open(path) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return None
            except BlockingIOError:
                return next((pid for word, pid, name in reversed(self.spawned()) if name == vm), None)

    def signal(self, vm, number):
        """To the VM's hypervisor, if one lives."""
        pid = self.living(vm)
        if pid is None or not alive(pid):
            return
        try:
            fd = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            if self.living(vm) == pid:
                signal.pidfd_send_signal(fd, number)
        except ProcessLookupError:
            pass
        finally:
            os.close(fd)

    def shims_killed(self):
        """How many at which of their kill points: they say so themselves, before."""
        path = self.folder / "shims"
        return Counter(path.read_text().split() if path.exists() else ())

    def judge_steps(self):
        """(attempts begun, faults): each is undone before the next of its VM begins, and in the end."""
        lines = self.steps.read_text().splitlines() if self.steps.exists() else []
        return judge_attempts(line.split(" ", 2) for line in lines)

    def judge_story(self, file):
        """The same of the plugin that writes down its calls (tests/plugins/story)."""
        lines = file.read_text().splitlines() if file.exists() else []
        calls = [line.split(" ", 3) for line in lines]
        count, faults = judge_attempts((call[0], call[2], call[1]) for call in calls
                                       if call[0] in ("prestart", "poststop"))
        faults += [] if count else ["the plugin was never called"]
        return count, [f"plugin: {fault}" for fault in faults]

    def judge_hypervisors(self):
        """(how many were spawned, faults)."""
        spawned = self.spawned()
        return len(spawned), [f"two hypervisors of {vm} at once (pid {pid} came second)"
                              for word, pid, vm in spawned if word == "DOUBLE"]


def judge_attempts(calls):
    faults, begun, open_attempts, seen = [], 0, {}, set()
    for what, attempt, vm in calls:
        if what == "poststop":
            open_attempts.pop((vm, attempt), None)
            continue
        begun += 1
        if attempt in seen:
            faults.append(f"attempt {attempt} of {vm} was begun twice")
        seen.add(attempt)
        for other in [key for key in open_attempts if key[0] == vm]:
            faults.append(f"attempt {attempt} of {vm} was begun while {other[1]} was not undone")
            del open_attempts[other]
        open_attempts[vm, attempt] = True
    return begun, faults + [f"attempt {attempt} of {vm} was never undone" for vm, attempt in open_attempts]


class Follower:
    """apiaryctl events --follow, from the first event on, through all that happens."""

    def __init__(self, world):
        self.path, self.errors = world.folder / "events.jsonl", world.folder / "events.err"
        environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "APIARY_BUS_ADDRESS": world.bus.address}
        with open(self.path, "wb") as out, open(self.errors, "wb") as err:
            self.process = subprocess.Popen([str(BIN / "apiaryctl"), "--json", "events", "--follow", "--since", "1"],
                                            env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd="/",
                                            preexec_fn=dies_with_us())

    def events(self):
        text = self.path.read_text()
        return [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]

    def until(self, seq):
        """Waits until it has this event."""
        def has_it():
            return any(event.get("seq", 0) >= seq for event in self.events()[-1:])
        try:
            wait_until(has_it, f"the follower to have event {seq}", 40)
        except AssertionError as fault:
            raise AssertionError(f"{fault}; its last are {self.events()[-2:]}; it said: "
                                 f"{self.errors.read_text()[-600:]}; it is in {self.where()}") from None

    def where(self):
        return open(f"/proc/{self.process.pid}/wchan").read() + " " + open(f"/proc/{self.process.pid}/syscall").read()

    def close(self):
        self.process.terminate()
        self.process.wait()

    def judge(self, journal):
        """(events, lost, repeated, other faults). `journal`: what the daemon has in the end."""
        lines, faults = self.events(), []
        faults += [f"the follower was told: {line}" for line in lines if "seq" not in line]
        lines = [line for line in lines if "seq" in line]
        counts = Counter(line["seq"] for line in lines)
        last = max([*counts, *(e.seq for e in journal)], default=0)
        lost = sum(1 for seq in range(1, last + 1) if seq not in counts)
        repeated = sum(count - 1 for count in counts.values())
        if [line["seq"] for line in lines] != sorted(counts):
            faults.append("the follower got events out of order or twice")
        of_vm = {}
        for line in lines:
            if line.get("vm"):
                of_vm.setdefault(line["vm"], []).append(line["vm_seq"])
        for vm, numbers in of_vm.items():
            wrong = next((at for at, number in enumerate(numbers) if number != at + 1), None)
            if wrong is not None:
                faults.append(f"the numbers of the events of {vm} have gaps or come twice: "
                              f"{numbers[max(0, wrong - 3):wrong + 4]}")
        told = {line["seq"]: (line.get("vm") or "", line["type"]) for line in lines}
        faults += [f"event {e.seq} is {(e.vm, e.type)} in the journal, and was told as {told.get(e.seq)}"
                   for e in journal if told.get(e.seq) != (e.vm, e.type)]
        jobs, ends = Counter(), Counter()
        for line in lines:
            if line["type"] == "job-new":
                jobs[line["seq"]] += 1
            elif line["type"] == "job-end":
                ends[int(line["details"].get("job", 0))] += 1
        faults += [f"job {job} ended {ends[job]} times" for job in jobs if ends[job] != 1]
        return len(counts), lost, repeated, faults
