#include "hypervisor/qmp_message.hpp"

#include <nlohmann/json.hpp>

namespace apiary::hypervisor {
namespace {

using Json = nlohmann::json;

constexpr int depth_bound = 32;          // what QEMU says is 4 deep
constexpr std::size_t text_bound = 512;  // of what is shown to people

auto text_of(Json const& object, char const* key) -> std::string {
    auto const found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>().substr(0, text_bound)
                                                       : std::string{};
}

auto number_of(Json const& object, char const* key) -> std::int64_t {
    auto const found = object.find(key);
    // Far from the ends of the type: what is made of it can be added and multiplied.
    constexpr std::int64_t most = std::int64_t{1} << 40U;
    if (found == object.end() || !found->is_number_integer()) {
        return 0;
    }
    auto const value = found->get<std::int64_t>();
    return value < 0 || value > most ? 0 : value;
}

auto child(Json const& object, char const* key) -> Json const& {
    static Json const none = Json::object();
    auto const found = object.find(key);
    return found != object.end() && found->is_object() ? *found : none;
}

auto event_from(Json const& object) -> QmpMessage {
    auto const& data = child(object, "data");
    auto const& stamp = child(object, "timestamp");
    QmpMessage message{.kind = QmpMessage::Kind::event, .text = {}, .status = {}, .name = text_of(object, "event")};
    message.reason = text_of(data, "reason");
    message.action = text_of(data, "action");
    message.device = text_of(data, "device");
    message.when_us =
        number_of(stamp, "seconds") % (std::int64_t{1} << 40U) * 1'000'000 + number_of(stamp, "microseconds");
    return message;
}

auto garbage(std::string text) -> QmpMessage {
    QmpMessage message;
    message.kind = QmpMessage::Kind::garbage;
    message.text = std::move(text);
    return message;
}

}  // namespace

auto parse_qmp(std::string_view line) -> QmpMessage {
    bool too_deep = false;
    auto const shallow = [&](int depth, Json::parse_event_t event, Json const& /*value*/) {
        if (depth > depth_bound &&
            (event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start)) {
            too_deep = true;
        }
        return !too_deep;
    };
    auto const object = Json::parse(line, shallow, false);
    if (too_deep || !object.is_object()) {
        return garbage(too_deep ? "nested too deeply" : "not a JSON object");
    }
    QmpMessage message;
    if (object.contains("QMP")) {
        message.kind = QmpMessage::Kind::greeting;
    } else if (object.contains("event")) {
        message = event_from(object);
    } else if (object.contains("return")) {
        message.kind = QmpMessage::Kind::reply;
        message.id = static_cast<std::uint64_t>(number_of(object, "id"));
        message.status = text_of(child(object, "return"), "status");
    } else if (object.contains("error")) {
        message.kind = QmpMessage::Kind::error;
        message.id = static_cast<std::uint64_t>(number_of(object, "id"));
        message.text = text_of(child(object, "error"), "desc");
    }
    return message;
}

}  // namespace apiary::hypervisor
