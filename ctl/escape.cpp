// The escapes of the console.
#include "ctl/escape.hpp"

namespace apiary::ctl {

auto EscapeFilter::feed(std::string_view input, std::string& out) -> Result {
    constexpr char tilde = '~';
    constexpr char control_d = 0x04;
    constexpr char control_z = 0x1A;
    for (std::size_t i = 0; i < input.size(); ++i) {
        char const key = input[i];
        if (place_ == Place::line_start && key == tilde) {
            place_ = Place::after_tilde;  // held back until we know what follows
            continue;
        }
        if (place_ == Place::after_tilde) {
            place_ = Place::line_start;
            switch (key) {
                case '.':
                case control_d:
                    return {i + 1, Action::quit};
                case control_z:
                    return {i + 1, Action::suspend};
                case '?':
                    return {i + 1, Action::help};
                default:
                    break;
            }
            out += tilde;
            if (key == tilde) {  // that one is for the guest
                place_ = Place::inside;
                continue;
            }
        }
        out += key;
        place_ = key == '\r' || key == '\n' ? Place::line_start : Place::inside;
    }
    return {input.size(), Action::none};
}

}  // namespace apiary::ctl
