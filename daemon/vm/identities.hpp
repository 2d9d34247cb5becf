// The number of each VM: small, given at its name's first sight, never given to another name.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace apiary {

// Any thread: a configuration is read off the loop and asks for the numbers of its VMs.
class Identities {
public:
    [[nodiscard]] auto id_of(std::string_view name) -> unsigned;
    // A guest of an earlier daemon has its number already.
    void reserve(std::string_view name, unsigned id);

    // As it was stored: the pairs of names (as they are compared) and numbers.
    void restore(std::vector<std::pair<std::string, unsigned>> const& stored);
    // Those that came since the last call, for the store.
    [[nodiscard]] auto take_new() -> std::vector<std::pair<std::string, unsigned>>;

private:
    std::mutex mutex_;
    std::map<std::string, unsigned, std::less<>> ids_;
    std::set<unsigned> taken_;
    std::vector<std::pair<std::string, unsigned>> new_;
    unsigned next_ = 0;
};

}  // namespace apiary
