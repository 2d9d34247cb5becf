// Waiting for jobs.
#include "ctl/operation.hpp"

#include <gtest/gtest.h>

#include "fake_client.hpp"

namespace apiary::ctl {
namespace {

using Kind = Notice::Kind;

auto answer(std::string const& result, std::string const& error = {}) -> Values {
    return {{"Result", Value{result}}, {"Error", Value{error}}, {"Stage", Value{std::string{}}}};
}

auto about(Kind kind, std::string const& path, Values values = {}) -> Notice {
    Notice notice;
    notice.kind = kind;
    notice.path = path;
    notice.values = std::move(values);
    return notice;
}

class Waiting : public ::testing::Test {
protected:
    auto job(std::uint64_t id, std::string const& vm) -> Operation& {
        Operation operation;
        operation.vm = vm;
        operation.job = job_path(id);
        scene_.daemon.job_answers[operation.job] = answer("running");
        return operations_.emplace_back(std::move(operation));
    }
    auto wait() -> WaitEnd {
        FakeClient client{scene_.daemon};
        Progress progress{scene_.output};
        return wait_for(client, operations_, progress, -1);
    }
    // From this notice on, the daemon says so of the job.
    void ends_with(std::uint64_t id, Values const& properties) {
        scene_.daemon.on_notice = [this, id, properties](Notice const&) {
            scene_.daemon.job_answers[job_path(id)] = properties;
        };
    }

    Scene scene_;
    std::vector<Operation> operations_;
};

TEST_F(Waiting, a_job_that_has_ended_before_is_not_waited_for) {
    job(3, "web");
    scene_.daemon.job_answers[job_path(3)] = answer("done");
    EXPECT_EQ(wait(), WaitEnd::all_ended);
    EXPECT_EQ(operations_[0].result, "done");
    EXPECT_EQ(operations_[0].code, ExitCode::ok);
}

TEST_F(Waiting, the_end_is_read_when_it_is_signalled) {
    job(3, "web");
    ends_with(3, answer("failed", "the disk is gone"));
    scene_.daemon.notices = {about(Kind::job_ended, job_path(3))};
    EXPECT_EQ(wait(), WaitEnd::all_ended);
    EXPECT_EQ(operations_[0].code, ExitCode::failed);
    EXPECT_EQ(outcome_text(operations_[0]), "start failed: the disk is gone");
    EXPECT_EQ(operations_[0].hint, "What happened: apiaryctl events --vm web");
}

TEST_F(Waiting, ends_of_other_jobs_are_not_ours) {
    job(3, "web");
    ends_with(3, answer("done"));
    scene_.daemon.notices = {about(Kind::job_ended, job_path(4))};
    EXPECT_EQ(wait(), WaitEnd::interrupted);
    EXPECT_TRUE(operations_[0].running());
}

TEST_F(Waiting, stages_are_told_once_and_never_backwards) {
    job(3, "web");
    auto const stage = [](std::string const& text, double progress) {
        return about(Kind::job_changed, job_path(3), {{"Stage", Value{text}}, {"Progress", Value{progress}}});
    };
    scene_.daemon.notices = {stage("prestart network", 0.4), stage("prestart network", 0.5), stage("queued", 0.1),
                             stage("launching", 0.9)};
    EXPECT_EQ(wait(), WaitEnd::interrupted);
    EXPECT_EQ(scene_.err.str(), "web: start: prestart network\nweb: start: launching\n");
}

TEST_F(Waiting, on_a_terminal_one_line_is_written_over) {
    scene_.output.err_style = {.tty = true, .width = 30};
    job(3, "web");
    scene_.daemon.notices = {about(Kind::job_changed, job_path(3),
                                   {{"Stage", Value{std::string{"prestart a-network"}}}, {"Progress", Value{0.4}}})};
    EXPECT_EQ(wait(), WaitEnd::interrupted);
    EXPECT_EQ(scene_.err.str(), "\r\x1b[Kweb: start\r\x1b[Kweb: start: prestart a-netw..\r\x1b[K");
}

TEST_F(Waiting, after_a_loss_everything_is_read_anew) {
    job(3, "web");
    job(4, "db");
    scene_.daemon.on_notice = [this](Notice const&) {
        scene_.daemon.job_answers[job_path(3)] = answer("done");
        scene_.daemon.job_answers[job_path(4)] = answer("timeout", "too slow");
    };
    scene_.daemon.notices = {about(Kind::missed, {})};
    EXPECT_EQ(wait(), WaitEnd::all_ended);
    EXPECT_EQ(operations_[0].code, ExitCode::ok);
    EXPECT_EQ(operations_[1].code, ExitCode::cut_short);
    EXPECT_NE(std::ranges::find(scene_.daemon.calls, "subscribe"), scene_.daemon.calls.end());
}

TEST_F(Waiting, the_daemons_going_is_noticed) {
    job(3, "web");
    scene_.daemon.notices = {about(Kind::daemon_gone, {})};
    EXPECT_EQ(wait(), WaitEnd::all_ended);
    EXPECT_EQ(operations_[0].result, "unknown");
    EXPECT_EQ(operations_[0].code, ExitCode::unreachable);
}

TEST_F(Waiting, a_forgotten_job_is_no_success) {
    job(3, "web");
    scene_.daemon.job_answers.clear();
    EXPECT_EQ(wait(), WaitEnd::all_ended);
    EXPECT_EQ(operations_[0].result, "unknown");
    EXPECT_EQ(operations_[0].code, ExitCode::failed);
}

TEST_F(Waiting, two_commands_can_have_one_job) {
    job(3, "web");
    job(3, "WEB");
    ends_with(3, answer("superseded", "stop was asked for"));
    scene_.daemon.notices = {about(Kind::job_ended, job_path(3))};
    EXPECT_EQ(wait(), WaitEnd::all_ended);
    EXPECT_EQ(operations_[0].code, ExitCode::cut_short);
    EXPECT_EQ(outcome_text(operations_[1]), "start was given up for a later command: stop was asked for");
}

}  // namespace
}  // namespace apiary::ctl
