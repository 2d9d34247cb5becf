// Offsets in a text to lines and columns.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "config/token.hpp"

namespace apiary::config::ucl {

class Lines {
public:
    explicit Lines(std::string_view text) : starts_{0} {
        for (auto found = text.find('\n'); found != std::string_view::npos; found = text.find('\n', found + 1)) {
            starts_.push_back(found + 1);
        }
    }

    [[nodiscard]] auto position(std::size_t offset) const -> Position {
        auto const after = std::upper_bound(starts_.begin(), starts_.end(), offset);
        auto const line = static_cast<std::size_t>(after - starts_.begin());
        return {static_cast<std::uint32_t>(line), static_cast<std::uint32_t>(offset - starts_[line - 1] + 1)};
    }

    [[nodiscard]] auto offset(Position at) const -> std::size_t {
        auto const line = std::min<std::size_t>(std::max(at.line, 1U), starts_.size());
        return starts_[line - 1] + std::max(at.column, 1U) - 1;
    }

private:
    std::vector<std::size_t> starts_;
};

}  // namespace apiary::config::ucl
