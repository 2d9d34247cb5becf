#include "plugin/host/state.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "plugin/members.hpp"

namespace {

constexpr std::size_t longest_log_text = std::size_t{16} * 1024;

}  // namespace

auto apiary_self::may_log() -> bool {
    using namespace std::chrono;
    std::unique_lock lock{logging_};
    auto const now = steady_clock::now();
    if (auto const whole = duration_cast<seconds>(now - filled_); whole.count() > 0) {
        room_ = std::min(log_burst, room_ + static_cast<std::uint64_t>(whole.count()) * log_rate);
        filled_ += whole;
    }
    if (room_ == 0) {
        ++left_out_;
        return false;
    }
    --room_;
    auto const left_out = std::exchange(left_out_, 0);
    lock.unlock();
    if (left_out > 0) {
        channel.send(
            {{"t", "log"},
             {"level", 1},
             {"text", std::to_string(left_out) + " lines of its log were left out: there were too many at once"}});
    }
    return true;
}

void apiary_self::log(int level, std::string_view text, std::optional<std::uint64_t> call) {
    if (!may_log()) {
        return;
    }
    apiary::plugin::Json body{
        {"t", "log"}, {"level", level}, {"text", apiary::plugin::shortened(text, longest_log_text)}};
    if (call) {
        body["id"] = *call;
    }
    channel.send(std::move(body));
}

void apiary_self::set_bus(std::string address) {
    std::lock_guard const lock{mutex_};
    address_ = nullptr;
    if (address.empty()) {
        return;
    }
    auto found = std::find(addresses_.begin(), addresses_.end(), address);
    if (found == addresses_.end()) {
        found = addresses_.insert(found, std::move(address));
    }
    address_ = &*found;
}

auto apiary_self::bus() -> char const* {
    std::lock_guard const lock{mutex_};
    return address_ == nullptr ? nullptr : address_->c_str();
}

auto apiary_self::ask_secret(std::string const& name) -> std::pair<std::string, int> {
    std::unique_lock lock{mutex_};
    std::uint64_t const ask = ++asks_;
    open_[ask];
    lock.unlock();
    channel.send({{"t", "secret"}, {"ask", ask}, {"name", name}});
    lock.lock();
    answered_.wait(lock, [&] { return gone_ || open_[ask]; });
    auto answer = std::move(open_[ask]).value_or(std::pair{std::string{}, EPIPE});
    open_.erase(ask);
    return answer;
}

void apiary_self::answer_secret(std::uint64_t ask, std::pair<std::string, int> answer) {
    std::lock_guard const lock{mutex_};
    if (auto const found = open_.find(ask); found != open_.end()) {
        found->second = std::move(answer);
        answered_.notify_all();
    }
}

void apiary_self::give_up_asking() {
    std::lock_guard const lock{mutex_};
    gone_ = true;
    answered_.notify_all();
}
