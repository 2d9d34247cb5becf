// Backend qemu.
#include <utility>

#include "hypervisor/faults.hpp"
#include "hypervisor/hypervisors.hpp"
#include "hypervisor/kvm_probe.hpp"
#include "hypervisor/qemu_guest.hpp"

namespace apiary::hypervisor {
namespace {

class Qemu : public Hypervisor {
public:
    Qemu(Loop& loop, Supervisor& supervisor, Options options)
        : loop_{loop}, supervisor_{supervisor}, options_{std::move(options)} {
        if (options_.acceleration == Acceleration::automatic) {
            kvm_ = make_kvm_probe(loop_, options_.qemu, options_.state_dir);
        } else {
            kvm_ = std::make_unique<FixedKvm>(
                loop_, KvmAnswer{.works = options_.acceleration == Acceleration::kvm, .group = {}});
        }
    }

    [[nodiscard]] auto kind() const -> BackendKind override { return BackendKind::qemu; }
    [[nodiscard]] auto has_loader(Definition const& /*definition*/) const -> bool override { return false; }
    [[nodiscard]] auto reboots_in_process() const -> bool override { return true; }
    [[nodiscard]] auto can_pause() const -> bool override { return true; }

    // No halt: a CPU that halts for good looks like one that is idle. No triple fault: QEMU tells it as a reset.
    [[nodiscard]] auto known_reasons() const -> std::vector<Reason> override {
        return {Reason::requested, Reason::guest_poweroff, Reason::guest_reboot, Reason::guest_panic,
                Reason::killed,    Reason::error,          Reason::exec_failed,  Reason::unknown};
    }

    [[nodiscard]] auto launch(LaunchRequest request, Guest::Sink sink) -> std::unique_ptr<Guest> override {
        auto guest =
            std::make_unique<QemuGuest>(loop_, supervisor_, *kvm_, options_, std::move(request), std::move(sink));
        guest->begin(true);
        return guest;
    }

    [[nodiscard]] auto adopt(LaunchRequest request, Guest::Sink sink) -> std::unique_ptr<Guest> override {
        auto guest =
            std::make_unique<QemuGuest>(loop_, supervisor_, *kvm_, options_, std::move(request), std::move(sink));
        guest->adopt();
        return guest;
    }

    [[nodiscard]] auto faults(Definition const& definition) const -> std::vector<Fault> override {
        return qemu_faults(definition, options_);
    }

private:
    Loop& loop_;
    Supervisor& supervisor_;
    Options options_;
    std::unique_ptr<KvmProbe> kvm_;
};

}  // namespace

auto make_qemu(Loop& loop, Supervisor& supervisor, Options options) -> std::unique_ptr<Hypervisor> {
    return std::make_unique<Qemu>(loop, supervisor, std::move(options));
}

}  // namespace apiary::hypervisor
