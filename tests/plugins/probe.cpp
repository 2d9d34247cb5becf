// A plugin that does what the VM's settings say, one after the other: so a test says what it wants to see in the place
// where it looks at what came.
#include <apiary/plugin.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace {

apiary_host const* host = nullptr;
apiary_self* self = nullptr;
std::atomic<int> inside{0};

struct Script {
    apiary_call* call;
    int result = APIARY_OK;
};

void say(apiary_call* call, std::string const& text) {
    host->log(self, call, APIARY_INFO, text.c_str());
}

auto shown(char const* text) -> std::string {
    return text == nullptr ? "(null)" : text;
}

void tell(apiary_call* call) {
    say(call, "vm " + shown(host->vm_name(call)) + " id " + std::to_string(host->vm_id(call)) + " incarnation " +
                  std::to_string(host->vm_incarnation(call)) + " run " + shown(host->run_folder(call)) + " attempt " +
                  std::to_string(host->attempt(call)));
    say(call, "state " + shown(host->state_folder(self)) + " bus " + shown(host->bus_address(self)));
    say(call, "time " + std::string{host->time_left(call) > 0 ? "left" : "over"} + " canceled " +
                  std::to_string(host->canceled(call)));
    say(call, "event " + std::to_string(host->event_seq(call)) + " " + shown(host->event_type(call)) + " state " +
                  shown(host->event_field(call, "state")) + " other " + shown(host->event_field(call, "other")));
    apiary_contribution one{.size = sizeof one, .kind = nullptr, .id = nullptr, .value = nullptr};
    for (std::size_t i = 0; host->contribution(call, i, &one) == 0; ++i) {
        say(call, "given " + shown(one.kind) + " " + shown(one.id) + " " + shown(one.value));
    }
}

void tell_rights(apiary_call* call) {
    std::string groups;
    std::vector<gid_t> all(1000);
    all.resize(static_cast<std::size_t>(std::max(0, ::getgroups(1000, all.data()))));
    for (gid_t const group : all) {
        groups += " " + std::to_string(group);
    }
    std::string capabilities, privileges;
    std::ifstream status{"/proc/self/status"};
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("CapEff:") || line.starts_with("CapAmb:")) {
            capabilities += line + " ";
        } else if (line.starts_with("NoNewPrivs:")) {
            privileges = line;
        }
    }
    std::string interfaces;
    if (auto* const names = ::if_nameindex()) {
        for (auto const* one = names; one->if_name != nullptr; ++one) {
            interfaces += std::string{" "} + one->if_name;
        }
        ::if_freenameindex(names);
    }
    say(call, "uid " + std::to_string(::getuid()) + " gid " + std::to_string(::getgid()) + " groups" + groups);
    say(call, capabilities + privileges);
    say(call, "interfaces" + interfaces);
}

// path args...; with what the settings run_user, run_owner, run_timeout, run_folder and run_env say.
void run(apiary_call* call, std::vector<char const*> argv) {
    argv.push_back(nullptr);
    apiary_command command{};
    command.size = sizeof command;
    command.path = argv.front();
    command.argv = argv.data();
    command.user = host->setting(call, "run_user", 0);
    command.folder = host->setting(call, "run_folder", 0);
    std::vector<char const*> environment;
    for (std::size_t i = 0; i < host->setting_count(call, "run_env"); ++i) {
        environment.push_back(host->setting(call, "run_env", i));
    }
    if (!environment.empty()) {
        environment.push_back(nullptr);
        command.envp = environment.data();
    }
    if (char const* const owner = host->setting(call, "run_owner", 0)) {
        command.flags |= APIARY_RUN_OWNED;
        command.owner = static_cast<std::uint32_t>(std::atoi(owner));
    }
    if (char const* const timeout = host->setting(call, "run_timeout", 0)) {
        command.timeout_ms = static_cast<std::uint32_t>(std::atoi(timeout));
    }
    if (host->setting_count(call, "run_log") == 0) {
        command.context = call;
        command.line = [](void* context, int is_error, char const* text) {
            say(static_cast<apiary_call*>(context), std::string{is_error != 0 ? "err: " : "out: "} + text);
        };
    }
    apiary_outcome outcome{};
    outcome.size = sizeof outcome;
    int const result = host->run(call, &command, &outcome);
    say(call, "ran " + std::to_string(result) + " status " + std::to_string(outcome.status) + " signal " +
                  std::to_string(outcome.signal) + " timed_out " + std::to_string(outcome.timed_out) + " canceled " +
                  std::to_string(outcome.canceled) + " error " + std::to_string(outcome.error) + " last " +
                  outcome.last_line);
}

