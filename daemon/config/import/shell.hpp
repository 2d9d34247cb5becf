// Files of shell assignments, read as data: NAME=value with quotes, $NAME and ${NAME}. Nothing is ever executed. What
// only a shell could work out is told, and its variables count as not known.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "config/files.hpp"
#include "config/import/sheet.hpp"

namespace apiary::config {

struct ShellVariable {
    std::string name;
    std::string text;
    bool known = true;
    std::string why;    // not known: why not
    bool told = false;  // not known: that was reported
    Place at;           // of the assignment that counts
    bool used = false;  // in another value
};

class ShellVariables {
public:
    static constexpr std::size_t longest_text = std::size_t{64} * 1024;
    static constexpr std::size_t most_bytes = 2 * largest_file;  // of all values that were ever assigned

    using Report = std::function<void(Place, std::string)>;

    // In order: what a file assigns, the next one may use. Told is what is no assignment; of a value that only a shell
    // could work out, the variable itself tells.
    void read(FileText const& file, Report const& report);

    [[nodiscard]] auto find(std::string_view name) -> ShellVariable*;
    // By their first assignment. References stay valid.
    [[nodiscard]] auto all() -> std::deque<ShellVariable>& { return variables_; }

    // For the reader: gives a value (false: too much has been assigned), or says that it cannot be known.
    auto assign(std::string_view name, std::string text, Place at) -> bool;
    void forget(std::string_view name, std::string why, Place at, bool told);

private:
    auto variable(std::string_view name) -> ShellVariable&;

    std::deque<ShellVariable> variables_;
    std::unordered_map<std::string, ShellVariable*> index_;
    std::size_t bytes_ = 0;
};

}  // namespace apiary::config
