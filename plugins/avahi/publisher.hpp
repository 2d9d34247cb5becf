// Services that are shown to the network by avahi-daemon, for as long as they are wanted.
//
// Everything that speaks to Avahi happens on a thread of its own: libavahi-client waits for each answer, and an
// avahi-daemon that hangs must hold up nobody. Whoever calls here is back at once.
#pragma once

#include <apiary/plugin.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "plugins/avahi/service.hpp"

struct AvahiSimplePoll;

namespace apiary::avahi {

// `vm`: empty: it is about none. Called on the publisher's thread.
using Say = std::function<void(apiary_level level, std::string const& vm, std::string const& text)>;

class Publisher {
public:
    // Throws where there is no memory or no thread.
    explicit Publisher(Say say);
    // For the end of the process, which withdraws all: Avahi does so at once when its connections are gone, and takes
    // some 10 ms for each service that it is told to withdraw. So nothing of its library's is freed here.
    ~Publisher();
    Publisher(Publisher const&) = delete;
    auto operator=(Publisher const&) -> Publisher& = delete;

    // From any thread. Of one VM the last word counts.
    void show(Service service);
    void hide(std::string const& vm);

private:
    using Wishes = std::map<std::string, std::optional<Service>>;  // by VM; nothing: it is to be hidden
    void wish(std::string const& vm, std::optional<Service> service);
    void run();
    void wake();

    Say say_;
    AvahiSimplePoll* poll_;
    int bell_[2] = {-1, -1};  // a pipe: avahi_simple_poll_wakeup() is lost on who is about to wait
    std::mutex mutex_;
    Wishes wishes_;
    std::map<std::string, Service> shown_;  // what was wished last: what changes nothing wakes nobody
    bool ending_ = false;
    std::thread thread_;
};

}  // namespace apiary::avahi
