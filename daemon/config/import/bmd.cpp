// bmd: the daemon reads its files as they are, so there is nothing to translate. What is written is an .include, with
// remarks on what will be different: found by reading the files as the daemon will.
#include <string>
#include <utility>

#include "config/import/sheet.hpp"
#include "config/load.hpp"
#include "config/write.hpp"

namespace apiary::config {

namespace {

class Bmd {
public:
    Bmd(std::string const& path, ImportOptions const& options)
        : path_{path}, loaded_{load_paths({path}, options.load)} {}

    auto run() -> ImportResult {
        ImportResult result;
        if (loaded_.ok) {
            globals();
            for (DefinitionPtr const& definition : loaded_.definitions) {
                vm(*definition);
            }
            result.text = write();
        }
        result.ok = loaded_.ok;
        result.diagnostics = std::move(loaded_.diagnostics);
        for (Diagnostic const& diagnostic : result.diagnostics) {
            result.ok = result.ok && diagnostic.severity != Severity::error;
        }
        result.diagnostics.insert(result.diagnostics.end(), notes_.begin(), notes_.end());
        return result;
    }

private:
    void note(std::string file, unsigned line, std::string vm, std::string key, std::string message) {
        notes_.push_back({std::move(file), line, line > 0 ? 1U : 0U, Severity::warning, std::move(vm), std::move(key),
                          std::move(message)});
    }

    void global(std::string const& value, char const* key, std::string message) {
        if (!value.empty()) {
            note(path_, 0, {}, key, std::move(message));
        }
    }

    void globals() {
        Globals const& all = loaded_.globals;
        global(all.cmd_socket_path, "cmd_socket_path", "without effect: programs talk to the daemon over D-Bus");
        global(all.cmd_socket_mode, "cmd_socket_mode",
               "without effect: who may do what is said by owner and visibility");
        global(all.pid_file, "pid_file", "without effect: see daemon(8) for one");
        global(all.plugin_directory, "plugin_directory", "without effect: bmd's plugins cannot be loaded");
        global(all.vars_directory, "vars_directory",
               "the UEFI variables of the VMs (boot entries) are not taken over from there");
        constexpr unsigned usual_offset = 200;
        if (all.nmdm_offset != usual_offset) {
            note(path_, 0, {}, "nmdm_offset", "without effect: consoles are reached by apiaryctl console");
        }
    }

    void vm(Definition const& definition) {
        Origin const& at = definition.origin;
        for (auto const& [plugin, settings] : definition.plugin_settings) {
            note(at.file(), at.line, definition.name, settings.empty() ? plugin : settings.front().key,
                 "needs the plugin " + plugin + ": the VM does not start without it");
        }
        if (definition.com[0].kind == ComPort::Kind::device) {
            note(at.file(), at.line, definition.name, "com1",
                 "apiaryctl console has a console where com1 is auto; this device stays as it is");
        }
    }

    auto write() const -> std::string {
        Writer writer;
        writer.comment("Made by \"apiaryctl import bmd\" from:");
        writer.comment("    " + path_);
        writer.comment(
            "The language is the same, so that file is read where it is and stays what you edit. In place of "
            "this text the daemon can be given the file itself.");
        for (auto const* list : {&loaded_.diagnostics, &notes_}) {
            for (Diagnostic const& diagnostic : *list) {
                writer.comment("! " + format(diagnostic), 2);
            }
        }
        writer.include(path_);
        return writer.take();
    }

    std::string path_;
    LoadResult loaded_;
    std::vector<Diagnostic> notes_;
};

}  // namespace

auto import_bmd(std::string const& path, ImportOptions const& options) -> ImportResult {
    return Bmd{path, options}.run();
}

}  // namespace apiary::config
