// The search for circles.
#include "config/circles.hpp"

#include <algorithm>
#include <deque>
#include <limits>
#include <unordered_map>
#include <utility>

namespace apiary::config {

namespace {

constexpr auto unseen = std::numeric_limits<std::size_t>::max();

}  // namespace

struct Circles::Search {
    explicit Search(Circles& circles)
        : found{circles}, number(found.edges_.size(), unseen), lowest(number.size()), open(number.size()) {}

    struct Frame {
        std::size_t node, next_edge = 0;
    };

    void from(std::size_t start) {
        enter(start);
        while (!frames.empty()) {
            auto& frame = frames.back();
            auto const& edges = found.edges_[frame.node];
            if (frame.next_edge == edges.size()) {
                leave();
                continue;
            }
            auto const to = edges[frame.next_edge++];
            if (number[to] == unseen) {
                enter(to);
            } else if (open[to]) {
                lowest[frame.node] = std::min(lowest[frame.node], number[to]);
            }
        }
    }

    void enter(std::size_t node) {
        number[node] = lowest[node] = next++;
        open[node] = true;
        members.push_back(node);
        frames.push_back({node});
    }

    void leave() {
        auto const node = frames.back().node;
        frames.pop_back();
        if (!frames.empty()) {
            auto const before = frames.back().node;
            lowest[before] = std::min(lowest[before], lowest[node]);
        }
        if (lowest[node] != number[node]) {
            return;
        }
        // All that was entered after it, and is still open, leads back to it.
        bool const alone = members.back() == node;
        bool const circle = !alone || std::ranges::find(found.edges_[node], node) != found.edges_[node].end();
        for (bool last = false; !last;) {
            auto const member = members.back();
            members.pop_back();
            open[member] = false;
            found.part_[member] = node;
            found.in_circle_[member] = circle;
            last = member == node;
        }
    }

    Circles& found;
    std::vector<std::size_t> number, lowest;
    std::vector<bool> open;
    std::vector<std::size_t> members;
    std::vector<Frame> frames;
    std::size_t next = 0;
};

Circles::Circles(Edges edges) : edges_{std::move(edges)}, part_(edges_.size()), in_circle_(edges_.size()) {
    Search search{*this};
    for (std::size_t node = 0; node < edges_.size(); ++node) {
        if (search.number[node] == unseen) {
            search.from(node);
        }
    }
}

auto Circles::way_around(std::size_t node) const -> Way {
    std::unordered_map<std::size_t, std::size_t> reached_from;
    std::deque<std::size_t> ahead{node};
    while (!ahead.empty()) {
        auto const at = ahead.front();
        ahead.pop_front();
        for (auto const to : edges_[at]) {
            if (to == node) {
                Way way{node};
                for (auto back = at; back != node; back = reached_from.at(back)) {
                    way.push_back(back);
                }
                way.push_back(node);
                std::ranges::reverse(way);
                return way;
            }
            if (are_in_one(node, to) && reached_from.emplace(to, at).second) {
                ahead.push_back(to);
            }
        }
    }
    return {};
}

}  // namespace apiary::config
