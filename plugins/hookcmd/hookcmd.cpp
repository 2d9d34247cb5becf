// hookcmd: runs programs of the host's admin as VMs start, change their state and end. docs/hookcmd.md is its manual.
//
// Two families, which may stand side by side: bmd's keys prestart, poststop and hookcmd; vmstated's scripts in a folder
// (scriptpath), each named after a state. The daemon knows these keys itself and asks for this plugin where they are
// set.
#include <sys/stat.h>
#include <unistd.h>
#include <apiary/plugin.hpp>

#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

#include "account.hpp"
#include "environment.hpp"
#include "hooks.hpp"
#include "path_trust.hpp"
#include "program.hpp"

namespace apiary::hookcmd {
namespace {

namespace ap = apiary::plugins;
using std::chrono::hours;
using std::chrono::seconds;

constexpr std::int64_t default_timeout = 300, longest_timeout = 3600;

struct Broke : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class Hookcmd {
public:
    // No deadline of a call ends a hook: each has its own, and a call runs at most six.
    static auto declaration() -> ap::Declaration {
        return {.name = "hookcmd",
                .version = "1.0",
                .doc = "Runs programs as VMs start, change their state and end",
                .keys = {ap::Key::integer("hook_timeout",
                                          "Seconds that each program of hookcmd may take; then it is killed", 1,
                                          longest_timeout)
                             .fallback(std::to_string(default_timeout))},
                .phase = APIARY_PHASE_HOOK,
                .flags = APIARY_PLUGIN_OWN_EVENTS | APIARY_PLUGIN_RENEW_AT_REBOOT,
                .events = {"state", "reboot"},
                .prestart_timeout = hours{8},
                .poststop_timeout = hours{8},
                .event_timeout = hours{8}};
    }

    explicit Hookcmd(ap::Host host) : host_{host} {}

    // Of a process without rights: what it cannot look at it says nothing of. Its own user counts as the daemon's,
    // which for a daemon of root's is one too many, and warns too little.
    static void configure(ap::Call& call) {
        for (char const* const key : {"prestart", "poststop", "hookcmd"}) {
            auto const path = call.setting(key);
            auto const user = std::string_view{key} == "hookcmd" ? find_uid(owner(call)) : std::optional{::geteuid()};
            if (!path || !user) {
                continue;
            }
            if (auto const fault = unfit(std::string{*path}, *user); !fault.empty()) {
                call.message(APIARY_WARNING, std::string{*path} + " will not be run: " + fault, key);
            }
        }
    }

    void prestart(ap::Call& call) {
        note_taps(call);
        bool begun = false;
        auto const step = [&](std::optional<Trouble> const& trouble) {
            if (trouble) {
                refuse(call, *trouble, begun);
            }
            begun = true;
        };
        if (auto const path = call.setting("prestart")) {
            step(run(call, command(call, "prestart", std::string{*path}, "PRESTART", {})));
        }
        for (char const* const name : {"start_network", "start_storage"}) {
            if (auto program = script(call, name)) {
                step(run(call, *program));
            }
        }
        enter(call, true);
    }

    // Whatever the programs say, it is done: trying again would do it twice, and the VM would not start before.
    void poststop(ap::Call& call) {
        update(call, [](Life& life) { life.entered = true; });
        for (char const* const name : {"stop_storage", "stop_network"}) {
            if (auto program = script(call, name)) {
                tell_undo(call, run(call, *program), true);
            }
        }
        if (auto const path = call.setting("poststop")) {
            tell_undo(call, run(call, command(call, "poststop", std::string{*path}, "POSTSTOP", {})), false);
        }
    }

    // The hypervisor is launched anew for a guest that rebooted, or that a daemon's end kept from it.
    void renew(ap::Call& call) {
        update(call, [](Life& life) { life.rebooting = true; });
        for (auto const name : reboot_scripts) {
            auto const program = script(call, std::string{name});
            auto const trouble = program ? run(call, *program) : std::nullopt;
            if (trouble) {
                throw Broke{trouble->text};
            }
        }
    }

    void event(ap::Call& call) {
        if (call.event_type() == "reboot") {
            reboot(call);
            return;
        }
        auto const field = [&call](char const* name) { return call.event_field(name).value_or(std::string_view{}); };
        StateChange const change{field("state"), field("sub-state"), field("old-state"), field("old-sub-state"),
                                 field("reason")};
        std::vector<Hook> hooks;
        update(call, [&](Life& life) { hooks = hooks_of(change, life); });
        std::optional<Trouble> first;
        for (auto const& hook : hooks) {
            auto const program = program_of(call, hook);
            auto trouble = program ? run(call, *program) : std::nullopt;
            if (trouble) {
                tell(call, *trouble);
                first = first ? std::move(first) : std::move(trouble);
            }
        }
        if (is_rest(change)) {
            forget(call);
        }
        if (first) {
            throw Broke{first->text};
        }
    }

private:
    // ---- what is run ----

    static auto owner(ap::Call& call) -> std::string {
        std::string const both{call.setting("owner").value_or("")};
        return both.substr(0, both.find(':'));
    }

    auto make(ap::Call& call, std::string what, std::string path) -> Program {
        return {.what = std::move(what),
                .path = std::move(path),
                .arguments = {},
                .name = {},
                .user = {},
                .environment = environment(facts(call)),
                .timeout = seconds{call.number("hook_timeout").value_or(default_timeout)}};
    }

