// Names of VMs, words of a definition, and what counts as a change of it.
#include "vm/definition.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <set>
#include <string_view>

namespace apiary {

namespace {

constexpr std::size_t longest_name = 128;

auto same_values(std::vector<Setting> const& a, std::vector<Setting> const& b) -> bool {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), same_value);
}

auto same_plugin_settings(Definition const& a, Definition const& b) -> bool {
    return std::equal(
        a.plugin_settings.begin(), a.plugin_settings.end(), b.plugin_settings.begin(), b.plugin_settings.end(),
        [](auto const& x, auto const& y) { return x.first == y.first && same_values(x.second, y.second); });
}

auto same_rights(Definition const& a, Definition const& b) -> bool {
    return a.name == b.name && a.owner == b.owner && a.group == b.group && a.file_owner == b.file_owner &&
           a.visibility == b.visibility;
}

auto same_base(Definition const& a, Definition const& b) -> bool {
    return a.bhyve_base == b.bhyve_base || (a.bhyve_base && b.bhyve_base && *a.bhyve_base == *b.bhyve_base);
}

// The texts of two definitions may agree while what they stand for does not: a default that the daemon chose, or a
// path that moved to another owner's file and is opened with other rights now.
auto same_meaning(Definition const& a, Definition const& b) -> bool {
    return same_base(a, b) && a.backend == b.backend && a.loader == b.loader && a.memory_bytes == b.memory_bytes &&
           a.disks == b.disks && a.isos == b.isos && a.nics == b.nics && a.shares == b.shares &&
           a.graphics == b.graphics && std::equal(std::begin(a.com), std::end(a.com), std::begin(b.com)) &&
           a.kernel == b.kernel && a.initrd == b.initrd && a.err_logfile == b.err_logfile;
}

// bhyve_config(5): the password of a screen is pci.BUS.SLOT.FUNCTION.password.
auto is_password(std::string_view key) -> bool {
    return key == "password" || key.ends_with(".password");
}

// %(KEY) in a value stands for another key's value.
void add_keys_in(std::string_view value, std::vector<std::string_view>& keys) {
    for (auto at = value.find("%("); at != std::string_view::npos;) {
        auto const end = value.find(')', at);
        if (end == std::string_view::npos) {
            return;
        }
        keys.push_back(value.substr(at + 2, end - at - 2));
        at = value.find("%(", end);
    }
}

// Passwords, and what they are made of. The keys are those of `base`.
auto secret_keys(BhyveBase const& base) -> std::set<std::string_view> {
    std::set<std::string_view> secret;
    std::vector<std::string_view> found;
    for (auto const& [key, value] : base.settings) {
        if (is_password(key)) {
            found.emplace_back(key);
        }
    }
    if (found.empty()) {
        return secret;
    }
    std::multimap<std::string_view, std::string_view> const values{base.settings.begin(), base.settings.end()};
    while (!found.empty()) {
        auto const next = found.back();
        found.pop_back();
        if (secret.insert(next).second) {
            auto const [first, last] = values.equal_range(next);
            std::for_each(first, last, [&found](auto const& setting) { add_keys_in(setting.second, found); });
        }
    }
    return secret;
}

auto without_secrets(std::shared_ptr<BhyveBase const> const& base) -> std::shared_ptr<BhyveBase const> {
    auto const secret = base ? secret_keys(*base) : std::set<std::string_view>{};
    if (secret.empty()) {
        return base;
    }
    auto made = std::make_shared<BhyveBase>(*base);
    for (auto& [key, value] : made->settings) {
        if (secret.contains(key)) {
            value.clear();
        }
    }
    return made;
}

// In the file no value is empty.
auto lacks_secrets(BhyveBase const& base) -> bool {
    return std::ranges::any_of(
        base.settings, [](auto const& setting) { return setting.second.empty() && is_password(setting.first); });
}

auto no_text() -> std::string const& {
    static std::string const none;
    return none;
}

}  // namespace

Origin::Origin(std::string file, unsigned in_line, unsigned in_column, std::string through)
    : line{in_line},
      column{in_column},
      place{std::make_shared<Place const>(Place{std::move(file), std::move(through)})} {}

