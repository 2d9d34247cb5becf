// What is wrong with a text, and where.
#pragma once

#include <cstddef>
#include <string>

namespace apiary::config::ucl {

struct Fault {
    std::size_t at = 0;  // offset in the text
    std::string text;
};

}  // namespace apiary::config::ucl
