// Our daemon against the limit, in one run on one bus:
//   call    Properties.Get of a VM's State, against the same of a service on bare sd-bus
//   signal  a call that makes an event → the event's signal, against a bare service that sends a signal when called
//   start   VM.Start → first instruction of the hypervisor's main(), against posix_spawn(3) of the same program
//
// bench/run sets up the bus, the daemon and the raw service, and gives the address in DBUS_SYSTEM_BUS_ADDRESS.
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

#include "samples.hpp"

namespace {

using apiary::bench::now_ns;
using apiary::bench::Samples;

constexpr char const* apiary_name = "org.apiary.Apiary1";
constexpr char const* vm_interface = "org.apiary.Apiary1.VM";
constexpr char const* vm_path = "/org/apiary/Apiary1/vm/bench";
constexpr int batches = 20;
constexpr std::uint64_t patience_us = 20'000'000;

void must(int result, char const* what) {
    if (result < 0) {
        throw std::runtime_error{std::string{what} + ": " + std::strerror(-result)};
    }
}

class Client {
public:
    Client() { must(sd_bus_open_system(&bus_), "connecting"); }
    ~Client() { sd_bus_flush_close_unref(bus_); }
    Client(Client const&) = delete;
    auto operator=(Client const&) -> Client& = delete;

    auto get(char const* name, char const* path, char const* interface, char const* property) -> std::int64_t {
        auto const begin = now_ns();
        sd_bus_message* reply = nullptr;
        must(sd_bus_call_method(bus_, name, path, "org.freedesktop.DBus.Properties", "Get", nullptr, &reply, "ss",
                                interface, property),
             property);
        auto const end = now_ns();
        sd_bus_message_unref(reply);
        return end - begin;
    }

    void listen(char const* rule) { must(sd_bus_add_match(bus_, nullptr, rule, on_signal, this), rule); }

    // Sends the call and waits for the next signal that the match rules let through.
    auto until_signal(char const* name, char const* path, char const* interface, char const* method, bool options)
        -> std::int64_t {
        sd_bus_message* call = nullptr;
        must(sd_bus_message_new_method_call(bus_, &call, name, path, interface, method), method);
        if (options) {
            must(sd_bus_message_append(call, "a{sv}", 0), method);
        }
        auto const seen_before = seen_;
        auto const begin = now_ns();
        must(sd_bus_call_async(bus_, nullptr, call, ignore_reply, nullptr, 0), method);
        sd_bus_message_unref(call);
        wait([this, seen_before] { return seen_ != seen_before; });
        auto const end = seen_at_;
        drain();
        return end - begin;
    }

    auto operate(char const* method) -> std::int64_t {
        auto const begin = now_ns();
        sd_bus_error error{};
        int const done =
            sd_bus_call_method(bus_, apiary_name, vm_path, vm_interface, method, &error, nullptr, "a{sv}", 0);
        if (done < 0) {
            throw std::runtime_error{std::string{method} + ": " +
                                     (error.message != nullptr ? error.message : "failed")};
        }
        return begin;
    }

    void until_state(std::string const& wanted) {
        while (true) {
            char* state = nullptr;
            must(sd_bus_get_property_string(bus_, apiary_name, vm_path, vm_interface, "State", nullptr, &state),
                 "State");
            bool const there = wanted == state;
            bool const failed = std::strcmp(state, "failed") == 0;
            std::free(state);
            if (failed) {
                throw std::runtime_error{"the VM has failed: see the daemon's log"};
            }
            if (there) {
                return;
            }
            auto const seen_before = seen_;
            wait([this, seen_before] { return seen_ != seen_before; });
        }
    }

private:
    static auto on_signal(sd_bus_message*, void* self, sd_bus_error*) -> int {
        auto* const client = static_cast<Client*>(self);
        client->seen_at_ = now_ns();
        ++client->seen_;
        return 0;
    }
    static auto ignore_reply(sd_bus_message*, void*, sd_bus_error*) -> int { return 0; }

    template <typename Done>
    void wait(Done done) {
        auto const deadline = now_ns() + std::int64_t{patience_us} * 1000;
        while (!done()) {
            int const processed = sd_bus_process(bus_, nullptr);
            must(processed, "bus");
            if (processed == 0 && !done()) {
                must(sd_bus_wait(bus_, patience_us), "bus");
                if (now_ns() > deadline) {
                    throw std::runtime_error{"no signal came"};
                }
            }
        }
    }
    // What else the call caused must not be taken for the next call's signal: a round trip through the same service
    // comes after all of it.
    void drain() {
        get(apiary_name, vm_path, vm_interface, "State");
        while (sd_bus_process(bus_, nullptr) > 0) {
        }
    }

