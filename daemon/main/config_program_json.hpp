// What apiary-config prints: JSON that is written as it is made, so that ten thousand VMs are no tree in memory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "config/neutral.hpp"

namespace apiary {

class JsonText {
public:
    // {"hex": "..."} where it is no UTF-8: JSON has no other way to keep what a file says.
    void text(std::string_view value);
    void number(std::int64_t value);
    void flag(bool value);
    void null();
    void neutral(config::Neutral const& value);

    void key(std::string_view name);
    void open(char bracket);   // { or [
    void close(char bracket);  // } or ]
    void line();               // what follows begins a line: for people who look at it

    [[nodiscard]] auto take() -> std::string { return std::move(out_); }

private:
    void separate();
    void quoted(std::string_view value);

    std::string out_;
    bool first_ = true;  // nothing stands in this bracket yet, or a key stands just before
    bool new_line_ = false;
};

}  // namespace apiary
