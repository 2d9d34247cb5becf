#include <filesystem>

#include "ctl/own_path.hpp"

namespace apiary::ctl {

auto own_path() -> std::string {
    std::error_code error;
    return std::filesystem::read_symlink("/proc/self/exe", error).string();
}

}  // namespace apiary::ctl
