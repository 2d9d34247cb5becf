// Layout of tables.
#include "ctl/table.hpp"

#include <algorithm>

#include "ctl/text.hpp"

namespace apiary::ctl {

namespace {

constexpr std::size_t gap = 2;

auto total(std::vector<std::size_t> const& widths) -> std::size_t {
    std::size_t sum = 0;
    for (auto const width : widths) {
        sum += width == 0 ? 0 : width + (sum == 0 ? 0 : gap);
    }
    return sum;
}

// Takes one column after the other from the widest of those that may give, none below `least`, until all fit.
void shrink(std::vector<std::size_t>& widths, std::vector<bool> const& gives, std::size_t least, std::size_t room) {
    while (total(widths) > room) {
        std::size_t widest = widths.size();
        for (std::size_t i = 0; i < widths.size(); ++i) {
            if (gives[i] && widths[i] > least && (widest == widths.size() || widths[i] > widths[widest])) {
                widest = i;
            }
        }
        if (widest == widths.size()) {
            return;
        }
        --widths[widest];
    }
}

}  // namespace

auto Table::natural_widths() const -> Widths {
    Widths widths;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        auto width = columns_of(columns_[i].title);
        for (auto const& row : rows_) {
            width = std::max(width, i < row.size() ? columns_of(printable(row[i].text)) : 0);
        }
        widths.push_back(width);
    }
    return widths;
}

auto Table::fitting_widths(std::size_t room) const -> Widths {
    constexpr std::size_t still_readable = 10;
    constexpr std::size_t still_something = 3;
    auto natural = natural_widths();
    std::vector<bool> shrinking;
    shrinking.reserve(columns_.size());
    for (auto const& column : columns_) {
        shrinking.push_back(column.shrink);
    }
    for (;;) {
        auto widths = natural;
        shrink(widths, shrinking, still_readable, room);
        if (total(widths) <= room) {
            return widths;
        }
        auto left_out = columns_.size();
        while (left_out > 0 && (!columns_[left_out - 1].spare || natural[left_out - 1] == 0)) {
            --left_out;
        }
        if (left_out == 0) {
            break;
        }
        natural[left_out - 1] = 0;
    }
    shrink(natural, std::vector(natural.size(), true), still_something, room);
    // A terminal too narrow even for this: from the right, whatever it is.
    for (auto i = natural.size(); i > 1 && total(natural) > room; --i) {
        natural[i - 1] = 0;
    }
    return natural;
}

auto Table::text(Style const& style) const -> std::string {
    auto const width = style.width == 0 ? natural_widths() : fitting_widths(style.width);
    std::string all;
    auto const line = [&](auto const& cell_at) {
        std::size_t blanks = 0;  // owed: no line ends with blanks
        for (std::size_t i = 0; i < width.size(); ++i) {
            if (width[i] == 0) {
                continue;
            }
            Cell const cell = cell_at(i);
            auto const shown_text = cut(printable(cell.text), width[i], style.ellipsis);
            auto const padding = width[i] - columns_of(shown_text);
            blanks += columns_[i].right ? padding : 0;
            if (!shown_text.empty()) {
                all.append(blanks, ' ');
                all += painted(shown_text, cell.colour, style);
                blanks = 0;
            }
            blanks += gap + (columns_[i].right ? 0 : padding);
        }
        all += '\n';
    };
    line([&](std::size_t i) { return Cell{columns_[i].title, Colour::bold}; });
    for (auto const& row : rows_) {
        line([&](std::size_t i) { return i < row.size() ? row[i] : Cell{}; });
    }
    return all;
}

}  // namespace apiary::ctl
