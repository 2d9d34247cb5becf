// Events as lines of JSON: what Journal.Open gives. The format is documented in introspection/.
#pragma once

#include <string>

#include "bus/event_pump.hpp"

namespace apiary::bus {

class JournalLines final : public EventForm {
public:
    explicit JournalLines(std::string stream) : stream_{std::move(stream)} {}

    [[nodiscard]] auto begin(std::uint64_t after) const -> std::string;
    void event(Event const& event, std::string& out) const override;
    void through(std::uint64_t seq, std::string& out) const override;
    void truncated(std::uint64_t oldest, std::string& out) const override;

private:
    std::string stream_;
};

}  // namespace apiary::bus
