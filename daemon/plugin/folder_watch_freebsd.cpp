// FreeBSD: a kqueue of its own, which is a descriptor that can be watched.
#include <fcntl.h>
#include <sys/event.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <utility>

#include "plugin/folder_watch.hpp"
#include "vm/unique_fd.hpp"

namespace apiary::plugin {
namespace {

class Watch : public Subscription {
public:
    Watch(Loop& loop, UniqueFd folder, UniqueFd queue, std::function<void()> changed)
        : folder_{std::move(folder)}, queue_{std::move(queue)}, changed_{std::move(changed)} {
        readable_ = loop.watch(queue_.get(), Readiness::readable, [this] { look(); });
    }

private:
    void look() {
        std::array<struct kevent, 8> events{};
        timespec const now{};
        if (::kevent(queue_.get(), nullptr, 0, events.data(), static_cast<int>(events.size()), &now) > 0) {
            auto const changed = changed_;  // it may end this watch
            changed();
        }
    }

    UniqueFd folder_, queue_;
    std::function<void()> changed_;
    Handle readable_;  // after the descriptors: goes first
};

}  // namespace

// A folder changes when names in it come and go: a file that is overwritten in place is noticed at the next reload.
auto watch_folder(Loop& loop, std::string const& folder, std::function<void()> changed) -> Handle {
    UniqueFd opened{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    UniqueFd queue{::kqueue()};
    if (!opened || !queue) {
        return nullptr;
    }
    ::fcntl(queue.get(), F_SETFD, FD_CLOEXEC);
    struct kevent wanted {};
    EV_SET(&wanted, static_cast<uintptr_t>(opened.get()), EVFILT_VNODE, EV_ADD | EV_CLEAR,
           NOTE_WRITE | NOTE_DELETE | NOTE_RENAME | NOTE_ATTRIB, 0, nullptr);
    if (::kevent(queue.get(), &wanted, 1, nullptr, 0, nullptr) != 0) {
        return nullptr;
    }
    return std::make_unique<Watch>(loop, std::move(opened), std::move(queue), std::move(changed));
}

}  // namespace apiary::plugin
