// Global keys as data, and how they are read.
#include "config/global_keys.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

#include "config/fields.hpp"
#include "config/text.hpp"

namespace apiary::config {

namespace {

enum class GlobalType { text, path, offset, group, size, age, starting };

struct GlobalKey {
    std::string_view name;
    GlobalType type;
    std::string Globals::*text;  // where it goes; offset, starting: none
    std::string_view doc;
};

constexpr std::array global_keys{
    GlobalKey{"cmd_socket_path", GlobalType::path, &Globals::cmd_socket_path, "of bmd: its control socket; no effect"},
    GlobalKey{"cmd_socket_mode", GlobalType::text, &Globals::cmd_socket_mode, "of bmd: mode of that; no effect"},
    GlobalKey{"pid_file", GlobalType::path, &Globals::pid_file, "file with the daemon's process id"},
    GlobalKey{"plugin_directory", GlobalType::path, &Globals::plugin_directory, "folder of plugins"},
    GlobalKey{"vars_directory", GlobalType::path, &Globals::vars_directory, "folder of the VMs' UEFI variables"},
    GlobalKey{"nmdm_offset", GlobalType::offset, nullptr, "first number of automatic nmdm devices"},
    GlobalKey{"log_directory", GlobalType::path, &Globals::log_directory, "folder of the VMs' logs"},
    GlobalKey{"run_directory", GlobalType::path, &Globals::run_directory, "folder of what belongs to running VMs"},
    GlobalKey{"state_directory", GlobalType::path, &Globals::state_directory, "folder of what outlives the daemon"},
    GlobalKey{"vmstated_directory", GlobalType::path, &Globals::vmstated_directory,
              "folder of vmstated's configuration, to be read as well"},
    GlobalKey{"journal_max_size", GlobalType::size, &Globals::journal_max_size, "bytes of the events that are kept"},
    GlobalKey{"journal_max_age", GlobalType::age, &Globals::journal_max_age, "how long events are kept"},
    GlobalKey{"max_starting", GlobalType::starting, nullptr, "how many VMs may be starting at once"},
    GlobalKey{"observers", GlobalType::group, &Globals::observers, "group whose members see every VM"},
};

class GlobalReader {
public:
    explicit GlobalReader(Context& context) : context_{context} {
        context_.global["LOCALBASE"] = {context_.options.localbase, {}};
    }

    void section(SourceFile const& file, Section const& section) {
        if (!file.from.trusted) {
            context_.diagnostics.add(
                file.index, false,
                {.file = file.text->name,
                 .line = section.at.line,
                 .column = section.at.column,
                 .vm = {},
                 .key = {},
                 .message = "a global section is not allowed in a file that does not belong to root: ignored",
                 .trusted = false,
                 .owner = file.from.owner,
                 .harmless = true});
            return;
        }
        for (Statement const& statement : section.body) {
            if (statement.kind == Statement::Kind::apply) {
                error(file, statement.at, {}, "templates are applied to VMs alone");
            } else if (statement.kind == Statement::Kind::variable) {
                if (auto text = value_of(file, statement)) {
                    context_.global[std::string{statement.name}] = std::move(*text);
                }
            } else {
                key(file, statement);
            }
        }
    }

    [[nodiscard]] auto take() -> Globals { return std::move(globals_); }

private:
    void error(SourceFile const& file, Position at, std::string_view key, std::string message) {
        context_.report({&file, at, {}}, Severity::error, {}, key, std::move(message));
    }

    auto value_of(SourceFile const& file, Statement const& statement) -> std::optional<Text> {
        Scope const scope{nullptr, nullptr, &context_.global};
        return evaluate(statement.values.front(), scope, file.from, context_.budget(file),
                        [&](Position at, std::string message) { error(file, at, {}, std::move(message)); });
    }

