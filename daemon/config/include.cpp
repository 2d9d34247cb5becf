// .include: evaluated before anything else is, hence with few variables; bounded for each owner.
#include "config/include.hpp"

#include <filesystem>
#include <variant>

#include "config/text.hpp"

namespace apiary::config {

namespace {

constexpr std::size_t longest_path = 4095;

// Relative to the folder of the file that it really is.
auto folder_of(FileText const& file) -> std::string {
    return file.folder ? *file.folder : std::string{folder_part(file.name)};
}

// As it was written, but without detours (d/../a, ./a) that lead where they seem to.
auto shown_name(std::string const& path, std::string const& real) -> std::string {
    if (!path.starts_with("./") && path.find("/./") == std::string::npos && path.find("../") == std::string::npos &&
        path.find("//") == std::string::npos) {
        return path;
    }
    std::string straight = std::filesystem::path{path}.lexically_normal();
    bool const same = straight.starts_with('/') ? real == straight : real.ends_with("/" + straight);
    return same ? straight : path;
}

}  // namespace

Includes::Includes(Context& context, Files* files) : context_{context}, files_{files} {
    if (context_.options.variables_before != nullptr) {
        for (auto const& [name, text] : *context_.options.variables_before) {
            before_[name] = {text, {}};
        }
    }
    before_["LOCALBASE"] = {context_.options.localbase, {}};
}

auto Includes::asker_of(uid_t owner) const -> Asker {
    return context_.trusts(owner) ? Asker{} : Asker{false, owner};
}

auto Includes::allowance(Asker const& whose) -> FileAllowance& {
    return allowances_.try_emplace(whose.uid, whose.trusted ? allowance_of_root : allowance_of_user).first->second;
}

// A file may be read once as root's and once as each user's, so that nobody can take it away from the other.
auto Includes::judge(FileLooks const& looks) -> Verdict {
    Asker const whose = asker_of(looks.owner);
    if (read_.contains({looks.id, whose.uid})) {
        return Verdict::again;
    }
    FileAllowance& left = allowance(whose);
    if (left.files == 0 || left.bytes < looks.size) {
        return Verdict::too_many;
    }
    --left.files;
    left.bytes -= looks.size;
    read_.insert({looks.id, whose.uid});
    return Verdict::wanted;
}

auto Includes::read(std::string const& path) -> Files::Answer {
    auto verdict = Verdict::wanted;
    auto answer = files_->read(path, Asker{}, [&](FileLooks const& looks) {
        verdict = judge(looks);
        return verdict == Verdict::wanted;
    });
    if (auto* const text = std::get_if<FileText>(&answer)) {
        text->name = path;
    } else if (verdict == Verdict::too_many) {
        return FileRefusal{.message = "there are too many files, or they are too large together"};
    }
    return answer;
}

void Includes::tell(SourceFile const& file, Include const& include, std::string message, Asker const& trouble_of,
                    bool harmless) {
    context_.diagnostics.add(file.index, trouble_of.trusted,
                             {.file = file.text->name,
                              .line = include.at.line,
                              .column = include.at.column,
                              .vm = {},
                              .key = {},
                              .message = std::move(message),
                              .trusted = trouble_of.trusted,
                              .owner = trouble_of.uid,
                              .harmless = harmless});
}

void Includes::tell_exhausted(SourceFile const& file, Include const& include, Asker const& whose) {
    if (!std::exchange(allowance(whose).told, true)) {
        tell(file, include,
             "there are too many included files of this owner, or they are too large together: this one and those "
             "after it are not read",
             whose);
    }
}

// Not reported: whether it is an error is seen when the globals are read.
void Includes::see_globals(SourceFile const& file, std::size_t from, std::size_t to, Variables& seen) {
    Scope const scope{nullptr, &seen, &before_};
    for (std::size_t i = from; i < to && i < file.tree.sections.size(); ++i) {
        Section const& section = file.tree.sections[i];
        if (section.kind != Section::Kind::global) {
            continue;
        }
        for (Statement const& statement : section.body) {
            if (statement.kind != Statement::Kind::variable) {
                continue;
            }
            auto text = evaluate(statement.values.front(), scope, file.from, context_.budget(file),
                                 [](Position, std::string const&) {});
            if (text) {
                seen[std::string{statement.name}] = std::move(*text);
            }
        }
    }
}

auto Includes::of(SourceFile const& file) -> std::vector<FileText> {
    std::vector<FileText> out;
    Variables seen;
    std::size_t sections = 0;
    for (Include const& include : file.tree.includes) {
        see_globals(file, sections, include.sections_before, seen);
        sections = include.sections_before;
        auto const path = evaluate(include.path, {nullptr, &seen, &before_}, file.from, context_.budget(file),
                                   [&](Position at, std::string message) {
                                       context_.report({&file, at, {}}, Severity::error, {}, {}, std::move(message));
                                   });
        if (path) {
            one(file, include, path->text, out);
        } else if (context_.budget(file).exhausted()) {
            tell_exhausted(file, include, asker_of(file.from.owner));
        }
    }
    return out;
}

void Includes::one(SourceFile const& file, Include const& include, std::string const& path,
                   std::vector<FileText>& out) {
    Asker const asker = asker_of(file.from.owner);
    if (files_ == nullptr || path.empty() || path.size() > longest_path) {
        tell(file, include,
             files_ == nullptr ? "no other file can be included here"
             : path.empty()    ? ".include names no file"
                               : "the path is too long",
             asker);
        return;
    }
    std::size_t& entries = allowance(asker).entries;
    auto const expansion = expand(*files_, folder_of(*file.text), path, asker, entries);
    bool const pattern = has_wildcards(path);
    bool found = false;
    // What was seen in a folder is there. What stands behind a wildcard (*/config) was not looked for.
    bool const unseen = pattern && !has_wildcards(std::string_view{path}.substr(folder_part(path).size()));
    for (std::string const& name : expansion.paths) {
        found = one_file(file, include, {name, unseen}, out) || found;
    }
    if (!expansion.complete) {
        tell_exhausted(file, include, asker);
    } else if (!found && pattern) {
        // An empty folder may be meant; one that is not there (not mounted?) may not be.
        tell(file, include, "no file matches " + quoted_text(path),
             expansion.trusted ? Asker{} : Asker{false, expansion.owner}, !expansion.refused);
    }
}

auto Includes::one_file(SourceFile const& file, Include const& include, Match const& match, std::vector<FileText>& out)
    -> bool {
    std::string const& path = match.path;
    auto verdict = Verdict::wanted;
    Asker whose;
    auto answer = files_->read(path, asker_of(file.from.owner), [&](FileLooks const& looks) {
        verdict = judge(looks);
        whose = asker_of(looks.owner);
        return verdict == Verdict::wanted;
    });
    if (auto* const text = std::get_if<FileText>(&answer)) {
        text->name = shown_name(path, text->real);
        out.push_back(std::move(*text));
        return true;
    }
    auto const* const refusal = std::get_if<FileRefusal>(&answer);
    if (refusal == nullptr) {
        if (verdict == Verdict::again) {
            tell(file, include, quoted_text(path) + " is included already: it is read once", whose, true);
        } else {
            tell_exhausted(file, include, whose);
            refused_.push_back({path, whose.trusted, whose.uid});
        }
        return true;
    }
    if (refusal->missing && match.unseen) {
        return false;
    }
    tell(file, include, quoted_text(path) + ": " + refusal->message,
         refusal->trusted ? Asker{} : Asker{false, refusal->owner});
    refused_.push_back({path, refusal->trusted, refusal->owner});
    return true;
}

}  // namespace apiary::config