    // bmd's: its name without folders, the VM, the state.
    auto command(ap::Call& call, std::string what, std::string path, std::string_view state, std::string user)
        -> Program {
        auto program = make(call, std::move(what), std::move(path));
        program.name = program.path.substr(program.path.rfind('/') + 1);
        program.arguments = {call.vm_name(), std::string{state}};
        program.user = std::move(user);
        return program;
    }

    // vmstated's: its path alone. Nothing: there is none.
    auto script(ap::Call& call, std::string const& name) -> std::optional<Program> {
        auto const folder = call.setting("scriptpath");
        if (!folder) {
            return std::nullopt;
        }
        auto path = std::string{*folder} + "/" + name;
        struct stat found {};
        bool const there = ::stat(path.c_str(), &found) == 0 && S_ISREG(found.st_mode) && (found.st_mode & 0111) != 0;
        return there ? std::optional{make(call, name, std::move(path))} : std::nullopt;
    }

    auto program_of(ap::Call& call, Hook const& hook) -> std::optional<Program> {
        if (hook.kind == Hook::Kind::script) {
            return script(call, std::string{hook.name});
        }
        auto const path = call.setting("hookcmd");
        return path ? std::optional{command(call, "hookcmd", std::string{*path}, hook.name, owner(call))}
                    : std::nullopt;
    }

    // A hypervisor that reboots by being launched again has renew() for that.
    void reboot(ap::Call& call) {
        update(call, [](Life& life) { life.rebooting = true; });
        if (call.setting("backend") == "bhyve") {
            return;
        }
        for (auto const name : reboot_scripts) {
            auto const program = script(call, std::string{name});
            if (auto const trouble = program ? run(call, *program) : std::nullopt) {
                tell(call, *trouble);
                throw Broke{trouble->text};
            }
        }
    }

    // ---- what is said ----

    // Nothing has been done yet: a veto, and nothing to undo. A program that said no has undone what it did.
    void refuse(ap::Call& call, Trouble const& trouble, bool begun) {
        bool const clean = trouble.kind == Trouble::Kind::said_no || trouble.kind == Trouble::Kind::not_run;
        enter(call, begun || !clean);
        if (clean && !begun) {
            throw ap::Veto{trouble.text};
        }
        throw Broke{trouble.text};
    }

    void tell(ap::Call& call, Trouble const& trouble) { host_.emit(call.vm_name(), trouble.text); }

    void tell_undo(ap::Call& call, std::optional<Trouble> const& trouble, bool is_script) {
        if (!trouble) {
            return;
        }
        if (trouble->kind == Trouble::Kind::called_off) {
            throw Broke{trouble->text};
        }
        tell(call, *trouble);
        update(call, [is_script](Life& life) { life.undo_fault = life.undo_fault || is_script; });
    }

    // ---- what is known of the VM ----

    template <typename Change>
    void update(ap::Call& call, Change const& change) {
        std::lock_guard const lock{mutex_};
        auto& life = lives_[call.vm_name()];
        if (life.incarnation != call.incarnation()) {
            life = {};
            life.incarnation = call.incarnation();
        }
        change(life);
    }
    void enter(ap::Call& call, bool entered) {
        update(call, [entered](Life& life) {
            life.known = true;
            life.entered = entered;
        });
    }
    void forget(ap::Call& call) {
        std::lock_guard const lock{mutex_};
        lives_.erase(call.vm_name());
        taps_.erase(call.vm_name());
    }

    // Those that the steps before have made; kept for poststop, which is given only what is ours.
    void note_taps(ap::Call& call) {
        for (auto const& one : call.contributions()) {
            if (one.kind == "tap" && one.id.starts_with("nic")) {
                call.contribute("note", "tap-" + one.id, one.value);
                std::lock_guard const lock{mutex_};
                taps_[call.vm_name()][one.id] = one.value;
            }
        }
    }

    template <typename Id>
    static auto number(std::optional<Id> const& id) -> long {
        return id ? static_cast<long>(*id) : -1;
    }
    auto facts(ap::Call& call) -> Facts {
        return {.name = call.vm_name(),
                .id = call.vm_id(),
                .settings = [&call](char const* key) { return call.settings(key); },
                .uid = [](std::string const& user) { return number(find_uid(user)); },
                .gid = [](std::string const& group) { return number(find_gid(group)); },
                .tap = [this, &call](std::size_t nic) { return tap(call, nic); }};
    }

    auto tap(ap::Call& call, std::size_t nic) -> std::string {
        auto const id = "nic" + std::to_string(nic);
        if (auto note = call.note("tap-" + id)) {
            return *note;
        }
        std::lock_guard const lock{mutex_};
        auto const vm = taps_.find(call.vm_name());
        if (vm == taps_.end()) {
            return {};
        }
        auto const found = vm->second.find(id);
        return found == vm->second.end() ? std::string{} : found->second;
    }

    ap::Host host_;
    std::mutex mutex_;
    std::map<std::string, Life> lives_;
    std::map<std::string, std::map<std::string, std::string>> taps_;
};

}  // namespace
}  // namespace apiary::hookcmd

APIARY_PLUGIN(apiary::hookcmd::Hookcmd)
