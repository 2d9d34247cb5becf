// The daemon as the commands see it. What is behind is one connection to one message bus; no header of the bus gets
// out.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ctl/config_model.hpp"
#include "ctl/model.hpp"
#include "ctl/unique_fd.hpp"

namespace apiary::ctl {

// All calls block until the daemon has answered, and throw Failure.
class Client {
public:
    Client() = default;
    Client(Client const&) = delete;
    Client(Client&&) = delete;
    auto operator=(Client const&) -> Client& = delete;
    auto operator=(Client&&) -> Client& = delete;
    virtual ~Client() = default;

    [[nodiscard]] virtual auto where() const -> std::string = 0;  // which bus, for people

    virtual auto daemon_info() -> DaemonInfo = 0;
    virtual auto daemon_pid() -> int = 0;  // as the bus knows it; 0: it does not
    virtual auto list_vms(std::string const& after, VmFilter const& filter) -> VmPage = 0;
    virtual auto list_jobs(std::uint64_t after, Strings const& vms) -> JobPage = 0;
    virtual auto list_plugins(std::string const& after, PluginFilter const& filter) -> PluginPage = 0;
    virtual auto list_agents() -> std::vector<Values> = 0;  // by name; as Agents.List tells them
    virtual auto vm_path(std::string const& name) -> std::string = 0;
    virtual auto vm_properties(std::string const& path) -> Values = 0;
    virtual auto job_properties(std::string const& path) -> Values = 0;
    virtual auto plugin_path(std::string const& name) -> std::string = 0;
    virtual auto plugin_properties(std::string const& path) -> Values = 0;
    virtual auto rights(std::string const& vm) -> Strings = 0;  // with an empty name: everywhere

    virtual auto command(std::string const& vm_path, Command command, bool force)
        -> std::string = 0;  // path of the job
    virtual void cancel(std::string const& job_path) = 0;
    // Waits as long as it takes: the plugin's calls that are under way have deadlines of their own.
    virtual void plugin_command(std::string const& plugin_path, PluginCommand command) = 0;
    virtual void unregister_agent(std::string const& name) = 0;
    virtual auto reload(bool dry_run) -> ReloadResult = 0;
    virtual auto vm_config(std::string const& vm_path, bool pending) -> std::vector<ConfigSetting> = 0;
    virtual auto stop_all(bool force) -> std::vector<StopRow> = 0;
    virtual void shutdown(bool force, bool keep_vms) = 0;
    virtual void restart(bool force) = 0;
    virtual auto open_console(std::string const& vm_path, bool read_only, bool force) -> UniqueFd = 0;

    virtual auto journal_stream() -> std::string = 0;
    virtual auto journal_last() -> std::uint64_t = 0;
    // Events as lines of JSON (Journal.Open), for an EventFeed. from_oldest: where events after `after` are gone, begin
    // with the oldest that is left in place of failing.
    virtual auto open_journal(std::string const& stream, std::uint64_t after, EventFilter const& filter,
                              bool from_oldest) -> UniqueFd = 0;

    // From now on next() tells of jobs and events of these VMs (none: of all). Nothing that happens after this call is
    // missed, so call it before what makes things happen.
    virtual void subscribe(EventFilter const& filter) = 0;
    // Waits for what happens next. `interrupt`: a descriptor that becomes readable when the wait is to end; or -1.
    virtual auto next(int interrupt, std::optional<std::chrono::milliseconds> timeout) -> Notice = 0;
};

// Object paths of the contract.
[[nodiscard]] auto job_path(std::uint64_t id) -> std::string;
[[nodiscard]] auto job_id(std::string const& path) -> std::uint64_t;  // 0: that is no job's path

// All pages. Rows are sorted by name (VMs) or id (jobs).
[[nodiscard]] auto all_vms(Client& client, VmFilter const& filter) -> VmPage;
[[nodiscard]] auto all_jobs(Client& client, Strings const& vms) -> JobPage;

[[nodiscard]] auto all_plugins(Client& client, PluginFilter const& filter) -> std::vector<PluginRow>;

// The VM's path; where there is none, the failure names the VM that was perhaps meant.
[[nodiscard]] auto find_vm(Client& client, std::string const& name) -> std::string;
[[nodiscard]] auto find_plugin(Client& client, std::string const& name) -> std::string;  // the same of a plugin

}  // namespace apiary::ctl
