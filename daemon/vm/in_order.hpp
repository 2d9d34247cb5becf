// Work for the pool that must not overtake other work on the same thing.
//
// The engine does not wait for a prestart that it calls off: its undo is called at once. If both have work on the pool,
// nothing but this keeps the undo from being the first of the two, and what the prestart made from staying for ever.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "vm/loop.hpp"

namespace apiary {

class InOrder {
public:
    explicit InOrder(Loop& loop) : loop_{loop}, queues_{std::make_shared<Queues>()} {}

    // As Loop::offload(), but `work` begins when all that was offloaded under the same key has ended.
    void offload(std::string const& key, Loop::Callback work, Loop::Callback done);

private:
    struct Piece {
        Loop::Callback work, done;
    };
    using Queues = std::map<std::string, std::deque<Piece>>;  // the first of each is under way
    static void begin(Loop& loop, std::shared_ptr<Queues> const& queues, std::string const& key);

    Loop& loop_;
    std::shared_ptr<Queues> queues_;
};

}  // namespace apiary
