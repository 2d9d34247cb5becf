// The order of things: parse all files, gather templates, read globals, then each VM.
#include "config/load.hpp"

#include <map>
#include <utility>

#include "config/context.hpp"
#include "config/finish.hpp"
#include "config/global_keys.hpp"
#include "config/parser.hpp"
#include "config/text.hpp"
#include "config/vm_reader.hpp"

namespace apiary::config {

namespace {

class Load {
public:
    Load(std::vector<FileText> const& texts, LoadOptions const& options) : context_{options} {
        files_.reserve(texts.size());  // others point at them
        for (FileText const& text : texts) {
            SourceFile& file = files_.emplace_back();
            file.text = &text;
            file.index = files_.size() - 1;
            file.from = {context_.trusts(text.owner), false, text.owner};
        }
    }

    auto run() -> LoadResult {
        for (SourceFile& file : files_) {
            read_syntax(file);
        }
        for (bool const trusted : {true, false}) {  // so that a user's file loses against root's, wherever it stands
            for (SourceFile& file : files_) {
                if (file.from.trusted == trusted) {
                    gather_templates(file);
                }
            }
        }
        if (!failed_) {
            drop_failed_files();
            result_.globals = read_globals(context_, files_);
            read_vms();
        }
        result_.ok = !failed_;
        result_.diagnostics = context_.diagnostics.take();
        return std::move(result_);
    }

private:
    struct Candidate {
        Draft draft;
        unsigned id = 0;
        bool lost = false;  // another definition has its name
    };

    void fail(SourceFile& file) {
        file.tree.failed = true;
        failed_ = failed_ || file.from.trusted;
    }

    void read_syntax(SourceFile& file) {
        if (file.text->text.size() > largest_file) {
            context_.report({&file, {0, 0}, {}}, Severity::error, {}, {}, "the file is too large");
            fail(file);
            return;
        }
        file.tree = parse(file.text->text, [&](Position at, std::string message) {
            context_.report({&file, at, {}}, Severity::error, {}, {}, std::move(message));
        });
        if (file.tree.failed) {
            fail(file);
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
                fail(file);
            }
        }
    }

    void drop_failed_files() {
        for (SourceFile& file : files_) {
            if (!file.tree.failed) {
                continue;
            }
            if (auto const own = context_.own_templates.find(file.from.owner); own != context_.own_templates.end()) {
                std::erase_if(own->second, [&](auto const& entry) { return entry.second.file == &file; });
            }
            file.tree.sections.clear();
            result_.dropped_files.push_back(file.text->name);
        }
    }

    void read_vms() {
        for (SourceFile const& file : files_) {
            for (Section const& section : file.tree.sections) {
                if (section.kind == Section::Kind::vm) {
                    unsigned const id = id_for(section.name);
                    candidates_.push_back({VmReader{context_, file, section}.read(id), id});
                }
            }
        }
        settle_names();
        for (Candidate& candidate : candidates_) {
            if (candidate.lost || name_fault(candidate.draft.vm.name)) {
                continue;
            }
            auto name = candidate.draft.vm.name;
            auto definition = candidate.draft.dropped ? nullptr : finish(context_, std::move(candidate.draft));
            if (!definition) {
                result_.dropped_vms.push_back(std::move(name));
                continue;
            }
            result_.definitions.push_back(std::move(definition));
            result_.ids.push_back(candidate.id);
        }
    }

    // By the name of the section, whatever becomes of it. A VM that is dropped keeps its number.
    auto id_for(std::string_view name) -> unsigned {
        if (name_fault(name)) {
            return 0;  // it is dropped before the number could be used
        }
        auto const& id_of = context_.options.id_of;
        return id_of ? id_of(name)
                     : counted_.emplace(name_key(name), static_cast<unsigned>(counted_.size())).first->second;
    }

    // Of two definitions of one name root's wins, then the first one. That holds for a dropped one too: nobody takes
    // over the name of a VM by its definition being wrong for a while.
    void settle_names() {
        std::map<std::string, Candidate*> holders;
        for (bool const trusted : {true, false}) {
            for (Candidate& candidate : candidates_) {
                Draft const& draft = candidate.draft;
                if (draft.section.file->from.trusted != trusted || name_fault(draft.vm.name)) {
                    continue;
                }
                auto const [holder, fresh] = holders.emplace(name_key(draft.vm.name), &candidate);
                if (!fresh) {
                    candidate.lost = true;
                    report_duplicate(draft, holder->second->draft);
                }
            }
        }
    }

    void report_duplicate(Draft const& loser, Draft const& winner) {
        bool const same_owner = loser.section.file->text->owner == winner.section.file->text->owner;
        bool const may_know = loser.section.file->from.trusted || winner.section.file->from.trusted || same_owner;
        std::string const where =
            may_know ? ": see " + winner.name.file->text->name + ":" + std::to_string(winner.name.at.line)
                     : std::string{};
        context_.report(loser.name, Severity::error, loser.section_name, "name",
                        "there is a VM " + quoted_text(loser.vm.name) + " already" + where);
    }

    Context context_;
    std::vector<SourceFile> files_;
    std::vector<Candidate> candidates_;
    std::map<std::string, unsigned> counted_;
    LoadResult result_;
    bool failed_ = false;
};

}  // namespace

auto load_files(std::vector<FileText> const& files, LoadOptions const& options) -> LoadResult {
    return Load{files, options}.run();
}

auto load_paths(std::vector<std::string> const& paths, LoadOptions const& options) -> LoadResult {
    std::vector<FileText> files;
    std::vector<Diagnostic> refused;
    std::vector<std::string> dropped;
    bool failed = false;
    for (std::string const& path : paths) {
        auto file = read_file(path, options.trusted_uid);
        if (auto* const text = std::get_if<FileText>(&file)) {
            files.push_back(std::move(*text));
            continue;
        }
        auto& refusal = std::get<FileRefusal>(file);
        bool const of_other = refusal.owner_known && refusal.owner != 0 && refusal.owner != options.trusted_uid;
        failed = failed || !of_other;
        dropped.push_back(path);
        refused.push_back(std::move(refusal.diagnostic));
    }
    LoadResult result = load_files(files, options);
    result.diagnostics.insert(result.diagnostics.begin(), refused.begin(), refused.end());
    result.dropped_files.insert(result.dropped_files.end(), dropped.begin(), dropped.end());
    if (failed) {
        result.ok = false;
        result.definitions.clear();
        result.ids.clear();
        result.dropped_vms.clear();
    }
    return result;
}

}  // namespace apiary::config
