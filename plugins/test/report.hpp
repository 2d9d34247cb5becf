// What is printed of the life of a plugin: a line for the result of each call, and below it what it said meanwhile.
#pragma once

#include <string>
#include <vector>

namespace apiary::plugin_test {

class Report {
public:
    Report() = default;
    ~Report();
    Report(Report const&) = delete;
    auto operator=(Report const&) -> Report& = delete;

    // From now on what is said waits for the next result.
    void call_begins() { in_call_ = true; }
    void result(std::string const& what, std::string const& came, std::string const& text = {});
    void detail(std::string const& text);
    // A result that comes in the middle of a call.
    void detail_result(std::string const& what, std::string const& came, std::string const& text);

private:
    void add(std::string line);
    void flush();
    static constexpr std::size_t most_waiting = 1000;  // one that says more is heard at once

    bool in_call_ = false;
    std::vector<std::string> waiting_;
};

}  // namespace apiary::plugin_test
