#include "config/vmstated/folder.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <variant>

#include "config/hook_scripts.hpp"
#include "config/vmstated/machines.hpp"

namespace apiary::config::vmstated {
namespace {

constexpr std::size_t most_folders = 100'000;
constexpr std::size_t most_names = 10'000;  // in the folder of one VM

class FolderReading {
public:
    FolderReading(ucl::ReaderOptions const& options, Files& files) : options_{options}, files_{files} {}

    auto run(std::string const& folder) -> FolderReader::Result {
        auto listing = files_.list(folder, Asker{}, most_folders);
        if (auto* const refusal = std::get_if<FileRefusal>(&listing)) {
            refuse(folder, std::move(*refusal));
            return std::move(result_);
        }
        auto& names = std::get<Files::Listing>(listing).names;
        if (!std::get<Files::Listing>(listing).complete) {
            refuse(folder, {.message = "there are more than " + std::to_string(most_folders) +
                                       " names in this folder: the others are left out"});
        }
        std::sort(names.begin(), names.end());
        for (std::string const& name : names) {
            if (!name.starts_with('.')) {
                machine(folder + "/" + name);
            }
        }
        parse();
        return std::move(result_);
    }

private:
    void refuse(std::string name, FileRefusal refusal) {
        result_.refused.push_back({std::move(name), std::move(refusal)});
    }

    void machine(std::string const& folder) {
        auto const path = folder + "/config";
        auto answer = files_.read(path, Asker{}, [](FileLooks const&) { return true; });
        if (auto* const text = std::get_if<FileText>(&answer)) {
            text->name = path;
            result_.files.push_back({std::make_unique<FileText>(std::move(*text)), {}});
            folders_.push_back(folder);
            return;
        }
        auto* const refusal = std::get_if<FileRefusal>(&answer);
        if (refusal == nullptr) {
            return;
        }
        if (refusal->missing) {
            auto const inside = files_.list(folder, Asker{}, most_names);
            if (!std::holds_alternative<Files::Listing>(inside)) {
                return;  // no folder: of no interest, as to vmstated
            }
            refusal->message = "there is no file config in this folder, so there is no VM";
        }
        refuse(path, std::move(*refusal));
    }

    // One child for all files of an owner.
    void parse() {
        std::map<uid_t, std::vector<std::size_t>> by_owner;
        for (std::size_t i = 0; i < result_.files.size(); ++i) {
            by_owner[result_.files[i].text->owner].push_back(i);
        }
        for (auto const& [owner, indices] : by_owner) {
            std::vector<FileText const*> texts;
            texts.reserve(indices.size());
            for (std::size_t const index : indices) {
                texts.push_back(result_.files[index].text.get());
            }
            auto parsed = ucl::parse_documents(options_, owner, texts);
            for (std::size_t i = 0; i < indices.size(); ++i) {
                ReadSyntax& syntax = result_.files[indices[i]].syntax;
                if (parsed[i].document) {
                    syntax = machines(*parsed[i].document, home(folders_[indices[i]]));
                } else {
                    syntax.tree.failed = true;
                    syntax.errors.push_back(std::move(parsed[i].error));
                }
            }
        }
    }

    auto home(std::string const& folder) -> Home {
        auto const listing = files_.list(folder, Asker{}, most_names);
        auto const* const names = std::get_if<Files::Listing>(&listing);
        bool const any =
            names != nullptr && std::any_of(names->names.begin(), names->names.end(), [](auto const& name) {
                return std::find(hook_scripts.begin(), hook_scripts.end(), name) != hook_scripts.end();
            });
        return {folder, any};
    }

    ucl::ReaderOptions const& options_;
    Files& files_;
    std::vector<std::string> folders_;  // beside result_.files
    FolderReader::Result result_;
};

}  // namespace

auto Folder::read(std::string const& folder, Files& files,
                  SyntaxReader const* /*ucl: these texts mean other things*/) const -> Result {
    auto name = folder;
    while (name.size() > 1 && name.ends_with('/')) {
        name.pop_back();
    }
    return FolderReading{options_, files}.run(name);
}

}  // namespace apiary::config::vmstated
