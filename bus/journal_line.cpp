// Events as lines of JSON.
#include "bus/journal_line.hpp"

#include <nlohmann/json.hpp>

#include "bus/event_record.hpp"
#include "bus/text.hpp"

namespace apiary::bus {

namespace {

using Json = nlohmann::ordered_json;

auto json_of(Dict const& entries) -> Json {
    auto json = Json::object();
    for (auto const& entry : entries) {
        json[entry.key] = std::visit(
            [](auto const& plain) -> Json {
                using Type = std::decay_t<decltype(plain)>;
                if constexpr (std::is_same_v<Type, Dict>) {
                    return json_of(plain);
                } else if constexpr (std::is_same_v<Type, ObjectPath>) {
                    return plain.path;
                } else {
                    return plain;
                }
            },
            entry.value.data);
    }
    return json;
}

void append(Json const& json, std::string& out) {
    out += json.dump(-1, ' ', false, Json::error_handler_t::replace);
    out += '\n';
}

}  // namespace

auto JournalLines::begin(std::uint64_t after) const -> std::string {
    std::string line;
    append({{"control", "begin"}, {"after", after}, {"stream", stream_}}, line);
    return line;
}

void JournalLines::event(Event const& event, std::string& out) const {
    constexpr std::size_t max_name = 256;
    append({{"seq", event.seq},
            {"vm_seq", event.vm_seq},
            {"stream", stream_},
            {"time", to_micros(event.wall)},
            {"vm", clean_text(event.vm, max_name)},
            {"type", to_string(event.type)},
            {"state", event.vm.empty() ? std::string_view{} : to_string(event.state)},
            {"sub_state", to_string(event.sub_state)},
            {"reason", to_string(event.reason)},
            {"details", json_of(details_of(event))}},
           out);
}

void JournalLines::through(std::uint64_t seq, std::string& out) const {
    append({{"control", "through"}, {"seq", seq}, {"stream", stream_}}, out);
}

void JournalLines::truncated(std::uint64_t oldest, std::string& out) const {
    append({{"control", "truncated"}, {"oldest", oldest}, {"stream", stream_}}, out);
}

}  // namespace apiary::bus
