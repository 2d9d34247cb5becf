#include "support/fake_supervisor.hpp"

#include <stdexcept>
#include <utility>

namespace apiary::test {

void FoundProcess::say(SupervisedEvent event) {
    loop->post([sink = sink, event = std::move(event)] {
        if (sink) {
            sink(event);
        }
    });
}

void FoundProcess::exit(ExitStatus status) {
    if (std::exchange(alive, false)) {
        say({.kind = SupervisedEvent::Kind::exited, .pid = 0, .status = status, .text = {}});
    }
}

namespace {

class FoundSupervised : public Supervised {
public:
    explicit FoundSupervised(std::shared_ptr<FoundProcess> process) : process_{std::move(process)} {}
    ~FoundSupervised() override { process_->sink = nullptr; }
    FoundSupervised(FoundSupervised const&) = delete;
    auto operator=(FoundSupervised const&) -> FoundSupervised& = delete;
    [[nodiscard]] auto pid() const -> pid_t override { return 77; }
    void signal(int number) override {
        process_->signals.push_back(number);
        note("signal " + std::to_string(number));
        if (process_->dies_of_signals) {
            process_->exit({.known = true, .signaled = true, .value = number});
        }
    }
    void attach_console(UniqueFd, ConsoleMode, bool, std::function<void(ConsoleResult)> done) override {
        process_->consoles.push_back(std::move(done));
    }
    void forget() override {
        process_->forgotten = true;
        note("forget");
    }

private:
    void note(std::string what) {
        if (process_->log != nullptr) {
            process_->log->push_back(std::move(what));
        }
    }
    std::shared_ptr<FoundProcess> process_;
};

}  // namespace

auto FakeSupervisor::spawn(SpawnRequest, Supervised::Sink) -> std::unique_ptr<Supervised> {
    throw std::logic_error{"the scripted hypervisor needs no shim"};
}

auto FakeSupervisor::reattach(Reattachment what, Supervised::Sink sink) -> std::unique_ptr<Supervised> {
    if (reattaches == Manner::throws) {
        throw std::runtime_error{"no such folder"};
    }
    if (reattaches == Manner::null) {
        return nullptr;
    }
    auto process = std::make_shared<FoundProcess>();
    process->what = std::move(what);
    process->sink = std::move(sink);
    process->loop = &loop_;
    process->log = log;
    found.push_back(process);
    return std::make_unique<FoundSupervised>(process);
}

}  // namespace apiary::test
