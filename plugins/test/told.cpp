#include "plugins/test/told.hpp"

#include "plugin/members.hpp"

namespace apiary::plugin_test {
namespace {

using plugin::text_of;

auto prefix_of(std::string const& text) -> std::string {
    return text.empty() ? std::string{} : text + ": ";
}

auto level_word(std::uint64_t level) -> char const* {
    switch (level) {
        case 0:
            return "error";
        case 1:
            return "warning";
        case 2:
            return "info";
        default:
            return "debug";
    }
}

}  // namespace

auto tell(Report& report, plugin::Frame const& frame) -> Told {
    auto const type = type_of(frame);
    auto const text = text_of(frame.body, "text");
    if (type == "log") {
        report.detail(std::string{level_word(plugin::number_of(frame.body, "level"))} + ": " + text);
    } else if (type == "line") {
        report.detail("log of the VM: " + text);
    } else if (type == "emit") {
        auto shown = "event: " + text;
        for (auto const& [name, value] : plugin::named_texts_of(frame.body, "details")) {
            shown.append(" ").append(name).append("=").append(value);
        }
        report.detail(shown);
    } else if (type == "spent") {  // the daemon would exchange the process
        report.detail_result("resources", "FAILED", text);
        return Told::fault;
    } else {
        return Told::nothing;
    }
    return Told::something;
}

void tell_messages(Report& report, plugin::Json const& messages) {
    for (auto const& one : messages) {
        if (one.is_array() && one.size() == 3 && one[1].is_string() && one[2].is_string()) {
            auto const level = one[0].is_number_unsigned() ? one[0].get<std::uint64_t>() : 0;
            report.detail(std::string{level_word(level)} + ": " + prefix_of(one[1].get<std::string>()) +
                          one[2].get<std::string>());
        }
    }
}

}  // namespace apiary::plugin_test
