// The jobs on the bus.
#include "bus/job_objects.hpp"

#include <string>

#include "bus/errors.hpp"
#include "bus/fallback.hpp"
#include "bus/incoming.hpp"
#include "bus/paths.hpp"
#include "bus/reply.hpp"

namespace apiary::bus {

JobObjects::JobObjects(Connection& connection, Engine& engine, Doorkeeper const& door, Lookup const& lookup)
    : connection_{connection}, engine_{engine}, door_{door}, lookup_{lookup}, vtable_{make_vtable()} {
    sd_bus_slot* slot = nullptr;
    check(
        sd_bus_add_fallback_vtable(connection_.raw(), &slot, job_prefix, job_interface, vtable_.data(), on_find, this),
        "add the job objects");
    objects_.reset(slot);
    check(sd_bus_add_node_enumerator(connection_.raw(), &slot, job_prefix, on_enumerate, this), "add the list of jobs");
    enumerator_.reset(slot);
}

auto JobObjects::make_vtable() -> std::vector<sd_bus_vtable> {
    std::vector<sd_bus_vtable> table;
    table.push_back(SD_BUS_VTABLE_START(0));
    table.push_back(SD_BUS_METHOD_WITH_ARGS("Cancel", SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT, on_cancel,
                                            SD_BUS_VTABLE_UNPRIVILEGED));
    finish_vtable(table, job_properties(), on_property);
    return table;
}

auto JobObjects::on_find(sd_bus* /*bus*/, char const* path, char const* /*interface*/, void* self, void** found,
                         sd_bus_error* error) -> int {
    return guarded(error, [&] {
        auto const& objects = *static_cast<JobObjects*>(self);
        auto const* caller = objects.door_.caller();
        auto const* job = caller != nullptr ? objects.lookup_.job_at(path, *caller) : nullptr;
        *found = const_cast<Job*>(job);
        return job != nullptr ? 1 : 0;
    });
}

auto JobObjects::on_enumerate(sd_bus* /*bus*/, char const* /*prefix*/, void* self, char*** paths, sd_bus_error* error)
    -> int {
    return guarded(error, [&] {
        auto const& objects = *static_cast<JobObjects*>(self);
        std::vector<std::string> visible;
        if (auto const* caller = objects.door_.caller()) {
            for (auto const* job : objects.lookup_.all_jobs(*caller)) {
                visible.push_back(job_path(job->id));
            }
        }
        *paths = to_strv(visible);
        return 0;
    });
}

auto JobObjects::on_property(sd_bus* /*bus*/, char const* /*path*/, char const* /*interface*/, char const* property,
                             sd_bus_message* reply, void* job, sd_bus_error* error) -> int {
    return append_property(job_properties(), property, reply, *static_cast<Job const*>(job), error);
}

auto JobObjects::on_cancel(sd_bus_message* message, void* job, sd_bus_error* error) -> int {
    return guarded(error, [&] {
        auto& objects = owner_of_slot<JobObjects>(sd_bus_message_get_bus(message));
        Options const options{read_options(message)};
        options.finish();
        auto const reply = std::make_shared<PendingReply>(message, objects.connection_.toucher());
        objects.engine_.cancel(static_cast<Job const*>(job)->id, objects.door_.current()->uid,
                               [reply](Outcome<std::monostate> const& outcome) {
                                   if (auto const* refusal = std::get_if<Refusal>(&outcome)) {
                                       reply->fault(Fault{*refusal});
                                   } else {
                                       reply->nothing();
                                   }
                               });
        return 1;
    });
}

}  // namespace apiary::bus
