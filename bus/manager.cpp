// The manager on the bus.
#include <apiary_introspection/Manager-adaptor.hpp>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bus/adaptor.hpp"
#include "bus/debug_info.hpp"
#include "bus/listing.hpp"
#include "bus/paths.hpp"
#include "bus/pending_replies.hpp"
#include "bus/singletons.hpp"
#include "bus/subscriptions.hpp"
#include "bus/vm_config.hpp"

namespace apiary::bus {

namespace {

constexpr std::uint32_t api_version = 4;
constexpr std::size_t max_names_behind = 100'000;  // of 128 bytes at most: far from what a bus refuses

using VmRow = sdbus::Struct<std::string, sdbus::ObjectPath, std::string, std::string, std::string, std::string,
                            std::uint64_t, VariantMap>;
using JobRow =
    sdbus::Struct<std::uint64_t, sdbus::ObjectPath, std::string, std::string, std::string, double, std::string>;
using PluginRow = sdbus::Struct<std::string, sdbus::ObjectPath, std::string, std::string, std::string, VariantMap>;
using Reloads = PendingReplies<ReloadReport, VariantMap>;
using Restarts = PendingReplies<std::monostate>;
using KeyRow = sdbus::Struct<std::string, Texts, Texts, std::string>;
using StopRow = sdbus::Struct<std::string, sdbus::ObjectPath, Texts>;
using PlanRow = sdbus::Struct<std::string, std::string, std::string, std::vector<KeyRow>, std::string>;

auto reload_result(ReloadReport const& report) -> VariantMap {
    auto const bounded = bounded_details(report.details);
    std::vector<PlanRow> rows;
    rows.reserve(bounded.plans.size());
    for (auto const& plan : bounded.plans) {
        std::vector<KeyRow> keys;
        keys.reserve(plan.keys.size());
        for (auto const& key : plan.keys) {
            keys.emplace_back(key.key, key.before, key.after, std::string{to_string(key.effect)});
        }
        rows.emplace_back(plan.name, std::string{to_string(plan.action)}, std::string{to_string(plan.effect)},
                          std::move(keys), plan.why);
    }
    auto result = to_variants(shown_report(report));
    result.emplace("details", sdbus::Variant{rows});
    result.emplace("details-complete", sdbus::Variant{bounded.complete});
    return result;
}

class ManagerObject final : public Singleton, public sdbus::AdaptorInterfaces<org::apiary::Apiary1::Manager_adaptor> {
public:
    explicit ManagerObject(Surroundings const& around)
        : AdaptorInterfaces{around.connection.sdbus(), root_path},
          around_{around},
          reloads_{[](auto& reply, ReloadReport const& report) { reply.returnResults(reload_result(report)); },
                   [this] { around_.connection.touch(); }},
          restarts_{[](auto& reply, std::monostate) { reply.returnResults(); },
                    [this] { around_.connection.touch(); }} {
        registerAdaptor();
    }
    ~ManagerObject() override { unregisterAdaptor(); }
    ManagerObject(ManagerObject const&) = delete;
    auto operator=(ManagerObject const&) -> ManagerObject& = delete;

private:
    auto ListVMs(std::string const& after, std::uint32_t const& max, VariantMap const& filter)
        -> std::tuple<std::uint64_t, std::vector<VmRow>, bool> override {
        return answered([&] {
            auto const query = read_vm_query(to_options(filter));
            auto const page =
                list_vms(around_.engine, around_.lookup, *around_.door.current(), after, page_size(max), query);
            std::vector<VmRow> rows;
            rows.reserve(page.vms.size());
            for (auto const& vm : page.vms) {
                auto const& status = vm->status();
                rows.emplace_back(vm->name(), sdbus::ObjectPath{vm_path(vm->name())},
                                  std::string{to_string(status.state)}, std::string{to_string(status.sub_state)},
                                  std::string{to_string(status.target)}, std::string{to_string(status.reason)},
                                  to_micros(status.since), to_variants(wanted_fields(*vm, query)));
            }
            return std::make_tuple(around_.streams.published(), std::move(rows), page.more);
        });
    }

