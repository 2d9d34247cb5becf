#include "vm/departed.hpp"

#include <utility>

#include "vm/kill_point.hpp"

namespace apiary {
namespace {

void forget(Guest& guest) {
    APIARY_KILL_POINT("guest.forget");
    guest.forget();
    APIARY_KILL_POINT("guest.forgotten");
}

}  // namespace

void Departed::add(std::string const& run_dir, std::shared_ptr<Guest> guest) {
    if (turns_.durable()) {
        forget(*guest);
    } else {
        waiting_.insert_or_assign(run_dir, std::move(guest));
    }
}

void Departed::on_turn(Turn const&) {
    if (turns_.durable()) {
        for (auto const& [run_dir, guest] : std::exchange(waiting_, {})) {
            forget(*guest);
        }
    }
}

}  // namespace apiary
