// Step `firmware`: a VM's own copy of the UEFI variables. It outlives the run (boot entries are kept there), so there
// is nothing to undo; installing begins with a fresh one.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "hypervisor/hypervisors.hpp"
#include "vm/in_order.hpp"
#include "vm/kill_point.hpp"
#include "vm/unique_fd.hpp"

namespace apiary::hypervisor {
namespace {

// The firmware of both backends has less than 1 MiB of them.
constexpr off_t size_bound = off_t{16} << 20U;

struct Work {
    std::string source, path, fresh_path;
    uid_t owner = 0;
    bool fresh = false;     // replace what is there
    bool optional = false;  // bhyve's firmware works without
    UniqueFd file;
    std::string fault;
    bool left_out = false;
};

auto with_cause(std::string what) -> std::string {
    return std::move(what) + ": " + std::strerror(errno);
}

auto copy_all(int from, int to) -> bool {
    std::array<char, 65536> buffer;
    for (off_t total = 0; total <= size_bound;) {
        auto const got = ::read(from, buffer.data(), buffer.size());
        if (got <= 0) {
            return got == 0;
        }
        for (ssize_t done = 0; done < got;) {
            auto const written = ::write(to, buffer.data() + done, static_cast<std::size_t>(got - done));
            if (written < 0) {
                return false;
            }
            done += written;
        }
        total += got;
    }
    errno = EFBIG;
    return false;
}

// Complete or not there: written under another name, which then becomes the right one.
auto make_copy(Work& work) -> bool {
    UniqueFd const source{::open(work.source.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!source) {
        work.left_out = work.optional && errno == ENOENT;
        if (!work.left_out) {
            work.fault = with_cause("cannot read the template of the UEFI variables, " + work.source) +
                         "; install the package with the UEFI firmware (Debian: ovmf), or use another loader";
        }
        return false;
    }
    ::unlink(work.fresh_path.c_str());
    UniqueFd const copy{::open(work.fresh_path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    bool const written = copy && copy_all(source.get(), copy.get()) && ::fsync(copy.get()) == 0;
    APIARY_KILL_POINT("firmware.written");
    if (!written || std::rename(work.fresh_path.c_str(), work.path.c_str()) != 0) {
        work.fault = with_cause("cannot write the UEFI variables, " + work.path);
        ::unlink(work.fresh_path.c_str());
        return false;
    }
    APIARY_KILL_POINT("firmware.copied");
    return true;
}

void open_file(Work& work) {
    work.file.reset(::open(work.path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
    struct stat info {};
    if (!work.file || ::fstat(work.file.get(), &info) != 0) {
        work.fault = with_cause("cannot open the UEFI variables, " + work.path);
    } else if (!S_ISREG(info.st_mode)) {
        work.fault = work.path + " should be a file with UEFI variables, and is not a file";
    } else if (info.st_uid != work.owner && ::geteuid() == 0 &&
               ::fchown(work.file.get(), work.owner, static_cast<gid_t>(-1)) != 0) {
        work.fault = with_cause("cannot give the UEFI variables, " + work.path + ", to the VM's owner");
    }
    if (!work.fault.empty()) {
        work.file.reset();
    }
}

void do_work(Work& work) {
    struct stat info {};
    bool const there = ::lstat(work.path.c_str(), &info) == 0 && info.st_size > 0;
    if ((!there || work.fresh) && !make_copy(work)) {
        return;
    }
    open_file(work);
}

auto result_of(Work& work) -> StepResult {
    StepResult result;
    if (!work.fault.empty()) {
        result.kind = StepResult::Kind::failed;
        result.reason = Reason::step_failed;
        result.text = work.fault;
    } else if (!work.left_out) {
        // bhyve takes the name, QEMU (which may have no way to the folder) the descriptor.
        result.contributions.push_back({.kind = "file", .id = "vars", .value = work.path, .fd = nullptr});
        result.contributions.push_back(
            {.kind = "fd", .id = "vars", .value = work.path, .fd = std::make_shared<UniqueFd>(std::move(work.file))});
    }
    return result;
}

class FirmwareStep : public Step {
public:
    FirmwareStep(Loop& loop, Options options) : loop_{loop}, files_{loop}, options_{std::move(options)} {}

    [[nodiscard]] auto name() const -> std::string_view override { return "firmware"; }
    [[nodiscard]] auto applies_to(Definition const& definition) const -> bool override {
        // A firmware of the VM's own comes with variables of its own, or with none.
        return definition.loader == Loader::uefi && !definition.bhyve_base && !definition.bootrom;
    }

    void prestart(StepCall call, Done done) override {
        bool const fresh = call.definition->install;
        open(call, fresh, std::move(done));
    }

    // What the guest has written since is kept, also while it is being installed.
    void renew(StepCall call, Done done) override { open(call, false, std::move(done)); }

    // A daemon that died over its copy has left it.
    void poststop(StepCall call, Done done) override {
        files_.offload(
            fresh_path(call), [path = fresh_path(call)] { ::unlink(path.c_str()); },
            [done = std::move(done)] { done({}); });
    }

private:
    [[nodiscard]] auto fresh_path(StepCall const& call) const -> std::string {
        return options_.vars_dir + "/." + std::to_string(call.id) + "." + std::to_string(call.attempt) + ".new";
    }

    void open(StepCall const& call, bool fresh, Done done) {
        auto const& definition = *call.definition;
        bool const bhyve = definition.backend == BackendKind::bhyve;
        auto work = std::make_shared<Work>();
        work->source = bhyve ? options_.bhyve_vars : options_.ovmf_vars;
        if (bhyve && work->source.empty()) {
            loop_.post([done = std::move(done)] { done({}); });
            return;
        }
        work->path = options_.vars_dir + "/" + name_key(definition.name) + ".vars";
        work->fresh_path = fresh_path(call);
        work->owner = bhyve && !options_.bhyve_as_owner ? 0 : definition.owner;
        work->fresh = fresh;
        work->optional = bhyve;
        files_.offload(
            work->fresh_path, [work] { do_work(*work); }, [work, done = std::move(done)] { done(result_of(*work)); });
    }

    Loop& loop_;
    InOrder files_;  // by the path of the copy, which is the attempt's own
    Options options_;
};

}  // namespace

auto make_steps(Loop& loop, Options options) -> std::vector<std::unique_ptr<Step>> {
    std::vector<std::unique_ptr<Step>> steps;
    steps.push_back(std::make_unique<FirmwareStep>(loop, std::move(options)));
    return steps;
}

}  // namespace apiary::hypervisor
