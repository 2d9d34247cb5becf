#include "ctl/config_json.hpp"

#include "ctl/failure.hpp"
#include "ctl/json_line.hpp"

namespace apiary::ctl {

namespace {

// A text that is no UTF-8 comes as {"hex": "..."}: what a terminal could not show becomes \xNN, as it would be written.
auto text_from(Json const& json) -> std::string {
    if (json.is_string()) {
        return json.get<std::string>();
    }
    std::string text;
    if (json.is_object() && json.contains("hex")) {
        auto const digits = json["hex"].get<std::string>();
        constexpr int base = 16, first_non_ascii = 0x80;
        for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
            auto const pair = digits.substr(i, 2);
            int const byte = std::stoi(pair, nullptr, base);
            text += byte < first_non_ascii ? std::string(1, static_cast<char>(byte)) : "\\x" + pair;
        }
    }
    return text;
}

auto origins_from(Json const& json) -> std::vector<ConfigOrigin> {
    std::vector<ConfigOrigin> origins;
    for (auto const& one : json) {
        origins.push_back({.file = text_from(one.at("file")),
                           .line = one.at("line").get<std::uint64_t>(),
                           .column = one.at("column").get<std::uint64_t>(),
                           .through = text_from(one.at("template"))});
    }
    return origins;
}

auto texts_from(Json const& json) -> Strings {
    Strings texts;
    for (auto const& one : json) {
        texts.push_back(text_from(one));
    }
    return texts;
}

// The settings are the members of "texts", and the secrets, in the order of the document.
auto vm_from(Json const& json) -> VmConfig {
    VmConfig vm{.name = text_from(json.at("name")), .settings = {}};
    auto const& texts = json.at("texts");
    auto const& origins = json.at("origins");
    auto const secret = texts_from(json.at("secret"));
    for (auto const& [key, value] : json.items()) {
        bool const hidden = std::ranges::find(secret, key) != secret.end();
        if (!hidden && !texts.contains(key)) {
            continue;
        }
        ConfigSetting setting{.key = key, .values = {}, .origins = {}};
        if (texts.contains(key)) {
            setting.values = texts_from(texts[key]);
        }
        if (origins.contains(key)) {
            setting.origins = origins_from(origins[key]);
        }
        setting.given = !setting.origins.empty();
        setting.secret = hidden;
        vm.settings.push_back(std::move(setting));
    }
    return vm;
}

auto origin_json(ConfigOrigin const& origin) -> Json {
    return {{"file", origin.file},
            {"line", origin.line},
            {"column", origin.column},
            {"template", origin.through.empty() ? Json(nullptr) : Json(origin.through)}};
}

}  // namespace

auto read_document(std::string const& text) -> ConfigDocument {
    try {
        auto const json = Json::parse(text);
        ConfigDocument document{.loaded = json.at("load") == "ok",
                                .vm_count = json.at("vm_count").get<std::uint64_t>(),
                                .vms = {},
                                .errors = {}};
        if (json.contains("vms")) {
            for (auto const& vm : json["vms"]) {
                document.vms.push_back(vm_from(vm));
            }
        }
        for (auto const& error : json.at("errors")) {
            document.errors.push_back({text_from(error.at("severity")), text_from(error.at("text")),
                                       text_from(error.value("vm", Json(nullptr)))});
        }
        return document;
    } catch (Json::exception const& error) {
        throw Failure{ExitCode::failed,
                      std::string{"apiary-config said something else than was expected: "} + error.what(),
                      "Is it of another version than apiaryctl?"};
    }
}

auto config_json(std::vector<VmConfig> const& vms, bool pending) -> std::string {
    Json json{{"load", "ok"}, {"which", pending ? "pending" : "running"}, {"vms", Json::array()}};
    for (auto const& vm : vms) {
        Json texts = Json::object(), origins = Json::object(), secret = Json::array();
        for (auto const& setting : vm.settings) {
            if (!setting.values.empty()) {
                texts[setting.key] = setting.values;
            }
            for (auto const& origin : setting.origins) {
                origins[setting.key].push_back(origin_json(origin));
            }
            if (setting.secret) {
                secret.push_back(setting.key);
            }
        }
        json["vms"].push_back({{"name", vm.name}, {"origins", origins}, {"texts", texts}, {"secret", secret}});
    }
    return line(json);
}

auto plan_json(std::vector<VmPlan> const& plans, Values const& result) -> std::string {
    Json json{{"vms", Json::array()},
              {"complete", flag_of(result, "details-complete", true)},
              {"added", strings_of(result, "added")},
              {"changed", strings_of(result, "changed")},
              {"removed", strings_of(result, "removed")},
              {"diagnostics", strings_of(result, "diagnostics")}};
    for (auto const& plan : plans) {
        Json one{{"name", plan.name}, {"action", plan.action}, {"effect", plan.effect}};
        if (!plan.why.empty()) {
            one["why"] = plan.why;
        }
        one["keys"] = Json::array();
        for (auto const& key : plan.keys) {
            one["keys"].push_back(
                {{"key", key.key}, {"before", key.before}, {"after", key.after}, {"effect", key.effect}});
        }
        json["vms"].push_back(std::move(one));
    }
    return line(json);
}

}  // namespace apiary::ctl
