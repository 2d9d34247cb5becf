// Guests that have ended: what their shims wrote down of it goes once the end is in the journal, and not before. Until
// then it is all that the next daemon could learn from.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "vm/hypervisor.hpp"
#include "vm/turns.hpp"

namespace apiary {

// Must be among the observers of the turns: the first turn that can be written again is the time for those that wait.
class Departed : public Observer {
public:
    explicit Departed(Turns const& turns) : turns_{turns} {}

    // After the commit of the turn in which it has ended.
    void add(std::string const& run_dir, std::shared_ptr<Guest> guest);
    void on_turn(Turn const&) override;

private:
    Turns const& turns_;
    // The last one of each run folder: the next launch there removes what the one before has left.
    std::map<std::string, std::shared_ptr<Guest>> waiting_;
};

}  // namespace apiary
