// Keys that vmstated's configurations brought along; each can be set in every language.
#include <chrono>

#include "config/draft.hpp"
#include "config/keys_core.hpp"
#include "config/setters.hpp"

namespace apiary::config {
namespace {

template <auto Member>
auto set_topology(Draft& draft, Assignment& a) -> ValueFault {
    draft.topology.*Member = static_cast<unsigned>(a.number);
    return std::nullopt;
}

auto set_restarts(Draft& draft, Assignment& a) -> ValueFault {
    draft.vm.restart_limit.restarts = static_cast<unsigned>(a.number);
    return std::nullopt;
}

auto set_restart_time(Draft& draft, Assignment& a) -> ValueFault {
    draft.vm.restart_limit.within = std::chrono::seconds{a.number};
    return std::nullopt;
}

auto absolute_fault(Assignment const& a) -> ValueFault {
    if (!a.text.starts_with('/')) {
        return "an absolute path is needed";
    }
    return a.text.find('\n') == std::string_view::npos ? std::nullopt : ValueFault{"a line end is not possible here"};
}

template <auto Member>
auto set_absolute_path(Draft& draft, Assignment& a) -> ValueFault {
    auto fault = absolute_fault(a);
    if (!fault) {
        draft.vm.*Member = std::string{a.text};
    }
    return fault;
}

auto set_configfile(Draft& draft, Assignment& a) -> ValueFault {
    auto fault = absolute_fault(a);
    if (!fault) {
        draft.configfile = a.host_path(a.text);
    }
    return fault;
}

auto count(char const* name, char const* doc, ValueFault (*set)(Draft&, Assignment&)) -> KeySpec {
    constexpr int most = 256;
    return {.name = name, .type = KeyType::integer, .doc = doc, .least = 1, .most = most, .set = set};
}

}  // namespace

auto vmstated_keys() -> std::vector<KeySpec> {
    using D = Definition;
    std::vector<KeySpec> keys{
        {.name = "description", .doc = "what the VM is for", .set = set_text<&D::description>},
        {.name = "os", .doc = "the guest's operating system, for people", .set = set_text<&D::os>},
        {.name = "osversion", .doc = "its version, for people", .set = set_text<&D::osversion>},
        {.name = "maxrestart",
         .type = KeyType::integer,
         .fallback = "3",
         .doc = "restarts within maxrestarttime; one more, and the VM is failed (0: none at all)",
         .least = 0,
         .set = set_restarts},
        {.name = "maxrestarttime",
         .type = KeyType::integer,
         .fallback = "30",
         .doc = "seconds within which restarts are counted",
         .least = 1,
         .set = set_restart_time},
        {.name = "acpi_tables",
         .aliases = {"generate_acpi_tables"},
         .type = KeyType::boolean,
         .fallback = "yes",
         .doc = "bhyve: the VM has ACPI tables",
         .set = set_flag<&D::acpi_tables>},
        {.name = "vmexit_on_halt",
         .type = KeyType::boolean,
         .fallback = "yes",
         .doc = "bhyve: an idle processor of the VM gives up the host's",
         .set = set_flag<&D::vmexit_on_halt>},
        {.name = "bootrom",
         .type = KeyType::path,
         .doc = "bhyve: firmware, as FILE or FILE,VARIABLES, in place of the usual one",
         .trust = TrustRule::root_only,
         .why = "bhyve opens it with the rights of root",
         .set = set_absolute_path<&D::bootrom>},
        {.name = "configfile",
         .type = KeyType::path,
         .doc = "bhyve: a bhyve_config(5) file that the VM is started from; other keys are added to it",
         .trust = TrustRule::root_only,
         .why = "such a file can give the VM every device and file of the host",
         .set = set_configfile},
        {.name = "scriptpath",
         .type = KeyType::path,
         .doc = "folder of hook scripts that are named after states, as vmstated has them",
         .trust = TrustRule::root_only,
         .why = "it names programs that the host runs",
         .set = set_absolute_path<&D::scriptpath>},
    };
    keys.push_back(count("cpus", "processors, where ncpu is not set", set_topology<&Topology::cpus>));
    keys.back().aliases = {"numcpus"};
    keys.push_back(count("sockets", "sockets that the processors are in", set_topology<&Topology::sockets>));
    keys.push_back(count("cores", "cores in each socket", set_topology<&Topology::cores>));
    keys.push_back(count("threads", "threads of each core", set_topology<&Topology::threads>));
    return keys;
}

}  // namespace apiary::config
