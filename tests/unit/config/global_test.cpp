// The `global` sections.
#include "fixture.hpp"

namespace apiary::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

struct Global : Fixture {};

TEST_F(Global, AllKeys) {
    load(
        "global { cmd_socket_path = /a; cmd_socket_mode = 0660; pid_file = /b; plugin_directory = /c; vars_directory = "
        "/d;"
        "nmdm_offset = 300; log_directory = /e; run_directory = /f; state_directory = /g; observers = staff; }");
    EXPECT_THAT(said(), IsEmpty());
    Globals const& g = result.globals;
    EXPECT_EQ(g.cmd_socket_path + g.cmd_socket_mode + g.pid_file + g.plugin_directory + g.vars_directory,
              "/a0660/b/c/d");
    EXPECT_EQ(g.log_directory + g.run_directory + g.state_directory, "/e/f/g");
    EXPECT_EQ(g.nmdm_offset, 300U);
    EXPECT_EQ(g.observers, "staff");
    EXPECT_EQ(g.observers_gid, staff);
}

TEST_F(Global, BoundsOfTheJournal) {
    load("");
    EXPECT_EQ(result.globals.journal_bytes, 64 << 20);
    EXPECT_EQ(result.globals.journal_age, std::chrono::hours{720});
    load("global { journal_max_size = 2G; journal_max_age = 3w; }");
    EXPECT_THAT(said(), IsEmpty());
    EXPECT_EQ(result.globals.journal_bytes, std::int64_t{2} << 30);
    EXPECT_EQ(result.globals.journal_age, std::chrono::hours{24 * 21});
    load("global { journal_max_age = 90m; }");
    EXPECT_EQ(result.globals.journal_age, std::chrono::minutes{90});
    for (auto const* const wrong :
         {"journal_max_size = 0", "journal_max_size = 100K", "journal_max_size = x", "journal_max_age = 0",
          "journal_max_age = 3y", "journal_max_age = d", "journal_max_age = 99999999999d"}) {
        load(std::string{"global { "} + wrong + "; }");
        EXPECT_EQ(errors().size(), 1U) << wrong;
    }
}

TEST_F(Global, TheOffsetIsANumberAsInC) {
    for (auto const& [text, offset] :
         std::map<std::string, unsigned>{{"0x10", 16}, {"010", 8}, {"\" +7\"", 7}, {"0", 0}, {"0X1f", 31}}) {
        load("global { nmdm_offset = " + text + "; }");
        EXPECT_THAT(said(), IsEmpty());
        EXPECT_EQ(result.globals.nmdm_offset, offset) << text;
    }
    for (auto const* const text : {"0x", "09", "0x-1", "-1", "1000001", "1 x", "\"\"", "0xFFFFFFFFFFFFFFFFF"}) {
        load(std::string{"global { nmdm_offset = "} + text + "; }");
        EXPECT_EQ(errors().size(), 1U) << text;
        EXPECT_EQ(result.globals.nmdm_offset, 200U) << text;
    }
}

TEST_F(Global, BadValuesChangeNothing) {
    load(
        "global { pid_file = x; nmdm_offset = -7; nmdm_offset = 08x; observers = nobody;\n PID_FILE = /x; pidfile = "
        "/y; "
        ".apply t; }");
    EXPECT_TRUE(result.ok);
    EXPECT_EQ(result.globals.pid_file, "");
    EXPECT_EQ(result.globals.nmdm_offset, 200U);
    EXPECT_FALSE(result.globals.observers_gid);
    EXPECT_THAT(
        errors(),
        ElementsAre(StartsWith("main.conf:1:10: error: pid_file: invalid value 'x': an absolute path"),
                    StartsWith("main.conf:1:24: error: nmdm_offset: invalid value '-7'"),
                    StartsWith("main.conf:1:42: error: nmdm_offset: invalid value '08x'"),
                    StartsWith("main.conf:1:61: error: observers: invalid value 'nobody': there is no such group"),
                    StartsWith("main.conf:2:2: error: unknown global key 'PID_FILE'; did you mean 'pid_file'?"),
                    StartsWith("main.conf:2:17: error: unknown global key 'pidfile'; did you mean 'pid_file'?"),
                    StartsWith("main.conf:2:31: error: templates are applied to VMs alone")));
}

TEST_F(Global, TheFirstKeyAndTheLastVariableWin) {
    load({{"main.conf", 0,
           "vm v { memory = 1G; loader = uefi; loadcmd = $v; }\nglobal { pid_file = /one, /two; $v = first; }"},
          {"more.conf", 0, "global {\n pid_file = /three; $v = last; }"}});
    EXPECT_EQ(result.globals.pid_file, "/one");
    EXPECT_EQ(vm().loadcmd, "last");
    EXPECT_THAT(errors(), IsEmpty());
    EXPECT_THAT(warnings(), ElementsAre(StartsWith("more.conf:2:2: warning: pid_file: set before, in line 2")));
}

TEST_F(Global, OrderCountsWithin) {
    load(
        "global { $a = \"$b/x\"; $b = B; $c = \"$b/y\"; $n = $((7 % 0)); }\n"
        "vm v { memory = 1G; loader = uefi; loadcmd = $c; }");
    EXPECT_EQ(vm().loadcmd, "B/y");
    EXPECT_THAT(errors(), ElementsAre("main.conf:1:16: error: undefined variable 'b'",
                                      StartsWith("main.conf:1:54: error: division by zero")));
}

}  // namespace
}  // namespace apiary::config
