// vm-bhyve's own reading of its files, and its switches.
#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

#include "config/import/vm_bhyve.hpp"
#include "config/text.hpp"

namespace apiary::config {

VmBhyveFile::VmBhyveFile(FileText const& file, Report const& report) : name_{file.name} {
    unsigned number = 0;
    for (std::string_view const line : split(file.text, '\n')) {
        ++number;
        auto const first = line.find_first_not_of(" \t");
        if (first == std::string_view::npos || line[first] == '#') {
            continue;
        }
        std::string_view const content = line.substr(0, line.find('#'));
        auto const equals = content.find('=');
        if (line.front() < 'a' || line.front() > 'z') {
            if (equals != std::string_view::npos) {
                report({name_, number}, {},
                       "vm-bhyve does not read this line: it does not begin with a lower-case letter");
            }
            continue;
        }
        if (equals == std::string_view::npos) {
            report({name_, number}, {}, "this is no assignment: ignored, as by vm-bhyve");
            continue;
        }
        std::string key{content.substr(0, equals)}, value{content.substr(equals + 1)};
        if (content.size() < line.size() && std::count(value.begin(), value.end(), '"') % 2 != 0) {
            report({name_, number}, key, "cut at the #, as by vm-bhyve, although it stands within quotes");
        }
        std::erase(value, '"');
        value.erase(value.find_last_not_of(' ') + 1);
        if (value.find_first_of("'`$") != std::string::npos) {
            report({name_, number}, key,
                   "no shell reads this file: quotes other than \", and $ and `, are part of the value");
        }
        auto const [known, fresh] = index_.try_emplace(key, entries_.size());
        if (!fresh) {
            report({name_, number}, key,
                   "ignored: it is set before, in line " + std::to_string(entries_[known->second].line));
            continue;
        }
        entries_.push_back({std::move(key), std::move(value), number});
    }
}

auto VmBhyveFile::get(std::string_view key) -> std::string_view {
    auto const found = index_.find(std::string{key});
    if (found == index_.end()) {
        return {};
    }
    entries_[found->second].taken = true;
    return entries_[found->second].value;
}

auto VmBhyveFile::peek(std::string_view key) const -> std::string_view {
    auto const found = index_.find(std::string{key});
    return found != index_.end() ? std::string_view{entries_[found->second].value} : std::string_view{};
}

auto VmBhyveFile::yes(std::string_view key, bool fallback) -> bool {
    constexpr std::array<std::string_view, 4> words{"no", "false", "off", "0"};
    bool const set = index_.contains(std::string{key});
    auto const value = get(key);
    if (!set) {
        return fallback;
    }
    return !value.empty() &&
           std::none_of(words.begin(), words.end(), [&](auto word) { return equal_fold(word, value); });
}

auto VmBhyveFile::place(std::string_view key) const -> Place {
    auto const found = index_.find(std::string{key});
    return {name_, found != index_.end() ? entries_[found->second].line : 0};
}

auto words_of(std::string_view text) -> std::vector<std::string> {
    std::vector<std::string> words;
    std::string word;
    for (char const c : std::string{text} + ' ') {
        if (c != ' ' && c != '\t' && c != '\n') {
            word += c;
        } else if (!word.empty()) {
            words.push_back(std::exchange(word, {}));
        }
    }
    return words;
}

void VmBhyveSwitches::read(VmBhyveFile& file, Sheet& sheet) {
    read_ = true;
    for (std::string const& name : words_of(file.get("switch_list"))) {
        describe(name, file, sheet);
    }
}

void VmBhyveSwitches::describe(std::string const& name, VmBhyveFile& file, Sheet& sheet) {
    constexpr std::size_t longest_in_bridge = 12;
    auto const of = [&](std::string_view key) { return std::string{file.get(std::string{key} + '_' + name)}; };
    std::string const type = of("type").empty() ? "standard" : of("type");
    auto const place = file.place("type_" + name).line > 0 ? file.place("type_" + name) : file.place("switch_list");
    Found& found = switches_[name];
    std::string told;
    if (type == "manual") {
        found.bridge = of("bridge");
        found.why = "system.conf does not name its bridge";
    } else if (type == "vale") {
        found.why = "its vale switch is called vale and the first five characters of: md5 -qs " + name;
    } else if (type == "netgraph") {
        found.why = "there are no netgraph switches here; use a bridge";
    } else if (name.size() > longest_in_bridge) {
        found.why = "its bridge has no name of its own; see: ifconfig -g vm-switch";
    } else {
        found.bridge = "vm-" + name;
    }
    for (auto const& [key, text] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
             {"ports", "with the interface(s) "},
             {"vlan", type == "vxlan" ? "over the vxlan " : "over VLAN "},
             {"addr", "with the address "},
             {"addr6", "with the address "},
             {"mtu", "with the MTU "},
             {"nat", "with NAT: "}}) {
        if (auto const value = of(key); !value.empty()) {
            told += ", " + std::string{text} + value;
        }
    }
    if (file.yes("private_" + name)) {
        told += ", its VMs kept apart (ifconfig bridge private), which the daemon does not do";
    }
    if (!found.bridge.empty()) {
        told =
            "bridge " + found.bridge + told +
            (type == "manual" ? "" : ": vm-bhyve makes it when the host starts; without vm-bhyve /etc/rc.conf has to");
    } else {
        told = found.why + told;
    }
    sheet.note(place, {}, "switch " + quoted_text(name) + ": " + told);
}

auto VmBhyveSwitches::find(std::string_view name) const -> Found {
    if (auto const found = switches_.find(name); found != switches_.end()) {
        return found->second;
    }
    return {{}, read_ ? "there is no switch of this name in system.conf" : "there is no .config/system.conf"};
}

void ScreenPorts::reserve(std::string_view port) {
    if (auto const number = parse_unsigned(port)) {
        taken_.insert(*number);
    }
}

auto ScreenPorts::next() -> std::string {
    while (taken_.contains(next_)) {
        ++next_;
    }
    return std::to_string(next_++);
}

}  // namespace apiary::config
