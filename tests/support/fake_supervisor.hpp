// A supervisor of guests that an earlier daemon left: the test has their processes in its hand.
#pragma once

#include <memory>
#include <vector>

#include "vm/loop.hpp"
#include "vm/supervisor.hpp"

namespace apiary::test {

struct FoundProcess {
    Reattachment what;
    std::vector<int> signals;
    bool alive = true, forgotten = false;
    bool dies_of_signals = true;
    std::vector<std::string>* log = nullptr;
    Supervised::Sink sink;  // empty: the engine has let go of it
    std::vector<std::function<void(ConsoleResult)>> consoles;
    Loop* loop = nullptr;

    void say(SupervisedEvent event);
    void exit(ExitStatus status);
};

class FakeSupervisor : public Supervisor {
public:
    explicit FakeSupervisor(Loop& loop) : loop_{loop} {}

    enum class Manner { works, null, throws };
    Manner reattaches = Manner::works;
    std::vector<std::string>* log = nullptr;  // gets "signal 9", "forget"
    std::vector<std::shared_ptr<FoundProcess>> found;

    [[nodiscard]] auto spawn(SpawnRequest request, Supervised::Sink sink) -> std::unique_ptr<Supervised> override;
    [[nodiscard]] auto find_running(std::vector<std::string> const&) -> std::vector<RunRecord> override { return {}; }
    using Supervisor::reattach;
    [[nodiscard]] auto reattach(Reattachment what, Supervised::Sink sink) -> std::unique_ptr<Supervised> override;

private:
    Loop& loop_;
};

}  // namespace apiary::test
