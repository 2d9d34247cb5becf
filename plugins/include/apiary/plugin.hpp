// The interface of plugins for C++20: plugin.h with values instead of pointers, and exceptions instead of results.
// Nothing of it is in a library; a plugin that includes it depends on plugin.h's ABI alone.
//
//     struct Greeter {
//         static auto declaration() -> apiary::plugins::Declaration {
//             return {.name = "greeter", .version = "1.0", .doc = "Greets each VM that starts",
//                     .keys = {apiary::plugins::Key::text("greeting", "What to say").fallback("hello")}};
//         }
//         void prestart(apiary::plugins::Call& call) { call.info(std::string{*call.setting("greeting")}); }
//     };
//     APIARY_PLUGIN(Greeter)
//
// The class has a constructor without arguments or one that takes a Host, and of these functions those that it wants:
//     static void configure(Call&);     // throw, or call.refuse(key, text): the VM is refused
//     void prestart(Call&);             // throw Veto: the VM is not to start; throw anything else: it broke, and is
//     undone void poststop(Call&);  void renew(Call&);  void event(Call&);  void reload();
// Its destructor is shutdown(). plugin.h says what they mean, and what holds of threads.
#pragma once

#include <apiary/plugin.h>
#include <apiary/plugin_values.hpp>

#include <cerrno>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace apiary::plugins {

namespace detail {
inline apiary_host const* host = nullptr;
inline apiary_self* self = nullptr;

inline auto view(char const* text) -> std::string_view {
    return text == nullptr ? std::string_view{} : std::string_view{text};
}
inline auto maybe(char const* text) -> std::optional<std::string_view> {
    return text == nullptr ? std::nullopt : std::optional<std::string_view>{text};
}
}  // namespace detail

// What holds for all calls. Each copy is the same.
class Host {
public:
    void log(apiary_level level, std::string const& text) const {
        detail::host->log(detail::self, nullptr, level, text.c_str());
    }
    // Throws std::system_error where there is none.
    [[nodiscard]] auto state_folder() const -> std::string {
        char const* const folder = detail::host->state_folder(detail::self);
        return folder != nullptr ? folder : throw std::system_error{errno, std::generic_category(), "state folder"};
    }
    // Nothing: the daemon is on no bus now.
    [[nodiscard]] auto bus_address() const -> std::optional<std::string> {
        char const* const address = detail::host->bus_address(detail::self);
        return address == nullptr ? std::nullopt : std::optional<std::string>{address};
    }
    // Nothing: there is none of this name. Wipe it after use.
    [[nodiscard]] auto secret(std::string const& name) const -> std::optional<std::string> {
        std::string value(1024, '\0');
        for (;;) {
            long const length = detail::host->secret(detail::self, name.c_str(), value.data(), value.size());
            if (length >= 0) {
                value.resize(static_cast<std::size_t>(length));
                return value;
            }
            if (errno != ERANGE) {
                return errno == ENOENT ? std::nullopt
                                       : throw std::system_error{errno, std::generic_category(), "secret " + name};
            }
            value.resize(value.size() * 2);
        }
    }
    // `vm`: empty: about none.
    void emit(std::string const& vm, std::string const& text,
              std::vector<std::pair<std::string, std::string>> const& details = {}) const {
        std::vector<char const*> pointers;
        for (auto const& [name, value] : details) {
            pointers.push_back(name.c_str());
            pointers.push_back(value.c_str());
        }
        pointers.push_back(nullptr);
        detail::host->emit(detail::self, vm.empty() ? nullptr : vm.c_str(), text.c_str(), pointers.data());
    }
};

// For the time of the function that it is given to.
class Call {
public:
    explicit Call(apiary_call* call) : call_{call} {}
    Call(Call const&) = delete;
    auto operator=(Call const&) -> Call& = delete;

