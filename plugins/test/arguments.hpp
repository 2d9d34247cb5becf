// Words as posix_spawn(3) wants them.
#pragma once

#include <string>
#include <vector>

namespace apiary::plugin_test {

// `words` must outlive what is given.
inline auto pointers_to(std::vector<std::string>& words) -> std::vector<char*> {
    std::vector<char*> pointers;
    pointers.reserve(words.size() + 1);
    for (auto& word : words) {
        pointers.push_back(word.data());
    }
    pointers.push_back(nullptr);
    return pointers;
}

}  // namespace apiary::plugin_test
