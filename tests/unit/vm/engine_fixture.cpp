#include "engine_fixture.hpp"

#include <algorithm>
#include <utility>

namespace apiary::test {

auto make(Wanted const& wanted) -> DefinitionPtr {
    auto made = std::make_shared<Definition>();
    made->name = wanted.name;
    made->owner = wanted.owner;
    made->visibility = wanted.visibility;
    made->boot = wanted.boot;
    made->boot_delay = wanted.boot_delay;
    made->stop_timeout = wanted.stop_timeout;
    made->loader_timeout = wanted.loader_timeout;
    made->backend = wanted.backend;
    made->memory_text = wanted.memory;
    made->origin = {"apiary.conf", wanted.line, 1};
    made->reboot_on_change = wanted.reboot_on_change;
    made->restart_limit = wanted.restart_limit;
    made->after = wanted.after;
    auto const set = [&made](std::string key, std::string value) {
        made->settings.push_back({.key = std::move(key), .values = {std::move(value)}, .origins = {made->origin}});
    };
    if (!wanted.after.empty()) {
        made->settings.push_back({.key = "after", .values = wanted.after, .origins = {}});
    }
    set("boot", std::string{to_string(wanted.boot)});
    set("boot_delay", std::to_string(wanted.boot_delay.count()));
    set("maxrestart", std::to_string(wanted.restart_limit.restarts));
    set("maxrestarttime", std::to_string(wanted.restart_limit.within.count()));
    set("memory", wanted.memory);
    set("reboot_on_change", wanted.reboot_on_change ? "yes" : "no");
    set("stop_timeout", std::to_string(wanted.stop_timeout.count()));
    return made;
}

auto Answer::job() const -> std::uint64_t {
    auto const* const id = outcome ? std::get_if<std::uint64_t>(&*outcome) : nullptr;
    return id != nullptr ? *id : 0;
}

auto Answer::refusal() const -> Refusal const* {
    return outcome ? std::get_if<Refusal>(&*outcome) : nullptr;
}

EngineWorld::EngineWorld() {
    engine = std::make_unique<EngineCore>(EngineParts{.loop = loop,
                                                      .journal = journal,
                                                      .supervisor = supervisor,
                                                      .identities = identities,
                                                      .hypervisors = {&hypervisor},
                                                      .steps = {&network, &storage, &hook},
                                                      .run_root = "/run/apiary",
                                                      .why_absent = [this](std::string_view) { return why_absent; }});
    engine->add_observer(observer);
    engine->add_observer(*this);
    hypervisor.log = supervisor.log = &asked;
    for (auto* const step : steps()) {
        step->log = &asked;
    }
}

void EngineWorld::on_turn(Turn const& turn) {
    for (auto const& event : turn.events) {
        auto const result = event.details.find("result");
        if (event.type == EventType::step && result != event.details.end() && result->second == "given-up") {
            for (auto* const step : steps()) {
                step->begun.erase(std::stoull(event.details.at("attempt")));
            }
        }
    }
}

void EngineWorld::define(std::vector<Wanted> const& wanted) {
    std::vector<DefinitionPtr> definitions;
    definitions.reserve(wanted.size());
    for (auto const& one : wanted) {
        definitions.push_back(make(one));
    }
    for (auto const& one : others) {
        definitions.push_back(make(one));
    }
    engine->apply(std::move(definitions));
    loop.run_ready();
}

auto EngineWorld::send(Command what, std::string_view vm, bool force) -> AnswerPtr {
    auto answer = std::make_shared<Answer>();
    engine->command(what, vm, {.force = force}, 1000, [this, answer](Outcome<std::uint64_t> outcome) {
        EXPECT_FALSE(answer->came()) << "a reply came twice";
        answer->outcome = std::move(outcome);
        observer.log.emplace_back("reply");
    });
    return answer;
}

auto EngineWorld::tell(Command what, std::string_view vm, bool force) -> AnswerPtr {
    auto answer = send(what, vm, force);
    loop.run_ready();
    return answer;
}

auto EngineWorld::cancel(std::uint64_t job) -> std::shared_ptr<std::optional<Outcome<std::monostate>>> {
    auto answer = std::make_shared<std::optional<Outcome<std::monostate>>>();
    engine->cancel(job, 1000, [answer](Outcome<std::monostate> outcome) {
        EXPECT_FALSE(answer->has_value());
        *answer = std::move(outcome);
    });
    loop.run_ready();
    return answer;
}

auto EngineWorld::status(std::string_view vm) const -> VmStatus const& {
    auto const found = engine->find(vm);
    if (!found) {
        throw std::out_of_range{"no VM " + std::string{vm}};
    }
    return found->status();
}

auto EngineWorld::where(std::string_view vm) const -> std::string {
    auto const found = engine->find(vm);
    return found ? place(found->status().state, found->status().sub_state) : "gone";
}

auto EngineWorld::result(AnswerPtr const& answer) const -> std::string {
    if (!answer->came()) {
        return "no answer";
    }
    if (answer->refusal() != nullptr) {
        return "refused";
    }
    if (auto const it = observer.ended_jobs.find(answer->job()); it != observer.ended_jobs.end()) {
        return std::string{to_string(it->second.result)};
    }
    return "running";
}

void EngineWorld::start(std::string_view vm) {
    tell(Command::start, vm);
    hypervisor.last().up();
    loop.run_ready();
}

void EngineWorld::come_to_rest() {
    using Ok = StepResult;
    hypervisor.obeys_kill = true;
    for (auto* const step : steps()) {
        step->prestart_answer = step->undo_answer = ScriptedStep::Answer::ok;
        step->undo_failures = 0;
        step->silent_for.clear();
    }
    for (auto const& process : supervisor.found) {
        process->dies_of_signals = true;
    }
    for (auto const& vm : engine->list({}, engine->count())) {
        send(Command::poweroff, vm->name());
    }
    auto const resting = [this] {
        auto const all = engine->list({}, engine->count());
        return hypervisor.alive() == 0 && std::all_of(all.begin(), all.end(), [](VmPtr const& vm) {
                   auto const& now = vm->status();
                   return now.state == State::stopped ||
                          (now.state == State::failed && now.sub_state == SubState::none);
               });
    };
    loop.run_ready();
    // Long enough for a killed hypervisor and a retried undo.
    for (int round = 0; round < 80 && !resting(); ++round) {
        for (auto* const step : steps()) {
            while (step->answer(Ok{})) {
            }
        }
        loop.advance(seconds{10});
    }
}

auto EngineWorld::faults() const -> std::vector<std::string> {
    auto all = observer.violations;
    all.insert(all.end(), hypervisor.violations.begin(), hypervisor.violations.end());
    for (auto const* const step : {&network, &storage, &hook}) {
        all.insert(all.end(), step->violations.begin(), step->violations.end());
    }
    return all;
}

auto EngineWorld::faults_at_rest() -> std::vector<std::string> {
    auto all = faults();
    auto const expect = [&all](bool holds, std::string text) {
        if (!holds) {
            all.push_back(std::move(text));
        }
    };
    for (auto const& vm : engine->list({}, engine->count())) {
        auto const& now = vm->status();
        auto const at = vm->name() + " (" + where(vm->name()) + "): ";
        expect(now.state == State::stopped || now.state == State::failed, at + "is not at rest");
        expect(now.job == 0, at + "has a job");
        expect(now.step.empty(), at + "has a step");
        expect(now.hypervisor_pid == 0, at + "has a pid");
    }
    expect(hypervisor.alive() == 0, "a hypervisor lives");
    for (auto const& process : hypervisor.processes) {
        expect(!process->held && process->forgotten, "a process is held, or was not forgotten");
    }
    for (auto const* const step : steps()) {
        expect(step->begun.empty(), std::string{step->name()} + " has something left to undo");
    }
    expect(observer.running_jobs.empty(), "a job runs");
    loop.advance(seconds{61});
    expect(engine->jobs().empty(), "a job stays");
    expect(loop.armed_timers() == 0, std::to_string(loop.armed_timers()) + " timers are armed");
    return all;
}

}  // namespace apiary::test
