// FreeBSD has no KVM.
#include "hypervisor/kvm_probe.hpp"

namespace apiary::hypervisor {

auto make_kvm_probe(Loop& loop, std::string /*qemu*/, std::string const& /*state_dir*/) -> std::unique_ptr<KvmProbe> {
    return std::make_unique<FixedKvm>(loop, KvmAnswer{});
}

}  // namespace apiary::hypervisor
