"""A campaign: the daemon is killed again and again, at its kill points and at random, and started again each time, while
a workload goes on. Then what the witnesses saw is held against what the daemon says."""
import random
import shutil
import signal
import subprocess
import time
from collections import Counter

from harness.client import Disconnected
from harness.events import journal
from harness.processes import wait_until
from harness.world import BIN

from fleet import CALM, FOR_POINTS, USUAL, Fleet, is_still, rows_of
from witness import Follower, Witness

PATIENCE = 15.0        # seconds of workload for a kill point to be come by
SETTLE = 90.0          # seconds until nothing may be under way any more
ENDING = ("end.", "main.all-stopped")   # come by where the daemon is told to end

# Places that are come by at the start of a daemon only if the one before it was killed at another.
PRELUDES = {"start.again": "prestart.called", "recover.vm": "prestart.called", "adopt.": "turn.told",
            "shim.found": "turn.told", "tickets.voided": "launch.called", "qmp.connected": "turn.told",
            "qmp.found": "turn.told", "renew.": "turn.told", "store.synced": "end."}


def kill_points(program):
    listed = subprocess.run([str(BIN / program), "--list-kill-points"], capture_output=True, text=True, check=True)
    return listed.stdout.split()


def looked_up(table, point, otherwise=None):
    return next((value for prefix, value in table.items() if point.startswith(prefix)), otherwise)


