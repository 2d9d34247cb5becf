// Files that include others, all of them made up.
#pragma once

#include "fixture.hpp"
#include "support/memory_files.hpp"

namespace apiary::config {

inline auto vm_named(std::string const& name) -> std::string {
    return "vm " + name + " { memory = 1G; loader = uefi; }\n";
}

struct Including : Fixture {
    MemoryFiles files;
    GlobalVariables before;

    Including() {
        options.files = &files;
        options.variables_before = &before;
    }
    void add(std::string const& path, std::string const& text, uid_t owner = 0, mode_t mode = 0644) {
        files.files[path] = {text, owner, mode};
    }
    void read(std::string const& main) {
        add("/e/main.conf", main);
        result = load_paths({"/e/main.conf"}, options);
    }
};

}  // namespace apiary::config
