#include "plugin/host/call.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "plugin/contributions.hpp"
#include "plugin/protocol.hpp"

namespace apiary::plugin::host {
namespace {

constexpr std::size_t most_messages = 200;
constexpr std::size_t most_message_bytes = std::size_t{256} * 1024;
constexpr std::size_t longest_message = 4096;

auto settings_from(Json const& body) -> std::vector<Setting> {
    std::vector<Setting> all;
    auto const list = body.find("settings");
    if (list == body.end() || !list->is_array()) {
        return all;
    }
    all.reserve(list->size());
    for (auto const& one : *list) {
        if (!one.is_array() || one.size() != 2 || !one[0].is_string() || !one[1].is_array()) {
            continue;
        }
        Setting setting{.key = one[0].get<std::string>(), .values = {}, .pointers = {}};
        for (auto const& value : one[1]) {
            if (value.is_string()) {
                setting.values.push_back(value.get<std::string>());
            }
        }
        all.push_back(std::move(setting));
    }
    for (auto& setting : all) {  // where they are now, they stay
        for (auto const& value : setting.values) {
            setting.pointers.push_back(value.c_str());
        }
    }
    return all;
}

}  // namespace

// There are some hundreds; a plugin looks for a few of them.
auto Vm::find(std::string_view key) const -> Setting const* {
    auto const found =
        std::find_if(settings.begin(), settings.end(), [key](Setting const& one) { return one.key == key; });
    return found == settings.end() ? nullptr : &*found;
}

auto vm_from(Json const& body) -> std::optional<Vm> {
    auto const found = body.find("vm");
    if (found == body.end() || !found->is_object()) {
        return std::nullopt;
    }
    return Vm{.name = text_of(*found, "name"),
              .run_folder = text_of(*found, "run_folder"),
              .id = static_cast<std::uint32_t>(number_of(*found, "id")),
              .incarnation = number_of(*found, "incarnation"),
              .settings = settings_from(*found)};
}

}  // namespace apiary::plugin::host

using apiary::UniqueFd;
using apiary::plugin::Triple;
using apiary::plugin::host::Message;
using namespace std::chrono_literals;

apiary_call::apiary_call(apiary::plugin::Frame const& frame) {
    using namespace apiary::plugin;
    auto const& body = frame.body;
    id = number_of(body, "id");
    what = type_of(frame) == "check" ? "configure" : text_of(body, "what");
    vm = host::vm_from(body);
    attempt = number_of(body, "attempt");
    given = triples_of(body, "contributions").value_or(std::vector<Triple>{});
    if (auto const told = body.find("event"); told != body.end() && told->is_object()) {
        event = {
            .seq = number_of(*told, "seq"), .type = text_of(*told, "type"), .fields = named_texts_of(*told, "fields")};
    }
    constexpr std::uint64_t usual = 60'000;
    constexpr std::uint64_t most = 86'400'000;
    deadline = Clock::now() + std::chrono::milliseconds{std::min(number_of(body, "timeout", usual), most)};
}

void apiary_call::cancel() {
    canceled_ = true;
    expire();
}

void apiary_call::expire() {
    std::lock_guard const lock{mutex_};
    expired_ = true;
    make_readable();
}

void apiary_call::make_readable() {
    if (writable_) {
        // Nobody has to write into it: it is at its end.
        writable_.reset();
    }
}

auto apiary_call::cancel_descriptor() -> int {
    std::lock_guard const lock{mutex_};
    if (!readable_) {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
            return -1;
        }
        readable_.reset(ends[0]);
        writable_.reset(ends[1]);
        if (expired_) {
            make_readable();
        }
    }
    return readable_.get();
}

auto apiary_call::time_left() const -> std::chrono::milliseconds {
    auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    return canceled_ ? 0ms : std::max(left, 0ms);
}

void apiary_call::add_message(Message message) {
    using namespace apiary::plugin;
    message.text = shortened(message.text, host::longest_message);
    message.key = shortened(message.key, host::longest_message);
    std::lock_guard const lock{mutex_};
    std::size_t const size = message.text.size() + message.key.size();
    if (messages_.size() >= host::most_messages || message_bytes_ + size > host::most_message_bytes) {
        if (message.level != APIARY_ERROR || messages_.empty()) {
            return;
        }
        message_bytes_ -= messages_.back().text.size() + messages_.back().key.size();
        messages_.pop_back();  // the last error is the reason, so it is kept
    }
    message_bytes_ += size;
    messages_.push_back(std::move(message));
}

auto apiary_call::reason() const -> std::string {
    std::lock_guard const lock{mutex_};
    auto const found = std::find_if(messages_.rbegin(), messages_.rend(),
                                    [](Message const& one) { return one.level == APIARY_ERROR; });
    return found == messages_.rend() ? std::string{} : found->text;
}

auto apiary_call::messages() const -> std::vector<Message> {
    std::lock_guard const lock{mutex_};
    return messages_;
}

auto apiary_call::contribute(Triple one, UniqueFd descriptor) -> std::string {
    using namespace apiary::plugin;
    if (what != "prestart" && what != "renew") {
        return "only prestart and renew can contribute";
    }
    if (auto refused = refuse_contribution(one.first, one.second, one.third)) {
        return *refused;
    }
    auto const same = [&](Triple const& other) { return other.first == one.first && other.second == one.second; };
    std::lock_guard const lock{mutex_};
    // What renew was given is its own, of a time when its descriptors were there.
    if (what == "prestart" && one.first != "note" && std::any_of(given.begin(), given.end(), same)) {
        return "a step before contributed " + one.first + " " + one.second + " already";
    }
    if (std::any_of(made_.begin(), made_.end(), same)) {
        return one.first + " " + one.second + " was contributed already in this call";
    }
    if (made_.size() >= max_contributions || (descriptor && descriptors_.size() >= max_descriptors)) {
        return "there are too many contributions: " + std::to_string(max_contributions) + ", and " +
               std::to_string(max_descriptors) + " descriptors, are the most";
    }
    made_.push_back(std::move(one));
    if (descriptor) {
        descriptors_.push_back(std::move(descriptor));
    }
    return {};
}

auto apiary_call::take_contributions(std::vector<UniqueFd>& descriptors) -> std::vector<Triple> {
    std::lock_guard const lock{mutex_};
    std::size_t number = 0;
    for (auto& one : made_) {
        if (one.first == "fd") {
            one.third = std::to_string(number++);
        }
    }
    descriptors = std::move(descriptors_);
    return std::move(made_);
}
