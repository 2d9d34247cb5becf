// The members that introspection/*.xml declares, read without an XML library: the files are ours, one tag a line.
#pragma once

#include <fstream>
#include <regex>
#include <string>
#include <vector>

namespace apiary::bus::testing {

struct Declared {
    std::string interface, kind, name, type, emits;
};

inline auto xml_text(std::string const& interface) -> std::string {
    std::ifstream file{std::string{APIARY_SOURCE_DIR} + "/introspection/" + interface + ".xml"};
    return {std::istreambuf_iterator<char>{file}, {}};
}

inline auto declared_members(std::string const& interface) -> std::vector<Declared> {
    auto text = xml_text(interface);
    for (auto at = text.find("<!--"); at != std::string::npos; at = text.find("<!--")) {
        text.erase(at, text.find("-->", at) + 3 - at);
    }
    std::vector<Declared> members;
    std::regex const tag{R"re(<(method|signal|property|annotation) name="([^"]+)"(?: (?:type|value)="([^"]+)")?)re"};
    for (std::sregex_iterator at{text.begin(), text.end(), tag}, end; at != end; ++at) {
        auto const& match = *at;
        if (match[1] != "annotation") {
            members.push_back({interface, match[1], match[2], match[3], ""});
        } else if (match[2] == "org.freedesktop.DBus.Property.EmitsChangedSignal") {
            members.back().emits = match[3];
        }
    }
    return members;
}

inline auto all_interfaces() -> std::vector<std::string> {
    return {"org.apiary.Apiary1.Manager", "org.apiary.Apiary1.VM",     "org.apiary.Apiary1.Job",
            "org.apiary.Apiary1.Journal", "org.apiary.Apiary1.Plugin", "org.apiary.Apiary1.Agents"};
}

}  // namespace apiary::bus::testing
