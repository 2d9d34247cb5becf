// The order of things: parse all files, read globals, gather templates, then each VM.
#include "config/load.hpp"

#include <tuple>
#include <utility>

#include "config/context.hpp"
#include "config/global_keys.hpp"
#include "config/reading.hpp"
#include "config/resolve.hpp"
#include "config/text.hpp"

namespace apiary::config {

namespace {

class Load {
public:
    Load(LoadOptions const& options, Files* files) : context_{options}, reading_{context_, files} {
        context_.files = files;
    }

    template <typename File>
    auto run(std::vector<File> const& files) -> LoadResult {
        for (File const& file : files) {
            reading_.add(file);
        }
        reading_.run();
        if (!reading_.failed()) {
            result_.globals = read_globals(context_, reading_.files());
            read_folders();
        }
        gather_all_templates();
        if (!reading_.failed()) {
            drop_failed_files();
            read_vms(context_, reading_.files(), result_);
        }
        reading_.list(result_);
        result_.ok = !reading_.failed();
        if (!result_.ok) {
            result_.definitions.clear();
            result_.ids.clear();
            result_.dropped_vms.clear();
        }
        for (auto const& [name, text] : context_.global) {
            result_.variables.insert_or_assign(name, text.text);
        }
        result_.trusted_uid = context_.options.trusted_uid;
        result_.trusted_errors = context_.diagnostics.trusted_errors();
        auto const& owners = context_.diagnostics.owners_with_errors();
        result_.owners_with_errors.assign(owners.begin(), owners.end());
        result_.diagnostics = context_.diagnostics.take();
        result_.unknown_keys = context_.unknown_keys;
        return std::move(result_);
    }

private:
    void read_folders() {
        for (std::string const& folder : context_.options.vmstated_folders) {
            reading_.read_folder(folder);
        }
        if (!result_.globals.vmstated_directory.empty()) {
            reading_.read_folder(result_.globals.vmstated_directory);
        }
    }

    void gather_all_templates() {
        for (bool const trusted : {true, false}) {  // so that a user's file loses against root's, wherever it stands
            for (SourceFile& file : reading_.files()) {
                if (file.from.trusted == trusted) {
                    gather_templates(file);
                }
            }
        }
    }

    // Two of one name make a file wrong as a whole. Other users' names are no business of his.
    void gather_templates(SourceFile& file) {
        if (file.tree.failed) {
            return;
        }
        Templates& own = file.from.trusted ? context_.templates : context_.own_templates[file.from.owner];
        for (Section const& section : file.tree.sections) {
            if (section.kind != Section::Kind::template_) {
                continue;
            }
            auto found = context_.templates.find(section.name);
            bool fresh = found == context_.templates.end();
            if (fresh) {
                std::tie(found, fresh) = own.emplace(section.name, Template{&section, &file});
            }
            if (!fresh) {
                Template const& first = found->second;
                context_.report({&file, section.name_at, {}}, Severity::error, {}, {},
                                "duplicate template " + quoted_text(section.name) + ": the first one is at " +
                                    first.file->text->name + ":" + std::to_string(first.section->name_at.line));
                reading_.fail(file);
            }
        }
    }

    void drop_failed_files() {
        for (auto& [owner, templates] : context_.own_templates) {
            std::erase_if(templates, [](auto const& entry) { return entry.second.file->tree.failed; });
        }
        for (SourceFile& file : reading_.files()) {
            if (file.tree.failed) {
                file.tree.sections.clear();
            }
        }
    }

    Context context_;
    Reading reading_;
    LoadResult result_;
};

}  // namespace

auto load_files(std::vector<FileText> const& files, LoadOptions const& options) -> LoadResult {
    return Load{options, options.files}.run(files);
}

auto load_paths(std::vector<std::string> const& paths, LoadOptions const& options) -> LoadResult {
    if (options.files != nullptr) {
        return Load{options, options.files}.run(paths);
    }
    auto const files = system_files(options.trusted_uid);
    return Load{options, files.get()}.run(paths);
}

}  // namespace apiary::config
