// Circles in a graph: the parts of it whose members all lead to each other (Tarjan's algorithm, without recursion: a
// chain may be as long as there are VMs).
#pragma once

#include <cstddef>
#include <vector>

namespace apiary::config {

using Edges = std::vector<std::vector<std::size_t>>;  // of each node, to whom

class Circles {
public:
    explicit Circles(Edges edges);

    [[nodiscard]] auto contain(std::size_t node) const -> bool { return in_circle_[node]; }
    [[nodiscard]] auto are_in_one(std::size_t a, std::size_t b) const -> bool {
        return in_circle_[a] && part_[a] == part_[b];
    }
    // A shortest way from a node of a circle back to it: begins and ends with the node. Takes as long as its part of
    // the graph is large.
    using Way = std::vector<std::size_t>;
    [[nodiscard]] auto way_around(std::size_t node) const -> Way;

private:
    struct Search;
    Edges edges_;
    std::vector<std::size_t> part_;
    std::vector<bool> in_circle_;
};

}  // namespace apiary::config
