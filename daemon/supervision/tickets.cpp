#include "supervision/tickets.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <random>
#include <string_view>
#include <system_error>

#include "vm/unique_fd.hpp"

namespace apiary::supervision {
namespace {

constexpr std::string_view prefix = "ticket.";

}  // namespace

auto issue_ticket(std::string const& run_dir) -> Ticket {
    // Never the same name twice: a shim of an earlier launch that wakes up now must not find one for itself.
    std::random_device source;
    std::string name{prefix};
    for (int word = 0; word < 3; ++word) {
        name += std::to_string(source());
    }
    auto const path = run_dir + '/' + name;
    bool const voided = void_tickets(run_dir);
    UniqueFd const fd{voided ? ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600) : -1};
    if (!fd) {
        return {.name = {},
                .fault = "cannot prepare the launch in the run folder " + run_dir + ": " +
                         std::generic_category().message(errno)};
    }
    return {.name = std::move(name), .fault = {}};
}

auto void_tickets(std::string const& run_dir) -> bool {
    UniqueFd folder{::open(run_dir.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (!folder) {
        return errno == ENOENT || errno == ENOTDIR;
    }
    int const fd = folder.get();
    std::unique_ptr<DIR, int (*)(DIR*)> const entries{::fdopendir(fd), ::closedir};
    if (!entries) {
        return false;
    }
    (void)folder.release();  // it is closed with the stream
    for (;;) {
        errno = 0;
        dirent const* const entry = ::readdir(entries.get());
        if (entry == nullptr) {
            return errno == 0;
        }
        if (std::string_view{entry->d_name}.starts_with(prefix) && ::unlinkat(fd, entry->d_name, 0) != 0 &&
            errno != ENOENT) {
            return false;
        }
    }
}

}  // namespace apiary::supervision
