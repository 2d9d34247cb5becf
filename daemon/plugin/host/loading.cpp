#include "plugin/host/loading.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <utility>

#include "plugin/members.hpp"

namespace apiary::plugin::host {
namespace {

// What is declared is judged by who reads the declaration; here nothing is to grow without bound.
constexpr std::size_t longest_text = 4096;
constexpr std::size_t most_entries = 1000;

auto text_at(char const* text) -> std::string {
    return text == nullptr ? std::string{} : shortened({text, ::strnlen(text, longest_text)}, longest_text);
}

auto maybe_text(char const* text) -> std::optional<std::string> {
    return text == nullptr ? std::nullopt : std::optional{text_at(text)};
}

auto list_of(char const* const* texts) -> std::vector<std::string> {
    std::vector<std::string> all;
    for (; texts != nullptr && *texts != nullptr && all.size() < most_entries; ++texts) {
        all.push_back(text_at(*texts));
    }
    return all;
}

auto key_of(apiary_key const& key) -> Key {
    return {.name = text_at(key.name),
            .type = key.type <= APIARY_KEY_EXECUTABLE ? static_cast<KeyType>(key.type) : KeyType::text,
            .list = (key.flags & APIARY_KEY_LIST) != 0,
            .secret = (key.flags & APIARY_KEY_SECRET) != 0,
            .root_only = (key.flags & APIARY_KEY_ROOT_ONLY) != 0,
            .fallback = maybe_text(key.fallback),
            .doc = text_at(key.doc),
            .why = text_at(key.why),
            .words = list_of(key.words),
            .least = key.least,
            .most = key.most};
}

auto phase_of(std::uint32_t number) -> Phase {
    switch (number) {
        case APIARY_PHASE_NETWORK:
            return Phase::network;
        case APIARY_PHASE_STORAGE:
            return Phase::storage;
        case APIARY_PHASE_DEVICE:
            return Phase::device;
        default:
            return Phase::hook;
    }
}

auto declared_by(apiary_plugin const& plugin) -> Declaration {
    Declaration made;
    made.abi = plugin.abi;
    made.name = text_at(plugin.name);
    made.version = text_at(plugin.version);
    made.doc = text_at(plugin.doc);
    for (std::size_t i = 0; plugin.keys != nullptr && i < std::min(plugin.key_count, most_entries); ++i) {
        apiary_key key{};  // an older plugin's is shorter
        std::memcpy(&key, reinterpret_cast<char const*>(plugin.keys) + i * plugin.key_size,
                    std::min(plugin.key_size, sizeof key));
        made.keys.push_back(key_of(key));
    }
    made.phase = phase_of(plugin.phase);
    made.no_network = (plugin.flags & APIARY_PLUGIN_NO_NETWORK) != 0;
    made.all_vms = (plugin.flags & APIARY_PLUGIN_ALL_VMS) != 0;
    made.not_needed = (plugin.flags & APIARY_PLUGIN_NOT_NEEDED) != 0;
    made.own_events = (plugin.flags & APIARY_PLUGIN_OWN_EVENTS) != 0;
    made.renew_at_reboot = (plugin.flags & APIARY_PLUGIN_RENEW_AT_REBOOT) != 0;
    made.replay = (plugin.flags & APIARY_PLUGIN_REPLAY) != 0;
    made.before = list_of(plugin.before);
    made.after = list_of(plugin.after);
    made.events = list_of(plugin.events);
    made.user = maybe_text(plugin.user);
    made.capabilities = list_of(plugin.capabilities);
    auto const set = [](std::chrono::milliseconds& timeout, std::uint32_t given) {
        if (given != 0) {
            timeout = std::chrono::milliseconds{given};
        }
    };
    set(made.prestart_timeout, plugin.prestart_timeout_ms);
    set(made.poststop_timeout, plugin.poststop_timeout_ms);
    set(made.event_timeout, plugin.event_timeout_ms);
    made.has = {.configure = plugin.configure != nullptr,
                .prestart = plugin.prestart != nullptr,
                .poststop = plugin.poststop != nullptr,
                .renew = plugin.renew != nullptr,
                .event = plugin.event != nullptr,
                .reload = plugin.reload != nullptr};
    return made;
}

// The loader's words, about the file and not about the descriptor.
auto loader_error(std::string const& shown, std::string const& file) -> std::string {
    char const* const said = ::dlerror();
    std::string text = said == nullptr ? "it cannot be loaded" : shortened(said, longest_text);
    for (std::size_t at = 0; !shown.empty() && (at = text.find(shown, at)) != std::string::npos; at += file.size()) {
        text.replace(at, shown.size(), file);
    }
    return text;
}

}  // namespace

auto load(int descriptor, std::string const& file, apiary_host const& host) -> std::variant<Loaded, std::string> try {
    auto const [handle, shown] = open_object(descriptor);
    if (handle == nullptr) {
        return loader_error(shown, file);
    }
    auto const entry = reinterpret_cast<decltype(&apiary_plugin_entry)>(::dlsym(handle, "apiary_plugin_entry"));
    if (entry == nullptr) {
        return "it is no plugin of Apiary: it does not export apiary_plugin_entry";
    }
    apiary_plugin const* const given = entry(&host);
    if (given == nullptr) {
        return std::string{"it says that it cannot work with Apiary "} + APIARY_VERSION;
    }
    if (given->size < offsetof(apiary_plugin, name) || given->abi != APIARY_PLUGIN_ABI) {
        return "it was built for version " + std::to_string(given->abi) +
               " of the plugins' interface, and this Apiary has version " + std::to_string(APIARY_PLUGIN_ABI) +
               ": build it against this Apiary's apiary/plugin.h";
    }
    constexpr std::size_t first_version = sizeof(apiary_plugin), first_key = sizeof(apiary_key);
    if (given->size < first_version) {
        return "its declaration says that it has " + std::to_string(given->size) + " bytes, and has " +
               std::to_string(first_version) + " at least: set its size to sizeof(struct apiary_plugin)";
    }
    Loaded loaded;
    std::memcpy(&loaded.functions, given, std::min(std::size_t{given->size}, sizeof loaded.functions));
    if (loaded.functions.key_count > 0 && loaded.functions.key_size < first_key) {
        return "its declaration says that a key has " + std::to_string(loaded.functions.key_size) +
               " bytes, and it has " + std::to_string(first_key) +
               " at least: set key_size to sizeof(struct apiary_key)";
    }
    loaded.declaration = declared_by(loaded.functions);
    return loaded;
} catch (std::exception const& error) {
    return std::string{"an exception left apiary_plugin_entry: "} + error.what();
}

}  // namespace apiary::plugin::host
