// The step `limits`: refuses a start while that harms nobody yet, where the host has hardly anything left of what VMs
// take of it. Where there is room, which is nearly always, it is no step at all: it costs no turn and no event.
//
// Who passes has a place from then on: what he will take is counted before he has taken it. The place is given back
// when his hypervisor is launched, for by then it is in use, or when he does not start after all: so this observes the
// engine. A place is given in applies_to(), where all of this is decided, though that looks like a question.
#pragma once

#include <string>
#include <unordered_map>

#include "supervision/limits.hpp"
#include "vm/engine.hpp"
#include "vm/loop.hpp"
#include "vm/step.hpp"

namespace apiary::supervision {

class LimitsStep : public Step, public Observer {
public:
    LimitsStep(Loop& loop, ReadLimits read) : loop_{loop}, read_{std::move(read)} {}
    [[nodiscard]] auto name() const -> std::string_view override { return "limits"; }
    [[nodiscard]] auto applies_to(Definition const& definition) const -> bool override;
    void prestart(StepCall call, Done done) override;
    void poststop(StepCall call, Done done) override;
    void on_turn(Turn const& turn) override;

private:
    [[nodiscard]] auto seat(Definition const& definition) const -> std::string;  // or why there is none
    void give_back(std::string const& vm) const;
    Loop& loop_;
    ReadLimits read_;
    mutable std::unordered_map<std::string, Need> places_;  // by name_key
    mutable Need sum_;                                      // of these
};

}  // namespace apiary::supervision
