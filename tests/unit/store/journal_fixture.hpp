// A journal in a folder of its own, for the tests of SqliteJournal.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "store/sqlite_journal.hpp"
#include "support/fake_loop.hpp"
#include "support/temporary_folder.hpp"

namespace apiary::store {

// Work for the pool is done when the test says so.
class SlowPool : public test::FakeLoop {
public:
    void offload(Callback work, Callback done) override {
        waiting.push_back([this, work = std::move(work), done = std::move(done)]() mutable {
            work();
            post(std::move(done));
        });
    }
    void work() {
        work_untold();
        run_ready();
    }
    // The loop is yet to hear that it is done.
    void work_untold() {
        auto next = std::move(waiting.front());
        waiting.pop_front();
        next();
    }
    std::deque<Callback> waiting;
};

inline auto all(Event const&) -> bool {
    return true;
}

class SqliteJournalTest : public testing::Test {
protected:
    SqliteJournalTest() {
        options_.path = folder_ / "state.db";
        options_.undurable_path = folder_ / "undurable";
    }

    void open() {
        journal_.reset();
        journal_.emplace(loop_, options_);
    }
    auto add(std::string vm = "web", std::map<std::string, std::string> details = {}) -> std::uint64_t {
        Event event;
        event.vm = std::move(vm);
        event.vm_seq = ++vm_seq_;
        event.wall = loop_.wall();
        event.mono = loop_.now();
        event.type = EventType::state;
        event.state = State::running;
        event.sub_state = SubState::rebooting;
        event.old_state = State::starting;
        event.old_sub_state = SubState::launching;
        event.reason = Reason::guest_reboot;
        event.job = 3;
        event.incarnation = 4;
        event.details = std::move(details);
        event.audience = {.owner = 1001, .group = 50, .visibility = Visibility::all};
        journal_->append(event);
        return event.seq;
    }
    void fill(int count) {
        for (int i = 0; i < count; ++i) {
            add();
            ASSERT_TRUE(journal_->commit());
        }
    }
    [[nodiscard]] auto wal_size() const -> std::uintmax_t { return std::filesystem::file_size(options_.path + "-wal"); }

    test::TemporaryFolder temporary_;
    std::filesystem::path const folder_{temporary_.path()};
    test::FakeLoop loop_;
    JournalOptions options_;
    std::optional<SqliteJournal> journal_;
    std::uint64_t vm_seq_ = 0;
};

}  // namespace apiary::store
