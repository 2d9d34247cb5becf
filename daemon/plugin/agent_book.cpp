// The agents that there are.
#include "plugin/agent_book.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace apiary::plugin {

class AgentBook::Registration : public Subscription {
public:
    Registration(std::weak_ptr<AgentBook*> book, std::string name, std::uint64_t number)
        : book_{std::move(book)}, name_{std::move(name)}, number_{number} {}
    ~Registration() override {
        if (auto const book = book_.lock()) {
            (*book)->gone(name_, number_);
        }
    }
    Registration(Registration const&) = delete;
    auto operator=(Registration const&) -> Registration& = delete;

private:
    std::weak_ptr<AgentBook*> book_;
    std::string name_;
    std::uint64_t number_;
};

class AgentBook::Needed : public Step {
public:
    Needed(Loop& loop, std::weak_ptr<AgentBook*> book) : loop_{loop}, book_{std::move(book)} {}
    [[nodiscard]] auto name() const -> std::string_view override { return agents_step; }
    [[nodiscard]] auto applies_to(Definition const& definition) const -> bool override {
        auto const book = book_.lock();
        return book && (*book)->missed_by(definition) != nullptr;
    }
    void prestart(StepCall call, Done done) override {
        StepResult result;
        auto const book = book_.lock();
        if (auto const* const missed = book ? (*book)->missed_by(*call.definition) : nullptr) {
            result.kind = StepResult::Kind::veto;
            result.reason = Reason::plugin_unavailable;
            result.text = "VM " + call.definition->name + " needs the agent " + missed->name +
                          ", which has gone without taking its leave: start it again, or do without it (the method "
                          "UnregisterAgent of the manager)";
        }
        loop_.post([done = std::move(done), result = std::move(result)] { done(result); });
    }
    void poststop(StepCall call, Done done) override {
        static_cast<void>(call);
        loop_.post([done = std::move(done)] { done({}); });
    }

private:
    Loop& loop_;
    std::weak_ptr<AgentBook*> book_;
};

AgentBook::AgentBook(Loop& loop, Agent::Log log, std::function<void()> steps_changed)
    : loop_{loop},
      log_{std::move(log)},
      steps_changed_{std::move(steps_changed)},
      self_{std::make_shared<AgentBook*>(this)} {
    needed_ = std::make_shared<Needed>(loop_, self_);
}

AgentBook::~AgentBook() {
    self_.reset();
}

auto AgentBook::missed_by(Definition const& definition) const -> AgentTerms const* {
    for (auto const& [name, entry] : agents_) {
        if (!entry.agent && covers(entry.terms, definition.name)) {
            return &entry.terms;
        }
    }
    return nullptr;
}

auto AgentBook::steps() const -> Steps {
    std::vector<Entry const*> present;
    for (auto const& [name, entry] : agents_) {
        if (entry.agent) {
            present.push_back(&entry);
        }
    }
    std::ranges::sort(present, {}, [](Entry const* one) { return std::tie(one->terms.order, one->terms.name); });
    Steps made{needed_};
    for (auto const* const entry : present) {
        made.push_back(entry->step);
    }
    return made;
}

auto AgentBook::add(AgentTerms terms, std::unique_ptr<AgentPort> port) -> Outcome<Handle> {
    auto const found = agents_.find(terms.name);
    if (found != agents_.end() && found->second.agent) {
        return Refusal{Refusal::Kind::invalid_state, "There is an agent " + terms.name + " already: " +
                                                         found->second.terms.who + ". It has to go first."};
    }
    if (found == agents_.end() && agents_.size() >= most) {
        return Refusal{Refusal::Kind::too_many,
                       "There are " + std::to_string(most) + " agents already, and no more are taken."};
    }
    auto name = terms.name;
    auto const number = ++last_number_;
    log_(2, "agent " + name + ": " + terms.who + " is it from now on, for " +
                (terms.vms ? std::to_string(terms.vms->size()) + " VMs" : std::string{"all VMs"}));
    auto& entry = agents_[name];
    entry.number = number;
    entry.agent = std::make_shared<Agent>(loop_, terms, std::move(port), log_);
    entry.step = std::make_shared<AgentStep>(loop_, entry.agent);
    entry.terms = std::move(terms);
    steps_changed_();
    return std::make_unique<Registration>(self_, std::move(name), number);
}

auto AgentBook::remove(std::string_view name) -> bool {
    auto const found = agents_.find(name);
    if (found == agents_.end()) {
        return false;
    }
    log_(2, "agent " + found->first + ": it has taken its leave");
    auto const entry = std::move(found->second);
    agents_.erase(found);
    steps_changed_();
    return true;
}

void AgentBook::gone(std::string const& name, std::uint64_t number) {
    auto const found = agents_.find(name);
    if (found == agents_.end() || found->second.number != number || !found->second.agent) {
        return;
    }
    auto& entry = found->second;
    log_(1, "agent " + name + ": " + entry.terms.who + " is gone" +
                (entry.terms.needed ? std::string{", and needed: VMs that it has a part in do not start"} : "") +
                (entry.terms.poststop ? "; what is to be undone with it waits for it" : ""));
    entry.error = entry.agent->status().error;
    auto const agent = std::exchange(entry.agent, nullptr);
    entry.step = nullptr;
    if (!entry.terms.needed) {
        agents_.erase(found);
    }
    steps_changed_();
}

auto AgentBook::list() const -> std::vector<AgentStatus> {
    std::vector<AgentStatus> all;
    all.reserve(agents_.size());
    for (auto const& [name, entry] : agents_) {
        all.push_back(entry.agent ? entry.agent->status()
                                  : AgentStatus{.terms = entry.terms, .present = false, .error = entry.error});
    }
    return all;
}

void AgentBook::on_turn(Turn const& turn) {
    for (auto const& event : turn.events) {
        for (auto const& [name, entry] : agents_) {
            if (entry.agent) {
                entry.agent->hear(event);
            }
        }
    }
}

}  // namespace apiary::plugin
