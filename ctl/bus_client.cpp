// The calls of the contract.
#include "ctl/bus_client.hpp"

#include "ctl/bus_calls.hpp"

namespace apiary::ctl {

namespace {

constexpr std::uint32_t as_many_as_fit = 0;
constexpr std::size_t most_names = 256;  // in a filter; with more, what comes is sorted out here

template <typename... Types>
auto tuple_of(sdbus::Struct<Types...> const& row) -> std::tuple<Types...> const& {
    return row;
}

constexpr char const* plans_key = "details";

auto plans_from(Dictionary const& result) -> std::vector<VmPlan> {
    using KeyRow = sdbus::Struct<std::string, Strings, Strings, std::string>;
    using PlanRow = sdbus::Struct<std::string, std::string, std::string, std::vector<KeyRow>, std::string>;
    std::vector<VmPlan> plans;
    auto const found = result.find(plans_key);
    if (found == result.end() || !found->second.containsValueOfType<std::vector<PlanRow>>()) {
        return plans;  // of an older daemon, or of a newer one that says it differently
    }
    for (auto const& row : found->second.get<std::vector<PlanRow>>()) {
        auto const& [name, action, effect, keys, why] = tuple_of(row);
        VmPlan& plan = plans.emplace_back();
        plan.name = name;
        plan.action = action;
        plan.effect = effect;
        plan.why = why;
        for (auto const& change : keys) {
            auto const& [key, before, after, when] = tuple_of(change);
            plan.keys.push_back({key, before, after, when});
        }
    }
    return plans;
}

void put(Dictionary& filter, char const* key, Strings const& values) {
    if (!values.empty()) {
        filter.emplace(key, sdbus::Variant{values});
    }
}

auto with_flag(char const* key, bool value) -> Dictionary {
    return value ? Dictionary{{key, sdbus::Variant{true}}} : Dictionary{};
}

class BusClient : public Client {
public:
    explicit BusClient(std::unique_ptr<BusLink> link) : link_{std::move(link)} {}

    [[nodiscard]] auto where() const -> std::string override {
        auto const& choice = link_->choice();
        // The bus's own id is of no use to people.
        return choice.address.empty() ? choice.origin : choice.address.substr(0, choice.address.find(",guid="));
    }

    auto daemon_info() -> DaemonInfo override {
        return asked([&] {
            ManagerCalls manager{*link_};
            return DaemonInfo{.version = manager.Version(),
                              .stream = manager.StreamId(),
                              .backend = manager.Backend(),
                              .api_version = manager.ApiVersion(),
                              .features = manager.Features(),
                              .degraded = manager.Degraded()};
        });
    }

    auto daemon_pid() -> int override {
        return asked([&] { return link_->owner_pid(); });
    }

    auto list_vms(std::string const& after, VmFilter const& filter) -> VmPage override {
        return asked([&] {
            Dictionary options;
            put(options, "vm", filter.names);
            put(options, "state", filter.states);
            put(options, "fields", filter.fields);
            auto const [seq, rows, more] = ManagerCalls{*link_}.ListVMs(after, as_many_as_fit, options);
            VmPage page{.seq = seq, .vms = {}, .more = more};
            for (auto const& row : rows) {
                auto const& [name, path, state, sub_state, target, reason, since, fields] = tuple_of(row);
                page.vms.push_back({name, path, state, sub_state, target, reason, since, values_from(fields)});
            }
            return page;
        });
    }

    auto list_jobs(std::uint64_t after, Strings const& vms) -> JobPage override {
        return asked([&] {
            Dictionary filter;
            put(filter, "vm", vms);
            auto const [seq, rows, more] = ManagerCalls{*link_}.ListJobs(after, as_many_as_fit, filter);
            JobPage page{.seq = seq, .jobs = {}, .more = more};
            for (auto const& row : rows) {
                auto const& [id, path, command, vm, stage, progress, result] = tuple_of(row);
                page.jobs.push_back({id, path, command, vm, stage, result, progress});
            }
            return page;
        });
    }

