// What is done to a bhyve VM from outside of its process, through /dev/vmm.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "vm/loop.hpp"

namespace apiary::hypervisor {

class VmmControl {
public:
    // Empty: done. Else why not, for the user.
    using Done = std::function<void(std::string)>;
    virtual ~VmmControl() = default;
    [[nodiscard]] virtual auto available() const -> bool = 0;
    // `done` is called on a later turn, at the latest after some seconds.
    virtual void force_reset(std::string const& vm, Done done) = 0;
    virtual void force_poweroff(std::string const& vm, Done done) = 0;
    virtual void destroy(std::string const& vm, Done done) = 0;
};

// By bhyvectl(8). An empty path: nothing is possible here, and it says so.
[[nodiscard]] auto make_bhyvectl(Loop& loop, std::string path) -> std::unique_ptr<VmmControl>;

}  // namespace apiary::hypervisor