    sd_bus* bus_ = nullptr;
    unsigned seen_ = 0;
    std::int64_t seen_at_ = 0;
};

void bench_calls(int samples) {
    Client client;
    Samples raw{"bare sd-bus service: Get State"};
    Samples ours{"apiaryd: Get State of a VM"};
    for (int batch = 0; batch < batches; ++batch) {
        for (int i = 0; i < samples / batches; ++i) {
            raw.add(client.get("org.apiary.Bench", "/bench", "org.apiary.Bench", "State"));
        }
        for (int i = 0; i < samples / batches; ++i) {
            ours.add(client.get(apiary_name, vm_path, vm_interface, "State"));
        }
    }
    print("Call round trip", raw, ours);
}

void bench_signals(int samples) {
    Client raw_client, client;
    raw_client.listen("type='signal',interface='org.apiary.Bench',member='Event'");
    client.listen("type='signal',interface='org.apiary.Apiary1.VM',member='Event'");
    Samples raw{"bare sd-bus service: call -> signal"};
    Samples ours{"apiaryd: Stop of a stopped VM -> Event"};
    for (int batch = 0; batch < batches; ++batch) {
        for (int i = 0; i < samples / batches; ++i) {
            raw.add(raw_client.until_signal("org.apiary.Bench", "/bench", "org.apiary.Bench", "Trigger", false));
        }
        for (int i = 0; i < samples / batches; ++i) {
            ours.add(client.until_signal(apiary_name, vm_path, vm_interface, "Stop", true));
        }
    }
    print("Call -> signal", raw, ours);
}

// The helper opens the FIFO that it is given and writes the time of its first instruction there.
auto read_clock(int fifo) -> std::int64_t {
    std::int64_t time = 0;
    pollfd ready{.fd = fifo, .events = POLLIN, .revents = 0};
    if (poll(&ready, 1, static_cast<int>(patience_us / 1000)) != 1 ||
        read(fifo, &time, sizeof time) != static_cast<ssize_t>(sizeof time)) {
        throw std::runtime_error{"the helper did not write its time"};
    }
    return time;
}

auto spawn_helper(char const* helper, char const* fifo_path, int fifo) -> std::int64_t {
    std::string program{helper};
    std::string clock = std::string{"APIARY_CLOCK="} + fifo_path;
    char* const argv[] = {program.data(), nullptr};
    char* const environment[] = {clock.data(), nullptr};
    pid_t pid = 0;
    auto const begin = now_ns();
    must(-posix_spawn(&pid, helper, nullptr, nullptr, argv, environment), "posix_spawn");
    auto const entry = read_clock(fifo);
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    return entry - begin;
}

void bench_starts(int samples, char const* helper, char const* fifo_path) {
    if (mkfifo(fifo_path, 0600) != 0 && errno != EEXIST) {
        throw std::runtime_error{"no FIFO"};
    }
    int const fifo = open(fifo_path, O_RDWR | O_CLOEXEC);  // also a writer: no end of file between two helpers
    Client client;
    client.listen("type='signal',interface='org.freedesktop.DBus.Properties',member='PropertiesChanged'");
    Samples bare{"posix_spawn of the helper -> its main()"};
    Samples ours{"VM.Start -> the helper's main()"};
    for (int i = 0; i < samples; ++i) {
        bare.add(spawn_helper(helper, fifo_path, fifo));
        auto const begin = client.operate("Start");
        ours.add(read_clock(fifo) - begin);
        client.until_state("running");
        client.operate("PowerOff");
        client.until_state("stopped");
    }
    print("Start of a VM -> its hypervisor", bare, ours);
    close(fifo);
    unlink(fifo_path);
}

}  // namespace

auto main(int argc, char** argv) -> int {
    if (argc != 4) {
        std::fprintf(stderr, "usage: bench_bus SAMPLES HELPER FIFO (see bench/run)\n");
        return 2;
    }
    try {
        std::setvbuf(stdout, nullptr, _IOLBF, 0);  // also when it goes to a file
        int const samples = std::atoi(argv[1]);
        bench_calls(samples);
        bench_signals(samples);
        bench_starts(samples / 20, argv[2], argv[3]);
    } catch (std::exception const& error) {
        std::fprintf(stderr, "bench_bus: %s\n", error.what());
        return 1;
    }
    return 0;
}
