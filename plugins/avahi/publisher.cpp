#include "plugins/avahi/publisher.hpp"

#include <avahi-common/simple-watch.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <new>
#include <system_error>
#include <utility>

#include "plugins/avahi/shelf.hpp"

namespace apiary::avahi {
namespace {

void empty(AvahiWatch*, int bell, AvahiWatchEvent, void*) {
    std::array<char, 16> rings{};
    while (::read(bell, rings.data(), rings.size()) > 0) {
    }
}

}  // namespace

Publisher::Publisher(Say say) : say_{std::move(say)}, poll_{avahi_simple_poll_new()} {
    if (poll_ == nullptr) {
        throw std::bad_alloc{};
    }
    if (::pipe2(bell_, O_CLOEXEC | O_NONBLOCK) != 0) {
        int const error = errno;
        avahi_simple_poll_free(poll_);
        throw std::system_error{error, std::generic_category(), "a pipe"};
    }
    thread_ = std::thread{[this] { run(); }};
}

Publisher::~Publisher() {
    {
        std::lock_guard const lock{mutex_};
        ending_ = true;
    }
    wake();
    thread_.join();
}

// Where the pipe is full it rings already.
void Publisher::wake() {
    static_cast<void>(!::write(bell_[1], "", 1));
}

void Publisher::show(Service service) {
    auto const vm = service.vm;
    wish(vm, std::move(service));
}

void Publisher::hide(std::string const& vm) {
    wish(vm, std::nullopt);
}

void Publisher::wish(std::string const& vm, std::optional<Service> service) {
    bool first = false;
    {
        std::lock_guard const lock{mutex_};
        auto const found = shown_.find(vm);
        if (service ? found != shown_.end() && found->second == *service : found == shown_.end()) {
            return;
        }
        if (service) {
            shown_.insert_or_assign(vm, *service);
        } else {
            shown_.erase(found);
        }
        first = wishes_.empty();
        wishes_.insert_or_assign(vm, std::move(service));
    }
    if (first) {
        wake();
    }
}

void Publisher::run() {
    auto const* const poll = avahi_simple_poll_get(poll_);
    if (poll->watch_new(poll, bell_[0], AVAHI_WATCH_IN, empty, nullptr) == nullptr) {  // goes with the poll
        throw std::bad_alloc{};
    }
    Shelf shelf{poll, say_};
    for (;;) {
        Wishes wishes;
        {
            std::lock_guard const lock{mutex_};
            if (ending_) {
                return;
            }
            wishes.swap(wishes_);
        }
        for (auto& [vm, service] : wishes) {
            if (service) {
                shelf.show(std::move(*service));
            } else {
                shelf.hide(vm);
            }
        }
        bool const more = shelf.work();
        if (avahi_simple_poll_iterate(poll_, more ? 0 : -1) != 0) {
            say_(APIARY_ERROR, {},
                 "its loop has failed: no screens are published until `apiaryctl plugin restart avahi`");
            return;
        }
    }
}

}  // namespace apiary::avahi
