#!/usr/bin/python3
"""Holds the shape of the tree: who may include whom, where D-Bus and Linux may be named, how long a file may get.

Usage: arrows.py ROOT      prints one line for each finding, and ends with 1 if there is any
"""
import re
import sys
from pathlib import Path

# The folders that have rules, with what each may include. `generated` is what is made from introspection/.
ARROWS = {
    "daemon/vm": {"daemon/vm"},
    "daemon/config": {"daemon/config", "daemon/vm"},
    "daemon/hypervisor": {"daemon/hypervisor", "daemon/vm"},
    "daemon/supervision": {"daemon/supervision", "daemon/vm"},
    "daemon/plugin": {"daemon/plugin", "daemon/vm", "plugins/include"},
    "daemon/store": {"daemon/store", "daemon/vm"},
    "daemon/main": {"daemon/main", "daemon/vm", "daemon/config", "daemon/hypervisor", "daemon/supervision",
                    "daemon/plugin", "daemon/store", "bus"},
    "bus": {"bus", "daemon/vm", "daemon/config", "generated"},
    "ctl": {"ctl", "generated"},
    "plugins": {"plugins", "plugins/include"},
    # The author's tool is no plugin: it speaks the daemon's part of the protocol.
    "plugins/test": {"plugins/test", "plugins/include", "daemon/plugin", "daemon/vm"},
}
CODE = {".c", ".cpp", ".h", ".hpp", ".hh", ".cc"}
COUNTED = CODE | {".py", ".sh", ".asm", ".cmake", ".xml"}
LONGEST, LONG = 600, 400

DBUS_HEADER = re.compile(r"^(sdbus-c\+\+|systemd/sd-bus|dbus/|dbus-|basu|gio/|sdbusplus)")
DBUS_NAME = re.compile(r"\b(sdbus\s*::|sd_bus_\w+|dbus_(?:connection|message|bus)_\w+)")

LINUX_HEADER = re.compile(
    r"^(linux/|asm/|sys/(epoll|pidfd|prctl|signalfd|eventfd|inotify|fanotify|timerfd|sendfile|fsuid|capability|"
    r"sysmacros|syscall|sysinfo|vfs|xattr|personality|ptrace|klog|mount_setattr)\.h|syscall\.h|malloc\.h|mntent\.h|"
    r"sys/random_linux\.h|byteswap\.h|libcap|liburing)")
LINUX_NAME = re.compile(
    r"\b(epoll_(?:create1?|ctl|p?wait2?)|pidfd_\w+|signalfd|eventfd|inotify_\w+|fanotify_\w+|timerfd_\w+|prctl|"
    r"sendfile|setfsuid|setfsgid|syscall|mallinfo2?|unshare|setns|clone3?|gettid|openat2|SO_PEERCRED|SO_PEERPIDFD|"
    r"SO_PEERGROUPS|SCM_CREDENTIALS|O_TMPFILE|PR_SET_\w+|SYS_\w+|__NR_\w+)\b")
LINUX_PATH = re.compile(r'"/(proc|sys)/')

