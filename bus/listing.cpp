// What the list methods of the manager give.
#include "bus/listing.hpp"

#include <algorithm>
#include <array>

#include "bus/errors.hpp"
#include "bus/text.hpp"
#include "bus/vm_objects.hpp"
#include "config/describe.hpp"

namespace apiary::bus {

namespace {

constexpr std::size_t max_rows = 1000;
constexpr std::size_t chunk = 256;
constexpr std::size_t word_shown = 64;

auto name_keys(std::optional<Texts> const& names) -> std::set<std::string> {
    std::set<std::string> keys;
    for (auto const& name : names.value_or(Texts{})) {
        keys.insert(name_key(name));
    }
    return keys;
}

auto wants(std::set<std::string> const& names, std::string_view name) -> bool {
    return names.empty() || names.contains(name_key(name));
}

template <typename Subject>
auto read_fields(Options& options, std::span<Property<Subject> const> table, std::string const& subject)
    -> std::vector<Property<Subject> const*> {
    std::vector<Property<Subject> const*> fields;
    for (auto const& name : options.texts("fields").value_or(Texts{})) {
        auto const* property = find_property(table, name);
        if (property == nullptr) {
            throw Fault{Error::invalid_option, subject + " has no property '" + clean_text(name, word_shown) + "'."};
        }
        if (std::find(fields.begin(), fields.end(), property) == fields.end()) {
            fields.push_back(property);
        }
    }
    return fields;
}

}  // namespace

auto page_size(std::uint32_t wanted) -> std::size_t {
    if (wanted > max_rows) {
        throw Fault{Error::invalid_argument, "'max' can be at most " + std::to_string(max_rows) + "."};
    }
    return wanted == 0 ? max_rows : wanted;
}

auto read_vm_query(Options options) -> VmQuery {
    VmQuery query;
    for (auto const& word : options.texts("state").value_or(Texts{})) {
        auto const state = state_from(word);
        if (!state) {
            throw Fault{Error::invalid_argument, "'" + clean_text(word, word_shown) + "' is not a state."};
        }
        query.states.insert(*state);
    }
    query.names = name_keys(options.texts("vm"));
    query.fields = read_fields(options, vm_properties(), "A VM");
    options.finish();
    return query;
}

auto list_vms(Engine const& engine, Lookup const& lookup, Caller const& caller, std::string after, std::size_t max,
              VmQuery const& query) -> VmPage {
    VmPage page;
    for (;;) {
        auto const some = engine.list(after, chunk);
        for (auto const& vm : some) {
            if (!lookup.sees(caller, vm->audience()) || !wants(query.names, vm->name()) ||
                (!query.states.empty() && !query.states.contains(vm->status().state))) {
                continue;
            }
            if (page.vms.size() == max) {
                page.more = true;
                return page;
            }
            page.vms.push_back(vm);
        }
        if (some.size() < chunk) {
            return page;
        }
        after = some.back()->name();
    }
}

auto wanted_fields(Vm const& vm, VmQuery const& query) -> Dict {
    Dict fields;
    if (!query.fields.empty()) {
        auto const definition = vm.definition();
        auto const facts = facts_of(vm, definition);
        for (auto const* property : query.fields) {
            fields.push_back({property->name, property->get(facts)});
        }
    }
    return fields;
}

auto read_job_query(Options options) -> JobQuery {
    JobQuery query{name_keys(options.texts("vm")), options.flag("running")};
    options.finish();
    return query;
}

auto list_jobs(Engine const& engine, Lookup const& lookup, Caller const& caller, std::uint64_t after, std::size_t max,
               JobQuery const& query) -> JobPage {
    JobPage page;
    for (auto const* job : engine.jobs()) {
        bool const running = job->result == JobResult::running;
        if (job->id <= after || !lookup.sees(caller, job->audience) || !wants(query.names, job->vm) ||
            (query.running && *query.running != running)) {
            continue;
        }
        if (page.jobs.size() == max) {
            page.more = true;
            break;
        }
        page.jobs.push_back(job);
    }
    return page;
}

auto shown_stage(Job const& job) -> std::string {
    constexpr std::size_t max_stage = 256;
    return clean_text(job.stage, max_stage);
}

auto read_plugin_query(Options options) -> PluginQuery {
    using enum PluginState;
    PluginQuery query;
    for (auto const& word : options.texts("state").value_or(Texts{})) {
        constexpr std::array all{starting, running, ended, disabled, unusable, absent};
        auto const* const state = std::ranges::find_if(all, [&](PluginState one) { return to_string(one) == word; });
        if (state == all.end()) {
            throw Fault{Error::invalid_argument, "'" + clean_text(word, word_shown) + "' is not a state of a plugin."};
        }
        query.states.insert(*state);
    }
    for (auto& name : options.texts("plugin").value_or(Texts{})) {
        query.names.insert(std::move(name));
    }
    query.fields = read_fields(options, plugin_properties(), "A plugin");
    options.finish();
    return query;
}

auto list_plugins(Lookup const& lookup, Caller const& caller, std::string_view after, std::size_t max,
                  PluginQuery const& query) -> PluginPage {
    PluginPage page;
    for (auto& plugin : lookup.all_plugins(caller)) {
        if (plugin.name <= after || (!query.names.empty() && !query.names.contains(plugin.name)) ||
            (!query.states.empty() && !query.states.contains(plugin.state))) {
            continue;
        }
        if (page.plugins.size() == max) {
            page.more = true;
            break;
        }
        page.plugins.push_back(std::move(plugin));
    }
    return page;
}

auto wanted_fields(PluginStatus const& plugin, PluginQuery const& query) -> Dict {
    Dict fields;
    for (auto const* property : query.fields) {
        fields.push_back({property->name, property->get(plugin)});
    }
    return fields;
}

namespace {

auto shown_messages(std::vector<std::string> const& diagnostics) -> Texts {
    constexpr std::size_t max_messages = 1000;
    constexpr std::size_t max_message = 4096;
    Texts messages;
    for (auto const& message : diagnostics) {
        if (messages.size() == max_messages) {
            break;
        }
        messages.push_back(clean_text(message, max_message));
    }
    return messages;
}

}  // namespace

auto shown_configuration(ConfigReport const& report) -> Dict {
    constexpr std::size_t max_path = 4096;
    constexpr std::size_t max_files =
        100'000;  // some 10 MiB at most with the paths that there are: below any bus's bound
    Texts files;
    for (auto const& file : report.files) {
        if (files.size() == max_files) {
            break;
        }
        files.push_back(clean_text(file, max_path));
    }
    Dict globals;
    for (auto const& key : config::describe(report.globals)) {
        if (auto const* const number = std::get_if<std::int64_t>(&key.value.data)) {
            globals.push_back({key.key, {static_cast<std::uint64_t>(std::max<std::int64_t>(*number, 0))}});
        } else if (auto const* const text = std::get_if<std::string>(&key.value.data)) {
            globals.push_back({key.key, {clean_text(*text, max_path)}});
        }
    }
    return {{"files", {std::move(files)}},
            {"loaded", {to_micros(report.loaded)}},
            {"taken", {report.taken}},
            {"diagnostics", {shown_messages(report.diagnostics)}},
            {"globals", {std::move(globals)}}};
}

auto shown_report(ReloadReport const& report) -> Dict {
    return {{"added", {report.added}},
            {"changed", {report.changed}},
            {"removed", {report.removed}},
            {"diagnostics", {shown_messages(report.diagnostics)}}};
}

}  // namespace apiary::bus
