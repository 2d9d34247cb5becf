#include "plugins/test/reading.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "plugin/members.hpp"
#include "plugins/test/arguments.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration): FreeBSD's headers have none

namespace apiary::plugin_test {
namespace {

namespace fs = std::filesystem;
using plugin::Json;

// What is read lies in a folder that nobody else can write to, or the daemon's reader would not take it.
class Folder {
public:
    Folder() {
        std::string pattern = "/tmp/apiary-plugin-test-XXXXXX";
        path_ = ::mkdtemp(pattern.data()) == nullptr ? "" : pattern;
    }
    ~Folder() {
        std::error_code ignored;
        if (!path_.empty()) {
            fs::remove_all(path_, ignored);
        }
    }
    Folder(Folder const&) = delete;
    auto operator=(Folder const&) -> Folder& = delete;
    [[nodiscard]] auto path() const -> fs::path const& { return path_; }

private:
    fs::path path_;
};

auto quoted(std::string const& text) -> std::string {
    std::string made = "'";
    for (char const c : text) {
        made += c == '\n' ? "\\n" : c == '\'' || c == '\\' ? std::string{'\\', c} : std::string{c};
    }
    return made + "'";
}

struct Line {
    std::string key, text;
};

// One setting a line, from the second on: so each fault is known by its line.
auto lines_of(Options const& options) -> std::vector<Line> {
    std::vector<Line> lines;
    for (auto const& [key, values] : options.settings) {
        for (auto const& value : values) {
            auto const* const how = &value == &values.front() ? " = " : " += ";
            lines.push_back({key, key + how + quoted(value) + ";"});
        }
    }
    return lines;
}

// What no VM does without.
auto configuration_text(std::vector<Line> const& lines, std::string const& vm) -> std::string {
    auto text = "vm " + quoted(vm) + " {\n";
    bool const has_memory =
        std::any_of(lines.begin(), lines.end(), [](auto const& one) { return one.key == "memory"; });
    for (auto const& line : lines) {
        text += line.text + '\n';
    }
    return text + (has_memory ? "" : "memory = 16M;\n") + "}\n";
}

auto content_of(fs::path const& path) -> std::string {
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>{file}, {}};
}

// Empty: it ran. What it printed is in the folder.
auto run(std::vector<std::string> words, fs::path const& folder) -> std::string {
    auto const argv = pointers_to(words);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    constexpr int how = O_WRONLY | O_CREAT | O_TRUNC;
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, (folder / "told").c_str(), how, 0600);
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, (folder / "remarks").c_str(), how, 0600);
    pid_t pid = -1;
    int const error = ::posix_spawn(&pid, words.front().c_str(), &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
        return words.front() + ": " + std::strerror(error);
    }
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) && WEXITSTATUS(status) < 2 ? std::string{}
                                                        : words.front() + ": " + content_of(folder / "remarks");
}

auto is_declared(plugin::Declaration const& declared, std::string const& key) -> bool {
    return std::any_of(declared.keys.begin(), declared.keys.end(), [&](auto const& one) { return one.name == key; });
}

void take_faults(Reading& reading, Json const& document, std::vector<Line> const& lines,
                 plugin::Declaration const& declared) {
    for (auto const& one : document.value("errors", Json::array())) {
        auto const line = plugin::number_of(one, "line");
        auto message = plugin::text_of(one, "message");
        bool const of_a_setting = line >= 2 && line - 2 < lines.size();
        // The plugin's own words come as it is asked itself.
        if (!of_a_setting || plugin::text_of(one, "severity") != "error" || message.starts_with("plugin ")) {
            continue;
        }
        auto const& key = lines[line - 2].key;
        bool const unknown = plugin::text_of(one, "key") != key;
        auto& list = unknown || is_declared(declared, key) ? reading.setting_faults : reading.remarks;
        if (!unknown) {
            message.insert(0, key + ": ");
        }
        list.push_back(std::move(message));
    }
}

// What is to be read. Throws.
void lay_out(fs::path const& folder, Options const& options, std::vector<Line> const& lines) {
    auto const plugins = folder / "plugins";
    auto const file = plugins / fs::path{options.file}.filename();
    fs::create_directory(plugins);
    fs::copy_file(options.file, file);
    std::ofstream{folder / "apiary.conf"} << configuration_text(lines, options.vm);
    // What looks at the plugin runs without root's rights, and sees nothing but that.
    fs::permissions(folder / "apiary.conf", fs::perms::owner_read);
    constexpr auto seen = fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec |
                          fs::perms::others_read | fs::perms::others_exec;
    for (auto const& path : {file, plugins, folder}) {
        fs::permissions(path, seen);
    }
}

// Empty: there is an answer.
auto ask(fs::path const& folder, Options const& options, std::vector<Line> const& lines) -> std::string {
    if (options.reader.empty()) {
        return "apiary-config is not found";
    }
    if (folder.empty()) {
        return "no folder can be made in /tmp";
    }
    try {
        lay_out(folder, options, lines);
    } catch (fs::filesystem_error const& error) {
        return error.what();
    }
    return run({options.reader, "show", "--own-daemon", "--plugins", "--plugin-dir", folder / "plugins",
                folder / "apiary.conf"},
               folder);
}

}  // namespace

auto read_as_the_daemon(Options const& options, plugin::Declaration const& declared) -> Reading {
    Reading reading;
    Folder const folder;
    auto const lines = lines_of(options);
    reading.trouble = ask(folder.path(), options, lines);
    auto const document = Json::parse(content_of(folder.path() / "told"), nullptr, false);
    if (!reading.trouble.empty() || !document.is_object()) {
        reading.trouble = reading.trouble.empty() ? "apiary-config gives no answer" : reading.trouble;
        return reading;
    }
    auto const own = "plugin " + declared.name + ": ";
    std::ifstream remarks{folder.path() / "remarks"};
    for (std::string line; std::getline(remarks, line);) {
        if (line.starts_with(own)) {
            reading.key_faults.push_back(line.substr(own.size()));
        }
    }
    if (reading.key_faults.empty()) {  // else its keys are none
        take_faults(reading, document, lines, declared);
    }
    return reading;
}

}  // namespace apiary::plugin_test
