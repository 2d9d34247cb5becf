#include "plugin/order.hpp"

#include <set>

namespace apiary::plugin {
namespace {

using Edges = std::map<std::string, std::set<std::string>>;  // name -> those that come before it

// Is `name` reached again from itself?
auto is_in_circle(std::string const& name, Edges const& before) -> bool {
    std::vector<std::string> left{name};
    std::set<std::string> seen;
    while (!left.empty()) {
        auto const one = std::move(left.back());
        left.pop_back();
        auto const found = before.find(one);
        if (found == before.end()) {
            continue;
        }
        for (auto const& other : found->second) {
            if (other == name) {
                return true;
            }
            if (seen.insert(other).second) {
                left.push_back(other);
            }
        }
    }
    return false;
}

void arrange_phase(std::map<std::string, Declaration const*> const& plugins, Order& order) {
    Edges before;
    for (auto const& [name, declaration] : plugins) {
        before.try_emplace(name);
        for (auto const& other : declaration->after) {
            if (plugins.contains(other)) {
                before[name].insert(other);
            }
        }
        for (auto const& other : declaration->before) {
            if (plugins.contains(other)) {
                before[other].insert(name);
            }
        }
    }
    std::set<std::string> circle;
    for (auto const& [name, others] : before) {
        if (is_in_circle(name, before)) {
            circle.insert(name);
        }
    }
    std::string all;
    for (auto const& name : circle) {
        all += (all.empty() ? "" : ", ") + name;
    }
    for (auto const& name : circle) {
        before.erase(name);
        order.circles[name] = "its before and after make a circle (" + all + "): none of these can have a place";
    }
    std::set<std::string> placed;
    while (placed.size() < before.size()) {
        for (auto const& [name, others] : before) {  // the first by name that waits for nobody
            bool ready = !placed.contains(name);
            for (auto const& other : others) {
                ready = ready && (placed.contains(other) || circle.contains(other));
            }
            if (ready) {
                placed.insert(name);
                order.names.push_back(name);
                break;
            }
        }
    }
}

}  // namespace

auto arrange(std::vector<Declaration const*> const& plugins) -> Order {
    Order order;
    for (Phase const phase : {Phase::network, Phase::storage, Phase::device, Phase::hook}) {
        std::map<std::string, Declaration const*> of_phase;
        for (auto const* const one : plugins) {
            if (one->phase == phase) {
                of_phase.emplace(one->name, one);
            }
        }
        arrange_phase(of_phase, order);
    }
    return order;
}

}  // namespace apiary::plugin
