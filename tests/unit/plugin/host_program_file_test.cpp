// Which file it is that a program is executed from.
#include "plugin/host/program_file.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "support/temporary_folder.hpp"

namespace apiary::plugin::host {
namespace {

// In a folder that others can write to, what was judged is executed by its descriptor. Where there is no number for
// that, it is not executed by its name, which may stand for another file by then.
TEST(HostProgramFile, ThatCannotBeKeptOpenIsNotExecutedByItsName) {
    apiary::test::TemporaryFolder const folder;
    ASSERT_EQ(::chmod(folder.path().c_str(), 0777), 0);
    auto const path = folder.path() + "/hook";
    std::ofstream{path} << "#!/bin/sh\n";
    ASSERT_EQ(::chmod(path.c_str(), 0755), 0);
    auto const judged = open_owned(path, ::geteuid());
    ASSERT_TRUE(std::holds_alternative<ProgramFile>(judged));
    EXPECT_TRUE(std::get<ProgramFile>(judged).file);

    pid_t const child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        // Two numbers are free, and both are among those that a program's own are put over.
        rlimit const few{.rlim_cur = 5, .rlim_max = 5};
        bool const done = ::close_range(3, ~0U, 0) == 0 && ::setrlimit(RLIMIT_NOFILE, &few) == 0;
        ::_exit(done && std::holds_alternative<ProgramFault>(open_owned(path, ::geteuid())) ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace apiary::plugin::host