    auto GetVM(std::string const& name) -> sdbus::ObjectPath override {
        return answered([&]() -> sdbus::ObjectPath { return vm_path(visible(name)->name()); });
    }

    auto ListJobs(std::uint64_t const& after, std::uint32_t const& max, VariantMap const& filter)
        -> std::tuple<std::uint64_t, std::vector<JobRow>, bool> override {
        return answered([&] {
            auto const query = read_job_query(to_options(filter));
            auto const page =
                list_jobs(around_.engine, around_.lookup, *around_.door.current(), after, page_size(max), query);
            std::vector<JobRow> rows;
            rows.reserve(page.jobs.size());
            for (auto const* job : page.jobs) {
                rows.emplace_back(job->id, sdbus::ObjectPath{job_path(job->id)}, std::string{to_string(job->command)},
                                  job->vm, shown_stage(*job), job->progress, std::string{to_string(job->result)});
            }
            return std::make_tuple(around_.streams.published(), std::move(rows), page.more);
        });
    }

    auto ListPlugins(std::string const& after, std::uint32_t const& max, VariantMap const& filter)
        -> std::tuple<std::vector<PluginRow>, bool> override {
        return answered([&] {
            need_plugins();
            auto const query = read_plugin_query(to_options(filter));
            auto const page = list_plugins(around_.lookup, *around_.door.current(), after, page_size(max), query);
            std::vector<PluginRow> rows;
            rows.reserve(page.plugins.size());
            for (auto const& plugin : page.plugins) {
                auto const text = [&plugin](char const* property) {
                    return std::get<std::string>(find_property(plugin_properties(), property)->get(plugin).data);
                };
                rows.emplace_back(plugin.name, sdbus::ObjectPath{plugin_path(plugin.name)}, text("State"),
                                  text("Version"), text("LastError"), to_variants(wanted_fields(plugin, query)));
            }
            return std::make_tuple(std::move(rows), page.more);
        });
    }

    auto GetPlugin(std::string const& name) -> sdbus::ObjectPath override {
        return answered([&]() -> sdbus::ObjectPath {
            need_plugins();
            if (!around_.options.plugins->find(name)) {
                throw no_such_plugin(name);
            }
            return plugin_path(name);
        });
    }

    void Subscribe(VariantMap const& filter) override {
        answered([&] {
            auto options = to_options(filter);
            SignalFilter wanted{options.texts("vm").value_or(Texts{}), options.texts("type").value_or(Texts{})};
            options.finish();
            around_.subscribers.subscribe(around_.door.current_sender(), around_.door.current(), std::move(wanted));
        });
    }

    void Unsubscribe() override {
        answered([&] {
            (void)around_.door.current();
            around_.subscribers.unsubscribe(around_.door.current_sender());
        });
    }

    void Reload(Reloads::Result&& result, VariantMap options) override {
        answered([&] {
            auto known = to_options(options);
            bool const dry_run = known.flag("dry-run").value_or(false);
            known.finish();
            if (!around_.options.reload) {
                throw Fault{Error::not_supported, "This daemon cannot read its configuration again."};
            }
            around_.options.reload(dry_run, reloads_.keep(std::move(result)));
        });
    }

    auto GetConfig(VariantMap const& options) -> VariantMap override {
        return answered([&] {
            to_options(options).finish();
            if (!around_.options.configuration) {
                throw Fault{Error::not_supported, "This daemon has no configuration to tell of."};
            }
            return to_variants(shown_configuration(around_.options.configuration()));
        });
    }

    auto GetPermissions(std::string const& vm) -> std::vector<std::string> override {
        return answered([&] {
            auto const caller = around_.door.current();
            return (vm.empty() ? around_.authority.everywhere(*caller)
                               : around_.authority.on_vm(*caller, visible(vm)->audience()))
                .words();
        });
    }

