// Looking at what plugins declare, on a host that has nothing to give.
#include "plugin/inspect.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

namespace apiary::plugin {
namespace {

// In a process of its own, for there is no way back from the limit. Its status: how many were answered.
TEST(PluginInspector, NeedsNoThreadsOfItsOwn) {
    constexpr std::size_t files = 3;
    auto const child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        constexpr uid_t nobody = 65'534;
        rlimit const none{.rlim_cur = 0, .rlim_max = 0};
        bool const limited = (::geteuid() != 0 || ::setuid(nobody) == 0) && ::setrlimit(RLIMIT_NPROC, &none) == 0;
        auto const file = std::make_shared<UniqueFd>(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        Inspector inspector{"/nonexistent/host"};
        auto const made = inspector.describe(std::vector<PluginFile>(
            files, {.name = "web", .path = "/plugins/web.so", .id = {}, .fd = file, .fault = {}}));
        auto const answered = std::ranges::count_if(
            made, [](auto const& one) { return one.fault.find("/nonexistent") != std::string::npos; });
        ::_exit(limited ? static_cast<int>(answered) : 100);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status)) << "ended by signal " << WTERMSIG(status);
    EXPECT_EQ(WEXITSTATUS(status), static_cast<int>(files));
}

}  // namespace
}  // namespace apiary::plugin