GENERATED = re.compile(r"(^|/)(generated|apiary_introspection)/|(_|-|\b)(proxy|proxies|adaptor|adaptors|adapter|glue)\.(h|hpp)$")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)
TOKENS = re.compile(r"""//[^\n]*|/\*.*?\*/|R"([^\s()\\]{0,16})\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.S)


def without_comments(text, strings=True):
    """The code alone, with its line breaks; without the contents of strings too, where they are not wanted."""
    def kept(match):
        token = match.group(0)
        if token.startswith(("//", "/*")):
            return "\n" * token.count("\n")
        if strings or "\n" in token:
            return token
        return '""'
    return TOKENS.sub(kept, text)


def folder_of(path):
    """The folder with rules that a path (relative to the root) is in, or None."""
    text = path.as_posix()
    if text.startswith("plugins/include/"):
        return "plugins/include"
    return next((f for f in sorted(ARROWS, key=len, reverse=True) if text.startswith(f + "/")), None)


class Tree:
    def __init__(self, root):
        self.root = Path(root)
        skipped = {".git", "build", "__pycache__", "conformance"}
        self.files = sorted(p.relative_to(self.root) for p in self.root.rglob("*")
                            if p.is_file() and not p.is_symlink()
                            and not skipped & set(p.relative_to(self.root).parts))
        self.text = {p: (self.root / p).read_text(errors="replace") for p in self.files
                     if p.suffix in COUNTED or p.parts[0] == "tools"}
        self.findings = []
        self.warnings = []

    def complain(self, path, line, text):
        self.findings.append(f"{path}:{line}: {text}")

    def resolve(self, path, name):
        """What an include in `path` means: a file of the tree, `generated`, or None (a header of the system)."""
        for base in (path.parent, Path("daemon"), Path("."), Path("plugins/include")):
            candidate = base / name
            if candidate in self.text:
                return candidate
        return "generated" if GENERATED.search(name) else None

    def includes(self, path):
        code = without_comments(self.text[path])
        for match in INCLUDE.finditer(code):
            yield code.count("\n", 0, match.start()) + 1, match.group(1) == '"', match.group(2)

    def names(self, path, pattern, strings=False):
        code = without_comments(self.text[path], strings)
        for match in pattern.finditer(code):
            yield code.count("\n", 0, match.start()) + 1, match.group(0)

    def check(self):
        for path in self.text:
            self.check_length(path)
            if path.suffix in CODE and folder_of(path):
                self.check_opening(path)
                self.check_includes(path)
                if path.parts[0] == "daemon":
                    self.check_no_dbus(path)
                if "_linux" not in path.stem:
                    self.check_portable(path)
        return self.findings

    def check_length(self, path):
        lines = self.text[path].count("\n")
        if lines > LONGEST:
            self.complain(path, lines, f"{lines} lines: no file is longer than {LONGEST}; split it by idea")
        elif lines > LONG:
            self.warnings.append(f"{path}:{lines}: {lines} lines: more than {LONG}; are these two ideas?")

    def check_opening(self, path):
        header = path.with_name(path.stem.removesuffix("_linux") + ".hpp")  # where a .cpp has one, it speaks for both
        said = self.text[header if path.suffix == ".cpp" and header in self.text else path]
        if not said.startswith(("//", "/*")):
            self.complain(path, 1, "a file opens with a comment that says what it is for")

    def check_includes(self, path):
        folder = folder_of(path)
        allowed = ARROWS.get(folder, {folder})
        for line, _, name in self.includes(path):
            if ".." in Path(name).parts:
                self.complain(path, line, f'"{name}": include from the root, not by ..')
                continue
            target = self.resolve(path, name)
            if target is None:
                continue
            to = target if target == "generated" else folder_of(target) or target.parts[0]
            if to not in allowed:
                self.complain(path, line, f'"{name}": {folder} must not include {to}')
            elif to != "generated" and "_linux" in target.stem and "_linux" not in path.stem:
                self.complain(path, line, f'"{name}": a Linux-only header in a file that is not named *_linux.*')

    def check_no_dbus(self, path):
        for line, header in self.headers_reached(path):
            if DBUS_HEADER.match(header):
                self.complain(path, line, f"<{header}>: daemon/ knows nothing of D-Bus")
        for line, name in self.names(path, DBUS_NAME):
            self.complain(path, line, f"{name}: daemon/ knows nothing of D-Bus")

    def headers_reached(self, path):
        """Headers of the system that `path` includes, itself or through headers of ours, with the line in `path`."""
        for first, _, name in self.includes(path):
            seen, todo = set(), [(path, name)]
            while todo:
                where, what = todo.pop()
                target = self.resolve(where, what)
                if target is None:
                    yield first, what
                elif target == "generated":
                    yield first, f"sdbus-c++ through {what}"
                elif target not in seen:
                    seen.add(target)
                    todo += [(target, n) for _, _, n in self.includes(target)]

    def check_portable(self, path):
        for line, _, name in self.includes(path):
            if LINUX_HEADER.match(name):
                self.complain(path, line, f"<{name}>: a header of Linux in a file that is not named *_linux.*")
        for line, name in self.names(path, LINUX_NAME):
            self.complain(path, line, f"{name}: a name of Linux in a file that is not named *_linux.*")
        for line, name in self.names(path, LINUX_PATH, strings=True):
            self.complain(path, line, f"{name[1:]}: a path of Linux in a file that is not named *_linux.*")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    tree = Tree(sys.argv[1])
    if not any(folder_of(p) for p in tree.text):
        sys.exit(f"{sys.argv[1]}: nothing to check there")
    findings = tree.check()
    print(*(f"warning: {w}" for w in tree.warnings), *findings, sep="\n")
    print(f"{len(tree.text)} files read, {len(findings)} findings, {len(tree.warnings)} warnings")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
