// The daemon's durable state: the database, or what stands in for it where it cannot be opened.
#pragma once

#include <memory>
#include <string>

#include "main/options.hpp"
#include "store/store.hpp"
#include "vm/event.hpp"
#include "vm/identities.hpp"
#include "vm/loop.hpp"

namespace apiary {

class DurableState {
public:
    DurableState(Loop& loop, Options const& options, Identities& identities);

    [[nodiscard]] auto journal() -> Journal& { return *journal_; }
    // Null where there is no database.
    [[nodiscard]] auto memory() -> Memory* { return store_ ? &store_->memory() : nullptr; }
    // By the `global` section; nothing where there is no database.
    void set_bounds(std::int64_t max_bytes, Duration max_age);
    // At the end of the daemon, when nothing happens any more: waits for the disk.
    void settle();

private:
    std::unique_ptr<store::Store> store_;
    std::unique_ptr<Journal> stand_in_;
    Journal* journal_ = nullptr;
};

}  // namespace apiary
