// The ways into each (state, substate) that a VM can be in, through real commands and scripted answers.
#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "engine_fixture.hpp"

namespace apiary::test {

struct Place {
    std::string name;  // as place() spells it
    std::function<void(EngineWorld&)> enter;
    Duration timeout;  // the clock moves on by this: whatever waits there is over
};

inline void PrintTo(Place const& place, std::ostream* out) {
    *out << place.name;
}

// As gtest takes it: without '/' and '-'.
[[nodiscard]] inline auto test_name(Place const& place) -> std::string {
    auto name = place.name;
    for (char& c : name) {
        c = c == '/' || c == '-' ? '_' : c;
    }
    return name;
}

// In the order of the state table. Each leaves one VM, "vm", where it says.
[[nodiscard]] auto places() -> std::vector<Place> const&;
[[nodiscard]] auto place_named(std::string_view name) -> Place const&;
[[nodiscard]] auto found_record() -> RunRecord;

}  // namespace apiary::test
