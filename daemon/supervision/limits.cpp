#include "supervision/limits.hpp"

#include <algorithm>

#include "supervision/host_file.hpp"

namespace apiary::supervision {
namespace {

// Of apiaryd: while a VM runs the shim's socket, the log, the UEFI variables and QEMU's monitor, and each file that was
// opened for it; while it starts, for a moment, the console's two ends and the pidfd of the shim's first process.
constexpr std::uint64_t descriptors_of_a_start = 7;
// Of the shim (9), and of a hypervisor without disks (17 for QEMU, and what it opens while it runs).
constexpr std::uint64_t open_files_besides = 49;
// The shim, and of a hypervisor its main loop, its workers and its screen. Virtual CPUs come on top.
constexpr std::uint64_t tasks_besides = 6;

struct Reserve {
    std::uint64_t at_most, part;  // of a small limit only this part of it
};

// Descriptors: 100 streams and 50 devd readers of clients with up to two each, 256 consoles that are being opened with
// two each, the stops' own (a few at a time), a reload's.
auto rule_for(Scarce what) -> Reserve {
    switch (what) {
        case Scarce::descriptors:
            return {.at_most = 1024, .part = 4};
        case Scarce::open_files:
            return {.at_most = 4096, .part = 8};
        case Scarce::tasks:
            break;
    }
    return {.at_most = 256, .part = 8};
}

}  // namespace

auto Need::of(Scarce what) const -> std::uint64_t {
    switch (what) {
        case Scarce::descriptors:
            return descriptors;
        case Scarce::open_files:
            return open_files;
        case Scarce::tasks:
            break;
    }
    return tasks;
}

auto operator+=(Need& sum, Need const& more) -> Need& {
    sum.descriptors += more.descriptors;
    sum.open_files += more.open_files;
    sum.tasks += more.tasks;
    return sum;
}

auto operator-=(Need& sum, Need const& less) -> Need& {
    sum.descriptors -= less.descriptors;
    sum.open_files -= less.open_files;
    sum.tasks -= less.tasks;
    return sum;
}

auto need_of(Definition const& definition) -> Need {
    auto const files = host_files_of(definition);
    auto const passed = static_cast<std::uint64_t>(std::ranges::count_if(files, &HostFile::passed));
    Need need{.descriptors = descriptors_of_a_start + passed,
              .open_files = open_files_besides + files.size(),
              .tasks = tasks_besides + definition.cpus.count()};
    need.open_files += need.descriptors;
    return need;
}

auto reserve_of(LimitReading const& reading) -> std::uint64_t {
    auto const rule = rule_for(reading.what);
    return std::min(rule.at_most, reading.limit / rule.part);
}

auto shortage(std::vector<LimitReading> const& readings, Need const& own, Need const& others) -> std::string {
    for (auto const& reading : readings) {
        auto const reserve = reserve_of(reading);
        auto const need = own.of(reading.what);
        if (reading.used + others.of(reading.what) + need + reserve <= reading.limit) {
            continue;
        }
        auto text = std::to_string(reading.used) + " of " + std::to_string(reading.limit) + ' ' + reading.name +
                    " are in use, ";
        if (auto const wanted = others.of(reading.what); wanted != 0) {
            text += "up to " + std::to_string(wanted) + " are for other VMs that are starting, ";
        }
        return text + std::to_string(reserve) + " are kept for stops and for clients, and one more VM needs up to " +
               std::to_string(need) + ": stop others, or " + reading.remedy;
    }
    return {};
}

}  // namespace apiary::supervision
