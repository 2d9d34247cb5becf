#!/usr/bin/python3
"""Shows that the check of the arrows can fail: each rule is broken once in a tree made for it."""
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
from arrows import Tree  # noqa: E402

PURPOSE = "// What it is for.\n"
GOOD = {
    "daemon/vm/loop.hpp": "#pragma once\n#include <memory>\n",
    "daemon/vm/state.cpp": '#include "vm/loop.hpp"\n// <sys/epoll.h> and sd_bus_send() are not named here\n',
    "daemon/config/reader.cpp": '#include "vm/loop.hpp"\n#include "config/reader.hpp"\nauto x = "sd_bus_send(";\n',
    "daemon/config/reader.hpp": "#pragma once\n",
    "daemon/supervision/watch_linux.cpp": '#include <sys/epoll.h>\nint f() { return epoll_create1(0); }\n',
    "daemon/main/main.cpp": '#include "bus/facade.hpp"\n#include "config/reader.hpp"\n',
    "bus/facade.hpp": '#pragma once\n#include "vm/loop.hpp"\n',
    "bus/facade.cpp": '#include <sdbus-c++/sdbus-c++.h>\n#include "bus/facade.hpp"\n#include "manager_adaptor.hpp"\n',
    "ctl/main.cpp": '#include "generated/manager_proxy.hpp"\n',
}


class Arrows(unittest.TestCase):
    def findings(self, extra):
        with tempfile.TemporaryDirectory() as root:
            for name, text in {**GOOD, **extra}.items():
                path = Path(root, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text if name in extra else PURPOSE + text)
            return Tree(root).check()

    def finds(self, name, text, said):
        findings = self.findings({name: text})
        self.assertEqual(len(findings), 1, findings)
        self.assertTrue(findings[0].startswith(name + ":"), findings)
        self.assertIn(said, findings[0])

    def test_a_good_tree_passes(self):
        self.assertEqual(self.findings({}), [])

    def test_includes_upward(self):
        self.finds("daemon/vm/bad.cpp", PURPOSE + '#include "config/reader.hpp"\n', "must not include daemon/config")
        self.finds("daemon/store/bad.cpp", PURPOSE + '#include "config/reader.hpp"\n', "must not include daemon/config")
        self.finds("daemon/vm/bad.hpp", PURPOSE + '#include "bus/facade.hpp"\n', "must not include bus")
        self.finds("ctl/bad.cpp", PURPOSE + '#include "vm/loop.hpp"\n', "must not include daemon/vm")
        self.finds("bus/bad.cpp", PURPOSE + '#include "../daemon/config/reader.hpp"\n', "include from the root")

    def test_dbus_in_the_daemon(self):
        self.finds("daemon/vm/bad.cpp", PURPOSE + "#include <systemd/sd-bus.h>\n", "knows nothing of D-Bus")
        self.finds("daemon/main/bad.cpp", PURPOSE + "#include <sdbus-c++/sdbus-c++.h>\n", "knows nothing of D-Bus")
        self.finds("daemon/main/bad.cpp", PURPOSE + "void f() { sd_bus_unref(nullptr); }\n", "sd_bus_unref")

    def test_dbus_through_a_facade(self):
        facade = PURPOSE + "#pragma once\n#include <sdbus-c++/sdbus-c++.h>\n"
        findings = self.findings({"bus/facade.hpp": facade})
        self.assertEqual(len(findings), 1, findings)
        self.assertIn("daemon/main/main.cpp:2", findings[0])

    def test_generated_headers_are_dbus(self):
        findings = self.findings({
            "bus/proxies.hpp": PURPOSE + '#include "apiary_introspection/VM-proxy.hpp"\n',
            "daemon/main/bad.cpp": PURPOSE + '#include "bus/proxies.hpp"\n'})
        self.assertEqual(len(findings), 1, findings)
        self.assertIn("knows nothing of D-Bus", findings[0])

    def test_linux_outside_its_files(self):
        self.finds("daemon/vm/bad.cpp", PURPOSE + "#include <sys/epoll.h>\n", "sys/epoll.h")
        self.finds("bus/bad.cpp", PURPOSE + "#  include  <linux/kcmp.h>\n", "linux/kcmp.h")
        self.finds("daemon/vm/bad.cpp", PURPOSE + "int f() { return pidfd_open(1, 0); }\n", "pidfd_open")
        self.finds("ctl/bad.cpp", PURPOSE + 'char const* x = "/proc/self/fd";\n', "/proc/")

    def test_a_linux_header_of_ours(self):
        findings = self.findings({
            "daemon/supervision/watch_linux.hpp": PURPOSE,
            "daemon/supervision/bad.cpp": PURPOSE + '#include "supervision/watch_linux.hpp"\n'})
        self.assertEqual(len(findings), 1, findings)
        self.assertIn("not named *_linux.*", findings[0])

    def test_length_and_opening(self):
        self.finds("daemon/vm/bad.cpp", PURPOSE + "\n" * 600, "601 lines")
        self.finds("tests/unit/vm/bad_test.cpp", "\n" * 601, "601 lines")
        self.finds("daemon/vm/bad.cpp", "#pragma once\n", "opens with a comment")


if __name__ == "__main__":
    unittest.main()