    [[nodiscard]] auto vm_name() const -> std::string { return host().vm_name(call_); }
    [[nodiscard]] auto vm_id() const -> std::uint32_t { return host().vm_id(call_); }
    [[nodiscard]] auto incarnation() const -> std::uint64_t { return host().vm_incarnation(call_); }
    [[nodiscard]] auto run_folder() const -> std::string { return host().run_folder(call_); }
    [[nodiscard]] auto attempt() const -> std::uint64_t { return host().attempt(call_); }

    [[nodiscard]] auto canceled() const -> bool { return host().canceled(call_) != 0; }
    [[nodiscard]] auto cancel_fd() const -> int { return host().cancel_fd(call_); }
    [[nodiscard]] auto time_left() const -> std::chrono::milliseconds {
        return std::chrono::milliseconds{host().time_left(call_)};
    }

    // The first value; nothing: it is not set, and has no default.
    [[nodiscard]] auto setting(char const* key) const -> std::optional<std::string_view> {
        return detail::maybe(host().setting(call_, key, 0));
    }
    [[nodiscard]] auto settings(char const* key) const -> std::vector<std::string_view> {
        std::vector<std::string_view> all;
        for (std::size_t i = 0; i < host().setting_count(call_, key); ++i) {
            all.push_back(detail::view(host().setting(call_, key, i)));
        }
        return all;
    }
    [[nodiscard]] auto flag(char const* key) const -> bool { return setting(key) == "yes"; }
    [[nodiscard]] auto number(char const* key) const -> std::optional<std::int64_t> {
        auto const text = setting(key);
        return text ? std::optional<std::int64_t>{std::stoll(std::string{*text})} : std::nullopt;
    }

    void message(apiary_level level, std::string const& text, char const* key = nullptr) {
        host().message(call_, level, key, text.c_str());
    }
    void warning(std::string const& text) { host().log(detail::self, call_, APIARY_WARNING, text.c_str()); }
    void info(std::string const& text) { host().log(detail::self, call_, APIARY_INFO, text.c_str()); }
    // In configure(): the VM is refused for this, and perhaps for more.
    void refuse(char const* key, std::string const& text) {
        message(APIARY_ERROR, text, key);
        refused_ = true;
    }
    [[nodiscard]] auto refused() const -> bool { return refused_; }

    // They throw ContributionRefused where it is refused.
    void contribute(std::string const& kind, std::string const& id, std::string const& value) {
        if (host().contribute(call_, kind.c_str(), id.c_str(), value.c_str()) != 0) {
            throw ContributionRefused{kind, id};
        }
    }
    void contribute_fd(std::string const& id, int fd) {
        if (host().contribute_fd(call_, id.c_str(), fd) != 0) {
            throw ContributionRefused{"fd", id};
        }
    }
    // In prestart those of the steps before; in poststop and renew its own.
    [[nodiscard]] auto contributions() const -> std::vector<Contribution> {
        std::vector<Contribution> all;
        apiary_contribution one{};
        one.size = sizeof one;
        for (std::size_t i = 0; host().contribution(call_, i, &one) == 0; ++i) {
            all.push_back({one.kind, one.id, one.value});
        }
        return all;
    }
    // What prestart contributed as the note `id`.
    [[nodiscard]] auto note(std::string_view id) const -> std::optional<std::string> {
        for (auto& one : contributions()) {
            if (one.kind == "note" && one.id == id) {
                return std::move(one.value);
            }
        }
        return std::nullopt;
    }

    // Blocks until it has ended; throws RunFault if it cannot be run.
    [[nodiscard]] auto run(Command const& command) -> Outcome;

    [[nodiscard]] auto event_type() const -> std::string_view { return detail::view(host().event_type(call_)); }
    [[nodiscard]] auto event_seq() const -> std::uint64_t { return host().event_seq(call_); }
    [[nodiscard]] auto event_field(char const* name) const -> std::optional<std::string_view> {
        return detail::maybe(host().event_field(call_, name));
    }

private:
    static auto host() -> apiary_host const& { return *detail::host; }
    apiary_call* call_;
    bool refused_ = false;
};

