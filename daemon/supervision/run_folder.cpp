#include "supervision/run_folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <map>
#include <memory>
#include <string_view>
#include <system_error>
#include <thread>

#include "supervision/tickets.hpp"
#include "vm/kill_point.hpp"

namespace apiary::supervision {
namespace {

constexpr int leaving_rounds = 20;
constexpr std::chrono::milliseconds leaving_pause{5};
constexpr std::size_t record_max = std::size_t{4} * 1024 * 1024;  // more than any definition; vm.json is the largest

auto because(std::string what) -> std::string {
    return std::move(what) + ": " + std::generic_category().message(errno);
}

auto path_in(std::string const& run_dir, std::string_view name) -> std::string {
    return run_dir + '/' + std::string{name};
}

using Fields = std::map<std::string, std::string, std::less<>>;

struct Record {
    enum class State { absent, damaged, other_boot, good };
    State state = State::absent;
    Fields fields;
};

// "apiary-xxx 1\nkey value\n...end\n". Damaged: not complete, so not to be trusted.
auto read_record(std::string const& run_dir, char const* name, std::string_view heading) -> Record {
    errno = 0;
    auto const text = read_run_file(run_dir, name);
    if (!text) {
        return {.state = errno == ENOENT || errno == ENOTDIR ? Record::State::absent : Record::State::damaged,
                .fields = {}};
    }
    if (!text->starts_with(heading) || !text->ends_with("\nend\n")) {
        return {.state = Record::State::damaged, .fields = {}};
    }
    Fields fields;
    std::string_view rest{*text};
    while (!rest.empty()) {
        auto const line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        auto const blank = line.find(' ');
        if (blank != std::string_view::npos) {
            fields.emplace(line.substr(0, blank), line.substr(blank + 1));
        }
    }
    auto const boot = boot_id();
    auto const state = boot.empty() || fields["boot"] != boot ? Record::State::other_boot : Record::State::good;
    return {.state = state, .fields = std::move(fields)};
}

template <typename T>
auto number(Fields const& fields, std::string_view key) -> T {
    T value{};
    if (auto const at = fields.find(key); at != fields.end()) {
        std::from_chars(at->second.data(), at->second.data() + at->second.size(), value);
    }
    return value;
}

auto read_pid_file(std::string const& run_dir) -> Record {
    return read_record(run_dir, "pid", "apiary-pid 1\n");
}
auto read_exit_file(std::string const& run_dir) -> Record {
    return read_record(run_dir, exit_file, "apiary-exit 1\n");
}

auto process_of(Fields const& fields) -> ProcessId {
    return {.pid = number<pid_t>(fields, "pid"), .start = number<std::uint64_t>(fields, "start")};
}

auto pid_record_of(Record record) -> std::optional<PidRecord> {
    auto const process = process_of(record.fields);
    if (record.state != Record::State::good || process.pid <= 0 || process.start == 0) {
        return std::nullopt;
    }
    return PidRecord{.boot = record.fields["boot"],
                     .process = process,
                     .launch = number<std::uint64_t>(record.fields, "launch"),
                     .title = record.fields["title"]};
}

auto exit_record_of(Record read) -> std::optional<ExitRecord> {
    if (read.state != Record::State::good) {
        return std::nullopt;
    }
    auto& fields = read.fields;
    ExitRecord record;
    record.boot = fields["boot"];
    record.process = process_of(fields);
    record.launch = number<std::uint64_t>(fields, "launch");
    record.dropped = number<std::uint64_t>(fields, "dropped");
    int const value = number<int>(fields, "value");
    if (fields["kind"] == "exec-failed") {
        record.exec_error = value != 0 ? value : EIO;
    } else {
        record.status = {.known = true,
                         .signaled = fields["kind"] == "signaled",
                         .value = value,
                         .core = number<int>(fields, "core") != 0};
    }
    return record;
}

}  // namespace

auto read_pid_record(std::string const& run_dir) -> std::optional<PidRecord> {
    return pid_record_of(read_pid_file(run_dir));
}

auto read_exit_record(std::string const& run_dir) -> std::optional<ExitRecord> {
    return exit_record_of(read_exit_file(run_dir));
}

auto read_traces(std::string const& run_dir, std::uint64_t launch) -> Traces {
    Traces found;
    auto const is_meant = [&](Record const& record) {
        if (record.state == Record::State::absent || record.state == Record::State::damaged) {
            found.damaged = found.damaged || record.state == Record::State::damaged;
            return false;
        }
        auto const of = number<std::uint64_t>(record.fields, "launch");
        if (launch != 0 && of != 0 && of != launch) {
            return false;
        }
        found.other_boot = found.other_boot || record.state == Record::State::other_boot;
        return true;
    };
    if (auto record = read_exit_file(run_dir); is_meant(record)) {
        found.exit = exit_record_of(std::move(record));
    }
    if (auto record = read_pid_file(run_dir); is_meant(record)) {
        bool const good = record.state == Record::State::good;
        found.pid = pid_record_of(std::move(record));
        found.damaged = found.damaged || (good && !found.pid);
    }
    return found;
}

void remove_exit_record(std::string const& run_dir, ProcessId const& of) {
    if (auto const record = read_exit_record(run_dir); record && record->process == of) {
        ::unlink(path_in(run_dir, exit_file).c_str());
    }
}

auto lock_is_held(std::string const& run_dir, char const* lock_file) -> bool {
    UniqueFd const fd{::open(path_in(run_dir, lock_file).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    if (!fd) {
        return errno != ENOENT && errno != ENOTDIR;
    }
    return ::flock(fd.get(), LOCK_SH | LOCK_NB) != 0;
}

auto who_lives_in(std::string const& run_dir) -> Inhabitants {
    Inhabitants found;
    found.shim = lock_is_held(run_dir, shim_lock_file);
    found.pid = read_pid_record(run_dir);
    // The record is written before the hypervisor is executed, so it is there wherever there is a hypervisor. The lock
    // answers where it was damaged; alone it would be misled by a helper that outlived its hypervisor.
    found.hypervisor = found.pid ? !find_process(found.pid->process).gone : lock_is_held(run_dir, vm_lock_file);
    return found;
}

auto make_run_folder(std::string const& run_dir) -> std::string {
    auto const parent = run_dir.substr(0, run_dir.rfind('/'));
    constexpr int attempts = 4;  // an earlier run of the VM may be tidied away at the same time, parent and all
    for (int attempt = 1; attempt <= attempts; ++attempt) {
        if (parent.empty() || (::mkdir(parent.c_str(), 0700) != 0 && errno != EEXIST)) {
            return because("cannot make the folder " + parent);
        }
        if (::mkdir(run_dir.c_str(), 0700) == 0) {
            APIARY_KILL_POINT("run-folder.made");
            return {};
        }
        if (errno == EEXIST) {  // left behind by an attempt that nobody undid
            if (auto fault = remove_run_folder(run_dir); !fault.empty()) {
                return fault;
            }
        } else if (errno != ENOENT) {
            break;
        }
    }
    return because("cannot make the run folder " + run_dir);
}

auto remove_run_folder(std::string const& run_dir) -> std::string {
    UniqueFd folder{::open(run_dir.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (!folder) {
        return errno == ENOENT ? std::string{} : because("cannot open the run folder " + run_dir);
    }
    if (!void_tickets(run_dir)) {
        return because("cannot make sure that nothing is started any more in the run folder " + run_dir);
    }
    auto inhabitants = who_lives_in(run_dir);
    // A shim that has come too late, or is done, holds its lock for another moment.
    for (int round = 0; inhabitants.shim && !inhabitants.hypervisor && round < leaving_rounds; ++round) {
        std::this_thread::sleep_for(leaving_pause);
        inhabitants = who_lives_in(run_dir);
    }
    if (inhabitants.any()) {
        auto const who = inhabitants.hypervisor && inhabitants.pid
                             ? "the hypervisor (pid " + std::to_string(inhabitants.pid->process.pid) + ")"
                             : std::string{"a shim or a hypervisor"};
        return who + " still runs in the run folder " + run_dir + ": end it first";
    }
    struct stat status {};
    if (::fstat(folder.get(), &status) != 0 || status.st_uid != ::geteuid() || (status.st_mode & 077) != 0) {
        return "the run folder " + run_dir + " is open to others: it is left alone";
    }
    int const fd = folder.get();
    std::unique_ptr<DIR, int (*)(DIR*)> const entries{::fdopendir(folder.release()), ::closedir};
    if (!entries) {
        ::close(fd);
        return because("cannot read the run folder " + run_dir);
    }
    APIARY_KILL_POINT("run-folder.remove");
    while (dirent const* const entry = ::readdir(entries.get())) {
        std::string_view const name{entry->d_name};
        // Only we can have put anything there, and none of it is a folder; unlinkat follows no link and removes none.
        if (name != "." && name != ".." && ::unlinkat(fd, entry->d_name, 0) != 0 && errno != ENOENT) {
            return because("cannot remove " + path_in(run_dir, name));
        }
    }
    APIARY_KILL_POINT("run-folder.emptied");
    if (::rmdir(run_dir.c_str()) != 0 && errno != ENOENT) {
        return because("cannot remove the run folder " + run_dir);
    }
    APIARY_KILL_POINT("run-folder.removed");
    // The VM's own folder goes with its last run; where another is in it, it stays.
    ::rmdir(run_dir.substr(0, run_dir.rfind('/')).c_str());
    return {};
}

auto write_run_file(std::string const& run_dir, char const* name, std::string const& text) -> std::string {
    auto const path = path_in(run_dir, name);
    auto const draft = path + ".tmp";
    UniqueFd fd{::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!fd) {
        return because("cannot make " + draft);
    }
    for (std::size_t at = 0; at < text.size();) {
        ssize_t const wrote = ::write(fd.get(), text.data() + at, text.size() - at);
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote <= 0) {
            auto fault = because("cannot write " + draft);
            ::unlink(draft.c_str());
            return fault;
        }
        at += static_cast<std::size_t>(wrote);
    }
    // No fsync: after a crash of the host nothing runs that it could tell of.
    if (::rename(draft.c_str(), path.c_str()) != 0) {
        auto fault = because("cannot write " + path);
        ::unlink(draft.c_str());
        return fault;
    }
    return {};
}

auto read_run_file(std::string const& run_dir, char const* name) -> std::optional<std::string> {
    UniqueFd const fd{::open(path_in(run_dir, name).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)};
    if (!fd) {
        return std::nullopt;
    }
    std::string text;
    std::array<char, 4096> chunk{};
    for (;;) {
        ssize_t const got = ::read(fd.get(), chunk.data(), chunk.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 || text.size() > record_max) {
            return std::nullopt;
        }
        if (got == 0) {
            return text;
        }
        text.append(chunk.data(), static_cast<std::size_t>(got));
    }
}

}  // namespace apiary::supervision