    auto GetDebugInfo(VariantMap const& options) -> VariantMap override {
        return answered([&] {
            to_options(options).finish();
            auto const count = [](std::size_t number) { return Value{static_cast<std::uint32_t>(number)}; };
            Dict info{{"vms", count(around_.engine.count())},
                      {"jobs", count(around_.engine.jobs().size())},
                      {"subscribers", count(around_.subscribers.size())},
                      {"known-senders", count(around_.door.known())},
                      {"parked-messages", count(around_.door.parked())},
                      {"journal-last", {around_.engine.journal().last()}},
                      {"database-heap", {around_.engine.journal().database_heap()}}};
            if (auto const used = heap_used()) {
                info.push_back({"heap-used", {*used}});
            }
            return to_variants(info);
        });
    }

    auto StopAll(VariantMap const& options) -> std::vector<StopRow> override {
        return answered([&] {
            auto known = to_options(options);
            bool const force = known.flag("force").value_or(false);
            known.finish();
            auto const caller = around_.door.current();
            Texts names;
            for (auto const& vm : around_.engine.list({}, around_.engine.count())) {
                if (around_.authority.on_vm(*caller, vm->audience()).holds(Right::operate)) {
                    names.push_back(vm->name());
                }
            }
            auto outcome = around_.engine.stop_all(names, force, caller->uid);
            if (auto const* const refusal = std::get_if<Refusal>(&outcome)) {
                throw Fault{*refusal};
            }
            std::vector<StopRow> rows;
            auto room = max_names_behind;
            for (auto& one : std::get<std::vector<Engine::Stopping>>(outcome)) {
                one.behind.resize(std::min(one.behind.size(), room));
                room -= one.behind.size();
                rows.emplace_back(one.name, sdbus::ObjectPath{vm_path(one.name)}, std::move(one.behind));
            }
            return rows;
        });
    }

    void Shutdown(VariantMap const& options) override {
        answered([&] {
            auto known = to_options(options);
            bool const force = known.flag("force").value_or(false);
            bool const keep_vms = known.flag("keep-vms").value_or(false);
            known.finish();
            if (keep_vms && force) {
                throw Fault{Error::invalid_option, "keep-vms leaves the VMs alone, force powers them off: not both."};
            }
            if (keep_vms && around_.options.leave) {
                around_.loop.post([leave = around_.options.leave] { leave(); });
            } else if (!keep_vms && around_.options.shutdown) {
                around_.loop.post([shutdown = around_.options.shutdown, force] { shutdown(force); });
            }
        });
    }

    void Restart(Restarts::Result&& result, VariantMap options) override {
        answered([&] {
            auto known = to_options(options);
            bool const force = known.flag("force").value_or(false);
            known.finish();
            if (!around_.options.restart) {
                throw Fault{Error::not_supported, "This daemon cannot execute its program again."};
            }
            around_.options.restart(force, restarts_.keep(std::move(result)));
        });
    }

    auto Version() -> std::string override { return around_.options.version; }
    auto ApiVersion() -> std::uint32_t override { return api_version; }
    auto StreamId() -> std::string override {
        return answered([&] { return around_.engine.journal().stream(); });
    }
    auto Backend() -> std::string override { return around_.options.backend; }
    auto Features() -> std::vector<std::string> override { return around_.options.features; }
    auto Degraded() -> bool override { return around_.publisher.degraded(); }

    void need_plugins() const {
        if (around_.options.plugins == nullptr) {
            throw Fault{Error::not_supported, "This daemon has no plugins."};
        }
    }

    [[nodiscard]] auto visible(std::string const& name) const -> VmPtr {
        auto vm = around_.lookup.vm_named(name, *around_.door.current());
        if (!vm) {
            throw no_such_vm(name);
        }
        return vm;
    }

    Surroundings around_;
    Reloads reloads_;
    Restarts restarts_;
};

}  // namespace

auto make_manager(Surroundings const& around) -> std::unique_ptr<Singleton> {
    return std::make_unique<ManagerObject>(around);
}

}  // namespace apiary::bus
