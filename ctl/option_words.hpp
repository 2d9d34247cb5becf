// The words of options: which there are, and what to say of others. As CLI11 calls its checks: each gives what is wrong
// with a word, or nothing.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace apiary::ctl {

[[nodiscard]] auto digits_only(std::string& text) -> std::string;
[[nodiscard]] auto since_word(std::string& text) -> std::string;                        // of --since
[[nodiscard]] auto alternatives(std::vector<std::string> const& words) -> std::string;  // "a, b or c"
// Refuses what is none of these words (`what`: "a state"), and says which one was perhaps meant.
[[nodiscard]] auto one_of(std::vector<std::string> words, std::string const& what)
    -> std::function<std::string(std::string&)>;
[[nodiscard]] auto state_word() -> std::function<std::string(std::string&)>;  // of a VM

}  // namespace apiary::ctl
