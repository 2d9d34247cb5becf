// What there is to say about a configuration, and where.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <set>
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
    // Whose trouble it is, which need not be the owner of the file that it is about: his file cannot be read that
    // another one includes. Trusted: root's, or that of who runs the daemon.
    bool trusted = true;
    uid_t owner = 0;
    bool harmless = false;  // an error, but nothing that the files say is lost by it: no reason to refuse a reload

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

    // Who has an error that is not harmless, whether it fitted or not.
    [[nodiscard]] auto owners_with_errors() const -> std::set<uid_t> const& { return owners_with_errors_; }
    [[nodiscard]] auto trusted_errors() const -> bool { return trusted_errors_; }

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
    std::set<uid_t> owners_with_errors_;
    bool trusted_errors_ = false;
};

}  // namespace apiary::config
