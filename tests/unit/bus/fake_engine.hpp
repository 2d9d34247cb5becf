// An engine without guests for the tests of bus/: commands succeed at once, and what they change is told at the end of
// the turn, as the real one does.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "vm/engine.hpp"

namespace apiary::bus::testing {

class FakeJournal final : public Journal {
public:
    void append(Event& event) override {
        event.seq = ++last_;
        events_.push_back(event);
    }
    auto commit() -> bool override { return true; }
    [[nodiscard]] auto stream() const -> std::string const& override { return stream_; }
    [[nodiscard]] auto last() const -> std::uint64_t override { return last_; }
    [[nodiscard]] auto read(std::uint64_t after, std::size_t max, std::function<bool(Event const&)> const& wanted) const
        -> Page override {
        Page page;
        page.oldest = events_.empty() ? 0 : events_.front().seq;
        page.truncated = after + 1 < page.oldest;
        page.complete_through = page.truncated ? after : last_;
        auto const first = page.truncated || after >= last_ ? events_.size() : after + 1 - page.oldest;
        ++reads_;
        std::size_t looked_at = 0;
        for (auto at = first; at < events_.size(); ++at) {
            auto const& event = events_[at];
            if (looked_at++ == looks_at) {
                page.complete_through = event.seq - 1;
                break;
            }
            if (wanted(event)) {
                if (page.events.size() == max) {
                    page.complete_through = page.events.back()->seq;
                    break;
                }
                page.events.push_back(&event);
            }
        }
        return page;
    }
    [[nodiscard]] auto reads() const -> std::size_t { return reads_; }
    std::size_t looks_at = ~std::size_t{0};  // events in each call, as one that reads a file does
    void drop_oldest(std::size_t count) {
        events_.erase(events_.begin(), events_.begin() + static_cast<std::ptrdiff_t>(count));
    }

private:
    std::string stream_ = "fake-stream";
    std::uint64_t last_ = 0;
    mutable std::size_t reads_ = 0;
    std::deque<Event> events_;
};

class FakeVm final : public Vm {
public:
    FakeVm(std::string name, unsigned id, Audience audience) : name_{std::move(name)}, id_{id}, audience_{audience} {
        auto definition = std::make_shared<Definition>();
        definition->name = name_;
        definition->owner = audience.owner;
        definition->visibility = audience.visibility;
        definition->memory_bytes = std::uint64_t{256} * 1024 * 1024;
        definition_ = std::move(definition);
    }
    [[nodiscard]] auto name() const -> std::string const& override { return name_; }
    [[nodiscard]] auto id() const -> unsigned override { return id_; }
    [[nodiscard]] auto status() const -> VmStatus const& override { return status_; }
    [[nodiscard]] auto definition() const -> DefinitionPtr override { return definition_; }
    [[nodiscard]] auto audience() const -> Audience const& override { return audience_; }

    VmStatus status_;
    DefinitionPtr definition_;

private:
    std::string name_;
    unsigned id_;
    Audience audience_;
};

class FakeEngine final : public Engine {
public:
    auto add(std::string const& name, Audience audience) -> FakeVm& {
        auto vm = std::make_shared<FakeVm>(name, static_cast<unsigned>(vms_.size() + 1), audience);
        vms_[name_key(name)] = vm;
        turn_.vms.push_back({.vm = vm, .before = vm->status(), .added = true});
        record(*vm, EventType::vm_added);
        return *vm;
    }

    [[nodiscard]] auto find(std::string_view name) const -> VmPtr override {
        auto const found = vms_.find(name_key(name));
        return found != vms_.end() ? found->second : nullptr;
    }
    [[nodiscard]] auto list(std::string_view after, std::size_t max) const -> std::vector<VmPtr> override {
        std::vector<VmPtr> some;
        auto at = after.empty() ? vms_.begin() : vms_.upper_bound(name_key(after));
        for (; at != vms_.end() && some.size() < max; ++at) {
            some.push_back(at->second);
        }
        return some;
    }
    [[nodiscard]] auto count() const -> std::size_t override { return vms_.size(); }
    [[nodiscard]] auto job(std::uint64_t id) const -> Job const* override {
        auto const found = jobs_.find(id);
        return found != jobs_.end() ? &found->second : nullptr;
    }
    [[nodiscard]] auto jobs() const -> std::vector<Job const*> override {
        std::vector<Job const*> all;
        for (auto const& [id, job] : jobs_) {
            all.push_back(&job);
        }
        return all;
    }
    [[nodiscard]] auto journal() const -> Journal const& override { return journal_; }

