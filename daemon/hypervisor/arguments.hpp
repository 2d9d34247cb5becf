// Small things to write a hypervisor's command line with.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vm/supervisor.hpp"

namespace apiary::hypervisor {

// "driver,key=value,…" as QEMU reads it: a comma in a value is written twice (qemu(1); QemuOpts has no other special
// character).
class OptionText {
public:
    OptionText() = default;
    explicit OptionText(std::string_view driver) { word(driver); }
    auto word(std::string_view text) -> OptionText& {
        separate();
        for (char const letter : text) {
            text_ += letter;
            if (letter == ',') {
                text_ += ',';
            }
        }
        return *this;
    }
    auto set(std::string_view key, std::string_view value) -> OptionText& {
        separate();
        text_ += key;
        text_ += '=';
        fresh_ = true;
        word(value);
        return *this;
    }
    auto set(std::string_view key, unsigned long value) -> OptionText& { return set(key, std::to_string(value)); }
    auto set_if(bool condition, std::string_view key, std::string_view value) -> OptionText& {
        return condition ? set(key, value) : *this;
    }
    [[nodiscard]] auto text() const -> std::string const& { return text_; }

private:
    void separate() {
        if (!fresh_) {
            text_ += ',';
        }
        fresh_ = false;
    }
    std::string text_;
    bool fresh_ = true;
};

// The descriptors that the hypervisor inherits, and the numbers that it knows them by.
class FdTable {
public:
    auto add(std::shared_ptr<UniqueFd> fd) -> int {
        int const number = static_cast<int>(fds_.size()) + 3;
        fds_.push_back({.fd = std::move(fd), .number = number});
        return number;
    }
    [[nodiscard]] auto take() -> std::vector<ChildFd> { return std::exchange(fds_, {}); }

private:
    std::vector<ChildFd> fds_;
};

// Who has what environment: nothing of the daemon's own goes to a hypervisor.
[[nodiscard]] inline auto clean_environment() -> std::vector<std::string> {
    return {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "HOME=/"};
}

}  // namespace apiary::hypervisor
