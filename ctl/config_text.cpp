#include "ctl/config_text.hpp"

#include <algorithm>
#include <array>
#include <ostream>

#include "ctl/table.hpp"
#include "ctl/text.hpp"

namespace apiary::ctl {

namespace {

struct EffectWords {
    std::string_view effect, text;
};

constexpr auto effects = std::to_array<EffectWords>({
    {"now", "takes effect at once"},
    {"next-cold-start", "takes effect at its next cold start"},
    {"start", "it is started"},
    {"stop", "it is shut down, and has its new definition then"},
    {"restart", "it is shut down, and started with its new definition"},
    {"remove", "it is removed"},
    {"stop-and-remove", "it is shut down, and removed then"},
    {"remove-at-rest", "it is removed once it has stopped, and what it left on the host is undone"},
    {"none", "it keeps the definition that it has"},
});

auto colour_of(std::string_view action) -> Colour {
    return action == "added"     ? Colour::green
           : action == "removed" ? Colour::red
           : action == "kept"    ? Colour::yellow
                                 : Colour::cyan;
}

auto values_text(Strings const& values) -> std::string {
    return values.empty() ? "(not set)" : shown(Value{values});
}

void add_rows(Table& table, ConfigSetting const& setting) {
    auto const rows = std::max<std::size_t>({setting.values.size(), setting.origins.size(), 1});
    for (std::size_t i = 0; i < rows; ++i) {
        auto const value = setting.secret && setting.values.empty() ? std::string{"(set, not shown)"}
                           : i < setting.values.size()              ? setting.values[i]
                                                                    : std::string{};
        auto const from = i < setting.origins.size() ? origin_text(setting.origins[i])
                          : setting.given            ? std::string{}
                                                     : std::string{"default"};
        auto const colour = setting.given ? Colour::none : Colour::dim;
        table.add({{i == 0 ? "  " + setting.key : std::string{}, colour},
                   {value.empty() ? "\"\"" : printable(value), colour},
                   {printable(from), Colour::dim}});
    }
}

}  // namespace

auto origin_text(ConfigOrigin const& origin) -> std::string {
    return origin.file + ':' + std::to_string(origin.line) + ':' + std::to_string(origin.column) +
           (origin.through.empty() ? "" : " (template " + origin.through + ')');
}

auto effect_text(std::string_view effect) -> std::string {
    auto const* const found = std::ranges::find(effects, effect, &EffectWords::effect);
    return std::string{found != effects.end() ? found->text : effect};
}

void print_config(Output& output, VmConfig const& vm) {
    output.out << painted(printable(vm.name), Colour::bold, output.out_style) << '\n';
    Table table{{{.title = "  KEY"}, {.title = "VALUE"}, {.title = "FROM"}}};
    for (auto const& setting : vm.settings) {
        if (!setting.values.empty() || setting.given) {
            add_rows(table, setting);
        }
    }
    output.out << table.text(output.out_style);
}

void print_plan(Output& output, VmPlan const& plan) {
    output.out << painted(plan.action, colour_of(plan.action), output.out_style) << ' ' << printable(plan.name) << ": "
               << (plan.action == "added" && plan.effect == "now" ? std::string{"it is there at once, and not started"}
                                                                  : printable(effect_text(plan.effect)))
               << '\n';
    if (!plan.why.empty()) {
        output.out << "    " << printable(plan.why) << '\n';
    }
    for (auto const& key : plan.keys) {
        output.out << "    " << printable(key.key) << ": " << printable(values_text(key.before)) << ' '
                   << output.out_style.arrow << ' ' << printable(values_text(key.after));
        if (key.before == key.after) {
            output.out << " (changed: it is a secret, or opened with the rights of somebody else now)";
        }
        if (key.effect != plan.effect && !key.effect.empty()) {
            output.out << "; " << printable(effect_text(key.effect));
        }
        output.out << '\n';
    }
}

}  // namespace apiary::ctl
