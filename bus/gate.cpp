// Decides on one method call of a known caller.
#include "bus/gate.hpp"

#include <string>

#include "bus/errors.hpp"
#include "bus/paths.hpp"
#include "bus/permissions.hpp"

namespace apiary::bus {

namespace {

// A reply beyond the bus's 32 MiB would have us disconnected: any VM or job fits into 6 KiB, any name into 1 KiB. The
// 128 plugins that there can be take 4 MiB at most with all that they can declare.
constexpr std::size_t max_managed = 4096;
constexpr std::size_t max_introspected = 16'384;

void check_size(std::string const& interface, std::string const& member, std::string const& path, Caller const& caller,
                Lookup const& lookup) {
    bool const managed = member == "GetManagedObjects" && path == root_path &&
                         (interface.empty() || interface == "org.freedesktop.DBus.ObjectManager");
    bool const introspected =
        member == "Introspect" && (path == vm_prefix || path == job_prefix || path == plugin_prefix);
    if (!managed && !introspected) {
        return;
    }
    std::size_t const count =
        lookup.all_vms(caller).size() + lookup.all_jobs(caller).size() + lookup.all_plugins(caller).size();
    if (count > (managed ? max_managed : max_introspected)) {
        throw Fault{Error::limits_exceeded, "There are " + std::to_string(count) +
                                                " objects, too many for one reply. Use ListVMs and ListJobs of " +
                                                manager_interface + ", which give pages."};
    }
}

}  // namespace

void check_call(sd_bus_message* message, Caller const& caller, Lookup const& lookup, Authority const& authority) {
    auto const interface = text_or_empty(sd_bus_message_get_interface(message));
    auto const member = text_or_empty(sd_bus_message_get_member(message));
    auto const path = text_or_empty(sd_bus_message_get_path(message));
    if (!authority.admits(caller)) {
        throw Fault{Error::access_denied, "This apiaryd runs the VMs of one user, and answers him alone."};
    }
    check_size(interface, member, path, caller, lookup);

    auto const* permission = method_permission(interface, member);
    if (permission == nullptr || !permission->right) {
        return;
    }
    auto const refuse_unless = [&](Rights rights, std::string const& subject) {
        if (!rights.holds(*permission->right)) {
            throw Fault{Error::access_denied, member + " needs the right '" +
                                                  std::string{to_string(*permission->right)} + "' on " + subject +
                                                  ", which you do not have."};
        }
    };
    // Of a plugin it makes no difference whether it is there: who may not see it learns nothing by the refusal.
    if (path == root_path || path.starts_with(std::string{plugin_prefix} + '/')) {
        refuse_unless(authority.everywhere(caller), "the daemon");
    } else if (auto const vm = lookup.vm_at(path, caller)) {
        refuse_unless(authority.on_vm(caller, vm->audience()), "the VM '" + vm->name() + "'");
    } else if (auto const* job = lookup.job_at(path, caller)) {
        refuse_unless(authority.on_vm(caller, job->audience), "the VM '" + job->vm + "'");
    }
}

}  // namespace apiary::bus
