// Looking up names, and finding circles.
#include "config/after.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "config/circles.hpp"
#include "config/text.hpp"

namespace apiary::config {

namespace {

constexpr auto key = "after";
constexpr std::size_t most_names_guessed_from = 1000;  // it takes its time for each
constexpr std::size_t most_circles_looked_for = 100;   // each may lead through all VMs
constexpr std::size_t most_names_shown = 20;

class Settling {
public:
    Settling(Context& context, Globals const& globals, std::vector<OrderedVm>& vms)
        : context_{context}, globals_{globals}, vms_{vms}, links_(vms.size()) {}

    void run() {
        for (std::size_t i = 0; i < vms_.size(); ++i) {
            index_.emplace(name_key(vms_[i].name), i);
            several_ = several_ || party(i) != party(0);
        }
        for (std::size_t i = 0; i < vms_.size(); ++i) {
            context_.subject = vms_[i].file;
            look_up(i);
        }
        refuse_own_circles();
        open_common_circles();
        context_.subject = nullptr;
        for (std::size_t i = 0; i < vms_.size(); ++i) {
            write(i);
        }
    }

private:
    struct Link {
        std::size_t to = 0;
        AfterValue const* value = nullptr;
    };
    using Links = std::vector<std::vector<Link>>;

    // Those who are trusted are of one mind; everybody else has his own.
    [[nodiscard]] auto party(std::size_t vm) const -> std::optional<uid_t> {
        auto const& from = vms_[vm].file->from;
        return from.trusted ? std::nullopt : std::optional{from.owner};
    }

    void report(std::size_t vm, AfterValue const& value, std::string message, bool harmless) {
        context_.report(value.mark, Severity::error, vms_[vm].section_name, key, std::move(message), harmless);
    }

    void look_up(std::size_t vm) {
        for (auto const& value : vms_[vm].after) {
            auto const found = index_.find(name_key(value.name));
            if (found != index_.end() && may_name(vm, value, found->second)) {
                links_[vm].push_back({found->second, &value});
                continue;
            }
            auto text = "there is no VM " + quoted_text(value.name);
            if (vms_.size() <= most_names_guessed_from && context_.listens(*value.mark.file)) {
                text += did_you_mean(value.name, names_for(vm, value));
            }
            report(vm, value, text + (several_ ? "; this has no effect" : ""), several_);
            if (!several_) {
                vms_[vm].definition = nullptr;
            }
        }
    }

    // Who may not see a VM gets the same answer as if it were not there.
    [[nodiscard]] auto may_name(std::size_t vm, AfterValue const& value, std::size_t other) const -> bool {
        auto const& audience = vms_[other].audience;
        uid_t const who = vms_[vm].file->from.owner;
        if (value.trusted || audience.visibility == Visibility::all || audience.owner == who) {
            return true;
        }
        auto const user = context_.accounts.user(who);
        return user && ((audience.group && context_.accounts.is_member(*user, *audience.group)) ||
                        (globals_.observers_gid && context_.accounts.is_member(*user, *globals_.observers_gid)));
    }

    [[nodiscard]] auto names_for(std::size_t vm, AfterValue const& value) const -> std::vector<std::string_view> {
        std::vector<std::string_view> names;
        for (std::size_t i = 0; i < vms_.size(); ++i) {
            if (i != vm && may_name(vm, value, i)) {
                names.push_back(vms_[i].name);
            }
        }
        return names;
    }

    // As circles are looked for: without the VMs that are refused.
    template <typename Wanted>
    [[nodiscard]] auto edges(Wanted wanted) const -> Edges {
        Edges made(vms_.size());
        for (std::size_t i = 0; i < vms_.size(); ++i) {
            for (auto const& link : links_[i]) {
                if (vms_[i].definition && vms_[link.to].definition && wanted(i, link.to)) {
                    made[i].push_back(link.to);
                }
            }
        }
        return made;
    }

    void refuse_own_circles() {
        Circles const circles{edges([this](std::size_t from, std::size_t to) { return party(from) == party(to); })};
        std::vector<std::size_t> refused;
        for (std::size_t i = 0; i < vms_.size(); ++i) {
            if (!circles.contain(i)) {
                continue;
            }
            auto const way = refused.size() < most_circles_looked_for ? circles.way_around(i) : Circles::Way{};
            auto const value =
                std::ranges::find_if(links_[i], [&](Link const& link) { return circles.are_in_one(i, link.to); });
            context_.subject = vms_[i].file;
            report(i, *value->value, "VMs that wait for one another" + text_of(way), false);
            refused.push_back(i);
        }
        for (auto const vm : refused) {
            vms_[vm].definition = nullptr;
        }
    }

    [[nodiscard]] auto text_of(Circles::Way const& way) const -> std::string {
        std::string text;
        for (std::size_t i = 0; i < way.size(); ++i) {
            if (i == most_names_shown && way.size() > most_names_shown + 2) {
                auto const more = way.size() - 1 - i;
                text += " -> (" + std::to_string(more) + " more)";
                i += more;
            }
            text += (i == 0 ? ": " : " -> ") + std::string{vms_[way[i]].name};
        }
        return text;
    }

    // They lead through VMs of several owners. What leads from a user's VM to one of somebody else gives way: so he can
    // keep nobody else's from its order. Nothing is said of who else is in it, for he may not see all of them.
    void open_common_circles() {
        Circles const circles{edges([](std::size_t, std::size_t) { return true; })};
        for (std::size_t i = 0; i < vms_.size(); ++i) {
            if (!party(i) || !circles.contain(i)) {
                continue;
            }
            context_.subject = vms_[i].file;
            std::erase_if(links_[i], [&](Link const& link) {
                bool const gives_way = party(link.to) != party(i) && circles.are_in_one(i, link.to);
                if (gives_way) {
                    report(i, *link.value,
                           "VM " + quoted_text(vms_[link.to].name) +
                               " is, directly or not, after this one: this has no effect",
                           true);
                }
                return gives_way;
            });
        }
    }

    void write(std::size_t vm) {
        auto& definition = vms_[vm].definition;
        if (!definition) {
            return;
        }
        std::vector<std::string> names;
        std::set<std::size_t> seen;
        for (auto const& link : links_[vm]) {
            if (seen.insert(link.to).second) {
                names.emplace_back(vms_[link.to].name);
            }
        }
        if (names != definition->after) {  // it may be that of the load before, which others share
            auto made = std::make_shared<Definition>(*definition);
            made->after = std::move(names);
            definition = std::move(made);
        }
    }

    Context& context_;
    Globals const& globals_;
    std::vector<OrderedVm>& vms_;
    Links links_;
    std::map<std::string, std::size_t> index_;
    bool several_ = false;  // parties
};

}  // namespace

void settle_after(Context& context, Globals const& globals, std::vector<OrderedVm>& vms) {
    if (std::ranges::any_of(vms, [](OrderedVm const& vm) { return !vm.after.empty(); })) {
        Settling{context, globals, vms}.run();
    }
}

}  // namespace apiary::config
