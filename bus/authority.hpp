// Who may do what: the one place that decides it. Knows no bus.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vm/event.hpp"

namespace apiary::bus {

enum class Right { see, console_read, console_write, operate, admin };
[[nodiscard]] auto to_string(Right right) -> std::string_view;

// A set of rights.
class Rights {
public:
    constexpr Rights() = default;
    [[nodiscard]] static constexpr auto all() -> Rights { return Rights{0x1f}; }
    [[nodiscard]] constexpr auto with(Right right) const -> Rights { return Rights{bits_ | bit(right)}; }
    [[nodiscard]] constexpr auto without(Right right) const -> Rights { return Rights{bits_ & ~bit(right)}; }
    [[nodiscard]] constexpr auto holds(Right right) const -> bool { return (bits_ & bit(right)) != 0; }
    [[nodiscard]] auto words() const -> std::vector<std::string>;
    friend constexpr auto operator==(Rights, Rights) -> bool = default;

private:
    constexpr explicit Rights(unsigned bits) : bits_{bits} {}
    static constexpr auto bit(Right right) -> unsigned { return 1U << static_cast<unsigned>(right); }
    unsigned bits_ = 0;
};

// Who calls, as the bus vouches for it: the effective uid and all groups at the time of connecting.
struct Caller {
    uid_t uid = 0;
    std::vector<gid_t> groups;
};

class Authority {
public:
    struct Options {
        std::optional<gid_t> observers;  // members see every VM
        // On a session bus: its user. He holds all, and nobody else but root anything, whatever the VMs say.
        std::optional<uid_t> master;
    };
    explicit Authority(Options options) : options_{options} {}

    // False: whatever he asks is refused; not even the names of things are for him.
    [[nodiscard]] auto admits(Caller const& caller) const -> bool;
    [[nodiscard]] auto on_vm(Caller const& caller, Audience const& audience) const -> Rights;
    // On every VM, and on the daemon itself.
    [[nodiscard]] auto everywhere(Caller const& caller) const -> Rights;
    [[nodiscard]] auto may_see(Caller const& caller, Event const& event) const -> bool;

private:
    Options options_;
};

}  // namespace apiary::bus
