// Who subscribed to what, and how much each can take.
#include "bus/subscriptions.hpp"

#include <algorithm>
#include <utility>

#include "bus/errors.hpp"
#include "vm/definition.hpp"

namespace apiary::bus {

namespace {
constexpr std::size_t max_names = 256;
}

SignalFilter::SignalFilter(std::vector<std::string> const& vms, std::vector<std::string> const& types) {
    if (vms.size() > max_names || types.size() > max_names) {
        throw Fault{Error::limits_exceeded, "A filter can have at most " + std::to_string(max_names) + " names."};
    }
    for (auto const& name : vms) {
        vms_.insert(name_key(name));
    }
    types_.insert(types.begin(), types.end());
}

auto SignalFilter::wants_vm(std::string_view name) const -> bool {
    return vms_.empty() || vms_.contains(name_key(name));
}

auto SignalFilter::wants_type(std::string_view type) const -> bool {
    return types_.empty() || types_.contains(type);
}

void Flow::asked() {
    asking_ = true;
    asked_at_ = sent_;
}

auto Flow::answered() -> std::uint64_t {
    asking_ = false;
    acknowledged_ = asked_at_;
    return sent_ - acknowledged_ < window ? std::exchange(withheld_, 0) : 0;
}

auto Subscriptions::put(std::string const& sender, CallerPtr caller, SignalFilter filter) -> bool {
    if (auto* present = find(sender)) {
        present->filter = std::move(filter);
        return false;
    }
    auto const of_user = std::count_if(all_.begin(), all_.end(),
                                       [&](auto const& entry) { return entry.second.caller->uid == caller->uid; });
    if (all_.size() >= max_all || static_cast<std::size_t>(of_user) >= max_of_user) {
        throw Fault{Error::limits_exceeded,
                    "There are too many subscriptions (16 for one user, 100 in all). End one of them."};
    }
    all_.emplace(sender, Subscription{std::move(caller), std::move(filter), {}});
    return true;
}

auto Subscriptions::find(std::string const& sender) -> Subscription* {
    auto const found = all_.find(sender);
    return found != all_.end() ? &found->second : nullptr;
}

}  // namespace apiary::bus
