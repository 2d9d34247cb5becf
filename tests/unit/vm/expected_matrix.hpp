// What must follow, in each place that a VM can be in, from each thing that can happen to it: the list that matrix_test
// holds the engine against. Each line is here because somebody judged it right: nothing is computed from the table.
#pragma once

#include <string_view>

namespace apiary::test {

extern std::string_view const expected_matrix;

}  // namespace apiary::test
