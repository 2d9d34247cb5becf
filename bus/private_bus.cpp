// Found or started, watched, replaced.
#include "bus/private_bus.hpp"

#include <fcntl.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <system_error>
#include <utility>

#include "bus/bus_probe.hpp"
#include "bus/bus_process.hpp"
#include "bus/run_file.hpp"
#include "vm/unique_fd.hpp"

namespace apiary::bus {

namespace {

constexpr std::size_t max_address = 4096;
constexpr std::size_t max_messages = 4096;
constexpr Duration first_wait = std::chrono::milliseconds{250};
constexpr Duration longest_wait = std::chrono::seconds{30};
constexpr Duration long_lived = std::chrono::seconds{60};

struct Pipe {
    UniqueFd reading, writing;
};

auto make_pipe() -> Pipe {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) < 0) {
        throw std::system_error{errno, std::generic_category(), "make a pipe"};
    }
    return {UniqueFd{ends[0]}, UniqueFd{ends[1]}};
}

// What can be read now, as long as `text` stays below `most`. False: nothing comes any more.
auto read_into(std::string& text, int fd, std::size_t most) -> bool {
    std::array<char, 512> buffer{};
    for (;;) {
        auto const length = ::read(fd, buffer.data(), buffer.size());
        if (length < 0) {
            return errno == EAGAIN || errno == EINTR;
        }
        if (length == 0) {
            return false;
        }
        text.append(buffer.data(), std::min(static_cast<std::size_t>(length), most - std::min(most, text.size())));
    }
}

auto one_line(std::string text) -> std::string {
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text.substr(0, text.find_last_not_of(' ') + 1);
}

}  // namespace

class PrivateBus::Impl {
public:
    Impl(Loop& loop, PrivateBusOptions options, Callbacks callbacks)
        : loop_{loop},
          options_{std::move(options)},
          callbacks_{std::move(callbacks)},
          socket_{options_.run_dir + "/bus"} {
        if (socket_.size() >= sizeof(sockaddr_un::sun_path)) {
            throw std::system_error{
                ENAMETOOLONG, std::generic_category(),
                "the path of the bus's socket, " + socket_ + ", is too long: use another run folder"};
        }
        auto identity = read_run_file(record_file());
        identity.resize(std::min(identity.size(), identity.find('\n')));
        process_ = adopt_bus_process(loop_, identity, [this](std::string const& how) { ended(how); });
        if (process_) {
            probe_ = std::make_unique<BusProbe>(loop_, socket_, [this](std::string const& guid) { probed(guid); });
        } else {
            retry_ = loop_.after(Duration::zero(), [this] { start_again(); });  // which gives up at nothing
        }
    }

    void end() {
        retry_.reset();
        forget_start();
        probe_.reset();
        if (process_) {
            process_->end();
            process_.reset();
        }
        for (auto const& file : {bus_address_file(options_.run_dir), socket_, config_file(), record_file()}) {
            ::unlink(file.c_str());
        }
    }

private:
    [[nodiscard]] auto config_file() const -> std::string { return options_.run_dir + "/private-bus.conf"; }
    [[nodiscard]] auto record_file() const -> std::string { return options_.run_dir + "/private-bus"; }

    void start() {
        write_run_file(config_file(), private_bus_config(socket_));
        ::unlink(bus_address_file(options_.run_dir).c_str());
        ::unlink(socket_.c_str());
        auto address = make_pipe();
        auto messages = make_pipe();
        forget_start();
        address_end_ = std::move(address.reading);
        messages_end_ = std::move(messages.reading);
        readable_ = loop_.watch(address_end_.get(), Readiness::readable, [this] { read_address(); });
        process_ = start_bus_process(
            loop_, {.argv = {options_.program, "--nofork", "--nopidfile", "--syslog", "--config-file=" + config_file(),
                             "--print-address=" + std::to_string(address_number)},
                    .address = std::move(address.writing),
                    .messages = std::move(messages.writing),
                    .record = [this](std::string const& identity) { write_run_file(record_file(), identity + "\n"); },
                    .ended = [this](std::string const& how) { ended(how); }});
    }

    void forget_start() {
        readable_.reset();
        address_end_.reset();
        messages_end_.reset();
        address_.clear();
    }

    // It is written once the bus listens. Where it never comes, the end of the process tells.
    void read_address() {
        bool const more = read_into(address_, address_end_.get(), max_address);
        auto const end = address_.find('\n');
        if (end == std::string::npos) {
            if (!more || address_.size() >= max_address) {
                readable_.reset();
            }
            return;
        }
        auto const address = address_.substr(0, end);
        forget_start();  // from now on its messages go to syslog alone
        announce(address, false);
    }

    // Of the process that an earlier daemon started.
    void probed(std::string const& guid) {
        probe_.reset();
        if (guid.empty()) {
            process_->kill();
            process_.reset();
            trouble("the one of the last daemon does not answer, and is replaced");
            start_again();
            return;
        }
        try {
            auto const config = private_bus_config(socket_);
            if (read_run_file(config_file()) != config) {  // of an earlier version
                write_run_file(config_file(), config);
                process_->read_config();
            }
        } catch (std::system_error const& error) {
            trouble(error.what());
        }
        announce(private_bus_address(socket_) + ",guid=" + guid, true);
    }

    void announce(std::string const& address, bool found) {
        try {
            write_run_file(bus_address_file(options_.run_dir), address + "\n");
        } catch (std::system_error const& error) {
            trouble(error.what());
            retry_ = loop_.after(next_pause(), [this, address, found] { announce(address, found); });
            return;
        }
        ready_since_ = loop_.now();
        last_trouble_.clear();
        callbacks_.ready(private_bus_address(socket_), found);
    }

    void ended(std::string const& how) {
        std::string messages;
        if (messages_end_) {
            (void)read_into(messages, messages_end_.get(), max_messages);
        }
        forget_start();
        probe_.reset();
        process_.reset();
        ::unlink(bus_address_file(options_.run_dir).c_str());
        if (ready_since_ && loop_.now() - *ready_since_ > long_lived) {
            pause_ = first_wait;
        }
        ready_since_.reset();
        trouble(options_.program + " has ended (" + how + ")" + (messages.empty() ? "" : ": " + one_line(messages)));
        retry_ = loop_.after(next_pause(), [this] { start_again(); });
    }

    auto next_pause() -> Duration { return std::exchange(pause_, std::min(pause_ * 2, longest_wait)); }

    void start_again() {
        try {
            start();
        } catch (std::system_error const& error) {
            forget_start();
            trouble(error.what());
            retry_ = loop_.after(next_pause(), [this] { start_again(); });
        }
    }

    void trouble(std::string const& why) {
        if (why != std::exchange(last_trouble_, why)) {
            callbacks_.failed(why);
        }
    }

    Loop& loop_;
    PrivateBusOptions options_;
    Callbacks callbacks_;
    std::string socket_;
    UniqueFd address_end_, messages_end_;
    std::string address_, last_trouble_;
    std::optional<MonoTime> ready_since_;
    Duration pause_ = first_wait;
    Handle readable_, retry_;
    std::unique_ptr<BusProbe> probe_;
    std::unique_ptr<BusProcess> process_;
};

PrivateBus::PrivateBus(Loop& loop, PrivateBusOptions options, Callbacks callbacks)
    : impl_{std::make_unique<Impl>(loop, std::move(options), std::move(callbacks))} {}

PrivateBus::~PrivateBus() = default;

void PrivateBus::end() {
    impl_->end();
}

}  // namespace apiary::bus
