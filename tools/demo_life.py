"""The life of one guest, shown and checked. Started by tools/demo."""

import argparse
import json
import os
import pathlib
import re
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

SHOWN_DETAILS = ("command", "result", "step", "phase", "by", "mode", "text")
BOOT_SECONDS = 120  # a guest boots in 2 s here; under an emulator on a busy machine it may take long
PATIENCE_SECONDS = 10  # for a guest that is in the middle of something when the demo is to end
POWEROFF_SECONDS = 30  # for the daemon to end where all guests are switched off
BOLD, DIM, GREEN, RED, PLAIN = ("\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[0m") if sys.stdout.isatty() else [""] * 5


class Failure(Exception):
    """Something was not as it should be."""


class Interrupts:
    """Requests to end. They are counted as they come, and felt in Reader.until() alone: nothing is begun by halves."""

    def __init__(self):
        self.count = 0
        self.pipe, wakes = os.pipe()
        for end in (self.pipe, wakes):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wakes)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.another)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # so that it wakes, too: the end of a child may be waited for

    def another(self, *_):
        self.count += 1


INTERRUPTS = Interrupts()


def tell(text="", end="\n"):
    try:
        print(text, end=end, flush=True)
    except OSError:  # the terminal is gone, or who read this
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        INTERRUPTS.another()


class Reader:
    """Text of several pipes as it comes, without a thread."""

    def __init__(self):
        self.interrupts = 0  # so many are known already
        self.selector = selectors.DefaultSelector()
        self.selector.register(INTERRUPTS.pipe, selectors.EVENT_READ, lambda _: None)

    def add(self, pipe, take):
        os.set_blocking(pipe.fileno(), False)
        self.selector.register(pipe, selectors.EVENT_READ, take)

    def __contains__(self, pipe):
        return any(key.fileobj is pipe for key in self.selector.get_map().values())

    def until(self, done, seconds, what):
        deadline = time.monotonic() + seconds
        while True:
            if INTERRUPTS.count > self.interrupts:
                self.interrupts = INTERRUPTS.count
                raise KeyboardInterrupt
            if done():
                return
            left = deadline - time.monotonic()
            if left <= 0:
                raise Failure(f"{what}: did not come within {seconds} s")
            for key, _ in self.selector.select(left):
                data = os.read(key.fd, 65536)
                if data:
                    key.data(data.decode(errors="replace"))
                else:
                    self.selector.unregister(key.fileobj)


