// Another program is asked, and its answer is not waited for longer than is said.
#include "main/program.hpp"

#include <gtest/gtest.h>

namespace apiary {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

// The shell gives the argument that is added to its script as $0.
auto shell(std::string const& script) -> Program {
    return {.path = "/bin/sh", .arguments = {"-c", script}};
}

TEST(RunProgram, gives_messages_and_status) {
    auto const end = run_program(shell("echo $0 >&2; exit 3"), "--asked", 20s);
    EXPECT_EQ(end.fault, "");
    EXPECT_TRUE(end.in_time);
    EXPECT_EQ(end.status, 3);
    EXPECT_EQ(end.messages, "--asked\n");
}

TEST(RunProgram, tells_of_what_cannot_be_executed) {
    EXPECT_NE(run_program({.path = "/nonexistent/program", .arguments = {}}, "--asked", 20s).fault, "");
}

TEST(RunProgram, ends_one_that_does_not_end) {
    EXPECT_FALSE(run_program(shell("exec sleep 1000"), "--asked", 50ms).in_time);
}

TEST(RunProgram, ends_one_that_is_silent_for_good_and_does_not_end) {
    EXPECT_FALSE(run_program(shell("exec 2>&-; exec sleep 1000"), "--asked", 50ms).in_time);
}

}  // namespace
}  // namespace apiary