    void key(SourceFile const& file, Statement const& statement) {
        auto const found = std::find_if(global_keys.begin(), global_keys.end(),
                                        [&](GlobalKey const& key) { return key.name == statement.name; });
        if (found == global_keys.end()) {
            std::vector<std::string_view> names;
            names.reserve(global_keys.size());
            for (GlobalKey const& key : global_keys) {
                names.push_back(key.name);
            }
            error(file, statement.at, {},
                  "unknown global key " + quoted_text(statement.name) + did_you_mean(statement.name, names));
            return;
        }
        auto const text = value_of(file, statement);
        if (!text) {
            return;
        }
        auto const index = static_cast<std::size_t>(found - global_keys.begin());
        if (set_at_.at(index) > 0) {
            context_.report({&file, statement.at, {}}, Severity::warning, {}, found->name,
                            "set before, in line " + std::to_string(set_at_.at(index)) + ": ignored here");
            return;
        }
        if (auto const fault = set(*found, text->text)) {
            error(file, statement.at, found->name, "invalid value " + quoted_text(text->text) + ": " + *fault);
            return;
        }
        set_at_.at(index) = statement.at.line;
    }

    auto set(GlobalKey const& key, std::string const& text) -> ValueFault {
        constexpr std::int64_t most = 1'000'000;
        if (key.type == GlobalType::offset) {
            auto const number = parse_c_integer(text);
            if (!number || *number < 0 || *number > most) {
                return "a whole number from 0 to " + std::to_string(most) + " is needed";
            }
            globals_.nmdm_offset = static_cast<unsigned>(*number);
            return std::nullopt;
        }
        if (key.type == GlobalType::starting) {
            constexpr std::uint64_t most_starting = 10'000;
            auto const number = parse_unsigned(text);
            if (!number || *number < 1 || *number > most_starting) {
                return "a whole number from 1 to " + std::to_string(most_starting) + " is needed";
            }
            globals_.max_starting = static_cast<unsigned>(*number);
            return std::nullopt;
        }
        if (key.type == GlobalType::path && !text.starts_with('/')) {
            return "an absolute path is needed";
        }
        if (key.type == GlobalType::group) {
            auto const group = context_.accounts.group(text);
            if (!group) {
                return "there is no such group";
            }
            globals_.observers_gid = group->gid;
        }
        if (key.type == GlobalType::size) {
            constexpr std::int64_t least = std::int64_t{1024} * 1024;
            auto const bytes = parse_memory(text);
            if (!bytes || static_cast<std::int64_t>(*bytes) < least) {
                return "a size of at least 1M is needed, with K, M, G or T behind it";
            }
            globals_.journal_bytes = static_cast<std::int64_t>(*bytes);
        }
        if (key.type == GlobalType::age) {
            auto const age = parse_age(text);
            if (!age) {
                return "a time of at least a minute is needed, with m, h, d or w behind it: 30d";
            }
            globals_.journal_age = *age;
        }
        globals_.*key.text = text;
        return std::nullopt;
    }

    // Minutes, hours, days, weeks; a number alone counts days.
    static auto parse_age(std::string_view text) -> std::optional<std::chrono::seconds> {
        constexpr std::uint64_t longest = 3650;  // days, and of the other units: nobody means more
        std::chrono::seconds unit = std::chrono::hours{24};
        if (!text.empty() && (text.back() < '0' || text.back() > '9')) {
            switch (text.back()) {
                case 'm':
                    unit = std::chrono::minutes{1};
                    break;
                case 'h':
                    unit = std::chrono::hours{1};
                    break;
                case 'd':
                    break;
                case 'w':
                    unit = std::chrono::hours{24 * 7};
                    break;
                default:
                    return std::nullopt;
            }
            text.remove_suffix(1);
        }
        auto const number = parse_unsigned(text);
        return number && *number > 0 && *number <= longest * 24 * 60
                   ? std::optional{unit * static_cast<std::int64_t>(*number)}
                   : std::nullopt;
    }

    Context& context_;
    Globals globals_;
    std::array<std::uint32_t, global_keys.size()> set_at_{};  // line of the assignment that counts
};

}  // namespace

auto read_globals(Context& context, SourceFiles const& files) -> Globals {
    GlobalReader reader{context};
    for (SourceFile const& file : files) {
        if (file.tree.failed) {
            continue;
        }
        for (Section const& section : file.tree.sections) {
            if (section.kind == Section::Kind::global) {
                reader.section(file, section);
            }
        }
    }
    return reader.take();
}

}  // namespace apiary::config
