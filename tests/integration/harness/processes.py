"""Looking after processes: this one adopts every orphan of the tests, so that none can get away unseen."""
import ctypes
import os
import select
import signal
import time

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
LIBC = ctypes.CDLL(None, use_errno=True)


def adopt_orphans():
    """From now on the orphans of the tests' processes become children of this one, and can be found and reaped."""
    if LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def dies_with_us(number=signal.SIGKILL):
    """For Popen's preexec_fn: the process gets this signal when this one is gone, however that came about."""
    return lambda: LIBC.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)


def command_line(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return [a.decode(errors="replace") for a in file.read().split(b"\0")[:-1]]
    except (FileNotFoundError, ProcessLookupError):
        return []


def status(pid):
    """The fields of /proc/PID/stat that follow the name: [0] is the state, [1] the parent. None: there is no such."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def waits_and_catches(pid, number):
    """It sleeps, and has a handler of its own for this signal."""
    fields = status(pid)
    return fields is not None and fields[0] == "S" and bool(int(fields[31]) & 1 << number - 1)


def memory(process):
    """Bytes that it has in memory; of anything with a pid."""
    with open(f"/proc/{process.pid}/status") as fields:
        return next(int(line.split()[1]) * 1024 for line in fields if line.startswith("VmRSS:"))


def alive(pid):
    """A zombie is not alive; kill(pid, 0) would say that it is."""
    fields = status(pid)
    return fields is not None and fields[0] not in "ZX"


def descendants(pid):
    """All processes below `pid`, zombies too."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (fields := status(entry)) is not None:
            children.setdefault(int(fields[1]), []).append(int(entry))
    found, todo = [], [pid]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def wait_gone(pid, timeout=20.0):
    """Waits until a process has ended, whoever its parent is."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if not select.select([fd], [], [], timeout)[0]:
            raise AssertionError(f"process {pid} is still there after {timeout} s: {' '.join(command_line(pid))}")
    finally:
        os.close(fd)


def reap(keep=()):
    """Takes note of children that have ended, but for those in `keep`, whose owner does it."""
    for pid in descendants(os.getpid()):
        fields = status(pid)
        if fields and fields[0] == "Z" and int(fields[1]) == os.getpid() and pid not in keep:
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass


def left_over(keep=()):
    """Processes below this one that are alive and not in `keep`, as {pid: command line}."""
    reap(keep)
    return {pid: " ".join(command_line(pid)) or "?" for pid in descendants(os.getpid())
            if pid not in keep and alive(pid)}


def left_behind(keep=(), grace=5.0):
    """Those of left_over() that do not end by themselves: a shim may give its viewers 2 s for the console's last words,
    and who was killed may take a moment to be gone."""
    deadline = time.monotonic() + grace
    while left := left_over(keep):
        for pid in left:
            try:
                wait_gone(pid, max(0.0, deadline - time.monotonic()))
            except AssertionError:
                return left_over(keep)
    return {}


def kill_all(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
            wait_gone(pid, 10.0)
        except ProcessLookupError:
            pass
    reap()


def wait_until(condition, what, timeout=20.0):
    """For the few things that nobody announces (files, /proc). Prefer an event of the bus."""
    deadline = time.monotonic() + timeout
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {timeout} s")
        time.sleep(0.01)
    return result
