#include "plugins/test/report.hpp"

#include <cstdio>
#include <utility>

namespace apiary::plugin_test {
namespace {

auto result_line(std::string const& what, std::string const& came, std::string const& text) -> std::string {
    auto const padded = [](std::string word, std::size_t width) {
        word.resize(word.size() < width ? width : word.size(), ' ');
        return word + ' ';
    };
    return padded(what, 22) + padded(came, 8) + text;
}

void print(std::string const& line) {
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
}

}  // namespace

Report::~Report() {
    flush();
}

void Report::result(std::string const& what, std::string const& came, std::string const& text) {
    print(result_line(what, came, text));
    in_call_ = false;
    flush();
}

void Report::detail(std::string const& text) {
    add("    " + text);
}

void Report::detail_result(std::string const& what, std::string const& came, std::string const& text) {
    add(result_line(what, came, text));
}

void Report::add(std::string line) {
    waiting_.push_back(std::move(line));
    if (!in_call_ || waiting_.size() >= most_waiting) {
        flush();
    }
}

void Report::flush() {
    for (auto const& line : std::exchange(waiting_, {})) {
        print(line);
    }
}

}  // namespace apiary::plugin_test
