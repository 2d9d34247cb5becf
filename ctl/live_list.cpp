// Drawing it.
#include "ctl/live_list.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <iomanip>
#include <ostream>
#include <sstream>

#include "ctl/since.hpp"
#include "ctl/table.hpp"
#include "ctl/text.hpp"

namespace apiary::ctl {

namespace {

constexpr std::size_t usual_height = 24;
constexpr std::size_t lines_around = 3;  // the heading, the count, and one that stays free
constexpr char const* switched_off_text = "switched off: its stop_timeout was over";

auto height_of_terminal() -> std::size_t {
    winsize size{};
    return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : usual_height;
}

auto note_of(LiveList::Row const& row) -> std::string {
    if (!row.left_alone.empty()) {
        return row.left_alone;
    }
    if (row.switched_off() && (row.stopping || is_at_rest(row.state))) {
        return switched_off_text;
    }
    if (is_at_rest(row.state) || row.stopping || row.behind.empty()) {
        return {};
    }
    auto const more = row.behind.size() - 1;
    return "after " + row.behind.front() + (more == 0 ? "" : " and " + std::to_string(more) + " more");
}

// What goes on stands at the top, what is over at the end.
auto rank(LiveList::Row const& row) -> int {
    if (row.over()) {
        return 2;
    }
    return row.stopping ? 0 : 1;
}

}  // namespace

auto is_at_rest(std::string_view state) -> bool {
    return state == "stopped" || state == "failed";
}

auto passed_text(std::uint64_t from, std::uint64_t to) -> std::string {
    constexpr std::uint64_t second = 1'000'000, sixty = 60;
    auto const seconds = to > from ? (to - from) / second : 0;
    if (seconds < sixty) {
        return std::to_string(seconds) + " s";
    }
    auto const hours = seconds / sixty / sixty;
    std::ostringstream text;
    text << std::setfill('0');
    if (hours != 0) {
        text << hours << ':' << std::setw(2);
    }
    text << seconds / sixty % sixty << ':' << std::setw(2) << seconds % sixty;
    return text.str();
}

auto LiveList::Row::end_text() const -> std::string {
    return state_text(state, sub_state) + (switched_off() ? ", " + std::string{switched_off_text} : std::string{});
}

void LiveList::add(Row row) {
    row.stopping = row.state == "stopping";
    if (!row.over()) {
        ++open_;
        tell(row, "is " + state_text(row.state, row.sub_state));
    }
    index_.emplace(row.name, rows_.size());
    rows_.push_back(std::move(row));
}

void LiveList::see(std::string const& name, std::string const& state, std::string const& sub_state,
                   std::string const& reason, std::uint64_t since) {
    auto const found = index_.find(name);
    if (found == index_.end()) {
        return;
    }
    auto& row = rows_[found->second];
    if (row.over() || (row.state == state && row.sub_state == sub_state)) {
        return;
    }
    row.state = state;
    row.sub_state = sub_state;
    row.reason = reason;
    row.since = since;
    row.stopping = row.stopping || state == "stopping";
    tell(row, "is " + (is_at_rest(state) ? row.end_text() : state_text(state, sub_state)));
    if (is_at_rest(state)) {
        --open_;
    } else if (row.stopping && (state == "running" || state == "paused")) {
        leave_alone(found->second, "its stop was canceled");
    }
}

// Who stays up keeps up those that he needs, as far as they were not told yet.
void LiveList::leave_alone(std::size_t row, std::string const& why) {
    rows_[row].left_alone = why;
    --open_;
    std::vector<std::size_t> kept{row};
    while (!kept.empty()) {
        auto const name = rows_[kept.back()].name;
        kept.pop_back();
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            auto& other = rows_[i];
            if (!other.over() && !other.stopping && std::ranges::find(other.behind, name) != other.behind.end()) {
                other.left_alone = name + " stays up, and needs it";
                tell(other, "is left alone: " + other.left_alone);
                --open_;
                kept.push_back(i);
            }
        }
    }
}

void LiveList::tell(Row const& row, std::string const& text) const {
    if (!output_.quiet && !output_.err_style.tty) {
        output_.err << printable(row.name + ' ' + text) << std::endl;
    }
}

auto LiveList::text(std::uint64_t now, std::size_t height, Style const& style) const -> std::string {
    std::vector<Row const*> order;
    order.reserve(rows_.size());
    for (auto const& row : rows_) {
        order.push_back(&row);
    }
    std::ranges::stable_sort(order, {}, [](Row const* row) { return rank(*row); });
    auto const room = height > lines_around ? height - lines_around : 1;
    order.resize(std::min(order.size(), room));
    Table table{{{.title = "NAME", .shrink = true},
                 {.title = "STATE", .shrink = true},
                 {.title = "SINCE", .right = true},
                 {.title = "NOTE", .shrink = true, .spare = true}}};
    for (auto const* const row : order) {
        table.add({{.text = row->name},
                   {.text = state_text(row->state, row->sub_state), .colour = colour_of_state(row->state)},
                   {.text = passed_text(row->since, now)},
                   {.text = note_of(*row)}});
    }
    auto const resting = std::ranges::count_if(rows_, [](Row const& row) { return is_at_rest(row.state); });
    auto count = std::to_string(resting) + " of " + std::to_string(rows_.size()) + " at rest";
    if (order.size() < rows_.size()) {
        count += ", " + std::to_string(rows_.size() - order.size()) + " not shown";
    }
    return table.text(style) + count + '\n';
}

void LiveList::draw() {
    if (output_.quiet || !output_.err_style.tty) {
        return;
    }
    auto style = output_.err_style;
    if (style.width > 1) {
        --style.width;  // a line that fills all columns wraps on some terminals
    }
    auto const drawing = text(now_in_micros(), height_of_terminal(), style);
    clear();
    output_.err << drawing << std::flush;
    drawn_ = static_cast<std::size_t>(std::ranges::count(drawing, '\n'));
}

void LiveList::clear() {
    if (drawn_ != 0) {
        output_.err << "\x1b[" << drawn_ << "A\r\x1b[J" << std::flush;
        drawn_ = 0;
    }
}

}  // namespace apiary::ctl
