// Every method call passes here first.
#include "bus/doorkeeper.hpp"

#include <algorithm>
#include <cstring>

#include "bus/errors.hpp"
#include "bus/gate.hpp"
#include "bus/incoming.hpp"

namespace apiary::bus {

namespace {

constexpr std::size_t max_known = 128;
constexpr std::size_t max_parked_of_sender = 128;  // as many calls as the bus lets one connection have open
constexpr std::size_t max_parked = 512;
constexpr std::size_t max_parked_bytes = std::size_t{8} * 1024 * 1024;

// The call was dealt with: nobody else is to see it.
constexpr int handled = 1;
constexpr int go_on = 0;

auto refuse(sd_bus_message* message, Fault const& fault) -> int {
    sd_bus_error const error{fault.name(), fault.what(), 0};
    (void)sd_bus_reply_method_error(message, &error);
    return handled;
}

auto too_many() -> Fault {
    return {Error::limits_exceeded, "Too many calls at once. Wait for the replies of some of them."};
}

struct Credentials {
    std::optional<uid_t> uid;
    std::optional<std::vector<gid_t>> groups;
};

auto read_credentials(sd_bus_message* reply) -> Credentials {
    Credentials credentials;
    check(sd_bus_message_enter_container(reply, 'a', "{sv}"), "read credentials");
    while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
        char const* key = nullptr;
        check(sd_bus_message_read_basic(reply, 's', &key), "read credentials");
        if (std::strcmp(key, "UnixUserID") == 0) {
            std::uint32_t uid = 0;
            check(sd_bus_message_read(reply, "v", "u", &uid), "read credentials");
            credentials.uid = uid;
        } else if (std::strcmp(key, "UnixGroupIDs") == 0) {
            check(sd_bus_message_enter_container(reply, 'v', "au"), "read credentials");
            void const* data = nullptr;
            std::size_t size = 0;
            check(sd_bus_message_read_array(reply, 'u', &data, &size), "read credentials");
            check(sd_bus_message_exit_container(reply), "read credentials");
            auto const* first = static_cast<std::uint32_t const*>(data);
            credentials.groups.emplace(first, first + size / sizeof *first);
        } else {
            check(sd_bus_message_skip(reply, "v"), "read credentials");
        }
        check(sd_bus_message_exit_container(reply), "read credentials");
    }
    return credentials;
}

}  // namespace

Doorkeeper::Doorkeeper(Loop& loop, Connection& connection, Lookup const& lookup, Authority const& authority)
    : loop_{loop},
      connection_{connection},
      lookup_{lookup},
      authority_{authority},
      callers_{max_known},
      self_{std::make_shared<Doorkeeper*>(this)} {
    sd_bus_slot* slot = nullptr;
    check(sd_bus_add_filter(connection_.raw(), &slot, on_message, this), "add the bus filter");
    filter_.reset(slot);
}

auto Doorkeeper::caller() const -> Caller const* {
    auto const* message = sd_bus_get_current_message(connection_.raw());
    return message != nullptr && message == current_message_ ? current_.get() : nullptr;
}

auto Doorkeeper::current() const -> CallerPtr {
    if (caller() == nullptr) {
        throw Fault{Error::access_denied, "It is not known who calls."};
    }
    return current_;
}

auto Doorkeeper::current_sender() const -> std::string {
    return text_or_empty(current_message_ != nullptr ? sd_bus_message_get_sender(current_message_) : nullptr);
}

auto Doorkeeper::on_message(sd_bus_message* message, void* self, sd_bus_error* error) -> int {
    auto& keeper = *static_cast<Doorkeeper*>(self);
    keeper.current_message_ = nullptr;
    keeper.current_.reset();
    int const result = guarded(error, [&] { return keeper.examine(message); });
    if (result < 0) {  // never to be handled by others as if it had been let through
        (void)sd_bus_reply_method_errno(message, result, error);
        sd_bus_error_free(error);
        return handled;
    }
    return result;
}

auto Doorkeeper::examine(sd_bus_message* message) -> int {
    std::uint8_t type = 0;
    check(sd_bus_message_get_type(message, &type), "get the type of a message");
    if (type != SD_BUS_MESSAGE_METHOD_CALL) {
        return go_on;
    }
    auto const sender = text_or_empty(sd_bus_message_get_sender(message));
    if (sender.empty()) {
        return handled;
    }
    auto const waiting = waiting_.find(sender);
    bool const returning = waiting != waiting_.end() && waiting->second.caller;
    if (returning && waiting->second.calls.front().message.get() == message) {
        return hand_on(message, sender, waiting->second);
    }
    std::optional<std::size_t> bytes;
    try {
        bytes = measured_body(message);
    } catch (std::exception const&) {
        return refuse(message, Fault{Error::invalid_argument, "The message cannot be read."});
    }
    if (!bytes) {
        return refuse(message, Fault{Error::limits_exceeded,
                                     "The call carries more than any call here needs (or a descriptor)."});
    }
    if (returning) {
        return queue_up(message, waiting->second, *bytes);
    }
    if (auto caller = callers_.find(sender)) {
        return pass(message, std::move(caller));
    }
    return park(message, sender, *bytes);
}

auto Doorkeeper::pass(sd_bus_message* message, CallerPtr caller) -> int {
    current_message_ = message;
    current_ = std::move(caller);
    try {
        check_call(message, *current_, lookup_, authority_);
    } catch (Fault const& fault) {
        return refuse(message, fault);
    }
    return go_on;
}