    auto list_plugins(std::string const& after, PluginFilter const& filter) -> PluginPage override {
        return asked([&] {
            Dictionary options;
            put(options, "state", filter.states);
            put(options, "fields", filter.fields);
            auto const [rows, more] = ManagerCalls{*link_}.ListPlugins(after, as_many_as_fit, options);
            PluginPage page{.plugins = {}, .more = more};
            for (auto const& row : rows) {
                auto const& [name, path, state, version, error, fields] = tuple_of(row);
                page.plugins.push_back({name, path, state, version, error, values_from(fields)});
            }
            return page;
        });
    }

    auto plugin_path(std::string const& name) -> std::string override {
        return asked([&] { return std::string{ManagerCalls{*link_}.GetPlugin(name)}; });
    }

    auto plugin_properties(std::string const& path) -> Values override {
        return asked([&] {
            return values_from(PluginCalls{*link_, path}.GetAll(PluginCalls::Plugin_proxy::INTERFACE_NAME));
        });
    }

    auto list_agents() -> std::vector<Values> override {
        return asked([&] {
            std::vector<Values> agents;
            for (auto const& agent : AgentsCalls{*link_}.List({})) {
                agents.push_back(values_from(agent));
            }
            return agents;
        });
    }

    auto vm_path(std::string const& name) -> std::string override {
        return asked([&] { return std::string{ManagerCalls{*link_}.GetVM(name)}; });
    }

    auto vm_properties(std::string const& path) -> Values override {
        return asked([&] { return values_from(VmCalls{*link_, path}.GetAll(VmCalls::VM_proxy::INTERFACE_NAME)); });
    }

    auto job_properties(std::string const& path) -> Values override {
        return asked([&] { return values_from(JobCalls{*link_, path}.GetAll(JobCalls::Job_proxy::INTERFACE_NAME)); });
    }

    auto rights(std::string const& vm) -> Strings override {
        return asked([&] { return ManagerCalls{*link_}.GetPermissions(vm); });
    }

    auto command(std::string const& vm_path, Command command, bool force) -> std::string override {
        return asked([&]() -> std::string {
            VmCalls vm{*link_, vm_path};
            switch (command) {
                case Command::start:
                    return vm.Start({});
                case Command::stop:
                    return vm.Stop({});
                case Command::poweroff:
                    return vm.PowerOff({});
                case Command::reset:
                    return vm.Reset({});
                case Command::pause:
                    return vm.Pause({});
                case Command::resume:
                    return vm.Resume({});
                case Command::fail_reset:
                    return vm.FailReset(with_flag("force", force));
            }
            return {};
        });
    }

    void cancel(std::string const& job_path) override {
        asked([&] { JobCalls{*link_, job_path}.Cancel({}); });
    }

    void plugin_command(std::string const& plugin_path, PluginCommand command) override {
        asked([&] {
            link_->connection().setMethodCallTimeout(UINT64_MAX);
            PluginCalls plugin{*link_, plugin_path};
            switch (command) {
                case PluginCommand::enable:
                    return plugin.Enable({});
                case PluginCommand::disable:
                    return plugin.Disable({});
                case PluginCommand::restart:
                    return plugin.Restart({});
            }
        });
    }

    void unregister_agent(std::string const& name) override {
        asked([&] { AgentsCalls{*link_}.Unregister(name, {}); });
    }

    auto reload(bool dry_run) -> ReloadResult override {
        return asked([&] {
            auto result = ManagerCalls{*link_}.Reload(with_flag("dry-run", dry_run));
            auto plans = plans_from(result);
            result.erase(plans_key);
            return ReloadResult{.values = values_from(result), .plans = std::move(plans)};
        });
    }

    auto vm_config(std::string const& vm_path, bool pending) -> std::vector<ConfigSetting> override {
        return asked([&] {
            Dictionary const options{{"which", sdbus::Variant{std::string{pending ? "pending" : "running"}}}};
            std::vector<ConfigSetting> settings;
            for (auto const& row : VmCalls{*link_, vm_path}.GetConfig(options)) {
                auto const& [key, values, origins, given, secret] = tuple_of(row);
                ConfigSetting& setting = settings.emplace_back();
                setting.key = key;
                setting.values = values;
                setting.given = given;
                setting.secret = secret;
                for (auto const& place : origins) {
                    auto const& [file, line, column, through] = tuple_of(place);
                    setting.origins.push_back({file, line, column, through});
                }
            }
            return settings;
        });
    }

