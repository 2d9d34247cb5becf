// What VM and Job objects have in common.
#include "bus/fallback.hpp"

#include <cstdlib>
#include <cstring>
#include <new>

namespace apiary::bus {

auto to_strv(std::vector<std::string> const& paths) -> char** {
    auto** list = static_cast<char**>(std::calloc(paths.size() + 1, sizeof(char*)));
    if (list == nullptr) {
        throw std::bad_alloc{};
    }
    for (std::size_t at = 0; at < paths.size(); ++at) {
        list[at] = ::strdup(paths[at].c_str());
        if (list[at] == nullptr) {
            for (std::size_t done = 0; done < at; ++done) {
                std::free(list[done]);
            }
            std::free(static_cast<void*>(list));
            throw std::bad_alloc{};
        }
    }
    return list;
}

}  // namespace apiary::bus
