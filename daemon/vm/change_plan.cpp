#include "vm/change_plan.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace apiary {
namespace {

using Settings = std::vector<Setting>;

auto find(Settings const& settings, std::string_view key) -> Setting const* {
    auto const it =
        std::find_if(settings.begin(), settings.end(), [key](Setting const& one) { return one.key == key; });
    return it == settings.end() ? nullptr : &*it;
}

// Both are in the order of the key table.
auto same_for_the_guest(Settings const& before, Settings const& after) -> bool {
    auto const next = [](auto at, auto end) {
        return std::find_if(at, end, [](Setting const& one) { return !holds_at_once(one.key); });
    };
    auto a = next(before.begin(), before.end());
    auto b = next(after.begin(), after.end());
    while (a != before.end() && b != after.end() && same_value(*a, *b)) {
        a = next(a + 1, before.end());
        b = next(b + 1, after.end());
    }
    return a == before.end() && b == after.end();
}

auto shown(Setting const* setting) -> std::vector<std::string> {
    if (setting == nullptr) {
        return {};
    }
    if (setting->secret) {
        return {"(secret)"};
    }
    return {setting->values.begin(), setting->values.end()};
}

class Differences {
public:
    explicit Differences(ChangeEffect waits) : waits_{waits} {}

    void of(Settings const& before, Settings const& after) {
        auto old = before.begin();
        for (auto const& setting : after) {
            auto const* const counterpart = find(before, setting.key);
            if (counterpart != nullptr) {
                for (; old != before.end() && old->key != setting.key; ++old) {
                    note_gone(*old, after);
                }
                if (old != before.end()) {
                    ++old;
                }
            }
            if (counterpart == nullptr || !same_value(*counterpart, setting)) {
                add(setting.key, shown(counterpart), shown(&setting));
            }
        }
        for (; old != before.end(); ++old) {
            note_gone(*old, after);
        }
    }

    // The text is the same, or there is none; what it stands for is not.
    void of_meaning(std::string_view key, bool differs, Definition const& before, Definition const& after,
                    std::string_view before_text = {}, std::string_view after_text = {}) {
        if (!differs || has(key)) {
            return;
        }
        auto const values = [key](Definition const& definition, std::string_view text) {
            auto found = shown(find(definition.settings, key));
            if (found.empty() && !text.empty()) {
                found.emplace_back(text);
            }
            return found;
        };
        add(key, values(before, before_text), values(after, after_text));
    }

    [[nodiscard]] auto waits() const -> bool {
        return std::any_of(all_.begin(), all_.end(), [](KeyChange const& one) { return !holds_at_once(one.key); });
    }
    void add(std::string_view key, std::vector<std::string> before, std::vector<std::string> after) {
        all_.push_back({.key = std::string{key},
                        .before = std::move(before),
                        .after = std::move(after),
                        .effect = holds_at_once(key) ? ChangeEffect::now : waits_});
    }
    [[nodiscard]] auto take() -> std::vector<KeyChange> { return std::move(all_); }

private:
    [[nodiscard]] auto has(std::string_view key) const -> bool {
        return std::any_of(all_.begin(), all_.end(), [key](KeyChange const& one) { return one.key == key; });
    }
    void note_gone(Setting const& old, Settings const& after) {
        if (find(after, old.key) == nullptr) {
            add(old.key, shown(&old), {});
        }
    }

    ChangeEffect waits_;
    std::vector<KeyChange> all_;
};

auto owner_text(Definition const& definition) -> std::string {
    auto text = definition.owner_name.empty() ? std::to_string(definition.owner) : definition.owner_name;
    if (definition.group) {
        text += ":" + (definition.group_name.empty() ? std::to_string(*definition.group) : definition.group_name);
    }
    return text;
}

void compare_meaning(Differences& found, Definition const& a, Definition const& b) {
    found.of_meaning("owner", a.owner != b.owner || a.group != b.group || a.file_owner != b.file_owner, a, b,
                     owner_text(a), owner_text(b));
    found.of_meaning("visibility", a.visibility != b.visibility, a, b, to_string(a.visibility),
                     to_string(b.visibility));
    found.of_meaning("backend", a.backend != b.backend, a, b, to_string(a.backend), to_string(b.backend));
    found.of_meaning("loader", a.loader != b.loader, a, b, to_string(a.loader), to_string(b.loader));
    found.of_meaning("memory", a.memory_bytes != b.memory_bytes, a, b, a.memory_text, b.memory_text);
    found.of_meaning("disk", a.disks != b.disks, a, b);
    found.of_meaning("iso", a.isos != b.isos, a, b);
    found.of_meaning("network", a.nics != b.nics, a, b);
    found.of_meaning("sharefs", a.shares != b.shares, a, b);
    found.of_meaning("graphics_path", a.graphics.path != b.graphics.path, a, b);
    for (std::size_t i = 0; i < std::size(a.com); ++i) {
        found.of_meaning("com" + std::to_string(i + 1), !(a.com[i] == b.com[i]), a, b);
    }
    found.of_meaning("kernel", a.kernel != b.kernel, a, b);
    found.of_meaning("initrd", a.initrd != b.initrd, a, b);
    found.of_meaning("err_logfile", a.err_logfile != b.err_logfile, a, b);
}

}  // namespace

auto holds_at_once(std::string_view key) -> bool {
    static constexpr auto keys = std::to_array<std::string_view>(
        {"after", "boot", "boot_delay", "stop_timeout", "reboot_on_change", "maxrestart", "maxrestarttime"});
    return std::find(keys.begin(), keys.end(), key) != keys.end();
}

auto same_for_the_guest(Definition const& before, Definition const& after) -> bool {
    return same_apart_from_values(before, after) && same_for_the_guest(before.settings, after.settings);
}

auto changed_keys(Definition const* before, Definition const& after, ChangeEffect waits) -> std::vector<KeyChange> {
    Differences found{waits};
    static Settings const nothing;
    found.of(before != nullptr ? before->settings : nothing, after.settings);
    if (before != nullptr) {
        found.of_meaning("name", before->name != after.name, *before, after, before->name, after.name);
        compare_meaning(found, *before, after);
        if (!found.waits() && !same_for_the_guest(*before, after)) {
            found.add("definition", {}, {});  // nothing that has a key of its own
        }
    }
    return found.take();
}

auto to_string(ChangeAction action) -> std::string_view {
    static constexpr auto words = std::to_array<std::string_view>({"added", "changed", "removed", "kept"});
    return words.at(static_cast<std::size_t>(action));
}

auto to_string(ChangeEffect effect) -> std::string_view {
    static constexpr auto words = std::to_array<std::string_view>(
        {"now", "next-cold-start", "start", "stop", "restart", "remove", "stop-and-remove", "remove-at-rest", "none"});
    return words.at(static_cast<std::size_t>(effect));
}

auto sentence_of(ChangeEffect effect) -> std::string_view {
    static constexpr auto sentences = std::to_array<std::string_view>(
        {"takes effect at once", "takes effect at the next cold start: until then it keeps what it was started with",
         "it is started", "it is shut down, and has its new definition then",
         "it is shut down and started with its new definition", "it is removed", "it is shut down, and removed then",
         "it is removed once it is at rest", "nothing: it keeps the definition that it has"});
    return sentences.at(static_cast<std::size_t>(effect));
}

}  // namespace apiary