    auto stop_all(bool force) -> std::vector<StopRow> override {
        return asked([&] {
            std::vector<StopRow> rows;
            for (auto const& row : ManagerCalls{*link_}.StopAll(with_flag("force", force))) {
                auto const& [name, path, behind] = tuple_of(row);
                rows.push_back({name, path, behind});
            }
            return rows;
        });
    }

    void shutdown(bool force, bool keep_vms) override {
        asked([&] {
            auto options = with_flag("force", force);
            options.merge(with_flag("keep-vms", keep_vms));
            ManagerCalls{*link_}.Shutdown(options);
        });
    }

    void restart(bool force) override {
        asked([&] { ManagerCalls{*link_}.Restart(with_flag("force", force)); });
    }

    auto open_console(std::string const& vm_path, bool read_only, bool force) -> UniqueFd override {
        return asked([&] {
            auto options = with_flag("force", force);
            options.emplace("mode", sdbus::Variant{std::string{read_only ? "read" : "read-write"}});
            return UniqueFd{VmCalls{*link_, vm_path}.OpenConsole(options).release()};
        });
    }

    auto journal_stream() -> std::string override {
        return asked([&] { return JournalCalls{*link_}.Stream(); });
    }

    auto journal_last() -> std::uint64_t override {
        return asked([&] { return JournalCalls{*link_}.Last(); });
    }

    auto open_journal(std::string const& stream, std::uint64_t after, EventFilter const& filter, bool from_oldest)
        -> UniqueFd override {
        return asked([&] {
            auto options = with_flag("from-oldest", from_oldest);
            if (filter.vms.size() <= most_names) {
                put(options, "vm", filter.vms);
            }
            put(options, "type", filter.types);
            if (filter.since != 0) {
                options.emplace("since", sdbus::Variant{filter.since});
            }
            return UniqueFd{JournalCalls{*link_}.Open(stream, after, options).release()};
        });
    }

    void subscribe(EventFilter const& filter) override {
        asked([&] {
            link_->listen();
            Dictionary options;
            if (filter.vms.size() <= most_names) {
                put(options, "vm", filter.vms);
            }
            put(options, "type", filter.types);
            ManagerCalls{*link_}.Subscribe(options);
        });
    }

    auto next(int interrupt, std::optional<std::chrono::milliseconds> timeout) -> Notice override {
        return link_->next(interrupt, timeout);
    }

private:
    template <typename Body>
    auto asked(Body body) -> decltype(body()) {
        if (link_->owner().empty()) {
            throw Failure{ExitCode::unreachable, "apiaryd is not there any more.",
                          "Its log tells why. When it is back, 'apiaryctl status' shows where the VMs are."};
        }
        try {
            return body();
        } catch (sdbus::Error const& error) {
            fail(error);
        }
    }

    std::unique_ptr<BusLink> link_;
};

auto is_elsewhere(BusSearch const& search) -> bool {
    if (!search.elsewhere) {
        return false;
    }
    try {
        return !BusLink{*search.elsewhere}.owner().empty();
    } catch (sdbus::Error const&) {
        return false;
    }
}

}  // namespace

auto connect(BusSearch const& search) -> std::unique_ptr<Client> {
    std::string tried;
    auto const note = [&](std::string const& text) { tried += "\n    " + text; };
    for (auto const& text : search.passed) {
        note(text);
    }
    for (auto const& choice : search.choices) {
        auto const name = choice.address.empty() ? choice.origin : choice.origin + " (" + choice.address + ')';
        try {
            auto link = std::make_unique<BusLink>(choice);
            if (!link->owner().empty()) {
                return std::make_unique<BusClient>(std::move(link));
            }
            note(name + ": the bus answers, but apiaryd is not on it");
        } catch (sdbus::Error const& error) {
            note(name + ": " + error.getMessage());
        }
    }
    throw Failure{ExitCode::unreachable, "apiaryd does not answer. Tried:" + tried,
                  is_elsewhere(search) ? search.word_of_elsewhere : search.advice};
}

}  // namespace apiary::ctl
