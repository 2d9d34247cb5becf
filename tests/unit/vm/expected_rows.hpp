// The state table once more, as it should be: the list that table_test holds the real one against. It is written by
// hand, on purpose: nothing here is taken from the state table. What is "refused" must have no row.
#pragma once

#include <string_view>

namespace apiary::test {

extern std::string_view const expected_rows;

}  // namespace apiary::test
