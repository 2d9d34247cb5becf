#include "plugins/test/options.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string_view>
#include <system_error>

namespace apiary::plugin_test {
namespace {

constexpr char const* usage =
    R"(Usage: apiary-plugin-test FILE.so [option]...

Loads a plugin alone, in a real apiary-plugin-host, and leads a VM through its whole life: describe, configure, prestart,
events, renew, poststop (twice), a start that is called off, reload, shutdown. Prints what came of each. Ends with 0 if all
went well, with 1 if something did not, with 2 if it was called wrongly.

  --set KEY=VALUE       a setting of the VM, which the daemon would take; several times: a list. Keys of the plugin have
                        their defaults
  --secret NAME=VALUE   a secret that the plugin may ask for
  --field NAME=VALUE    a field of the events that it hears, beside state=running
  --vm NAME             the VM's name (test)
  --state FOLDER        the plugin's state folder (one in /tmp, which is removed)
  --bus ADDRESS         the bus that the plugin is told (none)
  --veto                the plugin is to veto the start: anything else is a failure
  --host PROGRAM        apiary-plugin-host (the one that belongs to this program)
  --help                this

As root the plugin's process gets the rights that it declares; as somebody else it runs as that user.
)";

// Of a word that is_pair().
auto split(std::string const& text) -> std::pair<std::string, std::string> {
    auto const at = text.find('=');
    return {text.substr(0, at), text.substr(at + 1)};
}
auto is_pair(std::string_view text) -> bool {
    auto const at = text.find('=');
    return at != std::string_view::npos && at != 0;
}

// The file that this program was begun as, by its name or through PATH.
auto own_file(std::string const& name) -> std::filesystem::path {
    std::error_code error;
    if (name.find('/') != std::string::npos) {
        return std::filesystem::canonical(name, error);
    }
    char const* const searched = std::getenv("PATH");
    std::istringstream folders{searched == nullptr ? "" : searched};
    for (std::string folder; std::getline(folders, folder, ':');) {
        auto found = std::filesystem::canonical(std::filesystem::path{folder} / name, error);
        if (!error) {
            return found;
        }
    }
    return {};
}

// It lies beside this program in a build, and in libexec of an installation.
auto find_helper(std::string const& own_name, char const* helper) -> std::string {
    std::error_code error;
    auto const folder = own_file(own_name).parent_path();
    for (auto const& path : {folder / helper, (folder / APIARY_LIBEXECDIR_FROM_BINDIR / helper).lexically_normal()}) {
        if (std::filesystem::exists(path, error)) {
            return path;
        }
    }
    return {};
}

auto takes_pair(std::string_view name) -> bool {
    return name == "--set" || name == "--secret" || name == "--field";
}

auto take(Options& options, std::string_view name, std::string const& value) -> bool {
    if (name == "--set") {
        auto const [key, set] = split(value);
        auto const found = std::find_if(options.settings.begin(), options.settings.end(),
                                        [&](auto const& one) { return one.first == key; });
        if (found == options.settings.end()) {
            options.settings.push_back({key, {set}});
        } else {
            found->second.push_back(set);
        }
    } else if (name == "--secret") {
        options.secrets.insert(split(value));
    } else if (name == "--field") {
        options.fields.push_back(split(value));
    } else if (name == "--vm") {
        options.vm = value;
    } else if (name == "--state") {
        options.state = value;
    } else if (name == "--bus") {
        options.bus = value;
    } else if (name == "--host") {
        options.host = value;
    } else {
        return false;
    }
    return true;
}

}  // namespace

auto read_options(int argc, char** argv) -> std::variant<Options, Refusal> {
    Options options;
    for (int i = 1; i < argc; ++i) {
        std::string_view const word = argv[i];
        if (word == "--help" || word == "-h") {
            return Refusal{usage, true};
        }
        if (word == "--veto") {
            options.expects_veto = true;
        } else if (!word.starts_with('-') && options.file.empty()) {
            options.file = word;
        } else if (i + 1 < argc && takes_pair(word) && !is_pair(argv[i + 1])) {
            return Refusal{std::string{word} + " " + argv[i + 1] + ": a name, = and a value are needed (see --help)"};
        } else if (i + 1 == argc || !take(options, word, argv[++i])) {
            return Refusal{"unknown, or without its value: " + std::string{word} + " (see --help)"};
        }
    }
    if (options.file.empty()) {
        return Refusal{"which plugin? (see --help)"};
    }
    if (options.host.empty()) {
        options.host = find_helper(argv[0], "apiary-plugin-host");
    }
    options.reader = find_helper(argv[0], "apiary-config");
    if (options.host.empty()) {
        return Refusal{"apiary-plugin-host is not found: say where it is with --host"};
    }
    return options;
}

}  // namespace apiary::plugin_test
