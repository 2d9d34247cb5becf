// What there is to say about a configuration, and where.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "config/token.hpp"

namespace apiary::config {

enum class Severity { error, warning };

struct Diagnostic {
    std::string file;
    unsigned line = 0;    // 0: about the file as such
    unsigned column = 0;  // from 1, in bytes
    Severity severity = Severity::error;
    std::string vm;   // empty: none
    std::string key;  // empty: none
    std::string message;

    friend auto operator==(Diagnostic const&, Diagnostic const&) -> bool = default;
};

// FILE:L:C: error: vm NAME: key: message
[[nodiscard]] auto format(Diagnostic const& diagnostic) -> std::string;

// Collects them, up to a bound. What files of other owners say can take only a part of it, so that nobody can fill it
// up and hide the rest.
class Diagnostics {
public:
    static constexpr std::size_t most = 1000, most_of_others = 500, most_of_one_other_file = 100;

    // `file`: number of the file in reading order.
    void add(std::size_t file, bool trusted, Diagnostic diagnostic);

    // Would another one of this file be dropped?
    [[nodiscard]] auto full(std::size_t file, bool trusted) const -> bool;

    // By file and position. A last one tells of those that did not fit.
    [[nodiscard]] auto take() -> std::vector<Diagnostic>;

private:
    struct Entry {
        std::size_t file;
        Diagnostic diagnostic;
    };
    std::vector<Entry> entries_;
    std::vector<std::size_t> of_file_;
    std::size_t of_others_ = 0, dropped_ = 0;
};

}  // namespace apiary::config
