// Text in columns that fits the terminal.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ctl/terminal.hpp"

namespace apiary::ctl {

struct Column {
    std::string title;
    bool right = false;   // figures
    bool shrink = false;  // may be cut when there is too little room
    bool spare = false;   // may be left out when that is not enough; the last first
};

struct Cell {
    std::string text;
    Colour colour = Colour::none;
};

class Table {
public:
    explicit Table(std::vector<Column> columns) : columns_{std::move(columns)} {}
    void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }  // as many cells as columns
    [[nodiscard]] auto text(Style const& style) const -> std::string;     // with its heading

private:
    using Widths = std::vector<std::size_t>;  // 0: the column is left out
    [[nodiscard]] auto natural_widths() const -> Widths;
    [[nodiscard]] auto fitting_widths(std::size_t room) const -> Widths;

    std::vector<Column> columns_;
    std::vector<std::vector<Cell>> rows_;
};

}  // namespace apiary::ctl