inline auto Call::run(Command const& command) -> Outcome {
    if (command.argv.empty()) {
        throw std::invalid_argument{"a command without a program"};
    }
    auto const pointers = [](std::vector<std::string> const& texts) {
        std::vector<char const*> all;
        all.reserve(texts.size() + 1);
        for (auto const& text : texts) {
            all.push_back(text.c_str());
        }
        all.push_back(nullptr);
        return all;
    };
    auto argv = pointers(command.argv);
    if (!command.name.empty()) {
        argv.front() = command.name.c_str();
    }
    auto const environment = pointers(command.environment);
    // An exception of the function waits until the program has ended.
    struct Lines {
        std::function<void(bool, std::string_view)> const& each;
        std::exception_ptr thrown;
    } lines{command.line, nullptr};
    apiary_command raw{};
    raw.size = sizeof raw;
    raw.path = command.argv.front().c_str();
    raw.argv = argv.data();
    raw.envp = command.environment.empty() ? nullptr : environment.data();
    raw.folder = command.folder.empty() ? nullptr : command.folder.c_str();
    raw.user = command.user.empty() ? nullptr : command.user.c_str();
    raw.owner = command.owner.value_or(0);
    raw.flags = (command.owner ? static_cast<std::uint32_t>(APIARY_RUN_OWNED) : 0U) |
                (command.log_too ? static_cast<std::uint32_t>(APIARY_RUN_TO_LOG) : 0U);
    raw.timeout_ms = static_cast<std::uint32_t>(command.timeout.count());
    if (command.line) {
        raw.context = &lines;
        raw.line = [](void* context, int is_error, char const* text) {
            auto& its = *static_cast<Lines*>(context);
            try {
                if (!its.thrown) {
                    its.each(is_error != 0, text);
                }
            } catch (...) {
                its.thrown = std::current_exception();
            }
        };
    }
    apiary_outcome outcome{};
    outcome.size = sizeof outcome;
    int const result = host().run(call_, &raw, &outcome);
    if (lines.thrown) {
        std::rethrow_exception(lines.thrown);
    }
    if (result != 0) {
        std::string const why = outcome.last_line;
        throw RunFault{outcome.error, command.argv.front() + " cannot be run" + (why.empty() ? "" : ": " + why)};
    }
    return {.status = outcome.status,
            .signal = outcome.signal,
            .timed_out = outcome.timed_out != 0,
            .canceled = outcome.canceled != 0,
            .last_line = outcome.last_line};
}

namespace detail {

// No exception leaves a function of a plugin.
template <typename Function>
auto guarded(apiary_call* raw, Function const& function) noexcept -> int {
    try {
        Call call{raw};
        function(call);
        return call.refused() ? APIARY_FAILED : APIARY_OK;
    } catch (Veto const& veto) {
        host->message(raw, APIARY_ERROR, nullptr, veto.what());
        return APIARY_VETO;
    } catch (ContributionRefused const&) {
        return APIARY_FAILED;  // the host has said why: its words are the reason
    } catch (std::exception const& error) {
        host->message(raw, APIARY_ERROR, nullptr, error.what());
    } catch (...) {
        host->message(raw, APIARY_ERROR, nullptr, "an exception of an unknown type");
    }
    return APIARY_FAILED;
}

template <typename Plugin>
auto init(apiary_self* its, void** plugin) noexcept -> int {
    self = its;
    try {
        if constexpr (std::constructible_from<Plugin, Host>) {
            *plugin = new Plugin{Host{}};
        } else {
            *plugin = new Plugin{};
        }
        return APIARY_OK;
    } catch (std::exception const& error) {
        host->log(its, nullptr, APIARY_ERROR, error.what());
    } catch (...) {
        host->log(its, nullptr, APIARY_ERROR, "an exception of an unknown type");
    }
    return APIARY_FAILED;
}

// What the declaration points to. It lives as long as the shared object.
struct Storage {
    Declaration declared;
    std::vector<apiary_key> keys;
    std::vector<char const*> before, after, events, capabilities;
    apiary_plugin plugin{};

