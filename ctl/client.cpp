// What needs no bus: paging, object paths, and telling what was perhaps meant.
#include "ctl/client.hpp"

#include <algorithm>
#include <charconv>

#include "ctl/failure.hpp"
#include "ctl/suggest.hpp"
#include "ctl/text.hpp"

namespace apiary::ctl {

namespace {

constexpr std::string_view job_prefix = "/org/apiary/Apiary1/job/";

}  // namespace

auto to_string(Command command) -> std::string_view {
    switch (command) {
        case Command::start:
            return "start";
        case Command::stop:
            return "stop";
        case Command::poweroff:
            return "poweroff";
        case Command::reset:
            return "reset";
        case Command::pause:
            return "pause";
        case Command::resume:
            return "resume";
        case Command::fail_reset:
            return "failreset";
    }
    return {};
}

auto to_string(PluginCommand command) -> std::string_view {
    switch (command) {
        case PluginCommand::enable:
            return "enable";
        case PluginCommand::disable:
            return "disable";
        case PluginCommand::restart:
            return "restart";
    }
    return {};
}

auto job_path(std::uint64_t id) -> std::string {
    return std::string{job_prefix} + std::to_string(id);
}

auto job_id(std::string const& path) -> std::uint64_t {
    std::uint64_t id = 0;
    if (path.starts_with(job_prefix)) {
        std::from_chars(path.data() + job_prefix.size(), path.data() + path.size(), id);
    }
    return id;
}

auto all_vms(Client& client, VmFilter const& filter) -> VmPage {
    VmPage all;
    std::string after;
    for (bool first = true;; first = false) {
        auto page = client.list_vms(after, filter);
        if (first) {
            all.seq = page.seq;
        }
        bool const on = page.more && !page.vms.empty() && page.vms.back().name != after;
        if (on) {
            after = page.vms.back().name;
        }
        std::move(page.vms.begin(), page.vms.end(), std::back_inserter(all.vms));
        if (!on) {
            break;
        }
    }
    std::ranges::stable_sort(all.vms, {}, [](VmRow const& row) { return lower(row.name); });
    return all;
}

auto all_jobs(Client& client, Strings const& vms) -> JobPage {
    JobPage all;
    std::uint64_t after = 0;
    for (bool first = true;; first = false) {
        auto page = client.list_jobs(after, vms);
        if (first) {
            all.seq = page.seq;
        }
        bool const on = page.more && !page.jobs.empty() && page.jobs.back().id > after;
        if (on) {
            after = page.jobs.back().id;
        }
        std::move(page.jobs.begin(), page.jobs.end(), std::back_inserter(all.jobs));
        if (!on) {
            break;
        }
    }
    std::ranges::stable_sort(all.jobs, {}, &JobRow::id);
    return all;
}

auto all_plugins(Client& client, PluginFilter const& filter) -> std::vector<PluginRow> {
    std::vector<PluginRow> all;
    for (std::string after;;) {
        auto page = client.list_plugins(after, filter);
        bool const on = page.more && !page.plugins.empty() && page.plugins.back().name != after;
        if (on) {
            after = page.plugins.back().name;
        }
        std::move(page.plugins.begin(), page.plugins.end(), std::back_inserter(all));
        if (!on) {
            return all;
        }
    }
}

auto find_plugin(Client& client, std::string const& name) -> std::string {
    try {
        return client.plugin_path(name);
    } catch (Failure const& failure) {
        if (failure.code() != ExitCode::not_found) {
            throw;
        }
        Strings names;
        for (auto& row : all_plugins(client, {})) {
            names.push_back(std::move(row.name));
        }
        auto const meant = suggestion(name, names);
        throw Failure{ExitCode::not_found, failure.what(),
                      meant ? "Did you mean '" + *meant + "'?" : "'apiaryctl plugin list' shows those that there are.",
                      failure.error_name()};
    }
}

auto find_vm(Client& client, std::string const& name) -> std::string {
    try {
        return client.vm_path(name);
    } catch (Failure const& failure) {
        if (failure.code() != ExitCode::not_found) {
            throw;
        }
        Strings names;
        for (auto& row : all_vms(client, {}).vms) {
            names.push_back(std::move(row.name));
        }
        auto const meant = suggestion(name, names);
        throw Failure{ExitCode::not_found, failure.what(),
                      meant ? "Did you mean '" + *meant + "'?" : "'apiaryctl list' shows the VMs that you may see.",
                      failure.error_name()};
    }
}

}  // namespace apiary::ctl
