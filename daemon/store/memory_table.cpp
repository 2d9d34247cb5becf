// What changed in a turn is written in the turn's transaction; what did not hold is written again with the next.
#include "store/memory_table.hpp"

#include <utility>

#include "store/definition_codec.hpp"
#include "store/record_codec.hpp"

namespace apiary::store {

// They are run in every turn: to compile them took a third of its commit.
struct MemoryTable::Statements {
    explicit Statements(Sqlite& database)
        : vm{database, "INSERT INTO record (name, vm) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET vm = ?2"},
          definition{database, "UPDATE record SET definition = ?2 WHERE name = ?1"},
          no_vm{database, "DELETE FROM record WHERE name = ?1"},
          job{database, "INSERT OR REPLACE INTO job VALUES (?1, ?2)"},
          no_job{database, "DELETE FROM job WHERE id = ?1"} {}
    Statement vm, definition, no_vm, job, no_job;
};

MemoryTable::~MemoryTable() = default;

MemoryTable::MemoryTable(Sqlite& database, std::string boot) : database_{database}, boot_{std::move(boot)} {
    read();
}

void MemoryTable::keep(VmRecord record) {
    auto key = name_key(record.name);
    vms_.insert_or_assign(std::move(key), std::move(record));
}

void MemoryTable::keep(Job const& job) {
    jobs_.insert_or_assign(job.id, job);
}

void MemoryTable::forget_vm(std::string_view name) {
    vms_.insert_or_assign(name_key(name), std::nullopt);
}

void MemoryTable::forget_job(std::uint64_t id) {
    // Of those that come and go while the disk takes nothing, nothing may stay.
    if (stored_jobs_.contains(id)) {
        jobs_.insert_or_assign(id, std::nullopt);
    } else {
        jobs_.erase(id);
    }
}

void MemoryTable::write() {
    if (!changed()) {
        return;
    }
    if (!statements_) {
        statements_ = std::make_unique<Statements>(database_);
    }
    auto& [vm, definition, no_vm, job, no_job] = *statements_;
    definitions_if_held_.clear();
    for (auto const& [name, record] : vms_) {
        if (!record) {
            no_vm.bind(1, name).run();
            definitions_if_held_[name] = nullptr;
            continue;
        }
        auto const bytes = encode(*record);
        vm.bind(1, name).bind_bytes(2, bytes).run();
        auto const known = definitions_.find(name);
        if (known == definitions_.end() || known->second != record->definition) {
            auto const text = record->definition ? encode(*record->definition) : std::string{};
            definition.bind(1, name).bind_bytes(2, text).run();
            definitions_if_held_[name] = record->definition;
        }
    }
    if (end_ != End::as_it_was) {
        Statement meta{database_, "INSERT INTO meta VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2"};
        meta.bind(1, "boot").bind(2, boot_).run();
        meta.bind(1, "ended").bind(2, std::int64_t{end_ == End::noted}).run();
    }
    for (auto const& [id, kept] : jobs_) {
        if (kept) {
            auto const bytes = encode(*kept);
            job.bind(1, static_cast<std::int64_t>(id)).bind_bytes(2, bytes).run();
        } else {
            no_job.bind(1, static_cast<std::int64_t>(id)).run();
        }
    }
}

void MemoryTable::written() {
    for (auto const& [name, record] : vms_) {
        if (!record) {
            definitions_.erase(name);
        }
    }
    for (auto& [name, definition] : definitions_if_held_) {
        if (definition) {
            definitions_.insert_or_assign(name, std::move(definition));
        } else {
            definitions_.erase(name);
        }
    }
    definitions_if_held_.clear();
    for (auto const& [id, kept] : jobs_) {
        if (kept) {
            stored_jobs_.insert(id);
        } else {
            stored_jobs_.erase(id);
        }
    }
    vms_.clear();
    jobs_.clear();
    end_ = End::as_it_was;
}

void MemoryTable::read() {
    {
        Statement boot{database_, "SELECT value FROM meta WHERE key = 'boot'"};
        found_.same_boot = boot.step() && boot.text(0) == boot_;
        Statement ended{database_, "SELECT value FROM meta WHERE key = 'ended'"};
        found_.ended = ended.step() && ended.number(0) != 0;
    }
    Statement vms{database_, "SELECT vm, definition, name FROM record ORDER BY name"};
    while (vms.step()) {
        auto record = decode_vm(vms.bytes(0));
        bool const defined = !vms.bytes(1).empty();
        auto definition = defined ? decode_definition(vms.bytes(1)) : nullptr;
        if (!record || (defined && !definition)) {
            found_.damaged.emplace_back(vms.text(2));
            continue;
        }
        record->definition = std::move(definition);
        found_.vms.push_back(std::move(*record));
    }
    Statement jobs{database_, "SELECT job, id FROM job ORDER BY id"};
    while (jobs.step()) {
        stored_jobs_.insert(static_cast<std::uint64_t>(jobs.number(1)));
        if (auto job = decode_job(jobs.bytes(0))) {
            found_.jobs.push_back(std::move(*job));
        }
    }
}

auto MemoryTable::recover() -> Recovered {
    end_ = End::taken_up;
    return std::exchange(found_, {});
}

}  // namespace apiary::store
