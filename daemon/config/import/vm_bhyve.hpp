// The parts of the import from vm-bhyve.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/files.hpp"
#include "config/import/sheet.hpp"

namespace apiary::config {

// One of its .conf files. No shell reads these: what counts are lines that begin with a lower-case letter; a # begins a
// comment, double quotes are dropped wherever they stand, and the first assignment of a key counts.
class VmBhyveFile {
public:
    using Report = std::function<void(Place, std::string key, std::string message)>;

    VmBhyveFile() = default;
    VmBhyveFile(FileText const& file, Report const& report);

    // Empty: not set, or set to nothing.
    [[nodiscard]] auto get(std::string_view key) -> std::string_view;
    [[nodiscard]] auto peek(std::string_view key) const -> std::string_view;  // it does not count as asked for
    // Anything but no, false, off, 0 and nothing is a yes.
    [[nodiscard]] auto yes(std::string_view key, bool fallback = false) -> bool;
    [[nodiscard]] auto place(std::string_view key) const -> Place;

    struct Entry {
        std::string key, value;
        unsigned line = 0;
        bool taken = false;  // somebody has asked for it
    };
    [[nodiscard]] auto entries() -> std::vector<Entry>& { return entries_; }

private:
    std::string name_;
    std::vector<Entry> entries_;
    std::unordered_map<std::string, std::size_t> index_;
};

// Its lists, as a shell's loop takes them.
[[nodiscard]] auto words_of(std::string_view text) -> std::vector<std::string>;

// A folder of VMs, and where it is in ZFS.
struct VmBhyveStore {
    std::string folder;   // without a slash at its end
    std::string dataset;  // empty: not known
    bool guessed = false;
};

// Its switches, out of .config/system.conf.
class VmBhyveSwitches {
public:
    // Tells of each in `sheet` what a bridge needs that stands in for it.
    void read(VmBhyveFile& file, Sheet& sheet);

    struct Found {
        std::string bridge;  // empty: not known
        std::string why;
    };
    [[nodiscard]] auto find(std::string_view name) const -> Found;

private:
    void describe(std::string const& name, VmBhyveFile& file, Sheet& sheet);

    std::map<std::string, Found, std::less<>> switches_;
    bool read_ = false;
};

// Ports for screens that have none of their own: vm-bhyve takes the first that is free at the start.
class ScreenPorts {
public:
    void reserve(std::string_view port);
    [[nodiscard]] auto next() -> std::string;

private:
    std::set<std::uint64_t> taken_;
    std::uint64_t next_ = 5900;
};

// A VM's file on its way to a sheet.
struct VmBhyveGuest {
    VmBhyveFile& file;
    VmSheet& vm;
    VmBhyveStore const& store;
    VmBhyveSwitches const& switches;
    ScreenPorts& ports;

    [[nodiscard]] auto folder() const -> std::string { return store.folder + '/' + vm.name + '/'; }
    void set(std::string_view key, std::string_view value, std::string_view source, std::string_view remark = {}) {
        vm.set(key, value, file.place(source), source, remark);
    }
    void copy(std::string_view key, std::string_view source) {
        if (auto const value = file.get(source); !value.empty()) {
            set(key, value, source);
        }
    }
    void note(std::string_view source, std::string message) { vm.note(file.place(source), source, std::move(message)); }
};

void import_machine(VmBhyveGuest& guest);    // processors, memory, boot; bhyve_options
void import_options(VmBhyveGuest& guest);    // bhyve_options alone
void import_devices(VmBhyveGuest& guest);    // disks, networks, screen, consoles, …
void import_leftovers(VmBhyveGuest& guest);  // what nobody has asked for

}  // namespace apiary::config
