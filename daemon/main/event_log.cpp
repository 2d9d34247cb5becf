#include "main/event_log.hpp"

#include "main/log.hpp"

namespace apiary {
namespace {

// Values may hold what a guest or a hook wrote: no line of the log may be forged by them.
auto log_value(std::string_view text) -> std::string {
    bool const plain = !text.empty() && text.find_first_of(" \t\"\\=") == std::string_view::npos;
    std::string made = plain ? "" : "\"";
    for (char const c : text) {
        if (c == '"' || c == '\\') {
            made += '\\';
            made += c;
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            made += ' ';
        } else {
            made += c;
        }
    }
    return plain ? made : made + "\"";
}

auto level_of(Event const& event) -> log::Level {
    if (event.type == EventType::state && event.state == State::failed) {
        return log::Level::error;
    }
    if (event.type == EventType::state && event.sub_state == SubState::backoff) {
        return log::Level::warning;  // it ended, nobody asked for that, and it may not be for the last time
    }
    if (event.type == EventType::step) {
        return log::Level::debug;
    }
    return event.type == EventType::notice ? log::Level::warning : log::Level::info;
}

auto place(State state, SubState sub_state) -> std::string {
    auto text = std::string{to_string(state)};
    return sub_state == SubState::none ? text : text + "/" + std::string{to_string(sub_state)};
}

}  // namespace

void EventLog::on_turn(Turn const& turn) {
    for (auto const& event : turn.events) {
        auto line = "vm=" + log_value(event.vm) + " seq=" + std::to_string(event.seq) +
                    " event=" + std::string{to_string(event.type)};
        if (event.type == EventType::state) {
            line += " from=" + place(event.old_state, event.old_sub_state) +
                    " to=" + place(event.state, event.sub_state) + " reason=" + std::string{to_string(event.reason)};
        }
        if (event.job != 0) {
            line += " job=" + std::to_string(event.job);
        }
        for (auto const& [key, value] : event.details) {
            if (key != "job") {
                line += " " + key + "=" + log_value(value);
            }
        }
        if (!event.durable) {
            line += " durable=false";
        }
        log::line(level_of(event), line);
    }
}

}  // namespace apiary
