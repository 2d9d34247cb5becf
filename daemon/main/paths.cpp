#include "main/paths.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include "main/own_path.hpp"

namespace apiary {
namespace {

auto advice(bool session) -> std::string {
    if (::geteuid() == 0 || session) {
        return {};
    }
    return "run apiaryd as root, or with --session for VMs of your own, or ";
}

void make(std::string& directory, mode_t mode, std::string_view what, bool session) {
    std::error_code error;
    auto const absolute = std::filesystem::absolute(directory, error);
    std::filesystem::create_directories(absolute.parent_path(), error);
    directory = absolute.lexically_normal().string();
    if (::mkdir(directory.c_str(), mode) == 0) {
        return;
    }
    int const why = errno;
    struct stat found {};
    if (::stat(directory.c_str(), &found) != 0 || !S_ISDIR(found.st_mode)) {
        throw std::runtime_error{std::string{what} + " " + directory + " is not there and cannot be made (" +
                                 std::generic_category().message(why) + "): " + advice(session) +
                                 "name another place (apiaryd --help)"};
    }
    // Whoever could write here could have the daemon believe in VMs of his making.
    if (found.st_uid != ::geteuid() || (found.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        throw std::runtime_error{std::string{what} + " " + directory + " must belong to uid " +
                                 std::to_string(::geteuid()) + " and be writable by nobody else: chown and chmod it"};
    }
}

}  // namespace

auto prepare_directories(Options options) -> Options {
    if (options.session) {  // what is made in a home, the way there too, is nobody else's business
        ::umask(077);
    }
    make(options.run_dir, 0755, "the run directory", options.session);
    make(options.state_dir, 0700, "the state directory", options.session);
    make(options.log_dir, 0750, "the log directory", options.session);
    make(options.vars_dir, 0700, "the directory of UEFI variables", options.session);
    auto vms = options.run_dir + "/vm";
    make(vms, 0700, "the directory", options.session);
    for (auto& folder : options.plugin_dirs) {
        folder = std::filesystem::absolute(folder).lexically_normal().string();
    }
    for (auto* const program : {&options.qemu, &options.bhyve, &options.shim}) {
        if (!program->empty()) {
            *program = std::filesystem::absolute(*program).lexically_normal().string();
        }
    }
    return options;
}

auto helper_path(std::string_view name) -> std::string {
    auto const here = std::filesystem::path{own_path()}.parent_path();
    for (auto const& folder : {here, here / APIARY_LIBEXECDIR_FROM_SBINDIR}) {
        std::error_code error;
        if (auto const found = folder / name; std::filesystem::exists(found, error)) {
            return found.lexically_normal().string();
        }
    }
    return std::string{APIARY_LIBEXECDIR} + "/" + std::string{name};
}

}  // namespace apiary
