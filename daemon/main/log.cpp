#include "main/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/syslog_sink.h>
#include <syslog.h>

#include <condition_variable>
#include <csignal>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace apiary::log {
namespace {

// Lines that wait for the writing thread. At about 150 bytes a line this is under 2 MiB.
constexpr std::size_t most_waiting = 8192;

// spdlog's own asynchronous logger wakes its thread every 10 s; an idle daemon must not. So: a plain queue.
class QueueSink : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
public:
    explicit QueueSink(spdlog::sink_ptr writer) : writer_{std::move(writer)} {
        // Signals are the main thread's, also those that it holds back.
        sigset_t all;
        sigset_t before;
        sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before);
        thread_ = std::thread{[this] { work(); }};
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }
    ~QueueSink() override {
        {
            std::lock_guard const lock{mutex_};
            ending_ = true;
        }
        wake_.notify_one();
        thread_.join();
    }
    QueueSink(QueueSink const&) = delete;
    auto operator=(QueueSink const&) -> QueueSink& = delete;

protected:
    void sink_it_(spdlog::details::log_msg const& message) override {
        {
            std::lock_guard const lock{mutex_};
            if (waiting_.size() >= most_waiting) {
                ++lost_;
                return;
            }
            waiting_.push_back({message.time, message.level, {message.payload.begin(), message.payload.end()}});
        }
        wake_.notify_one();
    }
    void flush_() override {}

private:
    struct Line {
        spdlog::log_clock::time_point time;
        spdlog::level::level_enum level;
        std::string text;
    };
    void work() {
        std::unique_lock lock{mutex_};
        while (true) {
            wake_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
            if (waiting_.empty()) {
                return;
            }
            auto const lines = std::exchange(waiting_, {});
            auto const lost = std::exchange(lost_, 0);
            lock.unlock();
            for (auto const& line : lines) {
                write(line);
            }
            if (lost > 0) {
                write({spdlog::log_clock::now(), spdlog::level::warn,
                       "log: " + std::to_string(lost) + " lines were lost here: the log is written too slowly"});
            }
            writer_->flush();
            lock.lock();
        }
    }
    void write(Line const& line) {
        try {
            writer_->log({line.time, {}, "apiaryd", line.level, line.text});
        } catch (std::exception const&) {
            // Nowhere to say it.
        }
    }

    spdlog::sink_ptr writer_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Line> waiting_;
    std::size_t lost_ = 0;
    bool ending_ = false;
    std::thread thread_;
};

auto logger() -> std::unique_ptr<spdlog::logger>& {
    static std::unique_ptr<spdlog::logger> the_logger;
    return the_logger;
}

auto level_of(Level level) -> spdlog::level::level_enum {
    switch (level) {
        case Level::debug:
            return spdlog::level::debug;
        case Level::info:
            return spdlog::level::info;
        case Level::warning:
            return spdlog::level::warn;
        case Level::error:
            break;
    }
    return spdlog::level::err;
}

}  // namespace

void open(Where where, Level least) {
    spdlog::sink_ptr writer;
    if (where == Where::syslog) {
        writer = std::make_shared<spdlog::sinks::syslog_sink_st>("apiaryd", LOG_PID, LOG_DAEMON, false);
    } else {
        writer = std::make_shared<spdlog::sinks::stderr_sink_st>();
        writer->set_pattern("%Y-%m-%d %H:%M:%S.%e %l: %v");
    }
    logger() = std::make_unique<spdlog::logger>("apiaryd", std::make_shared<QueueSink>(std::move(writer)));
    logger()->set_level(level_of(least));
}

void close() {
    logger().reset();
}

void line(Level level, std::string_view text) {
    if (auto const& open_logger = logger()) {
        open_logger->log(level_of(level), spdlog::string_view_t{text.data(), text.size()});
    }
}

}  // namespace apiary::log
