// Writes one line to the log for each event.
#pragma once

#include "vm/engine.hpp"

namespace apiary {

class EventLog : public Observer {
public:
    void on_turn(Turn const& turn) override;
};

}  // namespace apiary
