// The properties of a plugin.
#include <array>

#include "bus/properties.hpp"
#include "bus/text.hpp"

namespace apiary::bus {

namespace {

constexpr std::size_t max_plugin_text = 1024;   // of what a plugin declares
constexpr std::size_t max_plugin_error = 4096;  // and of a path
constexpr std::size_t max_plugin_words = 256;   // no plugin can declare more

auto words_of(std::vector<std::string> const& words) -> Value {
    Texts clean;
    for (auto const& word : words) {
        if (clean.size() == max_plugin_words) {
            break;
        }
        clean.push_back(clean_text(word, max_plugin_text));
    }
    return {std::move(clean)};
}

auto micros(std::chrono::microseconds time) -> Value {
    return {static_cast<std::uint64_t>(time.count())};
}

constexpr auto plugin_table = std::to_array<PluginProperty>({
    {"Name", "s", Emits::constant, [](PluginStatus const& one) { return Value{one.name}; }},
    {"Version", "s", Emits::changes,
     [](PluginStatus const& one) { return Value{clean_text(one.version, max_plugin_text)}; }},
    {"Description", "s", Emits::changes,
     [](PluginStatus const& one) { return Value{clean_text(one.doc, max_plugin_text)}; }},
    {"Path", "s", Emits::changes,
     [](PluginStatus const& one) { return Value{clean_text(one.path, max_plugin_error)}; }},
    {"State", "s", Emits::changes, [](PluginStatus const& one) { return Value{std::string{to_string(one.state)}}; }},
    {"LastError", "s", Emits::changes,
     [](PluginStatus const& one) { return Value{clean_text(one.error, max_plugin_error)}; }},
    {"Phase", "s", Emits::changes, [](PluginStatus const& one) { return Value{one.phase}; }},
    {"Keys", "as", Emits::changes, [](PluginStatus const& one) { return words_of(one.keys); }},
    {"Events", "as", Emits::changes, [](PluginStatus const& one) { return words_of(one.events); }},
    {"Pid", "u", Emits::changes, [](PluginStatus const& one) { return Value{static_cast<std::uint32_t>(one.pid)}; }},
    {"Restarts", "t", Emits::changes, [](PluginStatus const& one) { return Value{one.restarts}; }},
    {"Calls", "t", Emits::nothing, [](PluginStatus const& one) { return Value{one.calls}; }},
    {"Failures", "t", Emits::nothing, [](PluginStatus const& one) { return Value{one.failures}; }},
    {"UnderWay", "u", Emits::nothing, [](PluginStatus const& one) { return Value{one.under_way}; }},
    {"Strikes", "u", Emits::nothing, [](PluginStatus const& one) { return Value{one.strikes}; }},
    {"LatencyMean", "t", Emits::nothing, [](PluginStatus const& one) { return micros(one.latency_mean); }},
    {"LatencyMax", "t", Emits::nothing, [](PluginStatus const& one) { return micros(one.latency_most); }},
});

}  // namespace

auto plugin_properties() -> std::span<PluginProperty const> {
    return plugin_table;
}

}  // namespace apiary::bus
