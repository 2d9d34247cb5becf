// The Asio loop: descriptors, signals and the pool. Timers are our own (alarm.hpp).
#include "main/asio_loop.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/signal_set.hpp>
#include <asio/thread_pool.hpp>
#include <cerrno>
#include <csignal>
#include <optional>
#include <system_error>
#include <unordered_set>

#include "main/timer_queue.hpp"

namespace apiary {
namespace {

// Offloaded work is name service, opening files, parsing: short or hung, seldom busy. A hung file server may hold
// some of these threads for long; the others go on.
constexpr unsigned pool_threads = 4;

// Where there is no descriptor left, it is tried again after this time: nobody tells when there is one.
constexpr Duration without_descriptors = std::chrono::milliseconds{100};

class WatchSubscription : public Subscription {
public:
    WatchSubscription(Loop& loop, asio::io_context& io, std::unordered_set<int>& watched, int fd, Readiness readiness,
                      Loop::Callback callback)
        : loop_{loop}, watched_{watched}, fd_{fd}, state_{std::make_shared<State>(io)} {
        state_->callback = std::move(callback);
        state_->what = readiness == Readiness::readable ? asio::posix::stream_descriptor::wait_read
                                                        : asio::posix::stream_descriptor::wait_write;
        begin();
    }
    ~WatchSubscription() override {
        state_->over = true;
        asio::error_code ignored;
        if (borrowed_) {
            state_->descriptor.release();
            watched_.erase(fd_);
        } else {
            state_->descriptor.close(ignored);
        }
    }
    WatchSubscription(WatchSubscription const&) = delete;
    auto operator=(WatchSubscription const&) -> WatchSubscription& = delete;

private:
    struct State {
        explicit State(asio::io_context& io) : descriptor{io} {}
        asio::posix::stream_descriptor descriptor;
        asio::posix::stream_descriptor::wait_type what{};
        Loop::Callback callback;
        bool over = false;
    };

    void begin() {
        again_.reset();
        if (!take_descriptor()) {
            again_ = loop_.after(without_descriptors, [this] { begin(); });
            return;
        }
        arm(state_);
    }

    // Asio registers a descriptor once, and would go on waking up for writability that nobody waits for any more. So
    // each watch has a registration to itself: the first one of a descriptor with the descriptor, others with a copy.
    auto take_descriptor() -> bool {
        asio::error_code error;
        if (watched_.insert(fd_).second) {
            state_->descriptor.assign(fd_, error);
            borrowed_ = !error;
            if (error) {
                watched_.erase(fd_);
            }
        } else if (int const own = ::fcntl(fd_, F_DUPFD_CLOEXEC, 3); own >= 0) {
            state_->descriptor.assign(own, error);
            if (error) {
                ::close(own);
            }
        } else {
            error = asio::error_code{errno, asio::error::get_system_category()};
        }
        if (error.value() == EBADF) {
            throw std::system_error{EBADF, std::generic_category(), "watching a descriptor"};
        }
        return !error;
    }

    static void arm(std::shared_ptr<State> const& state) {
        state->descriptor.async_wait(state->what, [state](asio::error_code error) {
            if (error || state->over) {
                return;
            }
            state->callback();
            if (!state->over) {
                arm(state);
            }
        });
    }

    Loop& loop_;
    std::unordered_set<int>& watched_;
    int fd_;
    bool borrowed_ = false;
    std::shared_ptr<State> state_;
    Handle again_;
};

class SignalSubscription : public Subscription {
public:
    SignalSubscription(asio::io_context& io, std::initializer_list<int> signals, std::function<void(int)> callback)
        : state_{std::make_shared<State>(io)} {
        for (int const signal : signals) {
            state_->set.add(signal);
        }
        state_->callback = std::move(callback);
        arm(state_);
    }
    ~SignalSubscription() override {
        state_->over = true;
        asio::error_code ignored;
        state_->set.cancel(ignored);
    }
    SignalSubscription(SignalSubscription const&) = delete;
    auto operator=(SignalSubscription const&) -> SignalSubscription& = delete;

private:
    struct State {
        explicit State(asio::io_context& io) : set{io} {}
        asio::signal_set set;
        std::function<void(int)> callback;
        bool over = false;
    };
    static void arm(std::shared_ptr<State> const& state) {
        state->set.async_wait([state](asio::error_code error, int number) {
            if (error || state->over) {
                return;
            }
            state->callback(number);
            if (!state->over) {
                arm(state);
            }
        });
    }
    std::shared_ptr<State> state_;
};

}  // namespace

struct AsioLoop::Context {
    asio::io_context io{1};
    TimerQueue timers;
    std::unordered_set<int> watched;  // descriptors that Asio has itself, not a copy of
    Handle timers_watch;
    std::optional<asio::thread_pool> pool;  // made at its first use
};

AsioLoop::AsioLoop() : context_{std::make_unique<Context>()} {
    context_->timers_watch =
        watch(context_->timers.fd(), Readiness::readable, [this] { context_->timers.run_due(now()); });
}

AsioLoop::~AsioLoop() {
    if (context_->pool) {
        context_->pool->join();
    }
}

void AsioLoop::run() {
    auto const guard = asio::make_work_guard(context_->io);
    context_->io.run();
    // What is still being worked on uses parts that are younger than the loop: none of it may go on after this.
    context_->pool.reset();
}

void AsioLoop::stop() {
    context_->io.stop();
}

auto AsioLoop::on_signals(std::initializer_list<int> signals, std::function<void(int)> callback) -> Handle {
    return std::make_unique<SignalSubscription>(context_->io, signals, std::move(callback));
}

auto AsioLoop::now() const -> MonoTime {
    return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
}

auto AsioLoop::wall() const -> WallTime {
    return std::chrono::time_point_cast<WallTime::duration>(std::chrono::system_clock::now());
}

void AsioLoop::post(Callback callback) {
    asio::post(context_->io, std::move(callback));
}

auto AsioLoop::after(Duration delay, Callback callback) -> Handle {
    return context_->timers.add(now() + std::max(delay, Duration::zero()), std::move(callback));
}

auto AsioLoop::watch(int fd, Readiness readiness, Callback callback) -> Handle {
    return std::make_unique<WatchSubscription>(*this, context_->io, context_->watched, fd, readiness,
                                               std::move(callback));
}

void AsioLoop::offload(Callback work, Callback done) {
    if (!context_->pool) {
        // Signals are the main thread's, also those that it holds back.
        sigset_t all;
        sigset_t before;
        sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before);
        context_->pool.emplace(pool_threads);
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }
    asio::post(*context_->pool, [this, work = std::move(work), done = std::move(done)]() mutable {
        work();
        work = nullptr;
        asio::post(context_->io, std::move(done));
    });
}

}  // namespace apiary
