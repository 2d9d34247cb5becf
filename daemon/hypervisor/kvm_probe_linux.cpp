#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

#include "hypervisor/kvm_probe.hpp"
#include "vm/unique_fd.hpp"

namespace apiary::hypervisor {
namespace {

constexpr Duration greeting_deadline = std::chrono::seconds{10};  // QEMU's own start, on a busy host
constexpr Duration guest_deadline = std::chrono::seconds{1};
constexpr std::size_t input_bound = 16384;

// The guest is its own firmware: 64 KiB at the end of the first 4 GiB. The CPU begins 16 bytes before their end.
constexpr std::size_t rom_size = 65536;
constexpr std::size_t rom_entry = rom_size - 16;
constexpr auto rom_code = std::to_array<unsigned char>({
    0x66, 0xb9, 0x00, 0x09, 0x3d, 0x00,  // mov ecx, 4000000
    0x66, 0x49,                          // dec ecx
    0x75, 0xfc,                          // jnz back
    0xb0, 0x2a,                          // mov al, 42
    0xe6, 0xf4,                          // out 0xf4, al: isa-debug-exit, QEMU ends with status 2 * 42 + 1
    0xf4, 0xeb, 0xfd,                    // hlt, for ever
});
constexpr auto rom_jump = std::to_array<unsigned char>({0xe9, 0x0d, 0x00});  // to the first byte
constexpr int counted_status = 85;

auto make_rom() -> UniqueFd {
    std::vector<unsigned char> rom(rom_size);
    std::copy(rom_code.begin(), rom_code.end(), rom.begin());
    std::copy(rom_jump.begin(), rom_jump.end(), rom.begin() + rom_entry);
    UniqueFd file{::memfd_create("kvm-probe", MFD_CLOEXEC)};
    if (file && ::write(file.get(), rom.data(), rom.size()) != static_cast<ssize_t>(rom.size())) {
        file.reset();
    }
    return file;
}

// All of a small file, or what there is of it.
auto read_small(std::string const& path) -> std::string {
    UniqueFd const file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    std::array<char, 1024> buffer;
    auto const got = file ? ::read(file.get(), buffer.data(), buffer.size()) : -1;
    return got > 0 ? std::string{buffer.data(), static_cast<std::size_t>(got)} : std::string{};
}

void write_small(std::string const& path, std::string const& text) {
    auto const fresh = path + ".new";
    UniqueFd file{::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    // An answer that cannot be kept is asked for again: no harm.
    if (file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size())) {
        (void)std::rename(fresh.c_str(), path.c_str());
    }
}

// What the answer holds for: this boot of the host, this QEMU, this device.
auto fingerprint(std::string const& qemu, struct stat const& device) -> std::string {
    struct stat program {};
    ::stat(qemu.c_str(), &program);
    return read_small("/proc/sys/kernel/random/boot_id") + qemu + "\n" + std::to_string(program.st_mtim.tv_sec) + "." +
           std::to_string(program.st_mtim.tv_nsec) + "\n" + std::to_string(device.st_rdev) + "\n";
}

class LinuxKvmProbe : public KvmProbe {
public:
    LinuxKvmProbe(Loop& loop, std::string qemu, std::string const& state_dir)
        : loop_{loop}, qemu_{std::move(qemu)}, cache_{state_dir.empty() ? "" : state_dir + "/kvm-probe"} {}

    ~LinuxKvmProbe() override {
        if (child_ > 0) {
            ::kill(child_, SIGKILL);
            ::waitpid(child_, nullptr, WNOHANG);
        }
    }
    LinuxKvmProbe(LinuxKvmProbe const&) = delete;
    auto operator=(LinuxKvmProbe const&) -> LinuxKvmProbe& = delete;

    void ask(std::function<void(KvmAnswer)> done) override {
        if (phase_ == Phase::known) {
            loop_.post([done = std::move(done), answer = answer_] { done(answer); });
            return;
        }
        waiting_.push_back(std::move(done));
        if (phase_ == Phase::fresh) {
            phase_ = Phase::asking;
            look();
        }
    }

private:
    enum class Phase { fresh, asking, known };
    struct Seen {
        bool device = false, cached = false, works = false;
        gid_t group = 0;
        std::string fingerprint;
    };

    void look() {
        auto seen = std::make_shared<Seen>();
        loop_.offload(
            [seen, qemu = qemu_, cache = cache_] {
                struct stat device {};
                // Who may not open it may be allowed to at the next time: that answer is not kept.
                seen->device = ::stat("/dev/kvm", &device) == 0 && S_ISCHR(device.st_mode) &&
                               ::faccessat(AT_FDCWD, "/dev/kvm", R_OK | W_OK, AT_EACCESS) == 0;
                seen->group = device.st_gid;
                if (seen->device && !cache.empty()) {
                    seen->fingerprint = fingerprint(qemu, device);
                    auto const kept = read_small(cache);
                    seen->works = kept == seen->fingerprint + "works\n";
                    seen->cached = seen->works || kept == seen->fingerprint + "fails\n";
                }
            },
            [this, seen, alive = std::weak_ptr{alive_}] {
                if (!alive.lock()) {
                    return;
                }
                fingerprint_ = seen->fingerprint;
                if (seen->group != 0) {
                    answer_.group = seen->group;
                }
                if (!seen->device || seen->cached) {
                    settle(seen->works);
                } else {
                    start();
                }
            });
    }

