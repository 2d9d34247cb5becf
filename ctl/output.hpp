// Where and how a command speaks.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include "ctl/terminal.hpp"

namespace apiary::ctl {

class Failure;

struct Output {
    std::ostream& out;  // results
    std::ostream& err;  // everything else: errors, progress, hints
    Style out_style, err_style;
    bool json = false;
    bool quiet = false;  // no progress
};

// "apiaryctl: web: what went wrong", then what to do about it.
void tell_failure(Output& output, std::string_view subject, std::string_view text, std::string_view hint);
void tell_failure(Output& output, std::string_view subject, Failure const& failure);

// What a command is doing: one line that is written over and over on a terminal, lines of their own elsewhere.
class Progress {
public:
    explicit Progress(Output& output) : output_{output} {}
    Progress(Progress const&) = delete;
    Progress(Progress&&) = delete;
    auto operator=(Progress const&) -> Progress& = delete;
    auto operator=(Progress&&) -> Progress& = delete;
    ~Progress() { clear(); }

    void line(std::string const& text);  // on a terminal
    void step(std::string const& text);  // elsewhere
    void clear();

private:
    Output& output_;
    std::string last_;
    bool shown_ = false;
};

}  // namespace apiary::ctl