    void command(Command what, std::string_view name, CommandOptions /*options*/, uid_t requester,
                 CommandReply reply) override {
        auto const found = vms_.find(name_key(name));
        if (found == vms_.end()) {
            replies_.emplace_back([reply] { reply(Refusal{Refusal::Kind::no_such_vm, "gone"}); });
            return;
        }
        auto& vm = *found->second;
        if (what == Command::start && vm.status_.state == State::running) {
            replies_.emplace_back([reply] { reply(Refusal{Refusal::Kind::invalid_state, "It runs already."}); });
            return;
        }
        change(vm, what, requester);
        replies_.emplace_back([reply, id = vm.status_.job] { reply(id); });
        vm.status_.job = 0;
    }
    void cancel(std::uint64_t /*job*/, uid_t /*requester*/, Reply reply) override {
        replies_.emplace_back([reply] { reply(Refusal{Refusal::Kind::not_cancelable, "It has ended."}); });
    }
    void open_console(std::string_view /*vm*/, ConsoleMode /*mode*/, bool /*force*/, uid_t /*requester*/,
                      ConsoleReply reply) override {
        replies_.emplace_back([reply] { reply(Refusal{Refusal::Kind::no_console, "It does not run."}); });
    }
    auto apply(std::vector<DefinitionPtr> /*definitions*/) -> Changes override { return {}; }
    [[nodiscard]] auto preview(std::vector<DefinitionPtr> const& /*definitions*/) const -> Changes override {
        return {};
    }
    void found_running(RunRecord const& /*record*/) override {}
    auto stop_all(std::vector<std::string> const& /*vms*/, bool /*force*/, uid_t /*requester*/)
        -> Outcome<std::vector<Stopping>> override {
        return std::vector<Stopping>{};
    }
    void shut_down(std::function<void()> done) override { done(); }
    void add_observer(Observer& observer) override { observers_.push_back(&observer); }
    void close_turn() override {
        auto const turn = std::exchange(turn_, {});
        auto const replies = std::exchange(replies_, {});
        if (!turn.vms.empty() || !turn.events.empty() || !turn.jobs_removed.empty()) {
            for (auto* observer : observers_) {
                observer->on_turn(turn);
            }
        }
        for (auto const& reply : replies) {
            reply();
        }
    }

    [[nodiscard]] auto fake_journal() -> FakeJournal& { return journal_; }

private:
    auto record(FakeVm& vm, EventType type) -> Event const& {
        Event event;
        event.vm = vm.name();
        event.type = type;
        event.vm_seq = ++vm.status_.last_event;
        event.state = vm.status_.state;
        event.audience = vm.audience();
        journal_.append(event);
        turn_.events.push_back(event);
        return turn_.events.back();
    }
    void change(FakeVm& vm, Command what, uid_t requester) {
        auto const before = vm.status_;
        auto const id = record(vm, EventType::job_new).seq;
        vm.status_.job = id;
        vm.status_.state = what == Command::start ? State::running : State::stopped;
        record(vm, EventType::state);
        auto& job = jobs_[id];
        job = {.id = id,
               .command = what,
               .vm = vm.name(),
               .requester = requester,
               .progress = 1.0,
               .result = JobResult::done,
               .audience = vm.audience()};
        turn_.jobs_added.push_back(&job);
        turn_.jobs_ended.push_back(&job);
        turn_.vms.push_back({.vm = find(vm.name()), .before = before});
    }

    std::map<std::string, std::shared_ptr<FakeVm>> vms_;
    std::map<std::uint64_t, Job> jobs_;
    FakeJournal journal_;
    Turn turn_;
    std::vector<std::function<void()>> replies_;
    std::vector<Observer*> observers_;
};

}  // namespace apiary::bus::testing
