// Levels of inclusion: the files of one are all parsed before the next one is opened.
#include "config/reading.hpp"

#include <map>
#include <variant>

#include "config/parser.hpp"
#include "config/text.hpp"

namespace apiary::config {

namespace {

auto is_ucl(FileText const& file) -> bool {
    return file.name.ends_with(".ucl");
}

}  // namespace

auto Reading::enter(FileText const& text) -> SourceFile& {
    SourceFile& file = sources_.emplace_back();
    file.text = &text;
    file.index = sources_.size() - 1;
    file.from = {context_.trusts(text.owner), false, text.owner};
    return file;
}

void Reading::add(FileText const& text) {
    enter(text);
}

void Reading::add(std::string const& path) {
    auto answer = includes_.read(path);
    if (auto* const text = std::get_if<FileText>(&answer)) {
        enter(texts_.emplace_back(std::move(*text)));
    } else if (auto* const refusal = std::get_if<FileRefusal>(&answer)) {
        refuse(path, std::move(refusal->message), refusal->trusted ? Asker{} : Asker{false, refusal->owner});
        failed_ = failed_ || refusal->trusted;
    } else {
        context_.diagnostics.add(
            sources_.size(), true,
            {.file = path, .vm = {}, .key = {}, .message = "named twice: it is read once", .harmless = true});
    }
}

void Reading::refuse(std::string const& path, std::string message, Asker const& trouble_of) {
    context_.diagnostics.add(sources_.size(), trouble_of.trusted,
                             {.file = path,
                              .vm = {},
                              .key = {},
                              .message = std::move(message),
                              .trusted = trouble_of.trusted,
                              .owner = trouble_of.uid});
    refused_.push_back({path, trouble_of.trusted, trouble_of.uid});
}

void Reading::fail(SourceFile& file) {
    file.tree.failed = true;
    failed_ = failed_ || file.from.trusted;
}

void Reading::run() {
    while (next_ < sources_.size()) {
        std::size_t const from = next_;
        next_ = sources_.size();
        for (std::size_t i = from; i < next_; ++i) {
            if (!is_ucl(*sources_[i].text)) {
                read_bmd(sources_[i]);
            }
        }
        read_ucl(from);
        for (std::size_t i = from; i < next_; ++i) {
            if (sources_[i].tree.failed || sources_[i].tree.includes.empty()) {
                continue;
            }
            for (FileText& text : includes_.of(sources_[i])) {
                enter(texts_.emplace_back(std::move(text)));
            }
        }
    }
}

void Reading::read_bmd(SourceFile& file) {
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

void Reading::read_ucl(std::size_t from) {
    std::map<uid_t, std::vector<std::size_t>> by_owner;
    for (std::size_t i = from; i < next_; ++i) {
        if (is_ucl(*sources_[i].text)) {
            by_owner[sources_[i].text->owner].push_back(i);
        }
    }
    for (auto const& [owner, indices] : by_owner) {
        std::vector<FileText const*> texts;
        texts.reserve(indices.size());
        for (std::size_t const index : indices) {
            texts.push_back(sources_[index].text);
        }
        auto answers =
            context_.options.ucl != nullptr ? context_.options.ucl->read(owner, texts) : std::vector<ReadSyntax>{};
        for (std::size_t i = 0; i < indices.size(); ++i) {
            if (i >= answers.size()) {
                answers.emplace_back().errors.emplace_back(
                    Position{0, 0},
                    "this file is UCL, which cannot be read here: libucl is missing (write it in the "
                    "language of apiary.conf, or install apiary with its UCL reader)");
            }
            take_syntax(sources_[indices[i]], std::move(answers[i]));
        }
    }
}

// A folder's files each hold a VM of their own: one that is wrong is no reason to refuse the others.
void Reading::take_syntax(SourceFile& file, ReadSyntax syntax, bool of_folder) {
    file.tree = std::move(syntax.tree);
    unsigned reported = 0;
    for (auto& [at, message] : syntax.errors) {
        if (reported++ < most_syntax_errors) {
            context_.report({&file, at, {}}, Severity::error, {}, {}, std::move(message));
        }
    }
    if (of_folder) {
        file.tree.failed = file.tree.failed || !syntax.errors.empty();
    } else if (file.tree.failed || !syntax.errors.empty()) {
        fail(file);
    }
}

void Reading::read_folder(std::string const& path) {
    FolderReader const* const reader = context_.options.vmstated;
    if (reader == nullptr || files_ == nullptr) {
        refuse(path, "a vmstated folder cannot be read here: libucl is missing", Asker{});
        failed_ = true;
        return;
    }
    auto result = reader->read(path, *files_, context_.options.ucl);
    for (auto& [text, syntax] : result.files) {
        take_syntax(enter(*text), std::move(syntax), true);
        other_texts_.push_back(std::move(text));
    }
    for (auto& [name, refusal] : result.refused) {
        refuse(name, std::move(refusal.message), refusal.trusted ? Asker{} : Asker{false, refusal.owner});
    }
    next_ = sources_.size();
}

void Reading::list(LoadResult& result) {
    auto refused = includes_.take_refused();
    refused.insert(refused.begin(), refused_.begin(), refused_.end());
    for (SourceFile const& file : sources_) {
        result.files.push_back({file.text->name, file.from.trusted, file.text->owner, file.tree.failed});
    }
    for (auto& [name, trusted, owner] : refused) {
        result.files.push_back({std::move(name), trusted, owner, true});
    }
    for (auto const& file : result.files) {
        if (file.dropped) {
            result.dropped_files.push_back(file.name);
        }
    }
}

}  // namespace apiary::config
