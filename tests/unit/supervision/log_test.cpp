// What a hypervisor prints: kept up to a bound, never in its way.
#include <fcntl.h>

#include "bench.hpp"
#include "supervision/run_folder.hpp"

namespace apiary::test {
namespace {

using Kind = SupervisedEvent::Kind;

using Log = Bench;

TEST_F(Log, KeepsWhatIsPrintedOnBothStreams) {
    auto request = script("echo out; echo err >&2");
    request.log = open_log("log");
    auto const run = spawn(std::move(request));
    EXPECT_EQ(wait_for(*run, Kind::exited).text, "");
    EXPECT_EQ(read_file(root + "/log/log"), "out\nerr\n");
}

TEST_F(Log, KeepsNoMoreThanTheBound) {
    options.log_bound = 100000;
    supervisor = make_supervisor(loop, options);
    auto request = script("head -c 10000000 /dev/zero | tr '\\0' a; echo end");
    request.log = open_log("log");
    auto const run = spawn(std::move(request));
    auto const exited = wait_for(*run, Kind::exited);
    EXPECT_EQ(exited.status.value, 0);
    EXPECT_TRUE(exited.text.starts_with(std::to_string(10000000 + 4 - 100000) + " bytes")) << exited.text;
    auto const log = read_file(root + "/log/log");
    EXPECT_EQ(log.substr(0, 100000), std::string(100000, 'a'));
    EXPECT_NE(log.find("[apiary: 100000 bytes of output are kept"), std::string::npos);
    EXPECT_LT(log.size(), 100300U);
    EXPECT_EQ(supervision::read_exit_record(run_dir)->dropped, 9900004U);
}

TEST_F(Log, AFullDiskStallsNobody) {
    auto request = script("head -c 1000000 /dev/zero");
    request.log = UniqueFd{::open("/dev/full", O_WRONLY | O_CLOEXEC)};
    auto const run = spawn(std::move(request));
    auto const exited = wait_for(*run, Kind::exited);
    EXPECT_EQ(exited.status.value, 0);
    EXPECT_TRUE(exited.text.starts_with("1000000 bytes")) << exited.text;
}

TEST_F(Log, NoLogStallsNobody) {
    auto const run = spawn(script("head -c 1000000 /dev/zero"));
    EXPECT_EQ(wait_for(*run, Kind::exited).status.value, 0);
}

TEST_F(Log, AHypervisorThatClosesItsStreamsLivesOn) {
    auto const run = spawn(script("exec >&- 2>&- <&-; sleep 0.05; exit 9"));
    EXPECT_EQ(wait_for(*run, Kind::exited).status.value, 9);
}

}  // namespace
}  // namespace apiary::test
