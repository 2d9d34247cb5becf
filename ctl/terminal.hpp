// What the standard streams are connected to, and a terminal in raw mode.
#pragma once

#include <termios.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace apiary::ctl {

enum class Colour { none, green, red, yellow, cyan, bold, dim };

// How to write to one stream.
struct Style {
    bool tty = false;
    bool colour = false;
    std::size_t width = 0;             // columns; 0: as wide as it gets
    std::string_view ellipsis = "..";  // for what is cut off
    std::string_view arrow = "->";
};
[[nodiscard]] auto style_of(int fd) -> Style;  // looks at NO_COLOR, TERM, COLUMNS and the locale

[[nodiscard]] auto painted(std::string_view text, Colour colour, Style const& style) -> std::string;
[[nodiscard]] auto colour_of_state(std::string_view state) -> Colour;

// While it lives, every key goes to us as it is typed. It is undone at its end, and even when the program crashes.
// There can be one at a time.
class RawTerminal {
public:
    explicit RawTerminal(int fd);  // does nothing where fd is no terminal
    RawTerminal(RawTerminal const&) = delete;
    RawTerminal(RawTerminal&&) = delete;
    auto operator=(RawTerminal const&) -> RawTerminal& = delete;
    auto operator=(RawTerminal&&) -> RawTerminal& = delete;
    ~RawTerminal();

    void suspend();  // as ^Z does: the shell gets its terminal back until it continues us

private:
    void enter();
    void leave();

    int fd_;
    bool active_ = false;
    termios before_{};
};

}  // namespace apiary::ctl