auto Doorkeeper::has_room(Waiting const& waiting, std::size_t bytes) const -> bool {
    return waiting.calls.size() < max_parked_of_sender && parked_ < max_parked &&
           parked_bytes_ + bytes <= max_parked_bytes;
}

void Doorkeeper::keep(Waiting& waiting, sd_bus_message* message, std::size_t bytes) {
    waiting.calls.push_back({MessagePtr{sd_bus_message_ref(message)}, bytes});
    ++parked_;
    parked_bytes_ += bytes;
}

void Doorkeeper::let_go(Parked const& call) {
    --parked_;
    parked_bytes_ -= call.bytes;
}

auto Doorkeeper::park(sd_bus_message* message, std::string const& sender, std::size_t bytes) -> int {
    auto& waiting = waiting_[sender];
    if (!has_room(waiting, bytes)) {
        if (waiting.calls.empty()) {
            waiting_.erase(sender);
        }
        return refuse(message, too_many());
    }
    keep(waiting, message, bytes);
    if (!waiting.question) {
        ask(sender, waiting);
    }
    return handled;
}

// The first of the parked calls is back.
auto Doorkeeper::hand_on(sd_bus_message* message, std::string const& sender, Waiting& waiting) -> int {
    Parked const call = std::move(waiting.calls.front());
    waiting.calls.pop_front();
    let_go(call);
    auto caller = waiting.caller;
    if (waiting.calls.empty()) {
        waiting_.erase(sender);
    }
    return pass(message, std::move(caller));
}

// A later call was read before the parked ones were handed back: it goes behind them.
auto Doorkeeper::queue_up(sd_bus_message* message, Waiting& waiting, std::size_t bytes) -> int {
    if (!has_room(waiting, bytes) || sd_bus_enqueue_for_read(connection_.raw(), message) < 0) {
        return refuse(message, too_many());
    }
    keep(waiting, message, bytes);
    return handled;
}

void Doorkeeper::ask(std::string const& sender, Waiting& waiting) {
    sd_bus_slot* slot = nullptr;
    int const result = sd_bus_call_method_async(connection_.raw(), &slot, "org.freedesktop.DBus",
                                                "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                                "GetConnectionCredentials", on_credentials, this, "s", sender.c_str());
    if (result < 0) {
        refuse_all(sender, "It cannot be asked who you are.", false);
        return;
    }
    waiting.question.reset(slot);
}

auto Doorkeeper::on_credentials(sd_bus_message* reply, void* self, sd_bus_error* error) -> int {
    auto& keeper = *static_cast<Doorkeeper*>(self);
    // A reply has no sender's name in it: it is found by its slot.
    (void)guarded(error, [&] {
        keeper.answered(reply);
        return 0;
    });
    sd_bus_error_free(error);
    return handled;
}

void Doorkeeper::answered(sd_bus_message* reply) {
    auto const* slot = sd_bus_get_current_slot(connection_.raw());
    auto const found = std::find_if(waiting_.begin(), waiting_.end(),
                                    [&](auto const& entry) { return entry.second.question.get() == slot; });
    if (found == waiting_.end()) {
        return;
    }
    std::string const sender = found->first;
    if (auto const* failure = sd_bus_message_get_error(reply)) {
        bool const gone = text_or_empty(failure->name) == "org.freedesktop.DBus.Error.NameHasNoOwner";
        refuse_all(sender, "The bus did not say who you are.", gone);
        return;
    }
    Credentials credentials;
    try {
        credentials = read_credentials(reply);
    } catch (std::exception const&) {
        credentials = {};
    }
    if (!credentials.uid) {
        refuse_all(sender, "The bus does not know who you are.", false);
        return;
    }
    if (credentials.groups) {
        become_known(sender, std::make_shared<Caller>(*credentials.uid, std::move(*credentials.groups)));
        return;
    }
    auto caller = std::make_shared<Caller>(*credentials.uid, std::vector<gid_t>{});
    loop_.offload([caller] { caller->groups = groups_of(caller->uid); },
                  [self = std::weak_ptr{self_}, sender, caller] {
                      if (auto const here = self.lock()) {
                          (*here)->become_known(sender, caller);
                          (*here)->connection_.touch();
                      }
                  });
}

void Doorkeeper::become_known(std::string const& sender, CallerPtr caller) {
    callers_.insert(sender, caller);
    auto const found = waiting_.find(sender);
    if (found == waiting_.end()) {
        return;
    }
    auto& calls = found->second.calls;
    found->second.caller = std::move(caller);
    for (auto call = calls.begin(); call != calls.end();) {
        if (sd_bus_enqueue_for_read(connection_.raw(), call->message.get()) < 0) {
            refuse(call->message.get(), too_many());
            let_go(*call);
            call = calls.erase(call);
        } else {
            ++call;
        }
    }
    if (calls.empty()) {
        waiting_.erase(found);
    }
}

void Doorkeeper::refuse_all(std::string const& sender, std::string const& why, bool gone) {
    auto node = waiting_.extract(sender);
    if (node.empty()) {
        return;
    }
    for (auto const& call : node.mapped().calls) {
        let_go(call);
        if (!gone) {
            refuse(call.message.get(), Fault{Error::access_denied, why});
        }
    }
}

}  // namespace apiary::bus
