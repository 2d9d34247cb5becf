// `apiaryctl daemon restart`: whether the program that is installed by now can take this one's place.
#pragma once

#include <memory>
#include <string>

#include "bus/service.hpp"
#include "main/program.hpp"
#include "vm/loop.hpp"

namespace apiary {

class Restarts {
public:
    using Done = bus::BusOptions::RestartDone;

    // `leave`: ends this run; called on a turn after the answer.
    Restarts(Loop& loop, Program program, std::function<void()> leave);
    ~Restarts();
    Restarts(Restarts const&) = delete;
    auto operator=(Restarts const&) -> Restarts& = delete;

    // `force`: its opinion of the configuration is not asked for, only whether it runs.
    void request(bool force, Done done);

    // The daemon is ending: a restart that was not begun is refused.
    void end() { ended_ = true; }

    [[nodiscard]] auto program() const -> Program const& { return program_; }

private:
    void judged(bool force, ProgramEnd const& end, Done const& done);

    Loop& loop_;
    Program program_;
    std::function<void()> leave_;
    bool asking_ = false, ended_ = false;
    std::shared_ptr<Restarts*> self_;
};

}  // namespace apiary