class Demo:
    def __init__(self, options):
        self.options = options
        self.bin = pathlib.Path(options.bin).resolve()
        self.guest = pathlib.Path(options.guest).resolve()
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="apiary-demo."))
        self.home.chmod(0o755)  # callers must reach the bus's socket
        self.env = dict(os.environ, APIARY_RUN_DIR=str(self.home / "run"))
        self.reader = Reader()
        self.children = []
        self.daemon = None
        self.events = []
        self.partial = ""
        self.log = ""
        self.console_raw = self.console_text = ""
        self.summary = []
        self.began = time.monotonic()

    # -- showing --------------------------------------------------------------------------------------------------------

    def say(self, text):
        tell(f"{BOLD}{text}{PLAIN}")

    def take_events(self, text):
        self.partial += text
        while "\n" in self.partial:
            line, self.partial = self.partial.split("\n", 1)
            event = json.loads(line)
            if "seq" not in event:
                continue
            self.events.append(event)
            where = event["state"] + (f"/{event['sub_state']}" if event["sub_state"] else "")
            details = " ".join(f"{key}={value}" for key, value in event["details"].items() if key in SHOWN_DETAILS)
            if (event["sub_state"], event["reason"]) == ("killing", "requested"):
                details += "(the guest is off: QEMU is told to quit)"
            tell(f"{DIM}{time.monotonic() - self.began:7.2f} s  event {event['seq']:>3}  {event['vm']:<5} "
                 f"{event['type']:<9} {where:<20} {event['reason']:<13} {details}{PLAIN}")

    def take_console(self, text):
        # The shell asks the terminal where the cursor is, after each prompt; what is read may end in the middle of that.
        self.console_raw += text
        self.console_text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", self.console_raw).replace("\r", "")

    # -- waiting --------------------------------------------------------------------------------------------------------

    def event(self, wanted, seconds, what):
        """The first event not yet waited for that fits; all before it are done with."""
        def find():
            return next((i for i, event in enumerate(self.events[self.seen:], self.seen) if wanted(event)), None)
        self.reader.until(lambda: find() is not None, seconds, what)
        index = find()
        self.seen = index + 1
        return self.events[index]

    def state(self, state, sub_state="", seconds=30):
        return self.event(lambda e: e["type"] == "state" and (e["state"], e["sub_state"]) == (state, sub_state), seconds,
                          f"state {state} {sub_state}")

    def on_console(self, text, seconds):
        start = self.console_seen
        self.reader.until(lambda: text in self.console_text[start:], seconds, f"'{text}' on the console")
        self.console_seen = self.console_text.index(text, start) + len(text)

    def rest_of_line(self, seconds):
        start = self.console_seen
        self.reader.until(lambda: "\n" in self.console_text[start:], seconds, "the end of a line on the console")
        self.console_seen = self.console_text.index("\n", start) + 1
        return self.console_text[start:self.console_seen - 1]

    def checked(self, what):
        self.summary.append(what)
        tell(f"{GREEN}ok{PLAIN} {what}")

    # -- acting ---------------------------------------------------------------------------------------------------------

    def ctl(self, *arguments):
        tell(f"$ apiaryctl {' '.join(arguments)}")
        child = self.start(self.bin / "apiaryctl", *arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.reader.add(child.stdout, lambda text: tell(text, end=""))
        self.reader.until(lambda: child.stdout not in self.reader, BOOT_SECONDS, f"the end of apiaryctl {arguments[0]}")
        if child.wait(10) != 0:
            raise Failure(f"apiaryctl {' '.join(arguments)} ended with {child.returncode}")

    def start(self, *command, **pipes):
        # In sessions of their own: Ctrl-C is meant for the demo, which then ends them in order.
        child = subprocess.Popen([str(word) for word in command], env=self.env, start_new_session=True, **pipes)
        self.children.append(child)
        return child

    def write_config(self):
        cmdline = (self.guest / "cmdline").read_text().strip()
        config = self.home / "apiary.conf"
        config.write_text(f"""# The demo's only VM.
vm demo {{
    loader = kernel;
    kernel = "{self.guest}/vmlinux";
    initrd = "{self.guest}/initrd";
    cmdline = "{cmdline}";
    memory = 256M;
    ncpu = 1;
    network = user;
    com1 = auto;
    visibility = all;
    stop_timeout = 60;
}}
""")
        config.chmod(0o644)
        return config

    def run(self):
        config = self.write_config()
        self.say("\nThe definition:")
        tell(config.read_text())
        self.daemon = self.start(self.bin / "apiaryd", "--foreground", "--config", config, "--private-bus",
                                 "--run-dir", self.home / "run", "--state-dir", self.home / "state", "--log-dir",
                                 self.home / "log", stderr=subprocess.PIPE)
        self.reader.add(self.daemon.stderr, self.take_log)
        self.wait_for_bus()
        self.checked("apiaryd is on a bus of its own")
        events = self.start(self.bin / "apiaryctl", "events", "--follow", "--since", "0", "--json",
                            stdout=subprocess.PIPE)
        self.reader.add(events.stdout, self.take_events)
        self.seen = self.console_seen = 0
        self.event(lambda e: e["type"] == "vm-added" and e["vm"] == "demo", 30, "the VM on the bus")
        self.ctl("list")

        self.say("\nStart:")
        self.ctl("start", "demo")
        self.state("starting", "prestart")
        self.state("starting", "launching")
        self.state("running")
        self.checked("start: starting -> running, told event by event")

        self.say("\nThe console:")
        console = self.start(self.bin / "apiaryctl", "console", "demo", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.reader.add(console.stdout, self.take_console)
        self.on_console("APIARY-GUEST-UP", BOOT_SECONDS)
        self.checked("the guest has booted and says so on its console")
        self.say_to_guest(console, "echo $((6*7)) $(uname -sr)")
        self.on_console("42 Linux ", 30)
        self.checked(f"the guest answers on its console: Linux {self.rest_of_line(30)}")

        self.say("\nReboot, from inside:")
        self.say_to_guest(console, "reboot")
        reboot = self.event(lambda e: e["type"] == "reboot", BOOT_SECONDS, "the reboot event")
        if reboot["details"].get("by") != "guest":
            raise Failure(f"the reboot is said to be by {reboot['details']}")
        self.state("running", "rebooting") if not self.was("running", "rebooting") else None
        self.state("running")
        self.on_console("APIARY-GUEST-UP", BOOT_SECONDS)
        if sum(e["type"] == "reboot" for e in self.events) != 1:
            raise Failure("one reboot must be one event")
        self.checked("a reboot from inside is one event, and the guest is back")

        self.say("\nShutdown by the power button:")
        self.ctl("stop", "demo")
        self.state("stopping", "acpi")
        stopped = self.state("stopped")
        if stopped["reason"] != "requested":
            raise Failure(f"it stopped by {stopped['reason']}")
        self.checked("the guest shut itself down when the power button was pressed")
        self.ctl("list")
        numbers = [event["seq"] for event in self.events]
        if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
            raise Failure(f"the events are not gapless: {numbers}")
        self.checked(f"{len(numbers)} events were seen, numbered without a gap")

    def was(self, state, sub_state):
        return any((e["state"], e["sub_state"]) == (state, sub_state) for e in self.events[:self.seen])

    def say_to_guest(self, console, text):
        tell(f"guest# {text}")
        console.stdin.write(text.encode() + b"\n")
        console.stdin.flush()

    def wait_for_bus(self):
        def ready():
            if self.daemon.poll() is not None:
                raise Failure("apiaryd ended before it was on its bus")
            return "on the bus as" in self.log
        self.reader.until(ready, 30, "apiaryd on its bus")

    def take_log(self, text):
        self.log += text

    # -- the end --------------------------------------------------------------------------------------------------------

    def stay(self):
        self.end_helpers()
        tell(f"""
The daemon stays up (pid {self.daemon.pid}). Try:

    export APIARY_RUN_DIR={self.home}/run PATH={self.bin}:$PATH
    apiaryctl start demo -c                  # ~. leaves the console
    apiaryctl events --follow
    export DBUS_SYSTEM_BUS_ADDRESS=$(cat {self.home}/run/bus-address)
    busctl introspect org.apiary.Apiary1 /org/apiary/Apiary1/vm/demo

End it with  kill {self.daemon.pid}  (it stops the guest first); then  rm -r {self.home}
""")

    def end(self):
        self.end_helpers()
        survived = self.daemon is not None and not self.daemon_ended()
        left = self.processes()
        for pid in left:
            self.kill(pid)
        if survived:
            self.daemon.wait()
        shutil.rmtree(self.home, ignore_errors=True)
        if survived:
            raise Failure(f"apiaryd did not end within {POWEROFF_SECONDS} s; it and all of its processes were killed")
        if left:
            raise Failure(f"processes were left behind, and killed: {left}")

    def end_helpers(self):
        helpers = [child for child in self.children if child is not self.daemon]
        for child in helpers:
            if child.stdout in self.reader:
                self.reader.selector.unregister(child.stdout)  # its last words are those of a command that was given up
            child.terminate()
        for child in helpers:
            try:
                child.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def daemon_ended(self):
        """First the guest is asked; when that has taken too long, or at once when somebody cannot wait, it is switched off."""
        for number, seconds in ((signal.SIGTERM, PATIENCE_SECONDS), (signal.SIGINT, POWEROFF_SECONDS)):
            if number == signal.SIGINT:
                tell("switching the guest off")
                self.reader.interrupts = float("inf")  # it cannot be done faster
            self.daemon.send_signal(number)
            try:
                self.reader.until(lambda: self.daemon.poll() is not None, seconds, "the end of apiaryd")
                return True
            except (Failure, KeyboardInterrupt):
                continue
        return False

    def processes(self):
        return [int(entry.name) for entry in pathlib.Path("/proc").iterdir()
                if entry.name.isdigit() and int(entry.name) != os.getpid() and self.uses_home(entry)]

    @staticmethod
    def kill(pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it was on its way

    def uses_home(self, process):
        try:
            return str(self.home).encode() in (process / "cmdline").read_bytes()
        except OSError:
            return False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--guest", required=True)
    parser.add_argument("--stay", action="store_true")
    options = parser.parse_args()
    demo = Demo(options)
    status = 1
    try:
        demo.run()
        status = 0
    except Failure as failure:
        tell(f"{RED}FAILED{PLAIN} {failure}")
        tell(f"--- the daemon's log:\n{demo.log}--- the console:\n{demo.console_text[-2000:]}")
        tell("stopping the guest and the daemon")
    except KeyboardInterrupt:
        tell(f"\ninterrupted: stopping the guest and the daemon, which may take {PATIENCE_SECONDS} s; "
             "a second Ctrl-C switches the guest off at once")
        status = 130
    except Exception:  # pylint: disable=broad-except  # whatever it is, nothing may be left behind
        traceback.print_exc()
    if status == 0:
        demo.say("\nSeen:")
        for line in demo.summary:
            tell(f"  {line}")
        if options.stay:
            demo.stay()
            return 0
    try:
        demo.end()
        if status == 0:
            tell("  nothing is left behind")
            demo.say("\nThe demo is over: everything was as it should be.")
    except Failure as failure:
        tell(f"{RED}FAILED{PLAIN} {failure}")
        status = 1
    return status


sys.exit(main())
