// Writing, bounding and sorting of what is to be said.
#include "config/diagnostic.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "config/text.hpp"

namespace apiary::config {

auto format(Diagnostic const& diagnostic) -> std::string {
    std::string out = diagnostic.file;
    if (diagnostic.line > 0) {
        out += ':' + std::to_string(diagnostic.line) + ':' + std::to_string(diagnostic.column);
    }
    if (!out.empty()) {
        out += ": ";
    }
    out += diagnostic.severity == Severity::error ? "error: " : "warning: ";
    if (!diagnostic.vm.empty()) {
        std::string const name = quoted_text(diagnostic.vm);  // of a section: anything may be in it
        out += "vm " + name.substr(1, name.size() - 2) + ": ";
    }
    if (!diagnostic.key.empty()) {
        out += diagnostic.key + ": ";
    }
    return out + diagnostic.message;
}

auto Diagnostics::full(std::size_t file, bool trusted) const -> bool {
    std::size_t const of_this = file < of_file_.size() ? of_file_[file] : 0;
    return entries_.size() >= most || (!trusted && (of_others_ >= most_of_others || of_this >= most_of_one_other_file));
}

void Diagnostics::add(std::size_t file, bool trusted, Diagnostic diagnostic) {
    if (diagnostic.severity == Severity::error && !diagnostic.harmless) {
        if (diagnostic.trusted) {
            trusted_errors_ = true;
        } else {
            owners_with_errors_.insert(diagnostic.owner);
        }
    }
    if (full(file, trusted)) {
        ++dropped_;
        return;
    }
    if (of_file_.size() <= file) {
        of_file_.resize(file + 1);
    }
    ++of_file_[file];
    of_others_ += trusted ? 0 : 1;
    entries_.push_back({file, std::move(diagnostic)});
}

auto Diagnostics::take() -> std::vector<Diagnostic> {
    std::stable_sort(entries_.begin(), entries_.end(), [](Entry const& a, Entry const& b) {
        return std::tie(a.file, a.diagnostic.line, a.diagnostic.column) <
               std::tie(b.file, b.diagnostic.line, b.diagnostic.column);
    });
    std::vector<Diagnostic> out;
    out.reserve(entries_.size() + 1);
    for (Entry& entry : entries_) {
        out.push_back(std::move(entry.diagnostic));
    }
    if (dropped_ > 0) {
        out.push_back({.severity = Severity::warning,
                       .vm = {},
                       .key = {},
                       .message = std::to_string(dropped_) + " more messages are not shown"});
    }
    entries_.clear();
    of_file_.clear();
    of_others_ = dropped_ = 0;
    return out;
}

}  // namespace apiary::config
