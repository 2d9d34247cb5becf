// A file descriptor with one owner.
#pragma once

#include <unistd.h>

#include <utility>

namespace apiary {

class UniqueFd {
public:
    UniqueFd() = default;
    explicit UniqueFd(int fd) : fd_{fd} {}
    UniqueFd(UniqueFd&& other) noexcept : fd_{other.release()} {}
    auto operator=(UniqueFd&& other) noexcept -> UniqueFd& {
        if (this != &other) {
            reset(other.release());
        }
        return *this;
    }
    UniqueFd(UniqueFd const&) = delete;
    auto operator=(UniqueFd const&) -> UniqueFd& = delete;
    ~UniqueFd() { reset(); }

    [[nodiscard]] auto get() const -> int { return fd_; }
    [[nodiscard]] auto release() -> int { return std::exchange(fd_, -1); }
    explicit operator bool() const { return fd_ >= 0; }
    void reset(int fd = -1) {
        if (int const old = std::exchange(fd_, fd); old >= 0) {
            ::close(old);
        }
    }

private:
    int fd_ = -1;
};

}  // namespace apiary
