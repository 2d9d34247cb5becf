// Variables by name, with whose word their texts are.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace apiary::config {

// Whose word a text is. Trusted: every part of it was written in root's files.
struct Provenance {
    bool trusted = true;
    bool mixed = false;  // parts of it come from files of different owners, none of them root
    uid_t owner = 0;     // where not trusted: who owns the file

    void add(Provenance const& other);
    friend auto operator==(Provenance const&, Provenance const&) -> bool = default;
};

struct Text {
    std::string text;
    Provenance from;
};

// Mostly a handful, made anew for each VM and template: a list that keeps its room. Of many there is an index.
class Variables {
public:
    using Entry = std::pair<std::string, Text>;

    [[nodiscard]] auto find(std::string_view name) const -> Text const*;
    auto operator[](std::string_view name) -> Text&;  // empty where it is new; valid until the next new one
    void erase(std::string_view name);
    void clear();

    [[nodiscard]] auto begin() const -> Entry const* { return entries_.data(); }
    [[nodiscard]] auto end() const -> Entry const* { return entries_.data() + count_; }

private:
    static constexpr std::size_t none = static_cast<std::size_t>(-1);
    static constexpr std::size_t most_without_index = 16;

    [[nodiscard]] auto place_of(std::string_view name) const -> std::size_t;

    std::vector<Entry> entries_;  // behind the first `count_`: room to be used again
    std::size_t count_ = 0;
    std::map<std::string, std::size_t, std::less<>> index_;  // empty, or of all of them
};

}  // namespace apiary::config