    explicit Storage(Declaration its) : declared{std::move(its)} {
        for (auto& key : declared.keys) {
            keys.push_back(key.raw());
        }
        plugin.size = sizeof plugin;
        plugin.abi = APIARY_PLUGIN_ABI;
        plugin.name = declared.name.c_str();
        plugin.version = declared.version.c_str();
        plugin.doc = declared.doc.c_str();
        plugin.keys = keys.data();
        plugin.key_count = keys.size();
        plugin.key_size = sizeof(apiary_key);
        plugin.phase = static_cast<std::uint32_t>(declared.phase);
        plugin.flags = declared.flags;
        plugin.before = listed(declared.before, before);
        plugin.after = listed(declared.after, after);
        plugin.events = listed(declared.events, events);
        plugin.user = declared.user ? declared.user->c_str() : nullptr;
        plugin.capabilities = listed(declared.capabilities, capabilities);
        plugin.prestart_timeout_ms = static_cast<std::uint32_t>(declared.prestart_timeout.count());
        plugin.poststop_timeout_ms = static_cast<std::uint32_t>(declared.poststop_timeout.count());
        plugin.event_timeout_ms = static_cast<std::uint32_t>(declared.event_timeout.count());
    }
    static auto listed(std::vector<std::string> const& texts, std::vector<char const*>& into) -> char const* const* {
        for (auto const& text : texts) {
            into.push_back(text.c_str());
        }
        into.push_back(nullptr);
        return texts.empty() ? nullptr : into.data();
    }
};

template <typename Plugin>
auto entry(apiary_host const* its) -> apiary_plugin const* {
    host = its;
    static Storage storage{Plugin::declaration()};
    auto& plugin = storage.plugin;
    plugin.init = init<Plugin>;
    plugin.shutdown = [](void* object) { delete static_cast<Plugin*>(object); };
    if constexpr (requires(Call& call) { Plugin::configure(call); }) {
        plugin.configure = [](apiary_call* raw) { return guarded(raw, [](Call& call) { Plugin::configure(call); }); };
    }
    if constexpr (requires(Plugin& object, Call& call) { object.prestart(call); }) {
        plugin.prestart = [](void* object, apiary_call* raw) {
            return guarded(raw, [object](Call& call) { static_cast<Plugin*>(object)->prestart(call); });
        };
    }
    if constexpr (requires(Plugin& object, Call& call) { object.poststop(call); }) {
        plugin.poststop = [](void* object, apiary_call* raw) {
            return guarded(raw, [object](Call& call) { static_cast<Plugin*>(object)->poststop(call); });
        };
    }
    if constexpr (requires(Plugin& object, Call& call) { object.renew(call); }) {
        plugin.renew = [](void* object, apiary_call* raw) {
            return guarded(raw, [object](Call& call) { static_cast<Plugin*>(object)->renew(call); });
        };
    }
    if constexpr (requires(Plugin& object, Call& call) { object.event(call); }) {
        plugin.event = [](void* object, apiary_call* raw) {
            return guarded(raw, [object](Call& call) { static_cast<Plugin*>(object)->event(call); });
        };
    }
    if constexpr (requires(Plugin& object) { object.reload(); }) {
        plugin.reload = [](void* object) {
            try {
                static_cast<Plugin*>(object)->reload();
            } catch (std::exception const& error) {
                host->log(self, nullptr, APIARY_ERROR, error.what());
            }
        };
    }
    return &plugin;
}

}  // namespace detail
}  // namespace apiary::plugins

#define APIARY_PLUGIN(Type)                                                                         \
    extern "C" APIARY_PLUGIN_EXPORT auto apiary_plugin_entry(apiary_host const* host_of_the_plugin) \
        ->apiary_plugin const* {                                                                    \
        return ::apiary::plugins::detail::entry<Type>(host_of_the_plugin);                          \
    }
