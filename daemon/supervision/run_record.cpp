#include "supervision/run_record.hpp"

#include <limits>
#include <nlohmann/json.hpp>

namespace apiary::supervision {
namespace {

using nlohmann::json;

constexpr int format_version = 1;

auto origin_to_json(Origin const& origin) -> json {
    return {{"file", origin.file()}, {"line", origin.line}, {"column", origin.column}, {"through", origin.through()}};
}

auto origin_from_json(json const& from) -> Origin {
    return {from.value("file", ""), from.value("line", 0U), from.value("column", 0U), from.value("through", "")};
}

auto setting_to_json(Setting const& setting) -> json {
    json origins = json::array();
    for (auto const& origin : setting.origins) {
        origins.push_back(origin_to_json(origin));
    }
    json to{{"key", setting.key}, {"origins", std::move(origins)}};
    if (setting.secret) {
        to["secret"] = true;  // and no values
    } else {
        to["values"] = setting.values;
    }
    return to;
}

auto setting_from_json(json const& from) -> Setting {
    Setting setting;
    setting.key = from.at("key").get<std::string>();
    setting.secret = from.value("secret", false);
    setting.values = from.value("values", std::vector<std::string>{});
    for (auto const& origin : from.value("origins", json::array())) {
        setting.origins.push_back(origin_from_json(origin));
    }
    return setting;
}

template <typename T>
auto id_from_json(json const& from) -> T {
    auto const value = from.get<std::uint64_t>();
    if (!from.is_number_unsigned() || value > std::numeric_limits<T>::max()) {
        throw std::out_of_range{"a number is out of range"};
    }
    return static_cast<T>(value);
}

}  // namespace

auto to_json(RunRecord const& record) -> std::string {
    json settings = json::array();
    for (auto const& setting : record.settings) {
        settings.push_back(setting_to_json(setting));
    }
    json to{{"format", format_version},
            {"name", record.name},
            {"id", record.id},
            {"incarnation", record.incarnation},
            {"owner", record.owner},
            {"visibility", to_string(record.visibility)},
            {"backend", to_string(record.backend)},
            {"boot_id", record.boot_id},
            {"started_us", record.started_us},
            {"settings", std::move(settings)}};
    if (record.group) {
        to["group"] = *record.group;
    }
    // A path may hold bytes that are no UTF-8: they are replaced, the record is for reading.
    return to.dump(1, ' ', false, json::error_handler_t::replace) + '\n';
}

auto run_record_from_json(std::string const& text, std::string const& run_dir)
    -> std::variant<RunRecord, DamagedRecord> {
    try {
        auto const from = json::parse(text);
        if (from.at("format").get<int>() != format_version) {
            return DamagedRecord{"it has format " + from.at("format").dump() + ", not " +
                                 std::to_string(format_version)};
        }
        RunRecord record;
        record.run_dir = run_dir;
        record.name = from.at("name").get<std::string>();
        record.id = id_from_json<unsigned>(from.at("id"));
        record.incarnation = id_from_json<std::uint64_t>(from.at("incarnation"));
        record.owner = id_from_json<uid_t>(from.at("owner"));
        if (from.contains("group")) {
            record.group = id_from_json<gid_t>(from.at("group"));
        }
        record.visibility = from.at("visibility").get<std::string>() == to_string(Visibility::all) ? Visibility::all
                                                                                                   : Visibility::owner;
        record.backend = from.at("backend").get<std::string>() == to_string(BackendKind::bhyve) ? BackendKind::bhyve
                                                                                                : BackendKind::qemu;
        record.boot_id = from.value("boot_id", "");
        record.started_us = from.value("started_us", std::int64_t{0});
        for (auto const& setting : from.value("settings", json::array())) {
            record.settings.push_back(setting_from_json(setting));
        }
        if (auto const fault = name_fault(record.name)) {
            return DamagedRecord{"its VM's name is not allowed: " + *fault};
        }
        return record;
    } catch (std::exception const& error) {  // json's own and ours: all mean the same here
        return DamagedRecord{error.what()};
    }
}

}  // namespace apiary::supervision
