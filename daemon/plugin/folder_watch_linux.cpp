// Linux: inotify.
#include <sys/inotify.h>
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
    Watch(Loop& loop, UniqueFd fd, std::function<void()> changed) : fd_{std::move(fd)}, changed_{std::move(changed)} {
        readable_ = loop.watch(fd_.get(), Readiness::readable, [this] { look(); });
    }

private:
    void look() {
        // What happened does not matter: the folder is read anew in any case.
        alignas(inotify_event) std::array<char, 8192> events;
        bool some = false;
        while (::read(fd_.get(), events.data(), events.size()) > 0) {
            some = true;
        }
        if (some) {
            auto const changed = changed_;  // it may end this watch
            changed();
        }
    }

    UniqueFd fd_;
    std::function<void()> changed_;
    Handle readable_;  // after the descriptor: goes first
};

}  // namespace

auto watch_folder(Loop& loop, std::string const& folder, std::function<void()> changed) -> Handle {
    UniqueFd fd{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
    // Not IN_MODIFY: a file that is being written is nobody's plugin before it is closed.
    constexpr std::uint32_t what = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB |
                                   IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
    if (!fd || ::inotify_add_watch(fd.get(), folder.c_str(), what) < 0) {
        return nullptr;
    }
    return std::make_unique<Watch>(loop, std::move(fd), std::move(changed));
}

}  // namespace apiary::plugin
