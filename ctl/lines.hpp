// What is told of one thing: a line for each fact, behind its label.
#pragma once

#include <algorithm>
#include <ostream>
#include <string>
#include <string_view>

#include "ctl/output.hpp"
#include "ctl/text.hpp"

namespace apiary::ctl {

class Lines {
public:
    explicit Lines(Output& output) : output_{output} {}
    // Lines without a value are left out.
    void add(std::string_view label, std::string const& value, Colour colour = Colour::none) {
        if (!value.empty()) {
            output_.out << "  " << label << std::string(label_width - std::min(label_width, label.size()), ' ')
                        << painted(printable(value), colour, output_.out_style) << '\n';
        }
    }

private:
    static constexpr std::size_t label_width = 14;
    Output& output_;
};

}  // namespace apiary::ctl