    void start() {
        std::array<int, 2> ends{-1, -1};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
            settle(false);
            return;
        }
        channel_.reset(ends[0]);
        UniqueFd const theirs{ends[1]};
        UniqueFd const nothing{::open("/dev/null", O_RDWR | O_CLOEXEC)};
        UniqueFd const rom = make_rom();
        // All memory is had before the fork: the child of a process with threads may not ask for any.
        auto const arguments = std::to_array<char const*>({qemu_.c_str(),
                                                           "-nodefaults",
                                                           "-no-user-config",
                                                           "-display",
                                                           "none",
                                                           "-machine",
                                                           "q35",
                                                           "-accel",
                                                           "kvm",
                                                           "-cpu",
                                                           "host",
                                                           "-m",
                                                           "16M",
                                                           "-bios",
                                                           "/dev/fd/4",
                                                           "-device",
                                                           "isa-debug-exit,iobase=0xf4,iosize=1",
                                                           "-S",
                                                           "-chardev",
                                                           "socket,id=qmp,fd=3",
                                                           "-mon",
                                                           "chardev=qmp,mode=control",
                                                           nullptr});
        child_ = rom && nothing ? ::fork() : -1;
        if (child_ == 0) {
            run_child(arguments.data(), theirs.get(), rom.get(), nothing.get());
        }
        if (child_ < 0) {
            settle(false);
            return;
        }
        on_channel_ = loop_.watch(channel_.get(), Readiness::readable, [this] { read(); });
        on_deadline_ = loop_.after(greeting_deadline, [this] { too_late(); });
    }

    [[noreturn]] static void run_child(char const* const* arguments, int channel, int rom, int nothing) {
        // Neither a core file of a QEMU that aborts, nor a QEMU that outlives us.
        rlimit const no_core{.rlim_cur = 0, .rlim_max = 0};
        ::setrlimit(RLIMIT_CORE, &no_core);
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        // Out of each other's way first: dup2 also takes close-on-exec off.
        int const high_channel = ::fcntl(channel, F_DUPFD_CLOEXEC, 16);
        int const high_rom = ::fcntl(rom, F_DUPFD_CLOEXEC, 16);
        for (int const number : {0, 1, 2}) {
            ::dup2(nothing, number);
        }
        ::dup2(high_channel, 3);
        ::dup2(high_rom, 4);
        sigset_t none;
        sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        ::execv(arguments[0], const_cast<char* const*>(arguments));
        ::_exit(127);
    }

    void read() {
        std::array<char, 1024> buffer;
        auto const got = ::recv(channel_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        }
        if (got <= 0) {
            ended();
            return;
        }
        if (heard_.size() < input_bound) {
            heard_.append(buffer.data(), static_cast<std::size_t>(got));
        }
        if (!running_ && heard_.find("\"QMP\"") != std::string::npos) {
            running_ = true;
            constexpr std::string_view go = "{\"execute\":\"qmp_capabilities\"}\n{\"execute\":\"cont\"}\n";
            (void)::send(channel_.get(), go.data(), go.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            on_deadline_ = loop_.after(guest_deadline, [this] { too_late(); });
        }
    }

    void too_late() {
        on_deadline_.reset();
        ::kill(child_, SIGKILL);  // it is there still: it is waited for in ended() alone
        answer_with(false);
    }

    // The channel is closed: the process is at its end, and waiting for it takes no time.
    void ended() {
        on_channel_.reset();
        on_deadline_.reset();
        channel_.reset();
        int status = 0;
        bool const seen = ::waitpid(child_, &status, 0) == child_;
        child_ = -1;
        if (phase_ != Phase::known) {
            answer_with(seen && WIFEXITED(status) && WEXITSTATUS(status) == counted_status);
        }
    }

    void answer_with(bool works) {
        if (!cache_.empty()) {
            loop_.offload(
                [cache = cache_, text = fingerprint_ + (works ? "works\n" : "fails\n")] { write_small(cache, text); },
                [] {});
        }
        settle(works);
    }

    void settle(bool works) {
        phase_ = Phase::known;
        answer_.works = works;
        for (auto& done : std::exchange(waiting_, {})) {
            done(answer_);
        }
    }

    Loop& loop_;
    std::string qemu_, cache_, fingerprint_;
    Phase phase_ = Phase::fresh;
    KvmAnswer answer_;
    std::vector<std::function<void(KvmAnswer)>> waiting_;
    pid_t child_ = -1;
    bool running_ = false;
    UniqueFd channel_;
    std::string heard_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    Handle on_channel_, on_deadline_;
};

}  // namespace

auto make_kvm_probe(Loop& loop, std::string qemu, std::string const& state_dir) -> std::unique_ptr<KvmProbe> {
    return std::make_unique<LinuxKvmProbe>(loop, std::move(qemu), state_dir);
}

}  // namespace apiary::hypervisor
