// Events for people.
#include "ctl/event_text.hpp"

#include <algorithm>
#include <array>

#include "ctl/text.hpp"

namespace apiary::ctl {

namespace {

// Of no use to people, or told in another way.
constexpr std::array<std::string_view, 6> not_shown{"old-state", "old-sub-state", "monotonic",
                                                    "durable",   "incarnation",   "job"};

auto padded(std::string text, std::size_t width) -> std::string {
    text.resize(text.size() + width - std::min(width, columns_of(text)), ' ');
    return text;
}

auto details_text(Values const& details, std::initializer_list<std::string_view> told) -> std::string {
    std::string text;
    for (auto const& [key, value] : details) {
        if (std::ranges::find(not_shown, key) == not_shown.end() && std::ranges::find(told, key) == told.end()) {
            auto const word = printable(shown(value));
            text +=
                (text.empty() ? "" : " ") + key + '=' + (word.find(' ') == std::string::npos ? word : '"' + word + '"');
        }
    }
    return text;
}

void append(std::string& text, std::string const& more, std::string_view separator = " ") {
    if (!more.empty()) {
        text += (text.empty() ? "" : std::string{separator}) + more;
    }
}

auto state_change(Event const& event, Style const& style) -> std::string {
    auto const& details = event.details;
    auto const before = state_text(text_of(details, "old-state"), text_of(details, "old-sub-state"));
    auto const now = state_text(event.state, event.sub_state);
    std::string text = before.empty() || before == now ? "" : printable(before) + ' ' + std::string{style.arrow} + ' ';
    text += painted(printable(now), colour_of_state(event.state), style);
    if (!event.reason.empty()) {
        text += " (" + printable(event.reason) + ')';
    }
    append(text, printable(text_of(details, "text")), ": ");
    append(text, details_text(details, {"text"}));
    return text;
}

auto job_text(Event const& event) -> std::string {
    auto const& details = event.details;
    auto const number = number_of(details, "job");
    std::string text = "job " + std::to_string(number == 0 ? event.seq : number);
    append(text, printable(text_of(details, "command")), ": ");
    append(text, printable(text_of(details, "result")), ": ");
    append(text, printable(text_of(details, "error")), ": ");
    append(text, details_text(details, {"command", "result", "error"}));
    return text;
}

auto step_text(Event const& event) -> std::string {
    auto const& details = event.details;
    std::string text = printable(text_of(details, "phase"));
    append(text, printable(text_of(details, "step")));
    append(text, printable(text_of(details, "result")), ": ");
    append(text, printable(text_of(details, "text")), ": ");
    append(text, details_text(details, {"phase", "step", "result", "text"}));
    return text;
}

}  // namespace

auto happening(Event const& event, Style const& style) -> std::string {
    std::string text;
    if (event.type == "state") {
        text = state_change(event, style);
    } else if (event.type.starts_with("job-")) {
        text = job_text(event);
    } else if (event.type == "step") {
        text = step_text(event);
    } else {
        text = printable(text_of(event.details, "text"));
        append(text, details_text(event.details, {"text"}));
    }
    if (!flag_of(event.details, "durable", true)) {
        append(text, "[not in the journal: it cannot be written]");
    }
    return text;
}

auto event_text(Event const& event, Style const& style) -> std::string {
    constexpr std::size_t number_width = 6;
    constexpr std::size_t name_width = 12;
    constexpr std::size_t type_width = 10;
    auto text = local_text(event.time);
    auto const number = std::to_string(event.seq);
    text += std::string(1 + number_width - std::min(number_width, number.size()), ' ') + number + "  ";
    text += padded(event.vm.empty() ? "-" : printable(event.vm), name_width) + "  ";
    auto const told = happening(event, style);
    return text + (told.empty() ? printable(event.type) : padded(printable(event.type), type_width) + "  " + told);
}

}  // namespace apiary::ctl
