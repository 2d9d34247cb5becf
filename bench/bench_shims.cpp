// The limits that bench/scale compares the daemon with, as two numbers of seconds on standard output: by the clock, and
// of this program's own CPU time (which other work on the host disturbs less):
//   processes N PROGRAM         two processes of a static PROGRAM for each VM, by posix_spawn(3), until all run
//   shims N SHIM BHYVE FOLDER   a real shim with a stand-in and a console for each VM, by the daemon's own supervision
//                               but without engine, journal and bus: until all have been executed
//   connect FOLDER              one after the other, each run folder below FOLDER: its pid record is read, its shim
//                               connected to, and the shim's greeting taken
// What it starts is gone at its end.
#include <poll.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "hypervisor/channel.hpp"
#include "main/asio_loop.hpp"
#include "samples.hpp"
#include "supervision/packet_socket.hpp"
#include "supervision/run_folder.hpp"
#include "supervision/supervision.hpp"

namespace {

using namespace apiary;
using bench::now_ns;

constexpr int patience_ms = 10'000;

struct Took {
    double seconds = 0, cpu = 0;
};

auto cpu_ns() -> std::int64_t {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

class Watch {
public:
    [[nodiscard]] auto stop() const -> Took {
        return {static_cast<double>(now_ns() - begin_) / 1e9, static_cast<double>(cpu_ns() - cpu_begin_) / 1e9};
    }

private:
    std::int64_t begin_ = now_ns(), cpu_begin_ = cpu_ns();
};

auto processes(std::size_t vms, char const* program) -> Took {
    std::vector<pid_t> started;
    char* argv[] = {const_cast<char*>(program), nullptr};
    char clock[] = "APIARY_CLOCK=/dev/null";
    char* environment[] = {clock, nullptr};
    Watch const watch;
    for (std::size_t i = 0; i < 2 * vms; ++i) {
        pid_t pid = 0;
        if (::posix_spawn(&pid, program, nullptr, nullptr, argv, environment) != 0) {
            break;
        }
        started.push_back(pid);
    }
    auto const took = watch.stop();
    for (pid_t const pid : started) {
        ::kill(pid, SIGKILL);
    }
    for (pid_t const pid : started) {
        ::waitpid(pid, nullptr, 0);
    }
    if (started.size() < 2 * vms) {
        throw std::runtime_error{"not all processes could be spawned"};
    }
    return took;
}

// All are asked for at once, as the daemon does when its host has booted.
class Shims {
public:
    Shims(std::string shim, std::string bhyve, std::string folder)
        : bhyve_{std::move(bhyve)}, folder_{std::move(folder)} {
        SupervisionOptions options;
        options.shim = std::move(shim);
        options.run_root = folder_;
        supervisor_ = make_supervisor(loop_, options);
    }

    auto run(std::size_t vms) -> Took {
        watch_ = {};
        left_ = vms;
        for (std::size_t i = 0; i < vms; ++i) {
            loop_.post([this, i] { start(i); });
        }
        loop_.run();
        if (!fault_.empty()) {
            throw std::runtime_error{fault_};
        }
        return took_;
    }

private:
    void start(std::size_t number) {
        SpawnRequest request;
        request.run_dir = folder_ + '/' + std::to_string(number) + "/1";
        request.launch = 1;
        request.title = "limit" + std::to_string(number);
        fault_ += supervision::make_run_folder(request.run_dir);
        auto made = hypervisor::make_terminal(0);
        if (auto const* const text = std::get_if<std::string>(&made)) {
            fault_ = *text;
            settled();
            return;
        }
        auto& terminal = std::get<hypervisor::Terminal>(made);
        request.argv = {bhyve_, "-l", "com1," + terminal.path, request.title};
        request.console = std::move(terminal.master);
        request.fds.push_back({.fd = std::make_shared<UniqueFd>(std::move(terminal.slave)), .number = 3});
        guests_.push_back(supervisor_->spawn(std::move(request), [this](SupervisedEvent const& event) {
            if (event.kind == SupervisedEvent::Kind::started) {
                ++running_;
                settled();
            } else if (event.kind == SupervisedEvent::Kind::exited) {
                --running_;
                end_when_all_are_gone();
            } else {
                fault_ = event.text;
                settled();
            }
        }));
    }

    void settled() {
        if (--left_ > 0) {
            return;
        }
        took_ = watch_.stop();
        for (auto const& one : guests_) {
            one->signal(SIGKILL);
        }
        end_when_all_are_gone();
    }

    void end_when_all_are_gone() {
        if (left_ == 0 && running_ == 0) {
            loop_.stop();
        }
    }

    AsioLoop loop_;
    std::string bhyve_, folder_, fault_;
    std::unique_ptr<Supervisor> supervisor_;
    std::vector<std::unique_ptr<Supervised>> guests_;
    std::size_t left_ = 0, running_ = 0;
    Watch watch_;
    Took took_;
};

auto connect_all(std::string const& folder) -> Took {
    namespace fs = std::filesystem;
    std::vector<UniqueFd> sockets;
    Watch const watch;
    for (auto const& vm : fs::directory_iterator{folder}) {
        for (auto const& run : fs::directory_iterator{vm}) {
            auto const run_dir = run.path().string();
            if (!supervision::read_pid_record(run_dir)) {
                throw std::runtime_error{run_dir + " has no pid record"};
            }
            auto socket = supervision::connect_packet_socket(run_dir + '/' + supervision::socket_file);
            pollfd readable{.fd = socket.get(), .events = POLLIN, .revents = 0};
            supervision::Packet greeting;
            if (::poll(&readable, 1, patience_ms) != 1 ||
                supervision::receive_packet(socket.get(), greeting) != supervision::Transfer::done) {
                throw std::runtime_error{run_dir + ": its shim does not greet"};
            }
            sockets.push_back(std::move(socket));
        }
    }
    return watch.stop();
}

auto measure(std::vector<std::string> const& words) -> Took {
    if (words.size() == 4 && words[1] == "processes") {
        return processes(std::stoul(words[2]), words[3].c_str());
    }
    if (words.size() == 6 && words[1] == "shims") {
        return Shims{words[3], words[4], words[5]}.run(std::stoul(words[2]));
    }
    if (words.size() == 3 && words[1] == "connect") {
        return connect_all(words[2]);
    }
    throw std::runtime_error{"usage: bench_shims processes N PROGRAM | shims N SHIM BHYVE FOLDER | connect FOLDER"};
}

}  // namespace

auto main(int argc, char** argv) -> int {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
    try {
        auto const took = measure({argv, argv + argc});
        std::printf("%.4f %.4f\n", took.seconds, took.cpu);
        return 0;
    } catch (std::exception const& error) {
        std::fprintf(stderr, "bench_shims: %s\n", error.what());
        return 1;
    }
}
