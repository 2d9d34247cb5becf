// From a sheet to a text that loads: VMs are tried on the reader one by one, and what it refuses is taken out of them.
#include "config/import/sheet.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <set>
#include <unordered_map>
#include <utility>

#include "config/text.hpp"
#include "config/write.hpp"

namespace apiary::config {

namespace {

constexpr std::size_t most_diagnostics = 1000;
constexpr std::string_view lost = "! ";  // begins each comment on something that was not carried over

// What is checked is the text, not this host: its files may be anything.
class AnyHost final : public Host {
public:
    [[nodiscard]] auto look(std::string const& path) const -> FileLook override {
        return path.starts_with("/dev/") ? FileLook{FileLook::Kind::character_device, false}
                                         : FileLook{FileLook::Kind::regular, true};
    }
    [[nodiscard]] auto cpus() const -> unsigned override { return 0; }
};

void write_rows(Writer& writer, VmSheet const& vm, bool remarks) {
    std::set<std::string_view> seen;
    for (VmSheet::Row const& row : vm.rows) {
        std::string_view const remark = remarks ? std::string_view{row.remark} : std::string_view{};
        if (seen.insert(row.key).second) {
            writer.set(row.key, {row.value}, remark);
        } else {
            writer.append(row.key, row.value, remark);
        }
    }
}

auto place_text(Place const& at) -> std::string {
    return at.line > 0 ? at.file + ':' + std::to_string(at.line) : at.file;
}

auto note_text(Note const& note) -> std::string {
    std::string text{lost};
    for (std::string const& part : {place_text(note.at), note.key}) {
        text += part.empty() ? "" : part + ": ";
    }
    return text + note.message;
}

class Finisher {
public:
    Finisher(Sheet sheet, ImportOptions const& options) : sheet_{std::move(sheet)}, options_{options.load} {
        options_.host = &any_host();
        if (options_.files == nullptr) {  // for what a VM refers to: the base file of a bhyve
            own_files_ = system_files(options_.trusted_uid);
            options_.files = own_files_.get();
        }
        options_.id_of = {};
        options_.default_backend = BackendKind::bhyve;
        backend_faults_ = std::exchange(options_.backend_faults, {});
    }

    auto run() -> ImportResult {
        for (VmSheet& vm : sheet_.vms) {
            check(vm);
        }
        if (!sheet_.vms.empty()) {
            write();
            result_.text = writer_.take();
        }
        result_.ok = sheet_.errors.empty() && !sheet_.vms.empty();
        tell();
        return std::move(result_);
    }

private:
    void check(VmSheet& vm) {
        if (vm.refused.empty()) {
            if (auto const fault = name_fault(vm.name)) {
                vm.refused = "the name cannot be used: " + *fault;
            } else if (auto const [other, fresh] = names_.emplace(name_key(vm.name), place_text(vm.at)); !fresh) {
                vm.refused = "there is a VM of this name already, from " + other->second;
            }
        }
        while (vm.refused.empty() && !loads(vm)) {
        }
        if (!vm.refused.empty()) {
            sheet_.error(vm.at, "left out: " + vm.refused);
            sheet_.errors.back().vm = vm.name;
        }
    }

    // False: something was taken out, and it is to be tried again.
    auto loads(VmSheet& vm) -> bool {
        Writer writer;
        writer.open_vm(vm.name);
        write_rows(writer, vm, false);
        writer.close();
        LoadResult const loaded = load_files({{"", 0, writer.text()}}, options_);
        for (Diagnostic const& diagnostic : loaded.diagnostics) {
            bool const of_row = diagnostic.line >= 2 && diagnostic.line - 2 < vm.rows.size();
            auto const row = of_row ? vm.rows.begin() + (diagnostic.line - 2) : vm.rows.end();
            if (diagnostic.severity == Severity::error && !of_row) {
                vm.refused = (diagnostic.key.empty() ? "" : diagnostic.key + ": ") + diagnostic.message;
                return false;
            }
            if (diagnostic.severity == Severity::error) {
                vm.note(row->at, row->source,
                        row->key + " = " + quoted_text(row->value) + " is not possible: " + diagnostic.message);
                vm.rows.erase(row);
                return false;
            }
        }
        if (loaded.definitions.size() != 1) {
            vm.refused = "it cannot be read";
            return false;
        }
        for (Diagnostic const& warning : loaded.diagnostics) {
            bool const of_row = warning.line >= 2 && warning.line - 2 < vm.rows.size();
            vm.note(of_row ? vm.rows[warning.line - 2].at : vm.at, warning.key, warning.message);
        }
        what_the_backend_says(vm, *loaded.definitions.front());
        return true;
    }

