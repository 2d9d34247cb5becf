// Backend bhyve.
#include <utility>

#include "hypervisor/bhyve_guest.hpp"
#include "hypervisor/faults.hpp"
#include "hypervisor/hypervisors.hpp"
#include "hypervisor/vmm_control.hpp"

namespace apiary::hypervisor {
namespace {

class Bhyve : public Hypervisor {
public:
    Bhyve(Loop& loop, Supervisor& supervisor, Options options)
        : loop_{loop},
          supervisor_{supervisor},
          options_{std::move(options)},
          vmm_{make_bhyvectl(loop, options_.bhyvectl)} {}

    [[nodiscard]] auto kind() const -> BackendKind override { return BackendKind::bhyve; }
    [[nodiscard]] auto has_loader(Definition const& /*definition*/) const -> bool override { return false; }
    [[nodiscard]] auto reboots_in_process() const -> bool override { return false; }
    [[nodiscard]] auto can_pause() const -> bool override { return false; }

    // bhyve(8), EXIT STATUS. A panic ends in one of these too, as the guest chooses.
    [[nodiscard]] auto known_reasons() const -> std::vector<Reason> override {
        return {Reason::requested,  Reason::guest_poweroff, Reason::guest_reboot,
                Reason::guest_halt, Reason::triple_fault,   Reason::killed,
                Reason::error,      Reason::exec_failed,    Reason::unknown};
    }

    [[nodiscard]] auto launch(LaunchRequest request, Guest::Sink sink) -> std::unique_ptr<Guest> override {
        auto guest =
            std::make_unique<BhyveGuest>(loop_, supervisor_, *vmm_, options_, std::move(request), std::move(sink));
        guest->begin(options_.bhyve_as_owner);
        return guest;
    }

    [[nodiscard]] auto adopt(LaunchRequest request, Guest::Sink sink) -> std::unique_ptr<Guest> override {
        auto guest =
            std::make_unique<BhyveGuest>(loop_, supervisor_, *vmm_, options_, std::move(request), std::move(sink));
        guest->adopt();
        return guest;
    }

    [[nodiscard]] auto faults(Definition const& definition) const -> std::vector<Fault> override {
        return bhyve_faults(definition, options_);
    }

private:
    Loop& loop_;
    Supervisor& supervisor_;
    Options options_;
    std::unique_ptr<VmmControl> vmm_;
};

}  // namespace

auto make_bhyve(Loop& loop, Supervisor& supervisor, Options options) -> std::unique_ptr<Hypervisor> {
    return std::make_unique<Bhyve>(loop, supervisor, std::move(options));
}

}  // namespace apiary::hypervisor
