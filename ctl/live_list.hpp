// VMs on their way to rest: a list that is drawn over and over on a terminal, a line for each change elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ctl/model.hpp"
#include "ctl/output.hpp"

namespace apiary::ctl {

[[nodiscard]] auto is_at_rest(std::string_view state) -> bool;

class LiveList {
public:
    struct Row {
        std::string name, state, sub_state, reason;
        std::uint64_t since = 0;  // microseconds since 1970
        Strings behind;           // VMs that it waits for before it is told to stop
        bool stopping = false;    // it was seen on its way down
        std::string left_alone;   // why it stays up; empty: it does not
        [[nodiscard]] auto over() const -> bool { return is_at_rest(state) || !left_alone.empty(); }
        [[nodiscard]] auto switched_off() const -> bool { return reason == "stop-timeout"; }
        // "stopped", and whether its guest has not done that itself.
        [[nodiscard]] auto end_text() const -> std::string;
    };

    explicit LiveList(Output& output) : output_{output} {}
    LiveList(LiveList const&) = delete;
    LiveList(LiveList&&) = delete;
    auto operator=(LiveList const&) -> LiveList& = delete;
    auto operator=(LiveList&&) -> LiveList& = delete;
    ~LiveList() { clear(); }

    void add(Row row);
    // Where this VM is now. A VM that is none of these is of no interest.
    void see(std::string const& name, std::string const& state, std::string const& sub_state, std::string const& reason,
             std::uint64_t since);
    [[nodiscard]] auto rows() const -> std::vector<Row> const& { return rows_; }
    [[nodiscard]] auto over() const -> bool { return open_ == 0; }

    // `height`: lines of the terminal. What does not fit is counted.
    [[nodiscard]] auto text(std::uint64_t now, std::size_t height, Style const& style) const -> std::string;
    void draw();   // on a terminal, and where nobody said --quiet
    void clear();  // takes the list from the terminal

private:
    void leave_alone(std::size_t row, std::string const& why);
    void tell(Row const& row, std::string const& text) const;

    Output& output_;
    std::vector<Row> rows_;
    std::map<std::string, std::size_t, std::less<>> index_;
    std::size_t open_ = 0;
    std::size_t drawn_ = 0;  // lines that stand on the terminal
};

// The time that has passed: "12 s", "3:05", "2:03:05".
[[nodiscard]] auto passed_text(std::uint64_t from, std::uint64_t to) -> std::string;

}  // namespace apiary::ctl
