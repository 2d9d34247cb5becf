// Events as devd(8) would tell them: one line of at most 1016 bytes each. docs/devd.md is the contract.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "bus/event_pump.hpp"

namespace apiary::bus {

inline constexpr std::size_t max_devd_record = 1016;  // with the newline: what the kernel's own records can have

// The value of `type`.
[[nodiscard]] auto devd_type(Event const& event) -> std::string_view;

// "!system=VMM subsystem=web type=RUNNING seq=12 …\n"
[[nodiscard]] auto devd_record(Event const& event) -> std::string;

class DevdRecords final : public EventForm {
public:
    void event(Event const& event, std::string& out) const override { out += devd_record(event); }
    void through(std::uint64_t /*seq*/, std::string& /*out*/) const override {}
    void truncated(std::uint64_t /*oldest*/, std::string& /*out*/) const override {}
};

}  // namespace apiary::bus
