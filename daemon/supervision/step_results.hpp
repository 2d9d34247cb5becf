// Short ways to say how a step went.
#pragma once

#include "vm/step.hpp"

namespace apiary::supervision {

inline auto step_ok(std::vector<Contribution> contributions = {}) -> StepResult {
    StepResult result;
    result.contributions = std::move(contributions);
    return result;
}

// An answer of ours to what the definition asks for.
inline auto step_veto(std::string text) -> StepResult {
    return {.kind = StepResult::Kind::veto, .reason = Reason::veto, .text = std::move(text), .contributions = {}};
}

inline auto step_failed(std::string text) -> StepResult {
    return {
        .kind = StepResult::Kind::failed, .reason = Reason::step_failed, .text = std::move(text), .contributions = {}};
}

}  // namespace apiary::supervision
