// The step `run-folder`: makes the folder that one run lives in, with the record of what is to run; removes it again.
#pragma once

#include "vm/in_order.hpp"
#include "vm/loop.hpp"
#include "vm/step.hpp"

namespace apiary::supervision {

class RunFolderStep : public Step {
public:
    explicit RunFolderStep(Loop& loop) : loop_{loop}, folders_{loop} {}
    [[nodiscard]] auto name() const -> std::string_view override { return "run-folder"; }
    void prestart(StepCall call, Done done) override;
    void poststop(StepCall call, Done done) override;

private:
    Loop& loop_;
    InOrder folders_;  // by their paths
};

}  // namespace apiary::supervision