auto act(void* context, char const* key, char const* const* values, std::size_t count) -> int {
    auto& script = *static_cast<Script*>(context);
    apiary_call* const call = script.call;
    auto const is = [key](char const* name) { return std::strcmp(key, name) == 0; };
    auto const value = [&](std::size_t i) { return i < count ? values[i] : nullptr; };
    if (is("say")) {
        host->message(call, APIARY_ERROR, value(1), value(0));
    } else if (is("result")) {
        script.result = std::atoi(value(0));
    } else if (is("tell")) {
        tell(call);
    } else if (is("rights")) {
        tell_rights(call);
    } else if (is("contribute")) {
        say(call, "contributed " + std::to_string(host->contribute(call, value(0), value(1), value(2))));
    } else if (is("contribute_fd")) {
        int const fd = ::open(value(1), O_RDONLY | O_CLOEXEC);
        say(call, "contributed " + std::to_string(host->contribute_fd(call, value(0), fd)));
        ::close(fd);
    } else if (is("run")) {
        run(call, {values, values + count});
    } else if (is("print")) {
        std::puts(value(0));
    } else if (is("secret")) {
        char into[16];
        long const length = host->secret(self, value(0), into, sizeof into);
        say(call, length < 0 ? std::string{"no secret: "} + std::strerror(errno) : "secret " + std::string{into});
    } else if (is("emit")) {
        char const* const details[] = {"colour", value(1), nullptr};
        host->emit(self, host->vm_name(call), value(0), details);
    } else if (is("wait")) {  // until it is called off
        say(call, "waiting");
        pollfd watched{host->cancel_fd(call), POLLIN, 0};
        ::poll(&watched, 1, -1);
        say(call, "called off, canceled " + std::to_string(host->canceled(call)));
    } else if (is("alone")) {  // tells whether another call is inside at the same time
        int const others = inside.fetch_add(1);
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
        inside.fetch_sub(1);
        say(call, "others " + std::to_string(others));
    } else if (is("meet")) {  // returns when as many calls are inside at the same time as are wanted
        inside.fetch_add(1);
        while (inside.load() < std::atoi(value(0)) && host->canceled(call) == 0) {
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        }
        say(call, "met");
    } else if (is("stop")) {
        return 1;
    }
    return 0;
}

auto perform(apiary_call* call) -> int {
    Script script{.call = call};
    host->each_setting(call, act, &script);
    return script.result;
}
auto perform_for(void* with, apiary_call* call) -> int {
    if (with != &inside) {
        say(call, "this is not what init() gave");
    }
    return perform(call);
}

auto init(apiary_self* its, void** plugin) -> int {
    self = its;
    *plugin = &inside;
    char secret[64];
    if (host->secret(self, "init", secret, sizeof secret) >= 0) {
        host->log(self, nullptr, APIARY_INFO, (std::string{"init has the secret "} + secret).c_str());
    }
    // Fails as long as this file is there.
    char const* const folder = host->state_folder(self);
    return folder != nullptr && ::access((std::string{folder} + "/fail").c_str(), F_OK) == 0 ? APIARY_FAILED
                                                                                             : APIARY_OK;
}
void shutdown_plugin(void*) {
    std::puts("goodbye");
    host->log(self, nullptr, APIARY_INFO, "shutdown");
}
void reload(void*) {
    host->log(self, nullptr, APIARY_INFO, "reload");
}

}  // namespace

extern "C" APIARY_PLUGIN_EXPORT auto apiary_plugin_entry(apiary_host const* its) -> apiary_plugin const* {
    host = its;
    static char const* const events[] = {"state", nullptr};
    static apiary_key key{};
    key.name = "probe";
    key.doc = "What to do";
    static apiary_plugin plugin{};
    plugin.size = sizeof plugin;
    plugin.abi = APIARY_PLUGIN_ABI;
    plugin.name = "probe";
    plugin.version = "0.1";
    plugin.doc = "Does what the settings say";
    plugin.keys = &key;
    plugin.key_count = 1;
    plugin.key_size = sizeof key;
    plugin.events = events;
    plugin.init = init;
    plugin.shutdown = shutdown_plugin;
    plugin.configure = perform;
    plugin.prestart = plugin.poststop = plugin.renew = plugin.event = perform_for;
    plugin.reload = reload;
    return &plugin;
}
