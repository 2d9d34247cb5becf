// Agents on the bus: who they are, what they have said of themselves, and that they are gone.
#include "bus/agents.hpp"

#include <algorithm>
#include <utility>

#include "bus/agent_port.hpp"
#include "bus/errors.hpp"
#include "bus/text.hpp"

namespace apiary::bus {

namespace {

constexpr std::size_t max_agent_vms = 1024, max_agent_events = 32;
constexpr std::uint64_t max_agent_timeout = 600'000, max_agent_order = 100;

[[noreturn]] void wrong_terms(std::string const& text) {
    throw Fault{Error::invalid_argument, text};
}

auto is_agent_name(std::string_view name) -> bool {
    constexpr std::size_t longest = 32;
    return !name.empty() && name.size() <= longest && name.front() >= 'a' && name.front() <= 'z' &&
           std::ranges::all_of(name,
                               [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

void take_timeout(Options& options, char const* key, std::chrono::milliseconds& timeout) {
    if (auto const wanted = options.number(key)) {
        if (*wanted == 0 || *wanted > max_agent_timeout) {
            wrong_terms(std::string{"'"} + key + "' must be 1 to 600000 milliseconds.");
        }
        timeout = std::chrono::milliseconds{*wanted};
    }
}

template <typename Data>
auto owned_by_slot(sd_bus_slot* slot, std::unique_ptr<Data> data) -> SlotPtr {
    sd_bus_slot_set_userdata(slot, data.release());
    sd_bus_slot_set_destroy_callback(slot, [](void* userdata) { delete static_cast<Data*>(userdata); });
    return SlotPtr{slot};
}

}  // namespace

auto agent_terms(Options options) -> AgentTerms {
    AgentTerms terms;
    terms.name = options.text("name").value_or("");
    if (!is_agent_name(terms.name)) {
        wrong_terms("'name' must be 1 to 32 lower case letters, digits and '-', the first a letter.");
    }
    if (auto const names = options.texts("vms")) {
        if (names->empty() || names->size() > max_agent_vms) {
            wrong_terms("'vms' must name 1 to 1024 VMs; without it the agent has a part in all.");
        }
        terms.vms.emplace();
        for (auto const& name : *names) {
            terms.vms->insert(name_key(name));
        }
    }
    if (auto const calls = options.texts("calls")) {
        terms.prestart = terms.poststop = false;
        for (auto const& call : *calls) {
            if (call != "prestart" && call != "poststop") {
                wrong_terms("'calls' may name prestart and poststop.");
            }
            (call == "prestart" ? terms.prestart : terms.poststop) = true;
        }
    }
    terms.events = options.texts("events").value_or(Texts{});
    if (terms.events.size() > max_agent_events) {
        wrong_terms("'events' may name 32 types.");
    }
    if (auto const order = options.number("order")) {
        if (*order > max_agent_order) {
            wrong_terms("'order' must be 0 to 100.");
        }
        terms.order = static_cast<std::uint32_t>(*order);
    }
    if (auto const parallel = options.number("parallel")) {
        if (*parallel == 0 || *parallel > Agents::most_parallel) {
            wrong_terms("'parallel' must be 1 to " + std::to_string(Agents::most_parallel) + ".");
        }
        terms.parallel = static_cast<unsigned>(*parallel);
    }
    take_timeout(options, "prestart-timeout", terms.prestart_timeout);
    take_timeout(options, "poststop-timeout", terms.poststop_timeout);
    take_timeout(options, "event-timeout", terms.event_timeout);
    terms.needed = options.flag("needed").value_or(false);
    options.finish();
    return terms;
}

auto BusAgents::book() const -> Agents& {
    if (agents_ == nullptr) {
        throw Fault{Error::not_supported, "This daemon takes no agents."};
    }
    return *agents_;
}

void BusAgents::add(std::string const& sender, Caller const& caller, std::string const& path, Options options) {
    auto& all = book();
    auto terms = agent_terms(std::move(options));
    terms.who = sender + " (uid " + std::to_string(caller.uid) + ")";
    auto const name = terms.name;
    auto outcome = all.add(std::move(terms), std::make_unique<AgentOnBus>(loop_, connection_, sender, path));
    if (auto const* const refusal = std::get_if<Refusal>(&outcome)) {
        throw Fault{*refusal};
    }
    Registered one;
    one.handle = std::move(std::get<Handle>(outcome));
    watch(one, name, sender);
    registered_.insert_or_assign(name, std::move(one));
}

void BusAgents::remove(std::string const& name) {
    if (!book().remove(name)) {
        constexpr std::size_t shown = 64;
        wrong_terms("There is no agent '" + clean_text(name, shown) + "'.");
    }
    registered_.erase(name);
}

auto BusAgents::list() const -> std::vector<AgentStatus> {
    return book().list();
}

// An agent ends with its connection. That may have ended already: it is asked once the rule is in place.
void BusAgents::watch(Registered& one, std::string const& name, std::string const& sender) {
    auto* const bus = connection_.raw();
    auto const rule =
        "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
        "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='" +
        sender + "'";
    sd_bus_slot* slot = nullptr;
    check(sd_bus_add_match_async(bus, &slot, rule.c_str(), on_gone, nullptr, nullptr), "watch an agent");
    one.gone = owned_by_slot(slot, std::make_unique<Asked>(Asked{this, name}));
    check(sd_bus_call_method_async(bus, &slot, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                   "NameHasOwner", on_present, nullptr, "s", sender.c_str()),
          "look for an agent");
    one.present = owned_by_slot(slot, std::make_unique<Asked>(Asked{this, name}));
}

auto BusAgents::on_gone(sd_bus_message* /*message*/, void* asked, sd_bus_error* error) -> int {
    return guarded(error, [&] {
        Asked const copy = *static_cast<Asked*>(asked);  // a unique name changes its owner once: to none
        copy.self->registered_.erase(copy.name);
        return 0;
    });
}

auto BusAgents::on_present(sd_bus_message* reply, void* asked, sd_bus_error* error) -> int {
    return guarded(error, [&] {
        Asked const copy = *static_cast<Asked*>(asked);
        int present = 0;
        if (sd_bus_message_get_error(reply) == nullptr && sd_bus_message_read(reply, "b", &present) >= 0 &&
            present == 0) {
            copy.self->registered_.erase(copy.name);
        }
        return 1;
    });
}

}  // namespace apiary::bus
