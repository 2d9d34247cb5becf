// The daemon on a message bus: stays connected.
#include "bus/service.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "bus/journal_streams.hpp"
#include "bus/session.hpp"
#include "vm/kill_point.hpp"

namespace apiary::bus {

namespace {
constexpr Duration first_pause = std::chrono::milliseconds{250};
constexpr Duration longest_pause = std::chrono::seconds{30};
}  // namespace

class BusService::Impl {
public:
    Impl(Loop& loop, Engine& engine, BusOptions options)
        : loop_{loop},
          engine_{engine},
          options_{std::move(options)},
          streams_{loop, engine, {options_.observers, options_.master}},
          self_{std::make_shared<Impl*>(this)} {}

    void connect();
    void close();
    void publish(Turn const& turn) {
        APIARY_KILL_POINT("bus.publish");
        if (session_) {
            session_->publish(turn);
        }
        APIARY_KILL_POINT("bus.published");
        streams_.on_turn(turn);
        APIARY_KILL_POINT("streams.told");
    }
    [[nodiscard]] auto connected() const -> bool { return named_; }

private:
    // Filled by the thread that waits for the bus.
    struct Opening {
        ConnectionPtr connection;
        std::string error;
    };
    void opened(Opening& opening);
    void failed(std::string const& why);
    void say(bool problem, std::string text);
    void settle();

    Loop& loop_;
    Engine& engine_;
    BusOptions options_;
    JournalStreams streams_;
    std::unique_ptr<Session> session_;
    Handle retry_;
    Duration pause_ = first_pause;
    bool named_ = false, opening_ = false, closed_ = false;
    std::string last_problem_;
    std::shared_ptr<Impl*> self_;
};

void BusService::Impl::connect() {
    if (opening_ || closed_ || session_) {
        return;
    }
    opening_ = true;
    auto opening = std::make_shared<Opening>();
    loop_.offload(
        [opening, address = options_.address] {
            try {
                opening->connection = open_connection(address);
            } catch (std::exception const& error) {
                opening->error = error.what();
            }
        },
        [self = std::weak_ptr{self_}, opening] {
            if (auto const here = self.lock()) {
                (*here)->opened(*opening);
            }
        });
}

void BusService::Impl::opened(Opening& opening) {
    APIARY_KILL_POINT("bus.connected");
    opening_ = false;
    if (closed_) {
        return;
    }
    if (!opening.connection) {
        failed(opening.error);
        return;
    }
    try {
        session_ =
            std::make_unique<Session>(loop_, engine_, options_, streams_, std::move(opening.connection),
                                      Session::Callbacks{[this] {
                                                             APIARY_KILL_POINT("bus.named");
                                                             named_ = true;
                                                             pause_ = first_pause;
                                                             last_problem_.clear();
                                                             say(false, "on the bus as " + options_.name);
                                                             settle();
                                                         },
                                                         [this](std::string const& why) {
                                                             session_.reset();
                                                             failed(why);
                                                         },
                                                         [this](std::string text) { say(true, std::move(text)); }});
    } catch (std::exception const& error) {
        session_.reset();
        failed(error.what());
    }
}

void BusService::Impl::failed(std::string const& why) {
    named_ = false;
    if (why != std::exchange(last_problem_, why)) {
        say(true, "no bus: " + why + ". The VMs are not affected; it is tried again.");
    }
    retry_ = loop_.after(pause_, [this] { connect(); });
    pause_ = std::min(pause_ * 2, longest_pause);
    settle();
}

void BusService::Impl::settle() {
    if (auto const settled = std::exchange(options_.settled, nullptr)) {
        settled();
    }
}

void BusService::Impl::say(bool problem, std::string text) {
    if (options_.log) {
        options_.log(problem, std::move(text));
    }
}

void BusService::Impl::close() {
    closed_ = true;
    named_ = false;
    retry_.reset();
    streams_.close();
    if (session_) {
        session_->connection().write_what_is_taken();
        session_.reset();
    }
}

BusService::BusService(Loop& loop, Engine& engine, BusOptions options)
    : impl_{std::make_unique<Impl>(loop, engine, std::move(options))} {
    engine.add_observer(*this);
}

BusService::~BusService() = default;

void BusService::start() {
    impl_->connect();
}

void BusService::close() {
    impl_->close();
}

auto BusService::connected() const -> bool {
    return impl_->connected();
}

void BusService::on_turn(Turn const& turn) {
    impl_->publish(turn);
}

}  // namespace apiary::bus
