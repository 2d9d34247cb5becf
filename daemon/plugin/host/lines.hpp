// Output of a program or a plugin -> lines.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace apiary::plugin::host {

class Lines {
public:
    using Each = std::function<void(std::string const&)>;
    explicit Lines(Each each) : each_{std::move(each)} {}

    // Longer lines are cut at `longest`; what follows up to the newline is thrown away.
    void take(std::string_view text) {
        for (char const c : text) {
            if (c == '\n') {
                each_(line_);
                line_.clear();
                begun_ = false;
            } else {
                begun_ = true;
                if (line_.size() < longest) {
                    line_ += c == '\0' ? '?' : c;  // the text goes to functions of C
                }
            }
        }
    }
    // What was written without a newline is a line too.
    void end() {
        if (begun_) {
            take("\n");
        }
    }

    static constexpr std::size_t longest = 4096;

private:
    Each each_;
    std::string line_;
    bool begun_ = false;
};

}  // namespace apiary::plugin::host
