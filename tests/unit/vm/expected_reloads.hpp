// What must follow, in each place that a VM can be in, from each kind of change of its definition: the list that
// reload_test holds the engine against. Each line is here because somebody judged it right.
#pragma once

#include <string_view>

namespace apiary::test {

extern std::string_view const expected_reloads;

}  // namespace apiary::test
