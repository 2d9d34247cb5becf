// Files that a fuzzer has made up: the input is cut at each byte 0x1e, the byte after it says whose the file is.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/files.hpp"

namespace apiary::fuzz {

inline constexpr uid_t alice = 1001, bob = 1002;

// "/c/0.conf", "/c/1.conf" …
class Files final : public config::Files {
public:
    explicit Files(std::string_view input) {
        constexpr std::size_t most = 40;
        uid_t owner = 0;
        while (texts_.size() < most) {
            auto const end = input.find('\x1e');
            texts_.emplace_back(owner, std::string{input.substr(0, end)});
            if (end == std::string_view::npos || end + 1 >= input.size()) {
                break;
            }
            owner = input[end + 1] == 'a' ? alice : input[end + 1] == 'b' ? bob : 0;
            input.remove_prefix(end + 2);
        }
    }

    [[nodiscard]] auto owner_of(std::string const& path) const -> uid_t {
        auto const index = index_of(path);
        return index < texts_.size() ? texts_[index].first : 0;
    }

    auto read(std::string const& path, config::Asker const& asker, Wanted const& wanted) -> Answer override {
        auto const index = index_of(path);
        if (index >= texts_.size()) {
            return config::FileRefusal{"no such file", true, asker.trusted, asker.uid};
        }
        auto const& [owner, text] = texts_[index];
        if (!asker.trusted && owner != asker.uid) {
            return config::FileRefusal{"access denied", false, false, asker.uid};
        }
        config::FileId const id{1, index};
        if (!wanted({id, owner, text.size()})) {
            return NotWanted{};
        }
        return config::FileText{path, owner, text, {}, id};
    }

    auto list(std::string const& folder, config::Asker const& asker, std::size_t most)
        -> std::variant<Listing, config::FileRefusal> override {
        if (folder != "/c" && folder != "/c/") {
            return config::FileRefusal{"no such folder", true, asker.trusted, asker.uid};
        }
        Listing listing;
        for (std::size_t i = 0; i < std::min(texts_.size(), most); ++i) {
            listing.names.push_back(std::to_string(i) + ".conf");
        }
        listing.complete = texts_.size() <= most;
        return listing;
    }

private:
    [[nodiscard]] auto index_of(std::string_view path) const -> std::size_t {
        constexpr std::string_view before = "/c/", behind = ".conf";
        if (!path.starts_with(before) || !path.ends_with(behind) || path.size() <= before.size() + behind.size() ||
            path.size() > before.size() + behind.size() + 2) {
            return texts_.size();
        }
        path = path.substr(before.size(), path.size() - before.size() - behind.size());
        std::size_t index = 0;
        for (char const c : path) {
            if (c < '0' || c > '9') {
                return texts_.size();
            }
            index = index * 10 + static_cast<std::size_t>(c - '0');
        }
        return index;
    }

    std::vector<std::pair<uid_t, std::string>> texts_;
};

}  // namespace apiary::fuzz
