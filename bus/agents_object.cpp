// Where agents register.
#include <apiary_introspection/Agents-adaptor.hpp>

#include <string>
#include <vector>

#include "bus/adaptor.hpp"
#include "bus/agents.hpp"
#include "bus/paths.hpp"
#include "bus/singletons.hpp"

namespace apiary::bus {

namespace {

auto shown_agent(AgentStatus const& agent) -> VariantMap {
    auto const& terms = agent.terms;
    Texts calls;
    if (terms.prestart) {
        calls.emplace_back("prestart");
    }
    if (terms.poststop) {
        calls.emplace_back("poststop");
    }
    Dict shown{{"name", {terms.name}},
               {"who", {terms.who}},
               {"present", {agent.present}},
               {"needed", {terms.needed}},
               {"order", {terms.order}},
               {"calls", {calls}},
               {"events", {terms.events}},
               {"answered", {agent.calls}},
               {"failures", {agent.failures}},
               {"under-way", {static_cast<std::uint32_t>(agent.under_way)}},
               {"waiting", {static_cast<std::uint32_t>(agent.waiting)}},
               {"error", {agent.error}}};
    if (terms.vms) {
        shown.push_back({"vms", {Texts{terms.vms->begin(), terms.vms->end()}}});
    }
    return to_variants(shown);
}

class AgentsObject final : public Singleton, public sdbus::AdaptorInterfaces<org::apiary::Apiary1::Agents_adaptor> {
public:
    explicit AgentsObject(Surroundings const& around, BusAgents& agents)
        : AdaptorInterfaces{around.connection.sdbus(), root_path}, around_{around}, agents_{agents} {
        registerAdaptor();
    }
    ~AgentsObject() override { unregisterAdaptor(); }
    AgentsObject(AgentsObject const&) = delete;
    auto operator=(AgentsObject const&) -> AgentsObject& = delete;

private:
    void Register(sdbus::ObjectPath const& agent, VariantMap const& options) override {
        answered([&] {
            auto const caller = around_.door.current();
            agents_.add(around_.door.current_sender(), *caller, agent, to_options(options));
        });
    }
    void Unregister(std::string const& name, VariantMap const& options) override {
        answered([&] {
            to_options(options).finish();
            agents_.remove(name);
        });
    }
    auto List(VariantMap const& options) -> std::vector<VariantMap> override {
        return answered([&] {
            to_options(options).finish();
            std::vector<VariantMap> rows;
            for (auto const& agent : agents_.list()) {
                rows.push_back(shown_agent(agent));
            }
            return rows;
        });
    }

    Surroundings around_;
    BusAgents& agents_;
};

}  // namespace

auto make_agents(Surroundings const& around, BusAgents& agents) -> std::unique_ptr<Singleton> {
    return std::make_unique<AgentsObject>(around, agents);
}

}  // namespace apiary::bus
