// A database that cannot be opened is no reason to leave running guests without anybody who could stop them.
#include "main/durable_state.hpp"

#include <stdexcept>

#include "main/log.hpp"
#include "store/unwritable_journal.hpp"
#include "supervision/process.hpp"

namespace apiary {

namespace {
constexpr std::size_t events_without_database = 10'000;
}

DurableState::DurableState(Loop& loop, Options const& options, Identities& identities) {
    store::JournalOptions journal;
    journal.path = options.state_dir + "/state.db";
    journal.undurable_path = options.run_dir + "/undurable";
    journal.report = [](std::string const& text) { log::warning(text); };
    journal.boot = supervision::boot_id();
    try {
        store_ = std::make_unique<store::Store>(loop, std::move(journal), identities);
        journal_ = &store_->journal();
    } catch (std::runtime_error const& error) {
        log::error(std::string{error.what()} + ". Until that is mended and apiaryd started again nothing new starts");
        stand_in_ = std::make_unique<store::UnwritableJournal>(error.what(), events_without_database);
        journal_ = stand_in_.get();
    }
}

void DurableState::set_bounds(std::int64_t max_bytes, Duration max_age) {
    if (store_) {
        store_->journal().set_bounds(max_bytes, max_age);
    }
}

void DurableState::settle() {
    if (store_) {
        store_->settle();
    }
}

}  // namespace apiary
