// Distance of two words: the recurrence of Damerau and Levenshtein (restricted: no letter is touched twice), on three
// rows.
#include "ctl/suggest.hpp"

#include <algorithm>

#include "ctl/text.hpp"

namespace apiary::ctl {

namespace {

auto same_first_letter(std::string_view a, std::string_view b) -> bool {
    return lower(a.substr(0, 1)) == lower(b.substr(0, 1));
}

}  // namespace

auto typing_distance(std::string_view a, std::string_view b) -> std::size_t {
    auto const x = lower(a);
    auto const y = lower(b);
    std::vector<std::size_t> before(y.size() + 1), last(y.size() + 1), now(y.size() + 1);
    for (std::size_t j = 0; j <= y.size(); ++j) {
        last[j] = j;
    }
    for (std::size_t i = 1; i <= x.size(); ++i) {
        now[0] = i;
        for (std::size_t j = 1; j <= y.size(); ++j) {
            std::size_t const changed = last[j - 1] + (x[i - 1] == y[j - 1] ? 0 : 1);
            now[j] = std::min({last[j] + 1, now[j - 1] + 1, changed});
            if (i > 1 && j > 1 && x[i - 1] == y[j - 2] && x[i - 2] == y[j - 1]) {
                now[j] = std::min(now[j], before[j - 2] + 1);
            }
        }
        std::swap(before, last);
        std::swap(last, now);
    }
    return last[y.size()];
}

auto suggestion(std::string_view word, std::vector<std::string> const& candidates) -> std::optional<std::string> {
    constexpr std::size_t letters_for_each_mistake = 3;
    constexpr std::size_t longest = 256;  // nobody mistypes more; bounds the work
    if (word.empty() || word.size() > longest) {
        return std::nullopt;
    }
    std::string const* only = nullptr;
    std::size_t beginning = 0;
    std::string const* nearest = nullptr;
    std::size_t distance = std::max<std::size_t>(1, word.size() / letters_for_each_mistake) + 1;
    for (auto const& candidate : candidates) {
        if (lower(candidate).starts_with(lower(word))) {
            only = &candidate;
            ++beginning;
        }
        auto const here = typing_distance(word, candidate);
        // The first letter is seldom mistyped: it decides between two that are equally near.
        bool const nearer =
            here < distance || (here == distance && nearest != nullptr && !same_first_letter(word, *nearest) &&
                                same_first_letter(word, candidate));
        if (nearer && here < candidate.size()) {
            nearest = &candidate;
            distance = here;
        }
    }
    if (beginning == 1 && distance != 0) {
        return *only;
    }
    return nearest == nullptr ? std::nullopt : std::optional{*nearest};
}

}  // namespace apiary::ctl