auto Origin::file() const -> std::string const& {
    return place ? place->file : no_text();
}

auto Origin::through() const -> std::string const& {
    return place ? place->through : no_text();
}

auto same_value(Setting const& a, Setting const& b) -> bool {
    return a.key == b.key && a.values == b.values && a.secret == b.secret;
}

auto same_apart_from_values(Definition const& a, Definition const& b) -> bool {
    return same_apart_from_settings(a, b) && same_plugin_settings(a, b);
}

auto same_apart_from_settings(Definition const& a, Definition const& b) -> bool {
    return same_rights(a, b) && same_meaning(a, b);
}

auto without_secrets(Definition definition) -> Definition {
    auto const strip = [](std::vector<Setting>& settings) {
        for (auto& setting : settings) {
            if (setting.secret) {
                setting.values.clear();
            }
        }
    };
    strip(definition.settings);
    for (auto& [plugin, settings] : definition.plugin_settings) {
        strip(settings);
    }
    definition.graphics.password.reset();
    definition.bhyve_base = without_secrets(definition.bhyve_base);
    return definition;
}

auto lacks_secrets(Definition const& definition) -> bool {
    auto const lacks = [](std::vector<Setting> const& settings) {
        return std::ranges::any_of(settings,
                                   [](Setting const& setting) { return setting.secret && setting.values.empty(); });
    };
    return lacks(definition.settings) || (definition.bhyve_base && lacks_secrets(*definition.bhyve_base)) ||
           std::ranges::any_of(definition.plugin_settings, [&lacks](auto const& entry) { return lacks(entry.second); });
}

auto same_as_known(Definition const& known, Definition const& other) -> bool {
    return same_settings(known, other) ||
           (lacks_secrets(known) && same_settings(without_secrets(known), without_secrets(other)));
}

auto same_settings(Definition const& a, Definition const& b) -> bool {
    return &a == &b || (same_apart_from_values(a, b) && same_values(a.settings, b.settings));
}

auto name_fault(std::string_view name) -> std::optional<std::string> {
    if (name.empty()) {
        return "a VM needs a name that is not empty";
    }
    if (name.size() > longest_name) {
        return "a VM's name has at most " + std::to_string(longest_name) + " characters";
    }
    for (char const c : name) {
        if (c < ' ' || c > '~') {
            return "a VM's name is made of printable ASCII characters";
        }
        if (c == '/') {
            return "a VM's name cannot contain '/'";
        }
    }
    if (name.front() == ' ' || name.back() == ' ') {
        return "a VM's name cannot begin or end with a blank";
    }
    if (name.front() == '-' || name.front() == '.') {
        return "a VM's name cannot begin with '-' or '.'";
    }
    return std::nullopt;
}

auto name_key(std::string_view name) -> std::string {
    std::string key{name};
    for (char& c : key) {
        if (c >= 'A' && c <= 'Z') {
            c = static_cast<char>(c - 'A' + 'a');
        }
    }
    return key;
}

auto to_string(Visibility value) -> std::string_view {
    return value == Visibility::all ? "all" : "owner";
}

auto to_string(BackendKind value) -> std::string_view {
    return value == BackendKind::bhyve ? "bhyve" : "qemu";
}

auto to_string(Loader value) -> std::string_view {
    constexpr std::array<std::string_view, 6> words{"bhyveload", "uefi", "csm", "grub", "bios", "kernel"};
    return words.at(static_cast<std::size_t>(value));
}

auto to_string(BootPolicy value) -> std::string_view {
    constexpr std::array<std::string_view, 4> words{"no", "yes", "oneshot", "always"};
    return words.at(static_cast<std::size_t>(value));
}

auto to_string(DiskType value) -> std::string_view {
    constexpr std::array<std::string_view, 3> words{"virtio-blk", "ahci-hd", "nvme"};
    return words.at(static_cast<std::size_t>(value));
}

auto to_string(NicType value) -> std::string_view {
    return value == NicType::e1000 ? "e1000" : "virtio-net";
}

}  // namespace apiary
