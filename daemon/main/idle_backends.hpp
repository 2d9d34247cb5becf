// The backends as somebody to ask what they cannot do. They run nothing: their loop never turns, and needs no folders.
#pragma once

#include <memory>
#include <vector>

#include "hypervisor/hypervisors.hpp"
#include "main/asio_loop.hpp"
#include "supervision/supervision.hpp"

namespace apiary {

class IdleBackends {
public:
    explicit IdleBackends(hypervisor::Options const& options = hypervisor::default_options())
        : supervisor_{make_supervisor(loop_, {})},
          qemu_{hypervisor::make_qemu(loop_, *supervisor_, options)},
          bhyve_{hypervisor::make_bhyve(loop_, *supervisor_, options)} {}

    [[nodiscard]] auto all() const -> std::vector<Hypervisor*> { return {qemu_.get(), bhyve_.get()}; }

private:
    AsioLoop loop_;
    std::unique_ptr<Supervisor> supervisor_;
    std::unique_ptr<Hypervisor> qemu_, bhyve_;
};

}  // namespace apiary
