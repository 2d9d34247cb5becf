// A file descriptor with one owner.
#pragma once

#include <unistd.h>

#include <utility>

namespace apiary::ctl {

class UniqueFd {
public:
    UniqueFd() = default;
    explicit UniqueFd(int fd) : fd_{fd} {}
    UniqueFd(UniqueFd const&) = delete;
    UniqueFd(UniqueFd&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
    auto operator=(UniqueFd const&) -> UniqueFd& = delete;
    auto operator=(UniqueFd&& other) noexcept -> UniqueFd& {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~UniqueFd() {
        if (fd_ >= 0) {
            ::close(fd_);
        }
    }
    [[nodiscard]] auto get() const -> int { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }

private:
    int fd_ = -1;
};

}  // namespace apiary::ctl
