#include "config/bhyve_base.hpp"

#include <utility>

#include "config/text.hpp"

namespace apiary::config {
namespace {

constexpr unsigned deepest_expansion = 8;
constexpr std::size_t longest_setting = 4096;

auto raw_value(BhyveBase const& base, std::string_view key) -> std::string const* {
    for (auto setting = base.settings.rbegin(); setting != base.settings.rend(); ++setting) {
        if (setting->first == key) {
            return &setting->second;
        }
    }
    return nullptr;
}

// bhyve_config(5): %(KEY) is the value of another key, %% a percent sign.
auto expanded(BhyveBase const& base, std::string_view text, unsigned depth) -> std::optional<std::string> {
    std::string out;
    for (std::size_t i = 0; i < text.size() && out.size() < longest_setting; ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        if (i + 1 < text.size() && text[i + 1] == '%') {
            out += text[++i];
            continue;
        }
        auto const end = text.find(')', i);
        if (i + 1 >= text.size() || text[i + 1] != '(' || end == std::string_view::npos || depth == 0) {
            return std::nullopt;
        }
        auto const* const other = raw_value(base, text.substr(i + 2, end - i - 2));
        auto const value = other != nullptr ? expanded(base, *other, depth - 1) : std::nullopt;
        if (!value) {
            return std::nullopt;
        }
        out += *value;
        i = end;
    }
    return out.size() < longest_setting ? std::optional{std::move(out)} : std::nullopt;
}

}  // namespace

auto parse_bhyve_base(std::string file, std::string_view text, BaseReport const& report) -> BhyveBase {
    BhyveBase base;
    base.file = std::move(file);
    unsigned number = 0;
    for (std::string_view const line : split(text, '\n')) {
        ++number;
        if (line.empty() || line.starts_with('#')) {
            continue;
        }
        auto const equals = line.find('=');
        if (equals == std::string_view::npos || equals == 0 || equals + 1 == line.size() ||
            line.find('\0') != std::string_view::npos) {
            report(number, true, "KEY=VALUE is needed here, after bhyve_config(5)");
            continue;
        }
        auto const key = line.substr(0, equals);
        if (key == "config.dump") {
            report(number, false, "config.dump would make bhyve print its configuration and end: left out");
            continue;
        }
        base.settings.emplace_back(key, line.substr(equals + 1));
    }
    return base;
}

auto base_value(BhyveBase const& base, std::string_view key) -> std::optional<std::string> {
    auto const* const raw = raw_value(base, key);
    return raw != nullptr ? expanded(base, *raw, deepest_expansion) : std::nullopt;
}

}  // namespace apiary::config
