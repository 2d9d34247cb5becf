// What an import has found so far: VMs with the keys that will be written, and notes on what will not.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/import/import.hpp"

namespace apiary::config {

struct Place {
    std::string file;
    unsigned line = 0;  // 0: the file as such
};

struct Note {
    Place at;
    std::string key;  // as the other manager calls it; empty: none
    std::string message;
};

struct VmSheet {
    // Of a list, one for each value.
    struct Row {
        std::string key, value;
        Place at;
        std::string source;  // the other manager's key
        std::string remark;
    };

    std::string name;
    Place at;
    std::vector<Row> rows;
    std::vector<Note> notes;
    std::string refused{};  // why it cannot be a VM here

    void set(std::string_view key, std::string_view value, Place place = {}, std::string_view source = {},
             std::string_view remark = {}) {
        rows.push_back(
            {std::string{key}, std::string{value}, std::move(place), std::string{source}, std::string{remark}});
    }
    void note(Place place, std::string_view key, std::string message) {
        notes.push_back({std::move(place), std::string{key}, std::move(message)});
    }
};

struct Sheet {
    ImportKind kind = ImportKind::bmd;
    std::vector<std::string> sources;  // files that were read
    std::vector<std::string> preface;  // paragraphs on what is different
    std::vector<Note> notes;           // about all of it
    std::vector<VmSheet> vms;
    std::vector<Diagnostic> errors;

    void note(Place place, std::string_view key, std::string message) {
        notes.push_back({std::move(place), std::string{key}, std::move(message)});
    }
    void error(Place const& place, std::string message);
};

inline constexpr std::size_t most_imported_vms = 10'000;

// A host that has every file: what is checked is a text, not this host.
[[nodiscard]] auto any_host() -> Host const&;

// Checks each VM with the reader itself: what it would refuse becomes a note. Then writes it all.
[[nodiscard]] auto finish_sheet(Sheet sheet, ImportOptions const& options) -> ImportResult;

// One for each kind. The accounts and the host of `options` are there.
[[nodiscard]] auto import_bmd(std::string const& path, ImportOptions const& options) -> ImportResult;
[[nodiscard]] auto import_vmstated(std::string const& path, ImportOptions const& options) -> ImportResult;
[[nodiscard]] auto import_easy_bhyve(std::string const& path, ImportOptions const& options) -> ImportResult;
[[nodiscard]] auto import_vm_bhyve(std::string const& path, ImportOptions const& options) -> ImportResult;

}  // namespace apiary::config