    void what_the_backend_says(VmSheet& vm, Definition const& definition) {
        if (!backend_faults_) {
            return;
        }
        for (Hypervisor::Fault const& fault : backend_faults_(definition)) {
            vm.note({}, fault.key, "the daemon will leave this VM out: " + fault.text);
        }
    }

    void write() {
        writer_.comment("Made by \"apiaryctl import " + std::string{to_string(sheet_.kind)} + "\" from:");
        for (std::string const& source : sheet_.sources) {
            writer_.comment("    " + source);
        }
        writer_.comment("Look it through before it is used. What could not be carried over stands behind \"# !\".");
        for (std::string const& paragraph : sheet_.preface) {
            writer_.comment("");
            writer_.comment(paragraph);
        }
        if (!sheet_.notes.empty()) {
            writer_.blank();
        }
        write_notes(sheet_.notes);
        for (VmSheet const& vm : sheet_.vms) {
            writer_.blank();
            writer_.comment(vm.at.file.empty() ? vm.name : place_text(vm.at));
            if (vm.refused.empty()) {
                write_vm(writer_, vm);
            } else {
                write_refused(vm);
            }
        }
    }

    void write_notes(std::vector<Note> const& notes) {
        for (Note const& note : notes) {
            writer_.comment(note_text(note), lost.size());
        }
    }

    static void write_vm(Writer& writer, VmSheet const& vm) {
        writer.open_vm(vm.name);
        write_rows(writer, vm, true);
        for (Note const& note : vm.notes) {
            writer.comment(note_text(note), lost.size());
        }
        writer.close();
    }

    // As a comment, to be completed by hand.
    void write_refused(VmSheet const& vm) {
        writer_.comment(std::string{lost} + "left out: " + vm.refused, lost.size());
        Writer section;
        write_vm(section, vm);
        std::string_view text = section.text();
        text.remove_suffix(1);
        for (std::string_view const line : split(text, '\n')) {
            writer_.verbatim_comment(line);
        }
    }

    void tell() {
        for (Diagnostic& error : sheet_.errors) {
            result_.diagnostics.push_back(std::move(error));
        }
        for (Note const& note : sheet_.notes) {
            push(note, {});
        }
        for (VmSheet const& vm : sheet_.vms) {
            for (Note const& note : vm.notes) {
                push(note, vm.name);
            }
        }
        if (auto const all = result_.diagnostics.size(); all > most_diagnostics) {
            result_.diagnostics.resize(most_diagnostics);
            result_.diagnostics.push_back({{},
                                           0,
                                           0,
                                           Severity::warning,
                                           {},
                                           {},
                                           std::to_string(all - most_diagnostics) + " more messages are not shown"});
        }
    }

    void push(Note const& note, std::string const& vm) {
        result_.diagnostics.push_back(
            {note.at.file, note.at.line, note.at.line > 0 ? 1U : 0U, Severity::warning, vm, note.key, note.message});
    }

    Sheet sheet_;
    LoadOptions options_;
    std::unique_ptr<Files> own_files_;
    std::function<std::vector<Hypervisor::Fault>(Definition const&)> backend_faults_;
    std::unordered_map<std::string, std::string> names_;
    Writer writer_;
    ImportResult result_;
};

}  // namespace

void Sheet::error(Place const& place, std::string message) {
    errors.push_back({place.file, place.line, place.line > 0 ? 1U : 0U, Severity::error, {}, {}, std::move(message)});
}

auto any_host() -> Host const& {
    static AnyHost const host;
    return host;
}

auto finish_sheet(Sheet sheet, ImportOptions const& options) -> ImportResult {
    return Finisher{std::move(sheet), options}.run();
}

}  // namespace apiary::config
