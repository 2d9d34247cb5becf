#include "plugin/host/services.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "plugin/host/call.hpp"
#include "plugin/host/runner.hpp"
#include "plugin/host/state.hpp"

namespace apiary::plugin::host {
namespace {

apiary_self* the_self = nullptr;

auto view(char const* text) -> std::string_view {
    return text == nullptr ? std::string_view{} : std::string_view{text};
}

auto level_of(int level) -> int {
    return level < APIARY_ERROR || level > APIARY_DEBUG ? static_cast<int>(APIARY_DEBUG) : level;
}

void log(apiary_self*, apiary_call* call, int level, char const* text) {
    the_self->log(level_of(level), view(text), call == nullptr ? std::nullopt : std::optional{call->id});
}

auto state_folder(apiary_self*) -> char const* {
    if (the_self->state_folder.empty()) {
        errno = ENOENT;
        return nullptr;
    }
    return the_self->state_folder.c_str();
}

auto bus_address(apiary_self*) -> char const* {
    return the_self->bus();
}

auto attempt(apiary_call* call) -> std::uint64_t {
    return call == nullptr ? 0 : call->attempt;
}

auto canceled(apiary_call* call) -> int {
    return call != nullptr && call->is_over() ? 1 : 0;
}

auto cancel_fd(apiary_call* call) -> int {
    if (call == nullptr) {
        errno = EINVAL;
        return -1;
    }
    return call->cancel_descriptor();
}

auto time_left(apiary_call* call) -> std::uint32_t {
    return call == nullptr ? 0 : static_cast<std::uint32_t>(call->time_left().count());
}

void message(apiary_call* call, int level, char const* key, char const* text) {
    if (call != nullptr) {
        call->add_message({.level = level_of(level), .key = std::string{view(key)}, .text = std::string{view(text)}});
        if (call->what != "configure") {  // there they are the answer
            the_self->log(level_of(level), view(text), call->id);
        }
    }
}

auto vm_name(apiary_call* call) -> char const* {
    return call != nullptr && call->vm ? call->vm->name.c_str() : "";
}
auto vm_id(apiary_call* call) -> std::uint32_t {
    return call != nullptr && call->vm ? call->vm->id : 0;
}
auto vm_incarnation(apiary_call* call) -> std::uint64_t {
    return call != nullptr && call->vm ? call->vm->incarnation : 0;
}
auto run_folder(apiary_call* call) -> char const* {
    return call != nullptr && call->vm ? call->vm->run_folder.c_str() : "";
}

auto find_setting(apiary_call* call, char const* key) -> Setting const* {
    return call != nullptr && call->vm && key != nullptr ? call->vm->find(key) : nullptr;
}

auto setting_count(apiary_call* call, char const* key) -> std::size_t {
    Setting const* const found = find_setting(call, key);
    return found == nullptr ? 0 : found->pointers.size();
}

auto setting(apiary_call* call, char const* key, std::size_t index) -> char const* {
    Setting const* const found = find_setting(call, key);
    return found == nullptr || index >= found->pointers.size() ? nullptr : found->pointers[index];
}

auto each_setting(apiary_call* call, int (*each)(void*, char const*, char const* const*, std::size_t), void* context)
    -> int {
    if (call == nullptr || !call->vm || each == nullptr) {
        return 0;
    }
    for (auto const& one : call->vm->settings) {
        if (int const stop = each(context, one.key.c_str(), one.pointers.data(), one.pointers.size()); stop != 0) {
            return stop;
        }
    }
    return 0;
}

auto event_seq(apiary_call* call) -> std::uint64_t {
    return call == nullptr ? 0 : call->event.seq;
}
auto event_type(apiary_call* call) -> char const* {
    return call == nullptr ? "" : call->event.type.c_str();
}
auto event_field(apiary_call* call, char const* name) -> char const* {
    if (call == nullptr || name == nullptr) {
        return nullptr;
    }
    auto const found = call->event.fields.find(name);
    return found == call->event.fields.end() ? nullptr : found->second.c_str();
}

auto judged(apiary_call* call, std::string const& refused) -> int {
    if (refused.empty()) {
        return 0;
    }
    message(call, APIARY_ERROR, nullptr, refused.c_str());
    return -1;
}

auto contribute(apiary_call* call, char const* kind, char const* id, char const* value) -> int {
    if (call == nullptr) {
        return -1;
    }
    if (view(kind) == "fd") {
        return judged(call, "descriptors are contributed with contribute_fd()");
    }
    return judged(call, call->contribute({std::string{view(kind)}, std::string{view(id)}, std::string{view(value)}}));
}

auto contribute_fd(apiary_call* call, char const* id, int fd) -> int {
    if (call == nullptr) {
        return -1;
    }
    UniqueFd copy{::fcntl(fd, F_DUPFD_CLOEXEC, 3)};
    if (!copy) {
        return judged(call, "the descriptor for " + std::string{view(id)} +
                                " cannot be duplicated: " + std::generic_category().message(errno));
    }
    return judged(call, call->contribute({"fd", std::string{view(id)}, {}}, std::move(copy)));
}

auto contribution(apiary_call* call, std::size_t index, apiary_contribution* into) -> int {
    if (call == nullptr || into == nullptr || index >= call->given.size() || into->size < sizeof(apiary_contribution)) {
        return -1;
    }
    auto const& one = call->given[index];
    into->kind = one.first.c_str();
    into->id = one.second.c_str();
    into->value = one.third.c_str();
    return 0;
}

auto run(apiary_call* call, apiary_command const* command, apiary_outcome* outcome) -> int {
    if (call == nullptr || command == nullptr) {
        errno = EINVAL;
        return -1;
    }
    return run_program(*the_self, *call, *command, outcome);
}

auto secret(apiary_self*, char const* name, char* into, std::size_t size) -> long {
    if (!the_self->serving || name == nullptr || (into == nullptr && size > 0)) {
        errno = the_self->serving ? EINVAL : EPERM;
        return -1;
    }
    auto [value, error] = the_self->ask_secret(name);
    long result = -1;
    if (error == 0 && value.size() >= size) {
        error = ERANGE;
    } else if (error == 0) {
        std::copy(value.begin(), value.end(), into);
        into[value.size()] = '\0';
        result = static_cast<long>(value.size());
    }
    ::explicit_bzero(value.data(), value.size());
    errno = error;
    return result;
}

auto emit(apiary_self*, char const* vm, char const* text, char const* const* details) -> int {
    constexpr std::size_t most_details = 64;
    constexpr std::size_t longest_name = 64;
    constexpr std::size_t longest_text = 1024;
    constexpr std::size_t longest_value = 4096;
    if (!the_self->serving || text == nullptr) {
        errno = the_self->serving ? EINVAL : EPERM;
        return -1;
    }
    Json body{{"t", "emit"}, {"text", shortened(text, longest_text)}, {"details", Json::object()}};
    if (vm != nullptr) {
        body["vm"] = shortened(vm, longest_text);
    }
    for (std::size_t i = 0; details != nullptr && details[0] != nullptr && i < most_details; ++i, details += 2) {
        body["details"][shortened(details[0], longest_name)] = shortened(view(details[1]), longest_value);
        if (details[1] == nullptr) {
            break;
        }
    }
    the_self->channel.send(std::move(body));
    return 0;
}

}  // namespace

auto services(apiary_self& self) -> apiary_host const& {
    the_self = &self;
    static apiary_host const table{.size = sizeof(apiary_host),
                                   .abi = APIARY_PLUGIN_ABI,
                                   .version = APIARY_VERSION,
                                   .log = log,
                                   .state_folder = state_folder,
                                   .bus_address = bus_address,
                                   .attempt = attempt,
                                   .canceled = canceled,
                                   .cancel_fd = cancel_fd,
                                   .time_left = time_left,
                                   .message = message,
                                   .vm_name = vm_name,
                                   .vm_id = vm_id,
                                   .vm_incarnation = vm_incarnation,
                                   .run_folder = run_folder,
                                   .setting_count = setting_count,
                                   .setting = setting,
                                   .each_setting = each_setting,
                                   .event_seq = event_seq,
                                   .event_type = event_type,
                                   .event_field = event_field,
                                   .contribute = contribute,
                                   .contribute_fd = contribute_fd,
                                   .contribution = contribution,
                                   .run = run,
                                   .secret = secret,
                                   .emit = emit};
    return table;
}

}  // namespace apiary::plugin::host