class Campaign:
    def __init__(self, world, kills, seed, every_point):
        self.world, self.kills, self.seed, self.every_point = world, kills, seed, every_point
        self.random = random.Random(seed)
        self.points, self.shim_points = kill_points("apiaryd"), sorted(kill_points("apiary-shim"))
        self.hit, self.missed = Counter(dict.fromkeys(self.points, 0)), Counter()
        self.at_random, self.bus_kills, self.faults, self.begun = 0, 0, [], time.monotonic()
        self.witness = Witness(world.folder)
        self.fleet = Fleet(world, self.witness, self.random)
        self.daemon = world.daemon(options=self.fleet.options)
        self.calm = {}

    # --- the plan ---

    def plan(self):
        """What each kill is to be: a kill point, or None for any moment. The rarest points come first, and again."""
        at_points = max(self.kills * 3 // 4, min(self.kills, len(self.points) if self.every_point else 0))
        plan = [None] * (self.kills - at_points)
        while at_points > 0:
            some = self.random.sample(self.points, min(at_points, len(self.points)))
            plan += some
            at_points -= len(some)
        shims = max(self.kills // 10, len(self.shim_points) if self.every_point else 0)
        plan += [self.shim_points[number % len(self.shim_points)] for number in range(shims)]
        self.random.shuffle(plan)
        return plan

    # --- one kill ---

    def launch(self, point=None, passage=1, shims_at=None):
        self.fleet.enable_plugins()
        self.daemon.environment = {"APIARY_WITNESS": str(self.witness.steps)}
        if point:
            self.daemon.environment["APIARY_KILL_AT"] = f"{point}:{passage}"
        if shims_at:
            self.daemon.environment["APIARY_SHIM_KILL_AT"] = shims_at
        self.log_at = self.daemon.log.stat().st_size if self.daemon.log.exists() else 0
        self.daemon.launch()

    def said(self):
        """By this daemon."""
        with open(self.daemon.log, errors="replace") as log:
            log.seek(self.log_at)
            return log.read()

    def is_dead(self):
        return self.daemon.process.poll() is not None

    def work(self, seconds, weights):
        """Until the daemon is dead, or the time is over."""
        until = time.monotonic() + seconds
        while not self.is_dead() and time.monotonic() < until:
            self.fleet.act(weights)
            time.sleep(self.random.uniform(0, 0.02))

    def kill_at(self, point):
        """True: it was killed there."""
        prelude = looked_up(PRELUDES, point)
        if prelude and self.random.random() < 0.8:
            self.once(prelude, 1 if prelude.startswith("launch") else self.random.randint(3, 20))
        return self.once(point, self.random.choice([1, 1, 1, 2, 3, 5])) or self.once(point, 1)

    def once(self, point, passage):
        self.launch(point, passage)
        if point.startswith(ENDING):
            self.work(0.4, USUAL)
            self.end_daemon()
        else:
            self.work(PATIENCE if passage == 1 else PATIENCE / 3, looked_up(FOR_POINTS, point, USUAL))
        return self.bury(point)

    def end_daemon(self):
        """Told to end, and to be quick."""
        self.calm.clear()
        wait_until(lambda: self.is_dead() or " runs with " in self.said(), "that it takes signals")
        for number in (signal.SIGTERM, signal.SIGINT):
            if not self.is_dead():
                self.daemon.signal(number)
                self.work(0.1, {"guest-poweroff": 1})
        self.work(PATIENCE, {"guest-poweroff": 1})

    def bury(self, point):
        """Counts how it ended; where it was not killed at the point, that is done now."""
        by_itself = self.is_dead()
        if not by_itself:
            self.daemon.process.kill()
        code = self.daemon.process.wait()
        self.daemon.process = None
        if code == -signal.SIGKILL:
            died_there = point in self.hit and by_itself
            if died_there:
                self.hit[point] += 1
            self.at_random += not died_there
            self.missed[point] += point is not None and not died_there
            return died_there
        if code != 0 or not (point or "").startswith(ENDING):
            self.faults.append(f"apiaryd ended with {code} (armed: {point}): {self.said()[-1500:]}")
        return False

    def kill_shims_at(self, point):
        """Every shim of this daemon that comes by. The daemon is killed with them, at any moment."""
        said = self.witness.folder / "shims"
        before = self.witness.shims_killed().total()
        self.launch(shims_at=f"{point}:{said}")
        until = time.monotonic() + PATIENCE
        while self.witness.shims_killed().total() == before and time.monotonic() < until and not self.is_dead():
            self.work(0.3, USUAL)
        self.work(self.random.uniform(0, 0.5), USUAL)
        self.bury(None)

    def kill_at_any_moment(self):
        self.launch()
        if self.random.random() < 0.3:
            time.sleep(self.random.uniform(0, 0.15))     # in its start
        else:
            self.work(self.random.uniform(0, 1.2), USUAL)
        self.bury(None)

    # --- between kills ---

    def while_it_is_dead(self):
        for _ in range(self.random.choice([0, 0, 1, 2, 4])):
            self.fleet.befall(self.random.choice(["guest-reboot", "guest-poweroff", "guest-reboot", "guest-dies"]))
        chance = self.random.random()
        if chance < 0.04:
            self.fleet.kill_a_shim()
        elif chance < 0.07:
            self.kill_the_bus()

    def kill_the_bus(self):
        self.world.bus.stop()
        self.world.bus.start()
        self.fleet.disconnect()
        self.bus_kills += 1

    def settle(self):
        """A daemon that nobody kills, until nothing is under way; then everything must be as it should."""
        self.launch()
        self.fleet.disconnect()
        rows = {}

        def still():
            nonlocal rows
            if self.is_dead():
                raise AssertionError(f"apiaryd ended with {self.daemon.process.returncode}")
            try:
                client = self.fleet.connect()
                rows = rows_of(client)
                return is_still(rows)
            except (AttributeError, OSError, Disconnected):
                self.fleet.disconnect()
            except Exception:      # it is not on the bus yet; a VM is gone since it was listed
                pass
            return False
        try:
            wait_until(still, "rest", SETTLE)
        except AssertionError as fault:
            self.faults.append(f"not at rest: {fault}")
        self.faults += self.fleet.faults(rows)
        if self.follower.process.poll() is not None:
            raise AssertionError(f"the follower of events has ended: {self.follower.errors.read_text()[-600:]}")
        for name in CALM:
            if rows.get(name, {}).get("State") != "running":      # the daemon was told to end meanwhile
                self.calm.pop(name, None)
            else:
                pid = self.witness.living(name)
                if self.calm.setdefault(name, pid) != pid:
                    self.faults.append(f"VM {name}, to whom nobody did anything, has another hypervisor")

    def without_kill(self):
        shims = self.witness.shims_killed()
        return [p for p in self.points if not self.hit[p]] + [p for p in self.shim_points if not shims[p]]

    def start_the_calm(self):
        for name in CALM:
            if name not in self.calm:
                self.fleet.post(name, "Start")

    # --- the whole ---

    def run(self):
        self.launch()
        wait_until(lambda: "on the bus" in self.daemon.text(), "the bus name")
        follower = self.follower = Follower(self.world)
        try:
            follower.until(1)      # it must have found the daemon once, else it gives up
            self.start_the_calm()
            self.daemon.kill()
            for number, point in enumerate(self.plan()):
                self.step(number, point)
            for _ in range(3 if self.every_point else 0):
                for point in self.without_kill():
                    self.step(1, point)
            self.finish(follower)
        finally:
            follower.close()

    def step(self, number, point):
        if point is None:
            self.kill_at_any_moment()
        elif point in self.shim_points:
            self.kill_shims_at(point)
        else:
            self.kill_at(point)
        self.while_it_is_dead()
        if number % 8 == 7:
            self.settle()
            if not self.is_dead():
                if self.random.random() < 0.3:
                    self.kill_the_bus()
                self.start_the_calm()
                self.work(0.3, USUAL)
            self.bury(None)
        if len(self.faults) > 20:
            raise AssertionError("too much is wrong to go on:\n" + "\n".join(self.faults))

    def finish(self, follower):
        self.settle()
        for name in self.fleet.names():
            self.fleet.post(name, "PowerOff")
        client = self.fleet.connect()
        wait_until(lambda: is_still(rows_of(client)) and all(
            row["State"] in ("stopped", "failed") for row in rows_of(client).values()), "all VMs at rest", SETTLE)
        events = journal(client)
        follower.until(events[-1].seq)
        self.attempts, faults = self.witness.judge_steps()
        self.never_undone = len(faults)
        of_plugin, more = self.witness.judge_story(self.fleet.story)
        self.attempts += of_plugin
        faults += more
        self.never_undone += len(more)
        self.hypervisors, doubles = self.witness.judge_hypervisors()
        self.doubles = len(doubles)
        self.events, self.lost, self.repeated, told = follower.judge(events)
        self.faults += faults + doubles + told
        if self.every_point:
            self.faults += [f"kill point {point}: no kill" for point in self.without_kill()]
        self.fleet.disconnect()

    def report(self):
        kills = sum(self.hit.values()) + self.at_random
        lines = [f"{kills} kills of the daemon in {time.monotonic() - self.begun:.0f} s (seed {self.seed}): "
                 f"{sum(self.hit.values())} at {sum(1 for p in self.points if self.hit[p])} of {len(self.points)} kill "
                 f"points, {self.at_random} at random; killed besides: {self.fleet.counts['shim-dies']} shims, "
                 f"{self.fleet.counts['guest-dies']} hypervisors, {self.bus_kills} bus daemons"]
        lines += [f"  {self.hit[point]:5}  {point}" for point in self.points]
        shims = self.witness.shims_killed()
        lines.append(f"{shims.total()} kills of shims at {len(shims)} of {len(self.shim_points)} kill points")
        lines += [f"  {shims[point]:5}  {point}" for point in self.shim_points]
        if hasattr(self, "events"):
            lines.append(f"{self.attempts} attempts of steps, {self.never_undone} not undone before the next or in the "
                         f"end; {self.hypervisors} hypervisors spawned, {self.doubles} times two of one VM at once")
            lines.append(f"{self.events} events followed, {self.lost} lost, {self.repeated} repeated")
        lines.append(f"VMs lost: {sum('is lost' in fault for fault in self.faults)}; faults: {len(self.faults)}")
        return "\n".join([*lines, *self.faults])


def keep_report(text):
    """Where tools/test --full looks for it."""
    with open(BIN.parent / "faults-report.txt", "a") as file:
        file.write(text + "\n")
    print(text, flush=True)


def keep_evidence(campaign):
    """What the daemon said and the witnesses saw in the last campaign that went wrong."""
    kept = BIN.parent / "faults-last"
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir()
    for path in (campaign.daemon.log, campaign.witness.steps, campaign.witness.hypervisors,
                 *campaign.world.folder.glob("events.*")):
        if path.exists():
            shutil.copy(path, kept)
    return kept
