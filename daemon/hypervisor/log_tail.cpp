#include "hypervisor/log_tail.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace apiary::hypervisor {
namespace {

constexpr off_t tail_bound = 4096;
constexpr std::size_t longest_log_line = 512;
constexpr std::size_t stamp_bound = 40;

auto size_of(int fd) -> off_t {
    struct stat info {};
    return ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode) ? info.st_size : 0;
}

// The last message: its last line begins it, or (hints that go on with the message before) one of the two above it.
// QEMU's messages begin with the time.
auto last_message_of(std::string_view text) -> std::string {
    std::string message;
    for (int lines = 0; lines < 3; ++lines) {
        auto const end = text.find_last_not_of(" \t\r\n");
        if (end == std::string_view::npos) {
            break;
        }
        text = text.substr(0, end + 1);
        auto const begin = text.rfind('\n') + 1;  // npos + 1 is 0
        std::string line{text.substr(begin).substr(0, longest_log_line)};
        bool const first = line.front() >= '0' && line.front() <= '9';
        if (auto const stamp = line.find("Z "); first && stamp < stamp_bound) {
            line.erase(0, stamp + 2);
        }
        if (!message.empty()) {
            line += " / ";
            line += message;
        }
        message = std::move(line);
        text = text.substr(0, begin);
        if (first) {
            break;
        }
    }
    // A guest or a file name may have put anything there; events carry clean text.
    std::replace_if(
        message.begin(), message.end(), [](char letter) { return letter < ' ' || letter > '~'; }, '?');
    return message;
}

}  // namespace

LogTail::LogTail(std::shared_ptr<UniqueFd> log) : log_{std::move(log)}, begin_{log_ ? size_of(log_->get()) : 0} {}

void LogTail::last_message(Loop& loop, std::function<void(std::string)> done) const {
    if (!log_) {
        loop.post([done = std::move(done)] { done({}); });
        return;
    }
    auto line = std::make_shared<std::string>();
    loop.offload(
        [line, log = log_, begin = begin_] {
            std::array<char, tail_bound> buffer;
            auto const from = std::max(begin, size_of(log->get()) - tail_bound);
            auto const got = ::pread(log->get(), buffer.data(), buffer.size(), from);
            if (got > 0) {
                *line = last_message_of({buffer.data(), static_cast<std::size_t>(got)});
            }
        },
        [line, done = std::move(done)] { done(std::move(*line)); });
}

}  // namespace apiary::hypervisor
