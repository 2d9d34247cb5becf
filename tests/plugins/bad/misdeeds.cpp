// Does the deed that it is named after, in the function that the key bad_NAME of the VM names ("prestart", "poststop",
// "event", "renew", "configure"). Each is built by itself: people are told a plugin by its name.
#include <apiary/plugin.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

apiary_host const* host = nullptr;

[[maybe_unused]] auto is(char const* deed) -> bool {
    return std::strcmp(BAD_NAME, deed) == 0;
}

// As a runaway pointer to a FILE does, or a daemon's "close all": to every descriptor there can be.
void write_garbage() {
    static char const garbage[] = "This is no frame, and nobody asked for it. ";
    for (int descriptor = 0; descriptor < 1024; ++descriptor) {
        static_cast<void>(!::write(descriptor, garbage, sizeof garbage - 1));
    }
}

auto do_it(apiary_call* call) -> int {
    if (is("crash")) {
        std::fputs("I am about to crash\n", stderr);
        ::signal(SIGSEGV, SIG_DFL);  // a sanitizer would make an exit of it
        ::raise(SIGSEGV);
    } else if (is("abort")) {
        std::fputs("a check failed: 1 == 2\n", stderr);
        std::abort();
    } else if (is("hang")) {
        for (;;) {
            ::pause();
        }
    } else if (is("slow")) {  // waits until it is called off, then for a while more
        char nothing = 0;
        static_cast<void>(!::read(host->cancel_fd(call), &nothing, 1));
        std::this_thread::sleep_for(std::chrono::milliseconds{300});
    } else if (is("leak")) {
        apiary_command command{};
        command.size = sizeof command;
        command.path = "/bin/true";
        if (host->run(call, &command, nullptr) != 0) {
            return APIARY_FAILED;
        }
        while (::open("/dev/null", O_RDONLY) >= 0) {  // until there are no more
        }
    } else if (is("throw")) {
        throw std::runtime_error{"nobody catches this"};
    } else if (is("throw-int")) {
        throw 42;
    } else if (is("exit")) {
        std::exit(0);
    } else if (is("pthread-exit")) {
        ::pthread_exit(nullptr);
    } else if (is("fork")) {  // and leaves the child behind, which executes nothing
        if (::fork() == 0) {
            ::alarm(60);
            ::pause();
        }
        ::signal(SIGSEGV, SIG_DFL);
        ::raise(SIGSEGV);
    } else if (is("close")) {
        for (int descriptor = 0; descriptor < 1024; ++descriptor) {
            ::close(descriptor);
        }
    } else if (is("garbage")) {
        write_garbage();
    } else if (is("huge")) {
        std::string const huge(std::size_t{64} * 1024 * 1024, 'x');
        host->message(call, APIARY_ERROR, huge.c_str(), huge.c_str());
        host->log(nullptr, call, APIARY_ERROR, huge.c_str());
        host->emit(nullptr, huge.c_str(), huge.c_str(), nullptr);
        host->contribute(call, "note", "huge", huge.c_str());
        return APIARY_FAILED;
    } else if (is("flood")) {
        for (int i = 0; i < 20'000; ++i) {
            host->message(call, APIARY_ERROR, nullptr, std::string(400, 'x').c_str());
            host->contribute(call, "note", std::to_string(i).c_str(), std::string(400, 'y').c_str());
        }
        return APIARY_FAILED;
    }
    return APIARY_OK;
}

auto maybe(apiary_call* call, char const* where) -> int {
    char const* const in = host->setting(call, BAD_KEY, 0);
    return in != nullptr && std::strcmp(in, where) == 0 ? do_it(call) : static_cast<int>(APIARY_OK);
}

auto configure(apiary_call* call) -> int {
    return maybe(call, "configure");
}
auto prestart(void*, apiary_call* call) -> int {
    return maybe(call, "prestart");
}
auto poststop(void*, apiary_call* call) -> int {
    return maybe(call, "poststop");
}
auto renew(void*, apiary_call* call) -> int {
    return maybe(call, "renew");
}
auto event(void*, apiary_call* call) -> int {
    return maybe(call, "event");
}

}  // namespace

extern "C" APIARY_PLUGIN_EXPORT auto apiary_plugin_entry(apiary_host const* its) -> apiary_plugin const* {
    host = its;
    static char const* const words[] = {"nowhere", "prestart", "poststop", "renew", "event", "configure", nullptr};
    static char const* const events[] = {"state", nullptr};
    static apiary_key key{};
    key.name = BAD_KEY;
    key.type = APIARY_KEY_WORD;
    key.doc = "The function that misbehaves";
    key.words = words;
    static apiary_plugin plugin{};
    plugin.size = sizeof plugin;
    plugin.abi = APIARY_PLUGIN_ABI;
    plugin.name = BAD_NAME;
    plugin.version = "1";
    plugin.doc = "Misbehaves";
    plugin.keys = &key;
    plugin.key_count = 1;
    plugin.key_size = sizeof key;
    plugin.events = events;
    plugin.prestart_timeout_ms = plugin.poststop_timeout_ms = plugin.event_timeout_ms = 2000;
    plugin.configure = configure;
    plugin.prestart = prestart;
    plugin.poststop = poststop;
    plugin.renew = renew;
    plugin.event = event;
    return &plugin;
}
