#include "hypervisor/log_tail.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace apiary::hypervisor {
namespace {

constexpr off_t tail_bound = 4096;
constexpr std::size_t line_bound = 512;

auto size_of(int fd) -> off_t {
    struct stat info {};
    return ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode) ? info.st_size : 0;
}

auto last_line_of(std::string_view text) -> std::string {
    auto const end = text.find_last_not_of(" \t\r\n");
    if (end == std::string_view::npos) {
        return {};
    }
    text = text.substr(0, end + 1);
    auto const begin = text.rfind('\n');
    std::string line{text.substr(begin == std::string_view::npos ? 0 : begin + 1).substr(0, line_bound)};
    // A guest or a file name may have put anything there; events carry clean text.
    std::replace_if(
        line.begin(), line.end(), [](char letter) { return letter < ' ' || letter > '~'; }, '?');
    return line;
}

}  // namespace

LogTail::LogTail(std::shared_ptr<UniqueFd> log) : log_{std::move(log)}, begin_{log_ ? size_of(log_->get()) : 0} {}

void LogTail::last_line(Loop& loop, std::function<void(std::string)> done) const {
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
                *line = last_line_of({buffer.data(), static_cast<std::size_t>(got)});
            }
        },
        [line, done = std::move(done)] { done(std::move(*line)); });
}

}  // namespace apiary::hypervisor
