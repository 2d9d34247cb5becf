// Files that a test has made up: by normal path, with owners and modes.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "config/files.hpp"

namespace apiary::config {

class MemoryFiles final : public Files {
public:
    struct File {
        std::string text;
        uid_t owner = 0;
        mode_t mode = 0644;
    };
    std::map<std::string, File> files;
    std::size_t listed = 0, opened = 0;  // how often

    [[nodiscard]] auto read(std::string const& path, Asker const& asker, Wanted const& wanted) -> Answer override {
        ++opened;
        std::string const normal = normalized(path);
        auto const found = files.find(normal);
        bool const there = found != files.end();
        if (!there || !may_read(asker, found->second)) {
            if (there || !is_folder(normal) || !asker.trusted) {
                return refusal("cannot open: not there", asker, !there);
            }
            return refusal("is a folder", asker, false);
        }
        File const& file = found->second;
        FileText text;
        text.owner = asker.trusted ? file.owner : asker.uid;
        text.id = {1, static_cast<std::uint64_t>(std::distance(files.begin(), found)) + 1};
        if (!wanted({text.id, text.owner, file.text.size()})) {
            return NotWanted{};
        }
        text.text = file.text;
        text.real = normal;
        return text;
    }

    [[nodiscard]] auto list(std::string const& folder, Asker const& asker, std::size_t most)
        -> std::variant<Listing, FileRefusal> override {
        ++listed;
        std::string const start = normalized(folder.empty() ? "." : folder) + "/";
        std::set<std::string> names;
        for (auto const& [path, file] : files) {
            std::string const full = start == "./" ? "./" + path : path;
            if (full.starts_with(start)) {
                names.insert(full.substr(start.size(), full.find('/', start.size()) - start.size()));
            }
        }
        if (names.empty()) {
            return refusal("cannot open: not there", asker, true);
        }
        Listing out;
        for (auto const& name : names) {
            if (out.names.size() >= most) {
                out.complete = false;
                break;
            }
            out.names.push_back(name);
        }
        return out;
    }

private:
    static auto normalized(std::string const& path) -> std::string {
        std::string normal = std::filesystem::path{path}.lexically_normal();
        while (normal.size() > 1 && normal.ends_with('/')) {
            normal.pop_back();
        }
        return normal;
    }
    static auto may_read(Asker const& asker, File const& file) -> bool {
        return asker.trusted || file.owner == asker.uid || (file.owner == 0 && (file.mode & 0044) == 0044);
    }
    static auto refusal(std::string text, Asker const& asker, bool missing) -> FileRefusal {
        return {std::move(text), missing || !asker.trusted, asker.trusted, asker.trusted ? 0 : asker.uid};
    }
    [[nodiscard]] auto is_folder(std::string const& path) const -> bool {
        auto const after = files.lower_bound(path + "/");
        return after != files.end() && after->first.starts_with(path + "/");
    }
};

}  // namespace apiary::config
