// Matching, and going through folders.
#include "config/pattern.hpp"

#include <algorithm>
#include <utility>

namespace apiary::config {

namespace {

auto without_backslashes(std::string_view text) -> std::string {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        i += text[i] == '\\' && i + 1 < text.size() ? 1 : 0;
        out += text[i];
    }
    return out;
}

class Expander {
public:
    Expander(Files& files, Asker const& asker, std::size_t& entries)
        : files_{files}, asker_{asker}, entries_{entries} {}

    // `so_far` is a path that ends in a slash, or nothing; `rest` begins with a component.
    void run(std::string const& so_far, std::string_view rest) {
        std::size_t const slash = std::min(rest.find('/'), rest.size());
        std::string_view const component = rest.substr(0, slash);
        std::size_t const next = std::min(rest.find_first_not_of('/', slash), rest.size());
        std::string_view const slashes = rest.substr(slash, next - slash);
        if (!has_wildcards(component)) {
            step(so_far + without_backslashes(component), slashes, rest.substr(next));
            return;
        }
        for (std::string const& name : names_in(so_far, component)) {
            step(so_far + name, slashes, rest.substr(next));
        }
    }

    [[nodiscard]] auto take() -> Expansion { return std::move(out_); }

private:
    void step(std::string path, std::string_view slashes, std::string_view rest) {
        path += slashes;
        if (!rest.empty()) {
            run(path, rest);
        } else {
            out_.paths.push_back(std::move(path));
        }
    }

    auto names_in(std::string const& folder, std::string_view pattern) -> std::vector<std::string> {
        auto answer = files_.list(folder, asker_, entries_);
        if (auto const* const refusal = std::get_if<FileRefusal>(&answer)) {
            out_.refused = true;
            out_.trusted = refusal->trusted;
            out_.owner = refusal->owner;
            return {};
        }
        auto& listing = std::get<Files::Listing>(answer);
        out_.trusted = listing.trusted;
        out_.owner = listing.owner;
        entries_ -= std::min(entries_, listing.names.size() + 1);  // one for the folder
        out_.complete = out_.complete && listing.complete;
        std::erase_if(listing.names,
                      [wanted = Pattern{pattern}](std::string const& name) { return !wanted.matches(name); });
        std::sort(listing.names.begin(), listing.names.end());
        return std::move(listing.names);
    }

    Files& files_;
    Asker const& asker_;
    std::size_t& entries_;
    Expansion out_;
};

}  // namespace

auto has_wildcards(std::string_view pattern) -> bool {
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == '\\') {
            ++i;
        } else if (pattern[i] == '*' || pattern[i] == '?' || pattern[i] == '[') {
            return true;
        }
    }
    return false;
}

Pattern::Pattern(std::string_view text) {
    bool unclosed = false;  // then none of those that follow is closed either
    while (!text.empty()) {
        if (text.front() == '[' && !unclosed) {
            std::size_t const before = text.size();
            Step step = read_set(text);
            unclosed = text.size() == before;
            if (!unclosed) {
                steps_.push_back(std::move(step));
                continue;
            }
        }
        Step step;
        if (text.front() == '\\' && text.size() > 1) {
            text.remove_prefix(1);
        } else if (text.front() == '*' || text.front() == '?') {
            step.kind = text.front() == '*' ? Step::Kind::star : Step::Kind::any;
        }
        step.character = text.front();
        text.remove_prefix(1);
        steps_.push_back(std::move(step));
    }
}

// Takes nothing off `rest` where no bracket closes the set.
auto Pattern::read_set(std::string_view& rest) -> Step {
    Step set;
    set.kind = Step::Kind::set;
    std::size_t i = 1;
    set.inverted = rest.substr(i).starts_with('!');
    i += set.inverted ? 1 : 0;
    auto const take = [&] {
        i += rest[i] == '\\' && i + 1 < rest.size() ? 1 : 0;
        return static_cast<unsigned char>(rest[i++]);
    };
    while (i < rest.size() && (rest[i] != ']' || set.ranges.empty())) {
        unsigned char const low = take();
        unsigned char high = low;
        if (i + 1 < rest.size() && rest[i] == '-' && rest[i + 1] != ']') {
            ++i;
            high = take();
        }
        set.ranges.emplace_back(low, high);
    }
    if (i < rest.size()) {
        rest.remove_prefix(i + 1);
    }
    return set;
}

auto Pattern::fits(Step const& step, char c) -> bool {
    if (step.kind != Step::Kind::set) {
        return step.kind == Step::Kind::any || step.character == c;
    }
    auto const value = static_cast<unsigned char>(c);
    bool const found = std::any_of(step.ranges.begin(), step.ranges.end(),
                                   [&](auto const& range) { return range.first <= value && value <= range.second; });
    return found != step.inverted;
}

// A star that does not fit takes one character more, and only the last star is tried again: what an earlier one took
// cannot matter any more.
auto Pattern::matches(std::string_view name) const -> bool {
    if (name.starts_with('.') && (steps_.empty() || steps_.front().kind != Step::Kind::character)) {
        return false;
    }
    std::size_t at = 0, i = 0, after_star = 0, taken = 0;  // after_star 0: there was none yet
    while (i < name.size()) {
        if (at < steps_.size() && steps_[at].kind == Step::Kind::star) {
            after_star = ++at;
            taken = i;
        } else if (at < steps_.size() && fits(steps_[at], name[i])) {
            ++at;
            ++i;
        } else if (after_star > 0) {
            at = after_star;
            i = ++taken;
        } else {
            return false;
        }
    }
    while (at < steps_.size() && steps_[at].kind == Step::Kind::star) {
        ++at;
    }
    return at == steps_.size();
}

auto expand(Files& files, std::string const& folder, std::string_view pattern, Asker const& asker, std::size_t& entries)
    -> Expansion {
    Expander expander{files, asker, entries};
    std::size_t const start = std::min(pattern.find_first_not_of('/'), pattern.size());
    expander.run(start > 0 ? std::string{pattern.substr(0, start)} : folder, pattern.substr(start));
    return expander.take();
}

}  // namespace apiary::config
