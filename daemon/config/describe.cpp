// Definitions and global settings as a list of keys.
#include "config/describe.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "config/describe_values.hpp"
#include "config/keys.hpp"

namespace apiary::config {

namespace {

auto find_setting(Definition const& definition, std::string_view key) -> Setting const* {
    auto const found = std::find_if(definition.settings.begin(), definition.settings.end(),
                                    [&](Setting const& setting) { return setting.key == key; });
    return found != definition.settings.end() ? &*found : nullptr;
}

// Its values as they were written, where no part of the definition has them.
auto written(Setting const& setting, bool list) -> Neutral {
    if (!list && setting.values.size() == 1) {
        return Neutral{setting.values.front()};
    }
    NeutralList values;
    for (std::string const& text : setting.values) {
        values.emplace_back(text);
    }
    return Neutral{std::move(values)};
}

auto derived(std::string key, Neutral value) -> DescribedKey {
    DescribedKey made{.key = std::move(key), .value = std::move(value), .texts = {}, .origins = {}, .derived = true};
    made.texts = plain_texts(made.value);
    return made;
}

class Describer {
public:
    Describer(Definition const& definition, DescribeOptions const& options) : vm_{definition}, options_{options} {}

    auto run() -> std::vector<DescribedKey> {
        for (KeySpec const& key : core_keys()) {
            add(key.name, key.secret, key.list);
            add_parts(key.name);
        }
        for (Setting const& setting : vm_.settings) {  // of plugins
            if (!done(setting.key)) {
                add(setting.key, setting.secret, false);
            }
        }
        return std::move(keys_);
    }

private:
    [[nodiscard]] auto done(std::string_view key) const -> bool {
        return std::any_of(keys_.begin(), keys_.end(), [&](DescribedKey const& other) { return other.key == key; });
    }

    void add(std::string const& key, bool secret, bool list) {
        KeyView const* const view = find_view(key);
        Setting const* const setting = find_setting(vm_, key);
        if (view == nullptr && setting == nullptr) {
            return;
        }
        DescribedKey& made = keys_.emplace_back();
        made.key = key;
        made.derived = setting == nullptr && (key == "sockets" || key == "cores" || key == "threads");  // of ncpu
        made.secret = setting != nullptr && (secret || setting->secret);
        if (setting != nullptr) {
            made.origins = setting->origins;
        }
        if (made.secret && !options_.secrets) {
            return;
        }
        made.value = view != nullptr ? view->value(vm_) : written(*setting, list);
        made.texts = view != nullptr && view->texts != nullptr ? view->texts(vm_) : plain_texts(made.value);
    }

    // What a reader of the list wants to have beside the key that it is a part of.
    void add_parts(std::string_view key) {
        if (key == "name" && options_.id) {
            keys_.push_back(derived("id", Neutral{std::int64_t{*options_.id}}));
        } else if (key == "owner") {
            keys_.push_back(derived("group", vm_.group_name.empty() ? Neutral{} : Neutral{vm_.group_name}));
        }
    }

    Definition const& vm_;
    DescribeOptions const& options_;
    std::vector<DescribedKey> keys_;
};

}  // namespace

auto describe(Definition const& definition, DescribeOptions const& options) -> std::vector<DescribedKey> {
    return Describer{definition, options}.run();
}

auto describe(Globals const& globals) -> std::vector<DescribedKey> {
    std::vector<DescribedKey> keys;
    auto const add = [&](std::string key, Neutral value) {
        DescribedKey& made = keys.emplace_back();
        made.key = std::move(key);
        made.texts = plain_texts(value);
        made.value = std::move(value);
    };
    for (auto const& [key, text] :
         {std::pair{"cmd_socket_path", &globals.cmd_socket_path},
          std::pair{"cmd_socket_mode", &globals.cmd_socket_mode}, std::pair{"pid_file", &globals.pid_file},
          std::pair{"plugin_directory", &globals.plugin_directory},
          std::pair{"vars_directory", &globals.vars_directory}, std::pair{"log_directory", &globals.log_directory},
          std::pair{"run_directory", &globals.run_directory}, std::pair{"state_directory", &globals.state_directory},
          std::pair{"observers", &globals.observers}, std::pair{"vmstated_directory", &globals.vmstated_directory},
          std::pair{"journal_max_size", &globals.journal_max_size},
          std::pair{"journal_max_age", &globals.journal_max_age}}) {
        add(key, text->empty() ? Neutral{} : Neutral{*text});
    }
    add("nmdm_offset", Neutral{std::int64_t{globals.nmdm_offset}});
    add("max_starting", globals.max_starting ? Neutral{std::int64_t{*globals.max_starting}} : Neutral{});
    return keys;
}

}  // namespace apiary::config
