// Errors and progress.
#include "ctl/output.hpp"

#include <ostream>

#include "ctl/failure.hpp"
#include "ctl/text.hpp"

namespace apiary::ctl {

namespace {

constexpr std::string_view erase_line = "\r\x1b[K";

}  // namespace

void tell_failure(Output& output, std::string_view subject, std::string_view text, std::string_view hint) {
    std::string message = "apiaryctl: ";
    if (!subject.empty()) {
        message += printable(subject) + ": ";
    }
    message += printable(text, true);
    while (message.back() == '\n') {
        message.pop_back();
    }
    output.err << painted(message, Colour::red, output.err_style) << '\n';
    if (!hint.empty()) {
        output.err << "  " << printable(hint) << '\n';
    }
    output.err.flush();
}

void tell_failure(Output& output, std::string_view subject, Failure const& failure) {
    tell_failure(output, subject, failure.what(), failure.hint());
}

void Progress::line(std::string const& text) {
    if (output_.quiet || !output_.err_style.tty || text == last_) {
        return;
    }
    last_ = text;
    // One column stays free: a line that fills them all wraps on some terminals.
    auto const room = output_.err_style.width > 1 ? output_.err_style.width - 1 : 1;
    output_.err << erase_line << cut(printable(text), room, output_.err_style.ellipsis) << std::flush;
    shown_ = true;
}

void Progress::step(std::string const& text) {
    if (!output_.quiet && !output_.err_style.tty) {
        output_.err << printable(text) << std::endl;
    }
}

void Progress::clear() {
    if (shown_) {
        output_.err << erase_line << std::flush;
        shown_ = false;
    }
    last_.clear();
}

}  // namespace apiary::ctl
