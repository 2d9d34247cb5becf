// The limits on Linux: of the process, of its control groups (both versions), of the kernel.
#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <string_view>

#include "supervision/limits.hpp"
#include "vm/unique_fd.hpp"

namespace apiary::supervision {
namespace {

constexpr std::string_view whitespace = " \t\n";

auto text_of(std::string const& path) -> std::string {
    UniqueFd const fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    std::array<char, 4096> text{};
    ssize_t const got = fd ? ::read(fd.get(), text.data(), text.size()) : -1;
    return got > 0 ? std::string{text.data(), static_cast<std::size_t>(got)} : std::string{};
}

// One of the words of a text ("max" and the like are no numbers).
auto number(std::string_view text, std::size_t word = 0) -> std::optional<std::uint64_t> {
    for (;;) {
        text.remove_prefix(std::min(text.find_first_not_of(whitespace), text.size()));
        if (word-- == 0) {
            break;
        }
        text.remove_prefix(std::min(text.find_first_of(whitespace), text.size()));
    }
    std::uint64_t value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} ? std::optional{value} : std::nullopt;
}

auto own_descriptors() -> std::optional<std::uint64_t> {
    struct stat status {};
    if (::stat("/proc/self/fd", &status) == 0 && status.st_size > 0) {
        return static_cast<std::uint64_t>(status.st_size);  // since Linux 6.2
    }
    std::unique_ptr<DIR, int (*)(DIR*)> const folder{::opendir("/proc/self/fd"), ::closedir};
    if (!folder) {
        return std::nullopt;
    }
    std::uint64_t count = 0;
    while (::readdir(folder.get()) != nullptr) {
        ++count;
    }
    return count > 3 ? count - 3 : 0;  // ".", ".." and the folder's own
}

void add(std::vector<LimitReading>& readings, Scarce what, std::optional<std::uint64_t> used,
         std::optional<std::uint64_t> limit, std::string name, std::string remedy) {
    if (used && limit) {
        readings.push_back(
            {.what = what, .used = *used, .limit = *limit, .name = std::move(name), .remedy = std::move(remedy)});
    }
}

// Every group above has a say too.
void add_groups(std::vector<LimitReading>& readings, std::string const& root, std::string path) {
    for (;;) {
        auto const folder = root + (path == "/" ? "" : path);
        if (auto const limit = number(text_of(folder + "/pids.max"))) {
            add(readings, Scarce::tasks, number(text_of(folder + "/pids.current")), limit,
                "tasks of the control group " + path + " (pids.max)", "raise TasksMax= of its unit");
        }
        auto const slash = path.rfind('/');
        if (slash == std::string::npos || path == "/") {
            return;
        }
        path.erase(std::max<std::size_t>(slash, 1));
    }
}

// "0::/path" of version 2, "7:pids,…:/path" of version 1.
void add_all_groups(std::vector<LimitReading>& readings) {
    auto const text = text_of("/proc/self/cgroup");
    std::string_view rest{text};
    while (!rest.empty()) {
        auto const line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        auto const first = line.find(':');
        auto const second = first == std::string_view::npos ? first : line.find(':', first + 1);
        if (second == std::string_view::npos) {
            continue;
        }
        auto const controllers = line.substr(first + 1, second - first - 1);
        std::string path{line.substr(second + 1)};
        if (controllers.empty()) {
            add_groups(readings, "/sys/fs/cgroup", std::move(path));
        } else if ((',' + std::string{controllers} + ',').find(",pids,") != std::string::npos) {
            add_groups(readings, "/sys/fs/cgroup/pids", std::move(path));
        }
    }
}

}  // namespace

auto read_limits() -> std::vector<LimitReading> {
    std::vector<LimitReading> readings;
    if (rlimit limit{}; ::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
        add(readings, Scarce::descriptors, own_descriptors(), limit.rlim_cur,
            "file descriptors of apiaryd (RLIMIT_NOFILE)", "raise LimitNOFILE= of its unit (elsewhere ulimit -n)");
    }
    auto const files = text_of("/proc/sys/fs/file-nr");
    add(readings, Scarce::open_files, number(files), number(files, 2), "open files of this host (fs.file-max)",
        "raise sysctl fs.file-max");
    auto const load = text_of("/proc/loadavg");  // … running/tasks last-pid
    auto const slash = load.find('/');
    auto const tasks = slash == std::string::npos ? std::nullopt : number(std::string_view{load}.substr(slash + 1));
    for (std::string const name : {"pid_max", "threads-max"}) {
        add(readings, Scarce::tasks, tasks, number(text_of("/proc/sys/kernel/" + name)),
            "tasks of this host (kernel." + name + ")", "raise sysctl kernel." + name);
    }
    add_all_groups(readings);
    return readings;
}

}  // namespace apiary::supervision
