// The daemon's own log. spdlog writes it; this header keeps spdlog out of everybody's compile.
#pragma once

#include <string>
#include <string_view>

namespace apiary::log {

enum class Level { debug, info, warning, error };
enum class Where { standard_error, syslog };

// To be called once, before the first line. Lines are written by a thread of their own: a full pipe or a hung disk
// costs lines (which are counted and told), never the loop.
void open(Where where, Level least);
void close();  // writes what is left

void line(Level level, std::string_view text);
inline void info(std::string_view text) {
    line(Level::info, text);
}
inline void warning(std::string_view text) {
    line(Level::warning, text);
}
inline void error(std::string_view text) {
    line(Level::error, text);
}

}  // namespace apiary::log
