#include "plugin/host/state.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "plugin/members.hpp"

namespace {

constexpr std::size_t longest_log_text = std::size_t{16} * 1024;

}  // namespace

void apiary_self::log(int level, std::string_view text, std::optional<std::uint64_t> call) {
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
