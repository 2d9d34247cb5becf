#include "mortal_world.hpp"

#include <fcntl.h>

#include <utility>

namespace apiary::test {

MortalWorld::MortalWorld(std::vector<Wanted> wanted) : definitions{std::move(wanted)} {
    observer.keep_turns = false;
    hypervisor.log = &asked;
    for (auto* const step : steps()) {
        step->log = &asked;
        step->intents_are_lost = true;
        step->gives = {{.kind = "fd",
                        .id = step == &storage ? "disk0" : std::string{step->name()},
                        .value = {},
                        .fd = std::make_shared<UniqueFd>(::open("/dev/null", O_RDONLY | O_CLOEXEC))}};
    }
    loop.before_each = [this] { point(); };
    store.at_commit = [this](char const*) { point(); };
    rise();
}

MortalWorld::~MortalWorld() {
    loop.before_each = nullptr;
    store.at_commit = nullptr;
    engine.reset();
    loop.drop_all();
}

void MortalWorld::point() {
    if (kills.contains(++points)) {
        throw Killed{};
    }
}

void MortalWorld::rise() {
    engine = std::make_unique<EngineCore>(EngineParts{.loop = loop,
                                                      .journal = store,
                                                      .supervisor = supervisor,
                                                      .identities = identities,
                                                      .hypervisors = {&hypervisor},
                                                      .steps = {&network, &storage, &hook},
                                                      .run_root = "/run/apiary",
                                                      .max_starting = most_starting,
                                                      .memory = &store});
    engine->add_observer(observer);
    engine->recover(store.recover());
    std::vector<DefinitionPtr> made;
    made.reserve(definitions.size());
    for (auto const& one : definitions) {
        made.push_back(make(one));
    }
    engine->apply(std::move(made));
}

void MortalWorld::die() {
    ++deaths;
    engine.reset();
    loop.drop_all();
    store.die();
    std::set<std::uint64_t> jobs;
    for (auto const& [id, job] : store.jobs()) {
        jobs.insert(id);
    }
    observer.catch_up(std::move(jobs));
    rise();
}

void MortalWorld::send(Command what, std::string_view vm) {
    engine->command(what, vm, {}, 1000, [](Outcome<std::uint64_t> const&) {});
}

auto MortalWorld::where(std::string_view vm) const -> std::string {
    auto const found = engine->find(vm);
    return found ? place(found->status().state, found->status().sub_state) : "gone";
}

auto MortalWorld::process() -> Process* {
    return hypervisor.processes.empty() || !hypervisor.last().alive ? nullptr : &hypervisor.last();
}

auto MortalWorld::respond() -> bool {
    auto* const last = process();
    if (last == nullptr) {
        return false;
    }
    if (last->state().kind == GuestEvent::Kind::unfinished) {
        if (hypervisor.loader) {
            last->loaded();
        }
        last->up();
        return true;
    }
    auto& heard = answered_[last];
    if (heard == last->calls.size()) {
        return false;
    }
    auto const call = last->calls[heard++];
    auto const word = call.substr(0, call.find(' '));
    if (word == "press") {
        last->ended(Reason::guest_poweroff);
    } else if (word == "quit" || word == "kill") {
        last->exited(word == "quit" ? Reason::requested : Reason::killed);
    } else if (word == "pause") {
        last->paused();
    } else if (word == "resume") {
        last->resumed();
    } else if (word == "reset") {
        last->reset(Reason::requested);
    }
    return true;
}

auto MortalWorld::live(Part const& part) -> bool {
    for (int round = 0; round < 200; ++round) {
        try {
            loop.run_ready();
            if (part.done(*this)) {
                return true;
            }
            if (!respond()) {
                part.act(*this);
                loop.run_ready();
                loop.advance(seconds{1});
            }
        } catch (Killed const&) {
            die();
        }
    }
    return false;
}

auto MortalWorld::faults() -> std::vector<std::string> {
    auto all = observer.violations;
    all.insert(all.end(), hypervisor.violations.begin(), hypervisor.violations.end());
    for (auto const* const step : steps()) {
        all.insert(all.end(), step->violations.begin(), step->violations.end());
    }
    if (hypervisor.alive("vm") > 1) {
        all.emplace_back("two processes of one VM live");
    }
    return all;
}

auto MortalWorld::faults_at_rest() -> std::vector<std::string> {
    kills.clear();
    loop.advance(minutes{2});
    auto all = faults();
    auto const expect = [&all](bool holds, std::string text) {
        if (!holds) {
            all.push_back(std::move(text));
        }
    };
    for (auto const& vm : engine->list({}, engine->count())) {
        auto const& now = vm->status();
        expect(now.job == 0 && now.step.empty() && now.hypervisor_pid == 0, vm->name() + " is not quite at rest");
    }
    expect(hypervisor.alive() == 0, "a hypervisor lives");
    for (auto const* const step : steps()) {
        expect(step->begun.empty(), std::string{step->name()} + " has something left to undo");
    }
    expect(engine->jobs().empty() && store.jobs().empty(), "a job stays");
    expect(loop.armed_timers() == 0, "timers are armed");
    std::set<std::uint64_t> begun, ended;
    for (auto const& event : store.events()) {
        if (event.type == EventType::job_new) {
            begun.insert(event.job);
        } else if (event.type == EventType::job_end) {
            ended.insert(event.job);
        }
    }
    expect(begun == ended, "a job has no end, or an end without a beginning");
    expect(observer.events.size() == store.events().size(), "not every event was told once");
    return all;
}

}  // namespace apiary::test
