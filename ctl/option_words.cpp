// The words of options: which there are, and what to say of others.
#include "ctl/option_words.hpp"

#include <algorithm>
#include <utility>

#include "ctl/since.hpp"
#include "ctl/suggest.hpp"

namespace apiary::ctl {

// CLI11 would take "-1" for a number without a sign.
auto digits_only(std::string& text) -> std::string {
    bool const good = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    return good ? std::string{} : '\'' + text + "' is not a number";
}

auto since_word(std::string& text) -> std::string {
    return parse_since(text, now_in_micros()) ? std::string{}
                                              : '\'' + text +
                                                    "' is neither an event's number nor a time: 2026-11-20, "
                                                    "2026-11-20T18:00:22Z, '10 min ago', @1763672902";
}

auto alternatives(std::vector<std::string> const& words) -> std::string {
    std::string all;
    for (auto const& word : words) {
        all += (all.empty() ? "" : &word == &words.back() ? " or " : ", ") + word;
    }
    return all;
}

auto one_of(std::vector<std::string> words, std::string const& what) -> std::function<std::string(std::string&)> {
    return [words = std::move(words), what](std::string& text) -> std::string {
        if (std::ranges::find(words, text) != words.end()) {
            return {};
        }
        auto const meant = suggestion(text, words);
        return '\'' + text + "' is not " + what + ": " +
               (meant ? "did you mean '" + *meant + "'?" : alternatives(words));
    };
}

// A closed set: see introspection/.
auto state_word() -> std::function<std::string(std::string&)> {
    return one_of({"stopped", "starting", "running", "paused", "stopping", "failed"}, "a state");
}

}  // namespace apiary::ctl
